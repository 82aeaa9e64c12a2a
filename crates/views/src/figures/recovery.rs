//! Tests of recovery: how many there were, and which share was within target.

use std::collections::BTreeSet;

use townclerk_domain::names::Code;
use townclerk_domain::recovery::RecoveryTest;

use super::computed::{Computing, count};
use super::evaluate::Evaluation;
use crate::kept::Kept;
use crate::quantity::Quantity;
use crate::rows::Rows;

impl<R: Rows> Evaluation<'_, R> {
    pub(super) fn recovery_tests(&self, of: &Computing<'_>) -> Quantity {
        count(self.tests(of).map(|test| test.sample))
    }

    /// A test without a target, or of which nobody knows whether it kept it, is on neither side.
    pub(super) fn recovery_within_target(&self, of: &Computing<'_>) -> Option<Quantity> {
        let (mut within, mut judged, mut sample) = (0, 0, false);
        for test in self.tests(of) {
            if let Some(kept) = test.stands.is_within_target() {
                within += i64::from(kept);
                judged += 1;
                sample |= test.sample;
            }
        }
        Quantity::percent(within, judged, sample)
    }

    fn tests<'a>(&'a self, of: &'a Computing<'_>) -> impl Iterator<Item = &'a Kept<RecoveryTest>> {
        let (start, end) = (of.asked.period.start(), of.asked.period.end());
        // A shared test is of all councils.
        let councils = self.councils(&of.asked.period).into_iter();
        let all: BTreeSet<Code> = councils.filter_map(|log| log.council().cloned()).collect();
        of.ledger.recovery_tests.iter().filter(move |test| {
            let at = test.stands.at;
            start <= at && at < end && self.is_of_home(of.asked, test, at, &all)
        })
    }
}
