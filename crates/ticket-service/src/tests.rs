//! Tickets over HTTP, from a request to what the log holds.

use std::sync::Arc;

use axum::body::{Body, Bytes};
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

const DESK: Who = Who::Local(Role::ServiceDesk);

const TICKETS: &str = "/v1/logs/brent/tickets";

const SOMEBODY: &str = "00000000-0000-0000-0000-000000000007";

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
    let handlers = Arc::new(Handlers::new(&logs, Arc::new(now)));
    let (router, routes) = crate::routes(Guarded::new(token_book()), handlers).into_parts();
    Service {
        client: Client::new(router),
        routes,
        logs,
    }
}

fn incident() -> Value {
    json!({
        "kind": "incident", "priority": "p2", "user_class": "standard", "channel": "phone",
        "service": "email", "category": "other", "sts": true,
    })
}

impl Service {
    async fn recorded(&self) -> u64 {
        let mut recorded = 0;
        for log in &self.logs {
            recorded += log.head().await.unwrap().sequence;
        }
        recorded
    }

    async fn ask(&self, path: &str, key: &str, body: Value) -> Answer {
        self.client.command(path, DESK, key, &body).await
    }

    /// Logs a ticket and returns the path of its commands.
    async fn logged(&self) -> String {
        let answer = self.ask(TICKETS, "log", incident()).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        answer.headers["location"].to_str().unwrap().to_owned()
    }

    async fn last_event(&self) -> Value {
        let head = self.logs[0].head().await.unwrap().sequence;
        let message = self.logs[0].read_one(head).await.unwrap().unwrap();
        serde_json::from_slice(&message.payload).unwrap()
    }
}

/// Every command in an order that a ticket takes, with what it is recorded as.
fn a_whole_life() -> Vec<(&'static str, Value, &'static str)> {
    vec![
        ("triage", json!({}), "triaged"),
        ("assign", json!({"team": "network"}), "assigned"),
        (
            "recategorise",
            json!({"category": "mailbox"}),
            "recategorised",
        ),
        ("reprioritise", json!({"priority": "p1"}), "reprioritised"),
        (
            "link",
            json!({"cause": {"log": "shared", "kind": "change", "id": SOMEBODY}}),
            "linked",
        ),
        ("start", json!({}), "started"),
        ("hold", json!({"reason": "supplier"}), "held"),
        ("resolve", json!({"resolution": "patched"}), "resolved"),
        ("reopen", json!({"reason": "not-fixed"}), "reopened"),
        ("resolve", json!({}), "resolved"),
        ("close", json!({}), "closed"),
        ("assign", json!({"team": "servers"}), "assigned"),
        ("reprioritise", json!({"priority": "p3"}), "reprioritised"),
        ("recategorise", json!({"service": "hr"}), "recategorised"),
        ("reopen", json!({"reason": "came-back"}), "reopened"),
        ("cancel", json!({"reason": "duplicate"}), "cancelled"),
        (
            "reinstate",
            json!({"reason": "not-a-duplicate"}),
            "reinstated",
        ),
        ("resolve", json!({}), "resolved"),
        ("close", json!({}), "closed"),
    ]
}

