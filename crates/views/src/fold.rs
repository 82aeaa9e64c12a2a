//! The fold: recorded events in, row changes out. A batch of any size gives the same rows.
//!
//! Events first go into timelines. When a batch is complete, counters and indexes follow from the
//! difference between each touched aggregate's old and new row, so the work for each is done once
//! per batch: live batches are small, a rebuild is one batch for each log. What tickets add rests on
//! what their log agreed on their service level: where that changes, all tickets of the log follow.

use std::collections::{BTreeMap, BTreeSet, btree_map};
use std::ops::ControlFlow;

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use townclerk_domain::amendment::Recordable;
use townclerk_domain::event::{Event, Recorded};
use townclerk_domain::identity::{AggregateId, AggregateKind};
use townclerk_domain::names::LogName;
use townclerk_domain::service_terms::ServiceAgreements;
use townclerk_domain::timeline::Entry;
use townclerk_domain::with_event;

use crate::agreed::{agreed_by, agreed_service, is_service_agreement};
use crate::counting::Counting;
use crate::dimension::Mask;
use crate::key::quarantine::Why;
use crate::key::{counter, quarantine, timeline};
use crate::kinds::counted::Projection;
use crate::kinds::{counted, counted_by};
use crate::open_row::OpenRow;
use crate::row::Row;
use crate::rows::{Changes, Overlay, Rows, RowsError};

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
    /// The aggregates that this batch speaks of.
    open: BTreeMap<LogName, BTreeMap<AggregateId, OpenRow>>,
}

