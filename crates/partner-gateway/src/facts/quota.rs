//! How many facts of a partner are recorded in a minute and in a day.
//!
//! What counts is what grows the log: a fact that is recorded, or is put to wait until it can be. A
//! fact that is refused costs nothing, and neither does one that comes again.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use townclerk_app::clock::Clock;
use townclerk_app::http::Problem;
use townclerk_app::http::kind::Kind;

/// What one partner may tell. A minute is one of the clock, a day one of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    pub per_minute: NonZeroU32,
    pub per_day: NonZeroU32,
}

impl Quota {
    /// Six full requests a minute, and a hundred a day: some hundred times what a council's desk has.
    pub const DEFAULT: Self = Self {
        per_minute: NonZeroU32::new(6_000).expect("not zero"),
        per_day: NonZeroU32::new(100_000).expect("not zero"),
    };
}

impl std::fmt::Display for Quota {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            per_minute,
            per_day,
        } = self;
        write!(f, "{per_minute} facts a minute, {per_day} a day")
    }
}

/// How many facts of each partner counted on a day, by the partner's id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DayCounts {
    pub day: Date,
    pub facts: BTreeMap<String, u32>,
}

impl DayCounts {
    /// Of each partner the higher number of the two. What was counted on another day is over.
    #[must_use]
    pub fn or_higher(mut self, other: &Self) -> Self {
        if other.day == self.day {
            for (partner, facts) in &other.facts {
                let ours = self.facts.entry(partner.clone()).or_default();
                *ours = (*ours).max(*facts);
            }
        }
        self
    }
}

/// The quotas of all partners, and what each has used of its own.
pub struct Quotas {
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    of_partners: BTreeMap<String, Quota>,
    used: BTreeMap<String, Used>,
}

/// What a partner has used of a minute and of a day.
#[derive(Clone, Copy)]
struct Used {
    minute: Timestamp,
    in_minute: u32,
    day: Date,
    in_day: u32,
}

impl Used {
    fn none(minute: Timestamp, day: Date) -> Self {
        Self {
            minute,
            in_minute: 0,
            day,
            in_day: 0,
        }
    }

    /// Forgets what lies in another minute or day.
    fn at(&mut self, minute: Timestamp, day: Date) {
        if self.minute != minute {
            (self.minute, self.in_minute) = (minute, 0);
        }
        if self.day != day {
            (self.day, self.in_day) = (day, 0);
        }
    }
}

/// A fact that was counted.
pub(super) struct Counted {
    partner: String,
    minute: Timestamp,
    day: Date,
}

/// A quota that is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Over {
    quota: Quota,
    of: Span,
    /// Until it begins again.
    seconds: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Span {
    Minute,
    Day,
}

impl Over {
    /// What a fact beyond the quota is answered with.
    pub fn problem(&self) -> Problem {
        let Quota {
            per_minute,
            per_day,
        } = self.quota;
        let full = match self.of {
            Span::Minute => format!("{per_minute} facts in this minute"),
            Span::Day => format!("{per_day} facts on this day, which ends at 00:00 UTC"),
        };
        let why = format!(
            "your quota is used up: {full}; nothing is recorded of this fact, so send it again \
             unchanged in {} s",
            self.seconds
        );
        Problem::new(Kind::OVER_QUOTA, why).coming_again_in(self.seconds)
    }
}

