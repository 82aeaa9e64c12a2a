//! The records that computed figures and findings are made from, as they stood: changes, freezes,
//! gates, outages, programmes, posts, tests of recovery, and the tickets that are linked to them.
//!
//! What needs several aggregates, or several logs, is computed from these when it is asked for and
//! stands in no row: the other side may be recorded later.
//!
//! A ledger holds the records of one scope's logs and no others: what a scope's figures say does not
//! depend on which view answers for it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use jiff::Timestamp;
use townclerk_domain::change::{Change, ChangeRules};
use townclerk_domain::decider::Decider;
use townclerk_domain::decimal::Decimal;
use townclerk_domain::freeze::{Freeze, FreezeRules};
use townclerk_domain::gate::{Gate, GateRules};
use townclerk_domain::identity::AggregateKind;
use townclerk_domain::names::{Code, LogName};
use townclerk_domain::outage::{Outage, OutageRules, Severity};
use townclerk_domain::post::{Post, PostRules};
use townclerk_domain::programme::{Programme, ProgrammeRules};
use townclerk_domain::recovery::{RecoveryTest, RecoveryTestRules};
use townclerk_domain::reference::{Reference, ReferenceKind};
use townclerk_domain::ticket::{Ticket, TicketFact, TicketRules};
use uuid::Uuid;

use crate::basis::Basis;
use crate::kept::{Kept, every_in, evolved, facts};
use crate::key::index;
use crate::lists;
use crate::rows::{Rows, RowsError};

/// A ticket that is linked to something, or that something is linked to.
#[derive(Clone, Debug)]
pub struct LinkedTicket {
    pub log: LogName,
    pub id: Uuid,
    pub sample: bool,
    pub logged: Timestamp,
    pub last_happened: Timestamp,
    pub ticket: Ticket,
    pub causes: BTreeSet<Reference>,
}

/// A service of a council was down. Which of the notices of maintenance excuse it is a matter of
/// what was agreed.
#[derive(Clone, Debug)]
pub struct Down {
    pub from: Timestamp,
    /// Absent while it lasts.
    pub to: Option<Timestamp>,
    pub sample: bool,
    /// The share of users that it hit, in percent; absent where nothing was said.
    pub users: Option<Decimal>,
    pub notices: Vec<PlannedWindow>,
}

/// Maintenance of which notice was given.
#[derive(Clone, Copy, Debug)]
pub struct PlannedWindow {
    pub noticed: Timestamp,
    pub from: Timestamp,
    pub to: Timestamp,
}

/// All of it, on one basis.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    pub changes: Vec<Kept<Change>>,
    pub freezes: Vec<Kept<Freeze>>,
    pub gates: Vec<Kept<Gate>>,
    pub outages: Vec<Kept<Outage>>,
    pub programmes: Vec<Kept<Programme>>,
    pub posts: Vec<Kept<Post>>,
    pub recovery_tests: Vec<Kept<RecoveryTest>>,
    /// By log and id.
    pub tickets: BTreeMap<(LogName, Uuid), LinkedTicket>,
    /// Everything that a change is said to have caused, with the changes that are.
    caused: BTreeMap<Reference, Vec<(LogName, Uuid)>>,
    /// When the latest thing of all this happened: looked at from any later moment it is the same.
    pub last_happened: Option<Timestamp>,
    /// The logs that it was read from: what lies in others is neither there nor missing.
    pub logs: BTreeSet<LogName>,
    /// What was down, by council and service.
    downs: BTreeMap<(Code, Code), Vec<Down>>,
}

impl Ledger {
    pub fn read(
        rows: &impl Rows,
        basis: Basis,
        logs: BTreeSet<LogName>,
    ) -> Result<Self, RowsError> {
        let mut last = None;
        let mut ledger = Self {
            changes: there::<ChangeRules, _>(rows, basis, &logs, &mut last)?,
            freezes: there::<FreezeRules, _>(rows, basis, &logs, &mut last)?,
            gates: there::<GateRules, _>(rows, basis, &logs, &mut last)?,
            outages: there::<OutageRules, _>(rows, basis, &logs, &mut last)?,
            programmes: there::<ProgrammeRules, _>(rows, basis, &logs, &mut last)?,
            posts: there::<PostRules, _>(rows, basis, &logs, &mut last)?,
            recovery_tests: there::<RecoveryTestRules, _>(rows, basis, &logs, &mut last)?,
            last_happened: None,
            tickets: BTreeMap::new(),
            caused: BTreeMap::new(),
            logs,
            downs: BTreeMap::new(),
        };
        ledger.read_tickets(rows, basis)?;
        for change in &ledger.changes {
            for effect in &change.stands.caused {
                let causing = ledger.caused.entry(effect.clone()).or_default();
                causing.push((change.log.clone(), change.id));
            }
        }
        let tickets = ledger.tickets.values().map(|ticket| ticket.last_happened);
        ledger.last_happened = tickets.chain(last).max();
        for outage in &ledger.outages {
            for (council, service, down) in downs(outage) {
                let of_one = ledger.downs.entry((council, service)).or_default();
                of_one.push(down);
            }
        }
        Ok(ledger)
    }

    /// When a service was down for a council.
    pub fn downs(&self, council: &Code, service: &Code) -> &[Down] {
        let found = self.downs.get(&(council.clone(), service.clone()));
        found.map_or(&[], Vec::as_slice)
    }

