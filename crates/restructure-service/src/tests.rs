//! Membership over HTTP.

use std::sync::Arc;

use serde_json::{Value, json};
use townclerk_app::access::{Guarded, Role, RouteNeed};
use townclerk_app::command::Handlers;
use townclerk_app::http::testing::{
    Answer, Client, Entry, Knock, REACHED, Who, token_book, try_every_route,
};
use townclerk_domain::names::LogName;
use townclerk_event_log::EventLog;
use townclerk_event_log::memory::MemoryLog;

const LEWISHAM: &str = "/v1/logs/shared/partnerships/lewisham";

struct Service {
    client: Client,
    routes: Vec<RouteNeed>,
    logs: Vec<Arc<dyn EventLog>>,
}

fn service() -> Service {
    let log = |name| -> Arc<dyn EventLog> { Arc::new(MemoryLog::new(LogName::new(name).unwrap())) };
    let logs: Vec<_> = ["shared", "brent"].into_iter().map(log).collect();
    let clock = Arc::new(|| "2026-01-05T10:00:00Z".parse().unwrap());
    let handlers = Arc::new(Handlers::new(&logs, clock));
    let (router, routes) = crate::routes(Guarded::new(token_book()), handlers).into_parts();
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
        self.client
            .command(path, Who::Everywhere(Role::Operator), key, &body)
            .await
    }

    async fn last_event(&self) -> Value {
        let head = self.logs[0].head().await.unwrap().sequence;
        let message = self.logs[0].read_one(head).await.unwrap().unwrap();
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
    let event = service.last_event().await;
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
async fn only_operators_give_commands() {
    let service = service();
    let expected = |knock: &Knock<'_>| match knock.who {
        Who::Nobody | Who::Stranger => Entry::WhoAsks,
        Who::Everywhere(Role::Operator) => Entry::Admitted,
        Who::Local(Role::Operator) if knock.name == REACHED => Entry::Admitted,
        Who::Everywhere(_) | Who::Local(_) => Entry::Forbidden,
    };
    let knocks = try_every_route(&service.client, &service.routes, expected).await;
    assert_eq!(knocks, 3 * 4 * 14);
    assert_eq!(service.recorded().await, 0);
}
