//! Tickets: pages of those of one log, in the order in which they were logged, and one of them.

use std::sync::Arc;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use townclerk_app::http::Problem;
use townclerk_domain::identity::canonical_uuid;
use townclerk_domain::names::LogName;
use townclerk_domain::ticket::{Logged, Status, TicketRules};
use townclerk_views::lists::{self, Listed, PAGE_MAX};
use townclerk_views::projected::stand;
use uuid::Uuid;

use super::ReadError;
use super::events::entries;
use super::one::Recorded;
use super::page_end;
use super::parameters::{Takes, Wanted};
use crate::query::Params;
use crate::reads::ViewRows;
use crate::view::ViewError;

/// Whoever works on tickets wants those that are open.
pub(super) const TAKES: Takes = Takes {
    names: &["status", "limit", "after"],
    listed: Listed::Open,
    limit_max: PAGE_MAX,
    ..Takes::PAGES
};

#[derive(Serialize, JsonSchema)]
pub(super) struct Page {
    log: LogName,
    tickets: Vec<TicketShown>,
    /// For the parameter `after` of the next page; null on the last one.
    next: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct TicketShown {
    id: Uuid,
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
    let (listed, after) = (wanted.listed, wanted.after.as_ref());
    let (found, end) =
        view.with_rows(|rows| lists::list::<TicketRules>(rows, log, listed, after, wanted.limit))?;
    let shown = found.into_iter().map(|found| TicketShown {
        id: found.id,
        state: TicketState {
            logged: found.began,
            status: found.stands.status,
            sample: found.sample,
            attributes: Arc::unwrap_or_clone(found.stands.attributes),
        },
    });
    Ok(Page {
        log: log.clone(),
        tickets: shown.collect(),
        next: end.map(|end| page_end::written(&end)),
    })
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
    let row = view.with_rows(|rows| lists::row::<TicketRules>(rows, log, uuid))?;
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
        state,
        entries: entries(&row.timeline),
    })
}
