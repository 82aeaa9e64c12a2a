//! References from one record to another, in any log. That the other exists is not checked where a
//! reference is recorded: one that leads to nothing is a finding.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::identity::{AggregateId, AggregateKind};
use crate::names::LogName;

/// A ticket, change or outage of any log.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub struct Reference {
    pub log: LogName,
    pub kind: ReferenceKind,
    pub id: Uuid,
}

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum ReferenceKind {
    Ticket,
    Change,
    Outage,
}

impl Reference {
    pub fn aggregate(&self) -> AggregateId {
        AggregateId {
            kind: self.kind.into(),
            id: self.id,
        }
    }
}

impl From<ReferenceKind> for AggregateKind {
    fn from(kind: ReferenceKind) -> Self {
        match kind {
            ReferenceKind::Ticket => Self::Ticket,
            ReferenceKind::Change => Self::Change,
            ReferenceKind::Outage => Self::Outage,
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.aggregate(), self.log)
    }
}
