//! The fold: recorded events in, row changes out. A batch of any size gives the same rows.
//!
//! Events first go into timelines. When a batch is complete, counters and indexes follow from the
//! difference between each touched aggregate's old and new row, so the work for each is done once
//! per batch: live batches are small, a rebuild is one batch.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use townclerk_domain::amendment::Recordable;
use townclerk_domain::event::{Event, Recorded};
use townclerk_domain::identity::AggregateId;
use townclerk_domain::names::LogName;
use townclerk_domain::period::Month;
use townclerk_domain::timeline::Entry;

use crate::dimension::Mask;
use crate::key::quarantine::Why;
use crate::key::{counter, quarantine, timeline};
use crate::projected::{Projection, is_projected, projection};
use crate::row::Row;
use crate::rows::{Changes, Overlay, Rows, RowsError};
use crate::tally::{Grain, Tally};

/// One message of a log, as far as it could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    Event(Box<Recorded<Event>>),
    /// Ours, but this version cannot read it.
    Unreadable {
        aggregate: Option<AggregateId>,
        recorded: Option<Timestamp>,
        reason: String,
    },
    /// Not written by the rules; it changes nothing.
    Foreign {
        reason: String,
    },
}

/// What is known of a log so far: the running maximum of recording times.
pub type Known = Option<Timestamp>;

/// A batch that is being folded.
pub struct Folding<'a, R> {
    rows: Overlay<'a, R>,
    /// What is counted or listed and whose rows this batch changes, by key.
    touched: BTreeMap<Vec<u8>, (LogName, AggregateId)>,
}

impl<'a, R: Rows> Folding<'a, R> {
    pub fn new(base: &'a R) -> Self {
        Self {
            rows: Overlay::new(base),
            touched: BTreeMap::new(),
        }
    }

    /// Folds the message at `sequence` of `log`.
    ///
    /// # Errors
    /// Only what is wrong with the rows; whatever is wrong with a message is quarantined.
    pub fn fold(
        &mut self,
        log: &LogName,
        sequence: u64,
        known: &mut Known,
        input: Input,
    ) -> Result<(), RowsError> {
        match input {
            Input::Foreign { reason } => {
                self.rows
                    .put(quarantine::foreign(log, sequence), reason.into_bytes());
                Ok(())
            }
            Input::Unreadable {
                aggregate,
                recorded,
                reason,
            } => {
                *known = (*known).max(recorded);
                self.quarantine(log, sequence, aggregate, reason, Why::Unreadable)
            }
            Input::Event(recorded) => {
                *known = (*known).max(Some(recorded.recorded));
                let known = (*known).unwrap_or(recorded.recorded);
                self.fold_event(*recorded, known)
            }
        }
    }

    fn fold_event(&mut self, recorded: Recorded<Event>, known: Timestamp) -> Result<(), RowsError> {
        let Recorded {
            log,
            sequence,
            aggregate,
            ..
        } = &recorded;
        let (log, sequence, aggregate) = (log.clone(), *sequence, *aggregate);
        if self
            .rows
            .get(&quarantine::waiting(&log, aggregate))?
            .is_some()
        {
            let reason = "an earlier event of the same aggregate is quarantined".to_owned();
            return self.quarantine(&log, sequence, Some(aggregate), reason, Why::Waits);
        }
        let Recorded {
            id,
            happened,
            sample,
            event,
            ..
        } = recorded;
        let entry = NewEntry {
            happened,
            known,
            sequence,
            id: id.short(),
            sample,
        };
        let folded = match event {
            Event::Ticket(what) => self.push(&log, aggregate, entry, what)?,
            Event::Coverage(what) => self.push(&log, aggregate, entry, what)?,
            Event::Claim(what) => self.push(&log, aggregate, entry, what)?,
            Event::Partnership(what) => self.push(&log, aggregate, entry, what)?,
            Event::Change(what) => self.push(&log, aggregate, entry, what)?,
            Event::Freeze(what) => self.push(&log, aggregate, entry, what)?,
            Event::Gate(what) => self.push(&log, aggregate, entry, what)?,
            Event::Outage(what) => self.push(&log, aggregate, entry, what)?,
            Event::Programme(what) => self.push(&log, aggregate, entry, what)?,
            Event::Post(what) => self.push(&log, aggregate, entry, what)?,
            Event::Availability(what) => self.push(&log, aggregate, entry, what)?,
        };
        match folded {
            Folded::Done => {
                if is_projected(aggregate.kind) {
                    let key = timeline::key(&log, aggregate);
                    self.touched.insert(key, (log, aggregate));
                }
                Ok(())
            }
            Folded::Doubled => {
                let reason = b"its id is recorded earlier in the same aggregate".to_vec();
                self.rows.put(quarantine::foreign(&log, sequence), reason);
                Ok(())
            }
            Folded::Unfit(reason) => {
                self.quarantine(&log, sequence, Some(aggregate), reason, Why::Unfit)
            }
        }
    }

