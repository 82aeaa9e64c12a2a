//! The clock against published tables' arithmetic, an oracle that marks every minute, and itself.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::period::london_instant;
use crate::service_time::{Weekday, Window};

mod second_oracle;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

fn weekly(windows: &[(Weekday, &str, &str)]) -> ServiceTime {
    let window = |(day, from, to): &(Weekday, &str, &str)| Window {
        day: *day,
        from: from.parse().unwrap(),
        to: to.parse().unwrap(),
    };
    ServiceTime::Weekly(windows.iter().map(window).collect())
}

/// Monday to Thursday 08:40 to 17:00, Friday to 16:30.
fn office() -> ServiceTime {
    let mut windows: Vec<_> = Weekday::WORKDAYS
        .map(|day| (day, "08:40:00", "17:00:00"))
        .to_vec();
    windows[4].2 = "16:30:00";
    weekly(&windows)
}

const ENGLAND: [&str; 16] = [
    "2019-01-01",
    "2019-04-19",
    "2019-04-22",
    "2019-05-06",
    "2019-05-27",
    "2019-08-26",
    "2019-12-25",
    "2019-12-26",
    "2020-01-01",
    "2020-04-10",
    "2020-04-13",
    "2020-05-08",
    "2021-12-27",
    "2021-12-28",
    "2022-06-02",
    "2022-06-03",
];

fn calendar(holidays: &[&str]) -> Calendar {
    let holidays = holidays.iter().map(|text| day(text));
    Calendar::new([(day("2015-04-01"), office())], holidays)
}

const VECTORS: [(&str, &str, i64, &str); 11] = [
    (
        "Friday closes at 16:30",
        "2019-07-05T16:00:00+01:00",
        240,
        "2019-07-08T12:10:00+01:00",
    ),
    (
        "overnight",
        "2019-07-04T16:30:00+01:00",
        420,
        "2019-07-05T15:10:00+01:00",
    ),
    (
        "before opening",
        "2019-07-01T08:00:00+01:00",
        180,
        "2019-07-01T11:40:00+01:00",
    ),
    (
        "on a Saturday",
        "2019-07-06T12:00:00+01:00",
        240,
        "2019-07-08T12:40:00+01:00",
    ),
    (
        "over Easter",
        "2019-04-18T16:00:00+01:00",
        180,
        "2019-04-23T10:40:00+01:00",
    ),
    (
        "21 hours",
        "2019-07-01T09:00:00+01:00",
        1260,
        "2019-07-03T13:20:00+01:00",
    ),
    (
        "35 hours",
        "2019-07-01T09:00:00+01:00",
        2100,
        "2019-07-05T10:40:00+01:00",
    ),
    (
        "clocks change",
        "2020-03-27T16:00:00+00:00",
        240,
        "2020-03-30T12:10:00+01:00",
    ),
    (
        "substitute days",
        "2021-12-24T15:00:00+00:00",
        240,
        "2021-12-29T11:10:00+00:00",
    ),
    (
        "logged at closing",
        "2019-07-05T16:30:00+01:00",
        180,
        "2019-07-08T11:40:00+01:00",
    ),
    (
        "21 hours over a Friday",
        "2019-07-04T17:00:00+01:00",
        1260,
        "2019-07-09T13:30:00+01:00",
    ),
];

#[test]
fn due_times_are_those_that_were_worked_out_by_hand() {
    for (id, logged, target, due) in VECTORS {
        let calendar = calendar(&ENGLAND);
        let found = calendar.add(at(logged), minutes(target), &[]).unwrap();
        assert_eq!(found, at(due), "{id}: {found}");
        assert_eq!(
            calendar.between(at(logged), at(due), &[]),
            minutes(target),
            "{id}"
        );
    }
}

#[test]
fn easter_monday_is_a_working_day_in_scotland() {
    let scotland = calendar(&["2019-04-19"]);
    let due = scotland.add(at("2019-04-18T16:00:00+01:00"), minutes(180), &[]);
    assert_eq!(due, Some(at("2019-04-22T10:40:00+01:00")));
}

