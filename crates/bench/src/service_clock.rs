//! The service clock: what an interval of ten years costs beside one of a week, and beside a clock
//! that walks from window to window.

use std::hint::black_box;
use std::time::Instant;

use anyhow::Context;
use jiff::civil::{Date, Time};
use jiff::{SignedDuration, Timestamp};
use townclerk_domain::service_clock::{Calendar, Pause};
use townclerk_domain::service_time::{ServiceTime, Weekday, Window};
use ule_hours::{Pauses, Schedule};

use crate::report::{Line, Unit};
use crate::sample::median;

const RUNS: usize = 9;
const TIMES: u32 = 2_000;

/// One of these is measured: a ticket that was logged on a Tuesday in March.
const LOGGED: &str = "2016-03-01T10:20:00Z";
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);
const TEN_YEARS: SignedDuration = SignedDuration::from_hours(3_652 * 24);

/// Line h.
pub fn lines() -> anyhow::Result<Vec<Line>> {
    let hours = weekly()?;
    let plain = Calendar::new([(day(2015, 4, 1)?, hours.clone())], []);
    let bank = bank_holidays()?;
    let with_holidays = Calendar::new([(day(2015, 4, 1)?, hours)], bank.iter().copied());
    let walking = bank
        .iter()
        .fold(
            Schedule::builder("Europe/London")?.mon_fri("08:40-17:00")?,
            |hours, day| hours.closed_on(*day),
        )
        .build();
    let week = time_left(&plain, WEEK)?;
    let lines = [
        (
            "due and left of a ticket of ten years",
            time_left(&plain, TEN_YEARS)?,
            week,
            "the same clock and a ticket of a week",
        ),
        (
            "the same with 80 holidays in between",
            time_left(&with_holidays, TEN_YEARS)?,
            week,
            "the same clock and a ticket of a week, without holidays",
        ),
        (
            "the same with 80 holidays in between",
            time_left(&with_holidays, TEN_YEARS)?,
            walked(&walking)?,
            "ule-hours, which walks from window to window",
        ),
    ];
    Ok(lines
        .into_iter()
        .map(|(what, ours, bare, of)| {
            Line::alone('h', what, Unit::Nanoseconds, ours).beside(bare, of)
        })
        .collect())
}

/// How long it takes to tell what has counted over an interval with one pause, and when that much
/// has passed.
fn time_left(calendar: &Calendar, length: SignedDuration) -> anyhow::Result<u64> {
    let (from, to, pause) = interval(length)?;
    let pauses = [pause];
    let once = || {
        let counted = calendar.between(black_box(from), black_box(to), &pauses);
        calendar.add(black_box(from), counted, &pauses)
    };
    once().context("nothing is ever due in these hours")?;
    Ok(each(once))
}

fn walked(schedule: &Schedule) -> anyhow::Result<u64> {
    let (from, to, pause) = interval(TEN_YEARS)?;
    let mut pauses = Pauses::new();
    pauses.add(pause.from, pause.to.unwrap_or(to));
    let once = || {
        let counted = schedule.between_with(black_box(from), black_box(to), &pauses);
        schedule.add_with(black_box(from), counted, &pauses)
    };
    once()?;
    Ok(each(once))
}

fn interval(length: SignedDuration) -> anyhow::Result<(Timestamp, Timestamp, Pause)> {
    let from: Timestamp = LOGGED.parse()?;
    let held = from.checked_add(SignedDuration::from_hours(26))?;
    let pause = Pause {
        from: held,
        to: Some(held.checked_add(SignedDuration::from_hours(20))?),
    };
    Ok((from, from.checked_add(length)?, pause))
}

/// Nanoseconds of one call: the median of some runs of many.
fn each<T>(call: impl Fn() -> T) -> u64 {
    let run = || {
        let began = Instant::now();
        for _ in 0..TIMES {
            black_box(call());
        }
        let each = began.elapsed() / TIMES;
        u64::try_from(each.as_nanos()).unwrap_or(u64::MAX)
    };
    median((0..RUNS).map(|_| run()).collect())
}

/// Monday to Friday, 08:40 to 17:00.
fn weekly() -> anyhow::Result<ServiceTime> {
    let (from, to) = (Time::new(8, 40, 0, 0)?, Time::new(17, 0, 0, 0)?);
    let window = |day| Window { day, from, to };
    Ok(ServiceTime::Weekly(Weekday::WORKDAYS.map(window).to_vec()))
}

/// Eight days of each year, spread over it as bank holidays are.
fn bank_holidays() -> anyhow::Result<Vec<Date>> {
    let of_a_year = [
        (3, 25),
        (4, 10),
        (4, 13),
        (5, 4),
        (5, 25),
        (8, 31),
        (12, 25),
        (12, 28),
    ];
    let years = 2016..2026;
    years
        .flat_map(|year| of_a_year.map(|(month, of_month)| day(year, month, of_month)))
        .collect()
}

fn day(year: i16, month: i8, of_month: i8) -> anyhow::Result<Date> {
    Ok(Date::new(year, month, of_month)?)
}
