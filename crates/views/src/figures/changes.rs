//! Changes beside what held them back, and those whose review is overdue.

use townclerk_domain::change::Change;
use townclerk_domain::period::Period;

use super::computed::{Computing, count};
use super::evaluate::Evaluation;
use super::query::Values;
use crate::change_control::breached;
use crate::dimension::Dimension;
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
                        && breached(of.ledger, change, of.as_at).any(|freeze| {
                            let breached_at = at.max(freeze.stands.declared.from);
                            self.takes_part(&freeze.log, breached_at)
                        })
                })
        });
        count(counted.map(|change| change.sample))
    }

    /// As they stood at the end of the period, by what was known of them at the figure's moment.
    pub(super) fn reviews_overdue(&self, of: &Computing<'_>) -> Quantity {
        let seen = of.asked.period.end().min(of.as_at);
        let end = Period::Day(of.asked.period.last_day());
        let counted = of.ledger.changes.iter().filter(|change| {
            let councils = &change.stands.requested.councils;
            change.stands.is_review_overdue(seen)
                && has(&change.stands, of.asked.values)
                && self.is_home(of.asked, &end, &change.log, councils)
        });
        count(counted.map(|change| change.sample))
    }
}

/// Whether a change has these values.
pub(super) fn has(change: &Change, values: &Values) -> bool {
    values.iter().all(|(dimension, value)| match dimension {
        Dimension::ChangeType => change.requested.change_type.code() == value,
        _ => false,
    })
}
