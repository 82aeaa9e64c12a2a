//! What a council and the service agreed on the availability of services. These payloads are the
//! bytes on the wire.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};

use crate::decimal::Decimal;
use crate::names::Code;
use crate::service_time::ServiceTime;

/// The availability of one service was agreed, from a day on, until another one is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct AvailabilityAgreed {
    pub service: Code,
    pub service_time: ServiceTime,
    /// In percent: more than 0, at most 100.
    pub target: Decimal,
    /// How long before its beginning planned maintenance must be announced to be excluded.
    #[serde(default)]
    pub notice_hours: u32,
    /// Whether the holidays of the council's log are no agreed service time.
    #[serde(default)]
    pub except_holidays: bool,
    /// First day, in London.
    pub from: Date,
}

/// Events are written as they were before `except_holidays` existed where it is false. Rows have no
/// names of fields: there it is always present.
impl Serialize for AvailabilityAgreed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let written = self.except_holidays || !serializer.is_human_readable();
        let mut fields =
            serializer.serialize_struct("AvailabilityAgreed", 5 + usize::from(written))?;
        fields.serialize_field("service", &self.service)?;
        fields.serialize_field("service_time", &self.service_time)?;
        fields.serialize_field("target", &self.target)?;
        fields.serialize_field("notice_hours", &self.notice_hours)?;
        if written {
            fields.serialize_field("except_holidays", &self.except_holidays)?;
        }
        fields.serialize_field("from", &self.from)?;
        fields.end()
    }
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
