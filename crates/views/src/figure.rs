//! A figure: what people read. One shape in the API, on pages and in the CLI.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use townclerk_domain::claim::Precision;
use townclerk_domain::decimal::Decimal;
use townclerk_domain::names::{Code, LogName, Scope};
use townclerk_domain::period::Period;

use crate::completeness::CoveredDays;

/// Every key is always there, null or empty where it does not apply.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Figure {
    pub measure: &'static str,
    pub scope: Scope,
    pub period: PeriodShown,
    /// Dimension to value; `home` names the log whose records are counted.
    pub breakdown: BTreeMap<String, String>,
    /// Null where the record does not cover the period.
    pub value: Option<Number>,
    /// Why the value is not shown to this reader, though there is one; null where it is.
    pub suppressed: Option<&'static str>,
    pub unit: &'static str,
    pub numerator: Option<i64>,
    /// For ratios; null for counts.
    pub denominator: Option<i64>,
    /// Which records are counted, in words.
    pub cohort: &'static str,
    /// On which clock durations are measured; null for counts.
    pub clock: Option<&'static str>,
    /// What happened at this instant or later is not counted.
    pub as_at: Option<Timestamp>,
    /// What became known after this instant is not counted.
    pub known_at: Option<Timestamp>,
    /// Whether only a part of the period is covered or over.
    pub partial: bool,
    /// What each log covers; null for a log that covers nothing of the period.
    pub covered: BTreeMap<LogName, Option<CoveredDays>>,
    /// Of a figure of all councils: those that were members for a part of the period only, whose
    /// records count on those days. Empty where nobody joined or left within it.
    pub members: Vec<MemberDays>,
    /// When each log was last seen to hold nothing more than what is counted here.
    pub reached: BTreeMap<LogName, Option<Timestamp>>,
    pub complete_to: BTreeMap<LogName, Option<Timestamp>>,
    /// The values that the figure counts by and no record of the scope has, by dimension: a 0 of them
    /// is no count of anything, and the code may be mistyped. Empty where all are known.
    pub no_record_has: BTreeMap<&'static str, String>,
    /// Recorded events that could not be read and may belong here.
    pub held: u64,
    /// Whether any of it was made up for a demonstration.
    pub synthetic: bool,
    /// Empty for what is like for like: nothing was published so.
    pub claims: Vec<ClaimShown>,
    /// The councils, members throughout all of the periods that were asked for, of which alone the
    /// figure is made; null where it is made of the members of each time.
    pub like_for_like: Option<Vec<LogName>>,
}

/// On which days of what a figure looks at a council was a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MemberDays {
    pub council: Code,
    /// As people write it.
    pub name: String,
    pub from: Date,
    /// The last day, inclusive.
    pub to: Date,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PeriodShown {
    pub label: String,
    pub from: Date,
    /// The last day, inclusive.
    pub to: Date,
}

impl From<&Period> for PeriodShown {
    fn from(period: &Period) -> Self {
        Self {
            label: period.to_string(),
            from: period.first_day(),
            to: period.last_day(),
        }
    }
}

/// A published figure beside ours.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ClaimShown {
    pub value: Number,
    pub decimals: u8,
    /// How exactly the value was published.
    pub precision: Precision,
    pub as_at: Option<Timestamp>,
    pub source: String,
    /// Our number at the claim's own `as_at`, rounded to the most decimals that the claim has; null
    /// where we have none, or do not show it to anyone who asks.
    pub ours: Option<Number>,
    /// Whether that is a number which the claim does not allow; null where we have none.
    pub differs: Option<bool>,
    /// Where it differs, ours less the nearest number that the claim allows.
    pub differs_by: Option<Number>,
    /// Why it cannot be compared; null where it can.
    pub why: Option<String>,
}

/// A decimal that is written as a JSON number, digit for digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number(pub Decimal);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.to_string())
            .map_err(serde::ser::Error::custom)?
            .serialize(serializer)
    }
}

impl JsonSchema for Number {
    fn schema_name() -> Cow<'static, str> {
        "Number".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number" })
    }
}