    fn push<F: Clone + Serialize + DeserializeOwned>(
        &mut self,
        log: &LogName,
        aggregate: AggregateId,
        new: NewEntry,
        what: Recordable<F>,
    ) -> Result<Folded, RowsError> {
        let key = timeline::key(log, aggregate);
        let mut row: Row<F> = match self.rows.get(&key)? {
            Some(value) => Row::decode(&value)?,
            None => Row::default(),
        };
        if row.timeline.entries.iter().any(|entry| entry.id == new.id) {
            return Ok(Folded::Doubled);
        }
        let amends = matches!(what, Recordable::Corrected(_));
        row.sample |= new.sample;
        row.timeline.entries.push(Entry {
            happened: new.happened,
            known: new.known,
            sequence: new.sequence,
            id: new.id,
            what,
        });
        if amends && let Err(unfit) = row.timeline.standing(None) {
            return Ok(Folded::Unfit(unfit.to_string()));
        }
        self.rows.put(key, row.encode()?);
        Ok(Folded::Done)
    }

    fn quarantine(
        &mut self,
        log: &LogName,
        sequence: u64,
        aggregate: Option<AggregateId>,
        reason: String,
        why: Why,
    ) -> Result<(), RowsError> {
        let quarantined = quarantine::Quarantined {
            family: aggregate.map(|aggregate| aggregate.kind.family()),
            reason,
            why,
        };
        let key = quarantine::quarantined(log, sequence);
        self.rows.put(key, quarantine::encode(&quarantined)?);
        if let Some(aggregate) = aggregate {
            self.rows
                .put(quarantine::waiting(log, aggregate), Vec::new());
        }
        Ok(())
    }

    /// Lets counters and indexes follow, and gives all changes.
    ///
    /// # Errors
    /// Only what is wrong with the rows.
    pub fn finish(mut self) -> Result<Changes, RowsError> {
        let mut changed = Tally::default();
        for (key, (log, aggregate)) in std::mem::take(&mut self.touched) {
            let masks = Mask::counted(aggregate.kind);
            let before = self.rows.base().get(&key)?;
            let after = self.rows.get(&key)?;
            for (value, sign) in [(before, -1), (after, 1)] {
                let Some(value) = value else { continue };
                let Some(found) = projection(&log, aggregate, &value)? else {
                    continue;
                };
                let Projection {
                    contributions,
                    sample,
                    index_keys,
                } = found;
                changed.add(&log, &contributions, sample, &masks, Grain::Month, sign);
                for key in index_keys {
                    match sign {
                        1 => self.rows.put(key, Vec::new()),
                        _ => self.rows.delete(key),
                    }
                }
            }
        }
        for (cell, bucket, change) in changed.into_changes() {
            let key = counter::key(&cell, Month::from_number(bucket));
            let mut total = match self.rows.get(&key)? {
                Some(value) => counter::decode(&value)?,
                None => counter::Cell::default(),
            };
            total.add(change);
            // A counter that is back at zero leaves no row: live rows equal rebuilt ones.
            if total.is_zero() {
                self.rows.delete(key);
            } else {
                self.rows.put(key, counter::encode(total)?);
            }
        }
        Ok(self.rows.into_changes())
    }
}

/// What an entry says apart from what happened.
struct NewEntry {
    happened: Timestamp,
    known: Timestamp,
    sequence: u64,
    id: [u8; 8],
    sample: bool,
}

enum Folded {
    Done,
    /// An event with this id is in the timeline.
    Doubled,
    /// It cannot be folded.
    Unfit(String),
}
