//! Availability: minutes of agreed service time, and of downtime in it.
//!
//! Lewisham, Mayor and Cabinet, 16 September 2020, paragraphs 6.1 to 6.4: 99 % on all critical
//! systems, monthly and as a rolling average of 12 months. The paper does not state the agreed
//! service time; "99 % allows 3 full days" of a year fits around the clock only, so it is data.
//! Holidays are agreed service time like any day, unless the agreement leaves them out: then those of
//! the council's own log are left out that are declared as known, whenever each was declared.
//!
//! Overlapping outages of one service are unioned, never summed. A minute in which a service was
//! down for a part counts as down, and an outage of no length takes none. Of planned maintenance each
//! minute is excluded that some notice covers which was given early enough.
//!
//! Not everybody is hit at every moment (paragraph 5.2 of the same paper): beside downtime stands
//! the same weighted by the share of users, of overlapping outages the largest in each minute.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::ops::Range;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use rangemap::RangeSet;
use townclerk_domain::availability::{Agreements, AvailabilityAgreed};
use townclerk_domain::decimal::Decimal;
use townclerk_domain::names::Code;
use townclerk_domain::period::{end_of_day, london_day, london_midnight};

use crate::kept::Kept;
use crate::ledger::{Down, Ledger};

const MICROS_PER_MINUTE: i64 = 60_000_000;

/// All users, in millionths of a percent: the finest share that a record can hold.
pub const ALL_USERS: i64 = 100_000_000;

/// Minutes of one service, or of several together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Minutes {
    pub agreed: i64,
    pub down: i64,
    /// Minutes down, each times the share of users that were hit, in parts of [`ALL_USERS`].
    pub users_down: i64,
    /// Whether any of it was made up for a demonstration.
    pub sample: bool,
}

impl Minutes {
    pub fn up(self) -> i64 {
        self.agreed - self.down
    }

    pub fn add(&mut self, other: Self) {
        self.agreed += other.agreed;
        self.down += other.down;
        self.users_down += other.users_down;
        self.sample |= other.sample;
    }
}

/// What a council agreed on availability, and the holidays of its log.
#[derive(Clone, Copy)]
pub struct Agreed<'a> {
    pub agreements: &'a Kept<Agreements>,
    pub holidays: Option<&'a Kept<BTreeSet<Date>>>,
}

impl Agreed<'_> {
    /// The agreed minutes of a service within `[start, end)`, and whether any of them is made up.
    fn minutes(
        &self,
        service: &Code,
        (start, end): (Timestamp, Timestamp),
    ) -> (RangeSet<i64>, bool) {
        let (mut agreed, mut sample) = (RangeSet::new(), self.agreements.sample);
        for part in stretches(&self.agreements.stands, service) {
            let (from, to) = (part.from.max(start), part.to.unwrap_or(end).min(end));
            let mut of_part = RangeSet::new();
            for (from, to) in part.agreed.service_time.intervals(from, to.max(from)) {
                insert(&mut of_part, minute(from), minute(to));
            }
            let left_out = self.holidays.filter(|_| part.agreed.except_holidays);
            if let Some(holidays) = left_out.filter(|_| !of_part.is_empty()) {
                for day in holidays.stands.range(london_day(from)..=london_day(to)) {
                    of_part.remove(minute(london_midnight(*day))..minute(end_of_day(*day)));
                    sample |= holidays.sample;
                }
            }
            agreed.extend(of_part);
        }
        let any = !agreed.is_empty();
        (agreed, sample && any)
    }
}

/// The minutes of one service for one council within `[start, end)`.
pub fn minutes(
    ledger: &Ledger,
    agreed: Agreed<'_>,
    council: &Code,
    service: &Code,
    (start, end): (Timestamp, Timestamp),
) -> Minutes {
    let agreements = agreed.agreements;
    let (agreed, mut sample) = agreed.minutes(service, (start, end));
    let mut down: RangeSet<i64> = RangeSet::new();
    let mut users_down = 0;
    let all = ledger.downs(council, service).iter();
    let mut all: Vec<&Down> = all.filter(|down| is_near(down, (start, end))).collect();
    // The largest share first: what another outage adds in the same minutes is no more.
    all.sort_by_key(|down| Reverse(users(down)));
    for one in all {
        let of_one = counted(one, &agreements.stands, service, end);
        for range in of_one.intersection(&agreed) {
            sample |= one.sample;
            let added: i64 = down.gaps(&range).map(|gap| gap.end - gap.start).sum();
            users_down += added * users(one);
            down.insert(range);
        }
    }
    Minutes {
        agreed: total(&agreed),
        down: total(&down),
        users_down,
        sample,
    }
}

