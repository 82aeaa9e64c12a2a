//! Who is who: ids of aggregates, events, commands and callers, and how ids are computed.
//!
//! Every id can be recomputed by a reader from what stands in the log, so a message that was not
//! written by the rules is recognised.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::names::{Code, LogName};

pub use crate::kinds::{AggregateKind, Family};

/// The namespace of all computed ids; it must never change.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f1c_2f0a_52a3_5d0e_9a61_7c1e_8f4b_2d77);

/// Longest command id (idempotency key) or caller id, in bytes.
pub const TOKEN_BYTES_MAX: usize = 200;

/// One aggregate within its log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AggregateId {
    pub kind: AggregateKind,
    pub id: Uuid,
}

impl fmt::Display for AggregateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.id)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected <kind>/<uuid>, found {found:?}")]
pub struct InvalidAggregateId {
    pub found: String,
}

impl std::str::FromStr for AggregateId {
    type Err = InvalidAggregateId;

    fn from_str(text: &str) -> Result<Self, InvalidAggregateId> {
        let invalid = || InvalidAggregateId {
            found: text.chars().take(100).collect(),
        };
        let (kind, id) = text.split_once('/').ok_or_else(invalid)?;
        Ok(Self {
            kind: AggregateKind::from_token(kind).ok_or_else(invalid)?,
            id: canonical_uuid(id).ok_or_else(invalid)?,
        })
    }
}

/// A UUID in its one canonical spelling: lower case with hyphens. Other spellings would give one
/// aggregate two subjects.
pub fn canonical_uuid(text: &str) -> Option<Uuid> {
    let id = Uuid::try_parse(text).ok()?;
    (id.hyphenated().encode_lower(&mut Uuid::encode_buffer()) == text).then_some(id)
}

/// The id of one recorded event.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(transparent)]
pub struct EventId(pub Uuid);

impl EventId {
    /// What rows keep of an event id: enough to find an event within one aggregate.
    pub fn short(self) -> [u8; 8] {
        let mut short = [0; 8];
        short.copy_from_slice(&self.0.as_bytes()[..8]);
        short
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An opaque printable token: a command id (idempotency key) or the id of a caller.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Token(String);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected 1 to {TOKEN_BYTES_MAX} printable ASCII characters")]
pub struct InvalidToken;

impl Token {
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidToken> {
        let text = text.into();
        let fits = (1..=TOKEN_BYTES_MAX).contains(&text.len());
        // Printable ASCII only: control characters are the separators of computed ids.
        if fits && text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
            Ok(Self(text))
        } else {
            Err(InvalidToken)
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Token {
    type Error = InvalidToken;

    fn try_from(text: String) -> Result<Self, InvalidToken> {
        Self::new(text)
    }
}

impl From<Token> for String {
    fn from(token: Token) -> Self {
        token.0
    }
}

/// The id of a command: the caller's idempotency key.
pub type CommandId = Token;

/// The opaque id of the caller.
pub type CallerId = Token;

/// The id of the event that a command becomes: the same command can only become the same event.
pub fn event_id(
    log: &LogName,
    aggregate: AggregateId,
    caller: &CallerId,
    command: &CommandId,
) -> EventId {
    EventId(computed(&[
        "event",
        log.as_str(),
        aggregate.kind.family().token(),
        &aggregate.id.to_string(),
        caller.as_str(),
        command.as_str(),
    ]))
}

/// The id of the aggregate that a creating command makes.
pub fn created_aggregate(
    log: &LogName,
    kind: AggregateKind,
    caller: &CallerId,
    command: &CommandId,
) -> AggregateId {
    let parts = [
        "aggregate",
        log.as_str(),
        kind.token(),
        caller.as_str(),
        command.as_str(),
    ];
    AggregateId {
        kind,
        id: computed(&parts),
    }
}

/// The id of an aggregate of which there is one for each name, such as a council's membership.
pub fn named_aggregate(log: &LogName, kind: AggregateKind, name: &str) -> AggregateId {
    AggregateId {
        kind,
        id: computed(&["named", log.as_str(), kind.token(), name]),
    }
}

/// The id of the aggregate that a partner's tool knows by a reference of its own.
pub fn referenced_aggregate(
    log: &LogName,
    kind: AggregateKind,
    system: &Code,
    reference: &Token,
) -> AggregateId {
    let parts = [
        "reference",
        log.as_str(),
        kind.token(),
        system.as_str(),
        reference.as_str(),
    ];
    AggregateId {
        kind,
        id: computed(&parts),
    }
}

/// The id of the command that a partner's fact becomes: the same source and id is the same command.
pub fn fact_command(source: &str, id: &Token) -> CommandId {
    Token(computed(&["fact", source, id.as_str()]).to_string())
}

fn computed(parts: &[&str]) -> Uuid {
    // Parts are printable, so the unit separator cannot occur inside one.
    Uuid::new_v5(&NAMESPACE, parts.join("\u{1f}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn computed_ids_are_frozen() {
        // These values stand in logs: if this fails, every recorded event becomes foreign.
        let brent = LogName::new("brent").unwrap();
        let (caller, command) = (Token::new("desk").unwrap(), Token::new("k1").unwrap());
        let ticket = created_aggregate(&brent, AggregateKind::Ticket, &caller, &command);
        assert_eq!(ticket.to_string(), FROZEN_TICKET);
        assert_eq!(
            event_id(&brent, ticket, &caller, &command).to_string(),
            FROZEN_EVENT
        );
    }

    #[test]
    fn computed_ids_of_facts_are_frozen() {
        let brent = LogName::new("brent").unwrap();
        let (system, reference) = (Code::new("hornbill").unwrap(), Token::new("IN-1").unwrap());
        let ticket = referenced_aggregate(&brent, AggregateKind::Ticket, &system, &reference);
        assert_eq!(
            ticket.to_string(),
            "ticket/e88f17a2-4fc0-5973-8782-2e192fb4608f"
        );
        let command = fact_command("/councils/brent/hornbill", &Token::new("f1").unwrap());
        assert_eq!(command.to_string(), "52c28371-9c45-525a-9b67-b642251dd40c");
    }

    const FROZEN_TICKET: &str = "ticket/844b6d82-e16f-56bf-8e77-1512e972ed56";
    const FROZEN_EVENT: &str = "28357d80-ecaa-5e0d-b977-c56e3462f51f";

    #[test]
    fn only_the_canonical_spelling_of_a_uuid_is_read() {
        let text = "9c1d1c8e-6a2f-5f0e-8d6a-0f6b2c1a7e55";
        assert!(canonical_uuid(text).is_some());
        assert!(canonical_uuid(&text.to_uppercase()).is_none());
        assert!(canonical_uuid(&text.replace('-', "")).is_none());
    }

    #[test]
    fn a_token_is_printable_and_bounded() {
        assert!(Token::new("a b").is_ok());
        for bad in ["", "a\nb", "é", &"x".repeat(201)] {
            assert!(Token::new(bad).is_err(), "{bad:?}");
        }
    }
}
