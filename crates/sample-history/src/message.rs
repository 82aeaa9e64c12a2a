//! How an event of the history becomes a message of its log.

use jiff::Timestamp;
use serde::Serialize;
use townclerk_contract::digest::CommandDigest;
use townclerk_contract::envelope::{AuthType, Envelope, Message};
use townclerk_contract::source::Source;
use townclerk_domain::amendment::Recordable;
use townclerk_domain::event::Event;
use townclerk_domain::identity::{AggregateId, CallerId, Token};
use townclerk_domain::names::{Code, LogName};
use townclerk_domain::with_event;

/// One event, and where and when it is recorded.
pub struct Entry {
    pub source: Source,
    pub aggregate: AggregateId,
    pub command: Token,
    pub correlation: Token,
    pub happened: Timestamp,
    pub recorded: Timestamp,
    pub event: Event,
}

/// A system of a council, of which the entries are sample data.
pub fn source(log: &LogName, system: &Code) -> Source {
    Source {
        log: log.clone(),
        system: system.clone(),
        sample: true,
    }
}

/// One log in the order of its recording; what was recorded at one moment keeps the order in which
/// it was entered.
pub fn messages(
    mut entries: Vec<Entry>,
    caller: &CallerId,
) -> Result<Vec<Message>, serde_json::Error> {
    entries.sort_by_key(|entry| entry.recorded);
    entries
        .into_iter()
        .map(|entry| message(entry, caller))
        .collect()
}

/// One event as its log holds it.
pub fn message(entry: Entry, caller: &CallerId) -> Result<Message, serde_json::Error> {
    let envelope = Envelope {
        digest: digest(&entry)?,
        source: entry.source,
        aggregate: entry.aggregate,
        happened: entry.happened,
        recorded: entry.recorded,
        correlation: entry.correlation,
        command: entry.command,
        traceparent: None,
        auth_type: AuthType::System,
        caller: caller.clone(),
        event: entry.event,
    };
    envelope.encode()
}

/// The digest of the command: about which aggregate, when it happened, what.
fn digest(entry: &Entry) -> Result<CommandDigest, serde_json::Error> {
    fn of<F: Serialize>(
        entry: &Entry,
        what: &Recordable<F>,
    ) -> Result<CommandDigest, serde_json::Error> {
        CommandDigest::of(&(entry.aggregate.to_string(), entry.happened, what))
    }
    with_event!(&entry.event, what => of(entry, what))
}
