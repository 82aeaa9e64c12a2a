//! Programmes over HTTP.

use serde_json::{Value, json};

use super::service;

fn programme() -> Value {
    json!({
        "title": "A new structure of the service",
        "phases": [{"phase": "interviews", "from": "2018-05-01", "to": "2018-05-31"},
                   {"phase": "recruitment"}],
    })
}

#[tokio::test]
async fn each_command_on_a_programme_becomes_its_event() {
    let service = service();
    let (opened, event) = service
        .records(
            "/v1/logs/shared/programmes",
            "1",
            programme(),
            "programme-opened",
        )
        .await;
    let one = opened.headers["location"].to_str().unwrap().to_owned();
    assert_eq!(event["data"]["phases"][1]["phase"], "recruitment");
    let steps = [
        (
            "start-phase",
            json!({"phase": "interviews"}),
            "phase-started",
        ),
        (
            "pause",
            json!({"reason": "pandemic", "until": "2026-04-05"}),
            "programme-paused",
        ),
        ("resume", json!({}), "programme-resumed"),
        (
            "transfer-function",
            json!({"function": "programme-office-support", "from": "transformation",
                "to": "assistant-chief-executive"}),
            "function-transferred",
        ),
        (
            "complete-phase",
            json!({"phase": "interviews"}),
            "phase-completed",
        ),
        (
            "start-phase",
            json!({"phase": "recruitment"}),
            "phase-started",
        ),
        (
            "complete-phase",
            json!({"phase": "recruitment"}),
            "phase-completed",
        ),
        ("complete", json!({}), "programme-completed"),
        (
            "correct",
            json!({"event": event["id"], "field": "title", "was": "A new structure of the service",
                "is": "The new structure", "reason": "mistyped"}),
            "corrected",
        ),
        ("void", json!({"reason": "test"}), "voided"),
    ];
    for (number, (command, body, what)) in steps.into_iter().enumerate() {
        let (path, key) = (format!("{one}/{command}"), format!("step-{number}"));
        service.records(&path, &key, body, what).await;
    }
    assert_eq!(service.recorded().await, 11);
}

#[tokio::test]
async fn what_does_not_fit_a_programme_is_refused_by_value() {
    let service = service();
    let path = "/v1/logs/brent/programmes";
    let bare = json!({"title": "No phases", "phases": []});
    assert_eq!(service.refused(path, "1", bare).await, "phase-count");
    let opened = service.ask(path, "2", programme()).await;
    let one = opened.headers["location"].to_str().unwrap().to_owned();
    let on = |command: &str| format!("{one}/{command}");
    let interviews = || json!({"phase": "interviews"});
    for (command, body, refusal) in [
        ("resume", json!({}), "not-paused"),
        ("complete", json!({}), "phases-not-complete"),
        ("complete-phase", interviews(), "phase-not-started"),
        ("start-phase", json!({"phase": "party"}), "not-planned"),
        (
            "transfer-function",
            json!({"function": "printing", "from": "it", "to": "it"}),
            "transferred-to-itself",
        ),
        (
            "pause",
            json!({"reason": "pandemic", "until": "2026-01-04"}),
            "pause-ends-before-it-begins",
        ),
    ] {
        let refused = service.refused(&on(command), "3", body).await;
        assert_eq!(refused, refusal, "{command}");
    }
    service.ask(&on("start-phase"), "4", interviews()).await;
    service
        .ask(&on("pause"), "5", json!({"reason": "pandemic"}))
        .await;
    for (command, body, refusal) in [
        ("pause", json!({"reason": "pandemic"}), "already-paused"),
        (
            "complete-phase",
            interviews(),
            "phase-completed-while-paused",
        ),
        (
            "start-phase",
            json!({"phase": "recruitment"}),
            "phase-started-while-paused",
        ),
        ("complete", json!({}), "completed-while-paused"),
    ] {
        let refused = service.refused(&on(command), "6", body).await;
        assert_eq!(refused, refusal, "{command}");
    }
    assert_eq!(service.recorded().await, 3);
}
