//! What is measured of tickets beside what was agreed on their service level.

use townclerk_domain::identity::Family;
use townclerk_domain::measured;

use super::ticket::TICKETS;
use super::{Agreement, Definition, Made, Part};
use crate::dimension::Dimension;
use crate::measure::Measure;

const SERVICE_CLOCK: Option<&str> =
    Some("service hours of the log, Europe/London, without holidays and pauses");

const SERVICE_LEVEL: Definition = Definition {
    clock: SERVICE_CLOCK,
    source: "Inverclyde, Policy and Resources Committee, 4 February 2020, appendix 3",
    computed_in: &[
        "crates/views/src/kinds/ticket.rs",
        "crates/domain/src/service_level.rs",
    ],
    families: &[Family::Ticket, Family::Agreement],
    agreed: Some(Agreement::Targets),
    ..TICKETS
};

pub(crate) const MET: Definition = Definition {
    measured: measured::SLA_MET,
    title: "Resolved within target",
    cohort: "tickets with a target, resolved at the latest resolution known, which lies in the period, \
             in no more service time than their target",
    formula: "the number of tickets resolved with service time counted ≤ target",
    ..SERVICE_LEVEL
};

pub(crate) const FAILED: Definition = Definition {
    measured: measured::SLA_FAILED,
    title: "Resolved after target",
    cohort: "tickets with a target, resolved at the latest resolution known, which lies in the period, \
             in more service time than their target",
    formula: "the number of tickets resolved with service time counted > target",
    ..SERVICE_LEVEL
};

const OF_RESOLVED: Made = Made::Share {
    of: &[Part::whole(Measure::SlaMet)],
    among: &[
        Part::whole(Measure::SlaMet),
        Part::whole(Measure::SlaFailed),
    ],
};

pub(crate) const ATTAINMENT: Definition = Definition {
    measured: measured::SLA_ATTAINMENT,
    title: "Attainment of targets, of tickets resolved",
    unit: "percent",
    cohort: "tickets with a target that were resolved in the period; each once, at the latest \
             resolution",
    formula: "sla_met / (sla_met + sla_failed)",
    computed_in: &["crates/views/src/figures/counted.rs"],
    made: OF_RESOLVED,
    adds_up: false,
    ..SERVICE_LEVEL
};

const RECENT: &[(Dimension, &str)] = &[(Dimension::Age, "recent")];

pub(crate) const ATTAINMENT_WITHOUT_AGED: Definition = Definition {
    measured: measured::SLA_ATTAINMENT_WITHOUT_AGED,
    title: "Attainment of targets, without aged tickets",
    cohort: "tickets with a target that were resolved in the period and by their age limit were no \
             aged ones then; those that no age limit governs are on neither side",
    formula: "sla_met / (sla_met + sla_failed), both with age=recent",
    source: "Joint Committee of Brent, Lewisham and Southwark, 4 July 2018, paragraph 3.6: clearing old \
             tickets lowers the share that is resolved in time",
    agreed: Some(Agreement::TargetsAndAgeLimit),
    made: Made::Share {
        of: &[Part {
            measure: Measure::SlaMet,
            fixed: RECENT,
        }],
        among: &[
            Part {
                measure: Measure::SlaMet,
                fixed: RECENT,
            },
            Part {
                measure: Measure::SlaFailed,
                fixed: RECENT,
            },
        ],
    },
    ..ATTAINMENT
};

pub(crate) const MET_BY_LOGGED: Definition = Definition {
    measured: measured::SLA_MET_BY_LOGGED,
    title: "Logged, and resolved within target",
    cohort: "tickets with a target, logged in the period, that stand resolved in no more service time \
             than their target",
    formula: "the number of tickets logged that stand resolved with service time counted ≤ target",
    ..SERVICE_LEVEL
};

pub(crate) const FAILED_BY_LOGGED: Definition = Definition {
    measured: measured::SLA_FAILED_BY_LOGGED,
    title: "Logged, and resolved after target",
    cohort: "tickets with a target, logged in the period, that stand resolved in more service time \
             than their target",
    formula: "the number of tickets logged that stand resolved with service time counted > target",
    ..MET_BY_LOGGED
};

pub(crate) const ATTAINMENT_BY_LOGGED: Definition = Definition {
    measured: measured::SLA_ATTAINMENT_BY_LOGGED,
    title: "Attainment of targets, of tickets logged",
    cohort: "tickets with a target that were logged in the period and stand resolved",
    formula: "sla_met_by_logged / (sla_met_by_logged + sla_failed_by_logged)",
    made: Made::Share {
        of: &[Part::whole(Measure::SlaMetByLogged)],
        among: &[
            Part::whole(Measure::SlaMetByLogged),
            Part::whole(Measure::SlaFailedByLogged),
        ],
    },
    ..ATTAINMENT
};

/// How long tickets took, in elapsed time.
pub(crate) const MINUTES: Definition = Definition {
    measured: measured::RESOLUTION_MINUTES,
    title: "Time to resolution, in all",
    unit: "minutes",
    cohort: "minutes from being logged to the latest resolution, of the tickets resolved in the \
             period; each ticket's whole minutes",
    clock: Some("elapsed time"),
    formula: "the sum of (resolved − logged) over tickets_resolved",
    source: "Joint Committee of Brent, Lewisham and Southwark, 15 October 2019: the duration of P1 \
             incidents",
    computed_in: &["crates/views/src/kinds/ticket.rs"],
    families: &[Family::Ticket],
    agreed: None,
    ..SERVICE_LEVEL
};

pub(crate) const MEAN_MINUTES: Definition = Definition {
    measured: measured::MEAN_RESOLUTION_MINUTES,
    title: "Time to resolution, mean",
    cohort: "tickets resolved in the period; each once, at the latest resolution",
    formula: "resolution_minutes / tickets_resolved",
    computed_in: &["crates/views/src/figures/counted.rs"],
    made: Made::Mean {
        of: &[Part::whole(Measure::ResolutionMinutes)],
        among: &[Part::whole(Measure::TicketsResolved)],
    },
    adds_up: false,
    ..MINUTES
};

/// How long tickets took in agreed service time.
pub(crate) const SERVICE_MINUTES: Definition = Definition {
    measured: measured::RESOLUTION_SERVICE_MINUTES,
    title: "Service time to resolution, in all",
    unit: "minutes",
    cohort: "minutes of service time counted until the latest resolution, of the tickets with a \
             target that were resolved in the period; each ticket's whole minutes",
    formula: "the sum of the service time counted over sla_met and sla_failed",
    source: MINUTES.source,
    ..SERVICE_LEVEL
};

pub(crate) const MEAN_SERVICE_MINUTES: Definition = Definition {
    measured: measured::MEAN_RESOLUTION_SERVICE_MINUTES,
    title: "Service time to resolution, mean",
    cohort: "tickets with a target that were resolved in the period; each once, at the latest \
             resolution",
    formula: "resolution_service_minutes / (sla_met + sla_failed)",
    computed_in: &["crates/views/src/figures/counted.rs"],
    made: Made::Mean {
        of: &[Part::whole(Measure::ResolutionServiceMinutes)],
        among: &[
            Part::whole(Measure::SlaMet),
            Part::whole(Measure::SlaFailed),
        ],
    },
    adds_up: false,
    ..SERVICE_MINUTES
};
