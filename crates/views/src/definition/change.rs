//! What is measured of changes.

use townclerk_domain::identity::{AggregateKind, Family};

use super::{Definition, Made, Whose, count};
use crate::dimension::Dimension;
use crate::measure::Accumulation;

const CHANGES: Definition = Definition {
    unit: "changes",
    ..count(AggregateKind::Change, &[Family::Change])
};

pub(crate) const CLOSED: Definition = Definition {
    name: "changes_closed",
    title: "Changes closed",
    cohort: "closed in the period",
    source: "Joint Committee of Brent, Lewisham and Southwark, 4 July 2018, paragraph 3.8",
    computed_in: "crates/views/src/contributions/change.rs",
    dimensions: &[Dimension::Outcome, Dimension::ChangeType],
    ..CHANGES
};

pub(crate) const IN_FREEZE: Definition = Definition {
    name: "changes_in_freeze_without_exemption",
    title: "Changes in a freeze without exemption",
    cohort: "whose implementation began in the period and lay in a freeze of their scope, without an \
             exemption granted before it began",
    source: "Joint Committee of Brent, Lewisham and Southwark, 4 July 2018, paragraphs 3.10 and 3.13",
    computed_in: "crates/views/src/change_control.rs",
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
    computed_in: "crates/views/src/figures/incidents.rs",
    families: &[Family::Ticket, Family::Change, Family::Outage],
    major_only: true,
    made: Made::Computed,
    whose: Whose::Affected,
    accumulation: Accumulation::Stock,
    adds_up: false,
    ..CHANGES
};
