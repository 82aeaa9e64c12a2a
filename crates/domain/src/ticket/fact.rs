//! What can happen to a ticket. These payloads are the bytes on the wire: codes and ids only, no
//! free text, so that no personal data can enter a ticket event.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::codes::codes;
use crate::names::Code;
use crate::reference::Reference;

/// ITIL: an incident is an unplanned interruption or reduction in quality; a service request is
/// asked for by a user and an agreed part of the normal service.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum TicketKind {
    Incident,
    Request,
}

/// P1 is the most urgent: an incident significant enough to impact an entire critical service
/// (Lewisham, Mayor and Cabinet, 16 September 2020, paragraph 6.6).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Priority {
    P1,
    P2,
    P3,
    P4,
    P5,
}

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum UserClass {
    Standard,
    Vip,
}

/// How the ticket reached the service desk.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    Phone,
    Web,
    Email,
    WalkIn,
    ThirdParty,
}

codes! {
    TicketKind { Incident = "incident", Request = "request" }
    Priority { P1 = "p1", P2 = "p2", P3 = "p3", P4 = "p4", P5 = "p5" }
    UserClass { Standard = "standard", Vip = "vip" }
    Channel {
        Phone = "phone", Web = "web", Email = "email", WalkIn = "walk-in",
        ThirdParty = "third-party",
    }
}

/// A ticket was logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Logged {
    pub kind: TicketKind,
    pub priority: Priority,
    pub user_class: UserClass,
    pub channel: Channel,
    /// The service that the ticket is about.
    pub service: Code,
    pub category: Code,
    #[serde(default)]
    pub directorate: Option<Code>,
    /// Whether the shared technology service deals with it, or a council's own application team.
    pub sts: bool,
    /// The councils that it hits: at least two where it is recorded in `shared`, else empty.
    #[serde(default)]
    pub councils: BTreeSet<Code>,
}

/// Someone has looked at the ticket and confirmed what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Triaged {}

/// Work has begun or goes on after a hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Started {}

/// Work waits for someone or something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Held {
    /// What it waits for; usual codes: `customer`, `supplier`, `change`, `problem`.
    pub reason: Code,
}

/// The service was restored or the request fulfilled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Resolved {
    #[serde(default)]
    pub resolution: Option<Code>,
}

/// A ticket that was resolved, and perhaps closed, turned out not to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reopened {
    pub reason: Code,
}

/// The resolution was accepted. Tools reopen what was closed all the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Closed {}

/// The ticket was withdrawn. One that should not have been is reinstated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cancelled {
    /// Usual codes: `duplicate`, `unnecessary`, `not-an-incident`.
    pub reason: Code,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Assigned {
    pub team: Code,
}

/// What is named replaces what was; what is absent stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Recategorised {
    #[serde(default)]
    pub category: Option<Code>,
    #[serde(default)]
    pub service: Option<Code>,
    #[serde(default)]
    pub directorate: Option<Code>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reprioritised {
    pub priority: Priority,
}

/// The ticket was caused by something recorded elsewhere; that it exists is not checked here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Linked {
    pub cause: Reference,
}

/// A ticket that was cancelled is to be dealt with after all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reinstated {
    /// Usual codes: `cancelled-in-error`, `not-a-duplicate`, `needed-after-all`.
    pub reason: Code,
}

/// The names of these variants are the event types. Rows hold their order: append.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TicketFact {
    Logged(Logged),
    Triaged(Triaged),
    Started(Started),
    Held(Held),
    Resolved(Resolved),
    Reopened(Reopened),
    Closed(Closed),
    Cancelled(Cancelled),
    Assigned(Assigned),
    Recategorised(Recategorised),
    Reprioritised(Reprioritised),
    Linked(Linked),
    Reinstated(Reinstated),
}
