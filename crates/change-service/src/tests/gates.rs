//! Gates over HTTP.

use serde_json::{Value, json};

use super::{corrects_and_voids, service, with};

const GATES: &str = "/v1/logs/brent/gates";

const WHEN: &str = "2026-01-03T09:00:00Z";

pub fn set() -> Value {
    json!({
        "title": "Telephony waits", "project": "telephony",
        "requires": [requirement("lessons-reviewed"), requirement("remediations-done")],
    })
}

fn requirement(code: &str) -> Value {
    json!({"code": code, "text": "Complete, and reported to the board"})
}

fn met(requirement: &str) -> Value {
    json!({"requirement": requirement})
}

fn lifted() -> Value {
    json!({"reason": "The board accepts the risk"})
}

/// `body` as it happened at [`WHEN`].
fn then(body: Value) -> Value {
    with(body, "happened", json!(WHEN))
}

#[tokio::test]
async fn a_gate_is_set_met_and_lifted() {
    let service = service();
    let gate = service.created(GATES, set(), "gate-set").await;
    let path = format!("{gate}/meet");
    service
        .records(&path, met("lessons-reviewed"), "gate-requirement-met")
        .await;
    let path = format!("{gate}/lift");
    service.records(&path, lifted(), "gate-lifted").await;
}

#[tokio::test]
async fn a_gate_is_corrected_and_voided() {
    let service = service();
    let gate = service.created(GATES, set(), "gate-set").await;
    corrects_and_voids(&service, &gate).await;
}

#[test]
fn every_command_is_a_route_and_every_route_is_tried() {
    let tried = ["correct", "lift", "meet", "void"];
    assert_eq!(service().routed("gates"), tried);
}

#[tokio::test]
async fn requirements_that_cannot_be_are_refused_by_value() {
    let service = service();
    let requires = |requires: Vec<Value>| with(set(), "requires", json!(requires));
    let many = (0..65).map(|number| requirement(&format!("r{number}")));
    for (body, refusal) in [
        (requires(vec![]), json!({"refusal": "no-requirements"})),
        (
            requires(many.collect()),
            json!({"refusal": "too-many-requirements", "found": 65}),
        ),
        (
            requires(vec![requirement("one"), requirement("one")]),
            json!({"refusal": "requirement-twice", "requirement": "one"}),
        ),
    ] {
        service.refuses(GATES, body, refusal).await;
    }
}

#[tokio::test]
async fn what_a_gate_does_not_take_is_refused_by_value() {
    let service = service();
    let answer = service.ask(GATES, "set", &then(set())).await;
    let gate = answer.headers["location"].to_str().unwrap();
    let (meet, lift) = (format!("{gate}/meet"), format!("{gate}/lift"));
    let (lessons, remedies) = ("lessons-reviewed", "remediations-done");
    let unknown = json!({
        "refusal": "no-such-requirement", "requirement": "tea", "required": [lessons, remedies],
    });
    service.refuses(&meet, met("tea"), unknown).await;
    for (key, requirement) in [("1", lessons), ("2", remedies)] {
        let answer = service.ask(&meet, key, &then(met(requirement))).await;
        assert_eq!(answer.status, 201, "{answer:?}");
    }
    let twice = json!({"refusal": "already-met", "requirement": lessons, "met": WHEN});
    service.refuses(&meet, met(lessons), twice).await;
    let open = json!({"refusal": "already-open", "opened": WHEN});
    service.refuses(&lift, lifted(), open).await;
}

#[tokio::test]
async fn a_lifted_gate_takes_nothing_more() {
    let service = service();
    let answer = service.ask(GATES, "set", &then(set())).await;
    let gate = answer.headers["location"].to_str().unwrap();
    let lift = format!("{gate}/lift");
    let answer = service.ask(&lift, "lifted", &then(lifted())).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let refusal = json!({"refusal": "already-lifted", "lifted": WHEN});
    service.refuses(&lift, lifted(), refusal.clone()).await;
    let meet = format!("{gate}/meet");
    service
        .refuses(&meet, met("lessons-reviewed"), refusal)
        .await;
}
