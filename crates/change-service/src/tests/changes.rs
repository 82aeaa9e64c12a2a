//! Changes over HTTP.

use serde_json::{Value, json};

use super::{SOMETHING, Service, corrects_and_voids, service, with};

const CHANGES: &str = "/v1/logs/brent/changes";

pub fn request(change_type: &str) -> Value {
    json!({
        "change_type": change_type, "title": "Update of the storage system",
        "category": "maintenance", "project": null, "services": ["storage"], "councils": [],
    })
}

/// Every command in an order that a normal change takes, with what it is recorded as.
fn a_whole_life() -> Vec<(&'static str, Value, &'static str)> {
    let authority = "change-board";
    let (from, to) = ("2026-01-04T20:00:00Z", "2026-01-04T22:00:00Z");
    let effect = json!({"log": "shared", "kind": "outage", "id": SOMETHING});
    vec![
        (
            "assess",
            json!({"risk": "high", "impact": "All councils"}),
            "assessed",
        ),
        (
            "reject",
            json!({"authority": authority, "reason": "no-way-back"}),
            "rejected",
        ),
        ("assess", json!({"risk": "medium"}), "assessed"),
        ("authorise", json!({"authority": authority}), "authorised"),
        (
            "schedule",
            json!({"from": "2026-01-03T20:00:00Z", "to": to}),
            "scheduled",
        ),
        ("schedule", json!({"from": from, "to": to}), "scheduled"),
        ("start", json!({}), "started"),
        ("implement", json!({}), "implemented"),
        (
            "set-review",
            json!({"by": "2026-02-01", "owner": "change-manager"}),
            "review-due",
        ),
        (
            "review",
            json!({"findings": "One controller restarted"}),
            "reviewed",
        ),
        ("close", json!({"outcome": "with-issues"}), "closed"),
        ("cause", json!({"effect": effect}), "caused"),
    ]
}

async fn requested(service: &Service, change_type: &str) -> String {
    service
        .created(CHANGES, request(change_type), "requested")
        .await
}

/// Brings a change to where `commands` of the whole life lead.
async fn after(service: &Service, change_type: &str, commands: &[&str]) -> String {
    let change = requested(service, change_type).await;
    for command in commands {
        let mut life = a_whole_life().into_iter();
        let (_, body, what) = life.find(|(named, ..)| named == command).unwrap();
        service
            .records(&format!("{change}/{command}"), body, what)
            .await;
    }
    change
}

#[tokio::test]
async fn a_change_lives_over_http_and_each_command_becomes_its_event() {
    let service = service();
    let change = requested(&service, "normal").await;
    for (command, body, what) in a_whole_life() {
        service
            .records(&format!("{change}/{command}"), body, what)
            .await;
    }
    let cancelled = service
        .ask(&format!("{change}/cancel"), "c", &json!({"reason": "x"}))
        .await;
    assert_eq!(cancelled.problem(), "rejected");
    assert_eq!(
        cancelled.json()["rejection"]["refusal"]["allowed"],
        json!([])
    );
}

#[tokio::test]
async fn a_change_is_cancelled_corrected_and_voided() {
    let service = service();
    let change = requested(&service, "emergency").await;
    let reason = json!({"reason": "superseded"});
    service
        .records(&format!("{change}/cancel"), reason, "cancelled")
        .await;
    corrects_and_voids(&service, &change).await;
}

#[test]
fn every_command_is_a_route_and_every_route_is_tried() {
    let tried = a_whole_life().into_iter().map(|(command, ..)| command);
    let mut tried: Vec<&str> = tried.chain(["correct", "cancel", "void"]).collect();
    tried.sort_unstable();
    tried.dedup();
    assert_eq!(service().routed("changes"), tried);
}

#[tokio::test]
async fn a_review_of_a_change_that_was_never_implemented_is_refused_by_value() {
    let service = service();
    for (commands, from) in [
        (&[][..], "requested"),
        (&["schedule"][..], "scheduled"),
        (&["schedule", "start"][..], "implementing"),
    ] {
        let change = after(&service, "standard", commands).await;
        service
            .refuses(
                &format!("{change}/review"),
                json!({}),
                json!({"refusal": "never-implemented", "from": from}),
            )
            .await;
    }
}

