//! The operations, told from Townclerk's side.

use serde_json::{Map, Value, json};
use townclerk_domain::identity::AggregateKind;

use super::local;
use crate::subject::GATEWAY_GROUP;

pub fn operations() -> Value {
    let kinds = AggregateKind::ALL.into_iter();
    let mut operations: Map<String, Value> = kinds
        .map(|kind| (format!("record-{kind}"), recording(kind)))
        .collect();
    for (name, operation) in of_gateway().into_iter().chain(of_stream()) {
        operations.insert(name.to_owned(), operation);
    }
    Value::Object(operations)
}

fn channel(name: &str) -> Value {
    local(&format!("channels/{name}"))
}

fn recording(kind: AggregateKind) -> Value {
    json!({
        "action": "send",
        "channel": channel(kind.token()),
        "title": format!("Record an event of the kind {kind}"),
    })
}

/// A request, and the channel of its answer.
fn asked(title: &str, of: &str, answer: &str) -> Value {
    json!({
        "action": "receive",
        "channel": channel(of),
        "title": title,
        "reply": {"channel": channel(answer)},
    })
}

/// Answered by a gateway; of several each hears some.
fn of_gateway() -> [(&'static str, Value); 2] {
    let by_gateway = |mut operation: Value| {
        operation["bindings"] = json!({"nats": {
            "queue": GATEWAY_GROUP,
            "bindingVersion": "0.1.0",
        }});
        operation
    };
    [
        (
            "takeFacts",
            by_gateway(asked("Take in facts", "facts", "factsAnswer")),
        ),
        (
            "startFrom",
            by_gateway(asked("Read from a position", "start", "startAnswer")),
        ),
    ]
}

/// Answered by JetStream itself.
fn of_stream() -> [(&'static str, Value); 3] {
    [
        (
            "deliver",
            asked("Deliver recorded events", "durableNext", "delivered"),
        ),
        (
            "takeAcknowledgement",
            json!({
                "action": "receive",
                "channel": channel("acknowledged"),
                "title": "Learn what became of a delivered event",
            }),
        ),
        (
            "tellState",
            asked(
                "Tell how far a tool has read",
                "durableInfo",
                "durableInfoAnswer",
            ),
        ),
    ]
}
