//! Availability and downtime: of services of which a council agreed on the availability.

use std::collections::BTreeSet;

use townclerk_domain::names::{Code, LogName};
use townclerk_domain::period::Period;

use super::computed::Computing;
use super::evaluate::{Asked, Evaluation};
use super::scope::months_back;
use crate::availability::{self, ALL_USERS, Agreed, Minutes};
use crate::completeness::Covered;
use crate::measure::Accumulation;
use crate::quantity::Quantity;
use crate::rows::Rows;

/// Decimals with which minutes weighted by users are shown.
const USER_DECIMALS: u8 = 1;

impl<R: Rows> Evaluation<'_, R> {
    pub(super) fn downtime(&self, of: &Computing<'_>) -> Option<Quantity> {
        let minutes = self.minutes_asked_for(of)?;
        Some(Quantity::count(minutes.down, minutes.sample))
    }

    pub(super) fn downtime_by_users(&self, of: &Computing<'_>) -> Option<Quantity> {
        let minutes = self.minutes_asked_for(of)?;
        Quantity::ratio(minutes.users_down, ALL_USERS, USER_DECIMALS, minutes.sample)
    }

    pub(super) fn availability(&self, of: &Computing<'_>) -> Option<Quantity> {
        percent(self.minutes_asked_for(of)?)
    }

    /// The agreed minutes and the downtime of the period that is asked for; `None` where nothing was
    /// agreed in it.
    fn minutes_asked_for(&self, of: &Computing<'_>) -> Option<Minutes> {
        let total = self.minutes(of, &of.asked.period);
        (total.agreed > 0).then_some(total)
    }

    /// Those of a period, of each council on the days on which it is a member.
    fn minutes(&self, of: &Computing<'_>, during: &Period) -> Minutes {
        let mut total = Minutes::default();
        for council in self.councils(during) {
            for service in self.services(&council, of.asked) {
                total.add(self.minutes_of(of, &council, &service, during));
            }
        }
        total
    }

    fn services(&self, council: &LogName, asked: &Asked<'_>) -> Vec<Code> {
        let agreed = self.agreed(council, asked);
        let services = agreed.map(|(_, services)| services).unwrap_or_default();
        services.into_iter().cloned().collect()
    }

    fn minutes_of(
        &self,
        of: &Computing<'_>,
        council: &LogName,
        service: &Code,
        during: &Period,
    ) -> Minutes {
        let (Some(code), Some(agreements)) =
            (council.council(), self.registry.agreements.get(council))
        else {
            return Minutes::default();
        };
        let agreed = Agreed {
            agreements,
            holidays: self.registry.holidays.get(council),
        };
        // Time that nobody covers is neither up nor down.
        let Some(covered) = of.coverages.of_council(council) else {
            return Minutes::default();
        };
        let mut total = Minutes::default();
        for (_, days) in self.slots_by_days(Some(council), during) {
            for within in covered.parts(days.start(), days.end().min(of.as_at)) {
                total.add(availability::minutes(
                    of.ledger, agreed, code, service, within,
                ));
            }
        }
        total
    }

    /// The 12 months with their minutes; `None` where one of them is not covered at all.
    fn rolling(&self, of: &Computing<'_>) -> Option<Vec<Minutes>> {
        let months = months_back(of.asked.measure, &of.asked.period)?;
        let mut found = Vec::with_capacity(months.len());
        for month in months {
            let month = Period::Month(month);
            // Each month needs the members of that month, and every one of them.
            for council in self.councils(&month) {
                let covered = of.coverages.of_council(&council)?;
                if covered.covers(&month, of.as_at, Accumulation::Flow) == Covered::No {
                    return None;
                }
            }
            let minutes = self.minutes(of, &month);
            if minutes.agreed == 0 {
                return None;
            }
            found.push(minutes);
        }
        Some(found)
    }

    pub(super) fn rolling_mean(&self, of: &Computing<'_>) -> Option<Quantity> {
        let months = self.rolling(of)?;
        let shares: Vec<(i64, i64)> = months.iter().map(|m| (m.up(), m.agreed)).collect();
        Quantity::mean_percent(&shares, months.iter().any(|month| month.sample))
    }

    pub(super) fn rolling_by_time(&self, of: &Computing<'_>) -> Option<Quantity> {
        let mut total = Minutes::default();
        for month in self.rolling(of)? {
            total.add(month);
        }
        percent(total)
    }

    /// For each council and service the months of the period: whether each was below the target that
    /// was in force at its end, where it is complete.
    fn judged(&self, of: &Computing<'_>) -> Option<(Vec<Vec<Option<bool>>>, bool)> {
        let months: Vec<Period> = of.asked.period.months()?.map(Period::Month).collect();
        let mut sample = false;
        let mut all = Vec::new();
        let councils: BTreeSet<LogName> = months
            .iter()
            .flat_map(|month| self.councils(month))
            .collect();
        for council in councils {
            for service in self.services(&council, of.asked) {
                let judge = |month: &Period| {
                    let member = self.counts_throughout(&council, month);
                    let below = member.then(|| self.is_below(of, &council, &service, month));
                    below.flatten().map(|(below, of_sample)| {
                        sample |= of_sample;
                        below
                    })
                };
                all.push(months.iter().map(judge).collect());
            }
        }
        // Where no month can be judged there is nothing to count.
        let any = all
            .iter()
            .flatten()
            .any(|month: &Option<bool>| month.is_some());
        any.then_some((all, sample))
    }

    /// Whether a month was below target, and whether that is sample data; `None` for a month that is
    /// not over, not covered and agreed as a whole, or without a target.
    fn is_below(
        &self,
        of: &Computing<'_>,
        council: &LogName,
        service: &Code,
        month: &Period,
    ) -> Option<(bool, bool)> {
        let covered = of.coverages.of_council(council)?;
        let covered = covered.covers(month, of.as_at, Accumulation::Flow);
        let agreements = &self.registry.agreements.get(council)?.stands;
        let whole = (month.start(), month.end());
        if !matches!(covered, Covered::Fully(_))
            || !availability::is_agreed_throughout(agreements, service, whole)
        {
            return None;
        }
        let target = availability::target(agreements, service, month.end())?;
        let minutes = self.minutes_of(of, council, service, month);
        Some((percent(minutes)?.is_below(target), minutes.sample))
    }

    pub(super) fn months_below(&self, of: &Computing<'_>) -> Option<Quantity> {
        let (judged, sample) = self.judged(of)?;
        let below = judged
            .iter()
            .flatten()
            .filter(|month| **month == Some(true));
        let below = below.count();
        Some(Quantity::count(i64::try_from(below).ok()?, sample))
    }

    pub(super) fn longest_run(&self, of: &Computing<'_>) -> Option<Quantity> {
        let (judged, sample) = self.judged(of)?;
        let runs = judged.iter().flat_map(|months| {
            let runs = months.split(|month| *month != Some(true));
            runs.map(<[Option<bool>]>::len)
        });
        let longest = runs.max().unwrap_or(0);
        Some(Quantity::count(i64::try_from(longest).ok()?, sample))
    }
}

fn percent(minutes: Minutes) -> Option<Quantity> {
    Quantity::percent(minutes.up(), minutes.agreed, minutes.sample)
}