#[tokio::test]
async fn what_does_not_fit_the_type_of_a_change_is_refused_by_value() {
    let service = service();
    for (change_type, command, allowed) in [
        ("standard", "assess", json!(["schedule", "cancel"])),
        ("standard", "authorise", json!(["schedule", "cancel"])),
        ("normal", "authorise", json!(["assess", "cancel"])),
        ("normal", "schedule", json!(["assess", "cancel"])),
        (
            "emergency",
            "start",
            json!(["assess", "authorise", "reject", "cancel"]),
        ),
    ] {
        let change = requested(&service, change_type).await;
        let mut life = a_whole_life().into_iter();
        let (_, body, _) = life.find(|(named, ..)| *named == command).unwrap();
        let refusal = json!({
            "refusal": "transition-not-allowed", "change_type": change_type, "from": "requested",
            "wanted": command, "allowed": allowed,
        });
        service
            .refuses(&format!("{change}/{command}"), body, refusal)
            .await;
    }
}

#[tokio::test]
async fn a_time_that_ends_before_it_begins_is_refused_by_value() {
    let service = service();
    let change = requested(&service, "standard").await;
    let (from, to) = ("2026-01-04T22:00:00Z", "2026-01-04T20:00:00Z");
    service
        .refuses(
            &format!("{change}/schedule"),
            json!({"from": from, "to": to}),
            json!({"refusal": "ends-before-it-begins", "from": from, "to": to}),
        )
        .await;
}

#[tokio::test]
async fn a_review_that_cannot_be_due_is_refused_by_value() {
    let service = service();
    let commands = ["schedule", "start", "implement", "review"];
    let change = after(&service, "standard", &commands).await;
    let path = format!("{change}/set-review");
    let due = |by: &str| json!({"by": by, "owner": "change-manager"});
    let reviewed = json!({"refusal": "no-review-to-come", "from": "reviewed"});
    service.refuses(&path, due("2026-02-01"), reviewed).await;
    let change = requested(&service, "standard").await;
    let path = format!("{change}/set-review");
    let passed = json!({"refusal": "due-in-the-past", "day": "2026-01-05", "by": "2026-01-04"});
    service.refuses(&path, due("2026-01-04"), passed).await;
}

#[tokio::test]
async fn effects_that_cannot_be_are_refused_by_value() {
    let service = service();
    let change = after(&service, "standard", &["schedule"]).await;
    let cause = format!("{change}/cause");
    let effect = |kind: &str| json!({"log": "shared", "kind": kind, "id": SOMETHING});
    let said = |kind: &str| json!({"effect": effect(kind)});
    let too_early = json!({"refusal": "cannot-have-caused", "from": "scheduled"});
    service.refuses(&cause, said("outage"), too_early).await;
    service
        .records(&format!("{change}/start"), json!({}), "started")
        .await;
    let a_change = json!({"refusal": "effect-is-a-change", "effect": effect("change")});
    service.refuses(&cause, said("change"), a_change).await;
    service.records(&cause, said("outage"), "caused").await;
    let twice = json!({"refusal": "already-caused", "effect": effect("outage")});
    service.refuses(&cause, said("outage"), twice).await;
}

#[tokio::test]
async fn a_request_that_does_not_fit_its_log_is_refused_by_value() {
    let service = service();
    let own = with(request("normal"), "councils", json!(["brent", "lewisham"]));
    let refusal = json!({"refusal": "own-log-names-councils"});
    service.refuses(CHANGES, own, refusal).await;
    let services: Vec<String> = (0..65).map(|number| format!("s{number}")).collect();
    let wide = with(request("normal"), "services", json!(services));
    let refusal = json!({"refusal": "too-many-named", "field": "services", "found": 65});
    service.refuses(CHANGES, wide, refusal).await;
}
