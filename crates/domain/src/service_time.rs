//! Agreed service time, and what it is as intervals of real time, with London's clock changes.

use jiff::civil::{self, Date, Time};
use jiff::{SignedDuration, Timestamp, ToSpan};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::period::{end_of_day, london_day, london_instant};

const WHOLE_DAY: SignedDuration = SignedDuration::from_hours(24);

/// Most windows of a week.
pub const WINDOWS_MAX: usize = 64;

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

/// Why a service time makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "refusal", rename_all = "kebab-case")]
pub enum Unsound {
    #[error("a weekly service time has 1 to {WINDOWS_MAX} windows, found {found}")]
    WindowCount { found: usize },
    #[error(
        "the window {window} ends before it starts; one that goes on after midnight is two windows"
    )]
    EndsBeforeItStarts { window: Window },
    #[error("the window {window} ends when it starts; the end of the day is written 00:00:00")]
    EmptyWindow { window: Window },
    #[error("the windows {earlier} and {later} overlap; make them one")]
    WindowsOverlap { earlier: Window, later: Window },
}

/// London's clocks have changed between 01:00 and 03:00 for as long as there is a record.
const CHANGES_BEFORE: Time = Time::constant(4, 0, 0, 0);

fn after_midnight(time: Time) -> SignedDuration {
    time.duration_since(Time::midnight())
}

impl Weekday {
    pub const ALL: [Self; 7] = [
        Self::Monday,
        Self::Tuesday,
        Self::Wednesday,
        Self::Thursday,
        Self::Friday,
        Self::Saturday,
        Self::Sunday,
    ];

    /// Monday to Friday.
    pub const WORKDAYS: [Self; 5] = [
        Self::Monday,
        Self::Tuesday,
        Self::Wednesday,
        Self::Thursday,
        Self::Friday,
    ];

    pub fn of(day: Date) -> Self {
        match day.weekday() {
            civil::Weekday::Monday => Self::Monday,
            civil::Weekday::Tuesday => Self::Tuesday,
            civil::Weekday::Wednesday => Self::Wednesday,
            civil::Weekday::Thursday => Self::Thursday,
            civil::Weekday::Friday => Self::Friday,
            civil::Weekday::Saturday => Self::Saturday,
            civil::Weekday::Sunday => Self::Sunday,
        }
    }
}

impl Window {
    /// Its beginning and its end on the clock, comparable: midnight at the end of the day comes
    /// after all other times.
    fn begin(&self) -> (bool, Time) {
        (false, self.from)
    }

    fn end(&self) -> (bool, Time) {
        (self.to == Time::midnight(), self.to)
    }

    fn is_sound(&self) -> Result<(), Unsound> {
        let window = || self.clone();
        match self.end().cmp(&self.begin()) {
            std::cmp::Ordering::Less => Err(Unsound::EndsBeforeItStarts { window: window() }),
            std::cmp::Ordering::Equal => Err(Unsound::EmptyWindow { window: window() }),
            std::cmp::Ordering::Greater => Ok(()),
        }
    }

    /// On a day of its own weekday. Where clocks are put forward over all of it, it is empty.
    fn on(&self, day: Date) -> (Timestamp, Timestamp) {
        let end = match self.end() {
            (true, _) => end_of_day(day),
            (false, to) => london_instant(day, to),
        };
        (london_instant(day, self.from), end)
    }
}

impl std::fmt::Display for Window {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {} to {}", self.day, self.from, self.to)
    }
}

impl ServiceTime {
    /// How much of a day is agreed service time by the clock on the wall: what it is in truth,
    /// unless clocks change on that day.
    pub fn usual_on(&self, day: Date) -> SignedDuration {
        let Self::Weekly(windows) = self else {
            return WHOLE_DAY;
        };
        let weekday = Weekday::of(day);
        let today = windows.iter().filter(|window| window.day == weekday);
        today
            .map(|window| match window.end() {
                (true, _) => WHOLE_DAY.saturating_sub(after_midnight(window.from)),
                (false, to) => to.duration_since(window.from),
            })
            .fold(SignedDuration::ZERO, SignedDuration::saturating_add)
    }

    /// Whether clocks may change within a window: then it is not always as long as clocks show.
    pub fn meet_a_clock_change(&self) -> bool {
        let Self::Weekly(windows) = self else {
            return true;
        };
        windows.iter().any(|window| window.from < CHANGES_BEFORE)
    }

