//! What an operation answers: what was asked for, or one of the problems that it can meet.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::facts;
use crate::access::{Anonymous, Need, RouteNeed, ScopeNeed};
use crate::http::described::{Answers, Described, Parameter};
use crate::http::kind::Kind;

const PROBLEM: &str = "application/problem+json";

/// What any command can meet.
const OF_COMMANDS: &[Kind] = &[
    Kind::MISSING_IDEMPOTENCY_KEY,
    Kind::BAD_IDEMPOTENCY_KEY,
    Kind::BAD_HEADER,
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
];

/// The responses that several operations refer to, by name.
#[derive(Default)]
pub(super) struct Shared(BTreeMap<String, Value>);

impl Shared {
    pub fn into_responses(self) -> BTreeMap<String, Value> {
        self.0
    }

    /// A reference to the response that says any of `kinds`, which have one status.
    fn problem(&mut self, status: StatusCode, kinds: &[Kind]) -> Value {
        let slugs = kinds.iter().map(|kind| kind.slug);
        let name = std::iter::once(status.as_str())
            .chain(slugs)
            .collect::<Vec<_>>()
            .join(".");
        self.named(name, || said(status, kinds))
    }

    fn named(&mut self, name: String, response: impl FnOnce() -> Value) -> Value {
        let reference = json!({ "$ref": format!("#/components/responses/{name}") });
        self.0.entry(name).or_insert_with(response);
        reference
    }
}

fn said(status: StatusCode, kinds: &[Kind]) -> Value {
    let titles: Vec<String> = kinds
        .iter()
        .map(|kind| format!("`{}`: {}.", kind.slug, kind.title))
        .collect();
    let urns: Vec<String> = kinds.iter().map(|kind| kind.urn()).collect();
    let mut response = json!({
        "description": titles.join(" "),
        "content": { PROBLEM: { "schema": {
            "allOf": [{ "$ref": "#/components/schemas/Problem" }],
            "properties": { "type": { "enum": urns } },
        } } },
    });
    let header = match status {
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
            Some(("Retry-After", json!({ "type": "integer" })))
        }
        StatusCode::UNAUTHORIZED => Some(("WWW-Authenticate", json!({ "const": "Bearer" }))),
        _ => None,
    };
    if let Some((name, schema)) = header {
        response["headers"] = json!({ name: { "schema": schema } });
    }
    response
}

/// All that a route may answer, by status.
pub(super) fn responses(route: &RouteNeed, shared: &mut Shared) -> Value {
    let mut responses = answers(&route.described, shared);
    let mut by_status: BTreeMap<StatusCode, Vec<Kind>> = BTreeMap::new();
    for kind in problems(route) {
        by_status.entry(kind.status).or_default().push(kind);
    }
    for (status, kinds) in by_status {
        responses.insert(status.as_str().to_owned(), shared.problem(status, &kinds));
    }
    Value::Object(responses)
}

/// What is answered where nothing is in the way.
fn answers(described: &Described, shared: &mut Shared) -> Map<String, Value> {
    let with = |about: &str, media: &str, schema: Value| json!({ "description": about, "content": { media: { "schema": schema } } });
    let text = || json!({ "type": "string" });
    let (status, answer) = match described {
        Described::Unsaid => (StatusCode::OK, json!({ "description": "Not described." })),
        Described::Command { .. } => return recorded(shared),
        Described::Facts { one, several } => return facts::answers(one(), several()),
        Described::Form { .. } => {
            let headers = json!({
                "Location": { "schema": text() }, "Set-Cookie": { "schema": text() },
            });
            let about = "Go on there; the cookie is set or forgotten.";
            let answer = json!({ "description": about, "headers": headers });
            (StatusCode::SEE_OTHER, answer)
        }
        Described::Read { answers, .. } => {
            let answer = match answers {
                Answers::Json(schema) => with("What was asked for.", "application/json", schema()),
                Answers::Tagged(schema) => return tagged(schema()),
                Answers::Events => with(
                    "Server-sent events: `id` is a position, `event` the type of a CloudEvent, \
                     `data` the CloudEvent as the log holds it. `event: foreign` and \
                     `event: unreadable` tell `position` and `reason` of a message that is no \
                     event of ours, or that this version cannot read. `event: end` comes last \
                     where `follow=false`.",
                    "text/event-stream",
                    text(),
                ),
                Answers::Lines => with(
                    "Lines of JSON while the work goes on: steps, then `{\"report\": …}` or \
                     `{\"failed\": \"…\"}`.",
                    "application/x-ndjson",
                    text(),
                ),
                Answers::Csv => with(
                    "The table as comma-separated values (RFC 4180).",
                    "text/csv",
                    text(),
                ),
                Answers::Page => with("A page for people.", "text/html", text()),
                Answers::Text(_) => with("Yes.", "text/plain", text()),
            };
            (StatusCode::OK, answer)
        }
    };
    Map::from_iter([(status.as_str().to_owned(), answer)])
}

