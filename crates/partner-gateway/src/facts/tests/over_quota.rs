//! Beyond its quota nothing of a tool is recorded, nothing is lost, and what is recorded stays so.

use std::num::NonZeroU32;

use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::IntoResponse;
use jiff::SignedDuration;

use super::super::quota::Quota;
use super::*;

fn town(per_minute: u32, per_day: u32) -> Town {
    let town = Town::new();
    let quota = Quota {
        per_minute: NonZeroU32::new(per_minute).unwrap(),
        per_day: NonZeroU32::new(per_day).unwrap(),
    };
    let hornbills = hornbill().caller.to_string();
    town.quotas.set([(hornbills, quota)].into());
    town
}

/// So many tickets, each with its first fact.
fn tickets(references: std::ops::Range<u32>) -> Value {
    references
        .map(|n| logged(&format!("IN-{n}"), n % 60))
        .collect()
}

#[tokio::test]
async fn beyond_the_quota_each_fact_is_told_when_to_come_again_and_then_is_recorded() {
    let town = town(3, 100);
    let answers = town.send(&tickets(0..5)).await;
    let expected = ["recorded", "recorded", "recorded", "try-again", "try-again"];
    assert_eq!(sorted(outcomes(&answers)), expected);
    let refused = answers["answers"].as_array().unwrap().iter();
    for answer in refused.filter(|answer| answer["outcome"] == "try-again") {
        let problem = &answer["problem"];
        assert_eq!(slug(problem), "over-quota");
        assert_eq!(problem["retry_after"], 61, "{problem}");
        let said = problem["detail"].as_str().unwrap();
        assert!(said.contains("3 facts in this minute"), "{said}");
    }
    assert_eq!(town.recorded().await, 3);
    assert_eq!(town.waiting()["held"], json!([]), "nothing is put to wait");
    assert_eq!(town.waiting()["given_up"], json!([]));
    town.pass(SignedDuration::from_secs(61));
    let answers = town.send(&tickets(0..5)).await;
    assert_eq!(answers["counts"]["recorded"], 2, "{answers}");
    assert_eq!(answers["counts"]["already-recorded"], 3, "{answers}");
}

fn sorted(mut outcomes: Vec<&str>) -> Vec<&str> {
    outcomes.sort_unstable();
    outcomes
}

#[tokio::test]
async fn a_repeat_costs_nothing_and_is_answered_also_when_the_quota_is_used_up() {
    let town = town(3, 3);
    for _ in 0..4 {
        let answers = town.send(&tickets(0..3)).await;
        assert_eq!(answers["counts"]["try-again"], 0, "{answers}");
    }
    let beyond = town.send(&tickets(3..4)).await;
    assert_eq!(slug(&beyond["answers"][0]["problem"]), "over-quota");
    let repeated = town.send(&tickets(0..4)).await;
    let expected = [
        "already-recorded",
        "already-recorded",
        "already-recorded",
        "try-again",
    ];
    assert_eq!(sorted(outcomes(&repeated)), expected);
    let events = town.events().await;
    let positions = repeated["answers"].as_array().unwrap().iter();
    let found: Vec<&Value> = positions.filter_map(|answer| answer.get("event")).collect();
    assert_eq!(found.len(), 3);
    assert!(
        found
            .iter()
            .all(|id| events.iter().any(|event| event["id"] == **id))
    );
    // Another gateway, whose memory holds nothing of them, finds them in the log.
    let body = tickets(0..4).to_string();
    let beside = town.beside();
    let answers = beside
        .answer(body.as_bytes(), Form::Either, &hornbill())
        .await;
    let answers = answers.unwrap().to_json();
    assert_eq!(sorted(outcomes(&answers)), expected);
    // The same id with other content is still told as that.
    let reused = with(logged("IN-0", 0), "time", json!("2021-03-01T10:00:00Z"));
    let reused = town.send(&json!([reused])).await;
    assert_eq!(slug(&reused["answers"][0]["problem"]), "key-reused");
    assert_eq!(town.recorded().await, 3);
}

#[tokio::test]
async fn a_refused_fact_costs_nothing_and_one_that_waits_costs_once() {
    let town = town(2, 2);
    for n in 0..4 {
        let wrong = with(
            logged(&format!("IN-{n}"), 0),
            "time",
            json!("2031-03-01T09:00:00Z"),
        );
        let refused = town.send(&json!([wrong])).await;
        assert_eq!(refused["counts"]["refused"], 1, "{refused}");
    }
    // Two that wait use it up; sent again they go on waiting.
    let early = json!([told("resolved", "A", 9), told("resolved", "B", 9)]);
    for _ in 0..2 {
        let held = town.send(&early).await;
        assert_eq!(held["counts"]["held"], 2, "{held}");
    }
    let over = town.send(&json!([logged("A", 0)])).await;
    assert_eq!(slug(&over["answers"][0]["problem"]), "over-quota");
    // The next day what they wait for comes, and they are recorded with it at no cost.
    town.quotas.set([].into());
    let begun = town.send(&json!([logged("A", 0), logged("B", 0)])).await;
    assert_eq!(begun["counts"]["recorded"], 2, "{begun}");
    assert_eq!(town.recorded().await, 4);
    assert_eq!(town.quotas.today().facts["brent-hornbill"], 4);
}

#[tokio::test]
async fn one_quota_holds_for_both_ways_and_for_one_tool_alone() {
    let town = town(1, 100);
    let over_nats = Tool {
        auth_type: AuthType::ServiceAccount,
        ..hornbill()
    };
    let first = town.send_as(&over_nats, &logged("IN-1", 0)).await;
    assert_eq!(first["outcome"], "recorded", "{first}");
    let body = logged("IN-2", 0).to_string();
    let answers = town
        .gateway
        .answer(body.as_bytes(), Form::One, &hornbill())
        .await;
    let response = answers.unwrap().into_response();
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(response.headers()[RETRY_AFTER], "61");
    let glpi = tool("brent", "glpi");
    let of_glpi = with(logged("IN-2", 0), "source", json!("/councils/brent/glpi"));
    let theirs = town.send_as(&glpi, &of_glpi).await;
    assert_eq!(theirs["outcome"], "recorded", "{theirs}");
}

#[tokio::test]
async fn a_shortened_answer_still_says_when_to_come_again() {
    let town = town(1, 100);
    let body = tickets(0..40).to_string();
    let answers = town
        .gateway
        .answer(body.as_bytes(), Form::Either, &hornbill())
        .await;
    let text = answers.unwrap().to_text(1_000);
    let short: Value = serde_json::from_str(&text).unwrap();
    let over = short["answers"].as_array().unwrap().iter();
    let waits: Vec<_> = over
        .filter_map(|answer| answer["problem"].get("retry_after"))
        .collect();
    assert_eq!(waits.len(), 39);
    assert!(waits.iter().all(|seconds| **seconds == 61));
}
