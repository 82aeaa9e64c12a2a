//! What can happen to a change. These payloads are the bytes on the wire.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::codes::codes;
use crate::names::Code;
use crate::reference::Reference;
use crate::text::Text;

/// ITIL: a standard change is pre-authorised and of low risk, a normal one is assessed, authorised
/// and scheduled, an emergency one is made as soon as possible.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeType {
    Normal,
    Standard,
    Emergency,
}

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Risk {
    Low,
    Medium,
    High,
}

/// How a change ended.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    Successful,
    WithIssues,
    Unsuccessful,
    BackedOut,
}

codes! {
    ChangeType { Normal = "normal", Standard = "standard", Emergency = "emergency" }
    Risk { Low = "low", Medium = "medium", High = "high" }
    Outcome {
        Successful = "successful", WithIssues = "with-issues", Unsuccessful = "unsuccessful",
        BackedOut = "backed-out",
    }
}

/// A change was requested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Requested {
    pub change_type: ChangeType,
    pub title: Text,
    /// What sort of change; freezes select by it. Usual codes: `maintenance`, `fix`, `new-project`.
    pub category: Code,
    /// The project that it belongs to; freezes exempt and gates hold back by it.
    #[serde(default)]
    pub project: Option<Code>,
    /// The services that it touches.
    #[serde(default)]
    pub services: BTreeSet<Code>,
    /// The councils that it touches: at least two where it is recorded in `shared`, else empty.
    #[serde(default)]
    pub councils: BTreeSet<Code>,
}

/// Its risk was assessed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Assessed {
    pub risk: Risk,
    #[serde(default)]
    pub impact: Option<Text>,
}

/// The change authority said yes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Authorised {
    /// Which authority, such as `change-board`.
    pub authority: Code,
}

/// The change authority said no: it may be assessed again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rejected {
    pub authority: Code,
    pub reason: Code,
}

/// It was given a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Scheduled {
    pub from: Timestamp,
    pub to: Timestamp,
}

/// Its implementation began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Started {}

/// Its implementation ended, however it went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Implemented {}

/// It was looked back at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reviewed {
    #[serde(default)]
    pub findings: Option<Text>,
}

/// Final.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Closed {
    pub outcome: Outcome,
}

/// Withdrawn. Final.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cancelled {
    pub reason: Code,
}

/// It turned out to have caused an incident or an outage; that it exists is not checked here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Caused {
    pub effect: Reference,
}

/// The day until which it is to be looked back at, and who sees to it. Set again, the latest holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReviewDue {
    /// Last day, in London.
    pub by: Date,
    /// A role, such as `change-manager`; never a person.
    pub owner: Code,
}

/// The names of these variants are the event types.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeFact {
    Requested(Requested),
    Assessed(Assessed),
    Authorised(Authorised),
    Rejected(Rejected),
    Scheduled(Scheduled),
    Started(Started),
    Implemented(Implemented),
    Reviewed(Reviewed),
    Closed(Closed),
    Cancelled(Cancelled),
    Caused(Caused),
    ReviewDue(ReviewDue),
}
