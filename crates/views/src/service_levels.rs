//! The service level of tickets: of one with its trail, and of the open ones of a scope, the most
//! urgent first.
//!
//! Time passes without an event, so an open ticket is looked at from a moment. Where none is asked
//! for it is the one that the figure of open tickets is as at: no other clock enters.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use townclerk_domain::hours::{HoursAgreed, HoursFact};
use townclerk_domain::identity::AggregateKind;
use townclerk_domain::names::{LogName, Scope};
use townclerk_domain::period::{Month, Period};
use townclerk_domain::service_level::{self, Happening, ServiceLevel, Terms, service_level};
use townclerk_domain::service_terms::ServiceAgreements;
use townclerk_domain::targets::{PausesAgreed, TargetsAgreed, TargetsFact};
use townclerk_domain::ticket::{Logged, Priority, Status, TicketFact, TicketRules};
use townclerk_domain::timeline::Standing;
use uuid::Uuid;

use crate::agreed::{AgreedFacts, agreed_service};
use crate::contributions::Basis;
use crate::figures::{Breakdown, Periods, Query, Reading, figures};
use crate::kept::{evolved, facts};
use crate::key::index::{self, Listed};
use crate::key::timeline;
use crate::lists;
use crate::measure::Measure;
use crate::rows::{Rows, RowsError};

/// Most tickets that are looked at for one answer: each costs a look at its row.
pub const LOOKED_AT_MAX: usize = 50_000;

/// The least step from one instant to the next.
const STEP: SignedDuration = SignedDuration::from_micros(1);

/// How near an open ticket is to its target, the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Risk {
    Overdue,
    From95,
    From85,
    From75,
    From50,
    Under50,
    /// The clock stands, and the target was not reached before.
    Paused,
    /// Its priority has no target.
    NoTarget,
    /// No targets or no service hours govern it.
    NoAgreement,
}

impl Risk {
    pub const ALL: [Self; 9] = [
        Self::Overdue,
        Self::From95,
        Self::From85,
        Self::From75,
        Self::From50,
        Self::Under50,
        Self::Paused,
        Self::NoTarget,
        Self::NoAgreement,
    ];

    /// What share of the target has passed at least, or what else there is to say.
    pub fn code(self) -> &'static str {
        match self {
            Self::Overdue => "overdue",
            Self::From95 => "95",
            Self::From85 => "85",
            Self::From75 => "75",
            Self::From50 => "50",
            Self::Under50 => "none",
            Self::Paused => "paused",
            Self::NoTarget => "no-target",
            Self::NoAgreement => "no-agreement",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|risk| risk.code() == code)
    }

    fn of_band(band: Option<u8>) -> Self {
        match band {
            None => Self::Under50,
            Some(..75) => Self::From50,
            Some(..85) => Self::From75,
            Some(..95) => Self::From85,
            Some(_) => Self::From95,
        }
    }
}

/// A ticket beside what was agreed, as at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketLevel {
    pub as_at: Timestamp,
    pub logged_at: Timestamp,
    pub status: Status,
    /// As they stood.
    pub attributes: Arc<Logged>,
    /// From when on it is an aged one, if it is open then; `None` where no age limit governs it.
    pub aged_from: Option<Timestamp>,
    /// `None` where no targets or no service hours govern it.
    pub governed: Option<Governed>,
}

/// What governs a ticket, and what comes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Governed {
    pub terms: Terms,
    pub level: ServiceLevel,
}

impl TicketLevel {
    /// The service level of a ticket with these facts, in order. What happened at `as_at` or later is
    /// not among them. `None` where it was not logged by then.
    pub fn of(
        facts: &[Standing<TicketFact>],
        agreements: &ServiceAgreements,
        as_at: Timestamp,
    ) -> Option<Self> {
        let Standing {
            happened: logged_at,
            sequence,
            fact: TicketFact::Logged(logged),
            ..
        } = facts.first()?
        else {
            return None;
        };
        let stands = evolved::<TicketRules>(facts)?;
        let terms = agreements.terms(*sequence, *logged_at, logged);
        let all = facts
            .iter()
            .map(|standing| (standing.happened, &standing.fact));
        let governed = terms.and_then(|terms| {
            let level = service_level(&terms, all, as_at)?;
            Some(Governed { terms, level })
        });
        Some(Self {
            as_at,
            logged_at: *logged_at,
            status: stands.status,
            attributes: stands.attributes,
            aged_from: agreements.aged_from(*sequence, *logged_at),
            governed,
        })
    }

