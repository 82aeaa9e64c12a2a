//! Outages over HTTP, from a request to what the log holds.

use std::sync::Arc;

use axum::http::StatusCode;
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

/// Changes of all councils: a shared outage is widened and narrowed.
const CHANGES: Who = Who::Everywhere(Role::Change);

const OUTAGES: &str = "/v1/logs/shared/outages";

const MAINTENANCE: &str = "/v1/logs/shared/maintenance";

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
    let logs: Vec<_> = ["shared", "brent", "lewisham"]
        .into_iter()
        .map(log)
        .collect();
    let outages = Arc::new(Handlers::new(&logs, Arc::new(now)));
    let tests = Arc::new(Handlers::new(&logs, Arc::new(now)));
    let (router, routes) = crate::routes(Guarded::new(token_book()), outages, tests).into_parts();
    Service {
        client: Client::new(router),
        routes,
        logs,
    }
}

fn outage() -> Value {
    json!({
        "title": "Power was lost in the second data centre", "councils": ["brent", "lewisham"],
        "critical": true, "happened": "2026-01-05T08:00:00Z",
        "effects": [
            {"service": "email", "council": "brent", "severity": "down"},
            {"service": "email", "council": "lewisham", "severity": "degraded"},
        ],
    })
}

fn maintenance() -> Value {
    json!({
        "title": "Storage firmware", "councils": ["brent", "lewisham"], "services": ["email"],
        "from": "2026-01-05T07:00:00Z", "to": "2026-01-05T09:00:00Z",
        "happened": "2026-01-01T09:00:00Z",
    })
}

/// `body` with one field set.
fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
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
        self.client.command(path, CHANGES, key, &body).await
    }

    /// Asks for what makes an outage, and returns the path of its commands.
    async fn made(&self, path: &str, body: Value) -> String {
        let answer = self.ask(path, "made", body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        answer.headers["location"].to_str().unwrap().to_owned()
    }

    async fn last_event(&self) -> Value {
        let head = self.logs[0].head().await.unwrap().sequence;
        let message = self.logs[0].read_one(head).await.unwrap().unwrap();
        serde_json::from_slice(&message.payload).unwrap()
    }

    /// Asks for commands on one outage, one after the other, and sees what each became.
    async fn lives(&self, one: &str, life: Vec<(&'static str, Value, &'static str)>) {
        for (step, (command, body, what)) in life.into_iter().enumerate() {
            let path = format!("{one}/{command}");
            let key = format!("{step} {command}");
            let answer = self.ask(&path, &key, body).await;
            assert_eq!(answer.status, StatusCode::CREATED, "{command}: {answer:?}");
            let event = self.last_event().await;
            assert_eq!(event["type"], format!("org.townclerk.outage.{what}.v1"));
            assert_eq!(event["source"], "/councils/shared/outage-service");
        }
    }

    /// The name of the refusal by the rules that an answer is.
    #[track_caller]
    fn refusal(answer: &Answer) -> String {
        assert_eq!(answer.problem(), "rejected", "{answer:?}");
        let refusal = &answer.json()["rejection"]["refusal"]["refusal"];
        refusal.as_str().unwrap().to_owned()
    }
}

/// Every command on a declared outage in an order that it takes, with what it is recorded as.
fn a_whole_life() -> Vec<(&'static str, Value, &'static str)> {
    let another = |kind| json!({"log": "shared", "kind": kind, "id": SOMEBODY});
    vec![
        (
            "widen",
            json!({"councils": ["southwark"], "effects": [
                {"service": "web", "council": "southwark", "severity": "down"}]}),
            "widened",
        ),
        ("narrow", json!({"councils": ["southwark"]}), "narrowed"),
        (
            "affect",
            json!({"effects": [{"service": "web", "council": "brent", "severity": "degraded",
                "from": "2026-01-05T08:30:00Z"}]}),
            "affected",
        ),
        ("users", json!({"percent": "12.5"}), "users-affected"),
        (
            "work-around",
            json!({"workaround": "Use web mail."}),
            "worked-around",
        ),
        (
            "restore",
            json!({"service": "email", "councils": ["brent"]}),
            "service-restored",
        ),
        (
            "escalate",
            json!({"supplier": "carrier", "level": "chief-executive"}),
            "escalated",
        ),
        ("resolve", json!({}), "resolved"),
        (
            "cause",
            json!({"component": "core-network", "class": "power", "party": "supplier",
                "supplier": "carrier"}),
            "cause-found",
        ),
        (
            "agree-action",
            json!({"action": "two-feeds", "text": "Feed each device from two supplies",
                "owner": "network-team", "due": "2026-03-31"}),
            "action-agreed",
        ),
        ("link", json!({"cause": another("change")}), "linked"),
        (
            "review",
            json!({"findings": "The second feed was never tested."}),
            "reviewed",
        ),
        ("close", json!({}), "closed"),
        (
            "complete-action",
            json!({"action": "two-feeds"}),
            "action-completed",
        ),
        ("recur", json!({"outage": another("outage")}), "recurred"),
    ]
}

