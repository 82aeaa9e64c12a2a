//! Coverages and claims over HTTP.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use townclerk_app::access::{Guarded, Role, RouteNeed};
use townclerk_app::command::Handlers;
use townclerk_app::http::testing::{
    Answer, Client, Entry, Knock, REACHED, Who, token_book, try_every_route,
};
use townclerk_domain::names::LogName;
use townclerk_event_log::EventLog;
use townclerk_event_log::memory::MemoryLog;

fn now() -> Timestamp {
    "2026-01-05T10:00:00Z".parse().unwrap()
}

struct Service {
    client: Client,
    routes: Vec<RouteNeed>,
    log: Arc<MemoryLog>,
}

fn service() -> Service {
    let log = Arc::new(MemoryLog::new(LogName::new("brent").unwrap()));
    let logs = [Arc::clone(&log) as Arc<dyn EventLog>];
    let coverages = Arc::new(Handlers::new(&logs, Arc::new(now)));
    let claims = Arc::new(Handlers::new(&logs, Arc::new(now)));
    let guarded = Guarded::new(token_book());
    let (router, routes) = crate::routes(guarded, coverages, claims).into_parts();
    Service {
        client: Client::new(router),
        routes,
        log,
    }
}

impl Service {
    async fn ask(&self, path: &str, key: &str, body: Value) -> Answer {
        self.client
            .command(path, Who::Local(Role::Officer), key, &body)
            .await
    }

    /// Asks for a command, and reads the event that it became.
    async fn records(&self, path: &str, key: &str, body: Value, r#type: &str) -> (Answer, Value) {
        let answer = self.ask(path, key, body).await;
        assert_eq!(answer.status, 201, "{path}: {answer:?}");
        let head = self.log.head().await.unwrap().sequence;
        let message = self.log.read_one(head).await.unwrap().unwrap();
        let event: Value = serde_json::from_slice(&message.payload).unwrap();
        assert_eq!(event["type"], r#type);
        assert_eq!(event["source"], "/councils/brent/registry-service");
        (answer, event)
    }
}

fn correction(event: &Value, field: &str, was: &str, is: &str) -> Value {
    json!({"event": event["id"], "field": field, "was": was, "is": is, "reason": "mistyped"})
}

#[tokio::test]
async fn a_coverage_is_declared_ended_corrected_and_voided() {
    let service = service();
    let declared = json!({"selector": {"family": "ticket"}, "from": "2019-01-01"});
    let path = "/v1/logs/brent/coverages";
    let covers = "org.townclerk.record.coverage-declared.v1";
    let (answer, event) = service.records(path, "1", declared, covers).await;
    let one = answer.headers["location"].to_str().unwrap().to_owned();
    let through = json!({"through": "2020-08-21"});
    let ended = "org.townclerk.record.coverage-ended.v1";
    service
        .records(&format!("{one}/end"), "2", through, ended)
        .await;
    let from = correction(&event, "from", "2019-01-01", "2019-02-01");
    let corrected = "org.townclerk.record.corrected.v1";
    service
        .records(&format!("{one}/correct"), "3", from, corrected)
        .await;
    let voided = "org.townclerk.record.voided.v1";
    service
        .records(
            &format!("{one}/void"),
            "4",
            json!({"reason": "test"}),
            voided,
        )
        .await;
}

#[tokio::test]
async fn a_claim_is_published_corrected_and_voided() {
    let service = service();
    let claim = json!({
        "measure": "tickets_logged", "scope": "brent", "period": "19/20 Q4",
        "breakdown": {"priority": "p1"}, "value": "13", "source": "A paper, 6.7",
    });
    let published = "org.townclerk.publication.claim-published.v1";
    let (answer, event) = service
        .records("/v1/logs/brent/claims", "1", claim, published)
        .await;
    let one = answer.headers["location"].to_str().unwrap().to_owned();
    let value = correction(&event, "value", "13", "12");
    let corrected = "org.townclerk.publication.corrected.v1";
    service
        .records(&format!("{one}/correct"), "2", value, corrected)
        .await;
    let voided = "org.townclerk.publication.voided.v1";
    service
        .records(
            &format!("{one}/void"),
            "3",
            json!({"reason": "test"}),
            voided,
        )
        .await;
}

#[tokio::test]
async fn a_nested_unknown_field_and_a_claim_in_the_wrong_log_are_refused() {
    let service = service();
    let wide = json!({"selector": {"family": "ticket", "colour": "red"}, "from": "2019-01-01"});
    let answer = service.ask("/v1/logs/brent/coverages", "1", wide).await;
    assert_eq!(answer.problem(), "unknown-field");
    assert_eq!(answer.json()["fields"], json!(["selector.colour"]));
    let joint = json!({
        "measure": "tickets_logged", "scope": "joint", "period": "19/20 Q4", "value": "13",
        "source": "A paper, 6.7",
    });
    let answer = service.ask("/v1/logs/brent/claims", "2", joint).await;
    assert_eq!(
        answer.json()["rejection"]["refusal"]["refusal"],
        "wrong-log"
    );
    assert_eq!(service.log.head().await.unwrap().sequence, 0);
}

#[tokio::test]
async fn only_officers_of_a_council_give_commands() {
    let service = service();
    let expected = |knock: &Knock<'_>| match knock.who {
        Who::Nobody | Who::Stranger => Entry::WhoAsks,
        Who::Everywhere(Role::Officer) => Entry::Admitted,
        Who::Local(Role::Officer) if knock.name == REACHED => Entry::Admitted,
        Who::Everywhere(_) | Who::Local(_) => Entry::Forbidden,
    };
    let knocks = try_every_route(&service.client, &service.routes, expected).await;
    assert_eq!(knocks, 7 * 4 * 14);
    assert_eq!(service.log.head().await.unwrap().sequence, 0);
}
