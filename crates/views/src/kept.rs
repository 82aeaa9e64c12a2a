//! Every aggregate of one kind as it stood: for kinds of which there are few.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use jiff::Timestamp;
use townclerk_domain::decider::Decider;
use townclerk_domain::names::LogName;
use townclerk_domain::timeline::Standing;
use uuid::Uuid;

use crate::basis::Basis;
use crate::key::timeline;
use crate::lists;
use crate::row::Row;
use crate::rows::{Rows, RowsError};

/// An aggregate as it stood.
#[derive(Clone, Debug)]
pub struct Kept<S> {
    pub log: LogName,
    pub id: Uuid,
    pub sample: bool,
    /// When the last of its facts that count happened.
    pub last_happened: Option<Timestamp>,
    /// Whether its log holds a later event of it that cannot be read: what it says is not in `stands`.
    pub held: bool,
    pub stands: S,
}

impl<S> Kept<Option<S>> {
    /// Leaves out what was not there, or was voided.
    pub(crate) fn there(self) -> Option<Kept<S>> {
        let Self {
            log,
            id,
            sample,
            last_happened,
            held,
            stands,
        } = self;
        stands.map(|stands| Kept {
            log,
            id,
            sample,
            last_happened,
            held,
            stands,
        })
    }
}

/// Every aggregate of one kind, by log and id.
pub fn every<D: Decider>(rows: &impl Rows, basis: Basis) -> Result<Vec<Kept<D::State>>, RowsError> {
    of_prefix::<D>(rows, basis, &timeline::of_kind(D::KIND))
}

/// Every aggregate of one kind in one log, by id.
pub fn every_in<D: Decider>(
    rows: &impl Rows,
    basis: Basis,
    log: &LogName,
) -> Result<Vec<Kept<D::State>>, RowsError> {
    of_prefix::<D>(rows, basis, &timeline::of_kind_in(D::KIND, log))
}

/// Every aggregate of one kind that was there and not voided, of what logs held up to some positions,
/// by log and id.
///
/// # Errors
/// Only what is wrong with the rows.
pub fn there_up_to<D, S>(
    rows: &impl Rows,
    basis: Basis,
    positions: &BTreeMap<LogName, u64>,
) -> Result<Vec<Kept<S>>, RowsError>
where
    D: Decider<State = Option<S>>,
{
    let mut found = Vec::new();
    for (log, position) in positions {
        let prefix = timeline::of_kind_in(D::KIND, log);
        let kept = of_prefix_up_to::<D>(rows, basis, &prefix, *position)?;
        found.extend(kept.into_iter().filter_map(Kept::there));
    }
    Ok(found)
}

fn of_prefix<D: Decider>(
    rows: &impl Rows,
    basis: Basis,
    prefix: &[u8],
) -> Result<Vec<Kept<D::State>>, RowsError> {
    of_prefix_up_to::<D>(rows, basis, prefix, u64::MAX)
}

fn of_prefix_up_to<D: Decider>(
    rows: &impl Rows,
    basis: Basis,
    prefix: &[u8],
    position: u64,
) -> Result<Vec<Kept<D::State>>, RowsError> {
    let mut kept = Vec::new();
    let any_held = lists::any_is_held(rows)?;
    rows.scan(prefix, prefix, &mut |key, value| {
        let (log, aggregate) = timeline::read(D::KIND, key)?;
        let held = any_held && lists::is_held(rows, &log, D::KIND, aggregate.id)?;
        let mut row: Row<D::Fact> = Row::decode(value)?;
        row.timeline
            .entries
            .retain(|entry| entry.sequence <= position);
        let facts = facts(&row, basis)?;
        let stands = evolved::<D>(&facts);
        kept.push(Kept {
            log,
            id: aggregate.id,
            sample: row.sample,
            last_happened: facts.last().map(|last| last.happened),
            held,
            stands,
        });
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(kept)
}

/// The state after these facts, in order.
pub fn evolved<D: Decider>(facts: &[Standing<D::Fact>]) -> D::State {
    facts.iter().fold(D::State::default(), |state, standing| {
        D::evolve(state, &standing.fact, standing.happened)
    })
}

/// The facts of a row that count on a basis, in order; none where it was voided by then.
pub fn facts<F>(row: &Row<F>, basis: Basis) -> Result<Vec<Standing<F>>, RowsError>
where
    F: Clone + serde::Serialize + serde::de::DeserializeOwned,
{
    let mut facts = row.timeline.standing(basis.known_at)?.unwrap_or_default();
    if let Some(as_at) = basis.as_at {
        facts.retain(|standing| standing.happened < as_at);
    }
    Ok(facts)
}
