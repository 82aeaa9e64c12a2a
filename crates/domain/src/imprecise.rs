//! Times that are known only roughly: a day, a month, an interval of days.
//!
//! Such a fact is recorded at a moment within its days, best at the first one. It counts only in
//! periods that contain the whole of its days, and has no known duration.

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::period::{end_of_day, london_midnight};

/// How exactly the time is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    Day,
    Month,
    Interval,
}

/// Some time within these days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Within {
    /// First day, in London.
    pub from: Date,
    /// Last day, inclusive.
    pub to: Date,
    pub precision: Precision,
}

impl Within {
    /// Whether the days are those that the precision says.
    pub fn is_sound(&self) -> bool {
        match self.precision {
            Precision::Day => self.from == self.to,
            Precision::Month => {
                self.from == self.from.first_of_month() && self.to == self.from.last_of_month()
            }
            Precision::Interval => self.from <= self.to,
        }
    }

    /// The first moment at which it can have happened.
    pub fn start(&self) -> Timestamp {
        london_midnight(self.from)
    }

    /// The moment by which it had happened.
    pub fn end(&self) -> Timestamp {
        end_of_day(self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn within(from: &str, to: &str, precision: Precision) -> Within {
        Within {
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
            precision,
        }
    }

    #[test]
    fn the_days_are_those_that_the_precision_says() {
        for (from, to, precision, sound) in [
            ("2019-04-01", "2019-04-30", Precision::Month, true),
            ("2019-04-01", "2019-04-29", Precision::Month, false),
            ("2019-04-02", "2019-04-02", Precision::Day, true),
            ("2019-04-02", "2019-04-03", Precision::Day, false),
            ("2018-01-01", "2018-07-04", Precision::Interval, true),
            ("2018-07-04", "2018-01-01", Precision::Interval, false),
        ] {
            assert_eq!(within(from, to, precision).is_sound(), sound, "{from}/{to}");
        }
    }

    #[test]
    fn it_begins_and_ends_at_midnight_in_london() {
        let april = within("2019-04-01", "2019-04-30", Precision::Month);
        assert_eq!(april.start().to_string(), "2019-03-31T23:00:00Z");
        assert_eq!(april.end().to_string(), "2019-04-30T23:00:00Z");
    }
}