    /// The parts of `[first, end)` that are agreed service time, as half-open intervals in order,
    /// none overlapping another. Windows are times on London's clocks: one over the hour that is
    /// skipped in March is shorter, one over the hour that is repeated in October longer.
    pub fn intervals(
        &self,
        first: Timestamp,
        end: Timestamp,
    ) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        let (always, windows) = match self {
            Self::Always => (Some((first, end)), [].as_slice()),
            Self::Weekly(windows) => (None, windows.as_slice()),
        };
        let last_day = london_day(end);
        let days = london_day(first).series(1.day());
        let days = days.take_while(move |day| !windows.is_empty() && *day <= last_day);
        always
            .into_iter()
            .chain(days.flat_map(|day| windows_of(windows, day)))
            .map(move |(from, to)| (from.max(first), to.min(end)))
            .filter(|(from, to)| from < to)
    }

    /// Whether it says some time, and no time twice.
    pub(crate) fn is_sound(&self) -> Result<(), Unsound> {
        let Self::Weekly(windows) = self else {
            return Ok(());
        };
        if !(1..=WINDOWS_MAX).contains(&windows.len()) {
            let found = windows.len();
            return Err(Unsound::WindowCount { found });
        }
        windows.iter().try_for_each(Window::is_sound)?;
        let mut sorted: Vec<&Window> = windows.iter().collect();
        sorted.sort_by_key(|window| (window.day, window.from));
        for pair in sorted.windows(2) {
            if let [earlier, later] = pair
                && earlier.day == later.day
                && later.begin() < earlier.end()
            {
                return Err(Unsound::WindowsOverlap {
                    earlier: (*earlier).clone(),
                    later: (*later).clone(),
                });
            }
        }
        Ok(())
    }
}

