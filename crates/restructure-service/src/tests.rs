//! Membership over HTTP, and who may command what.

use std::sync::Arc;

use serde_json::{Value, json};
use townclerk_app::access::{Guarded, Role, RouteNeed};
use townclerk_app::clock::Clock;
use townclerk_app::command::Handlers;
use townclerk_app::http::testing::{
    Answer, Client, Entry, Knock, REACHED, Who, token_book, try_every_route,
};
use townclerk_domain::names::LogName;
use townclerk_event_log::EventLog;
use townclerk_event_log::memory::MemoryLog;

mod posts;
mod programmes;

const LEWISHAM: &str = "/v1/logs/shared/partnerships/lewisham";

struct Service {
    client: Client,
    routes: Vec<RouteNeed>,
    logs: Vec<Arc<dyn EventLog>>,
}

fn service() -> Service {
    let log = |name| -> Arc<dyn EventLog> { Arc::new(MemoryLog::new(LogName::new(name).unwrap())) };
    let logs: Vec<_> = ["shared", "brent"].into_iter().map(log).collect();
    let clock: Clock = Arc::new(|| "2026-01-05T10:00:00Z".parse().unwrap());
    let (router, routes) = crate::routes(
        Guarded::new(token_book()),
        Arc::new(Handlers::new(&logs, Arc::clone(&clock))),
        Arc::new(Handlers::new(&logs, Arc::clone(&clock))),
        Arc::new(Handlers::new(&logs, clock)),
    )
    .into_parts();
    Service {
        client: Client::new(router),
        routes,
        logs,
    }
}

fn lewisham() -> Value {
    json!({"name": "London Borough of Lewisham", "gss_code": "E09000023", "from": "2017-10-01"})
}

impl Service {
    async fn ask(&self, path: &str, key: &str, body: Value) -> Answer {
        // Membership is for operators, the rest for officers.
        let role = match path.contains("/partnerships/") {
            true => Role::Operator,
            false => Role::Officer,
        };
        self.client
            .command(path, Who::Everywhere(role), key, &body)
            .await
    }

    /// Asks for a command, and reads the event that it became.
    async fn records(&self, path: &str, key: &str, body: Value, what: &str) -> (Answer, Value) {
        let answer = self.ask(path, key, body).await;
        assert_eq!(answer.status, 201, "{path}: {answer:?}");
        let log = &answer.json()["log"];
        let event = self.last_event(log.as_str().unwrap()).await;
        assert_eq!(
            event["type"],
            format!("org.townclerk.restructure.{what}.v1")
        );
        let source = format!("/councils/{}/restructure-service", log.as_str().unwrap());
        assert_eq!(event["source"], source);
        (answer, event)
    }

    /// Asks for a command that the rules refuse, and names the refusal.
    async fn refused(&self, path: &str, key: &str, body: Value) -> String {
        let before = self.recorded().await;
        let answer = self.ask(path, key, body).await;
        assert_eq!(answer.status, 422, "{path}: {answer:?}");
        assert_eq!(self.recorded().await, before, "{path}");
        let refusal = answer.json()["rejection"]["refusal"]["refusal"].clone();
        refusal.as_str().unwrap_or_default().to_owned()
    }

    async fn last_event(&self, log: &str) -> Value {
        let log = self.logs.iter().find(|known| known.name().as_str() == log);
        let log = log.unwrap();
        let head = log.head().await.unwrap().sequence;
        let message = log.read_one(head).await.unwrap().unwrap();
        serde_json::from_slice(&message.payload).unwrap()
    }

    async fn recorded(&self) -> u64 {
        let mut recorded = 0;
        for log in &self.logs {
            recorded += log.head().await.unwrap().sequence;
        }
        recorded
    }
}

#[tokio::test]
async fn a_council_joins_and_its_membership_is_corrected_and_voided() {
    let service = service();
    let joined = service
        .ask(&format!("{LEWISHAM}/join"), "1", lewisham())
        .await;
    assert_eq!(joined.status, 201, "{joined:?}");
    assert_eq!(joined.headers["location"], LEWISHAM);
    let event = service.last_event("shared").await;
    assert_eq!(event["type"], "org.townclerk.restructure.council-joined.v1");
    assert_eq!(event["source"], "/councils/shared/restructure-service");
    assert_eq!(event["data"]["council"], "lewisham");
    let again = service
        .ask(&format!("{LEWISHAM}/join"), "2", lewisham())
        .await;
    assert_eq!(
        again.json()["rejection"]["refusal"]["refusal"],
        "already-member"
    );
    let correction = json!({
        "event": event["id"], "field": "from", "was": "2017-10-01", "is": "2017-11-01",
        "reason": "mistyped",
    });
    let corrected = service
        .ask(&format!("{LEWISHAM}/correct"), "3", correction)
        .await;
    assert_eq!(corrected.status, 201, "{corrected:?}");
    let voided = service
        .ask(&format!("{LEWISHAM}/void"), "4", json!({"reason": "test"}))
        .await;
    assert_eq!(voided.status, 201, "{voided:?}");
    assert_eq!(service.recorded().await, 3);
}

