//! What is measured of outages and of availability.

use townclerk_domain::identity::{AggregateKind, Family};

use super::{Agreement, Definition, Made, Whose, count};
use crate::dimension::Dimension;

const OUTAGES: Definition = Definition {
    made: Made::Computed,
    ..count(AggregateKind::Outage, &[Family::Outage])
};

pub(crate) const OUTAGES_BEGUN: Definition = Definition {
    name: "outages",
    title: "Outages",
    unit: "outages",
    cohort: "unplanned outages that began in the period; one of which the time is known only roughly, \
             where the period contains all of that time",
    source: "Lewisham, Mayor and Cabinet, 16 September 2020, paragraphs 6.8 and 6.10",
    computed_in: "crates/views/src/figures/outages.rs",
    dimensions: &[Dimension::Component, Dimension::Class, Dimension::Party],
    ..OUTAGES
};

/// What is computed of outages and agreements, by affected council and service.
const SERVICES: Definition = Definition {
    clock: Some("agreed service time, Europe/London"),
    source: "Lewisham, Mayor and Cabinet, 16 September 2020, paragraphs 6.1 to 6.4",
    computed_in: "crates/views/src/availability.rs",
    families: &[Family::Outage, Family::Agreement],
    agreed: Some(Agreement::Availability),
    dimensions: &[Dimension::Service],
    whose: Whose::Affected,
    adds_up: false,
    ..OUTAGES
};

pub(crate) const DOWNTIME: Definition = Definition {
    name: "downtime_minutes",
    title: "Downtime",
    unit: "minutes",
    cohort: "minutes of agreed service time in which the service was down for the council, whatever \
             the outage; overlapping outages once, planned maintenance noticed in time not",
    formula: "minutes of the union of all outages of the service within agreed service time",
    adds_up: true,
    ..SERVICES
};

pub(crate) const AVAILABILITY: Definition = Definition {
    name: "availability",
    title: "Availability",
    unit: "percent",
    cohort: "agreed service time without downtime, of agreed service time",
    formula: "(agreed minutes − downtime_minutes) / agreed minutes",
    ..SERVICES
};

pub(crate) const ROLLING_12: Definition = Definition {
    name: "availability_rolling_12",
    title: "Availability, rolling 12 months",
    unit: "percent",
    cohort: "mean of the unrounded availability of the 12 months that end with the period",
    formula: "sum of the availability of 12 months, not rounded / 12",
    months_back: Some(12),
    ..SERVICES
};

pub(crate) const ROLLING_12_TIME_WEIGHTED: Definition = Definition {
    name: "availability_rolling_12_time_weighted",
    title: "Availability, rolling 12 months by time",
    unit: "percent",
    cohort: "agreed service time without downtime, of agreed service time, over the 12 months that \
             end with the period",
    formula: "(agreed minutes − downtime_minutes) / agreed minutes, of 12 months together",
    months_back: Some(12),
    ..SERVICES
};

pub(crate) const MONTHS_BELOW: Definition = Definition {
    name: "months_below_target",
    title: "Months below target",
    unit: "months",
    cohort: "complete months of the period in which a service's availability for a council was below \
             its target, for each service and council",
    formula: "the number of complete months with availability < target in force at the month's end",
    adds_up: true,
    ..SERVICES
};

pub(crate) const LONGEST_RUN: Definition = Definition {
    name: "longest_run_below_target",
    title: "Longest run below target",
    unit: "months",
    cohort: "most consecutive complete months of the period in which one service was below its target \
             for one council",
    formula: "the longest run of months that months_below_target counts, of one service and council",
    ..SERVICES
};
