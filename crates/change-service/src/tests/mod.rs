//! Changes, freezes and gates over HTTP, from a request to what the log holds.

mod changes;
mod freezes;
mod gates;

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};
use townclerk_app::access::{Guarded, Role, RouteNeed};
use townclerk_app::command::Handlers;
use townclerk_app::http::testing::{
    Answer, Client, Entry, Knock, REACHED, Who, request, set, token_book, try_every_route,
};
use townclerk_domain::names::LogName;
use townclerk_event_log::EventLog;
use townclerk_event_log::memory::MemoryLog;

const MANAGER: Who = Who::Local(Role::Change);

const SOMETHING: &str = "00000000-0000-0000-0000-000000000007";

fn now() -> Timestamp {
    "2026-01-05T10:00:00Z".parse().unwrap()
}

struct Service {
    client: Client,
    routes: Vec<RouteNeed>,
    logs: Vec<Arc<dyn EventLog>>,
}

fn service() -> Service {
    let log = |name| -> Arc<dyn EventLog> { Arc::new(MemoryLog::new(LogName::new(name).unwrap())) };
    let logs: Vec<_> = ["brent", "lewisham", "shared"]
        .into_iter()
        .map(log)
        .collect();
    let changes = Arc::new(Handlers::new(&logs, Arc::new(now)));
    let freezes = Arc::new(Handlers::new(&logs, Arc::new(now)));
    let gates = Arc::new(Handlers::new(&logs, Arc::new(now)));
    let guarded = Guarded::new(token_book());
    let (router, routes) = crate::routes(guarded, changes, freezes, gates).into_parts();
    Service {
        client: Client::new(router),
        routes,
        logs,
    }
}

impl Service {
    async fn recorded(&self) -> u64 {
        let mut recorded = 0;
        for log in &self.logs {
            recorded += log.head().await.unwrap().sequence;
        }
        recorded
    }

    async fn ask(&self, path: &str, key: &str, body: &Value) -> Answer {
        self.client.command(path, MANAGER, key, body).await
    }

    /// The event that Brent's log holds last.
    async fn last_event(&self) -> Value {
        let head = self.logs[0].head().await.unwrap().sequence;
        let message = self.logs[0].read_one(head).await.unwrap().unwrap();
        serde_json::from_slice(&message.payload).unwrap()
    }

    /// Asks for a command and expects the event that it becomes, with the body as its data.
    async fn records(&self, path: &str, body: Value, what: &str) -> Answer {
        let key = format!("key {}", self.recorded().await);
        let answer = self.ask(path, &key, &body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{path}: {answer:?}");
        let event = self.last_event().await;
        assert_eq!(event["type"], format!("org.townclerk.change.{what}.v1"));
        assert_eq!(event["source"], "/councils/brent/change-service");
        assert_eq!(event["authid"], "local_change");
        for (field, said) in body.as_object().unwrap() {
            assert_eq!(&event["data"][field], said, "{path}: {event}");
        }
        answer
    }

    /// Creates what `body` describes and returns the path of its commands.
    async fn created(&self, path: &str, body: Value, what: &str) -> String {
        let answer = self.records(path, body, what).await;
        answer.headers["location"].to_str().unwrap().to_owned()
    }

    /// Asks for a command and expects this refusal, by value, and nothing recorded.
    async fn refuses(&self, path: &str, body: Value, refusal: Value) {
        let before = self.recorded().await;
        let answer = self.ask(path, "refused", &body).await;
        assert_eq!(answer.problem(), "rejected", "{path}: {answer:?}");
        let rejection = &answer.json()["rejection"];
        assert_eq!(rejection["refusal"], refusal, "{path}: {answer:?}");
        assert_eq!(self.recorded().await, before, "{path}");
    }

    /// The commands on one of a collection, sorted.
    fn routed(&self, collection: &str) -> Vec<&str> {
        let on_one = format!("/v1/logs/{{log}}/{collection}/{{id}}/");
        let commands = self.routes.iter();
        let mut commands: Vec<&str> = commands
            .filter_map(|route| route.path.strip_prefix(&on_one))
            .collect();
        commands.sort_unstable();
        commands
    }
}

fn correction(event: &Value, field: &str, was: &str, is: &str) -> Value {
    json!({"event": event["id"], "field": field, "was": was, "is": is, "reason": "mistyped"})
}

/// `body` with one field set.
fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}

/// Corrects the title that was recorded first, then voids; both are recorded.
async fn corrects_and_voids(service: &Service, one: &str) {
    let first = service.logs[0].read_one(1).await.unwrap().unwrap();
    let first: Value = serde_json::from_slice(&first.payload).unwrap();
    let title = first["data"]["title"].as_str().unwrap();
    let better = correction(&first, "title", title, "Another title");
    let path = format!("{one}/correct");
    service.records(&path, better, "corrected").await;
    let path = format!("{one}/void");
    let reason = json!({"reason": "test"});
    service.records(&path, reason, "voided").await;
    let again = service.ask(&path, "again", &json!({"reason": "x"})).await;
    assert_eq!(again.json()["rejection"]["rejection"], "voided");
}

