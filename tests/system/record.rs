//! Recording and reading over HTTP, on a real log.

use serde_json::{Value, json};
use townclerk_app::access::Role;
use townclerk_tests::town::{Caller, Town, folder, incident};

/// Declares that tickets of the three councils and of shared are covered, and who is a member.
async fn covered(town: &Town) {
    let (officer, operator) = (town.as_role(Role::Officer), town.as_role(Role::Operator));
    for council in ["brent", "lewisham", "southwark"] {
        let joined = json!({ "name": council, "from": "2020-01-01" });
        let path = format!("/v1/logs/shared/partnerships/{council}/join");
        let (status, answer) = operator
            .command(&path, &format!("join-{council}"), &joined)
            .await;
        assert_eq!(status, 201, "{answer}");
    }
    for log in ["brent", "lewisham", "southwark", "shared"] {
        let coverage = json!({ "selector": { "family": "ticket" }, "from": "2020-01-01" });
        let path = format!("/v1/logs/{log}/coverages");
        let (status, answer) = officer
            .command(&path, &format!("cover-{log}"), &coverage)
            .await;
        assert_eq!(status, 201, "{answer}");
    }
}

async fn count(caller: &Caller, scope: &str, query: &str) -> Value {
    let query = format!("measure=tickets_logged&period=2026-01&{query}");
    caller.figure(scope, &query).await["value"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledged_command_is_readable_at_its_position_in_every_view() {
    let dir = folder();
    let town = Town::first_start(dir.path()).await;
    covered(&town).await;
    let (desk, operator) = (
        town.as_role(Role::ServiceDesk),
        town.as_role(Role::Operator),
    );
    let mut logged = incident("p2", "email");
    logged["happened"] = json!("2026-01-05T10:00:00Z");
    let (status, answer) = desk.command("/v1/logs/brent/tickets", "k1", &logged).await;
    assert_eq!(status, 201, "{answer}");
    let position = format!("min_position=brent:{}", answer["sequence"]);
    for scope in ["brent", "joint"] {
        assert_eq!(count(&operator, scope, &position).await, 1, "{scope}");
    }
    // The same key again is the same event; with other content it is refused.
    let (status, again) = desk.command("/v1/logs/brent/tickets", "k1", &logged).await;
    assert_eq!((status, &again["event"]), (200, &answer["event"]));
    logged["priority"] = json!("p1");
    let (status, _) = desk.command("/v1/logs/brent/tickets", "k1", &logged).await;
    assert_eq!(status, 409);
    // The ticket itself, with its events as recorded.
    let id = answer["id"].as_str().unwrap();
    let path = format!("/v1/logs/brent/tickets/{id}/resolve");
    let resolved = json!({ "happened": "2026-01-05T11:00:00Z" });
    let (_, resolved) = desk.command(&path, "k2", &resolved).await;
    let position = format!("min_position=brent:{}", resolved["sequence"]);
    count(&operator, "brent", &position).await;
    let (status, ticket) = desk.get(&format!("/v1/views/brent/tickets/{id}")).await;
    assert_eq!((status, &ticket["status"]), (200, &json!("resolved")));
    assert_eq!(
        ticket["events"][1]["event"]["type"],
        "org.townclerk.ticket.resolved.v1"
    );
    // A position that is not there yet is waited for, then named.
    let (status, late) = operator
        .get("/v1/views/brent/figures?period=2026-01&min_position=brent:999999")
        .await;
    assert_eq!(status, 503, "{late}");
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_fact_a_correction_and_a_voiding_restate_and_the_past_stays() {
    let dir = folder();
    let town = Town::first_start(dir.path()).await;
    covered(&town).await;
    let (desk, operator) = (
        town.as_role(Role::ServiceDesk),
        town.as_role(Role::Operator),
    );
    let log = |key: &'static str, at: &'static str| {
        let desk = desk.clone();
        async move {
            let mut logged = incident("p3", "email");
            logged["happened"] = json!(at);
            let (status, answer) = desk.command("/v1/logs/brent/tickets", key, &logged).await;
            assert_eq!(status, 201, "{answer}");
            answer
        }
    };
    let first = log("k1", "2026-01-05T10:00:00Z").await;
    let position = |answer: &Value| format!("min_position=brent:{}", answer["sequence"]);
    let figure = operator
        .figure(
            "brent",
            &format!("measure=tickets_logged&period=2026-01&{}", position(&first)),
        )
        .await;
    assert_eq!(figure["value"], 1);
    let known_then = format!("known_at={}", figure["known_at"].as_str().unwrap());
    let late = log("k2", "2026-01-20T10:00:00Z").await;
    assert_eq!(count(&operator, "brent", &position(&late)).await, 2);
    assert_eq!(count(&operator, "brent", &known_then).await, 1);
    // The first ticket was really a P1; the second never was one.
    let correction = json!({
        "event": first["event"], "field": "priority", "was": "p3", "is": "p1", "reason": "mistyped",
    });
    let path = format!(
        "/v1/logs/brent/tickets/{}/correct",
        first["id"].as_str().unwrap()
    );
    let (status, corrected) = desk.command(&path, "k3", &correction).await;
    assert_eq!(status, 201, "{corrected}");
    let path = format!(
        "/v1/logs/brent/tickets/{}/void",
        late["id"].as_str().unwrap()
    );
    let voiding = json!({ "reason": "recorded-in-error" });
    let (status, voided) = desk.command(&path, "k4", &voiding).await;
    assert_eq!(status, 201, "{voided}");
    assert_eq!(count(&operator, "brent", &position(&voided)).await, 1);
    let path = format!("/v1/views/brent/tickets/{}", late["id"].as_str().unwrap());
    let (status, void) = desk.get(&path).await;
    assert_eq!(
        (status, &void["void"], &void["status"]),
        (200, &json!(true), &Value::Null)
    );
    assert_eq!(
        void["events"].as_array().unwrap().len(),
        2,
        "it stays in the history"
    );
    assert_eq!(count(&operator, "brent", "priority=p1").await, 1);
    assert_eq!(
        count(&operator, "brent", &format!("priority=p1&{known_then}")).await,
        0
    );
    for view in ["brent", "joint"] {
        let report = operator.replay(view, "verify").await;
        assert_eq!(report["ok"], true, "{report}");
    }
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_message_is_named_and_an_unreadable_one_is_held() {
    let dir = folder();
    let town = Town::first_start(dir.path()).await;
    covered(&town).await;
    let (desk, operator) = (
        town.as_role(Role::ServiceDesk),
        town.as_role(Role::Operator),
    );
    let mut logged = incident("p2", "email");
    logged["happened"] = json!("2026-01-05T10:00:00Z");
    let (_, answer) = desk.command("/v1/logs/brent/tickets", "k1", &logged).await;
    let id = answer["id"].as_str().unwrap();
    // Somebody with the writer's credential writes past the rules.
    let nats = town.system.nats().unwrap();
    let seed = nats
        .user_seed("brent", townclerk_event_log::jetstream::Role::Writer)
        .unwrap();
    let role = townclerk_event_log::jetstream::Role::Writer;
    let writer = async_nats::ConnectOptions::with_nkey(seed)
        .custom_inbox_prefix(townclerk_event_log::jetstream::inbox_prefix("brent", role))
        .connect(nats.url())
        .await
        .unwrap();
    let subject = format!("tc.brent.ticket.ticket-{id}");
    for (subject, payload) in [
        ("tc.brent.nonsense".to_owned(), "hello"),
        (subject, "{\"specversion\":\"9\"}"),
    ] {
        let stored = writer.request(subject, payload.into()).await.unwrap();
        let stored: Value = serde_json::from_slice(&stored.payload).unwrap();
        assert!(stored["seq"].is_u64(), "{stored}");
    }
    let head = answer["sequence"].as_u64().unwrap() + 2;
    let query = format!("measure=tickets_logged&period=2026-01&min_position=brent:{head}");
    let figure = operator.figure("brent", &query).await;
    assert_eq!((&figure["value"], &figure["held"]), (&json!(1), &json!(1)));
    let report = operator.replay("brent", "verify").await;
    assert_eq!(
        report["ok"], false,
        "somebody wrote past the rules: {report}"
    );
    assert_eq!(report["digest"], report["rebuilt_digest"]);
    assert_eq!(
        report["foreign"]["brent"].as_array().unwrap().len(),
        1,
        "{report}"
    );
    assert_eq!(
        report["held"]["brent"].as_array().unwrap().len(),
        1,
        "{report}"
    );
    // Nothing is decided on a part of the record.
    let path = format!("/v1/logs/brent/tickets/{id}/resolve");
    let (status, refused) = desk.command(&path, "k2", &json!({})).await;
    assert_eq!(status, 503, "{refused}");
    assert!(
        refused["type"]
            .as_str()
            .unwrap()
            .ends_with("unreadable-record"),
        "{refused}"
    );
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_paged_without_gaps_or_doubles() {
    let dir = folder();
    let town = Town::first_start(dir.path()).await;
    let desk = town.as_role(Role::ServiceDesk);
    let mut last = Value::Null;
    for number in 0..23 {
        let mut logged = incident("p3", "email");
        logged["happened"] = json!(format!("2026-01-05T10:{number:02}:00Z"));
        let key = format!("k{number}");
        last = desk
            .command("/v1/logs/brent/tickets", &key, &logged)
            .await
            .1;
    }
    let query = format!(
        "period=2026-01&measure=tickets_open&min_position=brent:{}",
        last["sequence"]
    );
    desk.figure("brent", &query).await;
    let (mut seen, mut next) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/views/brent/tickets?limit=5{next}");
        let (status, page) = desk.get(&path).await;
        assert_eq!(status, 200, "{page}");
        let tickets = page["tickets"].as_array().unwrap();
        seen.extend(
            tickets
                .iter()
                .map(|ticket| ticket["logged"].as_str().unwrap().to_owned()),
        );
        match page["next"].as_str() {
            Some(end) => next = format!("&after={end}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 23);
    assert!(seen.is_sorted());
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_council_that_has_no_log_is_recorded_with_a_warning() {
    let dir = folder();
    let town = Town::first_start(dir.path()).await;
    let desk = town.as_role(Role::ServiceDesk);
    let mut of_two = incident("p3", "email");
    of_two["councils"] = json!(["brent", "lewishan"]);
    let tickets = "/v1/logs/shared/tickets";
    let (status, told) = desk.command(tickets, "k1", &of_two).await;
    let warning = "no log here is of a council lewishan; there are brent, lewisham, southwark; did \
                   you mean lewisham?";
    assert_eq!(
        (status, &told["warnings"]),
        (201, &json!([warning])),
        "{told}"
    );
    of_two["councils"] = json!(["brent", "lewisham"]);
    let (_, told) = desk.command(tickets, "k2", &of_two).await;
    assert_eq!(told["warnings"], json!([]), "{told}");
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_no_record_has_is_recorded_with_a_warning() {
    let dir = folder();
    let town = Town::first_start(dir.path()).await;
    let (desk, operator) = (
        town.as_role(Role::ServiceDesk),
        town.as_role(Role::Operator),
    );
    let tickets = "/v1/logs/brent/tickets";
    let (status, first) = desk.command(tickets, "k1", &incident("p3", "email")).await;
    assert_eq!((status, &first["warnings"]), (201, &json!([])), "{first}");
    let position = format!("min_position=brent:{}", first["sequence"]);
    count(&operator, "brent", &position).await;
    let mistyped = incident("p3", "emial");
    let (status, second) = desk.command(tickets, "k2", &mistyped).await;
    let warning = "no record of brent had service=emial before; did you mean email?";
    assert_eq!(
        (status, &second["warnings"]),
        (201, &json!([warning])),
        "{second}"
    );
    // What was recorded is no news, to nobody.
    let (_, again) = desk.command(tickets, "k3", &mistyped).await;
    assert_eq!(again["warnings"], json!([]), "{again}");
    let fact = |id: &str, service: &str| {
        json!({
            "specversion": "1.0", "id": id, "source": "/councils/brent/local-partner",
            "type": "org.townclerk.ticket.logged.v1", "subject": format!("ticket/{id}"),
            "time": "2021-03-01T09:00:00Z", "data": incident("p3", service),
        })
    };
    let tool = town.as_role(Role::Partner);
    let facts = "/v1/councils/brent/facts";
    let (_, told) = tool.command(facts, "f1", &fact("f1", "e-mail")).await;
    assert_eq!(told["outcome"], "recorded", "{told}");
    let warning = "no record of brent had service=e-mail before; did you mean email?";
    assert_eq!(told["warnings"], json!([warning]), "{told}");
    let (_, told) = tool.command(facts, "f2", &fact("f2", "emial")).await;
    assert!(told["warnings"].is_null(), "{told}");
    town.stop().await;
}
