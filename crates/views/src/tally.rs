//! Sums of contributions by cell and month, or by cell and day.

use std::collections::BTreeMap;
use std::fmt;

use townclerk_domain::names::{Code, LogName, SHARED};
use townclerk_domain::period::{Month, london_day};

use crate::contribution::Contribution;
use crate::dimension::Mask;
use crate::key::counter::Cell;
use crate::measure::Measure;

/// Whose count a contribution goes to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Slot {
    /// The records of one log.
    Log(LogName),
    /// The records of the shared log that hit one council. They stand beside that council's own.
    SharedFor(Code),
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Log(log) => log.fmt(f),
            Self::SharedFor(council) => write!(f, "{SHARED}/{council}"),
        }
    }
}

/// One cell: the dimensions of the mask have these values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellKey {
    pub slot: Slot,
    pub measure: Measure,
    pub mask: Mask,
    /// In the order of the mask's dimensions.
    pub values: Vec<String>,
}

/// How finely time is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grain {
    Month,
    Day,
}

impl Grain {
    pub fn bucket(self, at: jiff::Timestamp) -> i32 {
        match self {
            Self::Month => Month::of(at).number(),
            Self::Day => day_number(london_day(at)),
        }
    }
}

/// Days in an order that has no gaps that matter: only equality and order are used.
pub fn day_number(day: jiff::civil::Date) -> i32 {
    i32::from(day.year()) * 400 + i32::from(day.day_of_year())
}

/// Sums of contributions.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    cells: BTreeMap<CellKey, BTreeMap<i32, Cell>>,
}

/// The slots that a record of `log` with such a contribution counts in.
fn slots(log: &LogName, contribution: &Contribution) -> Vec<Slot> {
    let own = Slot::Log(log.clone());
    let hit = contribution.attributes.councils().cloned();
    std::iter::once(own)
        .chain(hit.map(Slot::SharedFor))
        .collect()
}

impl Tally {
    /// Adds (`sign` 1) or takes away (`sign` -1) what a record contributes, under each mask.
    pub fn add(
        &mut self,
        log: &LogName,
        contributions: &[Contribution],
        sample: bool,
        masks: &[Mask],
        grain: Grain,
        sign: i64,
    ) {
        for contribution in contributions {
            let bucket = grain.bucket(contribution.at);
            let change = Cell {
                delta: contribution.delta * sign,
                sample: i64::from(sample) * sign,
            };
            for slot in slots(log, contribution) {
                for mask in masks {
                    let Some(values) = contribution.attributes.values(*mask) else {
                        continue;
                    };
                    if contribution.stays(*mask) {
                        continue;
                    }
                    let key = CellKey {
                        slot: slot.clone(),
                        measure: contribution.measure,
                        mask: *mask,
                        values,
                    };
                    let cell = self
                        .cells
                        .entry(key)
                        .or_default()
                        .entry(bucket)
                        .or_default();
                    cell.add(change);
                }
            }
        }
    }

    pub fn cell(&self, key: &CellKey) -> Option<&BTreeMap<i32, Cell>> {
        self.cells.get(key)
    }

    /// The combinations of values that occur, each with its sum over all time.
    pub fn totals(
        &self,
        slot: &Slot,
        measure: Measure,
        mask: Mask,
    ) -> impl Iterator<Item = (Vec<String>, i64)> {
        self.cells
            .iter()
            .filter(move |(key, _)| key.slot == *slot && key.measure == measure && key.mask == mask)
            .map(|(key, buckets)| {
                let total = buckets.values().map(|cell| cell.delta).sum();
                (key.values.clone(), total)
            })
    }
}
