//! The envelope: one event as a CloudEvent 1.0 in structured JSON.

use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use townclerk_domain::event::Event;
use townclerk_domain::identity::{AggregateId, CallerId, CommandId, EventId, Token, event_id};

use crate::classification::data_classification;
use crate::digest::CommandDigest;
use crate::event_type::event_type;
use crate::payload;
use crate::source::Source;
use crate::subject::subject_of;
use crate::trace::Traceparent;

/// How the caller was recognised (CloudEvents extension "authentication context").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthType {
    /// A bearer token.
    ApiKey,
    /// A key of a partner's tool, which the log's server has checked.
    ServiceAccount,
    /// Nobody in particular: the software itself.
    System,
}

/// Everything that is recorded of one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    pub source: Source,
    pub aggregate: AggregateId,
    pub happened: Timestamp,
    pub recorded: Timestamp,
    /// Ties together what belongs to one request of the outside world.
    pub correlation: Token,
    pub command: CommandId,
    pub traceparent: Option<Traceparent>,
    pub digest: CommandDigest,
    pub auth_type: AuthType,
    pub caller: CallerId,
    pub event: Event,
}

/// A message that is ready to be appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub subject: String,
    /// The event id, for the header `Nats-Msg-Id`.
    pub id: EventId,
    pub payload: Bytes,
}

#[derive(Serialize)]
struct Wire<'a> {
    specversion: &'static str,
    id: EventId,
    source: String,
    r#type: String,
    subject: String,
    time: Timestamp,
    datacontenttype: &'static str,
    recordedtime: Timestamp,
    correlationid: &'a str,
    causationid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<&'a str>,
    commanddigest: String,
    authtype: AuthType,
    authid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    dataclassification: Option<&'static str>,
    data: Box<RawValue>,
}

impl Envelope {
    pub fn id(&self) -> EventId {
        event_id(
            &self.source.log,
            self.aggregate,
            &self.caller,
            &self.command,
        )
    }

    /// # Errors
    /// None for the event types of the domain; the type of the error is the serialiser's.
    pub fn encode(&self) -> Result<Message, serde_json::Error> {
        let (what, data) = payload::encode(&self.event)?;
        let id = self.id();
        let wire = Wire {
            specversion: "1.0",
            id,
            source: self.source.to_string(),
            r#type: event_type(self.aggregate.kind, &what),
            subject: self.aggregate.to_string(),
            time: self.happened,
            datacontenttype: "application/json",
            recordedtime: self.recorded,
            correlationid: self.correlation.as_str(),
            causationid: self.command.as_str(),
            traceparent: self.traceparent.as_ref().map(Traceparent::as_str),
            commanddigest: self.digest.to_string(),
            authtype: self.auth_type,
            authid: self.caller.as_str(),
            dataclassification: data_classification(self.aggregate.kind),
            data,
        };
        Ok(Message {
            subject: subject_of(&self.source.log, self.aggregate),
            id,
            payload: serde_json::to_vec(&wire)?.into(),
        })
    }
}
