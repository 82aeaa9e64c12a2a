//! The measures: what there is to ask for. What each is, is in [`crate::definition`].

use std::fmt;

use townclerk_domain::identity::{AggregateKind, Family};

use crate::definition::{Definition, definition};
use crate::dimension::{Dimension, Mask};

/// What figures measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    TicketsLogged,
    TicketsResolved,
    TicketsOpen,
    TicketsReopened,
    TicketResolutions,
    TicketsCancelled,
    TicketsMovedIn,
    TicketsMovedOut,
    ChangesClosed,
    Establishment,
    PostsFilled,
    PostsCreated,
    PostsDeleted,
    Vacancies,
    Outages,
    DowntimeMinutes,
    Availability,
    AvailabilityRolling12,
    AvailabilityRolling12TimeWeighted,
    MonthsBelowTarget,
    LongestRunBelowTarget,
    ChangesInFreezeWithoutExemption,
    DaysSinceChangeRelatedMajorIncident,
}

/// How months make up a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accumulation {
    /// What happened in the period.
    Flow,
    /// What there is at its end: everything that happened until then.
    Stock,
}

impl Measure {
    pub const ALL: [Self; 23] = [
        Self::TicketsLogged,
        Self::TicketsResolved,
        Self::TicketsOpen,
        Self::TicketsReopened,
        Self::TicketResolutions,
        Self::TicketsCancelled,
        Self::TicketsMovedIn,
        Self::TicketsMovedOut,
        Self::ChangesClosed,
        Self::Establishment,
        Self::PostsFilled,
        Self::PostsCreated,
        Self::PostsDeleted,
        Self::Vacancies,
        Self::Outages,
        Self::DowntimeMinutes,
        Self::Availability,
        Self::AvailabilityRolling12,
        Self::AvailabilityRolling12TimeWeighted,
        Self::MonthsBelowTarget,
        Self::LongestRunBelowTarget,
        Self::ChangesInFreezeWithoutExemption,
        Self::DaysSinceChangeRelatedMajorIncident,
    ];

    pub fn definition(self) -> Definition {
        definition(self)
    }

    pub fn name(self) -> &'static str {
        self.definition().name
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|measure| measure.name() == name)
    }

    /// As people read it.
    pub fn title(self) -> &'static str {
        self.definition().title
    }

    pub fn unit(self) -> &'static str {
        self.definition().unit
    }

    /// Which records are counted, in words.
    pub fn cohort(self) -> &'static str {
        self.definition().cohort
    }

    /// The kind of aggregate that it is about.
    pub fn kind(self) -> AggregateKind {
        self.definition().kind
    }

    pub fn accumulation(self) -> Accumulation {
        self.definition().accumulation
    }

    /// Whether counters are kept of it; else it is computed from rows when it is asked for.
    pub fn is_counted(self) -> bool {
        self.definition().counted
    }

    /// Whether it is about services that an agreement says the service time and target of.
    pub fn needs_agreement(self) -> bool {
        self.has(Dimension::Service) && !self.is_counted()
    }

    /// The families of records that it is made from.
    pub fn families(self) -> Vec<Family> {
        match self {
            Self::DaysSinceChangeRelatedMajorIncident => {
                vec![Family::Ticket, Family::Change, Family::Outage]
            }
            _ if self.needs_agreement() => vec![Family::Outage, Family::Agreement],
            _ => vec![self.kind().family()],
        }
    }

    pub fn has(self, dimension: Dimension) -> bool {
        self.definition().dimensions.contains(&dimension)
    }

    /// Whether it can be broken down so.
    pub fn takes(self, mask: Mask) -> bool {
        mask.dimensions().all(|dimension| self.has(dimension))
    }

    /// Persisted in keys: append, never reorder.
    pub fn byte(self) -> u8 {
        match self {
            Self::TicketsLogged => 1,
            Self::TicketsResolved => 2,
            Self::TicketsOpen => 3,
            Self::TicketsReopened => 4,
            Self::TicketResolutions => 5,
            Self::TicketsCancelled => 6,
            Self::TicketsMovedIn => 7,
            Self::TicketsMovedOut => 8,
            Self::ChangesClosed => 9,
            Self::Establishment => 10,
            Self::PostsFilled => 11,
            Self::PostsCreated => 12,
            Self::PostsDeleted => 13,
            Self::Vacancies => 14,
            Self::Outages => 15,
            Self::DowntimeMinutes => 16,
            Self::Availability => 17,
            Self::AvailabilityRolling12 => 18,
            Self::AvailabilityRolling12TimeWeighted => 19,
            Self::MonthsBelowTarget => 20,
            Self::LongestRunBelowTarget => 21,
            Self::ChangesInFreezeWithoutExemption => 22,
            Self::DaysSinceChangeRelatedMajorIncident => 23,
        }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
