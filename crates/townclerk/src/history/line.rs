//! One message as one line.

use std::borrow::Cow;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use townclerk_contract::chain::Chain;
use townclerk_contract::position::Position;
use townclerk_contract::subject::subject_of;
use townclerk_domain::identity::AggregateId;
use townclerk_domain::names::LogName;
use townclerk_event_log::{StoredMessage, Verbatim};

/// Longest line: more than a message of the largest size that a NATS server should allow, 8 MB.
pub const LINE_MAX: usize = 12 << 20;

/// A line as it stands in the file. What follows from the event is left out.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire<'a> {
    #[serde(borrow)]
    position: Cow<'a, str>,
    #[serde(borrow)]
    chain: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subject: Option<Cow<'a, str>>,
    /// `null` for a message without an id.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    id: Option<Option<Cow<'a, str>>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    event: Option<&'a RawValue>,
    /// Base64, for what cannot stand in a line as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bytes: Option<Cow<'a, str>>,
}

/// Tells `null` from a field that is not there.
fn given<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<Cow<'de, str>>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// A line as read: nothing is compared yet with what should stand there.
pub struct Line {
    pub position: Position,
    pub chain: String,
    pub message: Verbatim,
}

/// Subject and message id that an event says it has.
#[derive(Default)]
struct Follows {
    subject: Option<String>,
    id: Option<String>,
}

impl Follows {
    fn from(log: &LogName, event: &str) -> Self {
        #[derive(Deserialize)]
        struct Named<'a> {
            #[serde(borrow)]
            id: Cow<'a, str>,
            #[serde(borrow)]
            subject: Cow<'a, str>,
        }
        let Ok(named) = serde_json::from_str::<Named>(event) else {
            return Self::default();
        };
        let aggregate: Option<AggregateId> = named.subject.parse().ok();
        Self {
            subject: aggregate.map(|aggregate| subject_of(log, aggregate)),
            id: Some(named.id.into_owned()),
        }
    }
}

/// The line of a message, with its end; `chain` is that up to and with it.
///
/// # Errors
/// None for what a log holds; the type of the error is the serialiser's.
pub fn encode(
    log: &LogName,
    stored: &StoredMessage,
    chain: Chain,
) -> Result<Vec<u8>, serde_json::Error> {
    let event = as_event(&stored.payload);
    let follows = event.map(|event| Follows::from(log, event.get()));
    let follows = follows.unwrap_or_default();
    let same_subject = follows.subject.as_ref() == Some(&stored.subject);
    let same_id = stored.id.is_some() && follows.id == stored.id;
    let position = Position {
        log: log.clone(),
        sequence: stored.sequence,
    };
    let wire = Wire {
        position: Cow::Owned(position.to_string()),
        chain: Cow::Owned(chain.to_string()),
        subject: (!same_subject).then_some(Cow::Borrowed(&stored.subject)),
        id: (!same_id).then(|| stored.id.as_deref().map(Cow::Borrowed)),
        event,
        bytes: match event {
            Some(_) => None,
            None => Some(Cow::Owned(BASE64_STANDARD.encode(&stored.payload))),
        },
    };
    let mut line = serde_json::to_vec(&wire)?;
    line.push(b'\n');
    Ok(line)
}

/// The payload, if it can stand in a line byte for byte: a JSON object without line breaks and
/// with nothing around it.
fn as_event(payload: &[u8]) -> Option<&RawValue> {
    let breaks = payload.iter().any(|byte| matches!(byte, b'\n' | b'\r'));
    if breaks || payload.first() != Some(&b'{') {
        return None;
    }
    let event: &RawValue = serde_json::from_slice(payload).ok()?;
    (event.get().len() == payload.len()).then_some(event)
}

/// Reads a line, without its end.
///
/// # Errors
/// What about it cannot be read.
pub fn decode(log: &LogName, line: &[u8]) -> Result<Line, String> {
    let wire: Wire = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    let position: Position = wire
        .position
        .parse()
        .map_err(|error: townclerk_contract::position::InvalidPosition| error.to_string())?;
    let (payload, follows) = match (wire.event, wire.bytes) {
        (Some(event), None) => {
            let payload = Bytes::copy_from_slice(event.get().as_bytes());
            // Another log's line is told as such; what would follow does not matter then.
            (payload, Follows::from(log, event.get()))
        }
        (None, Some(bytes)) => {
            let bytes = BASE64_STANDARD.decode(bytes.as_bytes());
            let bytes = bytes.map_err(|error| format!("its bytes are not base64: {error}"))?;
            (bytes.into(), Follows::default())
        }
        _ => return Err("it needs either event or bytes".to_owned()),
    };
    let subject = match wire.subject {
        Some(subject) => Some(subject.into_owned()),
        None => follows.subject,
    };
    let subject = subject.ok_or("it has no subject, and none follows from the event")?;
    let id = match wire.id {
        Some(id) => id.map(Cow::into_owned),
        None => Some(
            follows
                .id
                .ok_or("it has no id, and none follows from the event")?,
        ),
    };
    Ok(Line {
        position,
        chain: wire.chain.into_owned(),
        message: Verbatim {
            subject,
            id,
            payload,
        },
    })
}

/// The position that a line names, if it can be read.
pub fn position(line: &[u8]) -> Option<Position> {
    #[derive(Deserialize)]
    struct Placed<'a> {
        #[serde(borrow)]
        position: Cow<'a, str>,
    }
    let placed: Placed = serde_json::from_slice(line).ok()?;
    placed.position.parse().ok()
}
