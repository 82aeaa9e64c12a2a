//! The service level of tickets: of one with its trail, and of the open ones of a scope, the most
//! urgent first.
//!
//! Time passes without an event, so an open ticket is looked at from a moment. Where none is asked
//! for it is the one that the figure of open tickets is as at: no other clock enters.

mod open;

pub use open::{OPEN_MAX, OpenTicket, OpenTickets, open_tickets};

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use townclerk_domain::hours::{HoursAgreed, HoursFact};
use townclerk_domain::names::Scope;
use townclerk_domain::period::{Month, Period, london_day};
use townclerk_domain::service_level::{self, Happening, ServiceLevel, service_level};
use townclerk_domain::service_terms::ServiceAgreements;
use townclerk_domain::targets::{PausesAgreed, TargetsAgreed, TargetsFact};
use townclerk_domain::ticket::{Logged, Status, Ticket, TicketFact, TicketRules};
use townclerk_domain::timeline::Standing;

use crate::agreed::AgreedFacts;
use crate::basis::Basis;
use crate::figures::{Breakdown, Periods, Query, Reading, figures};
use crate::kept::evolved;
use crate::measure::Measure;
use crate::rows::{Rows, RowsError};

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
    /// The clock is stopped, and the target was not reached before.
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
    /// Of the event that logged it, in its log.
    pub sequence: u64,
    pub status: Status,
    /// As they stood.
    pub attributes: Arc<Logged>,
    /// From when on it is an aged one, if it is open then; `None` where no age limit governs it.
    pub aged_from: Option<Timestamp>,
    /// `None` where no targets or no service hours govern it.
    pub governed: Option<ServiceLevel>,
}

impl TicketLevel {
    /// The service level of a ticket with these facts, in order. What happened at `as_at` or later is
    /// not among them. `None` where it was not logged by then.
    pub fn of(
        facts: &[Standing<TicketFact>],
        agreements: &ServiceAgreements,
        as_at: Timestamp,
    ) -> Option<Self> {
        Self::standing_so(facts, evolved::<TicketRules>(facts)?, agreements, as_at)
    }

    /// The same of a ticket of which it is known how these facts leave it.
    fn standing_so(
        facts: &[Standing<TicketFact>],
        stands: Ticket,
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
        let terms = agreements.terms(*sequence, *logged_at, logged);
        let all = facts
            .iter()
            .map(|standing| (standing.happened, &standing.fact));
        let governed = terms.and_then(|terms| service_level(&terms, all, as_at));
        Some(Self {
            as_at,
            logged_at: *logged_at,
            sequence: *sequence,
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
        let Some(level) = &self.governed else {
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
        match self.governed.as_ref()?.standing {
            service_level::Standing::Running { left, due, .. } => Some((left, due)),
            _ => None,
        }
    }

    /// In a word.
    pub fn standing(&self) -> &'static str {
        match self.governed.as_ref().map(|level| &level.standing) {
            None => "no-agreement",
            Some(service_level::Standing::NoTarget) => "no-target",
            Some(service_level::Standing::Met) => "met",
            Some(service_level::Standing::Failed) => "failed",
            Some(service_level::Standing::Running { .. }) => "running",
            Some(service_level::Standing::Withdrawn) => "withdrawn",
        }
    }
}

/// The last day of which the hours bear on how a ticket stands: that of its end, or else of the moment
/// from which it is looked at, or of when it is due, whichever is later. What begins at a midnight has
/// no part in it.
fn last_day(found: &TicketLevel, level: &ServiceLevel) -> Date {
    let last = match (level.ended, &level.standing) {
        (Some(ended), _) => ended,
        (None, service_level::Standing::Running { due: Some(due), .. }) => found.as_at.max(*due),
        (None, _) => found.as_at,
    };
    london_day(last.checked_sub(STEP).unwrap_or(last))
}

/// Whether a hold stops the clock at the end of the trail.
fn clock_stands(level: &ServiceLevel) -> bool {
    level
        .trail
        .iter()
        .fold(false, |stands, step| match step.what {
            Happening::Held { pauses, .. } => pauses,
            Happening::Started { .. }
            | Happening::Resumed
            | Happening::Reopened
            | Happening::Reinstated => false,
            Happening::Retargeted { .. }
            | Happening::ReprioritisedLater { .. }
            | Happening::Resolved { .. }
            | Happening::Withdrawn => stands,
        })
}

/// An agreement, and the event by which it was recorded.
pub type By<'a, T> = (u64, &'a T);

/// The agreements that govern a ticket.
#[derive(Clone, Debug)]
pub struct Governing<'a> {
    pub targets: By<'a, TargetsAgreed>,
    /// Those in force on the day on which it was logged, then those that its clock came to follow.
    pub hours: Vec<By<'a, HoursAgreed>>,
    /// The holidays on which its clock stood, or will until it is due, each with the event that
    /// declared it. Of one that is overdue, until the moment from which it is looked at.
    pub holidays: BTreeMap<Date, u64>,
    /// Without one nothing stops the clock.
    pub pauses: Option<By<'a, PausesAgreed>>,
}

impl<'a> Governing<'a> {
    /// Those of a log's agreements on which it rests how a ticket stands; `None` where none govern it.
    pub fn of(facts: &'a AgreedFacts, found: &TicketLevel) -> Option<Self> {
        let last = last_day(found, found.governed.as_ref()?);
        let attributes = &found.attributes;
        let grounds =
            facts
                .agreements()
                .grounds(found.sequence, found.logged_at, attributes, last)?;
        let of_targets = |sequence: u64| {
            let mut targets = facts.targets.iter();
            targets.find(|standing| standing.sequence == sequence)
        };
        let targets = match &of_targets(grounds.targets)?.fact {
            TargetsFact::TargetsAgreed(agreed) => (grounds.targets, agreed),
            _ => return None,
        };
        let pauses = grounds
            .pauses
            .and_then(|sequence| match &of_targets(sequence)?.fact {
                TargetsFact::PausesAgreed(agreed) => Some((sequence, agreed)),
                _ => None,
            });
        let hours = grounds.hours.iter().filter_map(|sequence| {
            let mut hours = facts.hours.iter();
            let HoursFact::HoursAgreed(agreed) =
                &hours.find(|standing| standing.sequence == *sequence)?.fact;
            Some((*sequence, agreed))
        });
        Some(Self {
            targets,
            hours: hours.collect(),
            holidays: grounds.holidays,
            pauses,
        })
    }
}

/// How long after what is known a ticket is looked at, at most.
const AHEAD_MAX: SignedDuration = SignedDuration::from_hours(24 * 36_525);

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
    let newest = reading.newest(scope);
    if let Some(as_at) = basis.as_at {
        // Nothing runs for longer, and a clock that is asked for more would only count years.
        let latest = newest.and_then(|newest| newest.checked_add(AHEAD_MAX).ok());
        return Ok(Some(latest.map_or(as_at, |latest| as_at.min(latest))));
    }
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
        .map(|as_at| {
            last.checked_add(AHEAD_MAX)
                .map_or(as_at, |latest| as_at.min(latest))
        })
        .unwrap_or_else(|| moment.map_or(last, |moment| moment.max(last)));
    TicketLevel::of(facts, agreements, seen)
}
