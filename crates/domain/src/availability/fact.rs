//! What a council and the service agreed on the availability of services. These payloads are the
//! bytes on the wire.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::decimal::Decimal;
use crate::names::Code;
use crate::service_time::ServiceTime;

/// The availability of one service was agreed, from a day on, until another one is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AvailabilityAgreed {
    pub service: Code,
    pub service_time: ServiceTime,
    /// In percent: more than 0, at most 100.
    pub target: Decimal,
    /// How long before its begin planned maintenance must be announced to be excluded.
    #[serde(default)]
    pub notice_hours: u32,
    /// First day, in London.
    pub from: Date,
}

/// What was agreed on one service ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AvailabilityEnded {
    pub service: Code,
    /// Last day that is still agreed.
    pub through: Date,
}

/// The names of these variants are the event types.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AvailabilityFact {
    AvailabilityAgreed(AvailabilityAgreed),
    AvailabilityEnded(AvailabilityEnded),
}