    /// The changes that are said to have caused something.
    pub fn causing<'a>(
        &'a self,
        effect: &Reference,
    ) -> impl Iterator<Item = (&'a LogName, Uuid)> + use<'a> {
        let causing = self.caused.get(effect).into_iter().flatten();
        causing.map(|(log, id)| (log, *id))
    }

    pub fn change(&self, log: &LogName, id: Uuid) -> Option<&Kept<Change>> {
        found(&self.changes, log, id)
    }

    pub fn outage(&self, log: &LogName, id: Uuid) -> Option<&Kept<Outage>> {
        found(&self.outages, log, id)
    }

    /// Whether what a reference names is recorded.
    pub fn knows(&self, reference: &Reference) -> bool {
        let (log, id) = (&reference.log, reference.id);
        match reference.kind {
            ReferenceKind::Ticket => self.tickets.contains_key(&(log.clone(), id)),
            ReferenceKind::Change => self.change(log, id).is_some(),
            ReferenceKind::Outage => self.outage(log, id).is_some(),
        }
    }

    /// The tickets that were ever linked, and those that others name.
    fn read_tickets(&mut self, rows: &impl Rows, basis: Basis) -> Result<(), RowsError> {
        let caused = self.changes.iter().flat_map(|c| &c.stands.caused);
        let linked = self.outages.iter().flat_map(|o| &o.stands.linked);
        let mut wanted: BTreeSet<(LogName, Uuid)> =
            caused.chain(linked).filter_map(named_ticket).collect();
        let prefix = index::linked_of(AggregateKind::Ticket);
        rows.scan(&prefix, &prefix, &mut |key, _| {
            wanted.insert(index::read_linked(key)?);
            Ok(ControlFlow::Continue(()))
        })?;
        while let Some((log, id)) = wanted.pop_first() {
            let of = (log.clone(), id);
            if !self.logs.contains(&log) || self.tickets.contains_key(&of) {
                continue;
            }
            if let Some(ticket) = linked_ticket(rows, basis, &log, id)? {
                wanted.extend(ticket.causes.iter().filter_map(named_ticket));
                self.tickets.insert(of, ticket);
            }
        }
        Ok(())
    }
}

fn named_ticket(reference: &Reference) -> Option<(LogName, Uuid)> {
    let is_ticket = reference.kind == ReferenceKind::Ticket;
    is_ticket.then(|| (reference.log.clone(), reference.id))
}

/// The one of these, which are ordered by log and id.
fn found<'a, S>(all: &'a [Kept<S>], log: &LogName, id: Uuid) -> Option<&'a Kept<S>> {
    let place = all.binary_search_by(|kept| (&kept.log, kept.id).cmp(&(log, id)));
    place.ok().and_then(|place| all.get(place))
}

/// Every aggregate of a kind in some logs that was there and not voided, by log and id.
fn there<D, S>(
    rows: &impl Rows,
    basis: Basis,
    logs: &BTreeSet<LogName>,
    last: &mut Option<Timestamp>,
) -> Result<Vec<Kept<S>>, RowsError>
where
    D: Decider<State = Option<S>>,
{
    let mut found = Vec::new();
    for log in logs {
        let kept = every_in::<D>(rows, basis, log)?;
        *last = kept
            .iter()
            .map(|kept| kept.last_happened)
            .chain([*last])
            .max()
            .flatten();
        found.extend(kept.into_iter().filter_map(Kept::there));
    }
    Ok(found)
}

fn linked_ticket(
    rows: &impl Rows,
    basis: Basis,
    log: &LogName,
    id: Uuid,
) -> Result<Option<LinkedTicket>, RowsError> {
    let Some(row) = lists::row::<TicketRules>(rows, log, id)? else {
        return Ok(None);
    };
    let facts = facts(&row, basis)?;
    let causes = facts.iter().filter_map(|standing| match &standing.fact {
        TicketFact::Linked(linked) => Some(linked.cause.clone()),
        _ => None,
    });
    let ticket = evolved::<TicketRules>(&facts);
    let (first, last) = (facts.first(), facts.last());
    let times = first
        .zip(last)
        .map(|(first, last)| (first.happened, last.happened));
    Ok(ticket
        .zip(times)
        .map(|(ticket, (logged, last_happened))| LinkedTicket {
            log: log.clone(),
            id,
            sample: row.sample,
            logged,
            last_happened,
            ticket,
            causes: causes.collect(),
        }))
}

/// What an outage took down, by council and service.
fn downs(outage: &Kept<Outage>) -> impl Iterator<Item = (Code, Code, Down)> {
    let notices = &outage.stands.notices;
    let effects = outage.stands.effects.iter();
    effects
        .filter(|effect| effect.severity == Severity::Down)
        .filter_map(move |effect| {
            let announced = notices.iter().filter(|notice| {
                notice.maintenance.services.contains(&effect.service)
                    && notice.maintenance.councils.contains(&effect.council)
            });
            let windows = announced.map(|notice| PlannedWindow {
                noticed: notice.noticed,
                from: notice.maintenance.from,
                to: notice.maintenance.to,
            });
            let down = Down {
                // Where the time is known only roughly nothing is known of a duration.
                from: effect.from?,
                to: effect.to,
                sample: outage.sample,
                users: outage.stands.users_percent,
                notices: windows.collect(),
            };
            Some((effect.council.clone(), effect.service.clone(), down))
        })
}
