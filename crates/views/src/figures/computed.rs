//! Figures that are computed from records when they are asked for, each family in a file of its own.

use std::collections::BTreeSet;

use jiff::Timestamp;
use townclerk_domain::names::{Code, LogName, Scope};
use townclerk_domain::outage::Nature;
use townclerk_domain::period::{Month, Period};

use super::evaluate::{Asked, Evaluation};
use super::scope::Coverages;
use crate::kept::Kept;
use crate::ledger::Ledger;
use crate::measure::Measure;
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
    pub(super) fn computed(&self, of: &Computing<'_>) -> Option<Quantity> {
        match of.asked.measure {
            Measure::Outages => Some(self.outages(of, Nature::Failure)),
            Measure::KnownErrors => Some(self.outages(of, Nature::KnownError)),
            Measure::ChangesInFreezeWithoutExemption => Some(self.changes_in_freeze(of)),
            Measure::DaysSinceChangeRelatedMajorIncident => self.days_since_incident(of),
            Measure::MeanTimeToRestore => self.mean_time_to_restore(of),
            Measure::MeanTimeBetweenFailures => self.mean_time_between_failures(of),
            Measure::MeanTimeBetweenServiceIncidents => self.mean_time_between_incidents(of),
            Measure::OutagesRecurred => Some(self.outages_recurred(of)),
            Measure::RecoveryTests => Some(self.recovery_tests(of)),
            Measure::RecoveryTestsWithinTarget => self.recovery_within_target(of),
            Measure::ChangeRelatedIncidentRate => self.incident_rate(of),
            Measure::ChangeReviewsOverdue => Some(self.reviews_overdue(of)),
            Measure::DowntimeMinutes => self.downtime(of),
            Measure::DowntimeUserMinutes => self.downtime_by_users(of),
            Measure::Availability => self.availability(of),
            Measure::AvailabilityRolling12 => self.rolling_mean(of),
            Measure::AvailabilityRolling12TimeWeighted => self.rolling_by_time(of),
            Measure::MonthsBelowTarget => self.months_below(of),
            Measure::LongestRunBelowTarget => self.longest_run(of),
            // The others are kept as counters.
            _ => None,
        }
    }

    /// Whether the records of a log have a part in a figure of all councils: those of a council that
    /// is not among them have none. A council's own figure takes all that it reads.
    pub(super) fn takes_part(&self, of: &Computing<'_>, log: &LogName) -> bool {
        *self.scope != Scope::Joint || of.coverages.by_log.contains_key(log)
    }

    /// Whether a record is one of those that a figure by home log counts, at a time.
    pub(super) fn is_of_home<S>(
        &self,
        asked: &Asked<'_>,
        record: &Kept<S>,
        at: Timestamp,
        councils: &BTreeSet<Code>,
    ) -> bool {
        self.is_home(asked, &Period::Month(Month::of(at)), &record.log, councils)
    }

    /// The same of the record's log, during a period.
    pub(super) fn is_home(
        &self,
        asked: &Asked<'_>,
        during: &Period,
        log: &LogName,
        councils: &BTreeSet<Code>,
    ) -> bool {
        let slots = self.home_logs(asked.home.as_ref(), during);
        slots.iter().any(|slot| match slot {
            Slot::Log(home) => log == home,
            Slot::SharedFor(council) => log.is_shared() && councils.contains(council),
        })
    }
}

pub(super) fn count(samples: impl Iterator<Item = bool>) -> Quantity {
    let (count, sample) = samples.fold((0, false), |(n, any), sample| (n + 1, any | sample));
    Quantity::count(count, sample)
}
