//! What one fact, and one request, is answered with.

use serde_json::{Value, json};
use townclerk_contract::fact;

use super::*;

#[tokio::test]
async fn a_fact_is_recorded_as_the_command_that_it_is() {
    let town = Town::new();
    let sent = with(logged("IN-1", 0), "correlationid", json!("call 7"));
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let sent = with(sent, "traceparent", json!(trace));
    let answer = town.send(&sent).await;
    let event = &town.events().await[0];
    assert_eq!(answer["id"], "IN-1 logged");
    assert_eq!(answer["outcome"], "recorded");
    assert_eq!(answer["position"], "brent:1");
    assert_eq!(answer["event"], event["id"]);
    assert_eq!(answer["aggregate"], event["subject"]);
    let read = fact::read(&sent.to_string()).unwrap();
    assert_eq!(event["subject"], read.aggregate().to_string());
    assert_eq!(event["causationid"], read.command().to_string());
    assert_eq!(event["correlationid"], "call 7");
    assert_eq!(event["traceparent"], trace);
    assert_eq!(event["source"], sent["source"]);
    assert_eq!(event["time"], sent["time"]);
    assert_eq!(event["authid"], "brent-hornbill");
    assert_eq!(event["authtype"], "api_key");
    assert_eq!(event["data"]["priority"], "p2");
}

#[tokio::test]
async fn the_same_fact_is_recorded_once_however_often_and_by_which_way_it_comes() {
    let town = Town::new();
    let first = town.send(&logged("IN-1", 0)).await;
    let over_nats = Tool {
        auth_type: AuthType::ServiceAccount,
        ..hornbill()
    };
    for tool in [hornbill(), over_nats] {
        let again = town.send_as(&tool, &logged("IN-1", 0)).await;
        assert_eq!(again["outcome"], "already-recorded");
        for member in ["id", "event", "position", "aggregate"] {
            assert_eq!(again[member], first[member], "{member}");
        }
    }
    let retold = with(logged("IN-1", 0), "correlationid", json!("another try"));
    assert_eq!(town.send(&retold).await["outcome"], "already-recorded");
    assert_eq!(town.recorded().await, 1);
}

#[tokio::test]
async fn the_same_id_with_other_content_is_refused() {
    let town = Town::new();
    town.send(&logged("IN-1", 0)).await;
    let other_time = with(logged("IN-1", 0), "time", json!("2021-03-01T09:07:00Z"));
    let mut other_data = logged("IN-1", 0);
    other_data["data"]["priority"] = json!("p1");
    let other_type = json!("org.townclerk.ticket.voided.v1");
    let voided = with(logged("IN-1", 0), "type", other_type);
    let other_type = with(voided, "data", json!({"reason": "test"}));
    let other_record = with(logged("IN-1", 0), "subject", json!("ticket/IN-2"));
    for other in [other_time, other_data, other_type, other_record] {
        let answer = town.send(&other).await;
        assert_eq!(answer["outcome"], "refused", "{answer}");
        assert_eq!(slug(&answer), "key-reused");
        assert_eq!(answer["field"], "id");
    }
    assert_eq!(town.recorded().await, 1);
}

#[tokio::test]
async fn a_tool_speaks_for_itself_and_its_own_council_only() {
    let town = Town::new();
    for (source, found) in [
        ("/councils/lewisham/hornbill", "lewisham"),
        ("/councils/brent/halo", "halo"),
        ("/councils/shared/hornbill", "shared"),
    ] {
        let answer = town
            .send(&with(logged("IN-1", 0), "source", json!(source)))
            .await;
        assert_eq!(answer["outcome"], "refused");
        assert_eq!(slug(&answer), "forbidden");
        assert_eq!(answer["field"], "source");
        let detail = answer["detail"].as_str().unwrap();
        assert!(detail.contains(found), "{detail}");
        assert!(detail.contains("/councils/brent/hornbill"), "{detail}");
    }
    assert_eq!(town.recorded().await, 0);
}

