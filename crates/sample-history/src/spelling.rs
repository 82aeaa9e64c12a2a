//! Names, texts and times as this crate types them.
//!
//! They are constants, so a misspelt one is a mistake of this crate and surfaces as an encoding
//! error.

use std::collections::BTreeSet;

use jiff::Timestamp;
use townclerk_domain::names::{Code, LogName};
use townclerk_domain::text::Text;

use crate::malformed;

pub type Spelt<T> = Result<T, serde_json::Error>;

pub fn code(code: &str) -> Spelt<Code> {
    Code::new(code).map_err(malformed)
}

pub fn codes(codes: &[&str]) -> Spelt<BTreeSet<Code>> {
    codes.iter().map(|one| code(one)).collect()
}

pub fn text(text: impl Into<String>) -> Spelt<Text> {
    Text::new(text).map_err(malformed)
}

pub fn log_of(council: &Code) -> Spelt<LogName> {
    LogName::new(council.as_str()).map_err(malformed)
}

/// A moment, such as `2019-06-01T05:42:00Z`.
pub fn moment(text: &str) -> Spelt<Timestamp> {
    text.parse().map_err(malformed)
}

/// The whole minute in which `at` lies.
pub fn on_the_minute(at: Timestamp) -> Timestamp {
    let second = at.as_second();
    Timestamp::constant(second - second.rem_euclid(60), 0)
}
