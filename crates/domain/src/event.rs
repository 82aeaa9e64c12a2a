//! A recorded event of any family.

use jiff::Timestamp;

use crate::amendment::Recordable;
use crate::claim::ClaimFact;
use crate::coverage::CoverageFact;
use crate::identity::{AggregateId, EventId};
use crate::names::LogName;
use crate::partnership::PartnershipFact;
use crate::ticket::TicketFact;

/// What happened to an aggregate of any kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    Ticket(Recordable<TicketFact>),
    Coverage(Recordable<CoverageFact>),
    Claim(Recordable<ClaimFact>),
    Partnership(Recordable<PartnershipFact>),
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
