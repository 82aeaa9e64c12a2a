//! What each measure is: the one place for its unit, cohort, formula, source and rule. Its name and by
//! what it is broken down stand in [`townclerk_domain::measured`], since claims are judged by them.
//!
//! [`catalogue`] makes `docs/FIGURES.md` of it.

pub(crate) mod change;
pub(crate) mod outage;
pub(crate) mod post;
pub(crate) mod recovery;
pub(crate) mod service_level;
pub(crate) mod ticket;

pub mod catalogue;

use townclerk_domain::identity::{AggregateKind, Family};
use townclerk_domain::measured::Measured;
use townclerk_domain::ticket::TicketKind;

use crate::dimension::Dimension;
use crate::measure::{Accumulation, Measure};

/// Everything that is said of a measure.
#[derive(Clone, Copy, Debug)]
pub struct Definition {
    /// Its name, and by what it can be broken down.
    pub measured: Measured,
    /// As people read it.
    pub title: &'static str,
    pub unit: &'static str,
    /// Which records are counted, in words.
    pub cohort: &'static str,
    /// On which clock durations are measured; none for counts.
    pub clock: Option<&'static str>,
    /// How it is computed, in words.
    pub formula: &'static str,
    /// The paper and paragraph that asks for it or uses it.
    pub source: &'static str,
    /// The files in which its rule stands, from the root of the workspace: first the one that makes
    /// the figure, then what it does so by.
    pub computed_in: &'static [&'static str],
    /// The kind of aggregate that it is about.
    pub kind: AggregateKind,
    /// The families of records that it is made from.
    pub families: &'static [Family],
    /// Of tickets, whether it looks at incidents of the highest priority alone.
    pub major_only: bool,
    /// Of tickets, the only kind that it looks at.
    pub tickets_of: Option<TicketKind>,
    /// What must be agreed on for it to be there.
    pub agreed: Option<Agreement>,
    /// Where it looks at whole months up to the period's last one: at how many.
    pub months_back: Option<i32>,
    pub accumulation: Accumulation,
    pub made: Made,
    /// Whose records make it up.
    pub whose: Whose,
    /// Whether the parts of a breakdown add up to the whole.
    pub adds_up: bool,
}

/// How a measure's number comes to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// Counters are kept of it.
    Counted,
    /// A share, in percent, of counted measures.
    Share {
        of: &'static [Part],
        among: &'static [Part],
    },
    /// A mean of counted measures.
    Mean {
        of: &'static [Part],
        among: &'static [Part],
    },
    /// Computed from records when it is asked for.
    Computed(Computation),
}

/// What is computed from records; the functions are in the files under `figures`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Computation {
    Outages,
    KnownErrors,
    MeanTimeToRestore,
    MeanTimeBetweenFailures,
    MeanTimeBetweenIncidents,
    OutagesRecurred,
    Downtime,
    DowntimeByUsers,
    Availability,
    RollingMean,
    RollingByTime,
    MonthsBelowTarget,
    LongestRunBelowTarget,
    RecoveryTests,
    RecoveryTestsWithinTarget,
    IncidentRate,
    ReviewsOverdue,
    ChangesInFreeze,
    DaysSinceIncident,
}

/// What a council agreed on that a measure rests on: without it there is no figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// The availability of services.
    Availability,
    /// Targets of tickets, and service hours.
    Targets,
    /// From which age on a ticket is an aged one.
    AgeLimit,
    /// Both of the two before.
    TargetsAndAgeLimit,
}

/// A counted measure, or the part of it that has these values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    pub measure: Measure,
    pub fixed: &'static [(Dimension, &'static str)],
}

impl Part {
    pub(crate) const fn whole(measure: Measure) -> Self {
        Self {
            measure,
            fixed: &[],
        }
    }
}

/// Whose records make up a scope's figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The records of the scope's logs: for a council its own log, for all the members' and the
    /// shared one. `home` breaks it down by log.
    Home,
    /// As `Home`; it takes rules from the shared log too.
    HomeByShared,
    /// Whatever hits the scope's councils, recorded in their own log or the shared one.
    Affected,
}

/// A count of records of one kind, by home log.
const fn count(kind: AggregateKind, families: &'static [Family]) -> Definition {
    Definition {
        measured: Measured {
            name: "",
            dimensions: &[],
            by_home: true,
        },
        title: "",
        unit: "",
        cohort: "",
        clock: None,
        formula: "the number of them",
        source: "",
        computed_in: &[],
        kind,
        families,
        major_only: false,
        tickets_of: None,
        agreed: None,
        months_back: None,
        accumulation: Accumulation::Flow,
        made: Made::Counted,
        whose: Whose::Home,
        adds_up: true,
    }
}
