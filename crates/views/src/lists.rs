//! Reading records: one as it stands, and lists of them by when they began.

use std::ops::ControlFlow;

use jiff::Timestamp;
use townclerk_domain::identity::AggregateId;
use townclerk_domain::names::LogName;
use uuid::Uuid;

use crate::contributions::Basis;
use crate::key::{index, timeline};
use crate::projected::{Projected, stand};
use crate::row::Row;
use crate::rows::{Rows, RowsError};

pub use crate::key::index::Listed;

/// Largest page of a list.
pub const PAGE_MAX: usize = 500;

/// The row of one aggregate.
pub fn row<P: Projected>(
    rows: &impl Rows,
    log: &LogName,
    id: Uuid,
) -> Result<Option<Row<P::Fact>>, RowsError> {
    let key = timeline::key(log, AggregateId { kind: P::KIND, id });
    rows.get(&key)?.map(|value| Row::decode(&value)).transpose()
}

/// One line of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<S> {
    pub id: Uuid,
    /// When its first fact happened.
    pub began: Timestamp,
    pub sample: bool,
    pub stands: S,
}

/// Where a page of a list ends: the next one begins after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageEnd {
    pub began: Timestamp,
    pub id: Uuid,
}

/// Lines, and where they end if there is more.
pub type Page<S> = (Vec<Line<S>>, Option<PageEnd>);

/// A page of the records of a log, by when they began, and where it ends if there is more.
pub fn list<P: Projected>(
    rows: &impl Rows,
    log: &LogName,
    listed: Listed,
    after: Option<&PageEnd>,
    limit: usize,
) -> Result<Page<P::Stands>, RowsError> {
    let limit = limit.clamp(1, PAGE_MAX);
    let prefix = index::listed_in(listed, P::KIND, log);
    let from = match after {
        Some(PageEnd { began, id }) => {
            let mut key = index::listed(listed, P::KIND, log, *began, *id);
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
        .map(|&(began, id)| PageEnd { began, id });
    let mut page = Vec::with_capacity(found.len());
    for (began, id) in found {
        let Some(row) = row::<P>(rows, log, id)? else {
            continue;
        };
        let Some((stands, _)) = stand::<P>(&row, Basis::default())? else {
            continue;
        };
        page.push(Line {
            id,
            began,
            sample: row.sample,
            stands,
        });
    }
    Ok((page, end))
}