#[tokio::test]
async fn what_does_not_fit_is_refused_and_not_recorded() {
    let service = service();
    let elsewhere = "/v1/logs/brent/partnerships/lewisham/join";
    let nobody = "/v1/logs/shared/partnerships/Lewisham/join";
    let reserved = "/v1/logs/shared/partnerships/joint/join";
    let void = format!("{LEWISHAM}/void");
    let mut named_twice = lewisham();
    named_twice["council"] = json!("brent");
    for (path, body, problem) in [
        (elsewhere, lewisham(), "rejected"),
        (nobody, lewisham(), "invalid-field"),
        (reserved, lewisham(), "rejected"),
        (&void, json!({"reason": "test"}), "not-found"),
        (&format!("{LEWISHAM}/join"), named_twice, "unknown-field"),
    ] {
        let answer = service.ask(path, "k", body).await;
        assert_eq!(answer.problem(), problem, "{path}: {answer:?}");
    }
    assert_eq!(service.recorded().await, 0);
}

#[tokio::test]
async fn a_council_gives_notice_and_leaves() {
    let service = service();
    let on = |command: &str| format!("{LEWISHAM}/{command}");
    service
        .records(&on("join"), "1", lewisham(), "council-joined")
        .await;
    let last_day = json!({"last_day": "2027-03-31"});
    let (_, event) = service
        .records(&on("give-notice"), "2", last_day.clone(), "notice-given")
        .await;
    assert_eq!(event["data"], last_day);
    let (_, event) = service
        .records(&on("leave"), "3", last_day.clone(), "council-left")
        .await;
    assert_eq!(event["data"], last_day);
    let back = service.refused(&on("join"), "4", lewisham()).await;
    assert_eq!(back, "already-member");
}

#[tokio::test]
async fn a_notice_or_a_leaving_that_does_not_fit_is_refused_and_not_recorded() {
    let service = service();
    let on = |command: &str| format!("{LEWISHAM}/{command}");
    let last_day = |day: &str| json!({"last_day": day});
    let nobody = service
        .ask(&on("give-notice"), "1", last_day("2027-03-31"))
        .await;
    assert_eq!(nobody.problem(), "not-found");
    assert_eq!(service.recorded().await, 0);
    service.ask(&on("join"), "2", lewisham()).await;
    for (command, day, refusal) in [
        ("give-notice", "2017-09-30", "leaves-before-it-joined"),
        ("give-notice", "2026-01-04", "notice-of-the-past"),
        ("leave", "2027-03-31", "no-notice"),
    ] {
        let refused = service.refused(&on(command), "3", last_day(day)).await;
        assert_eq!(refused, refusal, "{command} {day}");
    }
    service
        .ask(&on("give-notice"), "4", last_day("2027-03-31"))
        .await;
    service.ask(&on("leave"), "5", last_day("2027-03-31")).await;
    for command in ["give-notice", "leave"] {
        let refused = service
            .refused(&on(command), "6", last_day("2027-03-31"))
            .await;
        assert_eq!(refused, "already-left", "{command}");
    }
    assert_eq!(service.recorded().await, 3);
}

#[tokio::test]
async fn operators_keep_membership_and_officers_programmes_and_posts() {
    let service = service();
    let expected = |knock: &Knock<'_>| {
        let needed = match knock.route.path.contains("/partnerships/") {
            true => Role::Operator,
            false => Role::Officer,
        };
        match knock.who {
            Who::Nobody | Who::Stranger => Entry::WhoAsks,
            Who::Everywhere(role) if role == needed => Entry::Admitted,
            Who::Local(role) if role == needed && knock.name == REACHED => Entry::Admitted,
            Who::Everywhere(_) | Who::Local(_) => Entry::Forbidden,
        }
    };
    let knocks = try_every_route(&service.client, &service.routes, expected).await;
    assert_eq!(knocks, (5 + 9 + 9) * 4 * 14);
    assert_eq!(service.recorded().await, 0);
}
