//! What can happen to a gate: what must be complete before the changes of a project may be
//! implemented. These payloads are the bytes on the wire.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::names::Code;
use crate::text::Text;

/// Something that must be complete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Requirement {
    pub code: Code,
    pub text: Text,
}

/// A gate was set. It has conditions and no date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GateSet {
    pub title: Text,
    /// The project whose changes wait.
    pub project: Code,
    /// At least one, each code once.
    pub requires: Vec<Requirement>,
}

/// One of the requirements is complete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GateRequirementMet {
    pub requirement: Code,
}

/// The gate holds nothing back any more, whatever is not complete. Final.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GateLifted {
    pub reason: Text,
}

/// The names of these variants are the event types.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GateFact {
    GateSet(GateSet),
    GateRequirementMet(GateRequirementMet),
    GateLifted(GateLifted),
}
