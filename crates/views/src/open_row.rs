//! The row of an aggregate while a batch is folded: entries are appended in their encoding, so that
//! what an event costs does not grow with the length of its aggregate's timeline.

use serde::Serialize;
use serde::de::DeserializeOwned;
use townclerk_domain::timeline::Entry;

use crate::row::{Row, damaged};
use crate::rows::RowsError;

/// The encoding of a [`Row`], taken apart.
#[derive(Clone, Debug, Default)]
pub(crate) struct OpenRow {
    sample: bool,
    /// Of each entry the first bytes of its event id.
    ids: Vec<[u8; 8]>,
    /// The encodings of all entries, one after the other.
    entries: Vec<u8>,
    /// Whether the batch appended anything.
    pub changed: bool,
    /// Whether an earlier event of the aggregate is quarantined.
    pub waits: bool,
}

impl OpenRow {
    /// Takes a stored row apart; all of it must be readable.
    pub fn of<F: Serialize + DeserializeOwned>(value: &[u8]) -> Result<Self, RowsError> {
        let row: Row<F> = Row::decode(value)?;
        let mut open = Self::default();
        for entry in &row.timeline.entries {
            open.append(entry, row.sample)?;
        }
        open.changed = false;
        Ok(open)
    }

    /// Whether an event with this id is in the timeline.
    pub fn holds(&self, id: [u8; 8]) -> bool {
        self.ids.contains(&id)
    }

    pub fn append<F: Serialize>(
        &mut self,
        entry: &Entry<F>,
        sample: bool,
    ) -> Result<(), RowsError> {
        let entries = std::mem::take(&mut self.entries);
        self.entries = postcard::to_extend(entry, entries).map_err(damaged)?;
        self.ids.push(entry.id);
        self.sample |= sample;
        self.changed = true;
        Ok(())
    }

    /// The row as it is stored.
    pub fn value(&self) -> Result<Vec<u8>, RowsError> {
        // A sequence is encoded as its length and then its elements.
        let head = postcard::to_stdvec(&(self.sample, self.ids.len())).map_err(damaged)?;
        Ok([head.as_slice(), &self.entries].concat())
    }
}

#[cfg(test)]
mod tests {
    use townclerk_domain::amendment::Recordable;
    use townclerk_domain::ticket::{Started, TicketFact, Triaged};
    use townclerk_domain::timeline::Timeline;

    use super::*;

    fn entry(number: u8) -> Entry<TicketFact> {
        let at = jiff::Timestamp::constant(1_500_000_000 + i64::from(number), 0);
        let fact = match number % 2 {
            0 => TicketFact::Triaged(Triaged {}),
            _ => TicketFact::Started(Started {}),
        };
        Entry {
            happened: at,
            known: at,
            sequence: u64::from(number) * 1_000,
            id: [number; 8],
            what: Recordable::Fact(fact),
        }
    }

    #[test]
    fn what_was_appended_is_encoded_as_the_whole_row_is() {
        // More than 127 entries take two bytes for their number.
        for count in [1, 2, 127, 128, 200] {
            let entries: Vec<_> = (0..count).map(entry).collect();
            let row = Row {
                sample: true,
                timeline: Timeline { entries },
            };
            let mut open = OpenRow::default();
            for (number, entry) in row.timeline.entries.iter().enumerate() {
                open.append(entry, number == 0).unwrap();
            }
            let whole = row.encode().unwrap();
            assert_eq!(open.value().unwrap(), whole);
            let again = OpenRow::of::<TicketFact>(&whole).unwrap();
            assert_eq!(again.value().unwrap(), whole);
            assert!(again.holds([0; 8]) && !again.holds([255; 8]) && !again.changed);
        }
    }
}
