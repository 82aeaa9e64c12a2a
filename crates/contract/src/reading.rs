//! Reading a log's messages back: ours, unreadable, or foreign.
//!
//! An *unreadable* message was written by our rules as far as can be told, but this version cannot
//! read it: it is quarantined. A *foreign* message was not written by our rules: it is counted and
//! never folded.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use townclerk_domain::event::{Event, Recorded};
use townclerk_domain::identity::{AggregateId, EventId, Token, event_id};
use townclerk_domain::names::LogName;

use crate::digest::CommandDigest;
use crate::event_type::{VERSION, parse_event_type};
use crate::payload;
use crate::source::is_sample;
use crate::subject::parse_subject;

/// A message as a log gives it back.
#[derive(Clone, Copy, Debug)]
pub struct RawMessage<'a> {
    pub log: &'a LogName,
    pub sequence: u64,
    pub subject: &'a str,
    /// The header `Nats-Msg-Id`.
    pub id: Option<&'a str>,
    pub payload: &'a [u8],
}

/// An event of ours, with the digest of the command that it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadEvent {
    pub recorded: Recorded<Event>,
    pub digest: CommandDigest,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    Event(Box<ReadEvent>),
    Unreadable {
        /// The aggregate whose later events wait; `None` for a kind that this version does not
        /// know, of which it can read nothing anyway.
        aggregate: Option<AggregateId>,
        /// When it was recorded, where that could be read.
        recorded: Option<Timestamp>,
        reason: String,
    },
    Foreign {
        reason: String,
    },
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow)]
    specversion: Cow<'a, str>,
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    source: Cow<'a, str>,
    #[serde(borrow)]
    r#type: Cow<'a, str>,
    #[serde(borrow)]
    subject: Cow<'a, str>,
    time: Timestamp,
    recordedtime: Timestamp,
    #[serde(borrow)]
    causationid: Cow<'a, str>,
    #[serde(borrow)]
    commanddigest: Cow<'a, str>,
    #[serde(borrow)]
    authid: Cow<'a, str>,
    #[serde(borrow)]
    data: &'a RawValue,
}

/// Reads one message.
pub fn read(message: &RawMessage<'_>) -> Reading {
    let Some(subject) = parse_subject(message.log, message.subject) else {
        return foreign("its subject is not one of this log's aggregates");
    };
    let unreadable = |recorded, reason: String| Reading::Unreadable {
        aggregate: subject.aggregate,
        recorded,
        reason,
    };
    let wire: Wire = match serde_json::from_slice(message.payload) {
        Ok(wire) => wire,
        Err(error) => return unreadable(None, format!("not an envelope of ours: {error}")),
    };
    let Some(aggregate) = subject.aggregate else {
        let reason = format!(
            "a kind of aggregate that this version does not know: {}",
            wire.r#type
        );
        return unreadable(Some(wire.recordedtime), reason);
    };
    let (id, sample) = match ours(message, aggregate, &wire) {
        Ok(ours) => ours,
        Err(reason) => return foreign(reason),
    };
    match payload_of(aggregate, &wire) {
        Ok((event, digest)) => Reading::Event(Box::new(ReadEvent {
            recorded: Recorded {
                log: message.log.clone(),
                sequence: message.sequence,
                id,
                aggregate,
                happened: wire.time,
                recorded: wire.recordedtime,
                sample,
                event,
            },
            digest,
        })),
        Err(reason) => unreadable(Some(wire.recordedtime), reason),
    }
}

fn foreign(reason: &str) -> Reading {
    Reading::Foreign {
        reason: reason.to_owned(),
    }
}

/// Whether subject, message id and envelope agree and the id recomputes.
fn ours(
    message: &RawMessage<'_>,
    aggregate: AggregateId,
    wire: &Wire<'_>,
) -> Result<(EventId, bool), &'static str> {
    if message.id != Some(&*wire.id) {
        return Err("its message id is not its envelope's id");
    }
    if wire.subject != aggregate.to_string() {
        return Err("its envelope names another aggregate than its subject");
    }
    let sample =
        is_sample(message.log, &wire.source).ok_or("its source does not belong to this log")?;
    let tokens = (
        Token::new(wire.authid.as_ref()),
        Token::new(wire.causationid.as_ref()),
    );
    let (Ok(caller), Ok(command)) = tokens else {
        return Err("its caller or its command cannot be a token");
    };
    let id = event_id(message.log, aggregate, &caller, &command);
    if id.to_string() != wire.id {
        return Err("its id does not follow from aggregate, caller and command");
    }
    Ok((id, sample))
}

fn payload_of(aggregate: AggregateId, wire: &Wire<'_>) -> Result<(Event, CommandDigest), String> {
    if wire.specversion != "1.0" {
        return Err(format!(
            "CloudEvents {} is not known here",
            wire.specversion
        ));
    }
    let (what, version) = parse_event_type(aggregate.kind, &wire.r#type)
        .ok_or_else(|| format!("{} is no event type of a {}", wire.r#type, aggregate.kind))?;
    // The first breaking change of an event type brings its upcaster here.
    if version != VERSION {
        return Err(format!("version {version} of {what} is not known here"));
    }
    let digest = wire
        .commanddigest
        .parse()
        .map_err(|error| format!("its command digest: {error}"))?;
    let event = payload::decode(aggregate.kind, what, wire.data)
        .map_err(|error| format!("{}: {error}", wire.r#type))?;
    Ok((event, digest))
}
