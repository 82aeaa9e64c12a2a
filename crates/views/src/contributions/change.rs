//! What a change adds.

use townclerk_domain::change::{ChangeFact, ChangeRules};
use townclerk_domain::timeline::Standing;

use super::Contribution;
use crate::attributes::Attributes;
use crate::kept::evolved;
use crate::measure::Measure;

/// What the facts of one change add: it is closed once.
pub(crate) fn of(facts: &[Standing<ChangeFact>]) -> Vec<Contribution> {
    let change = evolved::<ChangeRules>(facts);
    let closed = change.and_then(|change| {
        let (at, outcome) = change.closed?;
        let attributes = Attributes::Change {
            outcome,
            change_type: change.requested.change_type,
            councils: change.requested.councils,
        };
        Some(Contribution::plain(
            Measure::ChangesClosed,
            at,
            1,
            attributes,
        ))
    });
    closed.into_iter().collect()
}
