//! Coverages, claims and agreements over HTTP.

mod service_level;

use std::collections::BTreeSet;
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

use crate::ServiceLevelHandlers;

fn now() -> Timestamp {
    "2026-01-05T10:00:00Z".parse().unwrap()
}

struct Service {
    client: Client,
    routes: Vec<RouteNeed>,
    log: Arc<MemoryLog>,
    shared: Arc<MemoryLog>,
}

fn service() -> Service {
    let log = |name| Arc::new(MemoryLog::new(LogName::new(name).unwrap()));
    let (log, shared) = (log("brent"), log("shared"));
    let logs = [&log, &shared].map(|log| Arc::clone(log) as Arc<dyn EventLog>);
    let coverages = Arc::new(Handlers::new(&logs, Arc::new(now)));
    let claims = Arc::new(Handlers::new(&logs, Arc::new(now)));
    let availability = Arc::new(Handlers::new(&logs, Arc::new(now)));
    let service_level = ServiceLevelHandlers {
        targets: Arc::new(Handlers::new(&logs, Arc::new(now))),
        hours: Arc::new(Handlers::new(&logs, Arc::new(now))),
        holidays: Arc::new(Handlers::new(&logs, Arc::new(now))),
    };
    let guarded = Guarded::new(token_book());
    let routes = crate::routes(guarded, coverages, claims, availability, service_level);
    let (router, routes) = routes.into_parts();
    Service {
        client: Client::new(router),
        routes,
        log,
        shared,
    }
}

