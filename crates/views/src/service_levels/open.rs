//! The open tickets of a scope, the most urgent first.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use townclerk_domain::identity::AggregateKind;
use townclerk_domain::names::{LogName, Scope};
use townclerk_domain::period::{Period, london_day};
use townclerk_domain::ticket::{Logged, Priority, Status, TicketRules};
use uuid::Uuid;

use super::{Risk, TicketLevel};
use crate::agreed::agreed_service;
use crate::basis::Basis;
use crate::figures::Reading;
use crate::kept::{evolved, facts};
use crate::key::index::{self, Listed};
use crate::key::timeline;
use crate::lists;
use crate::registry::Registry;
use crate::rows::{Rows, RowsError};

/// Most open tickets of one answer: all of them are held and sorted.
pub const OPEN_MAX: usize = 50_000;

/// An open ticket among others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenTicket {
    pub log: LogName,
    pub id: Uuid,
    /// Whether its log holds a later event of it that cannot be read.
    pub held: bool,
    pub sample: bool,
    pub logged_at: Timestamp,
    pub status: Status,
    pub attributes: Arc<Logged>,
    pub risk: Risk,
    pub target: Option<SignedDuration>,
    pub left: Option<SignedDuration>,
    pub due: Option<Timestamp>,
    pub standing: &'static str,
    pub is_aged: bool,
}

/// The open tickets of a scope.
#[derive(Clone, Debug, Default)]
pub struct OpenTickets {
    /// The most urgent first.
    pub tickets: Vec<OpenTicket>,
    /// Whether there are more than [`OPEN_MAX`]: then some are missing.
    pub cut: bool,
}

impl OpenTickets {
    /// How many there are at each risk and priority.
    pub fn counts(&self) -> BTreeMap<(Risk, Priority), u64> {
        let mut counts = BTreeMap::new();
        for ticket in &self.tickets {
            let key = (ticket.risk, ticket.attributes.priority);
            *counts.entry(key).or_default() += 1;
        }
        counts
    }
}

impl OpenTicket {
    /// By when it is due; what is not due by how much is left, and what has no target comes last.
    fn urgency(&self) -> impl Ord + use<> {
        let rank = match (self.due, self.left) {
            (Some(_), _) => 0,
            (None, Some(_)) => 1,
            (None, None) => 2,
        };
        let log = self.log.clone();
        (rank, self.due, self.left, self.logged_at, log, self.id)
    }
}

/// The open tickets that a scope itself has, as at a moment: a council's are those of its own log.
///
/// # Errors
/// Only what is wrong with the rows.
pub fn open_tickets<R: Rows>(
    reading: &Reading<'_, R>,
    scope: &Scope,
    basis: Basis,
    moment: Timestamp,
) -> Result<OpenTickets, RowsError> {
    let known_at = reading.knowledge(basis.known_at);
    let logs: BTreeSet<LogName> = match scope {
        Scope::Log(own) => [own.clone()].into(),
        Scope::Joint => {
            let members = Registry::read(reading.rows, known_at)?;
            let day = Period::Day(london_day(moment));
            let shared = [LogName::shared()];
            members
                .logs_during(&day)
                .into_iter()
                .chain(shared)
                .collect()
        }
    };
    // What was known at a moment takes a pass over all tickets, a past moment a look at many.
    let is_past = known_at.is_some() || basis.as_at.is_some();
    let _turn = is_past.then(|| reading.passes.turn());
    let candidates = match known_at {
        Some(_) => ever(reading.rows, &logs)?,
        None => maybe_open(reading.rows, &logs, moment)?,
    };
    let basis = Basis {
        as_at: Some(moment),
        known_at,
    };
    let mut found = OpenTickets::default();
    let mut agreements = BTreeMap::new();
    for log in &logs {
        agreements.insert(log, agreed_service(reading.rows, log, known_at)?);
    }
    for (log, id) in candidates {
        let Some(row) = lists::row::<TicketRules>(reading.rows, &log, id)? else {
            continue;
        };
        let Some(agreements) = agreements.get(&log) else {
            continue;
        };
        let facts = facts(&row, basis)?;
        // How a ticket that is not open stands is nothing to ask for here, and most are not.
        let Some(stands) = evolved::<TicketRules>(&facts).filter(|found| found.status.is_open())
        else {
            continue;
        };
        if found.tickets.len() >= OPEN_MAX {
            found.cut = true;
            break;
        }
        let level = TicketLevel::standing_so(&facts, stands, &agreements.agreements, moment);
        let open = level.and_then(|level| {
            let sample = row.sample || (agreements.sample && level.governed.is_some());
            OpenTicket::of(log, id, sample, level)
        });
        let Some(mut open) = open else {
            continue;
        };
        open.held = lists::is_held(reading.rows, &open.log, AggregateKind::Ticket, id)?;
        found.tickets.push(open);
    }
    found.tickets.sort_by_cached_key(OpenTicket::urgency);
    Ok(found)
}

impl OpenTicket {
    fn of(log: LogName, id: Uuid, sample: bool, level: TicketLevel) -> Option<Self> {
        let running = level.running();
        Some(Self {
            risk: level.risk()?,
            log,
            id,
            held: false,
            sample,
            logged_at: level.logged_at,
            status: level.status,
            target: level.governed.as_ref().and_then(|level| level.target),
            left: running.map(|(left, _)| left),
            due: running.and_then(|(_, due)| due),
            standing: level.standing(),
            is_aged: level.is_aged(),
            attributes: level.attributes,
        })
    }
}

/// The tickets that are open, and those to which something happened at the moment or later: they may
/// have been open before.
fn maybe_open(
    rows: &impl Rows,
    logs: &BTreeSet<LogName>,
    moment: Timestamp,
) -> Result<BTreeSet<(LogName, Uuid)>, RowsError> {
    const KIND: AggregateKind = AggregateKind::Ticket;
    let mut found = BTreeSet::new();
    for log in logs {
        let prefix = index::listed_in(Listed::Open, KIND, log);
        rows.scan(&prefix, &prefix, &mut |key, _| {
            let (_, id) = index::read_listed(key)?;
            found.insert((log.clone(), id));
            Ok(ControlFlow::Continue(()))
        })?;
    }
    let prefix = index::by_last_happened(KIND);
    let from = index::last_happened_from(KIND, moment);
    rows.scan(&prefix, &from, &mut |key, _| {
        let (log, id) = index::read_last_happened(key)?;
        if logs.contains(&log) {
            found.insert((log, id));
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(found)
}

/// All tickets that there are: what was known then may have been corrected since.
fn ever(
    rows: &impl Rows,
    logs: &BTreeSet<LogName>,
) -> Result<BTreeSet<(LogName, Uuid)>, RowsError> {
    let mut found = BTreeSet::new();
    for log in logs {
        let prefix = timeline::of_kind_in(AggregateKind::Ticket, log);
        rows.scan(&prefix, &prefix, &mut |key, _| {
            let (log, aggregate) = timeline::read(AggregateKind::Ticket, key)?;
            found.insert((log, aggregate.id));
            Ok(ControlFlow::Continue(()))
        })?;
    }
    Ok(found)
}
