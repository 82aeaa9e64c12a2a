//! Periods in Europe/London: months, financial-year quarters, days, ranges of months and of days.
//!
//! Every period is half-open in time, from the first midnight to the midnight after its last day.
//! The council year runs from 1 April to 31 March (quarter 1 is April to June).

use std::fmt;
use std::sync::LazyLock;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

static LONDON: LazyLock<TimeZone> = LazyLock::new(|| {
    // From the program, not from the machine, so that a figure is the same on all of them. The
    // bundled database always has it; without it no figure would be right, so UTC is no substitute
    // that could go unnoticed: the tests of this file pin summer time.
    let bundled = TimeZoneDatabase::bundled();
    bundled.get("Europe/London").unwrap_or(TimeZone::UTC)
});

/// What calendar and clock show in London at `instant`.
pub fn london_time(instant: Timestamp) -> DateTime {
    LONDON.to_datetime(instant)
}

/// The day in London on which `instant` lies.
pub fn london_day(instant: Timestamp) -> Date {
    london_time(instant).date()
}

/// The instant at which `day` begins in London.
pub fn london_midnight(day: Date) -> Timestamp {
    // Clocks change at 01:00 in London, so midnight is never skipped or repeated.
    london_instant(day, Time::midnight())
}

/// The instant at which clocks in London show `time` on `day`: the earlier one where they show it
/// twice. Where they skip it, the instant at which they were put forward; so a later time of the
/// same day never gives an earlier instant.
pub fn london_instant(day: Date, time: Time) -> Timestamp {
    let shown = LONDON.to_ambiguous_timestamp(day.to_datetime(time));
    if let AmbiguousOffset::Gap { .. } = shown.offset()
        && let Ok(before) = shown.earlier()
        && let Some(put_forward) = LONDON.following(before).next()
    {
        return put_forward.timestamp();
    }
    // The last representable days of the calendar are outside what a record may hold.
    shown.compatible().unwrap_or(Timestamp::MAX)
}

/// The days of `[from, to)` on which clocks in London change.
pub fn clock_changes(from: Date, to: Date) -> impl Iterator<Item = Date> {
    let end = london_midnight(to);
    // A change at the first midnight itself would be one of the day before.
    LONDON
        .following(london_midnight(from))
        .map(|change| change.timestamp())
        .take_while(move |change| *change < end)
        .map(london_day)
}

/// A calendar month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Month {
    year: i16,
    month: i8,
}

impl Month {
    /// `None` where `month` is not 1 to 12 or the year not 1900 to 2999.
    pub fn new(year: i16, month: i8) -> Option<Self> {
        ((1900..=2999).contains(&year) && (1..=12).contains(&month)).then_some(Self { year, month })
    }

    pub fn of(instant: Timestamp) -> Self {
        Self::of_day(london_day(instant))
    }

    pub fn of_day(day: Date) -> Self {
        Self {
            year: day.year(),
            month: day.month(),
        }
    }

    pub fn first_day(self) -> Date {
        jiff::civil::date(self.year, self.month, 1)
    }

    pub fn last_day(self) -> Date {
        self.first_day().last_of_month()
    }

    pub fn next(self) -> Self {
        Self::from_number(self.number() + 1)
    }

    /// Months since year 0, for keys and arithmetic.
    pub fn number(self) -> i32 {
        i32::from(self.year) * 12 + i32::from(self.month) - 1
    }

    pub fn from_number(number: i32) -> Self {
        let year = i16::try_from(number.div_euclid(12)).unwrap_or(i16::MAX);
        let month = i8::try_from(number.rem_euclid(12) + 1).unwrap_or(1);
        Self { year, month }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl std::str::FromStr for Month {
    type Err = InvalidPeriod;

    fn from_str(text: &str) -> Result<Self, InvalidPeriod> {
        let invalid = || InvalidPeriod::of(text);
        let (year, month) = text.split_once('-').ok_or_else(invalid)?;
        if year.len() != 4 || month.len() != 2 {
            return Err(invalid());
        }
        // Numbers may have a sign; a month has none.
        if !text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'-')
        {
            return Err(invalid());
        }
        let year = year.parse().map_err(|_| invalid())?;
        let month = month.parse().map_err(|_| invalid())?;
        Self::new(year, month).ok_or_else(invalid)
    }
}

/// A stretch of whole days that a figure is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Period {
    Month(Month),
    /// A quarter of the council year that begins in April of `start_year`; `quarter` is 1 to 4.
    Quarter {
        start_year: i16,
        quarter: i8,
    },
    Day(Date),
    /// Whole months, both inclusive.
    Months {
        first: Month,
        last: Month,
    },
    /// Days, both inclusive.
    Days {
        first: Date,
        last: Date,
    },
}

