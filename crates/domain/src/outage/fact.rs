//! What can happen to an outage, and to planned maintenance. These payloads are the bytes on the
//! wire.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};

use crate::codes::codes;
use crate::decimal::Decimal;
use crate::imprecise::Within;
use crate::names::Code;
use crate::reference::Reference;
use crate::text::Text;

/// Only what is down counts against availability.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    Down,
    Degraded,
}

/// Whose the cause was.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Party {
    Own,
    Supplier,
}

codes! {
    Severity { Down = "down", Degraded = "degraded" }
    Party { Own = "own", Supplier = "supplier" }
}

/// One service of one council was down or degraded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Effect {
    pub service: Code,
    /// One of the councils of the outage.
    pub council: Code,
    pub severity: Severity,
    /// Absent: since the outage began.
    #[serde(default)]
    pub from: Option<Timestamp>,
    /// Absent while it is not restored.
    #[serde(default)]
    pub to: Option<Timestamp>,
}

/// Notice of maintenance was given, at the time of this event. Until it begins more may be given:
/// they add up, unless one cancels those before it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct MaintenancePlanned {
    pub title: Text,
    /// The councils that it touches: at least two in `shared`, in a council's own log that council.
    pub councils: BTreeSet<Code>,
    /// At least one.
    pub services: BTreeSet<Code>,
    pub from: Timestamp,
    pub to: Timestamp,
    /// Whether it takes back every notice given before it, as where the work is moved to another
    /// day: nothing that those announced is excused any more.
    #[serde(default)]
    pub cancels_earlier: bool,
}

/// Events are written as they were before `cancels_earlier` existed where it is false. Rows have no
/// names of fields: there it is always present.
impl Serialize for MaintenancePlanned {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let written = self.cancels_earlier || !serializer.is_human_readable();
        let mut fields =
            serializer.serialize_struct("MaintenancePlanned", 5 + usize::from(written))?;
        fields.serialize_field("title", &self.title)?;
        fields.serialize_field("councils", &self.councils)?;
        fields.serialize_field("services", &self.services)?;
        fields.serialize_field("from", &self.from)?;
        fields.serialize_field("to", &self.to)?;
        if written {
            fields.serialize_field("cancels_earlier", &self.cancels_earlier)?;
        }
        fields.end()
    }
}

/// Planned maintenance will not be done, and never began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MaintenanceCancelled {
    #[serde(default)]
    pub reason: Option<Text>,
}

/// An outage, or the planned maintenance, began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Declared {
    pub title: Text,
    #[serde(default)]
    pub summary: Option<Text>,
    /// Where the time is known only roughly; this event's time then lies in these days, by default
    /// at their first moment, and effects carry no times.
    #[serde(default)]
    pub when: Option<Within>,
    /// The councils that it hits: at least two in `shared`, in a council's own log that council.
    pub councils: BTreeSet<Code>,
    /// Whether it stopped an entire critical service.
    pub critical: bool,
    #[serde(default)]
    pub effects: Vec<Effect>,
}

/// It turned out to hit further councils.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Widened {
    pub councils: BTreeSet<Code>,
    #[serde(default)]
    pub effects: Vec<Effect>,
}

/// From this event's time on it hits these councils no longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Narrowed {
    pub councils: BTreeSet<Code>,
}

/// Further effects were found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Affected {
    /// At least one.
    pub effects: Vec<Effect>,
}

/// What share of users it hits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UsersAffected {
    /// 0 to 100.
    pub percent: Decimal,
}

/// There is a way to work in spite of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WorkedAround {
    pub workaround: Text,
}

/// A service was restored, at the time of this event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ServiceRestored {
    pub service: Code,
    /// For these councils; empty for all.
    #[serde(default)]
    pub councils: BTreeSet<Code>,
}

/// It is over. Whatever was not restored before is, with this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Resolved {}

/// Why it happened. What is found later replaces what was found before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CauseFound {
    /// What failed, such as `core-network` or `storage`.
    pub component: Code,
    /// In which way, such as `power`, `hardware`, `change`.
    pub class: Code,
    pub party: Party,
    /// Which supplier, as far as known; only where the cause was a supplier's.
    #[serde(default)]
    pub supplier: Option<Code>,
    #[serde(default)]
    pub summary: Option<Text>,
}

/// A remedial action was agreed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ActionAgreed {
    /// Its name within this outage.
    pub action: Code,
    pub text: Text,
    /// A team or role, never a person's name.
    pub owner: Code,
    pub due: Date,
}

/// A remedial action is complete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ActionCompleted {
    pub action: Code,
}

/// It was raised with a supplier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Escalated {
    pub supplier: Code,
    /// To whom there, such as `account-manager` or `chief-executive`.
    pub level: Code,
}

/// It was looked back at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reviewed {
    pub findings: Text,
}

/// It was caused by something recorded elsewhere; that it exists is not checked here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Linked {
    pub cause: Reference,
}

/// Nothing remains to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Closed {}

/// Its cause led to another outage; that it exists is not checked here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Recurred {
    pub outage: Reference,
}

/// The names of these variants are the event types.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OutageFact {
    MaintenancePlanned(MaintenancePlanned),
    MaintenanceCancelled(MaintenanceCancelled),
    Declared(Declared),
    Widened(Widened),
    Narrowed(Narrowed),
    Affected(Affected),
    UsersAffected(UsersAffected),
    WorkedAround(WorkedAround),
    ServiceRestored(ServiceRestored),
    Resolved(Resolved),
    CauseFound(CauseFound),
    ActionAgreed(ActionAgreed),
    ActionCompleted(ActionCompleted),
    Escalated(Escalated),
    Reviewed(Reviewed),
    Linked(Linked),
    Closed(Closed),
    Recurred(Recurred),
}
