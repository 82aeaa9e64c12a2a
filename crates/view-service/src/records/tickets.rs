//! Tickets: pages of those of one log, in the order in which they were logged, and one of them.

use std::sync::Arc;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use townclerk_app::http::Problem;
use townclerk_domain::identity::{AggregateKind, canonical_uuid};
use townclerk_domain::names::{LogName, Scope};
use townclerk_domain::ticket::{Logged, Status, Ticket, TicketRules};
use townclerk_views::kinds::counted::stand;
use townclerk_views::lists::{self, Asked, Line, Listed, PAGE_MAX};
use uuid::Uuid;

use super::ReadError;
use super::events::entries;
use super::one::Recorded;
use super::page_end;
use super::parameters::{Takes, Wanted};
use crate::query::Params;
use crate::reads::ViewRows;
use crate::view::ViewError;

/// Anyone who works on tickets wants those that are open.
pub(super) const TAKES: Takes = Takes {
    names: &[
        "as_at",
        "known_at",
        "status",
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
    listed: Listed::Open,
    limit_max: PAGE_MAX,
    ..Takes::PAGES
};

#[derive(Serialize, JsonSchema)]
pub(super) struct Page {
    log: LogName,
    tickets: Vec<TicketShown>,
    /// For the parameter `after` of the next page, beside the other parameters of this one; null on
    /// the last one. What is recorded after the first page is in none of them.
    next: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct TicketShown {
    id: Uuid,
    /// Whether its log holds a later event of it that cannot be read: what it says is not in here.
    held: bool,
    #[serde(flatten)]
    state: TicketState,
}

/// A ticket as it stood.
#[derive(Serialize, JsonSchema)]
pub(super) struct TicketState {
    logged: Timestamp,
    status: Status,
    /// Whether it was made up for a demonstration.
    sample: bool,
    #[serde(flatten)]
    attributes: Logged,
}

/// A page of the tickets of `log`.
pub(super) fn page(view: &ViewRows<'_>, log: &LogName, params: &Params) -> Result<Page, ReadError> {
    let wanted = Wanted::read(&TAKES, params)?;
    let fits = |ticket: &Ticket| wanted.fits(&ticket.attributes);
    let (tickets, end, positions) = view.with_reading(|reading| {
        let mut positions =
            page_end::positions(wanted.after.as_ref(), reading, &Scope::Log(log.clone()));
        positions.retain(|of, _| of == log);
        let asked = Asked {
            listed: wanted.listed,
            basis: wanted.basis,
            position: positions.get(log).copied().unwrap_or(0),
            after: wanted.after.as_ref().map(|after| after.end.clone()),
            limit: wanted.limit,
            fits: (!wanted.filters.is_empty()).then_some(&fits as &dyn Fn(&Ticket) -> bool),
        };
        let (found, end) = lists::list::<TicketRules, _>(reading, log, &asked)?;
        let mut tickets = Vec::with_capacity(found.len());
        for line in found {
            let held = lists::is_held(reading.rows, log, AggregateKind::Ticket, line.id)?;
            tickets.push(TicketShown::of(line, held));
        }
        Ok((tickets, end, positions))
    })?;
    let next = end.map(|end| page_end::written(&end, &positions));
    Ok(Page {
        log: log.clone(),
        tickets,
        next: next.transpose()?,
    })
}

impl TicketShown {
    fn of(line: Line<Ticket>, held: bool) -> Self {
        Self {
            id: line.id,
            held,
            state: TicketState {
                logged: line.began,
                status: line.stands.status,
                sample: line.sample,
                attributes: Arc::unwrap_or_clone(line.stands.attributes),
            },
        }
    }
}

/// One ticket, as it stood where `as_at` or `known_at` say so, with all its recorded events.
pub(super) fn one(
    view: &ViewRows<'_>,
    log: &LogName,
    id: &str,
    params: &Params,
) -> Result<Recorded<TicketState>, ReadError> {
    let Wanted { basis, .. } = Wanted::read(&Takes::ONE, params)?;
    let missing = || Problem::not_found(format!("ticket {id} in the log {log}"));
    let uuid = canonical_uuid(id).ok_or_else(missing)?;
    let (row, held) = view.with_rows(|rows| {
        let row = lists::row::<TicketRules>(rows, log, uuid)?;
        Ok((row, lists::is_held(rows, log, AggregateKind::Ticket, uuid)?))
    })?;
    let row = row.ok_or_else(missing)?;
    let standing = stand::<TicketRules>(&row, basis).map_err(ViewError::from)?;
    let state = standing.map(|(ticket, logged)| TicketState {
        logged,
        status: ticket.status,
        sample: row.sample,
        attributes: Arc::unwrap_or_clone(ticket.attributes),
    });
    Ok(Recorded {
        log: log.clone(),
        id: uuid,
        held,
        state,
        entries: entries(&row.timeline),
    })
}