fn windows_of(windows: &[Window], day: Date) -> Vec<(Timestamp, Timestamp)> {
    let weekday = Weekday::of(day);
    let today = windows.iter().filter(|window| window.day == weekday);
    let mut today: Vec<_> = today.map(|window| window.on(day)).collect();
    today.sort_unstable();
    today
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::period::Period;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn window(day: Weekday, from: &str, to: &str) -> Window {
        Window {
            day,
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
        }
    }

    fn office_hours() -> ServiceTime {
        let office = |day| window(day, "09:00", "17:00");
        ServiceTime::Weekly(Weekday::WORKDAYS.map(office).to_vec())
    }

    /// Agreed minutes of a period of the record.
    fn minutes(time: &ServiceTime, period: &str) -> i64 {
        let period: Period = period.parse().unwrap();
        let intervals = time.intervals(period.start(), period.end());
        intervals
            .map(|(from, to)| (to - from).get_seconds())
            .sum::<i64>()
            / 60
    }

    #[test]
    fn clocks_may_change_within_what_begins_in_the_small_hours() {
        let from = |from| ServiceTime::Weekly(vec![window(Weekday::Sunday, from, "17:00")]);
        assert!(ServiceTime::Always.meet_a_clock_change());
        assert!(from("03:59").meet_a_clock_change());
        assert!(!from("04:00").meet_a_clock_change());
        assert!(!office_hours().meet_a_clock_change());
    }

    #[test]
    fn always_is_every_minute_of_the_period() {
        assert_eq!(minutes(&ServiceTime::Always, "2019-10"), 44_700);
        assert_eq!(minutes(&ServiceTime::Always, "2020-03"), 44_580);
        let (first, end) = (at("2020-01-01T10:00:00Z"), at("2020-01-01T10:00:30Z"));
        let intervals: Vec<_> = ServiceTime::Always.intervals(first, end).collect();
        assert_eq!(intervals, [(first, end)]);
    }

    #[test]
    fn five_days_from_nine_to_five_are_2400_minutes_in_every_week() {
        for week in [
            "2020-01-06/2020-01-12",
            "2020-03-23/2020-03-29",
            "2020-03-30/2020-04-05",
            "2020-10-19/2020-10-25",
        ] {
            assert_eq!(minutes(&office_hours(), week), 2_400, "{week}");
        }
        assert_eq!(minutes(&office_hours(), "2019-06-01"), 0, "a Saturday");
    }

    #[test]
    fn a_window_over_a_clock_change_is_as_long_as_it_really_was() {
        let night = ServiceTime::Weekly(vec![window(Weekday::Sunday, "00:00", "04:00")]);
        assert_eq!(minutes(&night, "2020-03-29"), 180);
        assert_eq!(minutes(&night, "2020-10-25"), 300);
        assert_eq!(minutes(&night, "2020-11-01"), 240);
        // The clocks never showed any of this.
        let skipped = ServiceTime::Weekly(vec![window(Weekday::Sunday, "01:15", "01:45")]);
        assert_eq!(minutes(&skipped, "2020-03-29"), 0);
        assert_eq!(minutes(&skipped, "2020-11-01"), 30);
    }

    #[test]
    fn windows_that_meet_within_a_clock_change_neither_overlap_nor_leave_a_gap() {
        let halves = ServiceTime::Weekly(vec![
            window(Weekday::Sunday, "01:30", "04:00"),
            window(Weekday::Sunday, "00:00", "01:30"),
        ]);
        assert_eq!(minutes(&halves, "2020-03-29"), 180);
        assert_eq!(minutes(&halves, "2020-10-25"), 300);
    }

    #[test]
    fn midnight_as_an_end_is_the_end_of_the_day() {
        let all_day = ServiceTime::Weekly(vec![window(Weekday::Sunday, "00:00", "00:00")]);
        assert_eq!(all_day.is_sound(), Ok(()));
        assert_eq!(minutes(&all_day, "2020-01-05"), 24 * 60);
        assert_eq!(minutes(&all_day, "2020-03-29"), 23 * 60);
        let evening = ServiceTime::Weekly(vec![window(Weekday::Sunday, "22:00", "00:00")]);
        assert_eq!(minutes(&evening, "2020-10-25"), 2 * 60);
    }

    #[test]
    fn intervals_come_in_order_and_are_clipped_to_what_is_asked() {
        let shifts = ServiceTime::Weekly(vec![
            window(Weekday::Tuesday, "09:00", "17:00"),
            window(Weekday::Monday, "13:00", "17:00"),
            window(Weekday::Monday, "09:00", "12:00"),
        ]);
        let asked = (at("2020-01-06T10:00:00Z"), at("2020-01-07T09:30:00Z"));
        let intervals: Vec<_> = shifts.intervals(asked.0, asked.1).collect();
        let expected = [
            ("2020-01-06T10:00:00Z", "2020-01-06T12:00:00Z"),
            ("2020-01-06T13:00:00Z", "2020-01-06T17:00:00Z"),
            ("2020-01-07T09:00:00Z", "2020-01-07T09:30:00Z"),
        ];
        assert_eq!(intervals, expected.map(|(from, to)| (at(from), at(to))));
        for time in [&shifts, &ServiceTime::Always] {
            assert_eq!(time.intervals(asked.0, asked.0).count(), 0);
            assert_eq!(time.intervals(asked.1, asked.0).count(), 0);
        }
    }

    fn service_time() -> impl Strategy<Value = ServiceTime> {
        // Quarters of an hour of some days, the last of them midnight.
        let marks = prop::collection::btree_set(0_i8..=96, 2..=8);
        let weekly =
            prop::collection::btree_map(prop::sample::select(Weekday::ALL.to_vec()), marks, 1..=7);
        let weekly = weekly.prop_map(|marks| {
            let mut windows = Vec::new();
            for (day, marks) in marks {
                let marks: Vec<i8> = marks.into_iter().collect();
                for pair in marks.chunks_exact(2) {
                    let time = |mark: i8| civil::time(mark / 4 % 24, mark % 4 * 15, 0, 0);
                    let (from, to) = (time(pair[0]), time(pair[1]));
                    windows.push(Window { day, from, to });
                }
            }
            ServiceTime::Weekly(windows)
        });
        prop_oneof![1 => Just(ServiceTime::Always), 9 => weekly]
    }

    proptest! {
        #[test]
        fn splitting_a_range_anywhere_loses_and_adds_nothing(
            time in service_time(),
            // About the clock changes of 2020, to the second.
            start in prop::sample::select(vec!["2020-03-27T22:00:00Z", "2020-10-23T22:00:00Z"]),
            hours in 0_i64..=240,
            split in 0_i64..=864_000,
        ) {
            prop_assert_eq!(time.is_sound(), Ok(()));
            let seconds = |first: Timestamp, end: Timestamp| -> i64 {
                let intervals: Vec<_> = time.intervals(first, end).collect();
                for pair in intervals.windows(2) {
                    assert!(pair[0].1 <= pair[1].0, "{pair:?}");
                }
                intervals.iter().map(|(from, to)| (*to - *from).get_seconds()).sum()
            };
            let first = at(start);
            let end = first + SignedDuration::from_hours(hours);
            let middle = (first + SignedDuration::from_secs(split)).min(end);
            prop_assert_eq!(seconds(first, end), seconds(first, middle) + seconds(middle, end));
        }
    }
}