    /// Whether it is open, and was logged longer ago than the age limit that governs it.
    pub fn is_aged(&self) -> bool {
        let limit = self.aged_from.is_some_and(|from| from < self.as_at);
        limit && self.status.is_open()
    }

    /// How near it is to its target; `None` where it is not open.
    pub fn risk(&self) -> Option<Risk> {
        if !self.status.is_open() {
            return None;
        }
        let Some(Governed { level, .. }) = &self.governed else {
            return Some(Risk::NoAgreement);
        };
        Some(match level.standing {
            service_level::Standing::Running { left, .. } if left.is_negative() => Risk::Overdue,
            service_level::Standing::Running { .. } if clock_stands(level) => Risk::Paused,
            service_level::Standing::Running { band, .. } => Risk::of_band(band),
            _ => Risk::NoTarget,
        })
    }

    /// What is left and when it is due, while it runs.
    pub fn running(&self) -> Option<(SignedDuration, Option<Timestamp>)> {
        let level = &self.governed.as_ref()?.level;
        match level.standing {
            service_level::Standing::Running { left, due, .. } => Some((left, due)),
            _ => None,
        }
    }

    /// In a word.
    pub fn standing(&self) -> &'static str {
        match self.governed.as_ref().map(|found| &found.level.standing) {
            None => "no-agreement",
            Some(service_level::Standing::NoTarget) => "no-target",
            Some(service_level::Standing::Met) => "met",
            Some(service_level::Standing::Failed) => "failed",
            Some(service_level::Standing::Running { .. }) => "running",
            Some(service_level::Standing::Withdrawn) => "withdrawn",
        }
    }
}

/// Whether a hold stops the clock at the end of the trail.
fn clock_stands(level: &ServiceLevel) -> bool {
    level
        .trail
        .iter()
        .fold(false, |stands, step| match step.what {
            Happening::Held { pauses, .. } => pauses,
            Happening::Resumed | Happening::Reopened => false,
            _ => stands,
        })
}

/// An agreement, and the event by which it was recorded.
pub type By<'a, T> = (u64, &'a T);

/// The agreements that govern a ticket on the day on which it was logged.
#[derive(Clone, Copy, Debug)]
pub struct Governing<'a> {
    pub targets: By<'a, TargetsAgreed>,
    pub hours: By<'a, HoursAgreed>,
    /// Without one nothing stops the clock.
    pub pauses: Option<By<'a, PausesAgreed>>,
}

impl<'a> Governing<'a> {
    /// Those of a log's agreements that made some terms.
    pub fn of(facts: &'a AgreedFacts, terms: &Terms) -> Option<Self> {
        let made = |sequence: &u64| terms.agreed_by.contains(sequence);
        let targets = facts.targets.iter();
        let mut targets = targets.filter(|standing| made(&standing.sequence));
        let mut hours = facts.hours.iter();
        Some(Self {
            targets: targets.clone().find_map(|standing| match &standing.fact {
                TargetsFact::TargetsAgreed(agreed) => Some((standing.sequence, agreed)),
                _ => None,
            })?,
            pauses: targets.find_map(|standing| match &standing.fact {
                TargetsFact::PausesAgreed(agreed) => Some((standing.sequence, agreed)),
                _ => None,
            }),
            hours: hours
                .find(|standing| made(&standing.sequence))
                .map(|standing| {
                    let HoursFact::HoursAgreed(agreed) = &standing.fact;
                    (standing.sequence, agreed)
                })?,
        })
    }
}

/// The moment from which open tickets are looked at: as asked, else the one that the figure of open
/// tickets is as at, where a council is silent that of the others, else as far as anything is known.
/// `None` where nothing is.
///
/// # Errors
/// Only what is wrong with the rows.
pub fn moment<R: Rows>(
    reading: &Reading<'_, R>,
    scope: &Scope,
    basis: Basis,
) -> Result<Option<Timestamp>, RowsError> {
    if basis.as_at.is_some() {
        return Ok(basis.as_at);
    }
    let newest = reading.known.values().max().copied();
    let Some(newest) = newest.map(|newest| basis.known_at.map_or(newest, |at| at.min(newest)))
    else {
        return Ok(None);
    };
    let query = Query {
        scope: scope.clone(),
        measures: vec![Measure::TicketsOpen],
        periods: Periods::These(vec![Period::Month(Month::of(newest))]),
        breakdowns: vec![Breakdown::default()],
        basis,
        like_for_like: false,
    };
    let figure = figures(reading, &query)?.pop();
    let complete = figure.and_then(|figure| {
        let latest = || figure.complete_to.values().flatten().max().copied();
        figure.as_at.or_else(latest)
    });
    Ok(complete.or_else(|| newest.checked_add(STEP).ok()))
}

