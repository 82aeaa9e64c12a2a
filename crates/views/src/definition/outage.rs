//! What is measured of outages and of availability.

use townclerk_domain::identity::{AggregateKind, Family};
use townclerk_domain::measured;

use super::{Agreement, Computation, Definition, Made, Whose, count};

const fn of_outages(computation: Computation) -> Definition {
    Definition {
        made: Made::Computed(computation),
        ..count(AggregateKind::Outage, &[Family::Outage])
    }
}

pub(crate) const OUTAGES_BEGUN: Definition = Definition {
    measured: measured::OUTAGES,
    title: "Outages",
    unit: "outages",
    cohort: "unplanned outages that began in the period, whatever was down or degraded, without known \
             errors; one of which the time is known only roughly, where the period contains all of \
             that time",
    source: "Lewisham, Mayor and Cabinet, 16 September 2020, paragraphs 6.8 and 6.10",
    computed_in: &["crates/views/src/figures/outages.rs"],
    ..of_outages(Computation::Outages)
};

pub(crate) const KNOWN_ERRORS: Definition = Definition {
    measured: measured::KNOWN_ERRORS,
    title: "Known errors",
    unit: "known errors",
    cohort: "unplanned degradations that began in the period, of which a cause and a way to work in \
             spite of them were recorded before they were resolved and that brought no service down; \
             one of which the time is known only roughly, where the period contains all of that time",
    source: "Gloucestershire, Children and Families scrutiny, 16 September 2021: a known issue with guidance",
    computed_in: &["crates/views/src/figures/outages.rs"],
    ..of_outages(Computation::KnownErrors)
};

/// What is computed of the outages that hit the scope, one beside the other.
const fn of_failures(computation: Computation) -> Definition {
    Definition {
        clock: Some("elapsed time"),
        unit: "minutes",
        source: "Lewisham, Mayor and Cabinet, 16 September 2020, paragraphs 6.8 and 6.10 to 6.14",
        computed_in: &[
            "crates/views/src/figures/failures.rs",
            "crates/views/src/failures.rs",
        ],
        whose: Whose::Affected,
        adds_up: false,
        ..of_outages(computation)
    }
}

pub(crate) const TIME_TO_RESTORE: Definition = Definition {
    measured: measured::MEAN_TIME_TO_RESTORE,
    title: "Mean time to restore",
    cohort: "unplanned outages, without known errors, that were resolved in the period and of which the time is known, each \
             from its beginning to its resolution as a whole",
    formula: "minutes from beginning to resolution, a minute begun counted whole / the number of those outages",
    ..of_failures(Computation::MeanTimeToRestore)
};

pub(crate) const TIME_BETWEEN_FAILURES: Definition = Definition {
    measured: measured::MEAN_TIME_BETWEEN_FAILURES,
    title: "Mean time between failures",
    cohort: "covered times of the period in which no unplanned outage lasted, of whatever service, \
             from the end of one to the beginning of the next; outages that overlap are one failure, and \
             one of which the time is known only roughly is none, nor is a known error",
    formula: "minutes from the end of one failure to the beginning of the next / the number of such times",
    ..of_failures(Computation::MeanTimeBetweenFailures)
};

pub(crate) const TIME_BETWEEN_INCIDENTS: Definition = Definition {
    measured: measured::MEAN_TIME_BETWEEN_SERVICE_INCIDENTS,
    title: "Mean time between service incidents",
    cohort: "mean time between failures and mean time to restore of the period, together",
    formula: "mean_time_between_failures + mean_time_to_restore, neither of them rounded",
    ..of_failures(Computation::MeanTimeBetweenIncidents)
};

pub(crate) const RECURRED: Definition = Definition {
    measured: measured::OUTAGES_RECURRED,
    title: "Outages of which the cause recurred",
    unit: "outages",
    clock: None,
    cohort: "unplanned outages, without known errors, that began in the period after all remedial actions agreed for an \
             earlier outage of the same cause were complete: of the same component and class, or \
             recorded as a recurrence",
    formula: "the number of them",
    ..of_failures(Computation::OutagesRecurred)
};

