//! Indexes of tickets. The values are empty.
//!
//! - `L`, last happened (8 bytes), log, 0, id (16 bytes): what changed lately.
//! - `A` and `O`, log, 0, logged (8 bytes), id (16 bytes): all tickets, and the open ones, by when
//!   they were logged.

use jiff::Timestamp;
use townclerk_domain::names::LogName;
use uuid::Uuid;

use super::{KeyReader, push_instant, push_name};
use crate::rows::RowsError;

const FAMILY: &str = "ticket index";

/// Which tickets a list holds.
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

pub const BY_LAST_HAPPENED: &[u8] = b"L";

/// The first key of whatever happened at `instant` or later.
pub fn last_happened_from(instant: Timestamp) -> Vec<u8> {
    let mut key = BY_LAST_HAPPENED.to_vec();
    push_instant(&mut key, instant);
    key
}

pub fn last_happened(instant: Timestamp, log: &LogName, id: Uuid) -> Vec<u8> {
    let mut key = last_happened_from(instant);
    push_name(&mut key, log.as_str());
    key.extend_from_slice(id.as_bytes());
    key
}

pub fn read_last_happened(key: &[u8]) -> Result<(LogName, Uuid), RowsError> {
    let mut reader = KeyReader::new(FAMILY, key);
    reader.instant()?;
    Ok((reader.log()?, reader.uuid()?))
}

pub fn listed_in(listed: Listed, log: &LogName) -> Vec<u8> {
    let mut key = vec![listed.byte()];
    push_name(&mut key, log.as_str());
    key
}

pub fn listed(listed: Listed, log: &LogName, logged: Timestamp, id: Uuid) -> Vec<u8> {
    let mut key = listed_in(listed, log);
    push_instant(&mut key, logged);
    key.extend_from_slice(id.as_bytes());
    key
}

pub fn read_listed(key: &[u8]) -> Result<(Timestamp, Uuid), RowsError> {
    let mut reader = KeyReader::new(FAMILY, key);
    reader.name()?;
    Ok((reader.instant()?, reader.uuid()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_read_back_as_written_and_order_as_time_does() {
        let log = LogName::new("brent").unwrap();
        let id = Uuid::from_u128(9);
        let early: Timestamp = "1969-12-31T23:59:59Z".parse().unwrap();
        let late: Timestamp = "2020-08-21T23:00:00.5Z".parse().unwrap();
        let key = listed(Listed::Open, &log, late, id);
        assert_eq!(read_listed(&key).unwrap(), (late, id));
        assert!(listed(Listed::Open, &log, early, id) < key);
        let key = last_happened(late, &log, id);
        assert_eq!(read_last_happened(&key).unwrap(), (log, id));
        assert!(last_happened_from(early) < key);
    }
}