/// One ticket as it stands on a basis; `moment` is where it stands if none is asked for, unless
/// something happened to it later. `None` where nothing was known of it, or where it was voided.
pub fn level_of_one(
    facts: &[Standing<TicketFact>],
    agreements: &ServiceAgreements,
    basis: Basis,
    moment: Option<Timestamp>,
) -> Option<TicketLevel> {
    let last = facts.last()?.happened.checked_add(STEP).ok()?;
    let seen = basis
        .as_at
        .unwrap_or_else(|| moment.map_or(last, |moment| moment.max(last)));
    TicketLevel::of(facts, agreements, seen)
}

/// An open ticket among others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenTicket {
    pub log: LogName,
    pub id: Uuid,
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
    /// Whether there are more than could be looked at: then some are missing.
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
    let logs = reading.positions.keys().filter(|log| match scope {
        Scope::Log(own) => own == *log,
        Scope::Joint => true,
    });
    let logs: BTreeSet<LogName> = logs.cloned().collect();
    let mut candidates = Candidates::default();
    match known_at {
        Some(_) => candidates.ever(reading.rows, &logs)?,
        None => candidates.open(reading.rows, &logs, moment)?,
    }
    let basis = Basis {
        as_at: Some(moment),
        known_at,
    };
    let mut found = OpenTickets {
        tickets: Vec::new(),
        cut: candidates.cut,
    };
    let mut agreements = BTreeMap::new();
    for log in &logs {
        agreements.insert(log, agreed_service(reading.rows, log, known_at)?.agreements);
    }
    for (log, id) in candidates.found {
        let Some(row) = lists::row::<TicketRules>(reading.rows, &log, id)? else {
            continue;
        };
        let Some(agreements) = agreements.get(&log) else {
            continue;
        };
        let level = TicketLevel::of(&facts(&row, basis)?, agreements, moment);
        let open = level.and_then(|level| OpenTicket::of(log, id, row.sample, level));
        found.tickets.extend(open);
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
            sample,
            logged_at: level.logged_at,
            status: level.status,
            target: level.governed.as_ref().and_then(|g| g.level.target),
            left: running.map(|(left, _)| left),
            due: running.and_then(|(_, due)| due),
            standing: level.standing(),
            is_aged: level.is_aged(),
            attributes: level.attributes,
        })
    }
}

/// The tickets that may have been open at a moment.
#[derive(Default)]
struct Candidates {
    found: BTreeSet<(LogName, Uuid)>,
    cut: bool,
}

impl Candidates {
    fn add(&mut self, log: LogName, id: Uuid) -> ControlFlow<()> {
        if self.found.len() >= LOOKED_AT_MAX && !self.found.contains(&(log.clone(), id)) {
            self.cut = true;
            return ControlFlow::Break(());
        }
        self.found.insert((log, id));
        ControlFlow::Continue(())
    }

    /// Those that are open, and those to which something happened at the moment or later: they may
    /// have been open before.
    fn open(
        &mut self,
        rows: &impl Rows,
        logs: &BTreeSet<LogName>,
        moment: Timestamp,
    ) -> Result<(), RowsError> {
        const KIND: AggregateKind = AggregateKind::Ticket;
        for log in logs {
            let prefix = index::listed_in(Listed::Open, KIND, log);
            rows.scan(&prefix, &prefix, &mut |key, _| {
                let (_, id) = index::read_listed(key)?;
                Ok(self.add(log.clone(), id))
            })?;
        }
        let prefix = index::by_last_happened(KIND);
        let from = index::last_happened_from(KIND, moment);
        rows.scan(&prefix, &from, &mut |key, _| {
            let (log, id) = index::read_last_happened(key)?;
            Ok(match logs.contains(&log) {
                true => self.add(log, id),
                false => ControlFlow::Continue(()),
            })
        })
    }

    /// All that there are: what was known then may have been corrected since.
    fn ever(&mut self, rows: &impl Rows, logs: &BTreeSet<LogName>) -> Result<(), RowsError> {
        for log in logs {
            let prefix = timeline::of_kind_in(AggregateKind::Ticket, log);
            rows.scan(&prefix, &prefix, &mut |key, _| {
                let (log, aggregate) = timeline::read(AggregateKind::Ticket, key)?;
                Ok(self.add(log, aggregate.id))
            })?;
        }
        Ok(())
    }
}
