//! Where the numbers come from: counters, counters corrected by what happened late, or one pass
//! over all rows.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use townclerk_domain::identity::{AggregateId, AggregateKind};
use townclerk_domain::names::LogName;
use townclerk_domain::period::Month;
use townclerk_domain::service_terms::ServiceAgreements;
use uuid::Uuid;

use crate::agreed::agreed_service;
use crate::basis::Basis;
use crate::dimension::Mask;
use crate::key::counter::{self, Cell};
use crate::key::{index, timeline};
use crate::kinds::counted::CountedRows;
use crate::kinds::{counted, counted_by};
use crate::ledger::Ledger;
use crate::measure::Measure;
use crate::membership::Days;
use crate::rows::{Rows, RowsError};
use crate::tally::{CellKey, Grain, Slot, Tally};

/// Up to here, rows whose last happening is late are looked at one by one; beyond, one pass over
/// all rows is cheaper.
const LATE_ROWS_MAX: usize = 5_000;

/// Passes that are kept. Those over some days of one log are small.
const PASSES_KEPT: usize = 16;

/// Ledgers that are kept: each holds all changes, outages and posts of its logs.
const LEDGERS_KEPT: usize = 4;

/// The last folded sequence of each log: a pass is good as long as they stay.
pub type Positions = BTreeMap<LogName, u64>;

/// The numbers of one basis.
pub(super) struct Cells<'a, R> {
    /// Absent where the tally is complete by itself.
    counters: Option<&'a R>,
    tally: Arc<Tally>,
    /// By which measures records come to have a value.
    arrivals: &'static [Measure],
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

    /// The combinations of values that records have or had.
    pub fn values(&self, slot: &Slot, mask: Mask) -> Result<BTreeSet<Vec<String>>, RowsError> {
        let mut counts: BTreeMap<Vec<String>, i64> = BTreeMap::new();
        for measure in self.arrivals.iter().copied() {
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

    /// The first month in which `slot` came to have a record.
    pub fn first_month(&self, slot: &Slot) -> Result<Option<Month>, RowsError> {
        let mut first: Option<Month> = None;
        for measure in self.arrivals.iter().copied() {
            let key = CellKey {
                slot: slot.clone(),
                measure,
                mask: Mask::NONE,
                values: Vec::new(),
            };
            if let Some(counters) = self.counters {
                let prefix = counter::of_cell(&key);
                counters.scan(&prefix, &prefix, &mut |found, _| {
                    let month = counter::read(found, Mask::NONE)?.1;
                    first = first.into_iter().chain([month]).min();
                    Ok(ControlFlow::Break(()))
                })?;
            }
            let tallied = self.tally.cell(&key);
            let tallied = tallied.and_then(|buckets| buckets.keys().next().copied());
            first = first
                .into_iter()
                .chain(tallied.map(Month::from_number))
                .min();
        }
        Ok(first)
    }
}

/// What a tally was made for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct PassKey {
    /// Whether it corrects counters or is complete by itself.
    corrects: bool,
    kind: AggregateKind,
    basis: Basis,
    mask: Mask,
    grain: Grain,
    only: Option<(LogName, Days)>,
    ages: bool,
    positions: Positions,
}

/// The latest passes. One pass at a time: who waits for the same one finds it made, and who needs
/// none waits for nobody.
#[derive(Debug, Default)]
pub struct PassCache {
    kept: Mutex<Vec<(PassKey, Arc<Tally>)>>,
    ledgers: Mutex<Vec<(LedgerKey, Arc<Ledger>)>>,
    passing: Mutex<()>,
}

/// What a ledger was read for.
type LedgerKey = (Basis, BTreeSet<LogName>, Positions);

/// What is needed of the numbers.
pub(super) struct Wanted<'a> {
    /// The kind of aggregate that is counted.
    pub kind: AggregateKind,
    pub basis: Basis,
    pub mask: Mask,
    pub grain: Grain,
    /// Where a part is enough: what happened in one log on these days.
    pub only: Option<(LogName, Days)>,
    /// Whether it changes with time alone, without an event.
    pub ages: bool,
    pub positions: &'a Positions,
}

