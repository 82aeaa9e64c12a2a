//! `T`, kind (1 byte), log, 0, id (16 bytes) → the row of an aggregate, see [`crate::row::Row`].

use townclerk_domain::identity::{AggregateId, AggregateKind};
use townclerk_domain::names::LogName;

use super::{KeyReader, push_name};
use crate::rows::RowsError;

const FAMILY: &str = "timeline";

/// All timelines of one kind.
pub fn of_kind(kind: AggregateKind) -> Vec<u8> {
    vec![b'T', kind.byte()]
}

/// All timelines of one kind in one log.
pub fn of_kind_in(kind: AggregateKind, log: &LogName) -> Vec<u8> {
    let mut key = of_kind(kind);
    push_name(&mut key, log.as_str());
    key
}

pub fn key(log: &LogName, aggregate: AggregateId) -> Vec<u8> {
    let mut key = of_kind_in(aggregate.kind, log);
    key.extend_from_slice(aggregate.id.as_bytes());
    key
}

pub fn read(kind: AggregateKind, key: &[u8]) -> Result<(LogName, AggregateId), RowsError> {
    let mut reader = KeyReader::new(FAMILY, key);
    reader.bytes::<1>()?;
    let log = reader.log()?;
    let id = reader.uuid()?;
    Ok((log, AggregateId { kind, id }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_as_written() {
        let log = LogName::new("brent").unwrap();
        for kind in AggregateKind::ALL {
            let aggregate = AggregateId {
                kind,
                id: uuid::Uuid::from_u128(7),
            };
            let key = key(&log, aggregate);
            assert!(key.starts_with(&of_kind(kind)));
            assert_eq!(read(kind, &key).unwrap(), (log.clone(), aggregate));
        }
    }
}
