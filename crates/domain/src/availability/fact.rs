//! What a council and the service agreed on the availability of services. These payloads are the
//! bytes on the wire.

use jiff::civil::{Date, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::decimal::Decimal;
use crate::names::Code;

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// A part of one day of every week, in London; it ends on the day it begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Window {
    pub day: Weekday,
    pub from: Time,
    /// The time at which it ends; midnight at the end of the day is written `00:00:00`.
    pub to: Time,
}

/// When a service is agreed to be there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ServiceTime {
    /// Every minute of every day.
    Always,
    /// At least one window; none overlaps another.
    Weekly(Vec<Window>),
}

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