impl<'a, R: Rows> Folding<'a, R> {
    pub fn new(base: &'a R) -> Self {
        Self {
            rows: Overlay::new(base),
            open: BTreeMap::new(),
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
            id,
            aggregate,
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
        let folded = with_event!(event, what => self.push(&log, aggregate, entry, what)?);
        match folded {
            Folded::Done => Ok(()),
            Folded::Waits => {
                let reason = "an earlier event of the same aggregate is quarantined".to_owned();
                self.quarantine(&log, sequence, Some(aggregate), reason, Why::Waits)
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
        let row = self.opened::<F>(log, aggregate)?;
        if row.waits {
            return Ok(Folded::Waits);
        }
        if row.holds(new.id) {
            return Ok(Folded::Doubled);
        }
        let amends = matches!(what, Recordable::Corrected(_));
        let entry = Entry {
            happened: new.happened,
            known: new.known,
            sequence: new.sequence,
            id: new.id,
            what,
        };
        if amends {
            let mut amended = row.clone();
            amended.append(&entry, new.sample)?;
            let whole: Row<F> = Row::decode(&amended.value()?)?;
            if let Err(unfit) = whole.timeline.standing(None) {
                return Ok(Folded::Unfit(unfit.to_string()));
            }
            *row = amended;
        } else {
            row.append(&entry, new.sample)?;
        }
        Ok(Folded::Done)
    }

    /// The row of an aggregate, taken apart once in a batch.
    fn opened<F: Serialize + DeserializeOwned>(
        &mut self,
        log: &LogName,
        aggregate: AggregateId,
    ) -> Result<&mut OpenRow, RowsError> {
        let of_log = self.open.entry(log.clone()).or_default();
        match of_log.entry(aggregate) {
            btree_map::Entry::Occupied(found) => Ok(found.into_mut()),
            btree_map::Entry::Vacant(place) => {
                let stored = self.rows.base().get(&timeline::key(log, aggregate))?;
                let mut row = match stored {
                    Some(value) => OpenRow::of::<F>(&value)?,
                    None => OpenRow::default(),
                };
                let waiting = quarantine::waiting(log, aggregate);
                row.waits = self.rows.get(&waiting)?.is_some();
                Ok(place.insert(row))
            }
        }
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
            let open = self.open.get_mut(log);
            if let Some(row) = open.and_then(|open| open.get_mut(&aggregate)) {
                row.waits = true;
            }
        }
        Ok(())
    }

    /// Lets counters and indexes follow, and gives all changes.
    ///
    /// # Errors
    /// Only what is wrong with the rows.
    pub fn finish(self) -> Result<Changes, RowsError> {
        self.settle()?.finish()
    }

    /// Writes the rows of the aggregates and what follows from each. Batches of different logs can
    /// be settled apart, at the same time, and joined then.
    ///
    /// # Errors
    /// Only what is wrong with the rows.
    pub fn settle(mut self) -> Result<Settled<'a, R>, RowsError> {
        let mut counting = Counting::default();
        for (log, open) in std::mem::take(&mut self.open) {
            let mut changed = Vec::new();
            for (aggregate, row) in open.into_iter().filter(|(_, row)| row.changed) {
                changed.push((aggregate, row.value()?));
            }
            self.settle_log(&log, changed, &mut counting)?;
        }
        Ok(Settled {
            rows: self.rows,
            counting,
        })
    }

    fn settle_log(
        &mut self,
        log: &LogName,
        changed: Vec<(AggregateId, Vec<u8>)>,
        counting: &mut Counting,
    ) -> Result<(), RowsError> {
        let base = self.rows.base();
        let before = agreed_service(base, log, None)?.agreements;
        let kinds = changed.iter().map(|(aggregate, _)| aggregate.kind);
        let agreed_anew = kinds.into_iter().any(is_service_agreement);
        let (projected, others): (Vec<_>, Vec<_>) = changed
            .into_iter()
            .partition(|(aggregate, _)| counted(aggregate.kind).is_some());
        for (aggregate, value) in others {
            self.rows.put(timeline::key(log, aggregate), value);
        }
        let after = match agreed_anew {
            true => Some(agreed_by(&|key| self.rows.get(key), log, None)?.agreements),
            false => None,
        };
        let mut following = Following {
            rows: &mut self.rows,
            counting,
            log,
            before: &before,
            after: after.as_ref().unwrap_or(&before),
            masks: BTreeMap::new(),
        };
        for (aggregate, value) in &projected {
            let stored = base.get(&timeline::key(log, *aggregate))?;
            following.follow(*aggregate, stored.as_deref(), value)?;
        }
        if agreed_anew {
            // What all tickets of the log add rests on what it agreed.
            let touched: BTreeSet<AggregateId> = projected.iter().map(|(id, _)| *id).collect();
            let prefix = timeline::of_kind_in(AggregateKind::Ticket, log);
            base.scan(&prefix, &prefix, &mut |key, value| {
                let (_, aggregate) = timeline::read(AggregateKind::Ticket, key)?;
                if !touched.contains(&aggregate) {
                    following.follow(aggregate, Some(value), value)?;
                }
                Ok(ControlFlow::Continue(()))
            })?;
        }
        for (aggregate, value) in projected {
            self.rows.put(timeline::key(log, aggregate), value);
        }
        Ok(())
    }
}

/// Lets counters and indexes follow from the rows of one log.
struct Following<'f, 'a, R> {
    rows: &'f mut Overlay<'a, R>,
    counting: &'f mut Counting,
    log: &'f LogName,
    /// What the log agreed on before the batch, and after it.
    before: &'f ServiceAgreements,
    after: &'f ServiceAgreements,
    masks: BTreeMap<AggregateKind, Vec<Mask>>,
}

impl<R: Rows> Following<'_, '_, R> {
    fn follow(
        &mut self,
        aggregate: AggregateId,
        stored: Option<&[u8]>,
        value: &[u8],
    ) -> Result<(), RowsError> {
        let kind = aggregate.kind;
        let Some(rows) = counted(kind) else {
            return Ok(());
        };
        let masks = self.masks.entry(kind).or_insert_with(|| counted_by(kind));
        let mut keys = [Vec::new(), Vec::new()];
        let sides = [(stored, self.before, -1), (Some(value), self.after, 1)];
        for ((value, agreements, sign), keys) in sides.into_iter().zip(&mut keys) {
            let Some(value) = value else { continue };
            let Projection {
                contributions,
                sample,
                index_keys,
            } = rows.projection(self.log, aggregate, value, agreements)?;
            self.counting
                .add(self.log, &contributions, sample, masks, sign);
            *keys = index_keys;
        }
        // Most stay as they are: where all tickets of a log follow, that is nearly all of them.
        let [before, after] = keys;
        for gone in before.iter().filter(|key| !after.contains(key)) {
            self.rows.delete(gone.clone());
        }
        for new in after.into_iter().filter(|key| !before.contains(key)) {
            self.rows.put(new, Vec::new());
        }
        Ok(())
    }
}

/// A batch of which only the counters are not written yet.
pub struct Settled<'a, R> {
    rows: Overlay<'a, R>,
    counting: Counting,
}

impl<R: Rows> Settled<'_, R> {
    /// Takes over a batch of other logs that was folded over the same rows.
    pub fn join(&mut self, other: Self) {
        self.rows.extend(other.rows.into_changes());
        self.counting.join(other.counting);
    }

    /// Writes the counters, and gives all changes.
    ///
    /// # Errors
    /// Only what is wrong with the rows.
    pub fn finish(mut self) -> Result<Changes, RowsError> {
        for (key, change) in self.counting.into_changes() {
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
    /// An earlier event of the same aggregate is quarantined.
    Waits,
    /// An event with this id is in the timeline.
    Doubled,
    /// It cannot be folded.
    Unfit(String),
}
