//! What could not be folded.
//!
//! - `Q`, log, 0, sequence (8 bytes) → [`Quarantined`]: an event that could not be read or folded,
//!   or one that waits behind such an event.
//! - `H`, log, 0, kind token, 0, id (16 bytes), empty value: the aggregates whose events wait.
//! - `F`, log, 0, sequence (8 bytes) → why a message is foreign, as text.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};
use townclerk_domain::identity::{AggregateId, Family};
use townclerk_domain::names::LogName;

use super::{KeyReader, push_name};
use crate::rows::{Rows, RowsError};

const FAMILY: &str = "quarantine";

/// Why an event is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Why {
    /// This version cannot read it; a later one may.
    Unreadable,
    /// It is readable and does not fit what is recorded before it.
    Unfit,
    /// It is readable and waits behind another event of its aggregate.
    Waits,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined {
    /// The family whose figures it may touch; any, where that is unknown.
    pub family: Option<Family>,
    pub reason: String,
    pub why: Why,
}

fn numbered(byte: u8, log: &LogName, sequence: u64) -> Vec<u8> {
    let mut key = vec![byte];
    push_name(&mut key, log.as_str());
    key.extend_from_slice(&sequence.to_be_bytes());
    key
}

pub fn quarantined(log: &LogName, sequence: u64) -> Vec<u8> {
    numbered(b'Q', log, sequence)
}

fn quarantined_in(log: &LogName) -> Vec<u8> {
    let mut key = vec![b'Q'];
    push_name(&mut key, log.as_str());
    key
}

pub fn foreign(log: &LogName, sequence: u64) -> Vec<u8> {
    numbered(b'F', log, sequence)
}

/// Visits the quarantined events of a log.
pub fn each_quarantined(
    rows: &impl Rows,
    log: &LogName,
    mut visit: impl FnMut(u64, Quarantined),
) -> Result<(), RowsError> {
    let prefix = quarantined_in(log);
    rows.scan(&prefix, &prefix, &mut |key, value| {
        visit(read_sequence(key)?, decode(value)?);
        Ok(ControlFlow::Continue(()))
    })
}

/// Visits the foreign messages of a log, each with the reason.
pub fn each_foreign(
    rows: &impl Rows,
    log: &LogName,
    mut visit: impl FnMut(u64, String),
) -> Result<(), RowsError> {
    let mut prefix = vec![b'F'];
    push_name(&mut prefix, log.as_str());
    rows.scan(&prefix, &prefix, &mut |key, value| {
        visit(
            read_sequence(key)?,
            String::from_utf8_lossy(value).into_owned(),
        );
        Ok(ControlFlow::Continue(()))
    })
}

/// The sequence in a key of either family.
fn read_sequence(key: &[u8]) -> Result<u64, RowsError> {
    let mut reader = KeyReader::new(FAMILY, key);
    reader.name()?;
    Ok(u64::from_be_bytes(reader.bytes()?))
}

/// Before the keys of all that waits.
pub const WAITING: &[u8] = b"H";

pub fn waiting(log: &LogName, aggregate: AggregateId) -> Vec<u8> {
    let mut key = WAITING.to_vec();
    push_name(&mut key, log.as_str());
    push_name(&mut key, aggregate.kind.token());
    key.extend_from_slice(aggregate.id.as_bytes());
    key
}

pub fn encode(quarantined: &Quarantined) -> Result<Vec<u8>, RowsError> {
    postcard::to_stdvec(quarantined).map_err(damaged)
}

pub fn decode(value: &[u8]) -> Result<Quarantined, RowsError> {
    postcard::from_bytes(value).map_err(damaged)
}

fn damaged(error: postcard::Error) -> RowsError {
    RowsError::Damaged {
        family: FAMILY,
        why: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_read_back_as_written() {
        let log = LogName::new("brent").unwrap();
        for key in [quarantined(&log, 77), foreign(&log, 77)] {
            assert_eq!(read_sequence(&key).unwrap(), 77);
        }
        let value = Quarantined {
            family: Some(Family::Ticket),
            reason: "unknown version".to_owned(),
            why: Why::Waits,
        };
        assert_eq!(decode(&encode(&value).unwrap()).unwrap(), value);
    }
}
