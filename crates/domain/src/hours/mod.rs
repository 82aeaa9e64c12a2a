//! When work on tickets is agreed to be done: weekly service hours, from a day on.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::decider::{Decider, Occasion};
use crate::identity::{AggregateId, AggregateKind, named_aggregate};
use crate::names::LogName;
use crate::service_time::{ServiceTime, Unsound};

#[cfg(test)]
mod tests;

/// Most agreements of one log: each command replays them all.
pub const AGREEMENTS_MAX: usize = 500;

/// Service hours were agreed, from a day on, until others are. This payload is the bytes on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HoursAgreed {
    /// Windows in London, week by week, or around the clock.
    pub hours: ServiceTime,
    /// First day, in London.
    pub from: Date,
    /// Whether the clocks of tickets that were logged before this was recorded follow it too.
    #[serde(default)]
    pub applies_to_existing: bool,
}

/// The names of these variants are the event types.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HoursFact {
    HoursAgreed(HoursAgreed),
}

/// The one aggregate of a log's service hours.
pub fn hours_of(log: &LogName) -> AggregateId {
    named_aggregate(log, AggregateKind::Hours, "hours")
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "refusal", rename_all = "kebab-case")]
pub enum Refusal {
    #[error("service hours from {from} are recorded already; correct those instead")]
    AlreadyAgreed { from: Date },
    #[error("this log has {AGREEMENTS_MAX} agreements on hours already, and no more are taken")]
    TooMany,
    #[error("{0}")]
    #[serde(untagged)]
    Hours(Unsound),
}

/// The rules of service hours.
pub struct HoursRules;

impl Decider for HoursRules {
    const KIND: AggregateKind = AggregateKind::Hours;

    type Fact = HoursFact;
    /// The days on which hours begin.
    type State = BTreeSet<Date>;
    type Refusal = Refusal;

    fn decide(state: &BTreeSet<Date>, fact: &HoursFact, _: Occasion<'_>) -> Result<(), Refusal> {
        let HoursFact::HoursAgreed(HoursAgreed { hours, from, .. }) = fact;
        hours.is_sound().map_err(Refusal::Hours)?;
        if state.contains(from) {
            return Err(Refusal::AlreadyAgreed { from: *from });
        }
        if state.len() >= AGREEMENTS_MAX {
            return Err(Refusal::TooMany);
        }
        Ok(())
    }

    fn evolve(mut state: BTreeSet<Date>, fact: &HoursFact, _: Timestamp) -> BTreeSet<Date> {
        let HoursFact::HoursAgreed(agreed) = fact;
        state.insert(agreed.from);
        state
    }
}
