//! Reading tickets over HTTP: lists with paging, and one ticket with its events.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use townclerk_app::http::Problem;
use townclerk_domain::identity::canonical_uuid;
use townclerk_domain::names::LogName;
use townclerk_domain::ticket::{Logged, Status};
use townclerk_views::contributions::Basis;
use townclerk_views::tickets::{self, Listed, PAGE_MAX, PageEnd};
use uuid::Uuid;

use crate::query::{Params, instant, parsed};
use crate::view::{View, ViewError};

/// Tickets on a page where nothing else is asked for.
const PAGE_DEFAULT: usize = 50;

#[derive(Serialize)]
pub struct Page {
    pub log: LogName,
    pub tickets: Vec<TicketShown>,
    /// For the parameter `after` of the next page; null on the last one.
    pub next: Option<String>,
}

#[derive(Serialize)]
pub struct TicketShown {
    pub id: Uuid,
    #[serde(flatten)]
    pub state: TicketState,
}

/// A ticket as it stood.
#[derive(Serialize)]
pub struct TicketState {
    pub logged: Timestamp,
    pub status: Status,
    /// Whether it was made up for a demonstration.
    pub sample: bool,
    #[serde(flatten)]
    pub attributes: Logged,
}

#[derive(Serialize)]
pub struct TicketWithEvents {
    pub log: LogName,
    pub id: Uuid,
    /// Whether it leaves all figures: it was voided, or nothing was known of it at that time.
    pub void: bool,
    /// Absent where it is void.
    #[serde(flatten)]
    pub state: Option<TicketState>,
    pub events: Vec<EventShown>,
}

#[derive(Serialize)]
pub struct EventShown {
    pub sequence: u64,
    pub known: Timestamp,
    /// The recorded CloudEvent, as it stands in the log.
    pub event: Box<RawValue>,
}

/// A page of the tickets of `log`.
pub fn page(view: &View, log: &LogName, params: &Params) -> Result<Page, ReadError> {
    let mut listed = Listed::Open;
    let mut limit = PAGE_DEFAULT;
    let mut after = None;
    for (name, value) in params {
        match name.as_str() {
            "status" => {
                listed = match value.as_str() {
                    "open" => Listed::Open,
                    "all" => Listed::All,
                    _ => return Err(Problem::bad_query(name, "open or all").into()),
                };
            }
            "limit" => {
                limit = parsed(name, value)?;
                if !(1..=PAGE_MAX).contains(&limit) {
                    return Err(Problem::bad_query(name, format!("1 to {PAGE_MAX}")).into());
                }
            }
            "after" => after = Some(cursor(value)?),
            _ => {
                let why = "not a parameter; there are status, limit and after";
                return Err(Problem::bad_query(name, why).into());
            }
        }
    }
    let (found, end) =
        view.with_rows(|rows| tickets::list(rows, log, listed, after.as_ref(), limit))?;
    let shown = found.into_iter().map(|found| TicketShown {
        id: found.id,
        state: TicketState {
            logged: found.logged,
            status: found.ticket.status,
            sample: found.sample,
            attributes: found.ticket.attributes,
        },
    });
    Ok(Page {
        log: log.clone(),
        tickets: shown.collect(),
        next: end.map(|end| written(&end)),
    })
}

/// One ticket, as it stood where `as_at` or `known_at` say so, with all its recorded events.
pub async fn one(
    view: &View,
    log: &LogName,
    id: &str,
    params: &Params,
) -> Result<TicketWithEvents, ReadError> {
    let mut basis = Basis::default();
    for (name, value) in params {
        match name.as_str() {
            "as_at" => basis.as_at = Some(instant(name, value)?),
            "known_at" => basis.known_at = Some(instant(name, value)?),
            _ => {
                let why = "not a parameter; there are as_at and known_at";
                return Err(Problem::bad_query(name, why).into());
            }
        }
    }
    let missing = || Problem::not_found(format!("ticket {id} in the log {log}"));
    let uuid = canonical_uuid(id).ok_or_else(missing)?;
    let row = view.with_rows(|rows| tickets::row(rows, log, uuid))?;
    let row = row.ok_or_else(missing)?;
    let standing = tickets::stand(&row, basis).map_err(ViewError::from)?;
    let origin = view.log(log).ok_or_else(missing)?;
    let mut events = Vec::with_capacity(row.timeline.entries.len());
    for entry in &row.timeline.entries {
        let message = origin.read_one(entry.sequence).await;
        let message = message.map_err(ViewError::from)?;
        let raw = message.and_then(|message| serde_json::from_slice(&message.payload).ok());
        events.extend(raw.map(|event| EventShown {
            sequence: entry.sequence,
            known: entry.known,
            event,
        }));
    }
    let state = standing.map(|(ticket, logged)| TicketState {
        logged,
        status: ticket.status,
        sample: row.sample,
        attributes: ticket.attributes,
    });
    Ok(TicketWithEvents {
        log: log.clone(),
        id: uuid,
        void: state.is_none(),
        state,
        events,
    })
}

/// Why a read has no answer: what was asked, or what failed.
pub enum ReadError {
    Problem(Problem),
    Failed(ViewError),
}

impl From<Problem> for ReadError {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<ViewError> for ReadError {
    fn from(error: ViewError) -> Self {
        Self::Failed(error)
    }
}

/// A page's end as an opaque text.
fn written(end: &PageEnd) -> String {
    format!("{}_{}", end.logged.as_microsecond(), end.id.simple())
}

fn cursor(text: &str) -> Result<PageEnd, Problem> {
    let read = || {
        let (logged, id) = text.split_once('_')?;
        let logged = logged.parse().ok()?;
        Some(PageEnd {
            logged: Timestamp::from_microsecond(logged).ok()?,
            id: Uuid::try_parse(id).ok()?,
        })
    };
    read().ok_or_else(|| Problem::bad_query("after", "not a page's end; take it from `next`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pages_end_reads_back_as_written() {
        for logged in ["2020-08-21T23:00:00.5Z", "1969-01-01T00:00:00Z"] {
            let end = PageEnd {
                logged: logged.parse().unwrap(),
                id: Uuid::from_u128(7),
            };
            let text = written(&end);
            assert!(cursor(&text).is_ok_and(|read| read == end), "{text}");
        }
        assert!(cursor("x").is_err());
    }
}
