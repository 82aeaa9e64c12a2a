//! Where the numbers come from: counters, counters corrected by what happened late, or one pass
//! over all rows.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use townclerk_domain::identity::{AggregateId, AggregateKind};
use townclerk_domain::names::LogName;
use townclerk_domain::period::Month;
use townclerk_domain::ticket::TicketFact;
use uuid::Uuid;

use crate::contributions::{Basis, contributions};
use crate::dimension::Mask;
use crate::key::counter::{self, Cell};
use crate::key::{index, timeline};
use crate::measure::Measure;
use crate::row::Row;
use crate::rows::{Rows, RowsError};
use crate::tally::{CellKey, Grain, Slot, Tally};

/// Up to here, rows whose last happening is late are looked at one by one; beyond, one pass over
/// all rows is cheaper.
const LATE_ROWS_MAX: usize = 5_000;

/// Passes that are kept.
const PASSES_KEPT: usize = 8;

/// The last folded sequence of each log: a pass is good as long as they stay.
pub type Positions = BTreeMap<LogName, u64>;

/// The numbers of one basis.
pub(super) struct Cells<'a, R> {
    /// Absent where the tally is complete by itself.
    counters: Option<&'a R>,
    tally: Arc<Tally>,
    grain: Grain,
}

impl<'a, R: Rows> Cells<'a, R> {
    /// The sum over a range of buckets (months or days), both inclusive.
    pub fn sum(&self, key: &CellKey, first: i32, last: i32) -> Result<Cell, RowsError> {
        let mut sum = Cell::default();
        if let Some(counters) = self.counters {
            let prefix = counter::of_cell(key);
            let from = counter::key(key, Month::from_number(first.max(0)));
            counters.scan(&prefix, &from, &mut |found, value| {
                let (_, month) = counter::read(found, key.mask)?;
                if month.number() > last {
                    return Ok(ControlFlow::Break(()));
                }
                sum.add(counter::decode(value)?);
                Ok(ControlFlow::Continue(()))
            })?;
        }
        let corrections = self.tally.cell(key).into_iter();
        for (_, cell) in corrections.flat_map(|buckets| buckets.range(first..=last)) {
            sum.add(*cell);
        }
        Ok(sum)
    }

    pub fn grain(&self) -> Grain {
        self.grain
    }

    /// The combinations of values that tickets have or had: each came to be by logging or by
    /// moving in, and neither measure ever cancels out.
    pub fn values(&self, slot: &Slot, mask: Mask) -> Result<BTreeSet<Vec<String>>, RowsError> {
        let mut counts: BTreeMap<Vec<String>, i64> = BTreeMap::new();
        for measure in [Measure::TicketsLogged, Measure::TicketsMovedIn] {
            for (values, count) in self.tally.totals(slot, measure, mask) {
                *counts.entry(values).or_default() += count;
            }
            let Some(counters) = self.counters else {
                continue;
            };
            let prefix = counter::of_mask(slot, measure, mask);
            counters.scan(&prefix, &prefix, &mut |key, value| {
                let (values, _) = counter::read(key, mask)?;
                *counts.entry(values).or_default() += counter::decode(value)?.delta;
                Ok(ControlFlow::Continue(()))
            })?;
        }
        counts.retain(|_, count| *count != 0);
        Ok(counts.into_keys().collect())
    }

    /// The first month in which anything was counted in `slot`.
    pub fn first_month(&self, slot: &Slot) -> Result<Option<Month>, RowsError> {
        let key = CellKey {
            slot: slot.clone(),
            measure: Measure::TicketsLogged,
            mask: Mask::NONE,
            values: Vec::new(),
        };
        let mut first = None;
        if let Some(counters) = self.counters {
            let prefix = counter::of_cell(&key);
            counters.scan(&prefix, &prefix, &mut |found, _| {
                first = Some(counter::read(found, Mask::NONE)?.1);
                Ok(ControlFlow::Break(()))
            })?;
        }
        let tallied = self.tally.cell(&key);
        let tallied = tallied.and_then(|buckets| buckets.keys().next().copied());
        let tallied = tallied.map(Month::from_number);
        Ok(first.into_iter().chain(tallied).min())
    }
}

/// What a tally was made for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct PassKey {
    /// Whether it corrects counters or is complete by itself.
    corrects: bool,
    basis: Basis,
    mask: Mask,
    grain: Grain,
    positions: Positions,
}

/// The latest passes. One pass at a time: who waits for the same one finds it made, and who needs
/// none waits for nobody.
#[derive(Debug, Default)]
pub struct PassCache {
    kept: Mutex<Vec<(PassKey, Arc<Tally>)>>,
    passing: Mutex<()>,
}

/// What is needed of the numbers.
pub(super) struct Wanted<'a> {
    pub basis: Basis,
    pub mask: Mask,
    pub grain: Grain,
    pub positions: &'a Positions,
}

