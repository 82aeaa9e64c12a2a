//! How long facts wait, how many may, and what becomes of those that waited in vain.

use serde_json::{Value, json};

use super::*;

fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

#[tokio::test]
async fn a_held_fact_that_is_sent_again_stays_held_and_waits_no_longer_for_it() {
    let town = Town::new();
    let first = town.send(&told("started", "IN-1", 2)).await;
    town.pass(minutes(4));
    let again = town.send(&told("started", "IN-1", 2)).await;
    assert_eq!(again, first);
    let waiting = town.waiting();
    assert_eq!(waiting["held"].as_array().unwrap().len(), 1);
    let held = &waiting["held"][0];
    assert_eq!(held["id"], "IN-1 started");
    assert_eq!(held["subject"], "ticket/IN-1");
    assert_eq!(held["what"], "started");
    assert_eq!(held["held_since"], "2021-03-01T12:00:00Z");
    assert_eq!(held["held_until"], "2021-03-01T12:10:00Z");
    assert_eq!(slug(&held["problem"]), "not-found");
}

#[tokio::test]
async fn a_held_fact_does_not_change_under_its_id() {
    let town = Town::new();
    town.send(&told("started", "IN-1", 2)).await;
    let other = town.send(&told("started", "IN-1", 3)).await;
    assert_eq!(other["outcome"], "refused");
    assert_eq!(slug(&other), "key-reused");
    town.send(&logged("IN-1", 1)).await;
    assert_eq!(town.events().await[1]["time"], "2021-03-01T09:02:00Z");
}

#[tokio::test]
async fn what_waited_in_vain_is_given_up_listed_and_refused_from_then_on() {
    let town = Town::new();
    town.send(&told("started", "IN-1", 2)).await;
    town.pass(minutes(9));
    assert_eq!(town.gateway.end_waiting().await, 0);
    assert_eq!(town.waiting()["held"].as_array().unwrap().len(), 1);
    town.pass(minutes(1));
    assert_eq!(town.gateway.end_waiting().await, 1);
    let waiting = town.waiting();
    assert_eq!(waiting["held"], json!([]));
    let given_up = &waiting["given_up"][0];
    assert_eq!(given_up["id"], "IN-1 started");
    assert_eq!(given_up["given_up_at"], "2021-03-01T12:10:00Z");
    assert_eq!(slug(&given_up["problem"]), "not-found");
    let again = town.send(&told("started", "IN-1", 2)).await;
    assert_eq!(again["outcome"], "refused");
    assert_eq!(slug(&again), "not-found");
    assert_eq!(
        town.waiting()["held"],
        json!([]),
        "it is not held a second time"
    );
}

#[tokio::test]
async fn what_was_given_up_is_recorded_if_it_fits_when_it_is_sent_again() {
    let town = Town::new();
    town.send(&told("started", "IN-1", 2)).await;
    town.pass(minutes(10));
    town.gateway.end_waiting().await;
    town.send(&logged("IN-1", 1)).await;
    assert_eq!(
        town.happened().await,
        ["logged"],
        "nobody sent it again yet"
    );
    let again = town.send(&told("started", "IN-1", 2)).await;
    assert_eq!(again["outcome"], "recorded");
    assert_eq!(town.waiting()["given_up"], json!([]));
}

#[tokio::test]
async fn at_the_end_of_its_time_a_fact_is_decided_once_more() {
    let town = Town::new();
    town.send(&told("started", "IN-1", 2)).await;
    // Another gateway records what it waits for: this one is not told.
    let other = town.beside();
    let body = logged("IN-1", 1).to_string();
    let hornbill = hornbill();
    let answer = other.answer(body.as_bytes(), Form::Either, &hornbill);
    assert_eq!(answer.await.unwrap().to_json()["outcome"], "recorded");
    assert_eq!(town.happened().await, ["logged"]);
    town.pass(minutes(10));
    town.gateway.end_waiting().await;
    assert_eq!(town.happened().await, ["logged", "started"]);
    assert_eq!(town.waiting()["given_up"], json!([]));
}