#[test]
fn a_pause_moves_what_is_due_by_what_it_covers() {
    let (logged, held) = (
        at("2019-07-01T09:00:00+01:00"),
        at("2019-07-01T10:00:00+01:00"),
    );
    let resumed = at("2019-07-02T10:00:00+01:00");
    let calendar = calendar(&ENGLAND);
    let pause = Pause {
        from: held,
        to: Some(resumed),
    };
    assert_eq!(calendar.between(logged, resumed, &[pause]), minutes(60));
    let due = calendar.add(logged, minutes(420), &[pause]);
    assert_eq!(due, Some(at("2019-07-02T16:00:00+01:00")));
    let forever = Pause {
        from: held,
        to: None,
    };
    assert_eq!(calendar.add(logged, minutes(420), &[forever]), None);
    assert_eq!(calendar.add(logged, minutes(60), &[forever]), Some(held));
    // Pauses may overlap, and one that ends before it begins covers nothing.
    let turned = Pause {
        from: resumed,
        to: Some(held),
    };
    assert_eq!(
        calendar.add(logged, minutes(420), &[pause, turned, pause]),
        due
    );
}

#[test]
fn hours_change_on_the_day_from_which_others_are_agreed() {
    let long = weekly(&Weekday::WORKDAYS.map(|day| (day, "08:00:00", "18:00:00")));
    let hours = [(day("2019-07-02"), long), (day("2019-07-01"), office())];
    let calendar = Calendar::new(hours, []);
    // Monday 500 minutes, Tuesday and Wednesday 600 each; before Monday nothing is agreed.
    let open = calendar.between(at("2019-06-20T00:00:00Z"), at("2019-07-03T23:00:00Z"), &[]);
    assert_eq!(open, minutes(500 + 600 + 600));
}

#[test]
fn without_hours_nothing_is_ever_due() {
    let never = Calendar::new([], []);
    assert_eq!(never.add(at("2019-07-01T09:00:00Z"), minutes(1), &[]), None);
    assert_eq!(
        never.add(at("2019-07-01T09:00:00Z"), minutes(0), &[]),
        Some(at("2019-07-01T09:00:00Z"))
    );
    let (from, to) = (at("2019-07-01T09:00:00Z"), at("2029-07-01T09:00:00Z"));
    assert_eq!(never.between(from, to, &[]), SignedDuration::ZERO);
}

#[test]
fn around_the_clock_a_day_has_23_24_or_25_hours() {
    let always = Calendar::new([(day("2015-01-01"), ServiceTime::Always)], []);
    for (from, hours) in [("2020-03-29", 23), ("2020-03-30", 24), ("2020-10-25", 25)] {
        let (from, to) = (london_midnight(day(from)), end_of_day(day(from)));
        assert_eq!(
            always.between(from, to, &[]),
            SignedDuration::from_hours(hours)
        );
    }
    // A holiday is closed for as long as it lasts.
    let closed = [day("2020-03-29"), day("2020-03-31")];
    let but_two = Calendar::new([(day("2015-01-01"), ServiceTime::Always)], closed);
    let (from, to) = (at("2020-03-27T12:00:00Z"), at("2020-04-02T11:00:00Z"));
    assert_eq!(
        but_two.between(from, to, &[]),
        SignedDuration::from_hours(143 - 23 - 24)
    );
    let year = (
        london_midnight(day("2019-06-05")),
        london_midnight(day("2024-02-01")),
    );
    assert_eq!(
        always.between(year.0, year.1, &[]),
        year.1.duration_since(year.0)
    );
}

/// The minutes of 2018 to 2026, and how many of them are open before each.
struct Oracle {
    calendar: Calendar,
    first: Timestamp,
    open_before: Vec<u32>,
}

const MINUTE: i64 = 60;

impl Oracle {
    /// Looks at each minute by itself: which weekday is it, and what does the clock on the wall show?
    fn new() -> Self {
        let mut windows: Vec<_> = Weekday::WORKDAYS
            .map(|day| (day, "08:40:00", "12:30:00"))
            .to_vec();
        windows.extend(Weekday::WORKDAYS.map(|day| (day, "13:00:00", "17:00:00")));
        windows.push((Weekday::Sunday, "00:00:00", "00:00:00"));
        let short = weekly(&[(Weekday::Tuesday, "10:00:00", "10:01:00")]);
        let hours = [
            (day("2018-01-01"), weekly(&windows)),
            (day("2024-05-15"), short),
        ];
        let holidays: Vec<Date> = ENGLAND.iter().map(|text| day(text)).collect();
        let (first, end) = (at("2018-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"));
        let mut open_before = vec![0];
        let mut open = 0;
        let mut minute = first;
        while minute < end {
            let shown = minute.to_zoned(jiff::tz::TimeZone::get("Europe/London").unwrap());
            let (date, clock) = (shown.date(), shown.time());
            let weekday = Weekday::of(date);
            let (_, ServiceTime::Weekly(today)) = &hours[usize::from(date >= day("2024-05-15"))]
            else {
                unreachable!("both are weekly");
            };
            let is_open = !holidays.contains(&date)
                && today.iter().any(|window| {
                    let midnight = jiff::civil::Time::midnight();
                    let before_end = window.to == midnight || clock < window.to;
                    window.day == weekday && window.from <= clock && before_end
                });
            open += u32::from(is_open);
            open_before.push(open);
            minute += SignedDuration::from_secs(MINUTE);
        }
        Self {
            calendar: Calendar::new(hours, holidays),
            first,
            open_before,
        }
    }

