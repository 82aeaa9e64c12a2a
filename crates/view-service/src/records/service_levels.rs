//! The open tickets of a scope beside what was agreed, the most urgent first.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use townclerk_app::http::Problem;
use townclerk_domain::names::{Code, LogName, Scope};
use townclerk_domain::ticket::{Priority, Status, TicketKind, UserClass};
use townclerk_views::figures::Positions;
use townclerk_views::lists::{PAGE_MAX, PageEnd};
use townclerk_views::service_levels::{
    OPEN_MAX, OpenTicket, OpenTickets, Risk, moment, open_tickets,
};
use uuid::Uuid;

use super::parameters::{Takes, Wanted};
use super::service_level::minutes;
use super::{ReadError, page_end};
use crate::query::Params;
use crate::reads::ViewRows;

pub(super) const TAKES: Takes = Takes {
    names: &[
        "as_at",
        "known_at",
        "band",
        "kind",
        "priority",
        "service",
        "category",
        "channel",
        "provider",
        "user_class",
        "directorate",
        "limit",
        "after",
    ],
    limit: 100,
    limit_max: PAGE_MAX,
    ..Takes::PAGES
};

#[derive(Serialize, JsonSchema)]
pub(super) struct Open {
    scope: Scope,
    /// The moment from which they are looked at; null where nothing is recorded.
    as_at: Option<Timestamp>,
    /// How many open tickets there are, and how many in each band, whatever band or priority was
    /// asked for.
    open: usize,
    bands: BTreeMap<&'static str, u64>,
    /// Null, or the most open tickets that are counted where there are more: then some are missing.
    cut_at: Option<usize>,
    /// How many were asked for, shown or not.
    total: usize,
    /// The most urgent first.
    service_levels: Vec<OpenShown>,
    /// For the parameter `after` of the next page, beside the `as_at` of this one; null on the last
    /// one.
    next: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct OpenShown {
    id: Uuid,
    log: LogName,
    /// Whether its log holds a later event of it that cannot be read: what it says is not in here.
    held: bool,
    /// Whether it was made up for a demonstration.
    sample: bool,
    kind: TicketKind,
    priority: Priority,
    user_class: UserClass,
    service: Code,
    logged: Timestamp,
    status: Status,
    /// `no-agreement`, `no-target` or `running`.
    standing: &'static str,
    /// What share of the target has passed at least, or `overdue`, `paused`, `no-target`,
    /// `no-agreement`.
    band: &'static str,
    target_minutes: Option<i64>,
    /// Negative where it is overdue.
    left_minutes: Option<i64>,
    due: Option<Timestamp>,
    aged: bool,
}

/// The open tickets of a scope, as they stood where `as_at` or `known_at` say so.
pub(super) fn open(view: &ViewRows<'_>, scope: &Scope, params: &Params) -> Result<Open, ReadError> {
    let wanted = Wanted::read(&TAKES, params)?;
    if wanted.after.is_some() && wanted.basis.as_at.is_none() {
        // From another moment the order is another one: tickets would be left out, or come twice.
        let why = "what is urgent changes with time: ask with the as_at of the page before too";
        return Err(Problem::bad_query("after", why).into());
    }
    let (as_at, found) = view.with_reading(|reading| {
        Ok(match moment(reading, scope, wanted.basis)? {
            Some(at) => (Some(at), open_tickets(reading, scope, wanted.basis, at)?),
            None => (None, OpenTickets::default()),
        })
    })?;
    let mut bands: BTreeMap<&'static str, u64> = Risk::ALL.map(|risk| (risk.code(), 0)).into();
    for ((risk, _), count) in found.counts() {
        *bands.entry(risk.code()).or_default() += count;
    }
    let open = found.tickets.len();
    let asked = found.tickets.into_iter().filter(|ticket| {
        wanted.band.is_none_or(|band| ticket.risk == band) && wanted.fits(&ticket.attributes)
    });
    let asked: Vec<OpenTicket> = asked.collect();
    let begin = match &wanted.after {
        Some(after) => begin(&asked, &after.end)?,
        None => 0,
    };
    let end = begin.saturating_add(wanted.limit).min(asked.len());
    let page = asked.get(begin..end).unwrap_or_default();
    let ends_at = page
        .last()
        .filter(|_| end < asked.len())
        .map(|ticket| PageEnd {
            began: ticket.logged_at,
            id: ticket.id,
        });
    let next = ends_at.map(|end| page_end::written(&end, &Positions::new()));
    Ok(Open {
        scope: scope.clone(),
        as_at,
        open,
        bands,
        cut_at: found.cut.then_some(OPEN_MAX),
        total: asked.len(),
        service_levels: page.iter().map(OpenShown::of).collect(),
        next: next.transpose()?,
    })
}

/// The index of the first ticket after the one that ended a page.
fn begin(tickets: &[OpenTicket], after: &PageEnd) -> Result<usize, Problem> {
    let mut tickets = tickets.iter();
    let last = tickets.position(|ticket| ticket.id == after.id);
    last.map(|index| index + 1).ok_or_else(|| {
        let why = "the ticket that ended that page is not in this list: begin again, and ask for all \
                   pages with the same as_at";
        Problem::bad_query("after", why)
    })
}

impl OpenShown {
    fn of(ticket: &OpenTicket) -> Self {
        Self {
            id: ticket.id,
            log: ticket.log.clone(),
            held: ticket.held,
            sample: ticket.sample,
            kind: ticket.attributes.kind,
            priority: ticket.attributes.priority,
            user_class: ticket.attributes.user_class,
            service: ticket.attributes.service.clone(),
            logged: ticket.logged_at,
            status: ticket.status,
            standing: ticket.standing,
            band: ticket.risk.code(),
            target_minutes: ticket.target.map(minutes),
            left_minutes: ticket.left.map(minutes),
            due: ticket.due,
            aged: ticket.is_aged,
        }
    }
}