#[tokio::test]
async fn a_tool_does_not_touch_the_record_of_another() {
    let town = Town::new();
    town.send(&logged("IN-1", 0)).await;
    let halo = tool("brent", "halo");
    let theirs = with(
        told("started", "IN-1", 1),
        "source",
        json!("/councils/brent/halo"),
    );
    let answer = town.send_as(&halo, &theirs).await;
    assert_eq!(answer["outcome"], "held");
    assert_eq!(slug(&answer["problem"]), "not-found");
    assert_eq!(town.recorded().await, 1);
    assert_eq!(
        town.waiting()["held"],
        json!([]),
        "another tool's are not shown"
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_fact_is_named_by_field_or_rejection_and_nothing_is_recorded() {
    let town = Town::new();
    town.send(&logged("IN-1", 0)).await;
    let mut extra = logged("IN-2", 0);
    extra["data"]["colour"] = json!("red");
    let mut unknown_value = logged("IN-2", 0);
    unknown_value["data"]["kind"] = json!("problem");
    let mut nowhere = logged("IN-2", 0);
    nowhere["data"]["councils"] = json!(["brent", "lewisham"]);
    let fault = |fact: Value, problem: &'static str, says: &'static str| (fact, problem, says);
    for (fact, problem, says) in [
        fault(extra, "unknown-field", "data.colour"),
        fault(unknown_value, "invalid-field", "data.kind"),
        fault(json!({}), "invalid-field", "specversion"),
        fault(json!(7), "malformed-json", "one JSON object"),
        fault(
            with(logged("IN-2", 0), "subject", json!("claim/1")),
            "invalid-field",
            "ticket, change, outage",
        ),
        fault(
            with(
                logged("IN-2", 0),
                "type",
                json!("org.townclerk.ticket.logged.v9"),
            ),
            "invalid-field",
            "version 9",
        ),
        fault(
            with(logged("IN-2", 0), "time", json!("2022-03-01T09:00:00Z")),
            "rejected",
            "5 minutes",
        ),
        fault(
            with(logged("IN-2", 0), "time", json!("1821-03-01T09:00:00Z")),
            "rejected",
            "before 1900",
        ),
        fault(nowhere, "rejected", "names no councils"),
        fault(
            with(logged("IN-1", 0), "id", json!("again")),
            "rejected",
            "logged already",
        ),
        fault(
            told("recategorised", "IN-1", 1),
            "rejected",
            "at least one of",
        ),
    ] {
        let answer = town.send(&fact).await;
        assert_eq!(answer["outcome"], "refused", "{says}: {answer}");
        assert_eq!(slug(&answer), problem, "{says}: {answer}");
        let detail = answer["detail"].as_str().unwrap();
        assert!(detail.contains(says), "{says}: {detail}");
    }
    assert_eq!(town.recorded().await, 1);
    assert_eq!(town.waiting()["held"], json!([]));
}

#[tokio::test]
async fn all_that_is_wrong_with_a_fact_is_named_at_once() {
    let town = Town::new();
    let mut unknown = logged("IN-1", 0);
    for name in ["traceid", "topic", "pubsubname"] {
        unknown[name] = json!("x");
    }
    let answer = town.send(&unknown).await;
    assert_eq!(slug(&answer), "unknown-field");
    assert_eq!(answer["fields"].as_array().unwrap().len(), 3, "{answer}");
    unknown["time"] = json!("2021-03-01T09:00Z");
    unknown["data"]["priority"] = json!("p9");
    unknown["data"]["service"] = json!("E Mail");
    let answer = town.send(&unknown).await;
    assert_eq!(slug(&answer), "invalid-field");
    for field in ["topic", "time", "data.priority", "data.service"] {
        let fields = answer["fields"].as_array().unwrap();
        assert!(fields.contains(&json!(field)), "{field}: {answer}");
        let detail = answer["detail"].as_str().unwrap();
        assert!(detail.contains(field), "{field}: {detail}");
    }
    assert_eq!(town.recorded().await, 0);
}

#[tokio::test]
async fn a_rejection_is_told_by_value() {
    let town = Town::new();
    town.send(&json!([logged("IN-1", 0), told("cancelled", "IN-1", 2)]))
        .await;
    let answer = town.send(&told("started", "IN-1", 3)).await;
    assert_eq!(slug(&answer), "rejected");
    let refusal = &answer["rejection"]["refusal"];
    assert_eq!(refusal["refusal"], "transition-not-allowed");
    assert_eq!(refusal["allowed"], json!(["reinstate"]));
}

#[tokio::test]
async fn one_bad_member_of_a_batch_harms_no_other() {
    let town = Town::new();
    let mut typo = logged("IN-2", 0);
    typo["data"]["servise"] = json!("email");
    let foreign = with(
        logged("IN-3", 0),
        "source",
        json!("/councils/lewisham/hornbill"),
    );
    let answers = town
        .send(&json!([
            logged("IN-1", 0),
            typo,
            foreign,
            7,
            logged("IN-4", 0)
        ]))
        .await;
    assert_eq!(
        outcomes(&answers),
        ["recorded", "refused", "refused", "refused", "recorded"]
    );
    assert_eq!(answers["answers"][1]["id"], "IN-2 logged");
    assert_eq!(slug(&answers["answers"][1]["problem"]), "unknown-field");
    assert_eq!(answers["answers"][3]["id"], Value::Null);
    let counts = json!({
        "recorded": 2, "already-recorded": 0, "held": 0, "refused": 3, "try-again": 0,
    });
    assert_eq!(answers["counts"], counts);
    assert_eq!(town.recorded().await, 2);
}

#[tokio::test]
async fn an_id_twice_in_a_batch_is_one_fact_or_refused() {
    let town = Town::new();
    let other = with(logged("IN-9", 5), "id", json!("IN-1 logged"));
    let answers = town
        .send(&json!([logged("IN-1", 0), logged("IN-1", 0), other]))
        .await;
    assert_eq!(
        outcomes(&answers),
        ["recorded", "already-recorded", "refused"]
    );
    assert_eq!(slug(&answers["answers"][2]["problem"]), "key-reused");
    assert_eq!(town.recorded().await, 1);
}

#[tokio::test]
async fn more_than_a_request_may_hold_is_refused_whole_with_the_limit() {
    let town = Town::new();
    let many: Vec<Value> = (0..10_000).map(|_| json!({})).collect();
    let answer = town.send(&json!(many)).await;
    assert_eq!(slug(&answer), "body-too-large");
    let detail = answer["detail"].as_str().unwrap();
    assert!(
        detail.contains("10000") && detail.contains("1000 "),
        "{detail}"
    );
    let wide = with(
        logged("IN-1", 0),
        "dataschema",
        json!("x".repeat(1_000_000)),
    );
    let answer = town.send(&wide).await;
    assert_eq!(slug(&answer), "body-too-large");
    let heavy = with(logged("IN-1", 0), "dataschema", json!("x".repeat(70_000)));
    let answer = town.send(&json!([heavy, logged("IN-2", 0)])).await;
    assert_eq!(outcomes(&answer), ["refused", "recorded"]);
    for body in [&b"{"[..], b"[{}", b"\xff", b"", b"[] []"] {
        let answer = town.gateway.answer(body, Form::Either, &hornbill()).await;
        let problem = answer.unwrap_err().to_json();
        assert_eq!(slug(&problem), "malformed-json");
    }
    assert_eq!(town.recorded().await, 1);
}

#[tokio::test]
async fn a_thousand_facts_in_one_request_are_each_recorded() {
    let town = Town::new();
    let facts: Vec<Value> = (0..1_000).map(|n| logged(&format!("IN-{n}"), 0)).collect();
    let answers = town.send(&json!(facts)).await;
    assert_eq!(answers["counts"]["recorded"], 1_000);
    let ids: Vec<&Value> = facts.iter().map(|fact| &fact["id"]).collect();
    let answered = answers["answers"].as_array().unwrap().iter();
    assert_eq!(
        answered.map(|answer| &answer["id"]).collect::<Vec<_>>(),
        ids
    );
    assert_eq!(town.recorded().await, 1_000);
}

#[tokio::test]
async fn changes_and_outages_are_told_of_too() {
    let town = Town::new();
    let of = |kind: &str, what: &str, minute: u32, data: Value| {
        let fact = fact(&format!("{kind} {what}"), what, "7", minute, data);
        let fact = with(fact, "subject", json!(format!("{kind}/7")));
        with(
            fact,
            "type",
            json!(format!("org.townclerk.{kind}.{what}.v1")),
        )
    };
    let declared = json!({"title": "No email", "councils": ["brent"], "critical": true});
    let requested = json!({
        "change_type": "emergency", "title": "Restart the mail server", "category": "fix",
    });
    let answers = town
        .send(&json!([
            of("outage", "resolved", 9, json!({})),
            of("outage", "declared", 1, declared),
            of(
                "change",
                "authorised",
                3,
                json!({"authority": "change-board"})
            ),
            of("change", "requested", 2, requested),
            of("outage", "voided", 10, json!({"reason": "test"})),
        ]))
        .await;
    assert_eq!(outcomes(&answers), ["recorded"; 5], "{answers:#}");
}

#[tokio::test]
async fn what_cannot_be_decided_is_to_be_sent_again() {
    let town = Town::new();
    town.take_away(true);
    let sent = json!([logged("IN-1", 0), logged("IN-2", 0)]);
    let answers = town.send(&sent).await;
    assert_eq!(outcomes(&answers), ["try-again", "try-again"]);
    for answer in answers["answers"].as_array().unwrap() {
        assert_eq!(slug(&answer["problem"]), "unavailable");
        assert_eq!(answer["problem"]["status"], 503);
    }
    town.take_away(false);
    assert_eq!(outcomes(&town.send(&sent).await), ["recorded", "recorded"]);
}

#[tokio::test]
async fn a_lost_answer_of_the_log_is_no_second_event() {
    let town = Town::new();
    town.logs[0].log.lose_acks(1);
    let first = town.send(&logged("IN-1", 0)).await;
    assert_eq!(first["outcome"], "try-again");
    assert_eq!(slug(&first), "outcome-unknown");
    assert_eq!(
        town.send(&logged("IN-1", 0)).await["outcome"],
        "already-recorded"
    );
    assert_eq!(town.recorded().await, 1);
}

#[test]
fn a_tool_has_a_few_requests_at_a_time_and_others_have_theirs() {
    let town = Town::new();
    let (mine, other) = (hornbill(), tool("brent", "halo"));
    let mut admitted: Vec<_> = (0..8)
        .map(|_| {
            town.gateway
                .admit(&mine.council, mine.caller.as_str())
                .unwrap()
        })
        .collect();
    let refused = town
        .gateway
        .admit(&mine.council, mine.caller.as_str())
        .map(|_| ())
        .unwrap_err()
        .to_json();
    assert_eq!(slug(&refused), "unavailable");
    assert!(
        refused["detail"]
            .as_str()
            .unwrap()
            .contains("wait for an answer")
    );
    assert!(
        town.gateway
            .admit(&other.council, other.caller.as_str())
            .is_ok()
    );
    admitted.pop();
    assert!(
        town.gateway
            .admit(&mine.council, mine.caller.as_str())
            .is_ok()
    );
}
