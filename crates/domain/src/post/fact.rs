//! What can happen to a post of the establishment. Codes only: who holds it is nobody's business
//! here. These payloads are the bytes on the wire.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::codes::codes;
use crate::names::Code;

/// How a post was filled. An interim holds a post and leaves it vacant: only internal and external
/// appointments are permanent.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Appointment {
    Internal,
    External,
    Interim,
}

codes! {
    Appointment { Internal = "internal", External = "external", Interim = "interim" }
}

/// The phase of a programme, of the same log, that something was done in; that it exists is not
/// checked here.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Under {
    pub programme: Uuid,
    pub phase: Code,
}

/// A post joined the establishment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PostCreated {
    pub role: Code,
    pub team: Code,
    #[serde(default)]
    pub under: Option<Under>,
}

/// Only those of a group may apply for it, such as staff whose posts go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PostRingfenced {
    pub group: Code,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PostFilled {
    pub appointment: Appointment,
    /// Last day; an interim has one, permanent staff only if appointed for a fixed term.
    #[serde(default)]
    pub until: Option<Date>,
    #[serde(default)]
    pub under: Option<Under>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InterimExtended {
    pub until: Date,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InterimEnded {}

/// Its permanent holder left it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PostVacated {
    pub reason: Code,
}

/// It left the establishment. Final.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PostDeleted {
    #[serde(default)]
    pub under: Option<Under>,
}

/// The names of these variants are the event types.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PostFact {
    PostCreated(PostCreated),
    PostRingfenced(PostRingfenced),
    PostFilled(PostFilled),
    InterimExtended(InterimExtended),
    InterimEnded(InterimEnded),
    PostVacated(PostVacated),
    PostDeleted(PostDeleted),
}
