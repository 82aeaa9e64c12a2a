//! An aggregate as its log holds it: the timeline, and which commands it has seen.

use std::collections::HashMap;

use townclerk_contract::digest::CommandDigest;
use townclerk_contract::reading::{Reading, read};
use townclerk_domain::event::Recording;
use townclerk_domain::identity::EventId;
use townclerk_domain::names::LogName;
use townclerk_domain::timeline::{Entry, Timeline};
use townclerk_event_log::StoredMessage;

/// One aggregate up to a sequence of its log.
pub(super) struct Aggregate<R: Recording> {
    pub timeline: Timeline<R::Fact>,
    /// The last message on the subject, by any writer; 0 for none.
    pub last: u64,
    /// Each recorded event by id: its sequence and the command that it came from.
    pub seen: HashMap<EventId, (u64, CommandDigest)>,
    /// The first message that this version cannot read; no decision is made past it.
    pub unreadable: Option<(u64, String)>,
}

impl<R: Recording> Default for Aggregate<R> {
    fn default() -> Self {
        Self {
            timeline: Timeline::default(),
            last: 0,
            seen: HashMap::new(),
            unreadable: None,
        }
    }
}

impl<R: Recording> Clone for Aggregate<R> {
    fn clone(&self) -> Self {
        Self {
            timeline: self.timeline.clone(),
            last: self.last,
            seen: self.seen.clone(),
            unreadable: self.unreadable.clone(),
        }
    }
}

impl<R: Recording> Aggregate<R> {
    pub fn is_recorded(&self) -> bool {
        !self.timeline.entries.is_empty()
    }

    /// Takes in the next message of the subject.
    pub fn take(&mut self, log: &LogName, message: &StoredMessage) {
        self.last = message.sequence;
        match read(&message.raw(log)) {
            Reading::Event(event) => {
                let recorded = event.recorded;
                if self.seen.contains_key(&recorded.id) {
                    tracing::warn!(%log, sequence = message.sequence, "a doubled event is foreign");
                    return;
                }
                let Some(what) = R::from_event(recorded.event) else {
                    self.cannot_read(message.sequence, "an event of another kind".to_owned());
                    return;
                };
                self.seen
                    .insert(recorded.id, (recorded.sequence, event.digest));
                self.timeline.entries.push(Entry {
                    happened: recorded.happened,
                    known: recorded.recorded,
                    sequence: recorded.sequence,
                    id: recorded.id.short(),
                    what,
                });
            }
            Reading::Unreadable { reason, .. } => self.cannot_read(message.sequence, reason),
            Reading::Foreign { reason } => {
                tracing::warn!(%log, sequence = message.sequence, reason, "a foreign message");
            }
        }
    }

    fn cannot_read(&mut self, sequence: u64, reason: String) {
        self.unreadable.get_or_insert((sequence, reason));
    }
}
