//! Posts over HTTP.

use serde_json::{Value, json};

use super::service;

fn post() -> Value {
    json!({"role": "team-manager", "team": "service-desk"})
}

#[tokio::test]
async fn each_command_on_a_post_becomes_its_event() {
    let service = service();
    let (created, event) = service
        .records("/v1/logs/brent/posts", "1", post(), "post-created")
        .await;
    let one = created.headers["location"].to_str().unwrap().to_owned();
    let under = json!({"programme": "00000000-0000-0000-0000-000000000007", "phase": "interviews"});
    let steps = [
        ("ringfence", json!({"group": "at-risk"}), "post-ringfenced"),
        (
            "fill",
            json!({"appointment": "interim", "until": "2026-03-31"}),
            "post-filled",
        ),
        (
            "extend-interim",
            json!({"until": "2026-05-31"}),
            "interim-extended",
        ),
        ("end-interim", json!({}), "interim-ended"),
        (
            "fill",
            json!({"appointment": "internal", "under": under}),
            "post-filled",
        ),
        ("vacate", json!({"reason": "resigned"}), "post-vacated"),
        ("delete", json!({"under": under}), "post-deleted"),
        (
            "correct",
            json!({"event": event["id"], "field": "team", "was": "service-desk",
                "is": "applications", "reason": "mistyped"}),
            "corrected",
        ),
        ("void", json!({"reason": "test"}), "voided"),
    ];
    for (number, (command, body, what)) in steps.into_iter().enumerate() {
        let (path, key) = (format!("{one}/{command}"), format!("step-{number}"));
        service.records(&path, &key, body, what).await;
    }
    assert_eq!(service.recorded().await, 10);
}

#[tokio::test]
async fn what_does_not_fit_a_post_is_refused_by_value() {
    let service = service();
    let created = service.ask("/v1/logs/brent/posts", "1", post()).await;
    let one = created.headers["location"].to_str().unwrap().to_owned();
    let on = |command: &str| format!("{one}/{command}");
    for (command, body, refusal) in [
        (
            "fill",
            json!({"appointment": "interim"}),
            "interim-without-end",
        ),
        (
            "fill",
            json!({"appointment": "external", "until": "2026-01-04"}),
            "appointment-ends-before-it-begins",
        ),
        (
            "fill",
            json!({"appointment": "interim", "until": "2026-01-04"}),
            "appointment-ends-before-it-begins",
        ),
        (
            "extend-interim",
            json!({"until": "2026-03-31"}),
            "no-interim",
        ),
        ("end-interim", json!({}), "no-interim"),
        ("vacate", json!({"reason": "resigned"}), "nothing-to-vacate"),
    ] {
        let refused = service.refused(&on(command), "2", body).await;
        assert_eq!(refused, refusal, "{command}");
    }
    let interim = json!({"appointment": "interim", "until": "2026-03-31"});
    service.ask(&on("fill"), "3", interim.clone()).await;
    for (command, body, refusal) in [
        ("fill", interim, "already-filled"),
        (
            "ringfence",
            json!({"group": "at-risk"}),
            "ringfenced-while-held",
        ),
        (
            "extend-interim",
            json!({"until": "2026-03-31"}),
            "not-later",
        ),
        (
            "vacate",
            json!({"reason": "resigned"}),
            "vacated-by-interim",
        ),
        ("delete", json!({}), "deleted-while-filled"),
    ] {
        let refused = service.refused(&on(command), "4", body).await;
        assert_eq!(refused, refusal, "{command}");
    }
    assert_eq!(service.recorded().await, 2);
}