impl Service {
    async fn ask(&self, path: &str, key: &str, body: Value) -> Answer {
        // Agreements are for operators, the rest for officers.
        let who = match path.contains("/agreements/") {
            true => Who::Everywhere(Role::Operator),
            false => Who::Local(Role::Officer),
        };
        self.client.command(path, who, key, &body).await
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

    async fn recorded(&self) -> u64 {
        let (own, shared) = (self.log.head().await, self.shared.head().await);
        own.unwrap().sequence + shared.unwrap().sequence
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
async fn a_bad_claim_is_told_every_fault_with_what_would_be_taken() {
    let service = service();
    let bad = json!({
        "measure": "tickets_loged", "scope": "brent", "period": "2019-13", "value": "many",
        "breakdown": {"colour": "red", "priority": "p9"}, "source": "", "unit": "tickets",
        "precision": {"about": {"tolerance": "0"}}, "page": 4,
    });
    let answer = service.ask("/v1/logs/brent/claims", "1", bad).await;
    assert_eq!(answer.problem(), "invalid-field");
    let answer = answer.json();
    let fields = answer["fields"].as_array().unwrap().iter();
    let fields: BTreeSet<&str> = fields.filter_map(Value::as_str).collect();
    let wrong = [
        "measure",
        "period",
        "value",
        "breakdown.colour",
        "breakdown.priority",
        "source",
        "unit",
        "precision.about.tolerance",
        "page",
    ];
    assert_eq!(fields, BTreeSet::from(wrong));
    let detail = answer["detail"].as_str().unwrap();
    for says in [
        "tickets_loged",
        "tickets_logged",
        "2019-13",
        "19/20 Q4",
        "p9",
        "p1, p2",
    ] {
        assert!(detail.contains(says), "{says}: {detail}");
    }
    assert_eq!(service.log.head().await.unwrap().sequence, 0);
}

#[tokio::test]
async fn what_is_not_computed_is_recorded_as_a_text_and_a_number_as_roughly_as_it_was_said() {
    let service = service();
    let published = "org.townclerk.publication.claim-published.v1";
    let text = json!({
        "measure": "calls_abandoned", "scope": "brent", "period": "19/20 Q4", "kind": "text",
        "unit": "calls", "value": "8000", "precision": "at-least", "source": "A paper, 6.7",
    });
    service
        .records("/v1/logs/brent/claims", "1", text, published)
        .await;
    let about = json!({
        "measure": "tickets_logged", "scope": "brent", "period": "19/20 Q4", "value": "8000",
        "precision": {"about": {"tolerance": "100"}}, "source": "A paper, 6.7",
    });
    let (answer, event) = service
        .records("/v1/logs/brent/claims", "2", about, published)
        .await;
    let one = answer.headers["location"].to_str().unwrap().to_owned();
    let is = r#"{"between":{"and":"8100"}}"#;
    let precision = correction(&event, "precision", r#"{"about":{"tolerance":"100"}}"#, is);
    let corrected = "org.townclerk.publication.corrected.v1";
    service
        .records(&format!("{one}/correct"), "3", precision, corrected)
        .await;
    let measure = correction(&event, "measure", "tickets_logged", "tickets");
    let answer = service.ask(&format!("{one}/correct"), "4", measure).await;
    assert_eq!(answer.json()["rejection"]["rejection"], "bad-correction");
}

const AVAILABILITY: &str = "/v1/logs/brent/agreements/availability";

fn agreed(from: &str) -> Value {
    let nine_to_five = |day| json!({"day": day, "from": "09:00:00", "to": "17:00:00"});
    json!({
        "service": "email", "target": "99.0", "notice_hours": 48, "from": from,
        "service_time": {"weekly": [nine_to_five("monday"), nine_to_five("friday")]},
    })
}

#[tokio::test]
async fn availability_is_agreed_again_and_again_ended_corrected_and_voided() {
    let service = service();
    let on = |command: &str| format!("{AVAILABILITY}/{command}");
    let agrees = "org.townclerk.agreement.availability-agreed.v1";
    let first = agreed("2019-01-01");
    let (answer, event) = service
        .records(&on("agree"), "1", first.clone(), agrees)
        .await;
    assert_eq!(event["data"], first);
    assert_eq!(answer.headers["location"], AVAILABILITY);
    let always = json!({
        "service": "email", "target": "99", "from": "2020-01-01", "service_time": "always",
    });
    let (later, _) = service.records(&on("agree"), "2", always, agrees).await;
    assert_eq!(later.json()["id"], answer.json()["id"], "one record");
    let again = service.ask(&on("agree"), "1", first).await;
    assert_eq!(
        (again.status.as_u16(), again.json()["sequence"].clone()),
        (200, json!(1))
    );
    let end = json!({"service": "email", "through": "2020-12-31"});
    let ended = "org.townclerk.agreement.availability-ended.v1";
    service.records(&on("end"), "3", end, ended).await;
    let target = correction(&event, "target", "99.0", "99.5");
    let corrected = "org.townclerk.agreement.corrected.v1";
    service
        .records(&on("correct"), "4", target, corrected)
        .await;
    let voided = "org.townclerk.agreement.voided.v1";
    service
        .records(&on("void"), "5", json!({"reason": "test"}), voided)
        .await;
}

#[tokio::test]
async fn an_agreement_that_does_not_fit_is_refused_by_value() {
    let service = service();
    let on = |command: &str| format!("{AVAILABILITY}/{command}");
    let with = |field: &str, value: Value| {
        let mut agreed = agreed("2019-01-01");
        agreed[field] = value;
        agreed
    };
    let weekly = |windows: &[(&str, &str)]| {
        let window = |(from, to): &(&str, &str)| json!({"day": "monday", "from": from, "to": to});
        let windows: Vec<_> = windows.iter().map(window).collect();
        with("service_time", json!({"weekly": windows}))
    };
    let end = |through: &str| json!({"service": "email", "through": through});
    let nothing = service.ask(&on("end"), "1", end("2019-12-31")).await;
    assert_eq!(nothing.problem(), "not-found");
    for (body, refusal) in [
        (with("target", json!("0")), "target-out-of-range"),
        (with("target", json!("100.1")), "target-out-of-range"),
        (with("notice_hours", json!(8_761)), "notice-too-long"),
        (weekly(&[]), "window-count"),
        (weekly(&[("17:00", "09:00")]), "ends-before-it-starts"),
        (weekly(&[("09:00", "09:00")]), "empty-window"),
        (
            weekly(&[("09:00", "13:00"), ("12:00", "17:00")]),
            "windows-overlap",
        ),
    ] {
        let refused = service.refused(&on("agree"), "2", body).await;
        assert_eq!(refused, refusal);
    }
    let shared = "/v1/logs/shared/agreements/availability/agree";
    let refused = service.refused(shared, "3", agreed("2019-01-01")).await;
    assert_eq!(refused, "not-in-a-councils-log");
    assert_eq!(service.recorded().await, 0);
    service.ask(&on("agree"), "4", agreed("2019-01-01")).await;
    let twice = service
        .refused(&on("agree"), "5", agreed("2019-01-01"))
        .await;
    assert_eq!(twice, "already-agreed");
    let early = service.refused(&on("end"), "6", end("2018-12-31")).await;
    assert_eq!(early, "agreement-ends-before-it-starts");
    let other = json!({"service": "housing", "through": "2019-12-31"});
    assert_eq!(service.refused(&on("end"), "7", other).await, "not-agreed");
    service.ask(&on("end"), "8", end("2019-12-31")).await;
    let again = service.refused(&on("end"), "9", end("2020-12-31")).await;
    assert_eq!(again, "already-ended");
    assert_eq!(service.recorded().await, 2);
}

#[tokio::test]
async fn officers_keep_coverages_and_claims_and_operators_agreements() {
    let service = service();
    let expected = |knock: &Knock<'_>| {
        let needed = match knock.route.path.contains("/agreements/") {
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
    assert_eq!(knocks, (7 + 4 + 7 + 3 + 4) * 4 * 14);
    assert_eq!(service.recorded().await, 0);
}
