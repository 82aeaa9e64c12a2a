//! Figures that are computed from records when they are asked for, each family in a file of its own.

use std::collections::BTreeSet;

use jiff::Timestamp;
use townclerk_domain::names::{Code, LogName};
use townclerk_domain::outage::Nature;
use townclerk_domain::period::{Period, london_day};

use super::evaluate::{Asked, Evaluation};
use super::scope::Coverages;
use crate::definition::Computation;
use crate::kept::Kept;
use crate::ledger::Ledger;
use crate::quantity::Quantity;
use crate::rows::Rows;
use crate::tally::Slot;

/// Everything that a computed figure is made from.
pub(super) struct Computing<'a> {
    pub asked: &'a Asked<'a>,
    pub ledger: &'a Ledger,
    pub coverages: &'a Coverages,
    pub as_at: Timestamp,
}

impl<R: Rows> Evaluation<'_, R> {
    pub(super) fn computed(
        &self,
        computation: Computation,
        of: &Computing<'_>,
    ) -> Option<Quantity> {
        match computation {
            Computation::Outages => Some(self.outages(of, Nature::Failure)),
            Computation::KnownErrors => Some(self.outages(of, Nature::KnownError)),
            Computation::ChangesInFreeze => Some(self.changes_in_freeze(of)),
            Computation::DaysSinceIncident => self.days_since_incident(of),
            Computation::MeanTimeToRestore => self.mean_time_to_restore(of),
            Computation::MeanTimeBetweenFailures => self.mean_time_between_failures(of),
            Computation::MeanTimeBetweenIncidents => self.mean_time_between_incidents(of),
            Computation::OutagesRecurred => Some(self.outages_recurred(of)),
            Computation::RecoveryTests => Some(self.recovery_tests(of)),
            Computation::RecoveryTestsWithinTarget => self.recovery_within_target(of),
            Computation::IncidentRate => self.incident_rate(of),
            Computation::ReviewsOverdue => Some(self.reviews_overdue(of)),
            Computation::Downtime => self.downtime(of),
            Computation::DowntimeByUsers => self.downtime_by_users(of),
            Computation::Availability => self.availability(of),
            Computation::RollingMean => self.rolling_mean(of),
            Computation::RollingByTime => self.rolling_by_time(of),
            Computation::MonthsBelowTarget => self.months_below(of),
            Computation::LongestRunBelowTarget => self.longest_run(of),
        }
    }

    /// Whether what happened in a log at a time has a part in a figure of all councils: what a
    /// council that was no member then recorded has none. A council's own figure takes all that it
    /// reads.
    pub(super) fn takes_part(&self, log: &LogName, at: Timestamp) -> bool {
        self.counts_throughout(log, &Period::Day(london_day(at)))
    }

    /// Whether a record is one of those that a figure by home log counts, at a time.
    pub(super) fn is_of_home<S>(
        &self,
        asked: &Asked<'_>,
        record: &Kept<S>,
        at: Timestamp,
        councils: &BTreeSet<Code>,
    ) -> bool {
        let day = Period::Day(london_day(at));
        self.is_home(asked, &day, &record.log, councils)
    }

    /// The same of the record's log, on all of these days.
    pub(super) fn is_home(
        &self,
        asked: &Asked<'_>,
        days: &Period,
        log: &LogName,
        councils: &BTreeSet<Code>,
    ) -> bool {
        let slots = self.slots(asked.home.as_ref());
        let is_one = slots.iter().any(|slot| match slot {
            Slot::Log(home) => log == home,
            Slot::SharedFor(council) => log.is_shared() && councils.contains(council),
        });
        is_one && self.counts_throughout(log, days)
    }
}

pub(super) fn count(samples: impl Iterator<Item = bool>) -> Quantity {
    let (count, sample) = samples.fold((0, false), |(n, any), sample| (n + 1, any | sample));
    Quantity::count(count, sample)
}
