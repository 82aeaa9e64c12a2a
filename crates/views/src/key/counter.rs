//! `C`, slot, 0, measure (1 byte), mask (4 bytes), values each ended by 0, month (4 bytes)
//! → a [`Cell`].
//!
//! A slot is a log, or what of the shared log hits one council: `shared/brent`. The mask says
//! which dimensions the values belong to.

use std::error::Error;
use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};
use townclerk_domain::names::{Code, SHARED};
use townclerk_domain::period::Month;

use super::{KeyReader, push_name};
use crate::contribution::Attributes;
use crate::dimension::Mask;
use crate::measure::Measure;
use crate::rows::{Rows, RowsError};
use crate::tally::{CellKey, Slot};

const FAMILY: &str = "counter";

/// What a measure changed by in one month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    pub delta: i64,
    /// How many of the contributions were made up for a demonstration.
    pub sample: i64,
}

impl Cell {
    pub fn add(&mut self, other: Self) {
        self.delta += other.delta;
        self.sample += other.sample;
    }

    pub fn negated(self) -> Self {
        Self {
            delta: -self.delta,
            sample: -self.sample,
        }
    }

    pub fn is_zero(self) -> bool {
        self == Self::default()
    }
}

/// All counters of one measure and mask in one slot.
pub fn of_mask(slot: &Slot, measure: Measure, mask: Mask) -> Vec<u8> {
    let mut key = vec![b'C'];
    push_name(&mut key, &slot.to_string());
    key.push(measure.byte());
    key.extend_from_slice(&mask.bits().to_be_bytes());
    key
}

/// The councils that shared records hit, as far as there are counters of it.
pub fn councils_hit(rows: &impl Rows) -> Result<Vec<Code>, RowsError> {
    let mut prefix = vec![b'C'];
    prefix.extend_from_slice(format!("{SHARED}/").as_bytes());
    let mut from = prefix.clone();
    let mut councils = Vec::new();
    loop {
        let mut next = None;
        rows.scan(&prefix, &from, &mut |key, _| {
            next = Some(KeyReader::new(FAMILY, key).name()?.to_owned());
            Ok(ControlFlow::Break(()))
        })?;
        let Some(slot) = next else {
            return Ok(councils);
        };
        let council = slot.split_once('/').map_or("", |(_, council)| council);
        councils.push(Code::new(council).map_err(|error| damaged(&error))?);
        // Names end with a zero byte: the next slot comes after all that have a one there.
        from = vec![b'C'];
        from.extend_from_slice(slot.as_bytes());
        from.push(1);
    }
}

/// All months of one cell.
pub fn of_cell(cell: &CellKey) -> Vec<u8> {
    let mut key = of_mask(&cell.slot, cell.measure, cell.mask);
    for value in &cell.values {
        push_name(&mut key, value);
    }
    key
}

pub fn key(cell: &CellKey, month: Month) -> Vec<u8> {
    let mut key = of_cell(cell);
    key.extend_from_slice(&month_bytes(month));
    key
}

/// Writes the key of a record with these attributes behind what is there; whether it has all
/// values of the mask. The slot is given in parts, as [`Slot`] shows it.
pub(crate) fn write_key(
    key: &mut Vec<u8>,
    slot: &[&str],
    measure: Measure,
    mask: Mask,
    attributes: &dyn Attributes,
    month: Month,
) -> bool {
    key.push(b'C');
    for part in slot {
        key.extend_from_slice(part.as_bytes());
    }
    key.extend_from_slice(&[0, measure.byte()]);
    key.extend_from_slice(&mask.bits().to_be_bytes());
    for dimension in mask.dimensions() {
        let Some(value) = attributes.value(dimension) else {
            return false;
        };
        push_name(key, value);
    }
    key.extend_from_slice(&month_bytes(month));
    true
}

fn month_bytes(month: Month) -> [u8; 4] {
    (month.number() ^ i32::MIN).to_be_bytes()
}

/// The values and the month of a key with a known number of values.
pub fn read(key: &[u8], mask: Mask) -> Result<(Vec<String>, Month), RowsError> {
    let mut reader = KeyReader::new(FAMILY, key);
    reader.name()?;
    reader.bytes::<5>()?;
    let mut values = Vec::with_capacity(mask.len());
    for _ in 0..mask.len() {
        values.push(reader.name()?.to_owned());
    }
    let number = i32::from_be_bytes(reader.bytes()?) ^ i32::MIN;
    Ok((values, Month::from_number(number)))
}

pub fn encode(cell: Cell) -> Result<Vec<u8>, RowsError> {
    postcard::to_stdvec(&cell).map_err(|error| damaged(&error))
}

pub fn decode(value: &[u8]) -> Result<Cell, RowsError> {
    postcard::from_bytes(value).map_err(|error| damaged(&error))
}

fn damaged(error: &dyn Error) -> RowsError {
    RowsError::Damaged {
        family: FAMILY,
        why: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dimension::Dimension;

    #[test]
    fn a_key_reads_back_as_written() {
        let cell = CellKey {
            slot: Slot::Log("brent".parse().unwrap()),
            measure: Measure::TicketsLogged,
            mask: Mask::of([Dimension::Kind, Dimension::Priority]),
            values: vec!["incident".to_owned(), "p1".to_owned()],
        };
        let month = "2019-07".parse().unwrap();
        let key = key(&cell, month);
        assert_eq!(read(&key, cell.mask).unwrap(), (cell.values, month));
    }

    #[test]
    fn months_order_as_time_does() {
        let bytes = |text: &str| month_bytes(text.parse().unwrap());
        assert!(bytes("2018-12") < bytes("2019-01"));
    }

    #[test]
    fn a_cell_reads_back_as_written() {
        let cell = Cell {
            delta: -3,
            sample: 2,
        };
        assert_eq!(decode(&encode(cell).unwrap()).unwrap(), cell);
    }
}
