//! Restoration, time between failures, and causes that came back: of whatever hits the scope.

use jiff::{Timestamp, ToSpan};
use townclerk_domain::names::Scope;
use townclerk_domain::outage::Outage;
use townclerk_domain::period::{Period, london_day};

use super::computed::{Computing, count};
use super::evaluate::{Asked, Evaluation};
use super::outages::{began_in, began_on, has};
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
            let day = Period::Day(london_day(resolved));
            if start <= resolved && resolved < end && self.hits(of.asked, outage, &day) {
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
        let mut failures = Vec::new();
        for outage in &of.ledger.outages {
            let failed = self.failed(of.asked, outage);
            let lasting = failed.into_iter().filter(|(began, resolved)| {
                *began < end && resolved.is_none_or(|resolved| start <= resolved)
            });
            for failure in lasting {
                sample |= outage.sample;
                failures.push(failure);
            }
        }
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
            let earlier = outages.iter().filter(|earlier| self.recalls(earlier));
            began_in(outage, &of.asked.period, of.as_at)
                .is_some_and(|days| self.hits(of.asked, outage, &days))
                && recurs_from(earlier, outage).is_some()
        });
        count(counted.map(|outage| outage.sample))
    }

    /// Whether an earlier outage is one that a later one may be a recurrence of. A cause that came back
    /// came back for a council too where it hit another one first; of all councils, what hit no member
    /// is left out.
    fn recalls(&self, earlier: &Kept<Outage>) -> bool {
        let (log, councils) = (&earlier.log, &earlier.stands.councils);
        match self.scope {
            Scope::Log(_) => true,
            Scope::Joint => {
                began_on(&earlier.stands).is_some_and(|days| self.is_affected(log, councils, &days))
            }
        }
    }

    /// Whether an outage hits the scope, on all of these days, and has the values that are asked for.
    fn hits(&self, asked: &Asked<'_>, outage: &Kept<Outage>, days: &Period) -> bool {
        has(outage, asked.values) && self.is_affected(&outage.log, &outage.stands.councils, days)
    }

    /// From when to when an outage with the values that are asked for lasted for the scope: of all
    /// councils, while one that it hits is a member.
    fn failed(
        &self,
        asked: &Asked<'_>,
        outage: &Kept<Outage>,
    ) -> Vec<(Timestamp, Option<Timestamp>)> {
        let Some((began, resolved)) = lasted(&outage.stands).filter(|_| has(outage, asked.values))
        else {
            return Vec::new();
        };
        let (log, councils) = (&outage.log, &outage.stands.councils);
        let runs = self.days_affected(log, councils, &asked.period).into_iter();
        let runs = runs.map(|days| (days.start(), days.end()));
        let lasting = runs.filter(|(start, end)| {
            began < *end && resolved.is_none_or(|resolved| *start <= resolved)
        });
        lasting
            .map(|(start, end)| {
                let to = resolved.map_or(end, |resolved| resolved.min(end));
                (began.max(start), Some(to))
            })
            .collect()
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
