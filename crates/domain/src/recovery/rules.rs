//! Which results a test of recovery takes, and whether one was in time.

use jiff::Timestamp;
use serde::Serialize;

use super::fact::{RecoveryTestFact, RecoveryTested};
use crate::decider::{Decider, Occasion};
use crate::identity::AggregateKind;

/// The longest time that a result or target may be: a year.
pub const MINUTES_MAX: u32 = 366 * 24 * 60;

/// A test of recovery as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoveryTest {
    pub tested: RecoveryTested,
    pub at: Timestamp,
}

impl RecoveryTest {
    /// Whether everything that has a target was within it, a minute at the target included; `None`
    /// where no target is recorded, or a loss of data that has one was not measured.
    pub fn is_within_target(&self) -> Option<bool> {
        let RecoveryTested {
            target_minutes,
            achieved_minutes,
            data_loss_target_minutes,
            data_loss_minutes,
            ..
        } = &self.tested;
        let in_time =
            target_minutes.map(|target| achieved_minutes.is_some_and(|took| took <= target));
        let kept_data = match (data_loss_target_minutes, data_loss_minutes) {
            (Some(target), Some(lost)) => Some(lost <= target),
            // What did not come back kept nothing.
            (Some(_), None) if achieved_minutes.is_none() => Some(false),
            _ => None,
        };
        match (in_time, kept_data) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (_, None) if data_loss_target_minutes.is_some() => None,
            (in_time, kept_data) => in_time.or(kept_data),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "refusal", rename_all = "kebab-case")]
pub enum Refusal {
    #[error(
        "the result of this test was recorded at {at} already; correct it, or record another test"
    )]
    AlreadyTested { at: Timestamp },
    #[error("nothing comes back within 0 minutes; leave the target out where none is recorded")]
    TargetOfNothing,
    #[error("{minutes} minutes are more than a year, {MINUTES_MAX} minutes")]
    TooLong { minutes: u32 },
}

/// The rules of tests of recovery.
pub struct RecoveryTestRules;

impl Decider for RecoveryTestRules {
    const KIND: AggregateKind = AggregateKind::RecoveryTest;

    type Fact = RecoveryTestFact;
    type State = Option<RecoveryTest>;
    type Refusal = Refusal;

    fn decide(
        state: &Option<RecoveryTest>,
        fact: &RecoveryTestFact,
        _: Occasion<'_>,
    ) -> Result<(), Refusal> {
        let RecoveryTestFact::RecoveryTested(tested) = fact;
        if let Some(test) = state {
            return Err(Refusal::AlreadyTested { at: test.at });
        }
        if tested.target_minutes == Some(0) {
            return Err(Refusal::TargetOfNothing);
        }
        let said = [
            tested.target_minutes,
            tested.achieved_minutes,
            tested.data_loss_target_minutes,
            tested.data_loss_minutes,
        ];
        let mut said = said.into_iter().flatten();
        match said.find(|minutes| *minutes > MINUTES_MAX) {
            Some(minutes) => Err(Refusal::TooLong { minutes }),
            None => Ok(()),
        }
    }

    fn evolve(
        _: Option<RecoveryTest>,
        fact: &RecoveryTestFact,
        happened: Timestamp,
    ) -> Option<RecoveryTest> {
        let RecoveryTestFact::RecoveryTested(tested) = fact;
        Some(RecoveryTest {
            tested: tested.clone(),
            at: happened,
        })
    }
}