impl Period {
    /// By which schemas tell a period from other texts: it is too rich for a regular expression.
    pub const TITLE: &str = "Period";

    /// The financial-year quarter in which a month lies.
    pub fn quarter_of(month: Month) -> Self {
        let since_april = month.number() - 3;
        Self::Quarter {
            start_year: i16::try_from(since_april.div_euclid(12)).unwrap_or(i16::MAX),
            quarter: i8::try_from(since_april.rem_euclid(12) / 3 + 1).unwrap_or(1),
        }
    }

    pub fn first_day(&self) -> Date {
        match self {
            Self::Month(month) => month.first_day(),
            Self::Quarter { .. } | Self::Months { .. } => self.whole_months().0.first_day(),
            Self::Day(day) => *day,
            Self::Days { first, .. } => *first,
        }
    }

    /// The last day, inclusive.
    pub fn last_day(&self) -> Date {
        match self {
            Self::Month(month) => month.last_day(),
            Self::Quarter { .. } | Self::Months { .. } => self.whole_months().1.last_day(),
            Self::Day(day) => *day,
            Self::Days { last, .. } => *last,
        }
    }

    pub fn start(&self) -> Timestamp {
        london_midnight(self.first_day())
    }

    /// The instant after the period: midnight after its last day.
    pub fn end(&self) -> Timestamp {
        end_of_day(self.last_day())
    }

    /// The months that make up this period; none for days, which need not make up months.
    pub fn months(&self) -> Option<impl Iterator<Item = Month> + use<>> {
        if matches!(self, Self::Day(_) | Self::Days { .. }) {
            return None;
        }
        let (first, last) = self.whole_months();
        Some((first.number()..=last.number()).map(Month::from_number))
    }

    /// First and last month; for days the months around them.
    fn whole_months(&self) -> (Month, Month) {
        match self {
            Self::Month(month) => (*month, *month),
            Self::Quarter {
                start_year,
                quarter,
            } => {
                let first = i32::from(*start_year) * 12 + i32::from(*quarter) * 3;
                (Month::from_number(first), Month::from_number(first + 2))
            }
            Self::Day(day) => (Month::of_day(*day), Month::of_day(*day)),
            Self::Months { first, last } => (*first, *last),
            Self::Days { first, last } => (Month::of_day(*first), Month::of_day(*last)),
        }
    }
}

/// The instant at which the day after `day` begins in London.
pub fn end_of_day(day: Date) -> Timestamp {
    london_midnight(day.saturating_add(1.day()))
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{found:?} is not a period: write 2019-07 (month), 19/20 Q4 (financial-year quarter), 2018-06-04 \
     (day), 2019-07/2020-07 (range of months) or 2018-01-01/2018-07-04 (range of days)"
)]
pub struct InvalidPeriod {
    pub found: String,
}

impl InvalidPeriod {
    fn of(text: &str) -> Self {
        Self {
            found: text.chars().take(60).collect(),
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Month(month) => month.fmt(f),
            Self::Quarter {
                start_year,
                quarter,
            } => {
                let (from, to) = (start_year.rem_euclid(100), (start_year + 1).rem_euclid(100));
                write!(f, "{from:02}/{to:02} Q{quarter}")
            }
            Self::Day(day) => day.fmt(f),
            Self::Months { first, last } => write!(f, "{first}/{last}"),
            Self::Days { first, last } => write!(f, "{first}/{last}"),
        }
    }
}

impl std::str::FromStr for Period {
    type Err = InvalidPeriod;

    fn from_str(text: &str) -> Result<Self, InvalidPeriod> {
        let invalid = || InvalidPeriod::of(text);
        if let Ok(month) = text.parse() {
            return Ok(Self::Month(month));
        }
        if let Some((years, quarter)) = text.split_once(" Q") {
            return quarter_from(years, quarter).ok_or_else(invalid);
        }
        if let Some((first, last)) = text.split_once('/') {
            if let (Some(first), Some(last)) = (day(first), day(last)) {
                return (first <= last)
                    .then_some(Self::Days { first, last })
                    .ok_or_else(invalid);
            }
            let (first, last): (Month, Month) = (first.parse()?, last.parse()?);
            return (first <= last)
                .then_some(Self::Months { first, last })
                .ok_or_else(invalid);
        }
        day(text).map(Self::Day).ok_or_else(invalid)
    }
}

/// A day as `2018-06-04`, in the years that months may have.
fn day(text: &str) -> Option<Date> {
    let day: Date = (text.len() == 10).then(|| text.parse().ok()).flatten()?;
    let is_written_so = day.to_string() == text;
    Month::new(day.year(), day.month()).and(is_written_so.then_some(day))
}

