//! Kinds of which there are few: a ledger has all their records whenever they are asked for.

use jiff::Timestamp;
use townclerk_domain::decider::Decider;
use townclerk_domain::names::Code;

use crate::kept::Kept;
use crate::ledger::Ledger;

/// The rules of a kind of which a ledger has all records.
pub trait Few: Decider<State = Option<<Self as Few>::Stands>> {
    /// The state of such a record.
    type Stands;

    /// Those of a ledger, by log and id.
    fn kept(ledger: &Ledger) -> &[Kept<Self::Stands>];

    /// Whether one in the shared log touches a council.
    fn touches(stands: &Self::Stands, council: &Code) -> bool;

    /// The moment by which lists order it.
    fn began(stands: &Self::Stands) -> Timestamp;

    /// Whether a list of open ones has it.
    fn is_open(stands: &Self::Stands) -> bool;
}
