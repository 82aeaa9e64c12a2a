//! Days on which no work on tickets is agreed to be done, such as the bank holidays of a council's
//! nation; an agreement on availability may leave them out too. Which they are is data: some were declared weeks before, and one once long after tickets
//! that ran over it had been given their due times.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::decider::{Decider, Occasion};
use crate::identity::{AggregateId, AggregateKind, named_aggregate};
use crate::names::LogName;

#[cfg(test)]
mod tests;

/// Most days that one event names.
pub const DAYS_MAX: usize = 200;

/// Most holidays of one log.
pub const HOLIDAYS_MAX: usize = 2_000;

/// Days were declared to be holidays. These payloads are the bytes on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HolidaysDeclared {
    /// At least one, in London.
    pub days: BTreeSet<Date>,
    /// Whether the clocks of tickets that were logged before this was recorded stand on them too. If
    /// not, no due time that was given before moves.
    #[serde(default)]
    pub applies_to_existing: bool,
}

/// Days are holidays no longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HolidaysWithdrawn {
    pub days: BTreeSet<Date>,
    #[serde(default)]
    pub applies_to_existing: bool,
}

/// The names of these variants are the event types.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HolidaysFact {
    HolidaysDeclared(HolidaysDeclared),
    HolidaysWithdrawn(HolidaysWithdrawn),
}

/// The one aggregate of a log's holidays.
pub fn holidays_of(log: &LogName) -> AggregateId {
    named_aggregate(log, AggregateKind::Holidays, "holidays")
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "refusal", rename_all = "kebab-case")]
pub enum Refusal {
    #[error("name 1 to {DAYS_MAX} days, found {found}")]
    DayCount { found: usize },
    #[error("{day} is a holiday already")]
    AlreadyAHoliday { day: Date },
    #[error("{day} is no holiday")]
    NotAHoliday { day: Date },
    #[error("this log has {HOLIDAYS_MAX} holidays already, and no more are taken")]
    TooMany,
}

/// The rules of holidays.
pub struct HolidaysRules;

impl Decider for HolidaysRules {
    const KIND: AggregateKind = AggregateKind::Holidays;

    type Fact = HolidaysFact;
    /// The days that are holidays.
    type State = BTreeSet<Date>;
    type Refusal = Refusal;

    fn decide(state: &BTreeSet<Date>, fact: &HolidaysFact, _: Occasion<'_>) -> Result<(), Refusal> {
        let days = match fact {
            HolidaysFact::HolidaysDeclared(declared) => &declared.days,
            HolidaysFact::HolidaysWithdrawn(withdrawn) => &withdrawn.days,
        };
        if !(1..=DAYS_MAX).contains(&days.len()) {
            return Err(Refusal::DayCount { found: days.len() });
        }
        match fact {
            HolidaysFact::HolidaysDeclared(_) => {
                if let Some(day) = days.intersection(state).next() {
                    return Err(Refusal::AlreadyAHoliday { day: *day });
                }
                match state.len() + days.len() > HOLIDAYS_MAX {
                    true => Err(Refusal::TooMany),
                    false => Ok(()),
                }
            }
            HolidaysFact::HolidaysWithdrawn(_) => match days.difference(state).next() {
                Some(day) => Err(Refusal::NotAHoliday { day: *day }),
                None => Ok(()),
            },
        }
    }

    fn evolve(mut state: BTreeSet<Date>, fact: &HolidaysFact, _: Timestamp) -> BTreeSet<Date> {
        match fact {
            HolidaysFact::HolidaysDeclared(declared) => state.extend(&declared.days),
            HolidaysFact::HolidaysWithdrawn(withdrawn) => {
                state.retain(|day| !withdrawn.days.contains(day));
            }
        }
        state
    }
}
