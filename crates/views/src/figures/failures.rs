//! Restoration, time between failures, and causes that came back: of whatever hits the scope.

use jiff::{Timestamp, ToSpan};
use townclerk_domain::names::LogName;
use townclerk_domain::outage::Outage;
use townclerk_domain::period::{Period, london_day};

use super::computed::{Computing, count};
use super::evaluate::{Asked, Evaluation};
use super::outages::{began_in, has};
use crate::failures::{begun_minutes, between, is_failure, lasted, recurs_from};
use crate::kept::Kept;
use crate::quantity::Quantity;
use crate::rows::Rows;

impl<R: Rows> Evaluation<'_, R> {
    pub(super) fn mean_time_to_restore(&self, of: &Computing<'_>) -> Option<Quantity> {
        let (start, end) = (of.asked.period.start(), of.asked.period.end());
        let (mut minutes, mut failures, mut sample) = (0, 0, false);
        for outage in &of.ledger.outages {
            let Some((began, Some(resolved))) = lasted(&outage.stands) else {
                continue;
            };
            if start <= resolved && resolved < end && self.hits(of.asked, outage, resolved) {
                minutes += begun_minutes(began, resolved);
                failures += 1;
                sample |= outage.sample;
            }
        }
        Quantity::mean(minutes, failures, sample)
    }

    pub(super) fn mean_time_between_failures(&self, of: &Computing<'_>) -> Option<Quantity> {
        let (start, end) = (of.asked.period.start(), of.asked.period.end().min(of.as_at));
        let mut sample = false;
        let failures = of.ledger.outages.iter().filter_map(|outage| {
            let (began, resolved) = lasted(&outage.stands)?;
            let lasts_into = began < end && resolved.is_none_or(|resolved| start <= resolved);
            (lasts_into && self.hits(of.asked, outage, began.max(start))).then(|| {
                sample |= outage.sample;
                (began, resolved)
            })
        });
        let times = between(failures, (start, end));
        let (mut minutes, mut intervals) = (0, 0);
        for (restored, next) in times {
            // What nobody covers may hold failures that are not known.
            if is_covered_between(of, restored, next) {
                minutes += next.duration_since(restored).as_mins();
                intervals += 1;
            }
        }
        Quantity::mean(minutes, intervals, sample)
    }

    /// What is between failures and what it takes to restore, together.
    pub(super) fn mean_time_between_incidents(&self, of: &Computing<'_>) -> Option<Quantity> {
        let between = self.mean_time_between_failures(of)?;
        Some(between.plus(&self.mean_time_to_restore(of)?))
    }

    pub(super) fn outages_recurred(&self, of: &Computing<'_>) -> Quantity {
        let outages = &of.ledger.outages;
        let failures = outages.iter().filter(|outage| is_failure(&outage.stands));
        let counted = failures.filter(|outage| {
            began_in(outage, &of.asked.period, of.as_at)
                .is_some_and(|at| self.hits(of.asked, outage, at))
                && recurs_from(outages, outage).is_some()
        });
        count(counted.map(|outage| outage.sample))
    }

    /// Whether an outage hits the scope, at a time, and has the values that are asked for.
    fn hits(&self, asked: &Asked<'_>, outage: &Kept<Outage>, at: Timestamp) -> bool {
        let shared = Some(LogName::shared());
        let councils = &outage.stands.councils;
        let is_of = |home: &Option<LogName>| {
            let of_home = Asked { home, ..*asked };
            self.is_of_home(&of_home, outage, at, councils)
        };
        has(outage, asked.values) && (is_of(asked.home) || is_of(&shared))
    }
}

/// Whether every log covers all days from one moment up to the day of another.
fn is_covered_between(of: &Computing<'_>, from: Timestamp, to: Timestamp) -> bool {
    let days = Period::Days {
        first: london_day(from),
        last: london_day(to).saturating_sub(1.day()),
    };
    london_day(from) == london_day(to)
        || of
            .coverages
            .all_cover_fully(&days, of.asked.measure, Some(of.as_at))
}
