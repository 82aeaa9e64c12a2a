//! The operation that takes facts of partners' tools: one or several, each answered for itself.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};
use townclerk_contract::fact::{BATCH, BATCH_FACTS_MAX, KINDS, ONE};
use townclerk_contract::trace;
use townclerk_domain::identity::TOKEN_BYTES_MAX;

use crate::http::kind::Kind;

const JSON: &str = "application/json";

/// What one fact, or a request as a whole, can meet.
pub(super) const PROBLEMS: &[Kind] = &[
    Kind::MALFORMED_JSON,
    Kind::NOT_FOUND,
    Kind::NO_SUCH_LOG,
    Kind::KEY_REUSED,
    Kind::BODY_TOO_LARGE,
    Kind::NOT_JSON,
    Kind::UNKNOWN_FIELD,
    Kind::INVALID_FIELD,
    Kind::REJECTED,
    Kind::UNREADABLE_RECORD,
    Kind::CONTENDED,
    Kind::OUTCOME_UNKNOWN,
    Kind::LOG_SHORTENED,
    Kind::DISK_FULL,
    Kind::UNAVAILABLE,
    Kind::TOO_EARLY,
    Kind::OVER_QUOTA,
];

/// One CloudEvent, or an array of them.
pub(super) fn body() -> Value {
    let kinds = KINDS.map(|kind| kind.token()).join("|");
    let text = || json!({ "type": "string" });
    let token = || {
        json!({
            "type": "string", "minLength": 1, "maxLength": TOKEN_BYTES_MAX, "pattern": "^[ -~]+$",
        })
    };
    let one = json!({
        "type": "object",
        "description": "A CloudEvent in structured JSON. Its data is that of an event of its type: \
                        see proto/schemas.",
        "properties": {
            "specversion": { "const": "1.0" },
            "id": token(),
            "source": { "type": "string", "pattern": "^/councils/[a-z0-9-]+/[a-z0-9-]+$" },
            "type": text(),
            "subject": { "type": "string", "pattern": format!("^({kinds})/.+$") },
            "time": { "type": "string", "format": "date-time" },
            "datacontenttype": { "const": JSON },
            "dataschema": text(),
            "correlationid": token(),
            "traceparent": { "type": "string", "pattern": trace::PATTERN },
            "data": { "type": "object" },
        },
        "required": ["specversion", "id", "source", "type", "subject", "time", "data"],
        "additionalProperties": false,
    });
    let several = json!({ "type": "array", "items": one, "maxItems": BATCH_FACTS_MAX });
    let content = json!({
        ONE: { "schema": one },
        BATCH: { "schema": several },
        JSON: { "schema": { "oneOf": [one, several] } },
    });
    json!({ "required": true, "content": content })
}

/// A single fact has a status of its own; several have one each in the answer.
pub(super) fn answers(one: Value, several: Value) -> Map<String, Value> {
    let answer = |status: StatusCode, about: &str, schema: Value| {
        let content = json!({ JSON: { "schema": schema } });
        let answer = json!({ "description": about, "content": content });
        (status.as_str().to_owned(), answer)
    };
    Map::from_iter([
        answer(
            StatusCode::OK,
            "An earlier attempt had recorded it. To an array: what became of each fact, in order.",
            json!({ "oneOf": [one, several] }),
        ),
        answer(StatusCode::CREATED, "It is recorded.", one.clone()),
        answer(
            StatusCode::ACCEPTED,
            "It comes too early and is held: send it again until it is recorded or refused.",
            one,
        ),
    ])
}
