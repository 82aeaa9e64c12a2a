//! What can happen to a programme of change. These payloads are the bytes on the wire.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::names::Code;
use crate::text::Text;

/// A phase as planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedPhase {
    pub phase: Code,
    /// First day as planned.
    #[serde(default)]
    pub from: Option<Date>,
    /// Last day as planned, inclusive.
    #[serde(default)]
    pub to: Option<Date>,
}

/// A programme was opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProgrammeOpened {
    pub title: Text,
    /// At least one, each once, in order.
    pub phases: Vec<PlannedPhase>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PhaseStarted {
    pub phase: Code,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PhaseCompleted {
    pub phase: Code,
}

/// The whole programme waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProgrammePaused {
    pub reason: Code,
    /// Until when, as planned.
    #[serde(default)]
    pub until: Option<Date>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProgrammeResumed {}

/// A function moved from one service to another, such as the support of the programme office.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FunctionTransferred {
    pub function: Code,
    /// The service that had it.
    pub from: Code,
    /// The service that has it now.
    pub to: Code,
}

/// Every phase is complete. Final.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProgrammeCompleted {}

/// The names of these variants are the event types.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProgrammeFact {
    ProgrammeOpened(ProgrammeOpened),
    PhaseStarted(PhaseStarted),
    PhaseCompleted(PhaseCompleted),
    ProgrammePaused(ProgrammePaused),
    ProgrammeResumed(ProgrammeResumed),
    ProgrammeCompleted(ProgrammeCompleted),
    FunctionTransferred(FunctionTransferred),
}
