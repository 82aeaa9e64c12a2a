//! The channels: the subjects of the log, and those of a partner's own account.

use serde_json::{Map, Value, json};
use townclerk_domain::identity::{AggregateId, AggregateKind};
use townclerk_domain::names::LogName;
use uuid::Uuid;

use super::{local, messages};
use crate::subject::{STREAM, facts_of, start_of, subject_of};

/// The channel of a kind of record is called as the kind.
pub fn channels() -> Value {
    let kinds = AggregateKind::ALL.into_iter();
    let mut channels: Map<String, Value> = kinds
        .map(|kind| (kind.token().to_owned(), of_kind(kind)))
        .collect();
    for (name, channel) in [of_facts(), of_start(), of_durables()]
        .into_iter()
        .flatten()
    {
        channels.insert(name.to_owned(), channel);
    }
    Value::Object(channels)
}

pub fn parameters() -> Value {
    json!({
        "log": {
            "description": "The log: a council's code, or `shared` for what concerns several.",
            "examples": ["brent", "lewisham", "southwark", "shared"],
        },
        "council": {
            "description": "The council's code.",
            "examples": ["brent", "lewisham", "southwark"],
        },
        "id": {
            "description": "The record's id, a UUID in lower case; PROFILE.md says how it follows \
                            from a tool's own reference.",
            "examples": ["e88f17a2-4fc0-5973-8782-2e192fb4608f"],
        },
        "durable": {
            "description": "The tool's durable: `<council>-<system>` on its council's log, \
                            `shared-<council>-<system>` on `shared`.",
            "examples": ["brent-hornbill", "shared-brent-hornbill"],
        },
    })
}

fn parameter(name: &str) -> Value {
    local(&format!("components/parameters/{name}"))
}

fn referred(names: &[&str]) -> Value {
    let references = names.iter().map(|name| {
        let message = local(&format!("components/messages/{name}"));
        ((*name).to_owned(), message)
    });
    Value::Object(references.collect())
}

fn of_kind(kind: AggregateKind) -> Value {
    json!({
        "address": address_of(kind),
        "title": format!("Events of the kind {kind}"),
        "description": format!("\
One subject for each record of the kind {kind}, with its events in the order in which they were
recorded. They stand in the stream {STREAM} of the log's account for ever. A tool does not subscribe
to it: it reads its durable, which delivers messages with this subject.
"),
        "parameters": {"log": parameter("log"), "id": parameter("id")},
        "messages": messages::references(Some(kind)),
    })
}

/// The subject of a kind's records, with parameters for log and id.
fn address_of(kind: AggregateKind) -> String {
    let id = Uuid::nil();
    let (log, aggregate) = (LogName::shared(), AggregateId { kind, id });
    subject_of(&log, aggregate)
        .replacen(log.as_str(), "{log}", 1)
        .replace(&id.to_string(), "{id}")
}

type Named = (&'static str, Value);

fn of_facts() -> Vec<Named> {
    let facts = json!({
        "address": facts_of("{council}"),
        "title": "Facts of a tool",
        "description": "\
Send a request and wait for its answer: one fact, or an array of them. Whose tool it is follows from
its account, and each fact's `source` must name that council and that system.
",
        "parameters": {"council": parameter("council")},
        "messages": referred(&["fact", "facts"]),
    });
    let answers = json!({
        "address": null,
        "title": "Answers to facts",
        "description": "The reply subject of the request.",
        "messages": referred(&["answer", "answers", "problem"]),
    });
    vec![("facts", facts), ("factsAnswer", answers)]
}

fn of_start() -> Vec<Named> {
    let start = json!({
        "address": start_of("{log}"),
        "title": "Read from a position",
        "description": "\
Has the tool's durable on that log made again, so that it delivers from the position after `after`
on; 0 is from the beginning. So a tool can make its own copy again. A pull that waits meanwhile ends
with an error and is to be repeated.
",
        "parameters": {"log": parameter("log")},
        "messages": referred(&["startRequest"]),
    });
    let answer = json!({
        "address": null,
        "title": "Answers about positions",
        "description": "The reply subject of the request.",
        "messages": referred(&["startAnswer", "problem"]),
    });
    vec![("start", start), ("startAnswer", answer)]
}

fn of_durables() -> Vec<Named> {
    let next = json!({
        "address": format!("$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{{durable}}"),
        "title": "Pull from a durable",
        "description": "\
Any NATS client does this: bind a pull consumer to the stream and the durable by name, without
looking for or making either. At most 500 events a pull, 16 pulls waiting.
",
        "parameters": {"durable": parameter("durable")},
        "messages": referred(&["pull"]),
    });
    let delivered = json!({
        "address": null,
        "title": "Delivered events",
        "description": "\
The reply subject of the pull. Each message keeps the subject under which it was recorded; its own
reply subject holds its position and takes its acknowledgement. What is not acknowledged within 30
seconds comes again; with 1000 not acknowledged nothing more comes.
",
        "messages": messages::references(None),
    });
    let acknowledgement = json!({
        "address": null,
        "title": "Acknowledgements",
        "description": format!("\
The reply subject of a delivered message: `$JS.ACK.{STREAM}.<durable>.` and what follows, or the
longer form that names the domain before the stream. Acknowledge once the event is kept.
"),
        "messages": referred(&["acknowledgement"]),
    });
    let info = json!({
        "address": format!("$JS.API.CONSUMER.INFO.{STREAM}.{{durable}}"),
        "title": "The state of a durable",
        "parameters": {"durable": parameter("durable")},
        "messages": referred(&["ask"]),
    });
    let informed = json!({
        "address": null,
        "title": "Answers about a durable",
        "description": "The reply subject of the request.",
        "messages": referred(&["information"]),
    });
    vec![
        ("durableNext", next),
        ("delivered", delivered),
        ("acknowledged", acknowledgement),
        ("durableInfo", info),
        ("durableInfoAnswer", informed),
    ]
}
