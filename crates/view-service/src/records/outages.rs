//! Outages and planned maintenance, as they are shown.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;
use townclerk_domain::decimal::Decimal;
use townclerk_domain::imprecise::Within;
use townclerk_domain::names::Code;
use townclerk_domain::outage::{
    Action, CauseFound, Effect, Escalated, Nature, Notice, Outage, OutageRules, Status,
};
use townclerk_domain::reference::Reference;
use townclerk_domain::text::Text;
use townclerk_views::failures::begun_minutes;
use townclerk_views::kept::Kept;

use super::list::{Beside, Listable};
use super::parameters::{NATURE, Takes, Wanted};

#[derive(Serialize, JsonSchema)]
pub(super) struct OutageShown {
    /// Whether it was made up for a demonstration.
    sample: bool,
    title: Option<Text>,
    summary: Option<Text>,
    status: Status,
    nature: Nature,
    /// Of a known error: since when both its cause and a way to work in spite of it were known.
    known_since: Option<Timestamp>,
    /// The latest notice of maintenance that holds; null of an outage that nobody announced.
    planned: Option<PlannedShown>,
    /// Every notice that holds, in the order in which they were given.
    notices: Vec<PlannedShown>,
    /// When planned maintenance was cancelled that never began.
    cancelled: Option<Timestamp>,
    /// Null where the time is known only roughly; `when` says then what is known.
    began: Option<Timestamp>,
    when: Option<Within>,
    councils: BTreeSet<Code>,
    critical: Option<bool>,
    effects: Vec<Effect>,
    /// From its beginning until it was resolved, in whole minutes: one that has begun counts.
    duration_minutes: Option<i64>,
    users_percent: Option<Decimal>,
    workaround: Option<Text>,
    resolved: Option<Timestamp>,
    cause: Option<CauseFound>,
    actions: Vec<ActionShown>,
    escalations: Vec<Escalated>,
    review: Option<Text>,
    causes: BTreeSet<Reference>,
    closed: Option<Timestamp>,
    recurred: Vec<Reference>,
}

#[derive(Serialize, JsonSchema)]
struct PlannedShown {
    noticed: Timestamp,
    services: BTreeSet<Code>,
    from: Timestamp,
    to: Timestamp,
}

#[derive(Serialize, JsonSchema)]
struct ActionShown {
    action: Code,
    text: Text,
    owner: Code,
    due: Date,
    completed: Option<Timestamp>,
}

impl Listable for OutageRules {
    type Shown = OutageShown;

    const PLURAL: &'static str = "outages";
    const TAKES: Takes = Takes {
        names: &["as_at", "known_at", "status", NATURE, "limit", "after"],
        ..Takes::PAGES_BY_STATUS
    };

    fn is_wanted(outage: &Outage, wanted: &Wanted) -> bool {
        wanted.nature.is_none_or(|nature| outage.nature() == nature)
    }

    fn shown(kept: &Kept<Outage>, _: &Beside) -> OutageShown {
        let outage = kept.stands.clone();
        let status = outage.status();
        let nature = outage.nature();
        let explained = outage.explained;
        let began = exactly_began(&outage);
        let duration_minutes = duration_minutes(&outage);
        let planned_title = outage.notice().map(|p| p.maintenance.title.clone());
        let planned = outage.notice().map(PlannedShown::of);
        let declared = outage.begun.map(|begun| begun.declared);
        let title = declared.as_ref().map(|declared| declared.title.clone());
        OutageShown {
            sample: kept.sample,
            title: title.or(planned_title),
            status,
            nature,
            known_since: explained.filter(|_| nature == Nature::KnownError),
            planned,
            notices: outage.notices.iter().map(PlannedShown::of).collect(),
            cancelled: outage.cancelled,
            began,
            when: declared.as_ref().and_then(|declared| declared.when),
            critical: declared.as_ref().map(|declared| declared.critical),
            summary: declared.and_then(|declared| declared.summary),
            councils: outage.councils,
            effects: outage.effects,
            duration_minutes,
            users_percent: outage.users_percent,
            workaround: outage.workaround,
            resolved: outage.resolved,
            cause: outage.cause,
            actions: outage.actions.into_iter().map(ActionShown::of).collect(),
            escalations: outage.escalations,
            review: outage.review,
            causes: outage.linked,
            closed: outage.closed,
            recurred: outage.recurred,
        }
    }
}

impl PlannedShown {
    fn of(notice: &Notice) -> Self {
        Self {
            noticed: notice.noticed,
            services: notice.maintenance.services.clone(),
            from: notice.maintenance.from,
            to: notice.maintenance.to,
        }
    }
}

impl ActionShown {
    fn of(action: Action) -> Self {
        Self {
            action: action.agreed.action,
            text: action.agreed.text,
            owner: action.agreed.owner,
            due: action.agreed.due,
            completed: action.completed,
        }
    }
}

/// When it began, where that is known exactly.
fn exactly_began(outage: &Outage) -> Option<Timestamp> {
    let begun = outage.begun.as_ref().filter(|_| !outage.is_imprecise());
    begun.map(|begun| begun.at)
}

/// Elapsed time, whatever service time was agreed; absent while it lasts, and where the
/// time is known only roughly.
fn duration_minutes(outage: &Outage) -> Option<i64> {
    let (began, resolved) = exactly_began(outage).zip(outage.resolved)?;
    Some(begun_minutes(began, resolved))
}
