//! Reading records: one as it stands, and lists of them by when they began.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use jiff::Timestamp;
use townclerk_domain::identity::{AggregateId, AggregateKind};
use townclerk_domain::names::LogName;
use uuid::Uuid;

use crate::basis::Basis;
use crate::figures::Reading;
use crate::key::{index, quarantine, timeline};
use crate::kinds::counted::{Counted, stand};
use crate::row::Row;
use crate::rows::{Rows, RowsError};

pub use crate::key::index::Listed;

/// Largest page of a list.
pub const PAGE_MAX: usize = 500;

/// The row of one aggregate.
pub fn row<P: Counted>(
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

/// What a list is asked for.
pub struct Asked<'a, S> {
    pub listed: Listed,
    pub basis: Basis,
    /// The position of the log that all pages of the list are read at: what was recorded after it is
    /// in none of them.
    pub position: u64,
    pub after: Option<PageEnd>,
    pub limit: usize,
    /// Which of them, by how they stand; all if `None`.
    pub fits: Option<&'a dyn Fn(&S) -> bool>,
}

/// A page of the records of a log, by when they began, and where it ends if there is more.
///
/// # Errors
/// Only what is wrong with the rows.
pub fn list<P: Counted, R: Rows>(
    reading: &Reading<'_, R>,
    log: &LogName,
    asked: &Asked<'_, P::Stands>,
) -> Result<Page<P::Stands>, RowsError> {
    let limit = asked.limit.clamp(1, PAGE_MAX);
    let head = reading.positions.get(log).copied().unwrap_or(0);
    // The index has what is known now. What was recorded after the first page, or was not known yet,
    // may have moved a record to another place of it, or out of it.
    let as_indexed = asked.position >= head && reading.knowledge(asked.basis.known_at).is_none();
    let looks_at_many = !as_indexed || asked.fits.is_some() || asked.basis.as_at.is_some();
    let _turn = looks_at_many.then(|| reading.passes.turn());
    let mut found = match as_indexed {
        true => in_order::<P>(reading.rows, log, asked, limit)?,
        false => among_all::<P>(reading.rows, log, asked, limit)?,
    };
    let more = found.len() > limit;
    found.truncate(limit);
    let end = found.last().filter(|_| more).map(|line| PageEnd {
        began: line.began,
        id: line.id,
    });
    Ok((found, end))
}

/// How many keys of an index are read at a time, at least.
const LOOK: usize = 64;

/// The records of a page and one more, if there is one, as the index has them.
fn in_order<P: Counted>(
    rows: &impl Rows,
    log: &LogName,
    asked: &Asked<'_, P::Stands>,
    limit: usize,
) -> Result<Vec<Line<P::Stands>>, RowsError> {
    // What was open at an earlier moment may not be open now.
    let listed = match asked.basis.as_at {
        Some(_) => Listed::All,
        None => asked.listed,
    };
    let past = |began, id| {
        let mut key = index::listed(listed, P::KIND, log, began, id);
        key.push(0);
        key
    };
    let prefix = index::listed_in(listed, P::KIND, log);
    let after = asked.after.as_ref();
    let mut from = after.map_or_else(|| prefix.clone(), |end| past(end.began, end.id));
    let mut found = Vec::new();
    loop {
        let mut places = Vec::new();
        rows.scan(&prefix, &from, &mut |key, _| {
            places.push(index::read_listed(key)?);
            Ok(match places.len() < LOOK.max(limit + 1) {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(()),
            })
        })?;
        let Some(&(began, id)) = places.last() else {
            return Ok(found);
        };
        from = past(began, id);
        for (began, id) in places {
            if asked.basis.as_at.is_some_and(|as_at| began >= as_at) {
                return Ok(found);
            }
            if let Some(row) = row::<P>(rows, log, id)? {
                found.extend(line::<P>(row, id, asked)?);
            }
            if found.len() > limit {
                return Ok(found);
            }
        }
    }
}

/// The records of a page and one more, if there is one, wherever the index has them now.
fn among_all<P: Counted>(
    rows: &impl Rows,
    log: &LogName,
    asked: &Asked<'_, P::Stands>,
    limit: usize,
) -> Result<Vec<Line<P::Stands>>, RowsError> {
    let prefix = timeline::of_kind_in(P::KIND, log);
    let mut found = BTreeMap::new();
    rows.scan(&prefix, &prefix, &mut |key, value| {
        let (_, aggregate) = timeline::read(P::KIND, key)?;
        if let Some(line) = line::<P>(Row::decode(value)?, aggregate.id, asked)? {
            found.insert((line.began, line.id), line);
            if found.len() > limit + 1 {
                found.pop_last();
            }
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(found.into_values().collect())
}

/// A record as it stood; `None` where the list does not have it, or an earlier page did.
fn line<P: Counted>(
    mut row: Row<P::Fact>,
    id: Uuid,
    asked: &Asked<'_, P::Stands>,
) -> Result<Option<Line<P::Stands>>, RowsError> {
    let entries = &mut row.timeline.entries;
    entries.retain(|entry| entry.sequence <= asked.position);
    let Some((stands, began)) = stand::<P>(&row, asked.basis)? else {
        return Ok(None);
    };
    let is_listed = match asked.listed {
        Listed::Open => P::is_open(&stands) == Some(true),
        Listed::All => true,
    };
    let fits = asked.fits.is_none_or(|fits| fits(&stands));
    let after = asked.after.as_ref();
    let comes = after.is_none_or(|end| (end.began, end.id) < (began, id));
    Ok((is_listed && fits && comes).then_some(Line {
        id,
        began,
        sample: row.sample,
        stands,
    }))
}

/// Whether the log holds an event of a record that cannot be read, or waits behind one: what it says
/// is not in the record.
///
/// # Errors
/// Only what is wrong with the rows.
pub fn is_held(
    rows: &impl Rows,
    log: &LogName,
    kind: AggregateKind,
    id: Uuid,
) -> Result<bool, RowsError> {
    let key = quarantine::waiting(log, AggregateId { kind, id });
    Ok(rows.get(&key)?.is_some())
}

/// Whether any record is held: where none is, as nearly always, nobody has to look for each.
///
/// # Errors
/// Only what is wrong with the rows.
pub fn any_is_held(rows: &impl Rows) -> Result<bool, RowsError> {
    let mut any = false;
    rows.scan(quarantine::WAITING, quarantine::WAITING, &mut |_, _| {
        any = true;
        Ok(ControlFlow::Break(()))
    })?;
    Ok(any)
}
