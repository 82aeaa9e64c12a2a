//! Indexes of counted and listed aggregates. The values are empty; the kind is its byte of the
//! timelines' keys.
//!
//! - `L`, kind, last happened (8 bytes), log, 0, id (16 bytes): what changed lately.
//! - `G`, kind, instant (8 bytes), log, 0, id (16 bytes): what will be an aged one from then on.
//! - `A` and `O`, kind, log, 0, first happened (8 bytes), id (16 bytes): all of a kind, and the open
//!   ones, by when they began.
//! - `K`, kind, log, 0, id (16 bytes): what was ever linked to other records.

use jiff::Timestamp;
use townclerk_domain::identity::AggregateKind;
use townclerk_domain::names::LogName;
use uuid::Uuid;

use super::{KeyReader, push_instant, push_name};
use crate::rows::RowsError;

const FAMILY: &str = "index";

/// Which aggregates a list holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    All,
    Open,
}

impl Listed {
    fn byte(self) -> u8 {
        match self {
            Self::All => b'A',
            Self::Open => b'O',
        }
    }
}

/// All of one kind by when something last happened to them.
pub fn by_last_happened(kind: AggregateKind) -> Vec<u8> {
    vec![b'L', kind.byte()]
}

/// The first key of whatever happened at `instant` or later.
pub fn last_happened_from(kind: AggregateKind, instant: Timestamp) -> Vec<u8> {
    let mut key = by_last_happened(kind);
    push_instant(&mut key, instant);
    key
}

pub fn last_happened(kind: AggregateKind, instant: Timestamp, log: &LogName, id: Uuid) -> Vec<u8> {
    let mut key = last_happened_from(kind, instant);
    push_name(&mut key, log.as_str());
    key.extend_from_slice(id.as_bytes());
    key
}

/// All of one kind by when they will be aged ones.
pub fn by_ageing(kind: AggregateKind) -> Vec<u8> {
    vec![b'G', kind.byte()]
}

/// The first key of whatever will be an aged one from `instant` on or later.
pub fn ageing_from(kind: AggregateKind, instant: Timestamp) -> Vec<u8> {
    let mut key = by_ageing(kind);
    push_instant(&mut key, instant);
    key
}

pub fn ageing(kind: AggregateKind, instant: Timestamp, log: &LogName, id: Uuid) -> Vec<u8> {
    let mut key = ageing_from(kind, instant);
    push_name(&mut key, log.as_str());
    key.extend_from_slice(id.as_bytes());
    key
}

/// Of a key by when something last happened, or by when it ages.
pub fn read_last_happened(key: &[u8]) -> Result<(LogName, Uuid), RowsError> {
    let mut reader = KeyReader::new(FAMILY, key);
    reader.bytes::<1>()?;
    reader.instant()?;
    Ok((reader.log()?, reader.uuid()?))
}

pub fn listed_in(listed: Listed, kind: AggregateKind, log: &LogName) -> Vec<u8> {
    let mut key = vec![listed.byte(), kind.byte()];
    push_name(&mut key, log.as_str());
    key
}

pub fn listed(
    listed: Listed,
    kind: AggregateKind,
    log: &LogName,
    first: Timestamp,
    id: Uuid,
) -> Vec<u8> {
    let mut key = listed_in(listed, kind, log);
    push_instant(&mut key, first);
    key.extend_from_slice(id.as_bytes());
    key
}

pub fn read_listed(key: &[u8]) -> Result<(Timestamp, Uuid), RowsError> {
    let mut reader = KeyReader::new(FAMILY, key);
    reader.bytes::<1>()?;
    reader.name()?;
    Ok((reader.instant()?, reader.uuid()?))
}

/// Everything of one kind that was ever linked.
pub fn linked_of(kind: AggregateKind) -> Vec<u8> {
    vec![b'K', kind.byte()]
}

pub fn linked(kind: AggregateKind, log: &LogName, id: Uuid) -> Vec<u8> {
    let mut key = linked_of(kind);
    push_name(&mut key, log.as_str());
    key.extend_from_slice(id.as_bytes());
    key
}

pub fn read_linked(key: &[u8]) -> Result<(LogName, Uuid), RowsError> {
    let mut reader = KeyReader::new(FAMILY, key);
    reader.bytes::<1>()?;
    Ok((reader.log()?, reader.uuid()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICKET: AggregateKind = AggregateKind::Ticket;

    #[test]
    fn keys_read_back_as_written_and_order_as_time_does() {
        let log = LogName::new("brent").unwrap();
        let id = Uuid::from_u128(9);
        let early: Timestamp = "1969-12-31T23:59:59Z".parse().unwrap();
        let late: Timestamp = "2020-08-21T23:00:00.5Z".parse().unwrap();
        let key = listed(Listed::Open, TICKET, &log, late, id);
        assert_eq!(read_listed(&key).unwrap(), (late, id));
        assert!(listed(Listed::Open, TICKET, &log, early, id) < key);
        let key = last_happened(TICKET, late, &log, id);
        assert_eq!(read_last_happened(&key).unwrap(), (log.clone(), id));
        assert!(last_happened_from(TICKET, early) < key);
        let key = ageing(TICKET, late, &log, id);
        assert_eq!(read_last_happened(&key).unwrap(), (log.clone(), id));
        assert!(ageing_from(TICKET, early) < key);
        let key = linked(TICKET, &log, id);
        assert_eq!(read_linked(&key).unwrap(), (log, id));
    }
}
