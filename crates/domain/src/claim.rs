//! Claims: figures that somebody published. A claim stands beside our computed figure, is compared
//! with it and never replaces it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use crate::decider::{Decider, Occasion};
use crate::decimal::Decimal;
use crate::fields::FieldFault;
use crate::identity::AggregateKind;
use crate::names::{Code, LogName, Scope};
use crate::period::Period;

mod faults;

#[cfg(test)]
mod tests;

pub use faults::{BREAKDOWN_MAX, SOURCE_CHARS_MAX, UNIT_CHARS_MAX, incomparable};

/// A figure was published.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct Published {
    /// The measure in snake case, such as `tickets_logged`; of a text a name of its own.
    pub measure: String,
    pub scope: Scope,
    pub period: Period,
    /// Dimension to value, such as `priority` to `p1`.
    #[serde(default)]
    pub breakdown: BTreeMap<String, Code>,
    /// With the decimals as published; of a range the lower end.
    pub value: Decimal,
    /// The state of the world that the publisher meant; absent where it is not said.
    #[serde(default)]
    pub as_at: Option<Timestamp>,
    /// Where it was published: paper, date, paragraph.
    pub source: String,
    /// Whether it can be compared with a figure of ours.
    #[serde(default)]
    pub kind: ClaimKind,
    /// Of a text, what its value counts, such as `calls`; a figure has the unit of its measure.
    #[serde(default)]
    pub unit: Option<String>,
    /// How exactly the value was published.
    #[serde(default)]
    pub precision: Precision,
}

/// Whether a published number is one that we compute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ClaimKind {
    /// A measure of ours: it is compared with our figure.
    #[default]
    Figure,
    /// Something else that was published: it is kept, and compared with nothing.
    Text,
}

/// How exactly a value was published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    #[default]
    Exact,
    /// The value, give or take the tolerance.
    About { tolerance: Decimal },
    /// The value or more, such as "over 8,000".
    AtLeast,
    /// The value or less.
    AtMost,
    /// From the value to this one, both inclusive.
    Between { and: Decimal },
}

/// Events are written as they were before kind, unit and precision existed where these have their
/// defaults. Rows have no names of fields: there they always stand.
impl Serialize for Published {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let row = !serializer.is_human_readable();
        let kind = row || self.kind != ClaimKind::default();
        let unit = row || self.unit.is_some();
        let precision = row || self.precision != Precision::default();
        let written = [kind, unit, precision].into_iter().filter(|is| *is).count();
        let mut fields = serializer.serialize_struct("Published", 7 + written)?;
        fields.serialize_field("measure", &self.measure)?;
        fields.serialize_field("scope", &self.scope)?;
        fields.serialize_field("period", &self.period)?;
        fields.serialize_field("breakdown", &self.breakdown)?;
        fields.serialize_field("value", &self.value)?;
        fields.serialize_field("as_at", &self.as_at)?;
        fields.serialize_field("source", &self.source)?;
        if kind {
            fields.serialize_field("kind", &self.kind)?;
        }
        if unit {
            fields.serialize_field("unit", &self.unit)?;
        }
        if precision {
            fields.serialize_field("precision", &self.precision)?;
        }
        fields.end()
    }
}

impl Published {
    /// The decimals to which a number is rounded before it is compared: the most that the claim has.
    pub fn decimals(&self) -> u8 {
        let other = match self.precision {
            Precision::Exact | Precision::AtLeast | Precision::AtMost => None,
            Precision::About { tolerance } => Some(tolerance.decimals()),
            Precision::Between { and } => Some(and.decimals()),
        };
        other.max(Some(self.value.decimals())).unwrap_or_default()
    }

    /// How `ours`, rounded to [`Self::decimals`], compares with what the claim allows.
    pub fn beside(&self, ours: Decimal) -> Beside {
        let value = self.value.in_finest_units();
        let (least, most) = match self.precision {
            Precision::Exact => (Some(value), Some(value)),
            Precision::About { tolerance } => {
                let tolerance = tolerance.in_finest_units();
                (Some(value - tolerance), Some(value + tolerance))
            }
            Precision::AtLeast => (Some(value), None),
            Precision::AtMost => (None, Some(value)),
            Precision::Between { and } => (Some(value), Some(and.in_finest_units())),
        };
        let ours = ours.in_finest_units();
        let below = least.map(|least| ours - least).filter(|by| *by < 0);
        let above = most.map(|most| ours - most).filter(|by| *by > 0);
        below
            .or(above)
            .map_or(Beside::Agrees, |by| Beside::Differs {
                by: Decimal::of_finest_units(by, self.decimals()),
            })
    }
}

/// A number of ours beside a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    Agrees,
    Differs {
        /// Ours less the nearest number that the claim allows; `None` where it is too large to be
        /// written.
        by: Option<Decimal>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ClaimFact {
    ClaimPublished(Published),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "refusal", rename_all = "kebab-case")]
pub enum Refusal {
    #[error("this claim is recorded already; correct it or void it")]
    AlreadyPublished,
    #[error("a claim about {scope} belongs in the log {expected}, not in {home}")]
    WrongLog {
        scope: Scope,
        expected: LogName,
        home: LogName,
    },
    #[error("{period} had not begun when this was published, at {published}")]
    PeriodNotBegun {
        period: Period,
        published: Timestamp,
    },
}

pub struct ClaimRules;

impl Decider for ClaimRules {
    const KIND: AggregateKind = AggregateKind::Claim;

    const ONE_LINE: &'static [&'static str] = &["source", "unit"];

    type Fact = ClaimFact;
    type State = Option<Published>;
    type Refusal = Refusal;

    fn faults(said: &Value) -> Vec<FieldFault> {
        faults::faults(said)
    }

    fn decide(
        state: &Option<Published>,
        fact: &ClaimFact,
        occasion: Occasion<'_>,
    ) -> Result<(), Refusal> {
        let home = occasion.home;
        let ClaimFact::ClaimPublished(claim) = fact;
        if state.is_some() {
            return Err(Refusal::AlreadyPublished);
        }
        let expected = claim.scope.home();
        if *home != expected {
            return Err(Refusal::WrongLog {
                scope: claim.scope.clone(),
                expected,
                home: home.clone(),
            });
        }
        if claim.period.start() > occasion.happened {
            return Err(Refusal::PeriodNotBegun {
                period: claim.period,
                published: occasion.happened,
            });
        }
        Ok(())
    }

    fn evolve(_: Option<Published>, fact: &ClaimFact, _: Timestamp) -> Option<Published> {
        let ClaimFact::ClaimPublished(claim) = fact;
        Some(claim.clone())
    }
}
