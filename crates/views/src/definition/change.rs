//! What is measured of changes.

use townclerk_domain::identity::{AggregateKind, Family};
use townclerk_domain::ticket::TicketKind;

use super::{Definition, Made, Part, Whose, count};
use crate::dimension::Dimension;
use crate::measure::{Accumulation, Measure};

const CHANGES: Definition = Definition {
    unit: "changes",
    ..count(AggregateKind::Change, &[Family::Change])
};

pub(crate) const CLOSED: Definition = Definition {
    name: "changes_closed",
    title: "Changes closed",
    cohort: "closed in the period",
    source: "Joint Committee of Brent, Lewisham and Southwark, 4 July 2018, paragraph 3.8",
    computed_in: &["crates/views/src/contributions/change.rs"],
    dimensions: &[Dimension::Outcome, Dimension::ChangeType],
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
    dimensions: &[Dimension::ChangeType],
    adds_up: false,
    ..CHANGES
};

pub(crate) const SUCCESS_RATE: Definition = Definition {
    name: "change_success_rate",
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
    name: "change_failure_rate",
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
    name: "emergency_change_share",
    title: "Emergency changes",
    cohort: "emergency changes closed in the period, of all closed in it",
    formula: "changes_closed, change_type emergency / changes_closed",
    source: "Joint Committee of Brent, Lewisham and Southwark, 4 July 2018, paragraph 3.8",
    dimensions: &[Dimension::Outcome],
    made: Made::Share {
        of: &[closed(&[(Dimension::ChangeType, "emergency")])],
        among: &[Part::whole(Measure::ChangesClosed)],
    },
    ..RATES
};

pub(crate) const INCIDENT_RATE: Definition = Definition {
    name: "change_related_incident_rate",
    title: "Changes that caused an incident",
    cohort: "closed in the period and with at least one incident that it caused, linked by either \
             side or by way of an outage, of those closed in the period",
    formula: "changes closed with a linked incident / changes_closed",
    source: "Joint Committee of Brent, Lewisham and Southwark, 4 July 2018, paragraphs 3.1 and 3.9; \
             Lewisham, Mayor and Cabinet, 16 September 2020, paragraph 6.13.1",
    computed_in: &["crates/views/src/figures/incidents.rs"],
    families: &[Family::Change, Family::Ticket, Family::Outage],
    tickets_of: Some(TicketKind::Incident),
    made: Made::Computed,
    whose: Whose::HomeByShared,
    ..RATES
};

pub(crate) const REVIEWS_OVERDUE: Definition = Definition {
    name: "change_reviews_overdue",
    title: "Change reviews overdue",
    cohort: "implemented and not reviewed at the end of the period, although the last day for the \
             review was over",
    source: "Joint Committee of Brent, Lewisham and Southwark, 4 July 2018, paragraph 3.8",
    computed_in: &["crates/views/src/figures/changes.rs"],
    accumulation: Accumulation::Stock,
    dimensions: &[Dimension::ChangeType],
    made: Made::Computed,
    ..CHANGES
};

pub(crate) const IN_FREEZE: Definition = Definition {
    name: "changes_in_freeze_without_exemption",
    title: "Changes in a freeze without exemption",
    cohort: "whose implementation began in the period and lay in a freeze of their scope, without an \
             exemption granted before it began",
    source: "Joint Committee of Brent, Lewisham and Southwark, 4 July 2018, paragraphs 3.10 and 3.13",
    computed_in: &[
        "crates/views/src/figures/changes.rs",
        "crates/views/src/change_control.rs",
    ],
    made: Made::Computed,
    whose: Whose::HomeByShared,
    ..CHANGES
};

pub(crate) const DAYS_SINCE_INCIDENT: Definition = Definition {
    name: "days_since_change_related_major_incident",
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
    made: Made::Computed,
    whose: Whose::Affected,
    accumulation: Accumulation::Stock,
    adds_up: false,
    ..CHANGES
};