#[tokio::test]
async fn at_the_end_of_one_facts_time_all_that_fit_by_now_are_recorded_in_order() {
    let town = Town::new();
    town.send(&told("closed", "IN-1", 9)).await;
    town.pass(minutes(1));
    town.send(&told("resolved", "IN-1", 7)).await;
    let other = town.beside();
    let body = logged("IN-1", 1).to_string();
    let hornbill = hornbill();
    let answer = other.answer(body.as_bytes(), Form::Either, &hornbill);
    assert_eq!(answer.await.unwrap().to_json()["outcome"], "recorded");
    town.pass(minutes(9));
    town.gateway.end_waiting().await;
    assert_eq!(town.happened().await, ["logged", "resolved", "closed"]);
}

#[tokio::test]
async fn a_log_that_is_away_at_the_end_is_waited_for_as_long_again() {
    let town = Town::new();
    town.send(&told("started", "IN-1", 2)).await;
    town.take_away(true);
    town.pass(minutes(10));
    town.gateway.end_waiting().await;
    assert_eq!(town.waiting()["held"].as_array().unwrap().len(), 1);
    town.pass(minutes(10));
    town.gateway.end_waiting().await;
    let waiting = town.waiting();
    assert_eq!(waiting["held"], json!([]));
    assert_eq!(slug(&waiting["given_up"][0]["problem"]), "unavailable");
}

#[tokio::test]
async fn only_so_many_facts_of_a_tool_and_in_all_are_held() {
    let limits = HoldLimits {
        of_a_tool: 2,
        in_all: 3,
        ..HoldLimits::default()
    };
    let town = Town::holding(limits);
    let mine: Vec<Value> = (0..3)
        .map(|n| told("started", &format!("IN-{n}"), 2))
        .collect();
    let answers = town.send(&json!(mine)).await;
    assert_eq!(answers["counts"]["held"], 2);
    let full: Vec<&Value> = answers["answers"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|answer| answer["outcome"] == "try-again")
        .collect();
    assert_eq!(full.len(), 1);
    assert_eq!(slug(&full[0]["problem"]), "too-early");
    let detail = full[0]["problem"]["detail"].as_str().unwrap();
    assert!(detail.contains("2 facts of yours"), "{detail}");
    let halo = tool("brent", "halo");
    let theirs = |n: u32| {
        let fact = told("started", &format!("IN-{n}"), 2);
        with(fact, "source", json!("/councils/brent/halo"))
    };
    assert_eq!(town.send_as(&halo, &theirs(1)).await["outcome"], "held");
    let last = town.send_as(&halo, &theirs(2)).await;
    assert_eq!(slug(&last), "too-early");
    assert_eq!(last["status"], 503);
    // Room is made when one is recorded.
    town.send(&logged("IN-0", 1)).await;
    town.send(&logged("IN-1", 1)).await;
    assert_eq!(town.send_as(&halo, &theirs(2)).await["outcome"], "held");
}

#[tokio::test]
async fn held_facts_take_only_so_much_memory() {
    let one = told("started", "IN-0", 2).to_string().len();
    let limits = HoldLimits {
        bytes: 2 * one,
        ..HoldLimits::default()
    };
    let town = Town::holding(limits);
    for (n, outcome) in [(0, "held"), (1, "held"), (2, "try-again")] {
        let answer = town.send(&told("started", &format!("IN-{n}"), 2)).await;
        assert_eq!(answer["outcome"], outcome);
    }
}

#[tokio::test]
async fn only_so_many_given_up_facts_are_remembered() {
    let town = Town::new();
    for half in 0..2 {
        let facts: Vec<Value> = (0..600)
            .map(|n| told("started", &format!("IN-{half}-{n}"), 2))
            .collect();
        town.send(&json!(facts)).await;
        town.pass(minutes(10));
        town.gateway.end_waiting().await;
    }
    let waiting = town.waiting();
    assert_eq!(waiting["given_up"].as_array().unwrap().len(), 1_000);
    let newest = waiting["given_up"][0]["id"].as_str().unwrap();
    assert!(newest.starts_with("IN-1-"), "{newest}");
}
