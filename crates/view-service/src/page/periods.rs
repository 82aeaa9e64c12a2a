//! Which periods a page shows.

use jiff::{SignedDuration, Timestamp};
use townclerk_domain::period::{Month, Period};

/// How many periods there are at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Most {
    months: usize,
    quarters: usize,
}

impl Most {
    pub const ON_A_PAGE: Self = Self {
        months: 24,
        quarters: 12,
    };

    /// A table that is taken away has them all: no service is recorded for fifty years.
    pub const TAKEN: Self = Self {
        months: 600,
        quarters: 200,
    };
}

/// Newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    pub months: Vec<Period>,
    pub quarters: Vec<Period>,
    pub complete_month: Option<Period>,
    pub complete_quarter: Option<Period>,
    /// The quarter that is not over.
    pub running_quarter: Option<Period>,
    /// The moment up to which they are shown.
    pub as_at: Option<Timestamp>,
}

impl Shown {
    /// The periods from the month `first` up to `as_at`.
    pub fn between(first: Month, as_at: Timestamp, most: Most) -> Self {
        // The last instant that counts is the one before `as_at`.
        let last = Month::of(as_at - SignedDuration::from_micros(1));
        let months = (first.number()..=last.number()).rev();
        let months = months.map(Month::from_number);
        let mut quarters: Vec<Period> = months.clone().map(Period::quarter_of).collect();
        quarters.dedup();
        quarters.truncate(most.quarters);
        let months: Vec<Period> = months.map(Period::Month).take(most.months).collect();
        let over = |period: &&Period| period.end() <= as_at;
        Self {
            complete_month: months.iter().find(over).copied(),
            complete_quarter: quarters.iter().find(over).copied(),
            running_quarter: quarters.first().filter(|period| !over(period)).copied(),
            months,
            quarters,
            as_at: Some(as_at),
        }
    }

    /// Quarters and months.
    pub fn all(&self) -> Vec<Period> {
        self.quarters.iter().chain(&self.months).copied().collect()
    }

    /// The latest quarter that is over and the one that is not.
    pub fn latest_quarters(&self) -> Vec<Period> {
        let both = [self.complete_quarter, self.running_quarter];
        both.into_iter().flatten().collect()
    }

    /// The latest month that is over with the eleven before it.
    pub fn latest_year(&self) -> Option<Period> {
        let last = self.complete_month?.months()?.next()?;
        let first = Month::from_number(last.number() - 11);
        Some(Period::Months { first, last })
    }

    /// The period at whose end stands what stands now.
    pub fn now(&self) -> Option<Period> {
        self.months.first().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(first: &str, as_at: &str) -> Shown {
        let (first, as_at) = (first.parse().unwrap(), as_at.parse().unwrap());
        Shown::between(first, as_at, Most::ON_A_PAGE)
    }

    #[test]
    fn a_table_that_is_taken_away_has_every_period() {
        let (first, as_at) = ("2012-01", "2020-08-21T23:00:00Z");
        let taken = Shown::between(first.parse().unwrap(), as_at.parse().unwrap(), Most::TAKEN);
        assert_eq!(taken.months.len(), 8 * 12 + 8);
        assert_eq!(taken.quarters.len(), 4 * 8 + 3);
    }

    #[test]
    fn the_newest_periods_come_first_and_the_running_quarter_is_told() {
        let shown = shown("2018-01", "2020-08-21T23:00:00Z");
        assert_eq!(shown.months.len(), Most::ON_A_PAGE.months);
        assert_eq!(shown.months[0].to_string(), "2020-08");
        assert_eq!(shown.complete_month.unwrap().to_string(), "2020-07");
        assert_eq!(shown.complete_quarter.unwrap().to_string(), "20/21 Q1");
        assert_eq!(shown.running_quarter.unwrap().to_string(), "20/21 Q2");
        assert_eq!(shown.quarters.last().unwrap().to_string(), "17/18 Q4");
        assert_eq!(shown.latest_year().unwrap().to_string(), "2019-08/2020-07");
    }

    #[test]
    fn at_the_end_of_a_quarter_none_is_running() {
        let shown = shown("2019-12", "2020-03-31T23:00:00Z");
        assert_eq!(shown.running_quarter, None);
        assert_eq!(shown.complete_month.unwrap().to_string(), "2020-03");
        assert_eq!(shown.complete_quarter.unwrap().to_string(), "19/20 Q4");
        assert_eq!(shown.months.len(), 4);
    }

    #[test]
    fn before_the_first_month_there_is_nothing() {
        let shown = shown("2020-01", "2019-06-01T00:00:00Z");
        assert!(shown.all().is_empty() && shown.latest_year().is_none());
    }
}
