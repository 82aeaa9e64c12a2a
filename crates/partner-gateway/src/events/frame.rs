//! One message of a log as one server-sent event.

use std::borrow::Cow;

use axum::response::sse::Event;
use serde::Deserialize;
use serde_json::json;
use townclerk_contract::position::Position;
use townclerk_contract::reading::{self, Reading};
use townclerk_domain::names::LogName;
use townclerk_event_log::StoredMessage;

/// How a message that is no event of ours is called.
const FOREIGN: &str = "foreign";

/// How an event is called that this version cannot read.
const UNREADABLE: &str = "unreadable";

/// How the end is called, where there is one.
const END: &str = "end";

/// How it is called that the log is damaged where the stream would go on.
const DAMAGED: &str = "damaged";

#[derive(Deserialize)]
struct Typed<'a> {
    #[serde(borrow)]
    r#type: Cow<'a, str>,
}

/// A message of `log`: an event of ours byte for byte, anything else by its reason alone.
pub fn message(log: &LogName, message: &StoredMessage) -> Event {
    let position = position(log, message.sequence);
    let told = |name: &str, reason: &str| {
        let told = json!({ "position": position, "reason": reason });
        named(&position, name).data(told.to_string())
    };
    match reading::read(&message.raw(log)) {
        Reading::Event(_) => match ours(&message.payload) {
            Some((name, event)) => named(&position, &name).data(event),
            None => told(UNREADABLE, "its type cannot be told"),
        },
        Reading::Unreadable { reason, .. } => told(UNREADABLE, &reason),
        Reading::Foreign { reason } => told(FOREIGN, &reason),
    }
}

/// What comes after the last message, where the stream does not go on.
pub fn end(log: &LogName, sequence: u64) -> Event {
    let position = position(log, sequence);
    let told = json!({ "position": position });
    named(&position, END).data(told.to_string())
}

/// Why there is nothing more, and nothing to come again for.
pub fn damaged(log: &LogName, after: u64, reason: &str) -> Event {
    let position = position(log, after);
    let told = json!({ "position": position, "reason": reason });
    named(&position, DAMAGED).data(told.to_string())
}

pub fn position(log: &LogName, sequence: u64) -> String {
    let log = log.clone();
    Position { log, sequence }.to_string()
}

fn named(position: &str, name: &str) -> Event {
    Event::default().id(position).event(name)
}

/// Type and text of an event that was read as one of ours.
fn ours(payload: &[u8]) -> Option<(Cow<'_, str>, &str)> {
    let text = std::str::from_utf8(payload).ok()?;
    let Typed { r#type } = serde_json::from_str(text).ok()?;
    Some((r#type, text))
}
