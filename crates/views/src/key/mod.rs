//! The families of keys. The first byte names the family; it is persisted and never reused.
//!
//! | byte | family | file |
//! |---|---|---|
//! | `T` | timelines of all aggregates | `timeline.rs` |
//! | `C` | counters | `counter.rs` |
//! | `L`, `A`, `O`, `K` | indexes: by last happening, all and open ones by beginning, linked ones | `index.rs` |
//! | `Q`, `H`, `F` | quarantined events, aggregates that wait, foreign messages | `quarantine.rs` |
//!
//! Names within keys end with a zero byte, which no name contains. Numbers are big-endian with the
//! sign bit flipped, so that keys order as the numbers do.

pub mod counter;
pub mod index;
pub mod quarantine;
pub mod timeline;

use jiff::Timestamp;
use townclerk_domain::names::LogName;
use uuid::Uuid;

use crate::rows::RowsError;

pub(crate) fn push_name(key: &mut Vec<u8>, name: &str) {
    key.extend_from_slice(name.as_bytes());
    key.push(0);
}

pub(crate) fn push_instant(key: &mut Vec<u8>, instant: Timestamp) {
    let flipped = instant.as_microsecond() ^ i64::MIN;
    key.extend_from_slice(&flipped.to_be_bytes());
}

/// Takes a key apart from its front.
pub(crate) struct KeyReader<'a> {
    family: &'static str,
    rest: &'a [u8],
}

impl<'a> KeyReader<'a> {
    pub fn new(family: &'static str, key: &'a [u8]) -> Self {
        let rest = key.get(1..).unwrap_or_default();
        Self { family, rest }
    }

    pub fn bytes<const N: usize>(&mut self) -> Result<[u8; N], RowsError> {
        let (bytes, rest) = self
            .rest
            .split_first_chunk::<N>()
            .ok_or_else(|| self.damaged("its key is too short"))?;
        self.rest = rest;
        Ok(*bytes)
    }

    pub fn name(&mut self) -> Result<&'a str, RowsError> {
        let end = self
            .rest
            .iter()
            .position(|byte| *byte == 0)
            .ok_or_else(|| self.damaged("a name in its key does not end"))?;
        let (name, rest) = self.rest.split_at(end);
        self.rest = &rest[1..];
        std::str::from_utf8(name).map_err(|_| self.damaged("a name in its key is not text"))
    }

    pub fn log(&mut self) -> Result<LogName, RowsError> {
        let name = self.name()?;
        LogName::new(name).map_err(|error| self.damaged(&error.to_string()))
    }

    pub fn uuid(&mut self) -> Result<Uuid, RowsError> {
        Ok(Uuid::from_bytes(self.bytes()?))
    }

    pub fn instant(&mut self) -> Result<Timestamp, RowsError> {
        let flipped = i64::from_be_bytes(self.bytes()?);
        Timestamp::from_microsecond(flipped ^ i64::MIN)
            .map_err(|error| self.damaged(&error.to_string()))
    }

    pub fn damaged(&self, why: &str) -> RowsError {
        RowsError::Damaged {
            family: self.family,
            why: why.to_owned(),
        }
    }
}