#[tokio::test]
async fn an_outage_lives_over_http() {
    let service = service();
    let one = service.made(OUTAGES, outage()).await;
    let declared = service.last_event().await;
    assert_eq!(declared["type"], "org.townclerk.outage.declared.v1");
    assert_eq!(declared["time"], "2026-01-05T08:00:00Z");
    service.lives(&one, a_whole_life()).await;
    let correction = json!({
        "event": declared["id"], "field": "critical", "was": "true", "is": "false",
        "reason": "mistyped",
    });
    let amendments = vec![
        ("correct", correction, "corrected"),
        ("void", json!({"reason": "test"}), "voided"),
    ];
    service.lives(&one, amendments).await;
}

#[tokio::test]
async fn planned_maintenance_begins_as_the_outage_that_it_was_from_the_beginning() {
    let service = service();
    let one = service.made(MAINTENANCE, maintenance()).await;
    let planned = service.last_event().await;
    assert_eq!(
        planned["type"],
        "org.townclerk.outage.maintenance-planned.v1"
    );
    let (_, id) = planned["subject"]
        .as_str()
        .unwrap()
        .split_once('/')
        .unwrap();
    assert_eq!(one, format!("{OUTAGES}/{id}"));
    let life = vec![
        ("plan", maintenance(), "maintenance-planned"),
        ("begin", outage(), "declared"),
        ("resolve", json!({}), "resolved"),
    ];
    service.lives(&one, life).await;
    assert_eq!(service.last_event().await["subject"], planned["subject"]);
}

#[tokio::test]
async fn planned_maintenance_that_never_began_is_cancelled() {
    let service = service();
    let one = service.made(MAINTENANCE, maintenance()).await;
    let reason = json!({"reason": "The supplier withdrew the firmware"});
    let life = vec![("cancel", reason, "maintenance-cancelled")];
    service.lives(&one, life).await;
}

#[test]
fn every_command_is_a_route_and_every_route_is_tried() {
    let tried = a_whole_life().into_iter().map(|(command, ..)| command);
    let mut tried: Vec<&str> = tried
        .chain(["plan", "cancel", "begin", "correct", "void"])
        .collect();
    tried.sort_unstable();
    let routes = service().routes;
    let mut routed: Vec<&str> = routes
        .iter()
        .filter_map(|route| route.path.strip_prefix("/v1/logs/{log}/outages/{id}/"))
        .collect();
    routed.sort_unstable();
    assert_eq!(routed, tried);
    // Two make an outage; a test of recovery is recorded, corrected and voided.
    assert_eq!(routes.len(), tried.len() + 2 + 3);
}

#[tokio::test]
async fn a_repeated_command_is_recorded_once_and_a_key_makes_one_outage() {
    let service = service();
    let first = service.ask(MAINTENANCE, "k", maintenance()).await;
    let again = service.ask(MAINTENANCE, "k", maintenance()).await;
    assert_eq!(
        (first.status, again.status),
        (StatusCode::CREATED, StatusCode::OK)
    );
    assert_eq!(first.headers["location"], again.headers["location"]);
    let other = service.ask(OUTAGES, "k", outage()).await;
    assert_eq!(other.problem(), "key-reused");
    assert_eq!(service.recorded().await, 1);
}

