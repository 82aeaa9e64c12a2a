//! Published figures over HTTP, each with its verdict.

use serde_json::{Value, json};
use townclerk_domain::claim::ClaimRules;

use super::history::History;

fn published(measure: &str, scope: &str, more: &Value) -> Value {
    let mut claim = json!({
        "measure": measure, "scope": scope, "period": "2020-05", "value": "5",
        "source": "A paper, 6.7",
    });
    let more = more.as_object().unwrap().clone();
    claim.as_object_mut().unwrap().extend(more);
    json!({ "claim-published": claim })
}

/// Two claims about all councils, and one about Brent.
fn history() -> History {
    let mut history = History::new();
    let text = json!({"kind": "text", "unit": "calls", "precision": {"about": {"tolerance": "1"}}});
    let calls = published("calls_abandoned", "joint", &text);
    let logged = published("tickets_logged", "joint", &json!({}));
    let brents = published(
        "tickets_logged",
        "brent",
        &json!({"breakdown": {"priority": "p1"}}),
    );
    history
        .records::<ClaimRules>("shared", 1, "2020-06-01T09:00:00Z", calls)
        .records::<ClaimRules>("shared", 2, "2020-06-02T09:00:00Z", logged)
        .records::<ClaimRules>("brent", 3, "2020-06-03T09:00:00Z", brents);
    history
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_lists_the_claims_about_it_with_what_they_come_to() {
    let service = history().served().await;
    let joint = service.read("/joint/claims").await;
    let claims = joint["claims"].as_array().unwrap();
    let measures: Vec<&Value> = claims.iter().map(|claim| &claim["measure"]).collect();
    assert_eq!(measures, ["tickets_logged", "calls_abandoned"]);
    let (logged, calls) = (&claims[0], &claims[1]);
    assert_eq!(logged["unit"], "tickets");
    assert_eq!(logged["verdict"], "cannot-be-compared");
    assert!(
        logged["why"]
            .as_str()
            .unwrap()
            .contains("no council was a member in 2020-05")
    );
    assert_eq!(logged["published"], "2020-06-02T09:00:00Z");
    assert_eq!(
        (&calls["kind"], &calls["unit"]),
        (&json!("text"), &json!("calls"))
    );
    assert_eq!(calls["precision"], json!({"about": {"tolerance": "1"}}));
    assert!(
        calls["why"]
            .as_str()
            .unwrap()
            .contains("Townclerk does not compute it")
    );
    let brents = service.read("/brent/claims").await;
    assert_eq!(brents["claims"].as_array().unwrap().len(), 1);
    assert_eq!(brents["claims"][0]["breakdown"], json!({"priority": "p1"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_are_read_page_by_page() {
    let service = history().served().await;
    let first = service.read("/joint/claims?limit=1").await;
    assert_eq!(first["claims"][0]["measure"], "tickets_logged");
    let after = first["next"].as_str().unwrap();
    let second = service
        .read(&format!("/joint/claims?limit=1&after={after}"))
        .await;
    assert_eq!(second["claims"][0]["measure"], "calls_abandoned");
    assert_eq!(second["next"], Value::Null);
}
