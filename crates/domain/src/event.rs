//! A recorded event of any family.

use jiff::Timestamp;

use crate::amendment::Recordable;
use crate::availability::{AvailabilityFact, AvailabilityRules};
use crate::change::{ChangeFact, ChangeRules};
use crate::claim::{ClaimFact, ClaimRules};
use crate::coverage::{CoverageFact, CoverageRules};
use crate::decider::Decider;
use crate::freeze::{FreezeFact, FreezeRules};
use crate::gate::{GateFact, GateRules};
use crate::holidays::{HolidaysFact, HolidaysRules};
use crate::hours::{HoursFact, HoursRules};
use crate::identity::{AggregateId, EventId};
use crate::names::LogName;
use crate::outage::{OutageFact, OutageRules};
use crate::partnership::{PartnershipFact, PartnershipRules};
use crate::post::{PostFact, PostRules};
use crate::programme::{ProgrammeFact, ProgrammeRules};
use crate::recovery::{RecoveryTestFact, RecoveryTestRules};
use crate::targets::{TargetsFact, TargetsRules};
use crate::ticket::{TicketFact, TicketRules};

/// What happened to an aggregate of any kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    Ticket(Recordable<TicketFact>),
    Coverage(Recordable<CoverageFact>),
    Claim(Recordable<ClaimFact>),
    Partnership(Recordable<PartnershipFact>),
    Change(Recordable<ChangeFact>),
    Freeze(Recordable<FreezeFact>),
    Gate(Recordable<GateFact>),
    Outage(Recordable<OutageFact>),
    Programme(Recordable<ProgrammeFact>),
    Post(Recordable<PostFact>),
    Availability(Recordable<AvailabilityFact>),
    Targets(Recordable<TargetsFact>),
    Hours(Recordable<HoursFact>),
    Holidays(Recordable<HolidaysFact>),
    RecoveryTest(Recordable<RecoveryTestFact>),
}

/// An event as a log holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded<E> {
    pub log: LogName,
    /// Its position in the log, from 1.
    pub sequence: u64,
    pub id: EventId,
    pub aggregate: AggregateId,
    /// When it happened in the world.
    pub happened: Timestamp,
    /// When the service recorded it.
    pub recorded: Timestamp,
    /// Whether it was made up for a demonstration.
    pub sample: bool,
    pub event: E,
}

/// Ties the rules of one kind to its variant of [`Event`].
pub trait Recording: Decider {
    fn into_event(what: Recordable<Self::Fact>) -> Event;

    /// `None` where `event` is of another kind.
    fn from_event(event: Event) -> Option<Recordable<Self::Fact>>;
}

macro_rules! recording {
    ($($rules:ty => $variant:ident),+ $(,)?) => { $(
        impl Recording for $rules {
            fn into_event(what: Recordable<Self::Fact>) -> Event {
                Event::$variant(what)
            }

            fn from_event(event: Event) -> Option<Recordable<Self::Fact>> {
                match event {
                    Event::$variant(what) => Some(what),
                    _ => None,
                }
            }
        }
    )+ };
}

recording! {
    TicketRules => Ticket,
    CoverageRules => Coverage,
    ClaimRules => Claim,
    PartnershipRules => Partnership,
    ChangeRules => Change,
    FreezeRules => Freeze,
    GateRules => Gate,
    OutageRules => Outage,
    ProgrammeRules => Programme,
    PostRules => Post,
    AvailabilityRules => Availability,
    TargetsRules => Targets,
    HoursRules => Hours,
    HolidaysRules => Holidays,
    RecoveryTestRules => RecoveryTest,
}