    fn minute(&self, index: usize) -> Timestamp {
        self.first + minutes(i64::try_from(index).unwrap())
    }

    fn open(&self, from: usize, to: usize) -> u32 {
        self.open_before[to].saturating_sub(self.open_before[from])
    }

    /// Minute by minute, since pauses may overlap.
    fn open_outside(&self, from: usize, to: usize, pauses: &[(usize, usize)]) -> i64 {
        let mut edges: Vec<usize> = pauses.iter().flat_map(|(a, b)| [*a, *b]).collect();
        edges.extend([from, to]);
        edges.retain(|edge| (from..=to).contains(edge));
        edges.sort_unstable();
        let outside = |minute: usize| !pauses.iter().any(|(a, b)| (*a..*b).contains(&minute));
        let parts = edges
            .windows(2)
            .filter(|part| part[0] < part[1] && outside(part[0]));
        parts
            .map(|part| i64::from(self.open(part[0], part[1])))
            .sum()
    }
}

static ORACLE: LazyLock<Oracle> = LazyLock::new(Oracle::new);

/// Minutes of nine years.
const MINUTES: usize = 3_287 * 24 * 60;

proptest! {
    #![proptest_config(ProptestConfig { cases: 100_000, ..ProptestConfig::default() })]

    #[test]
    fn the_clock_agrees_with_an_oracle_that_marks_every_minute(
        from in 0..MINUTES,
        length in prop_oneof![0..3_000_usize, 0..60_000_usize, 0..MINUTES],
        pauses in prop::collection::vec((0..MINUTES, 0..20_000_usize), 0..4),
        near in prop::collection::vec((0..60_000_usize, 0..20_000_usize), 0..4),
    ) {
        let oracle = &*ORACLE;
        let to = (from + length).min(MINUTES);
        let near = near.into_iter().map(|(after, length)| (from + after, length));
        let pauses: Vec<(usize, usize)> = pauses
            .into_iter()
            .chain(near)
            .map(|(begin, length)| (begin.min(MINUTES), (begin + length).min(MINUTES)))
            .collect();
        let standing: Vec<Pause> = pauses
            .iter()
            .map(|(a, b)| Pause { from: oracle.minute(*a), to: Some(oracle.minute(*b)) })
            .collect();
        let (start, end) = (oracle.minute(from), oracle.minute(to));
        let found = oracle.calendar.between(start, end, &standing);
        prop_assert_eq!(found, minutes(oracle.open_outside(from, to, &pauses)));
        // Inverses: what is added is what lies between, and nothing earlier would do.
        let due = oracle.calendar.add(start, found, &standing).unwrap();
        prop_assert!(due <= end.max(start), "{} is after {}", due, end);
        prop_assert_eq!(oracle.calendar.between(start, due, &standing), found);
        if found.is_positive() {
            let earlier = due - SignedDuration::from_secs(1);
            prop_assert!(oracle.calendar.between(start, earlier, &standing) < found);
        }
    }
}

#[test]
fn a_window_over_a_changing_hour_is_what_it_is_in_availability() {
    // One rule for both: what a window covers on the day of a clock change.
    let night = weekly(&[(Weekday::Sunday, "00:30:00", "03:00:00")]);
    let calendar = Calendar::new([(day("2015-01-01"), night.clone())], []);
    for date in ["2020-03-29", "2020-10-25", "2020-11-01"] {
        let (from, to) = (london_midnight(day(date)), end_of_day(day(date)));
        let intervals = night.intervals(from, to);
        let open = sum(intervals.map(|(opens, closes)| closes.duration_since(opens)));
        assert_eq!(calendar.between(from, to, &[]), open);
        let later = london_instant(day("2021-06-01"), jiff::civil::Time::midnight());
        let over = calendar.between(from, later, &[]);
        assert_eq!(over, open + calendar.between(to, later, &[]));
    }
}