/// An answer with a tag, and how it is said that the one that is there still holds.
fn tagged(schema: Value) -> Map<String, Value> {
    let tag = json!({ "ETag": {
        "description": "Changes with what was asked for, though not with `reached`.",
        "schema": { "type": "string" },
    } });
    let answers = [
        (
            StatusCode::OK,
            json!({
                "description": "What was asked for.",
                "headers": tag,
                "content": { "application/json": { "schema": schema } },
            }),
        ),
        (
            StatusCode::NOT_MODIFIED,
            json!({ "description": "The answer that is there still holds.", "headers": tag }),
        ),
    ];
    let named = answers.map(|(status, answer)| (status.as_str().to_owned(), answer));
    Map::from_iter(named)
}

/// Whether a command was recorded now or by an earlier attempt, by status.
fn recorded(shared: &mut Shared) -> Map<String, Value> {
    let schema = json!({ "$ref": "#/components/schemas/Recorded" });
    let content = json!({ "application/json": { "schema": schema } });
    let location = json!({
        "description": "Where a record that was made takes its further commands.",
        "schema": { "type": "string" },
    });
    let ways = [
        (StatusCode::OK, "An earlier attempt had recorded it."),
        (StatusCode::CREATED, "It is recorded."),
    ];
    let mut responses = Map::new();
    for (status, about) in ways {
        let answer = json!({
            "description": about,
            "headers": { "Location": location },
            "content": content,
        });
        let name = format!("{}.recorded", status.as_str());
        responses.insert(status.as_str().to_owned(), shared.named(name, || answer));
    }
    responses
}

/// Which problems a route can meet, in the order of their statuses.
fn problems(route: &RouteNeed) -> Vec<Kind> {
    let mut met: Vec<Kind> = Vec::new();
    match &route.described {
        Described::Unsaid => {}
        Described::Command { .. } => met.extend(OF_COMMANDS),
        Described::Facts { .. } => met.extend(facts::PROBLEMS),
        Described::Form { fields: None } => met.push(Kind::OTHER_SITE),
        Described::Form { fields: Some(_) } => met.extend([
            Kind::BAD_FORM,
            Kind::UNAUTHENTICATED,
            Kind::OTHER_SITE,
            Kind::TOO_MANY_SIGN_INS,
        ]),
        Described::Read { query, answers } => {
            met.extend(of_a_read(&route.need, query, *answers));
        }
    }
    if route.need.anonymous != Anonymous::Always {
        met.extend([Kind::UNAUTHENTICATED, Kind::FORBIDDEN]);
    }
    met.extend([Kind::INTERNAL, Kind::TIMEOUT]);
    met
}

fn of_a_read(need: &Need, query: &[Parameter], answers: Answers) -> Vec<Kind> {
    let mut met = Vec::new();
    // Pages refuse what they do not take, even where they take nothing.
    if !query.is_empty() || matches!(answers, Answers::Page | Answers::Csv) {
        met.push(Kind::BAD_QUERY);
    }
    if matches!(answers, Answers::Events) {
        met.extend([
            Kind::NO_SUCH_LOG,
            Kind::LOG_DAMAGED,
            Kind::UNAVAILABLE,
            Kind::TOO_MANY_STREAMS,
        ]);
    }
    if need.scope == ScopeNeed::PathView {
        met.extend([Kind::NOT_FOUND, Kind::UNAVAILABLE]);
    }
    // Rows are read a few reads at a time; pages name councils from them.
    let reads_rows = match answers {
        Answers::Json(_) | Answers::Tagged(_) => need.scope == ScopeNeed::PathView,
        Answers::Page | Answers::Csv => true,
        Answers::Events | Answers::Lines | Answers::Text(_) => false,
    };
    if reads_rows {
        met.push(Kind::TOO_MANY_READS);
    }
    if matches!(answers, Answers::Tagged(_)) {
        met.push(Kind::TOO_MANY_FIGURES);
    }
    if query.iter().any(|parameter| parameter.name == MIN_POSITION) {
        met.push(Kind::POSITION_NOT_REACHED);
    }
    if let Answers::Text(kinds) = answers {
        met.extend(kinds);
    }
    met
}

/// The parameter that makes a read wait.
const MIN_POSITION: &str = "min_position";