impl Quotas {
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            state: Mutex::default(),
        }
    }

    /// From now on these are the quotas, by the partner's id; for others it is the default.
    pub fn set(&self, of_partners: BTreeMap<String, Quota>) {
        self.state().of_partners = of_partners;
    }

    /// Goes on counting where another process left off. Counts of another day are over.
    pub fn resume(&self, counts: DayCounts) {
        let mut state = self.state();
        let (minute, day) = minute_and_day((self.clock)());
        if counts.day != day {
            return;
        }
        for (partner, facts) in counts.facts {
            let used = state.used.entry(partner);
            let used = used.or_insert_with(|| Used::none(minute, day));
            used.at(minute, day);
            used.in_day = used.in_day.saturating_add(facts);
        }
    }

    /// What counts today.
    pub fn today(&self) -> DayCounts {
        let state = self.state();
        let (_, day) = minute_and_day((self.clock)());
        let of_today = state.used.iter().filter(|(_, used)| used.day == day);
        let facts = of_today.map(|(partner, used)| (partner.clone(), used.in_day));
        DayCounts {
            day,
            facts: facts.filter(|(_, facts)| *facts > 0).collect(),
        }
    }

    /// Counts one fact of a partner.
    ///
    /// # Errors
    /// Which quota is used up, and until when; nothing is counted then.
    pub(super) fn count(&self, partner: &str) -> Result<Counted, Over> {
        let mut state = self.state();
        // Read under the lock, so that two that count agree on the minute.
        let now = (self.clock)();
        let (minute, day) = minute_and_day(now);
        let quota = state.of_partners.get(partner).copied();
        let quota = quota.unwrap_or(Quota::DEFAULT);
        let used = state.used.entry(partner.to_owned());
        let used = used.or_insert_with(|| Used::none(minute, day));
        used.at(minute, day);
        let over = |of, until: Timestamp| Over {
            quota,
            of,
            seconds: u64::try_from(until.duration_since(now).as_secs()).unwrap_or_default() + 1,
        };
        // The longer wait is told, where both are used up.
        if used.in_day >= quota.per_day.get() {
            return Err(over(Span::Day, end_of(day, now)));
        }
        if used.in_minute >= quota.per_minute.get() {
            let end = minute.saturating_add(SignedDuration::from_mins(1));
            return Err(over(Span::Minute, end.unwrap_or(now)));
        }
        used.in_minute += 1;
        used.in_day += 1;
        Ok(Counted {
            partner: partner.to_owned(),
            minute,
            day,
        })
    }

    /// Takes back what was counted: the fact was not recorded, or was before.
    pub(super) fn give_back(&self, counted: &Counted) {
        let mut state = self.state();
        let Some(used) = state.used.get_mut(&counted.partner) else {
            return;
        };
        if used.minute == counted.minute {
            used.in_minute = used.in_minute.saturating_sub(1);
        }
        if used.day == counted.day {
            used.in_day = used.in_day.saturating_sub(1);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The begin of the minute, and the day.
fn minute_and_day(now: Timestamp) -> (Timestamp, Date) {
    let seconds = now.as_second() - now.as_second().rem_euclid(60);
    let minute = Timestamp::from_second(seconds).unwrap_or(now);
    (minute, now.to_zoned(TimeZone::UTC).date())
}

fn end_of(day: Date, now: Timestamp) -> Timestamp {
    let next = day.tomorrow().and_then(|next| next.to_zoned(TimeZone::UTC));
    next.map_or(now, |next| next.timestamp())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    struct Counting {
        quotas: Quotas,
        now: Arc<AtomicI64>,
    }

    fn quota(per_minute: u32, per_day: u32) -> Quota {
        Quota {
            per_minute: NonZeroU32::new(per_minute).unwrap(),
            per_day: NonZeroU32::new(per_day).unwrap(),
        }
    }

    impl Counting {
        /// With a quota of 3 a minute and 5 a day for hornbill, at ten seconds before a minute.
        fn new() -> Self {
            let at: Timestamp = "2026-03-01T12:00:50Z".parse().unwrap();
            let now = Arc::new(AtomicI64::new(at.as_second()));
            let told = Arc::clone(&now);
            let quotas = Quotas::new(Arc::new(move || {
                Timestamp::from_second(told.load(Ordering::SeqCst)).unwrap()
            }));
            quotas.set([("brent-hornbill".to_owned(), quota(3, 5))].into());
            Self { quotas, now }
        }

        fn count(&self) -> Result<Counted, Over> {
            self.quotas.count("brent-hornbill")
        }

        fn pass(&self, seconds: i64) {
            self.now.fetch_add(seconds, Ordering::SeqCst);
        }

        fn over(&self) -> (Span, u64) {
            let over = self.count().err().unwrap();
            (over.of, over.seconds)
        }

        fn today(&self) -> Option<u32> {
            self.quotas.today().facts.get("brent-hornbill").copied()
        }
    }

    #[test]
    fn a_minute_and_a_day_have_so_many_and_then_begin_again() {
        let counting = Counting::new();
        for _ in 0..3 {
            counting.count().unwrap();
        }
        assert_eq!(counting.over(), (Span::Minute, 11));
        counting.pass(10);
        counting.count().unwrap();
        counting.count().unwrap();
        // 11:59 hours are left of the day, less the minute that has begun.
        assert_eq!(counting.over(), (Span::Day, 11 * 3_600 + 59 * 60 + 1));
        assert_eq!(counting.today(), Some(5));
        counting.pass(12 * 3_600);
        counting.count().unwrap();
        assert_eq!(counting.today(), Some(1));
    }

    #[test]
    fn what_is_given_back_can_be_used_in_the_same_minute_and_day_only() {
        let counting = Counting::new();
        let of_hornbill = ("brent-hornbill".to_owned(), quota(3, 100));
        counting.quotas.set([of_hornbill].into());
        let all: Vec<Counted> = (0..3).map(|_| counting.count().unwrap()).collect();
        counting.quotas.give_back(&all[0]);
        counting.count().unwrap();
        assert_eq!(counting.over().0, Span::Minute);
        counting.pass(60);
        counting.count().unwrap();
        counting.quotas.give_back(&all[1]);
        assert_eq!(counting.today(), Some(3), "of the day it is given back");
        for _ in 0..2 {
            counting.count().unwrap();
        }
        assert_eq!(counting.over().0, Span::Minute, "of the minute it is not");
    }

    #[test]
    fn a_days_count_goes_on_in_another_process_and_a_changed_quota_counts_at_once() {
        let counting = Counting::new();
        for _ in 0..3 {
            counting.count().unwrap();
        }
        let kept = counting.quotas.today();
        let next = Counting::new();
        next.quotas.resume(kept.clone());
        for _ in 0..2 {
            next.count().unwrap();
        }
        assert_eq!(next.over().0, Span::Day);
        next.quotas
            .set([("brent-hornbill".to_owned(), quota(3, 6))].into());
        next.count().unwrap();
        assert_eq!(next.over().0, Span::Day);
        // Anyone who has none of its own has the default.
        next.quotas.count("brent-glpi").unwrap();
        let later = Counting::new();
        later.pass(24 * 3_600);
        later.quotas.resume(kept);
        assert_eq!(later.today(), None);
    }

    #[test]
    fn the_problem_says_when_to_come_again() {
        let counting = Counting::new();
        for _ in 0..3 {
            counting.count().unwrap();
        }
        let problem = counting.count().err().unwrap().problem();
        assert_eq!(problem.kind(), Kind::OVER_QUOTA);
        assert_eq!(problem.to_json()["retry_after"], 11);
        let said = problem.detail();
        assert!(said.contains("3 facts in this minute"), "{said}");
        assert!(said.contains("in 11 s"), "{said}");
    }
}