#[tokio::test]
async fn a_bad_request_is_a_problem_and_nothing_is_recorded() {
    let service = service();
    let everywhere = Who::Everywhere(Role::Change);
    let collections = [
        ("changes", changes::request("normal"), "start"),
        ("freezes", freezes::declaration(), "lift"),
        ("gates", gates::set(), "meet"),
    ];
    for (collection, body, command) in collections {
        let path = |log: &str| format!("/v1/logs/{log}/{collection}");
        let on = |id: &str| format!("{}/{id}/{command}", path("brent"));
        for (path, who, problem) in [
            (path("lewisham"), MANAGER, "forbidden"),
            (
                path("brent"),
                Who::Everywhere(Role::ServiceDesk),
                "forbidden",
            ),
            (path("brent"), Who::Nobody, "unauthenticated"),
            (path("brent"), Who::Stranger, "unauthenticated"),
            (path("croydon"), everywhere, "no-such-log"),
            (path("joint"), everywhere, "no-such-log"),
            (on("7"), MANAGER, "not-found"),
            (
                format!("{}/explode", on(SOMETHING)),
                MANAGER,
                "unknown-path",
            ),
        ] {
            let answer = service.client.command(&path, who, "k", &body).await;
            assert_eq!(answer.problem(), problem, "{path}: {answer:?}");
        }
        let said = match command {
            "meet" => json!({"requirement": "lessons-reviewed"}),
            _ => json!({}),
        };
        let unknown = service.ask(&on(SOMETHING), "k", &said).await;
        assert_eq!(unknown.problem(), "not-found", "{collection}: {unknown:?}");
    }
    assert_eq!(service.recorded().await, 0);
}

/// Asks with each body, and expects its problem and what the detail says.
async fn bad_bodies(service: &Service, collection: &str, bodies: &[(Value, &str, &str)]) {
    let path = format!("/v1/logs/brent/{collection}");
    for (body, problem, says) in bodies {
        let answer = service.ask(&path, "k", body).await;
        assert_eq!(answer.problem(), *problem, "{says}: {answer:?}");
        let detail = answer.json()["detail"].to_string();
        assert!(detail.contains(says), "{says}: {detail}");
        assert_eq!(answer.headers["content-type"], "application/problem+json");
    }
    assert_eq!(service.recorded().await, 0);
}

#[tokio::test]
async fn a_bad_body_is_a_problem_and_nothing_is_recorded() {
    let service = service();
    let change = |field, value| with(changes::request("normal"), field, value);
    let bodies = [
        (json!([]), "malformed-json", "JSON object"),
        (
            json!({}),
            "invalid-field",
            "change_type: this field is missing",
        ),
        (change("colour", json!("red")), "unknown-field", "colour"),
        (
            change("change_type", json!("wild")),
            "invalid-field",
            "change_type: ",
        ),
        (change("title", json!("")), "invalid-field", "title: "),
        (
            change("title", json!("x".repeat(2_001))),
            "invalid-field",
            "title: ",
        ),
        (
            change("services", json!(["E-Mail"])),
            "invalid-field",
            "services[0]: ",
        ),
    ];
    bad_bodies(&service, "changes", &bodies).await;
    let freeze = |field, value| with(freezes::declaration(), field, value);
    let bodies = [
        (freeze("from", json!("soon")), "invalid-field", "from: "),
        (
            freeze("scope", json!({"colours": []})),
            "unknown-field",
            "scope.colours",
        ),
    ];
    bad_bodies(&service, "freezes", &bodies).await;
    let gate = |field, value| with(gates::set(), field, value);
    let bodies = [
        (
            gate("requires", json!("all")),
            "invalid-field",
            "requires: ",
        ),
        (
            gate("happened", json!("2027-01-01T00:00:00Z")),
            "rejected",
            "5 minutes",
        ),
    ];
    bad_bodies(&service, "gates", &bodies).await;
}

#[tokio::test]
async fn a_command_without_a_key_is_a_problem_and_nothing_is_recorded() {
    let service = service();
    let body = Body::from(changes::request("normal").to_string());
    let without_key = request(&Method::POST, "/v1/logs/brent/changes", MANAGER, body);
    let answer = service.client.send(without_key).await;
    assert_eq!(answer.problem(), "missing-idempotency-key");
    assert_eq!(service.recorded().await, 0);
}

#[tokio::test]
async fn a_repeated_command_is_recorded_once() {
    let service = service();
    let path = "/v1/logs/brent/changes";
    let body = changes::request("standard");
    let first = service.ask(path, "k", &body).await;
    let again = service.ask(path, "k", &body).await;
    assert_eq!(
        (first.status, again.status),
        (StatusCode::CREATED, StatusCode::OK)
    );
    assert_eq!(first.headers["location"], again.headers["location"]);
    assert_eq!(again.json()["already"], true);
    let other = changes::request("normal");
    assert_eq!(service.ask(path, "k", &other).await.problem(), "key-reused");
    assert_eq!(service.recorded().await, 1);
}

#[tokio::test]
async fn only_those_who_manage_changes_of_a_council_give_commands() {
    let service = service();
    let expected = |knock: &Knock<'_>| match knock.who {
        Who::Nobody | Who::Stranger => Entry::WhoAsks,
        Who::Everywhere(Role::Change) => Entry::Admitted,
        Who::Local(Role::Change) if knock.name == REACHED => Entry::Admitted,
        Who::Everywhere(_) | Who::Local(_) => Entry::Forbidden,
    };
    let knocks = try_every_route(&service.client, &service.routes, expected).await;
    assert_eq!(knocks, (14 + 5 + 5) * 4 * 14);
    assert_eq!(service.recorded().await, 0);
}

#[tokio::test]
async fn a_change_in_shared_is_recorded_there() {
    let service = service();
    let councils = json!(["brent", "lewisham"]);
    let body = with(changes::request("normal"), "councils", councils);
    let mut asked = request(
        &Method::POST,
        "/v1/logs/shared/changes",
        Who::Everywhere(Role::Change),
        Body::from(body.to_string()),
    );
    set(&mut asked, "idempotency-key", "k");
    let answer = service.client.send(asked).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    assert_eq!(service.logs[2].head().await.unwrap().sequence, 1);
    assert_eq!(service.recorded().await, 1);
}
