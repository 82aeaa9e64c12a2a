//! The only file that spells subjects, the stream's name and message headers.

use std::fmt::Display;

use townclerk_domain::identity::{AggregateId, AggregateKind, canonical_uuid};
use townclerk_domain::names::{Code, LogName};

/// The stream of each account.
pub const STREAM: &str = "EVENTS";

/// The content type of every message: CloudEvents in structured JSON.
pub const CONTENT_TYPE: &str = "application/cloudevents+json";

/// The subject of an aggregate's events: `tc.<log>.<family>.<kind>-<uuid>`.
pub fn subject_of(log: &LogName, aggregate: AggregateId) -> String {
    let AggregateId { kind, id } = aggregate;
    format!("tc.{log}.{}.{kind}-{id}", kind.family().token())
}

/// All subjects of a log.
pub fn all_subjects(log: &LogName) -> String {
    format!("tc.{log}.>")
}

/// Where a gateway hears the facts of a council's partners, within the council's account; the last
/// token is the partner's id.
pub const FACTS_OF_PARTNERS: &str = "facts.*";

/// Where a gateway hears from which position a partner wants to read a log, within its account.
pub const STARTS_OF_PARTNERS: &str = "start.*";

/// The queue group of gateways: of several each hears some requests.
pub const GATEWAY_GROUP: &str = "gateway";

/// Within the account of a council, the subject on which one partner's facts arrive.
pub fn facts_of(partner: &str) -> String {
    format!("facts.{partner}")
}

/// Within the account of a log, the subject on which one partner asks to read from a position.
pub fn start_of(partner: &str) -> String {
    format!("start.{partner}")
}

/// The id of a council's tool: its caller, the name of its durables, a part of its subjects.
pub fn partner_id(council: &impl Display, system: &Code) -> String {
    format!("{council}-{system}")
}

/// The durable from which a partner reads a log; its names differ, so that a partner's account can
/// import those of two logs.
pub fn durable_of(log: &LogName, partner: &str) -> String {
    match log.is_shared() {
        true => format!("{log}-{partner}"),
        false => partner.to_owned(),
    }
}

/// A subject as it was found on a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParsedSubject {
    /// `None` for a kind that this version does not know.
    pub aggregate: Option<AggregateId>,
}

/// Reads a subject of `log`; `None` if it is no subject of an aggregate of that log.
pub fn parse_subject(log: &LogName, subject: &str) -> Option<ParsedSubject> {
    let tail = subject
        .strip_prefix("tc.")?
        .strip_prefix(log.as_str())?
        .strip_prefix('.')?;
    let (family, name) = tail.split_once('.')?;
    // A UUID has 36 characters, with a hyphen before it.
    let (kind, id) = name.split_at_checked(name.len().checked_sub(36)?)?;
    let (kind, id) = (kind.strip_suffix('-')?, canonical_uuid(id)?);
    let token =
        |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    if !token(family) || !token(kind) {
        return None;
    }
    let aggregate = AggregateKind::from_token(kind)
        .filter(|kind| kind.family().token() == family)
        .map(|kind| AggregateId { kind, id });
    Some(ParsedSubject { aggregate })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_reads_back_as_written() {
        let log = LogName::new("brent").unwrap();
        let aggregate = AggregateId {
            kind: AggregateKind::Ticket,
            id: uuid::Uuid::from_u128(7),
        };
        let subject = subject_of(&log, aggregate);
        assert_eq!(
            subject,
            "tc.brent.ticket.ticket-00000000-0000-0000-0000-000000000007"
        );
        let parsed = parse_subject(&log, &subject).unwrap();
        assert_eq!(parsed.aggregate, Some(aggregate));
    }

    #[test]
    fn a_kind_of_a_later_version_is_a_subject_without_a_known_aggregate() {
        let log = LogName::new("brent").unwrap();
        let subject = "tc.brent.legal.lawsuit-00000000-0000-0000-0000-000000000007";
        assert_eq!(parse_subject(&log, subject).unwrap().aggregate, None);
        for bad in [
            "tc.lewisham.ticket.ticket-00000000-0000-0000-0000-000000000007",
            "tc.brent.ticket.ticket-7",
            "tc.brent.ticket",
            "tc.brent.ticket.ticket-00000000-0000-0000-0000-00000000000A",
            "brent.ticket.ticket-00000000-0000-0000-0000-000000000007",
        ] {
            assert_eq!(parse_subject(&log, bad), None, "{bad}");
        }
    }
}
