//! How changes are read, and what one adds.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use townclerk_domain::change::{Change, ChangeFact, ChangeRules, ChangeType, Outcome, Status};
use townclerk_domain::names::Code;
use townclerk_domain::timeline::Standing;

use super::Kind;
use super::counted::{Counted, CountedRows, Counters, RowsOf};
use super::few::Few;
use crate::contribution::{Attributes, Circumstances, Contribution};
use crate::dimension::Dimension;
use crate::kept::{Kept, evolved};
use crate::ledger::Ledger;
use crate::measure::Measure;

impl Kind for ChangeRules {
    fn counted() -> Option<&'static dyn CountedRows> {
        Some(RowsOf::<Self>::READER)
    }
}

impl Counted for ChangeRules {
    type Stands = Change;

    /// The pair is what shares are taken of.
    const COUNTERS: Counters = Counters {
        by: &[Dimension::Outcome, Dimension::ChangeType],
        by_pairs: &[[Dimension::Outcome, Dimension::ChangeType]],
        arrivals: &[Measure::ChangesClosed],
    };

    fn contributions(facts: &[Standing<ChangeFact>], _: &Circumstances<'_>) -> Vec<Contribution> {
        contributions(facts)
    }

    fn is_open(_: &Change) -> Option<bool> {
        None
    }

    fn links(_: &ChangeFact) -> bool {
        false
    }
}

impl Few for ChangeRules {
    type Stands = Change;

    fn kept(ledger: &Ledger) -> &[Kept<Change>] {
        &ledger.changes
    }

    fn touches(change: &Change, council: &Code) -> bool {
        change.requested.councils.contains(council)
    }

    fn began(change: &Change) -> Timestamp {
        change.requested_at
    }

    fn is_open(change: &Change) -> bool {
        !matches!(change.status, Status::Closed | Status::Cancelled)
    }
}

/// A change when it was closed.
#[derive(Debug)]
struct Closed {
    outcome: Outcome,
    change_type: ChangeType,
    councils: BTreeSet<Code>,
}

impl Attributes for Closed {
    fn value(&self, dimension: Dimension) -> Option<&str> {
        match dimension {
            Dimension::Outcome => Some(self.outcome.code()),
            Dimension::ChangeType => Some(self.change_type.code()),
            _ => None,
        }
    }

    fn councils(&self) -> Box<dyn Iterator<Item = &Code> + '_> {
        Box::new(self.councils.iter())
    }
}

/// What the facts of one change add: it is closed once.
fn contributions(facts: &[Standing<ChangeFact>]) -> Vec<Contribution> {
    let change = evolved::<ChangeRules>(facts);
    let closed = change.and_then(|change| {
        let (at, outcome) = change.closed?;
        let attributes = Closed {
            outcome,
            change_type: change.requested.change_type,
            councils: change.requested.councils,
        };
        Some(Contribution::plain(
            Measure::ChangesClosed,
            at,
            1,
            Arc::new(attributes),
        ))
    });
    closed.into_iter().collect()
}