impl PassCache {
    pub(super) fn cells<'a, R: Rows>(
        &self,
        rows: &'a R,
        wanted: &Wanted<'_>,
    ) -> Result<Cells<'a, R>, RowsError> {
        let grain = wanted.grain;
        let by_counters =
            wanted.basis.known_at.is_none() && wanted.mask.is_counted() && grain == Grain::Month;
        if by_counters && let Some(tally) = self.late_corrections(rows, wanted)? {
            return Ok(Cells {
                counters: Some(rows),
                tally,
                grain,
            });
        }
        let key = wanted.key(false);
        let tally = match self.found(&key) {
            Some(tally) => tally,
            None => {
                let _turn = self.passing.lock().unwrap_or_else(PoisonError::into_inner);
                match self.found(&key) {
                    Some(tally) => tally,
                    None => self.keep(key, pass(rows, wanted)?),
                }
            }
        };
        Ok(Cells {
            counters: None,
            tally,
            grain,
        })
    }

    /// What must be taken from the counters because it happened at `as_at` or later; `None` if
    /// that is too much to look at one by one.
    fn late_corrections<R: Rows>(
        &self,
        rows: &R,
        wanted: &Wanted<'_>,
    ) -> Result<Option<Arc<Tally>>, RowsError> {
        let Some(as_at) = wanted.basis.as_at else {
            return Ok(Some(Arc::default()));
        };
        // All counted masks are corrected together.
        let counted = Wanted {
            mask: Mask::NONE,
            ..*wanted
        };
        let key = counted.key(true);
        if let Some(found) = self.found(&key) {
            return Ok(Some(found));
        }
        let mut late = Vec::new();
        let from = index::last_happened_from(as_at);
        rows.scan(index::BY_LAST_HAPPENED, &from, &mut |key, _| {
            late.push(index::read_last_happened(key)?);
            Ok(match late.len() > LATE_ROWS_MAX {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            })
        })?;
        if late.len() > LATE_ROWS_MAX {
            return Ok(None);
        }
        Ok(Some(self.keep(key, corrections(rows, late, wanted)?)))
    }

    fn found(&self, key: &PassKey) -> Option<Arc<Tally>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter().find(|(found, _)| found == key);
        found.map(|(_, tally)| Arc::clone(tally))
    }

    fn keep(&self, key: PassKey, tally: Tally) -> Arc<Tally> {
        let tally = Arc::new(tally);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= PASSES_KEPT {
            kept.remove(0);
        }
        kept.push((key, Arc::clone(&tally)));
        tally
    }
}

impl Wanted<'_> {
    fn key(&self, corrects: bool) -> PassKey {
        PassKey {
            corrects,
            basis: self.basis,
            mask: self.mask,
            grain: self.grain,
            positions: self.positions.clone(),
        }
    }
}

/// What the counters have too much because it happened at `as_at` or later.
fn corrections<R: Rows>(
    rows: &R,
    late: Vec<(LogName, Uuid)>,
    wanted: &Wanted<'_>,
) -> Result<Tally, RowsError> {
    let masks = Mask::counted();
    let mut tally = Tally::default();
    for (log, id) in late {
        let kind = AggregateKind::Ticket;
        let key = timeline::key(&log, AggregateId { kind, id });
        let Some(value) = rows.get(&key)? else {
            continue;
        };
        let row = Row::decode(&value)?;
        add(
            &mut tally,
            &log,
            &row,
            Basis::default(),
            &masks,
            wanted.grain,
            -1,
        )?;
        add(
            &mut tally,
            &log,
            &row,
            wanted.basis,
            &masks,
            wanted.grain,
            1,
        )?;
    }
    Ok(tally)
}

/// One pass over all tickets, for all measures together.
fn pass<R: Rows>(rows: &R, wanted: &Wanted<'_>) -> Result<Tally, RowsError> {
    let mut masks = Mask::counted();
    if !wanted.mask.is_counted() {
        masks.push(wanted.mask);
    }
    let prefix = timeline::of_kind(AggregateKind::Ticket);
    let mut tally = Tally::default();
    rows.scan(&prefix, &prefix, &mut |key, value| {
        let (log, _) = timeline::read(AggregateKind::Ticket, key)?;
        let row = Row::decode(value)?;
        add(
            &mut tally,
            &log,
            &row,
            wanted.basis,
            &masks,
            wanted.grain,
            1,
        )?;
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(tally)
}

fn add(
    tally: &mut Tally,
    log: &LogName,
    row: &Row<TicketFact>,
    basis: Basis,
    masks: &[Mask],
    grain: Grain,
    sign: i64,
) -> Result<(), RowsError> {
    let found = contributions(row, basis)?;
    tally.add(log, &found, row.sample, masks, grain, sign);
    Ok(())
}
