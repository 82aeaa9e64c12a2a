//! What was agreed on how long tickets may take. These payloads are the bytes on the wire.
//!
//! An agreement governs the tickets that are logged after it was recorded, from its first day on.
//! It reaches tickets that were logged before only where it says so: no due time that was given is
//! moved in silence.

use std::collections::BTreeSet;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::decimal::Decimal;
use crate::names::Code;
use crate::ticket::{Priority, TicketKind, UserClass};

/// The target of one priority.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Target {
    pub priority: Priority,
    /// What the parties call the priority, such as `critical` or `long-term`.
    #[serde(default)]
    pub name: Option<Code>,
    /// In minutes of agreed service time, at least 1. Absent where tickets of this priority have no
    /// target: they are on neither side of an attainment.
    #[serde(default)]
    pub minutes: Option<u32>,
}

/// The targets of one kind of tickets and one class of users were agreed, from a day on, until others
/// are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TargetsAgreed {
    pub kind: TicketKind,
    pub user_class: UserClass,
    /// At most one for each priority; a priority that is not here has no target.
    pub targets: Vec<Target>,
    /// First day, in London: tickets logged from it on are governed.
    pub from: Date,
    /// Whether tickets that were logged before this was recorded are governed too.
    #[serde(default)]
    pub applies_to_existing: bool,
}

/// What was agreed for one kind of tickets and one class of users ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TargetsEnded {
    pub kind: TicketKind,
    pub user_class: UserClass,
    /// Last day that is still agreed.
    pub through: Date,
}

/// Which reasons for a hold stop the clock was agreed, from a day on; the others let it run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PausesAgreed {
    /// Usual codes: `customer`, `supplier`, `change`, `problem`. None means that nothing stops it.
    pub reasons: BTreeSet<Code>,
    pub from: Date,
    #[serde(default)]
    pub applies_to_existing: bool,
}

/// What share of tickets must meet their target was agreed, from a day on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AttainmentAgreed {
    /// In percent: more than 0, at most 100.
    pub percent: Decimal,
    /// Only of this kind; absent for both.
    #[serde(default)]
    pub kind: Option<TicketKind>,
    /// Only of this priority; absent for all.
    #[serde(default)]
    pub priority: Option<Priority>,
    pub from: Date,
}

/// From how many days after it was logged an open ticket is an aged one was agreed, from a day on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgeLimitAgreed {
    /// Days of 24 hours, at least 1.
    pub days: u32,
    pub from: Date,
    #[serde(default)]
    pub applies_to_existing: bool,
}

/// The names of these variants are the event types.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TargetsFact {
    TargetsAgreed(TargetsAgreed),
    TargetsEnded(TargetsEnded),
    PausesAgreed(PausesAgreed),
    AttainmentAgreed(AttainmentAgreed),
    AgeLimitAgreed(AgeLimitAgreed),
}
