//! What can be said of a test of recovery. These payloads are the bytes on the wire.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::names::Code;

/// It was tried, at the time of this event, whether and how fast a group of services comes back.
/// Whether that was in time follows from what was aimed at; a target that nobody recorded is left
/// out and never guessed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecoveryTested {
    /// The services that were to come back together.
    pub group: Code,
    /// Within how many minutes they were to be back; absent where no target is recorded.
    #[serde(default)]
    pub target_minutes: Option<u32>,
    /// After how many minutes they were; absent where they did not come back.
    #[serde(default)]
    pub achieved_minutes: Option<u32>,
    /// Of how many minutes data might be lost; absent where no target is recorded.
    #[serde(default)]
    pub data_loss_target_minutes: Option<u32>,
    /// Of how many minutes data was lost; absent where that was not measured.
    #[serde(default)]
    pub data_loss_minutes: Option<u32>,
}

/// The names of these variants are the event types.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RecoveryTestFact {
    RecoveryTested(RecoveryTested),
}
