//! Freezes over HTTP.

use serde_json::{Value, json};

use super::{SOMETHING, corrects_and_voids, service, with};

const FREEZES: &str = "/v1/logs/brent/freezes";

/// When these freezes begin and are declared.
const FROM: &str = "2026-01-02T09:00:00Z";

pub fn declaration() -> Value {
    json!({
        "title": "No new projects", "from": FROM, "to": null, "until": "the service is stable",
        "scope": {"councils": [], "services": [], "categories": ["new-project"]},
    })
}

/// [`declaration`] as it is declared on the day on which it begins.
fn declared_then() -> Value {
    declaration_on(FROM)
}

fn declaration_on(happened: &str) -> Value {
    let mut body = declaration();
    body["happened"] = json!(happened);
    body
}

fn exemption(exempt: &Value) -> Value {
    json!({"exempt": exempt, "reason": "Its resources are ring-fenced"})
}

#[tokio::test]
async fn a_freeze_is_declared_exempted_from_and_lifted() {
    let service = service();
    let freeze = service
        .created(FREEZES, declaration(), "freeze-declared")
        .await;
    for exempt in [
        json!({"project": "phase-2"}),
        json!({"change": {"log": "shared", "id": SOMETHING}}),
    ] {
        service
            .records(
                &format!("{freeze}/exempt"),
                exemption(&exempt),
                "freeze-exempted",
            )
            .await;
    }
    service
        .records(&format!("{freeze}/lift"), json!({}), "freeze-lifted")
        .await;
}

#[tokio::test]
async fn a_freeze_is_corrected_and_voided() {
    let service = service();
    let freeze = service
        .created(FREEZES, declaration(), "freeze-declared")
        .await;
    corrects_and_voids(&service, &freeze).await;
}

#[test]
fn every_command_is_a_route_and_every_route_is_tried() {
    let tried = ["correct", "exempt", "lift", "void"];
    assert_eq!(service().routed("freezes"), tried);
}

#[tokio::test]
async fn a_declaration_that_cannot_be_is_refused_by_value() {
    let service = service();
    let to = |to: &str| with(declaration(), "to", json!(to));
    let without_condition = |body: Value| with(body, "until", Value::Null);
    let scope = |field: &str, count: usize| {
        let named: Vec<String> = (0..count).map(|number| format!("c{number}")).collect();
        with(declaration(), "scope", json!({field: named}))
    };
    for (body, refusal) in [
        (
            without_condition(declaration()),
            json!({"refusal": "no-end"}),
        ),
        (
            without_condition(to("2026-01-01T00:00:00Z")),
            json!({
                "refusal": "ends-before-it-begins", "from": FROM, "to": "2026-01-01T00:00:00Z",
            }),
        ),
        (
            scope("councils", 1),
            json!({"refusal": "own-log-names-councils"}),
        ),
        (
            scope("categories", 65),
            json!({"refusal": "too-many-named", "field": "categories", "found": 65}),
        ),
    ] {
        service.refuses(FREEZES, body, refusal).await;
    }
}

#[tokio::test]
async fn an_exemption_or_a_lifting_at_the_wrong_time_is_refused_by_value() {
    let service = service();
    let answer = service.ask(FREEZES, "first", &declared_then()).await;
    let freeze = answer.headers["location"].to_str().unwrap();
    let (exempt, lift) = (format!("{freeze}/exempt"), format!("{freeze}/lift"));
    let project = exemption(&json!({"project": "phase-2"}));
    let at = |mut body: Value, happened: &str| {
        body["happened"] = json!(happened);
        body
    };
    let granted = "2026-01-03T09:00:00Z";
    let first = at(project.clone(), granted);
    assert_eq!(service.ask(&exempt, "granted", &first).await.status, 201);
    let twice = json!({"refusal": "already-exempted", "at": granted});
    service.refuses(&exempt, project.clone(), twice).await;
    let lifted = "2026-01-04T09:00:00Z";
    let lifting = at(json!({}), lifted);
    assert_eq!(service.ask(&lift, "lifted", &lifting).await.status, 201);
    let again = json!({"refusal": "already-lifted", "lifted": lifted});
    service.refuses(&lift, json!({}), again).await;
    let other = exemption(&json!({"project": "phase-3"}));
    let too_late = json!({"refusal": "exempted-after-its-end", "ended": lifted});
    service.refuses(&exempt, other, too_late).await;
}

#[tokio::test]
async fn a_freeze_is_not_lifted_before_its_beginning_or_after_its_end() {
    let service = service();
    let early = with(declaration(), "from", json!("2026-01-06T09:00:00Z"));
    let freeze = service.created(FREEZES, early, "freeze-declared").await;
    let refusal = json!({"refusal": "lifted-before-it-begins", "from": "2026-01-06T09:00:00Z"});
    service
        .refuses(&format!("{freeze}/lift"), json!({}), refusal)
        .await;
    let to = "2026-01-04T09:00:00Z";
    let over = with(declared_then(), "to", json!(to));
    let over = with(over, "until", Value::Null);
    let answer = service.ask(FREEZES, "over", &over).await;
    let freeze = answer.headers["location"].to_str().unwrap();
    let refusal = json!({"refusal": "lifted-after-its-end", "to": to});
    service
        .refuses(&format!("{freeze}/lift"), json!({}), refusal)
        .await;
}
