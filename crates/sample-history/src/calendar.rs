//! When tickets come and when they are worked on, in London time.

use jiff::civil::{Date, Weekday, date};
use jiff::{SignedDuration, Timestamp};
use townclerk_domain::period::{Month, end_of_day, london_midnight};

use crate::dice::{Dice, Weighted};

/// The history is of these days, both inclusive.
pub const FIRST_DAY: Date = date(2018, 1, 1);
pub const LAST_DAY: Date = date(2020, 8, 21);

/// The working day, in hours after midnight.
const OPENS: SignedDuration = SignedDuration::from_hours(8);
const CLOSES: SignedDuration = SignedDuration::from_hours(18);

/// Bank holidays in England on weekdays of the history.
pub const HOLIDAYS: [Date; 21] = [
    date(2018, 1, 1),
    date(2018, 3, 30),
    date(2018, 4, 2),
    date(2018, 5, 7),
    date(2018, 5, 28),
    date(2018, 8, 27),
    date(2018, 12, 25),
    date(2018, 12, 26),
    date(2019, 1, 1),
    date(2019, 4, 19),
    date(2019, 4, 22),
    date(2019, 5, 6),
    date(2019, 5, 27),
    date(2019, 8, 26),
    date(2019, 12, 25),
    date(2019, 12, 26),
    date(2020, 1, 1),
    date(2020, 4, 10),
    date(2020, 4, 13),
    date(2020, 5, 8),
    date(2020, 5, 25),
];

/// How often a ticket comes in each hour of a working day.
const WORKING_HOURS: [u32; 24] = [
    2, 1, 1, 1, 1, 2, 6, 26, 85, 130, 125, 110, 80, 85, 105, 100, 85, 50, 12, 7, 5, 4, 3, 2,
];

const OTHER_HOURS: [u32; 24] = [
    2, 1, 1, 1, 1, 2, 3, 5, 8, 10, 10, 10, 9, 9, 9, 9, 8, 7, 6, 5, 5, 4, 3, 2,
];

/// How fast things go.
#[derive(Clone, Copy, Debug)]
pub enum Pace {
    /// In working hours only.
    Work,
    /// Day and night, for what is urgent.
    Wall,
}

struct Day {
    date: Date,
    begins: Timestamp,
    works: bool,
    /// The weights of all days before this one, and of this one.
    before: u64,
    traffic: u64,
}

pub struct Calendar {
    days: Vec<Day>,
    /// The instant after the last day.
    pub end: Timestamp,
    working_hours: Weighted<i64>,
    other_hours: Weighted<i64>,
}

impl Calendar {
    pub fn new() -> Self {
        Self::between(FIRST_DAY, LAST_DAY)
    }

    /// Of other days than those of the demonstration; bank holidays are known of those only.
    pub fn between(first: Date, last: Date) -> Self {
        let mut before = 0;
        let days = first
            .series(jiff::Span::new().days(1))
            .take_while(|date| *date <= last)
            .map(|date| {
                let works = works(date);
                let day = Day {
                    date,
                    begins: london_midnight(date),
                    works,
                    before,
                    traffic: traffic(date, works),
                };
                before += day.traffic;
                day
            })
            .collect();
        Self {
            days,
            end: end_of_day(last),
            working_hours: Weighted::new((0..).zip(WORKING_HOURS)),
            other_hours: Weighted::new((0..).zip(OTHER_HOURS)),
        }
    }

    /// A moment at which a ticket comes, from `first` to `last` inclusive.
    pub fn arrival(&self, first: Date, last: Date, dice: &mut Dice) -> Timestamp {
        let from = self.days.partition_point(|day| day.date < first);
        let to = self.days.partition_point(|day| day.date <= last);
        let days = &self.days[from..to];
        let least = days.first().map_or(0, |day| day.before);
        let width = days.iter().map(|day| day.traffic).sum();
        let drawn = least + dice.below(width);
        let day = &days[days.partition_point(|day| day.before + day.traffic <= drawn)];
        let hours = if day.works {
            &self.working_hours
        } else {
            &self.other_hours
        };
        let second = hours.pick(dice) * 3_600 + dice.between(0, 3_599);
        // The day on which summer time begins has 23 hours.
        let last_second = end_of_day(day.date) - SignedDuration::from_secs(1);
        (day.begins + SignedDuration::from_secs(second)).min(last_second)
    }

    /// Whether the service desk is there at that moment.
    pub fn is_staffed(&self, at: Timestamp) -> bool {
        self.days[self.day_of(at)..].first().is_some_and(|day| {
            let since_midnight = at.duration_since(day.begins);
            day.works && OPENS <= since_midnight && since_midnight < CLOSES
        })
    }

    /// The moment at which `wait` has passed since `from`; `None` if that is after the history.
    pub fn after(&self, from: Timestamp, wait: SignedDuration, pace: Pace) -> Option<Timestamp> {
        match pace {
            Pace::Wall => Some(from + wait).filter(|at| *at < self.end),
            Pace::Work => self.after_work(from, wait),
        }
    }

    fn after_work(&self, from: Timestamp, wait: SignedDuration) -> Option<Timestamp> {
        let mut left = wait;
        for day in &self.days[self.day_of(from)..] {
            let opens = (day.begins + OPENS).max(from);
            let room = (day.begins + CLOSES).duration_since(opens);
            if !day.works || room.is_negative() {
                continue;
            }
            if left <= room {
                return Some(opens + left);
            }
            left -= room;
        }
        None
    }

    fn day_of(&self, at: Timestamp) -> usize {
        let next = self.days.partition_point(|day| day.begins <= at);
        next.saturating_sub(1)
    }
}

fn works(day: Date) -> bool {
    let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
    !weekend && !HOLIDAYS.contains(&day)
}

/// How many tickets come on a day, as a weight: growing by a percent a month, more in the unstable
/// summer of 2018, few in the days after Christmas.
fn traffic(day: Date, works: bool) -> u64 {
    let usual = match (works, day.weekday()) {
        (true, Weekday::Monday) => 115,
        (true, _) => 100,
        (false, _) => 9,
    };
    let months = Month::of_day(day).number() - Month::of_day(FIRST_DAY).number();
    let growth = 100 + u64::try_from(months).unwrap_or(0);
    let season = match (day.year(), day.month(), day.day()) {
        (2018, 6..=8, _) => 130,
        (_, 12, 24..) => 40,
        (_, 8, _) => 88,
        _ => 100,
    };
    usual * growth * season
}

/// How long things took, in percent of the usual: in the summer of 2018 work piled up.
pub fn slowness(at: Timestamp) -> i64 {
    const PERCENT: [i64; 12] = [100, 100, 110, 130, 190, 330, 420, 400, 260, 160, 120, 100];
    let months = Month::of(at).number() - Month::of_day(FIRST_DAY).number();
    let place = usize::try_from(months).unwrap_or(usize::MAX);
    PERCENT.get(place).copied().unwrap_or(100)
}
