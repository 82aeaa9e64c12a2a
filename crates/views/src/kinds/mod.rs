//! How records of each kind are read: a file for each, and nothing of it elsewhere.

mod availability;
mod change;
mod claim;
pub mod counted;
mod coverage;
pub mod few;
mod freeze;
mod gate;
mod holidays;
mod hours;
mod outage;
mod partnership;
mod post;
mod programme;
mod recovery_test;
mod targets;
pub mod ticket;

use townclerk_domain::decider::Decider;
use townclerk_domain::identity::AggregateKind;
use townclerk_domain::with_rules;

use self::counted::CountedRows;
use crate::dimension::Mask;

/// How the records of a kind are read. Every kind says so.
pub trait Kind: Decider {
    /// What follows from their rows, where counters are kept; `None` for a kind whose records are all
    /// read whenever they are asked for.
    fn counted() -> Option<&'static dyn CountedRows>;
}

/// What follows from the rows of a kind, where counters are kept of it.
pub fn counted(kind: AggregateKind) -> Option<&'static dyn CountedRows> {
    with_rules!(kind, Rules => <Rules as Kind>::counted())
}

/// The masks by which counters of a kind are kept.
pub fn counted_by(kind: AggregateKind) -> Vec<Mask> {
    counted(kind).map_or_else(Vec::new, |rows| rows.counters().masks())
}
