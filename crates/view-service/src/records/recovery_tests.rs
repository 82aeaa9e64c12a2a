//! Tests of recovery, as they are shown.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use townclerk_domain::names::Code;
use townclerk_domain::recovery::{RecoveryTest, RecoveryTestRules};
use townclerk_views::kept::Kept;

use super::list::{Beside, Listable};

#[derive(Serialize, JsonSchema)]
pub(super) struct RecoveryTestShown {
    /// Whether it was made up for a demonstration.
    sample: bool,
    /// The services that were to come back together.
    group: Code,
    tested: Timestamp,
    /// Null where no target is recorded.
    target_minutes: Option<u32>,
    /// Null where they did not come back.
    achieved_minutes: Option<u32>,
    data_loss_target_minutes: Option<u32>,
    data_loss_minutes: Option<u32>,
    /// Whether everything with a target was within it; null where that is not known.
    within_target: Option<bool>,
}

impl Listable for RecoveryTestRules {
    type Shown = RecoveryTestShown;

    const PLURAL: &'static str = "recovery_tests";

    fn shown(kept: &Kept<RecoveryTest>, _: &Beside) -> RecoveryTestShown {
        let within_target = kept.stands.is_within_target();
        let RecoveryTest { tested, at } = kept.stands.clone();
        RecoveryTestShown {
            sample: kept.sample,
            group: tested.group,
            tested: at,
            target_minutes: tested.target_minutes,
            achieved_minutes: tested.achieved_minutes,
            data_loss_target_minutes: tested.data_loss_target_minutes,
            data_loss_minutes: tested.data_loss_minutes,
            within_target,
        }
    }
}
