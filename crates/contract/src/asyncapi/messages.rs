//! The messages: one for each event type, facts, answers, and what a durable is asked.

use serde_json::{Map, Value, json};
use townclerk_domain::identity::AggregateKind;

use super::local;
use crate::fact::{BATCH_BYTES_MAX, BATCH_FACTS_MAX, FACT_BYTES_MAX};
use crate::schema::{DescribedType, FACT_SCHEMA, all_event_types, schema_path};
use crate::subject::CONTENT_TYPE;

/// The name of an event's message: `<kind>.<what>`.
fn name(described: &DescribedType) -> String {
    format!("{}.{}", described.kind, described.what)
}

/// References to the messages of a kind of record, or of all kinds, by name.
pub fn references(kind: Option<AggregateKind>) -> Value {
    let named = all_event_types()
        .into_iter()
        .filter(|described| kind.is_none_or(|kind| described.kind == kind));
    let references = named.map(|described| {
        let name = name(&described);
        let reference = local(&format!("components/messages/{name}"));
        (name, reference)
    });
    Value::Object(references.collect())
}

pub fn messages() -> Value {
    let events = all_event_types()
        .into_iter()
        .map(|described| (name(&described), event(&described)));
    let mut messages: Map<String, Value> = events.collect();
    let others = [facts(), answers(), of_durables()];
    for (name, message) in others.into_iter().flatten() {
        messages.insert(name.to_owned(), message);
    }
    Value::Object(messages)
}

/// What all recorded events have in common on the wire.
pub fn traits() -> Value {
    json!({"recorded": {
        "contentType": CONTENT_TYPE,
        "correlationId": local("components/correlationIds/request"),
        "headers": {
            "type": "object",
            "properties": {
                "Nats-Msg-Id": {
                    "type": "string",
                    "format": "uuid",
                    "description": "The id of the event, as in its envelope.",
                },
                "Content-Type": {"const": CONTENT_TYPE},
            },
            "required": ["Nats-Msg-Id", "Content-Type"],
        },
    }})
}

fn event(described: &DescribedType) -> Value {
    let DescribedType {
        kind,
        what,
        event_type,
        schema,
    } = described;
    let said = schema["properties"]["data"]["description"].as_str();
    let summary = match said.and_then(|said| said.split("\n\n").next()) {
        Some(said) => said.replace('\n', " "),
        None => format!("An event of the kind {kind}: {what}."),
    };
    json!({
        "name": event_type,
        "title": format!("{kind}: {what}"),
        "summary": summary,
        "payload": {"$ref": format!("./{}", schema_path(*kind, what))},
        "traits": [local("components/messageTraits/recorded")],
    })
}

fn facts() -> Vec<(&'static str, Value)> {
    let example = json!({
        "specversion": "1.0",
        "id": "hist-00817-3",
        "source": "/councils/brent/hornbill",
        "type": "org.townclerk.ticket.held.v1",
        "subject": "ticket/IN-00012345",
        "time": "2026-03-02T09:30:00Z",
        "data": {"reason": "supplier"},
    });
    let fact = json!({
        "name": "fact",
        "title": "One fact",
        "summary": "What a tool says happened to one of its records.",
        "description": format!("\
Its source and id are the key: sent again, it is the same fact and is recorded once, so send it
until the answer says `recorded`, `already-recorded` or `refused`. At most {FACT_BYTES_MAX} bytes.
"),
        "contentType": CONTENT_TYPE,
        "payload": {"$ref": format!("./{FACT_SCHEMA}")},
        "examples": [{"name": "a ticket waits for a supplier", "payload": example}],
    });
    let batch = json!({
        "name": "facts",
        "title": "Several facts",
        "summary": "A JSON array of facts, in any order; each is answered for itself.",
        "description": format!("\
At most {BATCH_FACTS_MAX} facts and {BATCH_BYTES_MAX} bytes. A bad one harms no other. Facts of one
record are put in order of time before they are decided.
"),
        "contentType": crate::fact::BATCH,
        "payload": {
            "type": "array",
            "maxItems": BATCH_FACTS_MAX,
            "items": {"$ref": format!("./{FACT_SCHEMA}")},
        },
    });
    vec![("fact", fact), ("facts", batch)]
}

fn answers() -> Vec<(&'static str, Value)> {
    let answer = |name: &'static str, title: &str, schema: &str| {
        let message = json!({
            "name": name,
            "title": title,
            "contentType": "application/json",
            "payload": local(&format!("components/schemas/{schema}")),
        });
        (name, message)
    };
    vec![
        answer("answer", "What became of one fact", "answer"),
        answer("answers", "What became of several facts", "answers"),
        answer(
            "startRequest",
            "From which position to read",
            "startRequest",
        ),
        answer(
            "startAnswer",
            "From where the durable delivers now",
            "startAnswer",
        ),
        answer("problem", "Why nothing was done", "problem"),
    ]
}

fn of_durables() -> Vec<(&'static str, Value)> {
    let pull = json!({
        "name": "pull",
        "title": "Give me the next events",
        "summary": "The pull request of JetStream; clients write it themselves.",
        "contentType": "application/json",
        "payload": {
            "type": "object",
            "properties": {
                "batch": {"type": "integer", "minimum": 1, "maximum": 500},
                "expires": {
                    "type": "integer",
                    "description": "How long to wait for events, in nanoseconds.",
                },
                "no_wait": {"type": "boolean"},
            },
        },
    });
    let acknowledgement = json!({
        "name": "acknowledgement",
        "title": "What became of a delivered event",
        "summary": "+ACK: taken; -NAK: again, please; +WPI: still working; +TERM: never again.",
        "contentType": "text/plain",
        "payload": {"type": "string", "enum": ["+ACK", "-NAK", "+WPI", "+TERM"]},
    });
    let ask = json!({
        "name": "ask",
        "title": "How far have I read?",
        "summary": "An empty message.",
        "contentType": "application/json",
        "payload": {"type": "string", "maxLength": 0},
    });
    let information = json!({
        "name": "information",
        "title": "The state of a durable",
        "summary": "JetStream's consumer information, as in the NATS documentation.",
        "contentType": "application/json",
        "payload": {
            "type": "object",
            "properties": {
                "stream_name": {"const": crate::subject::STREAM},
                "name": {"type": "string", "description": "The durable."},
                "num_pending": {
                    "type": "integer",
                    "description": "Events that are not delivered yet.",
                },
                "num_ack_pending": {
                    "type": "integer",
                    "description": "Delivered and not acknowledged; at 1000 nothing more comes.",
                },
            },
        },
    });
    vec![
        ("pull", pull),
        ("acknowledgement", acknowledgement),
        ("ask", ask),
        ("information", information),
    ]
}
