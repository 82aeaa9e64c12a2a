//! Changes beside what held them back.

use super::computed::{Computing, count};
use super::evaluate::Evaluation;
use crate::change_control::breached;
use crate::quantity::Quantity;
use crate::rows::Rows;

impl<R: Rows> Evaluation<'_, R> {
    pub(super) fn changes_in_freeze(&self, of: &Computing<'_>) -> Quantity {
        let period = &of.asked.period;
        let counted = of.ledger.changes.iter().filter(|change| {
            let started = change.stands.started;
            started
                .filter(|at| period.start() <= *at && *at < period.end().min(of.as_at))
                .is_some_and(|at| {
                    let councils = &change.stands.requested.councils;
                    self.is_of_home(of.asked, change, at, councils)
                        && breached(of.ledger, change, of.as_at).next().is_some()
                })
        });
        count(counted.map(|change| change.sample))
    }
}