#[tokio::test]
async fn what_cannot_begin_is_refused_and_nothing_is_recorded() {
    let service = service();
    let own = "/v1/logs/brent/outages";
    let month = json!({"from": "2025-12-01", "to": "2025-12-31", "precision": "month"});
    let effect = |field: &str, value: &str| {
        let mut body = outage();
        body["effects"][0][field] = json!(value);
        body
    };
    for (path, body, refusal) in [
        (own, outage(), "own-log-names-its-council"),
        (
            OUTAGES,
            with(outage(), "councils", json!(["brent"])),
            "shared-needs-councils",
        ),
        (OUTAGES, with(outage(), "when", month), "happened-elsewhere"),
        (
            OUTAGES,
            effect("council", "southwark"),
            "effect-on-another-council",
        ),
        (
            OUTAGES,
            effect("from", "2026-01-05T07:59:00Z"),
            "effect-before-outage",
        ),
        (
            OUTAGES,
            effect("to", "2026-01-05T08:00:00Z"),
            "effect-ends-before-it-begins",
        ),
        (OUTAGES, effect("to", "2036-01-05T08:00:00Z"), "lies-ahead"),
        (
            MAINTENANCE,
            with(maintenance(), "services", json!([])),
            "service-count",
        ),
        (
            MAINTENANCE,
            with(maintenance(), "happened", json!("2026-01-05T07:00:00Z")),
            "notice-too-late",
        ),
        (
            MAINTENANCE,
            with(maintenance(), "to", json!("2026-01-05T07:00:00Z")),
            "maintenance-ends-before-it-begins",
        ),
    ] {
        let answer = service.ask(path, "k", body).await;
        assert_eq!(Service::refusal(&answer), refusal);
    }
    assert_eq!(service.recorded().await, 0);
}

#[tokio::test]
async fn what_does_not_fit_an_outage_is_refused_and_nothing_is_recorded() {
    let service = service();
    let one = service.made(OUTAGES, outage()).await;
    let ticket = json!({"log": "shared", "kind": "ticket", "id": SOMEBODY});
    for (command, body, refusal) in [
        ("begin", outage(), "already-declared"),
        ("users", json!({"percent": "100.5"}), "not-a-share"),
        ("users", json!({"percent": "-1"}), "not-a-share"),
        (
            "restore",
            json!({"service": "email", "happened": "2026-01-05T07:59:59Z"}),
            "not-declared",
        ),
        (
            "restore",
            json!({"service": "telephony"}),
            "nothing-to-restore",
        ),
        (
            "restore",
            json!({"service": "email", "councils": ["southwark"]}),
            "not-hit",
        ),
        ("widen", json!({"councils": ["brent"]}), "already-hit"),
        (
            "narrow",
            json!({"councils": ["brent", "lewisham"]}),
            "none-would-remain",
        ),
        ("affect", json!({"effects": []}), "no-effects"),
        (
            "affect",
            json!({"effects": [{"service": "email", "council": "brent", "severity": "down"}]}),
            "already-affected",
        ),
        (
            "cause",
            json!({"component": "storage", "class": "hardware", "party": "own", "supplier": "carrier"}),
            "supplier-not-at-fault",
        ),
        (
            "complete-action",
            json!({"action": "unknown"}),
            "not-agreed",
        ),
        ("review", json!({"findings": "None."}), "not-resolved"),
        ("close", json!({}), "not-resolved"),
        ("recur", json!({"outage": ticket}), "not-resolved"),
    ] {
        let path = format!("{one}/{command}");
        let answer = service.ask(&path, "k", body).await;
        assert_eq!(Service::refusal(&answer), refusal, "{command}");
    }
    assert_eq!(service.recorded().await, 1);
}

#[tokio::test]
async fn planned_maintenance_is_not_restored_before_it_has_begun() {
    let service = service();
    let one = service.made(MAINTENANCE, maintenance()).await;
    let restore = format!("{one}/restore");
    let answer = service
        .ask(&restore, "k", json!({"service": "email"}))
        .await;
    assert_eq!(Service::refusal(&answer), "not-declared");
    assert_eq!(service.recorded().await, 1);
}

