//! What can happen to a freeze: a time, or until a condition holds, in which changes of a scope
//! need an exemption. These payloads are the bytes on the wire.

use std::collections::BTreeSet;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::names::{Code, LogName};
use crate::text::Text;

/// Which changes a freeze holds; an empty set does not restrict.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FreezeScope {
    #[serde(default)]
    pub councils: BTreeSet<Code>,
    #[serde(default)]
    pub services: BTreeSet<Code>,
    #[serde(default)]
    pub categories: BTreeSet<Code>,
}

/// A freeze was declared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FreezeDeclared {
    pub title: Text,
    #[serde(default)]
    pub scope: FreezeScope,
    pub from: Timestamp,
    /// Its end, or the condition until which it holds: at least one of the two. Where both are named
    /// it ends by the time at the latest.
    #[serde(default)]
    pub to: Option<Timestamp>,
    #[serde(default)]
    pub until: Option<Text>,
}

/// What is allowed in spite of a freeze.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Exempt {
    /// Every change of a project.
    Project(Code),
    Change(ChangeReference),
}

/// A change of any log; that it exists is not checked here.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct ChangeReference {
    pub log: LogName,
    pub id: Uuid,
}

/// An exemption was granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FreezeExempted {
    pub exempt: Exempt,
    pub reason: Text,
}

/// The freeze ended: its condition was met, or it was ended before its time. Final.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FreezeLifted {}

/// The names of these variants are the event types.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FreezeFact {
    FreezeDeclared(FreezeDeclared),
    FreezeExempted(FreezeExempted),
    FreezeLifted(FreezeLifted),
}
