//! Changes, as they are shown.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;
use townclerk_domain::change::{Change, ChangeRules, ChangeType, Outcome, Risk, Status};
use townclerk_domain::names::Code;
use townclerk_domain::reference::Reference;
use townclerk_domain::text::Text;
use townclerk_views::kept::Kept;

use super::list::{Beside, Listable};
use super::parameters::Takes;

#[derive(Serialize, JsonSchema)]
pub(super) struct ChangeShown {
    /// Whether it was made up for a demonstration.
    sample: bool,
    requested_at: Timestamp,
    change_type: ChangeType,
    title: Text,
    category: Code,
    project: Option<Code>,
    services: BTreeSet<Code>,
    councils: BTreeSet<Code>,
    status: Status,
    risk: Option<Risk>,
    scheduled: Option<ScheduledShown>,
    started: Option<Timestamp>,
    implemented: Option<Timestamp>,
    reviewed: Option<Timestamp>,
    /// By when its review is due, as it was set last.
    review_due: Option<ReviewDueShown>,
    /// Whether that day is over and the review is still to be done.
    review_overdue: bool,
    closed: Option<ClosedShown>,
    caused: BTreeSet<Reference>,
    /// What does not fit about it, by code.
    findings: Vec<&'static str>,
}

#[derive(Serialize, JsonSchema)]
struct ScheduledShown {
    from: Timestamp,
    to: Timestamp,
}

#[derive(Serialize, JsonSchema)]
struct ReviewDueShown {
    by: Date,
    owner: Code,
}

#[derive(Serialize, JsonSchema)]
struct ClosedShown {
    at: Timestamp,
    outcome: Outcome,
}

impl Listable for ChangeRules {
    type Shown = ChangeShown;

    const PLURAL: &'static str = "changes";
    const TAKES: Takes = Takes::PAGES_BY_STATUS;
    const TELLS_FINDINGS: bool = true;

    fn shown(kept: &Kept<Change>, beside: &Beside) -> ChangeShown {
        let review_due = kept.stands.review_due(beside.seen);
        let review_due = review_due.map(|due| ReviewDueShown {
            by: due.by,
            owner: due.owner.clone(),
        });
        let review_overdue = kept.stands.is_review_overdue(beside.seen);
        let change = kept.stands.clone();
        let requested = change.requested;
        ChangeShown {
            sample: kept.sample,
            requested_at: change.requested_at,
            change_type: requested.change_type,
            title: requested.title,
            category: requested.category,
            project: requested.project,
            services: requested.services,
            councils: requested.councils,
            status: change.status,
            risk: change.risk,
            scheduled: change
                .scheduled
                .map(|(from, to)| ScheduledShown { from, to }),
            started: change.started,
            implemented: change.implemented,
            reviewed: change.reviewed,
            review_due,
            review_overdue,
            closed: change
                .closed
                .map(|(at, outcome)| ClosedShown { at, outcome }),
            caused: change.caused,
            findings: beside.findings(&kept.log, kept.id),
        }
    }
}