/// Whether an outage may add to what lies within `[start, end)`: the others cost only time.
fn is_near(down: &Down, (start, end): (Timestamp, Timestamp)) -> bool {
    down.from < end && down.to.is_none_or(|to| start < to)
}

/// The share of users that an outage hit, in parts of [`ALL_USERS`]; all where nothing was said.
fn users(down: &Down) -> i64 {
    let share = down.users.map(Decimal::in_finest_units);
    share.map_or(ALL_USERS, |share| {
        i64::try_from(share).map_or(ALL_USERS, |share| share.clamp(0, ALL_USERS))
    })
}

/// Whether there is an agreement on a service at every moment of `[start, end)`.
pub fn is_agreed_throughout(
    agreements: &Agreements,
    service: &Code,
    (start, end): (Timestamp, Timestamp),
) -> bool {
    let mut reached = start;
    for stretch in stretches(agreements, service) {
        if stretch.from <= reached {
            reached = reached.max(stretch.to.unwrap_or(end));
        }
    }
    reached >= end
}

/// The target of a service on the last day before `end`.
pub fn target(agreements: &Agreements, service: &Code, end: Timestamp) -> Option<Decimal> {
    let day = london_day(end - SignedDuration::from_micros(1));
    agreements
        .in_force(service, day)
        .map(|agreed| agreed.target)
}

/// A stretch of time in which one agreement on a service is in force.
#[derive(Clone, Copy, Debug)]
pub struct Stretch<'a> {
    pub agreed: &'a AvailabilityAgreed,
    pub from: Timestamp,
    /// Absent while it goes on.
    pub to: Option<Timestamp>,
}

/// Every stretch of a service, in order: an agreement holds until it ends or the next one begins.
pub fn stretches<'a>(agreements: &'a Agreements, service: &Code) -> Vec<Stretch<'a>> {
    let of_service = agreements.0.iter();
    let mut of_service: Vec<_> = of_service
        .filter(|agreement| agreement.agreed.service == *service)
        .collect();
    of_service.sort_by_key(|agreement| agreement.agreed.from);
    let nexts = of_service.iter().skip(1).map(|next| Some(next.agreed.from));
    let nexts = nexts.chain([None]);
    of_service
        .iter()
        .zip(nexts)
        .map(|(agreement, next)| {
            let ended = agreement.through.map(end_of_day);
            Stretch {
                agreed: &agreement.agreed,
                from: london_midnight(agreement.agreed.from),
                to: ended.into_iter().chain(next.map(london_midnight)).min(),
            }
        })
        .collect()
}

/// The minutes that count as down, without what notices of planned maintenance excuse.
fn counted(down: &Down, agreements: &Agreements, service: &Code, end: Timestamp) -> RangeSet<i64> {
    let mut counted = RangeSet::new();
    counted.extend(begun_in(down.from, down.to.unwrap_or(end).min(end)));
    for window in &down.notices {
        let agreed = agreements.in_force(service, london_day(window.from));
        let hours = agreed.map_or(0, |agreed| agreed.notice_hours);
        let is_in_time =
            window.from.duration_since(window.noticed) >= SignedDuration::from_hours(hours.into());
        if is_in_time && let Some(excused) = begun_in(window.from, window.to) {
            counted.remove(excused);
        }
    }
    counted
}

/// The minutes of which a part lies within `[from, to)`; an interval of no length has none, wherever
/// in a minute it lies.
pub(crate) fn begun_in(from: Timestamp, to: Timestamp) -> Option<Range<i64>> {
    (from < to).then(|| minute(from)..minute_after(to))
}

fn insert(set: &mut RangeSet<i64>, from: i64, to: i64) {
    if from < to {
        set.insert(from..to);
    }
}

fn total(set: &RangeSet<i64>) -> i64 {
    set.iter().map(|range| range.end - range.start).sum()
}

/// When a minute begins; `None` of one outside the calendar.
pub(crate) fn begin_of(minute: i64) -> Option<Timestamp> {
    Timestamp::from_microsecond(minute.checked_mul(MICROS_PER_MINUTE)?).ok()
}

/// The minute in which an instant lies.
pub(crate) fn minute(instant: Timestamp) -> i64 {
    instant.as_microsecond().div_euclid(MICROS_PER_MINUTE)
}

/// The first minute that begins at an instant or later.
fn minute_after(instant: Timestamp) -> i64 {
    -(-instant.as_microsecond()).div_euclid(MICROS_PER_MINUTE)
}
