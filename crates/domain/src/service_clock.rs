//! The service clock: how much agreed service time lies between two instants, and its inverse.
//!
//! Service hours are London's, week by week; on a holiday nothing is open. Whole weeks are multiplied,
//! not walked through: the cost follows the number of pauses and holidays in between (and of clock
//! changes, for hours in the small hours), not the length.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::period::{clock_changes, end_of_day, london_day, london_midnight};
use crate::service_time::ServiceTime;

#[cfg(test)]
mod tests;

/// Days ahead at most in which a time is looked for: what lies beyond is never due.
const HORIZON_DAYS: i64 = 36_525;

/// When work is agreed to be done: weekly hours from days on, and the holidays among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calendar {
    /// Sorted by the day from which each is in force; before the first nothing is open.
    hours: Vec<(Date, ServiceTime)>,
    holidays: BTreeSet<Date>,
}

/// A stretch in which the clock is stopped; one without an end goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    pub from: Timestamp,
    pub to: Option<Timestamp>,
}

impl Calendar {
    /// Hours, each from a day on until the next, and holidays.
    pub fn new(
        hours: impl IntoIterator<Item = (Date, ServiceTime)>,
        holidays: impl IntoIterator<Item = Date>,
    ) -> Self {
        let mut hours: Vec<_> = hours.into_iter().collect();
        hours.sort_by_key(|(from, _)| *from);
        Self {
            hours,
            holidays: holidays.into_iter().collect(),
        }
    }

    /// How much is open between two instants, pauses left out; nothing if they stand the other way
    /// round.
    pub fn between(&self, from: Timestamp, to: Timestamp, pauses: &[Pause]) -> SignedDuration {
        let parts = running(from, to, pauses).into_iter();
        sum(parts.map(|(from, to)| self.open_between(from, to)))
    }

    /// The first instant at which `open` has passed since `from`, pauses left out. `None` if that
    /// never comes: a pause does not end, or there are no hours within a hundred years.
    pub fn add(
        &self,
        from: Timestamp,
        open: SignedDuration,
        pauses: &[Pause],
    ) -> Option<Timestamp> {
        if !open.is_positive() {
            return Some(from);
        }
        let mut left = open;
        for (from, to) in running(from, Timestamp::MAX, pauses) {
            if to == Timestamp::MAX {
                return self.passed(from, left);
            }
            let passes = self.open_between(from, to);
            if passes >= left {
                return self.passed(from, left);
            }
            left = left.saturating_sub(passes);
        }
        None
    }

    fn open_between(&self, from: Timestamp, to: Timestamp) -> SignedDuration {
        let (first, last) = (london_day(from), london_day(to));
        if first == last {
            return self.open_on(first, from, to);
        }
        let next = first.saturating_add(1.day());
        self.open_on(first, from, london_midnight(next))
            .saturating_add(self.open_days(next, last))
            .saturating_add(self.open_on(last, london_midnight(last), to))
    }

    /// What is open on the days of `[from, to)`.
    fn open_days(&self, from: Date, to: Date) -> SignedDuration {
        let stretches = self.hours.iter().enumerate();
        sum(stretches.map(|(index, (begins, hours))| {
            let ends = self.hours.get(index + 1).map_or(to, |(next, _)| *next);
            let end = to.min(ends);
            self.open_in(hours, from.max(*begins).min(end), end)
        }))
    }

    /// What is open by these hours on the days of `[first, end)`.
    fn open_in(&self, hours: &ServiceTime, first: Date, end: Date) -> SignedDuration {
        let holidays = self.holidays.range(first..end);
        if *hours == ServiceTime::Always {
            let closed = sum(holidays.map(|day| whole(*day, day.saturating_add(1.day()))));
            return whole(first, end).saturating_sub(closed);
        }
        let closed = sum(holidays.map(|day| hours.usual_on(*day)));
        let usual = usual_days(hours, first, end).saturating_sub(closed);
        if !hours.meet_a_clock_change() {
            return usual;
        }
        let changes = clock_changes(first, end).filter(|day| !self.holidays.contains(day));
        let differences = changes.map(|day| {
            let real = self.open_on(day, london_midnight(day), end_of_day(day));
            real.saturating_sub(hours.usual_on(day))
        });
        usual.saturating_add(sum(differences))
    }