#[tokio::test]
async fn a_bad_request_is_a_problem_and_nothing_is_recorded() {
    let service = service();
    let begin = |id: &str| format!("{OUTAGES}/{id}/begin");
    let nested = {
        let mut body = outage();
        body["effects"][0]["colour"] = json!("red");
        body
    };
    let long = "x".repeat(2_001);
    for (path, body, problem) in [
        ("/v1/logs/croydon/outages", outage(), "no-such-log"),
        ("/v1/logs/joint/maintenance", maintenance(), "no-such-log"),
        (&begin("7"), outage(), "not-found"),
        (&begin(SOMEBODY), outage(), "not-found"),
        (
            &format!("{MAINTENANCE}/{SOMEBODY}/begin"),
            outage(),
            "unknown-path",
        ),
        (OUTAGES, nested, "unknown-field"),
        (
            OUTAGES,
            with(outage(), "title", json!(" ")),
            "invalid-field",
        ),
        (
            OUTAGES,
            with(outage(), "summary", json!(long)),
            "invalid-field",
        ),
        (OUTAGES, maintenance(), "invalid-field"),
        (MAINTENANCE, json!({}), "invalid-field"),
    ] {
        let answer = service.ask(path, "k", body).await;
        assert_eq!(answer.problem(), problem, "{path}: {answer:?}");
    }
    assert_eq!(service.recorded().await, 0);
}

#[tokio::test]
async fn only_those_who_make_changes_for_a_council_give_commands() {
    let service = service();
    let expected = |knock: &Knock<'_>| match knock.who {
        Who::Nobody | Who::Stranger => Entry::WhoAsks,
        Who::Everywhere(Role::Change) => Entry::Admitted,
        Who::Local(Role::Change) if knock.name == REACHED => Entry::Admitted,
        Who::Everywhere(_) | Who::Local(_) => Entry::Forbidden,
    };
    let knocks = try_every_route(&service.client, &service.routes, expected).await;
    assert_eq!(knocks, 25 * 4 * 14);
    assert_eq!(service.recorded().await, 0);
}

const RECOVERY_TESTS: &str = "/v1/logs/shared/recovery-tests";

#[tokio::test]
async fn a_test_of_recovery_is_recorded_with_or_without_a_target_and_once() {
    let service = service();
    let full = json!({"group": "virtual-machines", "achieved_minutes": 345});
    let one = service.made(RECOVERY_TESTS, full).await;
    let event = service.last_event().await;
    assert_eq!(event["type"], "org.townclerk.outage.recovery-tested.v1");
    assert!(
        event["subject"]
            .as_str()
            .unwrap()
            .starts_with("recovery-test/")
    );
    assert_eq!(event["data"]["target_minutes"], Value::Null);
    let critical = json!({
        "group": "critical-services", "target_minutes": 15, "achieved_minutes": 12,
        "data_loss_target_minutes": 15, "data_loss_minutes": 3,
        "happened": "2026-01-04T10:00:00Z",
    });
    let answer = service.ask(RECOVERY_TESTS, "critical", critical).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    assert_eq!(service.last_event().await["time"], "2026-01-04T10:00:00Z");
    let void = json!({"reason": "recorded-in-error"});
    let answer = service.ask(&format!("{one}/void"), "void", void).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    assert_eq!(service.recorded().await, 3);
}

#[tokio::test]
async fn what_no_test_of_recovery_can_have_shown_is_refused_and_not_recorded() {
    let service = service();
    for (field, value, refusal) in [
        ("target_minutes", json!(0), "target-of-nothing"),
        ("achieved_minutes", json!(527_041), "too-long"),
    ] {
        let body = with(json!({"group": "critical-services"}), field, value);
        let answer = service.ask(RECOVERY_TESTS, field, body).await;
        assert_eq!(Service::refusal(&answer), refusal);
    }
    let negative = json!({"group": "critical-services", "achieved_minutes": -1});
    let answer = service.ask(RECOVERY_TESTS, "negative", negative).await;
    assert!(answer.status.is_client_error(), "{answer:?}");
    assert_eq!(service.recorded().await, 0);
}