/// Labels carry two digits of each year: 1950 to 2049.
fn quarter_from(years: &str, quarter: &str) -> Option<Period> {
    let two_digits = |text: &str| {
        (text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| text.parse::<u8>().ok())
            .flatten()
            .map(i16::from)
    };
    let (from, to) = years.split_once('/')?;
    let (from, to) = (two_digits(from)?, two_digits(to)?);
    let quarter = match quarter {
        "1" => 1,
        "2" => 2,
        "3" => 3,
        "4" => 4,
        _ => return None,
    };
    let start_year = if from >= 50 { 1900 + from } else { 2000 + from };
    ((start_year + 1) % 100 == to).then_some(Period::Quarter {
        start_year,
        quarter,
    })
}

impl TryFrom<String> for Period {
    type Error = InvalidPeriod;

    fn try_from(text: String) -> Result<Self, InvalidPeriod> {
        text.parse()
    }
}

impl From<Period> for String {
    fn from(period: Period) -> Self {
        period.to_string()
    }
}

impl schemars::JsonSchema for Period {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Period".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "title": Self::TITLE,
            "type": "string",
            "description": "2019-07, 19/20 Q4, 2018-06-04, 2019-07/2020-07 or 2018-01-01/2018-07-04",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(label: &str) -> Period {
        label.parse().unwrap()
    }

    #[test]
    fn labels_read_back_as_written() {
        for label in [
            "2019-07",
            "19/20 Q4",
            "2018-06-04",
            "2019-07/2020-07",
            "2018-01-01/2018-07-04",
        ] {
            assert_eq!(period(label).to_string(), label);
        }
        for bad in [
            "",
            "2019-13",
            "2019-+7",
            "+9/10 Q1",
            "2019-W01-1",
            "19/21 Q1",
            "19/20 Q5",
            "19/20 Q+1",
            "2020-07/2019-07",
            "2018-07-04/2018-01-01",
            "2018-07-04/2018-08",
            "2019-7",
            "2019-02-30",
            "joint",
        ] {
            assert!(bad.parse::<Period>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_council_year_begins_in_april() {
        let quarter = period("19/20 Q4");
        assert_eq!(quarter.first_day().to_string(), "2020-01-01");
        assert_eq!(quarter.last_day().to_string(), "2020-03-31");
        for (month, label) in [
            ("2019-03", "18/19 Q4"),
            ("2019-04", "19/20 Q1"),
            ("2019-12", "19/20 Q3"),
            ("2020-08", "20/21 Q2"),
        ] {
            let month = month.parse().unwrap();
            assert_eq!(Period::quarter_of(month).to_string(), label);
        }
    }

    #[test]
    fn days_begin_at_midnight_in_london() {
        assert_eq!(
            period("2020-08-21").end().to_string(),
            "2020-08-21T23:00:00Z"
        );
        assert_eq!(
            period("2019-01").start().to_string(),
            "2019-01-01T00:00:00Z"
        );
        // October has an hour more, March an hour less.
        let minutes = |label| {
            let period = period(label);
            period.end().duration_since(period.start()).as_mins()
        };
        assert_eq!(minutes("2019-10"), 44_700);
        assert_eq!(minutes("2020-03"), 44_580);
    }

    #[test]
    fn a_time_that_clocks_skip_is_when_they_are_put_forward_and_a_repeated_one_its_first() {
        let instant = |day: &str, time: &str| {
            london_instant(day.parse().unwrap(), time.parse().unwrap()).to_string()
        };
        for (day, time, at) in [
            ("2020-03-29", "00:59", "2020-03-29T00:59:00Z"),
            ("2020-03-29", "01:00", "2020-03-29T01:00:00Z"),
            ("2020-03-29", "01:30", "2020-03-29T01:00:00Z"),
            ("2020-03-29", "02:00", "2020-03-29T01:00:00Z"),
            ("2020-10-25", "00:59", "2020-10-24T23:59:00Z"),
            ("2020-10-25", "01:30", "2020-10-25T00:30:00Z"),
            ("2020-10-25", "02:00", "2020-10-25T02:00:00Z"),
            ("2020-08-21", "09:00", "2020-08-21T08:00:00Z"),
        ] {
            assert_eq!(instant(day, time), at, "{day} {time}");
        }
    }

    #[test]
    fn a_quarter_is_its_three_months_and_a_day_is_none() {
        let months: Vec<_> = period("19/20 Q3").months().unwrap().collect();
        assert_eq!(
            months.iter().map(Month::to_string).collect::<Vec<_>>(),
            ["2019-10", "2019-11", "2019-12"]
        );
        assert!(period("2019-10-01").months().is_none());
    }
}