    /// The hours of a day that is no holiday.
    fn hours_on(&self, day: Date) -> Option<&ServiceTime> {
        let begun = self.hours.partition_point(|(from, _)| *from <= day);
        let (_, hours) = self.hours.get(begun.checked_sub(1)?)?;
        (!self.holidays.contains(&day)).then_some(hours)
    }

    /// What is open between two instants of one day; the second may be its end.
    fn open_on(&self, day: Date, from: Timestamp, to: Timestamp) -> SignedDuration {
        let hours = self.hours_on(day).into_iter();
        let windows = hours.flat_map(|hours| hours.intervals(from, to));
        sum(windows.map(|(opens, closes)| closes.duration_since(opens)))
    }

    /// The first instant at which `open`, which is positive, has passed since `from`.
    fn passed(&self, from: Timestamp, open: SignedDuration) -> Option<Timestamp> {
        let first = london_day(from);
        let today = self.open_on(first, from, end_of_day(first));
        if today >= open {
            return self.passed_on(first, from, open);
        }
        let left = open.saturating_sub(today);
        let next = first.saturating_add(1.day());
        let passes = |days: i64| self.open_days(next, next.saturating_add(days.days()));
        let mut enough = 1;
        while passes(enough) < left {
            if enough >= HORIZON_DAYS {
                return None;
            }
            enough = (enough * 2).min(HORIZON_DAYS);
        }
        let mut too_few = enough / 2;
        while too_few + 1 < enough {
            let middle = too_few.midpoint(enough);
            match passes(middle) < left {
                true => too_few = middle,
                false => enough = middle,
            }
        }
        // On the last of the days that are enough it passes.
        let day = next.saturating_add((enough - 1).days());
        let left = left.saturating_sub(passes(enough - 1));
        self.passed_on(day, london_midnight(day), left)
    }

    fn passed_on(&self, day: Date, from: Timestamp, open: SignedDuration) -> Option<Timestamp> {
        let mut left = open;
        for (opens, closes) in self.hours_on(day)?.intervals(from, end_of_day(day)) {
            let part = closes.duration_since(opens);
            if part >= left {
                return opens.checked_add(left).ok();
            }
            left = left.saturating_sub(part);
        }
        None
    }
}

/// The days of `[first, end)`, around the clock.
fn whole(first: Date, end: Date) -> SignedDuration {
    london_midnight(end).duration_since(london_midnight(first))
}

/// What is open on the days of `[first, end)` if none is a holiday or has a clock change.
fn usual_days(hours: &ServiceTime, first: Date, end: Date) -> SignedDuration {
    let days = first.duration_until(end).as_hours() / 24;
    let week: Vec<SignedDuration> = first
        .series(1.day())
        .take(7)
        .map(|day| hours.usual_on(day))
        .collect();
    let weeks = i32::try_from(days / 7).unwrap_or(i32::MAX);
    let rest = week.iter().zip(0..days % 7).map(|(open, _)| *open);
    sum(week.iter().copied())
        .saturating_mul(weeks)
        .saturating_add(sum(rest))
}

fn sum(parts: impl Iterator<Item = SignedDuration>) -> SignedDuration {
    parts.fold(SignedDuration::ZERO, SignedDuration::saturating_add)
}

/// The parts of `[from, to)` outside all pauses, in order.
fn running(from: Timestamp, to: Timestamp, pauses: &[Pause]) -> Vec<(Timestamp, Timestamp)> {
    let mut pauses = pauses.to_vec();
    pauses.sort_by_key(|pause| pause.from);
    let mut parts = Vec::with_capacity(pauses.len() + 1);
    let mut begins = from;
    for pause in pauses {
        let ends = pause.from.min(to);
        if begins < ends {
            parts.push((begins, ends));
        }
        begins = begins.max(pause.to.unwrap_or(Timestamp::MAX));
    }
    if begins < to {
        parts.push((begins, to));
    }
    parts
}
