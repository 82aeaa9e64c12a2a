//! What operations have in common: parameters, headers, schemas, and how a caller is recognised.

use serde_json::{Value, json};
use townclerk_contract::trace;
use townclerk_domain::identity::TOKEN_BYTES_MAX;
use townclerk_domain::names::Code;

use super::responses::Shared;
use crate::access::guard::SESSION_COOKIE;
use crate::http::commands::Answer;
use crate::http::described::{shown, taken};
use crate::http::headers::{CORRELATION_ID, IDEMPOTENCY_KEY, TRACEPARENT};
use crate::http::kind::Kind;

/// The parameters that a path may have.
pub(super) const PATH_PARAMETERS: [&str; 5] = ["log", "view", "council", "id", "table"];

/// The headers of every command.
pub(super) const COMMAND_HEADERS: [&str; 3] = [IDEMPOTENCY_KEY, CORRELATION_ID, TRACEPARENT];

/// After which event a stream goes on.
pub(super) const LAST_EVENT_ID: &str = "last-event-id";

/// Which answer is there already.
pub(super) const IF_NONE_MATCH: &str = "if-none-match";

pub(super) const BEARER: &str = "bearer";

pub(super) const COOKIE: &str = "cookie";

pub(super) fn components(shared: Shared) -> Value {
    json!({
        "parameters": parameters(),
        "responses": shared.into_responses(),
        "schemas": { "Problem": problem(), "Recorded": shown::<Answer>() },
        "securitySchemes": {
            BEARER: {
                "type": "http",
                "scheme": "bearer",
                "description": "`townclerk up` issues tokens at its first start.",
            },
            COOKIE: {
                "type": "apiKey",
                "in": "cookie",
                "name": SESSION_COOKIE,
                "description": "A session, begun by POST /session; taken for reading only.",
            },
        },
    })
}

fn parameters() -> Value {
    let in_path = |name: &str, about: &str, schema: Value| {
        json!({
            "name": name, "in": "path", "required": true, "description": about, "schema": schema,
        })
    };
    let header = |name: &str, required: bool, about: &str, schema: Value| {
        json!({
            "name": name, "in": "header", "required": required, "description": about,
            "schema": schema,
        })
    };
    let token = json!({
        "type": "string", "minLength": 1, "maxLength": TOKEN_BYTES_MAX, "pattern": "^[ -~]+$",
    });
    let id = json!({
        "type": "string",
        "format": "uuid",
        "pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
    });
    let trace = json!({ "type": "string", "pattern": trace::PATTERN });
    json!({
        "log": in_path("log", "A council's code, or `shared`.", taken::<Code>()),
        "view": in_path("view", "A council's code, `shared` or `joint`.", taken::<Code>()),
        "council": in_path("council", "A council's code.", taken::<Code>()),
        "table": in_path("table", "The id of a table, as the page links it.", taken::<Code>()),
        "id": in_path("id", "The id of a record, in lower case.", id),
        IDEMPOTENCY_KEY: header(
            IDEMPOTENCY_KEY,
            true,
            "Of the caller's own making, a new one for each command. The same one, with the same \
             body, repeats a command: it is recorded once.",
            token.clone(),
        ),
        CORRELATION_ID: header(
            CORRELATION_ID,
            false,
            "Ties commands together; the key where it is absent. At most once.",
            token,
        ),
        TRACEPARENT: header(TRACEPARENT, false, "W3C Trace Context, version 00. At most once.", trace),
        LAST_EVENT_ID: header(
            LAST_EVENT_ID,
            false,
            "The id of the last event that was read: goes on after it, whatever the query says.",
            json!({ "type": "string", "pattern": "^([a-z0-9-]+:)?[0-9]+$" }),
        ),
        IF_NONE_MATCH: header(
            IF_NONE_MATCH,
            false,
            "The `ETag` of an answer that is there already, or several: where it still holds, the \
             answer is 304 without a body.",
            json!({ "type": "string" }),
        ),
    })
}

/// RFC 9457, with the members that some kinds have.
fn problem() -> Value {
    let urns: Vec<String> = Kind::ALL.iter().map(|kind| kind.urn()).collect();
    let texts = || json!({ "type": "array", "items": { "type": "string" } });
    json!({
        "type": "object",
        "description": "Why there is no other answer. docs/PROBLEMS.md explains each type.",
        "properties": {
            "type": { "type": "string", "enum": urns },
            "title": { "type": "string", "description": "The same for all problems of a type." },
            "status": { "type": "integer" },
            "detail": { "type": "string", "description": "What was found, and what to do." },
            "field": { "type": "string", "description": "Which field or parameter." },
            "fields": texts(),
            "logs": texts(),
            "reasons": texts(),
            "position": { "type": "string", "description": "Written `log:sequence`." },
            "rejection": {
                "type": "object",
                "description": "Why the rules do not allow it, by value.",
                "properties": { "rejection": { "type": "string" } },
                "required": ["rejection"],
            },
        },
        "required": ["type", "title", "status", "detail"],
    })
}
