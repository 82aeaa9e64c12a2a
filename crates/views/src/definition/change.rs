//! What is measured of changes.

use townclerk_domain::identity::{AggregateKind, Family};
use townclerk_domain::measured;
use townclerk_domain::ticket::TicketKind;

use super::{Computation, Definition, Made, Part, Whose, count};
use crate::dimension::Dimension;
use crate::measure::{Accumulation, Measure};

const CHANGES: Definition = Definition {
    unit: "changes",
    ..count(AggregateKind::Change, &[Family::Change])
};

pub(crate) const CLOSED: Definition = Definition {
    measured: measured::CHANGES_CLOSED,
    title: "Changes closed",
    cohort: "closed in the period",
    source: "Joint Committee of Brent, Lewisham and Southwark, 4 July 2018, paragraph 3.8",
    computed_in: &["crates/views/src/kinds/change.rs"],
    ..CHANGES
};

/// The changes closed with an outcome.
const fn closed(outcome: &'static [(Dimension, &'static str)]) -> Part {
    Part {
        measure: Measure::ChangesClosed,
        fixed: outcome,
    }
}

const RATES: Definition = Definition {
    unit: "percent",
    computed_in: &["crates/views/src/figures/counted.rs"],
    adds_up: false,
    ..CHANGES
};

pub(crate) const SUCCESS_RATE: Definition = Definition {
    measured: measured::CHANGE_SUCCESS_RATE,
    title: "Changes that succeeded",
    cohort: "closed in the period as successful or with issues, of those closed in it",
    formula: "changes_closed, outcome successful or with-issues / changes_closed",
    source: "Joint Committee of Brent, Lewisham and Southwark, 4 July 2018, paragraph 3.8",
    made: Made::Share {
        of: &[
            closed(&[(Dimension::Outcome, "successful")]),
            closed(&[(Dimension::Outcome, "with-issues")]),
        ],
        among: &[Part::whole(Measure::ChangesClosed)],
    },
    ..RATES
};

pub(crate) const FAILURE_RATE: Definition = Definition {
    measured: measured::CHANGE_FAILURE_RATE,
    title: "Changes that failed",
    cohort: "closed in the period as unsuccessful or backed out, of those closed in it",
    formula: "changes_closed, outcome unsuccessful or backed-out / changes_closed",
    source: "Joint Committee of Brent, Lewisham and Southwark, 4 July 2018, paragraphs 3.1 and 3.8",
    made: Made::Share {
        of: &[
            closed(&[(Dimension::Outcome, "unsuccessful")]),
            closed(&[(Dimension::Outcome, "backed-out")]),
        ],
        among: &[Part::whole(Measure::ChangesClosed)],
    },
    ..RATES
};

pub(crate) const EMERGENCY_SHARE: Definition = Definition {
    measured: measured::EMERGENCY_CHANGE_SHARE,
    title: "Emergency changes",
    cohort: "emergency changes closed in the period, of all closed in it",
    formula: "changes_closed, change_type emergency / changes_closed",
    source: "Joint Committee of Brent, Lewisham and Southwark, 4 July 2018, paragraph 3.8",
    made: Made::Share {
        of: &[closed(&[(Dimension::ChangeType, "emergency")])],
        among: &[Part::whole(Measure::ChangesClosed)],
    },
    ..RATES
};

pub(crate) const INCIDENT_RATE: Definition = Definition {
    measured: measured::CHANGE_RELATED_INCIDENT_RATE,
    title: "Changes that caused an incident",
    cohort: "closed in the period and with at least one incident that it caused, linked by either \
             side or by way of an outage, of those closed in the period",
    formula: "changes closed with a linked incident / changes_closed",
    source: "Joint Committee of Brent, Lewisham and Southwark, 4 July 2018, paragraphs 3.1 and 3.9; \
             Lewisham, Mayor and Cabinet, 16 September 2020, paragraph 6.13.1",
    computed_in: &["crates/views/src/figures/incidents.rs"],
    families: &[Family::Change, Family::Ticket, Family::Outage],
    tickets_of: Some(TicketKind::Incident),
    made: Made::Computed(Computation::IncidentRate),
    whose: Whose::HomeByShared,
    ..RATES
};

pub(crate) const REVIEWS_OVERDUE: Definition = Definition {
    measured: measured::CHANGE_REVIEWS_OVERDUE,
    title: "Change reviews overdue",
    cohort: "implemented and not reviewed at the end of the period, although the last day for the \
             review was over",
    source: "Joint Committee of Brent, Lewisham and Southwark, 4 July 2018, paragraph 3.8",
    computed_in: &["crates/views/src/figures/changes.rs"],
    accumulation: Accumulation::Stock,
    made: Made::Computed(Computation::ReviewsOverdue),
    ..CHANGES
};

pub(crate) const IN_FREEZE: Definition = Definition {
    measured: measured::CHANGES_IN_FREEZE_WITHOUT_EXEMPTION,
    title: "Changes in a freeze without exemption",
    cohort: "whose implementation began in the period and lay in a freeze of their scope, without an \
             exemption granted before it began",
    source: "Joint Committee of Brent, Lewisham and Southwark, 4 July 2018, paragraphs 3.10 and 3.13",
    computed_in: &[
        "crates/views/src/figures/changes.rs",
        "crates/views/src/change_control.rs",
    ],
    made: Made::Computed(Computation::ChangesInFreeze),
    whose: Whose::HomeByShared,
    ..CHANGES
};

pub(crate) const DAYS_SINCE_INCIDENT: Definition = Definition {
    measured: measured::DAYS_SINCE_CHANGE_RELATED_MAJOR_INCIDENT,
    title: "Days since the last change-related major incident",
    unit: "days",
    cohort: "from the day of the latest P1 incident that a change caused, directly or by an outage, \
             to the last day of the period",
    clock: Some("days in London"),
    formula: "last day of the period − day on which that incident was logged",
    source: "Joint Committee of Brent, Lewisham and Southwark, 4 July 2018, paragraph 3.9",
    computed_in: &["crates/views/src/figures/incidents.rs"],
    families: &[Family::Ticket, Family::Change, Family::Outage],
    major_only: true,
    made: Made::Computed(Computation::DaysSinceIncident),
    whose: Whose::Affected,
    accumulation: Accumulation::Stock,
    adds_up: false,
    ..CHANGES
};
