//! Reading tickets: one as it stands, and lists of them.

use std::ops::ControlFlow;

use jiff::Timestamp;
use townclerk_domain::decider::Decider;
use townclerk_domain::identity::{AggregateId, AggregateKind};
use townclerk_domain::names::LogName;
use townclerk_domain::ticket::{Ticket, TicketFact, TicketRules};
use uuid::Uuid;

use crate::contributions::Basis;
use crate::key::{index, timeline};
use crate::row::Row;
use crate::rows::{Rows, RowsError};

pub use crate::key::index::Listed;

/// Largest page of a list.
pub const PAGE_MAX: usize = 500;

/// A ticket as it stood, and when it was logged; `None` if nothing was known of it.
pub fn stand(
    row: &Row<TicketFact>,
    basis: Basis,
) -> Result<Option<(Ticket, Timestamp)>, RowsError> {
    let facts = row.timeline.standing(basis.known_at)?.unwrap_or_default();
    let counted = facts
        .iter()
        .take_while(|fact| basis.as_at.is_none_or(|as_at| fact.happened < as_at));
    let mut ticket = None;
    for standing in counted {
        ticket = TicketRules::evolve(ticket, &standing.fact);
    }
    let logged = facts.first().map(|first| first.happened);
    Ok(ticket.zip(logged))
}

/// The row of one ticket.
pub fn row(
    rows: &impl Rows,
    log: &LogName,
    id: Uuid,
) -> Result<Option<Row<TicketFact>>, RowsError> {
    let kind = AggregateKind::Ticket;
    let key = timeline::key(log, AggregateId { kind, id });
    rows.get(&key)?.map(|value| Row::decode(&value)).transpose()
}

/// One line of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedTicket {
    pub id: Uuid,
    pub logged: Timestamp,
    pub sample: bool,
    pub ticket: Ticket,
}

/// Where a page of a list ends: the next one begins after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageEnd {
    pub logged: Timestamp,
    pub id: Uuid,
}

/// A page of the tickets of a log, by when they were logged, and where it ends if there is more.
pub fn list(
    rows: &impl Rows,
    log: &LogName,
    listed: Listed,
    after: Option<&PageEnd>,
    limit: usize,
) -> Result<(Vec<ListedTicket>, Option<PageEnd>), RowsError> {
    let limit = limit.clamp(1, PAGE_MAX);
    let prefix = index::listed_in(listed, log);
    let from = match after {
        Some(PageEnd { logged, id }) => {
            let mut key = index::listed(listed, log, *logged, *id);
            key.push(0);
            key
        }
        None => prefix.clone(),
    };
    let mut found = Vec::new();
    rows.scan(&prefix, &from, &mut |key, _| {
        found.push(index::read_listed(key)?);
        Ok(match found.len() > limit {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        })
    })?;
    let more = found.len() > limit;
    found.truncate(limit);
    let end = found
        .last()
        .filter(|_| more)
        .map(|&(logged, id)| PageEnd { logged, id });
    let mut page = Vec::with_capacity(found.len());
    for (logged, id) in found {
        let Some(row) = row(rows, log, id)? else {
            continue;
        };
        let Some((ticket, _)) = stand(&row, Basis::default())? else {
            continue;
        };
        page.push(ListedTicket {
            id,
            logged,
            sample: row.sample,
            ticket,
        });
    }
    Ok((page, end))
}