/// What is computed of outages and agreements, by affected council and service.
const fn of_services(computation: Computation) -> Definition {
    Definition {
        clock: Some("agreed service time, Europe/London"),
        source: "Lewisham, Mayor and Cabinet, 16 September 2020, paragraphs 6.1 to 6.4",
        computed_in: &[
            "crates/views/src/figures/services.rs",
            "crates/views/src/availability.rs",
        ],
        families: &[Family::Outage, Family::Agreement],
        agreed: Some(Agreement::Availability),
        whose: Whose::Affected,
        adds_up: false,
        ..of_outages(computation)
    }
}

pub(crate) const DOWNTIME: Definition = Definition {
    measured: measured::DOWNTIME_MINUTES,
    title: "Downtime",
    unit: "minutes",
    cohort: "minutes of agreed service time in which the service was down for the council, whatever \
             the outage; overlapping outages count once, and minutes covered by a notice of maintenance given in time do not count",
    formula: "minutes of the union of all outages of the service within agreed service time",
    adds_up: true,
    ..of_services(Computation::Downtime)
};

pub(crate) const DOWNTIME_BY_USERS: Definition = Definition {
    measured: measured::DOWNTIME_USER_MINUTES,
    title: "Downtime by users",
    unit: "minutes",
    cohort: "minutes of downtime, each multiplied by the share of users that the outage was last said to \
             hit, all users where nothing was said; of overlapping outages the largest share",
    formula: "sum over downtime_minutes of the share of users in millionths of a percent / 100,000,000",
    source: "Lewisham, Mayor and Cabinet, 16 September 2020, paragraph 5.2",
    adds_up: true,
    ..of_services(Computation::DowntimeByUsers)
};

pub(crate) const AVAILABILITY: Definition = Definition {
    measured: measured::AVAILABILITY,
    title: "Availability",
    unit: "percent",
    cohort: "agreed service time without downtime, of agreed service time",
    formula: "(agreed minutes − downtime_minutes) / agreed minutes",
    ..of_services(Computation::Availability)
};

pub(crate) const ROLLING_12: Definition = Definition {
    computed_in: &["crates/views/src/figures/services.rs"],
    measured: measured::AVAILABILITY_ROLLING_12,
    title: "Availability, rolling 12 months",
    unit: "percent",
    cohort: "mean of the unrounded availability of the 12 months that end with the period",
    formula: "sum of the availability of 12 months, not rounded / 12",
    months_back: Some(12),
    ..of_services(Computation::RollingMean)
};

pub(crate) const ROLLING_12_TIME_WEIGHTED: Definition = Definition {
    computed_in: &["crates/views/src/figures/services.rs"],
    measured: measured::AVAILABILITY_ROLLING_12_TIME_WEIGHTED,
    title: "Availability, rolling 12 months by time",
    unit: "percent",
    cohort: "agreed service time without downtime, of agreed service time, over the 12 months that \
             end with the period",
    formula: "(agreed minutes − downtime_minutes) / agreed minutes, of 12 months together",
    months_back: Some(12),
    ..of_services(Computation::RollingByTime)
};

pub(crate) const MONTHS_BELOW: Definition = Definition {
    computed_in: &["crates/views/src/figures/services.rs"],
    measured: measured::MONTHS_BELOW_TARGET,
    title: "Months below target",
    unit: "months",
    cohort: "complete months of the period in which a service's availability for a council, a member \
             throughout the month, was below its target, for each service and council",
    formula: "the number of complete months with availability < target in force at the month's end",
    adds_up: true,
    ..of_services(Computation::MonthsBelowTarget)
};

pub(crate) const LONGEST_RUN: Definition = Definition {
    computed_in: &["crates/views/src/figures/services.rs"],
    measured: measured::LONGEST_RUN_BELOW_TARGET,
    title: "Longest run below target",
    unit: "months",
    cohort: "most consecutive complete months of the period in which one service was below its target \
             for one council",
    formula: "the longest run of months that months_below_target counts, of one service and council",
    ..of_services(Computation::LongestRunBelowTarget)
};