impl PassCache {
    /// Waits until no pass over all rows is under way; none begins while this is held.
    pub(crate) fn turn(&self) -> MutexGuard<'_, ()> {
        self.passing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn cells<'a, R: Rows>(
        &self,
        rows: &'a R,
        wanted: &Wanted<'_>,
    ) -> Result<Cells<'a, R>, RowsError> {
        let by_counters = wanted.basis.known_at.is_none()
            && counted_by(wanted.kind).contains(&wanted.mask)
            && wanted.grain == Grain::Month;
        if by_counters && let Some(tally) = self.late_corrections(rows, wanted)? {
            return Ok(Cells {
                counters: Some(rows),
                tally,
                arrivals: wanted.arrivals(),
            });
        }
        let key = wanted.key(false);
        let tally = match self.found(&key) {
            Some(tally) => tally,
            None => {
                let _turn = self.turn();
                match self.found(&key) {
                    Some(tally) => tally,
                    None => self.keep(key, pass(rows, wanted)?),
                }
            }
        };
        Ok(Cells {
            counters: None,
            tally,
            arrivals: wanted.arrivals(),
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
            only: None,
            ..*wanted
        };
        let key = counted.key(true);
        if let Some(found) = self.found(&key) {
            return Ok(Some(found));
        }
        let kind = wanted.kind;
        let happened = (
            index::by_last_happened(kind),
            index::last_happened_from(kind, as_at),
        );
        let ageing = (index::by_ageing(kind), index::ageing_from(kind, as_at));
        let mut late = BTreeSet::new();
        for (prefix, from) in std::iter::once(happened).chain(wanted.ages.then_some(ageing)) {
            rows.scan(&prefix, &from, &mut |key, _| {
                late.insert(index::read_last_happened(key)?);
                Ok(match late.len() > LATE_ROWS_MAX {
                    true => ControlFlow::Break(()),
                    false => ControlFlow::Continue(()),
                })
            })?;
        }
        if late.len() > LATE_ROWS_MAX {
            return Ok(None);
        }
        Ok(Some(self.keep(key, corrections(rows, late, wanted)?)))
    }

    /// The ledger of some logs on a basis, read at most once while the positions stay.
    pub(super) fn ledger<R: Rows>(
        &self,
        rows: &R,
        basis: Basis,
        logs: BTreeSet<LogName>,
        positions: &Positions,
    ) -> Result<Arc<Ledger>, RowsError> {
        // What has all happened before a moment is the same from any later one.
        if basis.as_at.is_some() {
            let whole = Basis {
                as_at: None,
                ..basis
            };
            let whole = self.ledger(rows, whole, logs.clone(), positions)?;
            if whole.last_happened < basis.as_at {
                return Ok(whole);
            }
        }
        let key = (basis, logs.clone(), positions.clone());
        let found = |kept: &[(LedgerKey, Arc<Ledger>)]| {
            let found = kept.iter().find(|(found, _)| *found == key);
            found.map(|(_, ledger)| Arc::clone(ledger))
        };
        let kept = || self.ledgers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ledger) = found(&kept()) {
            return Ok(ledger);
        }
        let _turn = self.turn();
        if let Some(ledger) = found(&kept()) {
            return Ok(ledger);
        }
        let ledger = Arc::new(Ledger::read(rows, basis, logs)?);
        let mut kept = kept();
        if kept.len() >= LEDGERS_KEPT {
            kept.remove(0);
        }
        kept.push((key.clone(), Arc::clone(&ledger)));
        Ok(ledger)
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
    fn arrivals(&self) -> &'static [Measure] {
        counted(self.kind).map_or(&[], |rows| rows.counters().arrivals)
    }

    fn key(&self, corrects: bool) -> PassKey {
        PassKey {
            corrects,
            kind: self.kind,
            basis: self.basis,
            mask: self.mask,
            grain: self.grain,
            only: self.only.clone(),
            ages: self.ages && corrects,
            positions: self.positions.clone(),
        }
    }
}

/// What the counters have too much because it happened at `as_at` or later.
fn corrections<R: Rows>(
    rows: &R,
    late: BTreeSet<(LogName, Uuid)>,
    wanted: &Wanted<'_>,
) -> Result<Tally, RowsError> {
    let mut adding = Adding::new(rows, wanted, counted_by(wanted.kind));
    for (log, id) in late {
        let kind = wanted.kind;
        let key = timeline::key(&log, AggregateId { kind, id });
        let Some(value) = rows.get(&key)? else {
            continue;
        };
        adding.add(&log, &value, Basis::default(), -1)?;
        adding.add(&log, &value, wanted.basis, 1)?;
    }
    Ok(adding.tally)
}

/// One pass over all aggregates of a kind, or those of one log, for all of its measures together.
fn pass<R: Rows>(rows: &R, wanted: &Wanted<'_>) -> Result<Tally, RowsError> {
    let mut masks = counted_by(wanted.kind);
    if !counted_by(wanted.kind).contains(&wanted.mask) {
        masks.push(wanted.mask);
    }
    let prefix = match &wanted.only {
        Some((log, _)) => timeline::of_kind_in(wanted.kind, log),
        None => timeline::of_kind(wanted.kind),
    };
    let mut adding = Adding::new(rows, wanted, masks);
    rows.scan(&prefix, &prefix, &mut |key, value| {
        let (log, _) = timeline::read(wanted.kind, key)?;
        adding.add(&log, value, wanted.basis, 1)?;
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(adding.tally)
}

/// A tally that grows row by row.
struct Adding<'a, R> {
    rows: &'a R,
    known_at: Option<Timestamp>,
    /// What the logs agreed on that were met so far.
    agreements: BTreeMap<LogName, ServiceAgreements>,
    tally: Tally,
    /// `None` where no counters are kept of the kind, and nothing is added.
    counted: Option<&'static dyn CountedRows>,
    masks: Vec<Mask>,
    grain: Grain,
    /// The time of which alone anything is added.
    within: Option<(Timestamp, Timestamp)>,
}

impl<'a, R: Rows> Adding<'a, R> {
    fn new(rows: &'a R, wanted: &Wanted<'_>, masks: Vec<Mask>) -> Self {
        Self {
            rows,
            known_at: wanted.basis.known_at,
            agreements: BTreeMap::new(),
            tally: Tally::default(),
            counted: counted(wanted.kind),
            masks,
            grain: wanted.grain,
            within: wanted
                .only
                .as_ref()
                .map(|(_, days)| (days.start(), days.end())),
        }
    }

    fn add(
        &mut self,
        log: &LogName,
        value: &[u8],
        basis: Basis,
        sign: i64,
    ) -> Result<(), RowsError> {
        if !self.agreements.contains_key(log) {
            let agreed = agreed_service(self.rows, log, self.known_at)?;
            self.agreements.insert(log.clone(), agreed.agreements);
        }
        let (Some(agreements), Some(rows)) = (self.agreements.get(log), self.counted) else {
            return Ok(());
        };
        let (mut found, sample) = rows.contributions(value, basis, agreements)?;
        if let Some((start, end)) = self.within {
            found.retain(|one| start <= one.at && one.at < end);
        }
        self.tally
            .add(log, &found, sample, &self.masks, self.grain, sign);
        Ok(())
    }
}