#[tokio::test]
async fn a_ticket_lives_over_http() {
    let service = service();
    let ticket = service.logged().await;
    for (step, (command, body, what)) in a_whole_life().into_iter().enumerate() {
        let path = format!("{ticket}/{command}");
        let answer = service.ask(&path, &format!("step {step}"), body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{command}: {answer:?}");
        assert_eq!(answer.json()["sequence"], step + 2);
        let event = service.last_event().await;
        assert_eq!(event["type"], format!("org.townclerk.ticket.{what}.v1"));
    }
    let cancelled = service
        .ask(&format!("{ticket}/cancel"), "c", json!({"reason": "x"}))
        .await;
    assert_eq!(cancelled.problem(), "rejected");
    assert_eq!(
        cancelled.json()["rejection"]["refusal"]["allowed"],
        json!(["reopen"])
    );
}

#[tokio::test]
async fn the_commands_besides_are_cancelling_correcting_and_voiding() {
    let service = service();
    let ticket = service.logged().await;
    let event = service.last_event().await;
    let correction = json!({
        "event": event["id"], "field": "priority", "was": "p2", "is": "p1", "reason": "mistyped",
    });
    for (command, body, what) in [
        ("correct", correction, "corrected"),
        ("cancel", json!({"reason": "duplicate"}), "cancelled"),
        ("void", json!({"reason": "test"}), "voided"),
    ] {
        let answer = service
            .ask(&format!("{ticket}/{command}"), command, body)
            .await;
        assert_eq!(answer.status, StatusCode::CREATED, "{command}: {answer:?}");
        let event = service.last_event().await;
        assert_eq!(event["type"], format!("org.townclerk.ticket.{what}.v1"));
    }
}

#[test]
fn every_command_is_a_route_and_every_route_is_tried() {
    let tried = a_whole_life().into_iter().map(|(command, ..)| command);
    let mut tried: Vec<&str> = tried.chain(["correct", "cancel", "void"]).collect();
    tried.sort_unstable();
    tried.dedup();
    let routes = service().routes;
    let mut routed: Vec<&str> = routes
        .iter()
        .filter_map(|route| route.path.strip_prefix("/v1/logs/{log}/tickets/{id}/"))
        .collect();
    routed.sort_unstable();
    assert_eq!(routed, tried);
    assert_eq!(routes.len(), tried.len() + 1);
}

#[tokio::test]
async fn the_answer_and_the_event_say_what_was_asked() {
    let service = service();
    let mut body = incident();
    body["happened"] = json!("2026-01-05T09:00:00Z");
    let mut asked = request(&Method::POST, TICKETS, DESK, Body::from(body.to_string()));
    set(&mut asked, "idempotency-key", "k1");
    set(&mut asked, "x-correlation-id", "call 7");
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    set(&mut asked, "traceparent", trace);
    let answer = service.client.send(asked).await;
    let (told, event) = (answer.json(), service.last_event().await);
    assert_eq!(told["aggregate"], event["subject"]);
    assert_eq!(
        told["aggregate"],
        format!("ticket/{}", told["id"].as_str().unwrap())
    );
    assert_eq!(told["event"], event["id"]);
    assert_eq!(
        (&told["log"], &told["sequence"]),
        (&json!("brent"), &json!(1))
    );
    assert_eq!(told["already"], false);
    assert_eq!(event["source"], "/councils/brent/ticket-service");
    assert_eq!(event["time"], "2026-01-05T09:00:00Z");
    assert_eq!(event["authid"], "local_service-desk");
    assert_eq!(event["causationid"], "k1");
    assert_eq!(event["correlationid"], "call 7");
    assert_eq!(event["traceparent"], trace);
}

#[tokio::test]
async fn a_repeated_command_is_answered_as_the_first_time_and_recorded_once() {
    let service = service();
    let first = service.ask(TICKETS, "k", incident()).await;
    let mut again = service.ask(TICKETS, "k", incident()).await;
    assert_eq!(
        (first.status, again.status),
        (StatusCode::CREATED, StatusCode::OK)
    );
    assert_eq!(first.headers["location"], again.headers["location"]);
    let mut told = again.json();
    assert_eq!(told["already"], true);
    told["already"] = json!(false);
    again.text = told.to_string();
    assert_eq!(first.json(), again.json());
    let mut other = incident();
    other["priority"] = json!("p1");
    assert_eq!(
        service.ask(TICKETS, "k", other).await.problem(),
        "key-reused"
    );
    assert_eq!(service.recorded().await, 1);
}

/// `incident` with one field set.
fn with(field: &str, value: Value) -> Bytes {
    let mut body = incident();
    body[field] = value;
    body.to_string().into()
}

#[tokio::test]
async fn a_bad_body_is_a_problem_and_nothing_is_recorded() {
    let service = service();
    let mut not_utf8 = incident().to_string().into_bytes();
    not_utf8[10] = 0xff;
    let padded = format!("{}{}", incident(), " ".repeat(64 * 1024));
    for (body, problem, says) in [
        (
            Bytes::from("{\"kind\": "),
            "malformed-json",
            "line 1 column",
        ),
        ("[]".into(), "malformed-json", "must be a JSON object"),
        (not_utf8.into(), "malformed-json", "byte 10"),
        (padded.into(), "body-too-large", "65536"),
        (with("colour", json!("red")), "unknown-field", "colour"),
        (
            with("kind", json!("problem")),
            "invalid-field",
            "is none of incident, request",
        ),
        (
            with("service", json!("E-Mail")),
            "invalid-field",
            "service: ",
        ),
        (
            with("happened", json!("noon")),
            "invalid-field",
            "happened: ",
        ),
        ("{}".into(), "invalid-field", "kind: this field is missing"),
        (
            with("happened", json!("2027-01-01T00:00:00Z")),
            "rejected",
            "5 minutes",
        ),
        (
            with("councils", json!(["brent", "lewisham"])),
            "rejected",
            "no councils",
        ),
    ] {
        let mut asked = request(&Method::POST, TICKETS, DESK, Body::from(body.clone()));
        set(&mut asked, "idempotency-key", "k");
        let answer = service.client.send(asked).await;
        assert_eq!(answer.problem(), problem, "{says}: {answer:?}");
        let detail = answer.json()["detail"].to_string();
        assert!(detail.contains(says), "{says}: {detail}");
        assert_eq!(answer.headers["content-type"], "application/problem+json");
    }
    assert_eq!(service.recorded().await, 0);
}

#[tokio::test]
async fn a_bad_request_is_a_problem_and_nothing_is_recorded() {
    let service = service();
    let everywhere = Who::Everywhere(Role::ServiceDesk);
    let start = |id: &str| format!("{TICKETS}/{id}/start");
    for (path, who, problem) in [
        ("/v1/logs/lewisham/tickets", DESK, "forbidden"),
        (TICKETS, Who::Everywhere(Role::Partner), "forbidden"),
        (TICKETS, Who::Nobody, "unauthenticated"),
        (TICKETS, Who::Stranger, "unauthenticated"),
        ("/v1/logs/croydon/tickets", everywhere, "no-such-log"),
        ("/v1/logs/joint/tickets", everywhere, "no-such-log"),
        ("/v1/logs/shared/tickets", everywhere, "rejected"),
        ("/v2/logs/brent/tickets", DESK, "unknown-path"),
        (&start("7"), DESK, "not-found"),
        (&start(SOMEBODY), DESK, "unknown-field"),
        (
            &format!("{TICKETS}/{SOMEBODY}/explode"),
            DESK,
            "unknown-path",
        ),
    ] {
        let answer = service.client.command(path, who, "k", &incident()).await;
        assert_eq!(answer.problem(), problem, "{path}: {answer:?}");
    }
    let unknown = service.ask(&start(SOMEBODY), "k", json!({})).await;
    assert_eq!(unknown.problem(), "not-found");
    let nowhere = "/v1/logs/croydon/tickets";
    let answer = service
        .client
        .command(nowhere, everywhere, "k", &incident())
        .await;
    assert_eq!(
        answer.json()["logs"],
        json!(["brent", "lewisham", "shared"])
    );
    assert_eq!(service.recorded().await, 0);
}

#[tokio::test]
async fn bad_headers_are_a_problem_and_nothing_is_recorded() {
    let service = service();
    let asked = || {
        request(
            &Method::POST,
            TICKETS,
            DESK,
            Body::from(incident().to_string()),
        )
    };
    let no_key = service.client.send(asked()).await;
    assert_eq!(no_key.problem(), "missing-idempotency-key");
    let mut bad_key = asked();
    set(&mut bad_key, "idempotency-key", &"x".repeat(201));
    assert_eq!(
        service.client.send(bad_key).await.problem(),
        "bad-idempotency-key"
    );
    let mut form = asked();
    set(&mut form, "idempotency-key", "k");
    set(&mut form, "content-type", "text/plain");
    assert_eq!(service.client.send(form).await.problem(), "not-json");
    let mut cookie = request(&Method::POST, TICKETS, Who::Nobody, Body::from("{}"));
    let token = DESK.token().unwrap();
    set(&mut cookie, "cookie", &format!("townclerk_session={token}"));
    assert_eq!(
        service.client.send(cookie).await.problem(),
        "unauthenticated"
    );
    assert_eq!(service.recorded().await, 0);
}

#[tokio::test]
async fn only_the_service_desk_of_a_council_gives_commands() {
    let service = service();
    let expected = |knock: &Knock<'_>| match knock.who {
        Who::Nobody | Who::Stranger => Entry::WhoAsks,
        Who::Everywhere(Role::ServiceDesk) => Entry::Admitted,
        Who::Local(Role::ServiceDesk) if knock.name == REACHED => Entry::Admitted,
        Who::Everywhere(_) | Who::Local(_) => Entry::Forbidden,
    };
    let knocks = try_every_route(&service.client, &service.routes, expected).await;
    assert_eq!(knocks, 15 * 4 * 14);
    assert_eq!(service.recorded().await, 0);
}
