//! Facts of a partner's tool over HTTP, to a whole system on a real log.

use serde_json::{Value, json};
use townclerk_app::access::Role;
use townclerk_tests::town::{Caller, Town, folder, incident};

const FACTS: &str = "/v1/councils/brent/facts";

/// What the token of the first start stands for.
const SOURCE: &str = "/councils/brent/local-partner";

fn fact(id: &str, what: &str, time: &str, data: Value) -> Value {
    json!({
        "specversion": "1.0", "id": id, "source": SOURCE,
        "type": format!("org.townclerk.ticket.{what}.v1"), "subject": "ticket/IN-1",
        "time": time, "data": data,
    })
}

/// A ticket's life in the order in which it happened.
fn life() -> Vec<Value> {
    vec![
        fact(
            "f1",
            "logged",
            "2021-03-01T09:00:00Z",
            incident("p2", "email"),
        ),
        fact("f2", "started", "2021-03-01T09:05:00Z", json!({})),
        fact(
            "f3",
            "held",
            "2021-03-01T09:30:00Z",
            json!({"reason": "supplier"}),
        ),
        fact("f4", "started", "2021-03-01T11:00:00Z", json!({})),
        fact(
            "f5",
            "resolved",
            "2021-03-01T11:20:00Z",
            json!({"resolution": "patched"}),
        ),
        fact("f6", "closed", "2021-03-02T09:00:00Z", json!({})),
    ]
}

async fn send(tool: &Caller, facts: &Value) -> (u16, Value) {
    tool.command(FACTS, "facts need no key", facts).await
}

fn outcomes(answer: &Value) -> Vec<&str> {
    let answers = answer["answers"].as_array().unwrap().iter();
    answers
        .map(|answer| answer["outcome"].as_str().unwrap())
        .collect()
}

/// The one ticket of Brent as its view shows it, once that has read so far.
async fn ticket(tool: &Caller, position: &Value) -> Value {
    let position = position.as_str().unwrap();
    let path = format!("/v1/views/brent/tickets?status=all&min_position={position}");
    let (status, answer) = tool.get(&path).await;
    assert_eq!(status, 200, "{answer}");
    let tickets = answer["tickets"].as_array().unwrap();
    assert_eq!(tickets.len(), 1, "{answer}");
    tickets[0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_life_told_backwards_fact_by_fact_is_recorded_in_order_and_survives_a_restart() {
    let dir = folder();
    let town = Town::first_start(dir.path()).await;
    let tool = town.as_role(Role::Partner);
    let mut life = life();
    for fact in life[1..].iter().rev() {
        let (status, answer) = send(&tool, fact).await;
        assert_eq!(
            (status, &answer["outcome"]),
            (202, &json!("held")),
            "{answer}"
        );
    }
    let (_, waiting) = tool.get(&format!("{FACTS}/held")).await;
    assert_eq!(waiting["held"].as_array().unwrap().len(), 5);
    let (status, answer) = send(&tool, &life[0]).await;
    assert_eq!(
        (status, &answer["position"]),
        (201, &json!("brent:1")),
        "{answer}"
    );
    let (_, waiting) = tool.get(&format!("{FACTS}/held")).await;
    assert_eq!(waiting["held"], json!([]), "{waiting}");
    let shown = ticket(&tool, &json!("brent:6")).await;
    assert_eq!(shown["status"], "closed", "{shown}");

    let tokens = town.stop().await;
    let town = Town::again(dir.path(), tokens).await;
    let tool = town.as_role(Role::Partner);
    life.reverse();
    let (status, answers) = send(&tool, &json!(life)).await;
    assert_eq!(status, 200, "{answers}");
    assert_eq!(outcomes(&answers), ["already-recorded"; 6]);
    let positions = answers["answers"].as_array().unwrap().iter();
    let positions: Vec<&str> = positions
        .map(|answer| answer["position"].as_str().unwrap())
        .collect();
    assert_eq!(
        positions,
        [
            "brent:6", "brent:5", "brent:4", "brent:3", "brent:2", "brent:1"
        ]
    );
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_facts_are_refused_by_name_and_the_good_ones_beside_them_are_recorded() {
    let dir = folder();
    let town = Town::first_start(dir.path()).await;
    let tool = town.as_role(Role::Partner);
    let first = life().remove(0);
    let with = |member: &str, value: Value| {
        let mut fact = first.clone();
        fact[member] = value;
        fact
    };
    let batch = json!([
        with("source", json!("/councils/lewisham/local-partner")),
        with("source", json!("/councils/brent/hornbill")),
        with("datas", json!({})),
        first,
        with("time", json!("2021-03-01T10:00:00Z")),
    ]);
    let (status, answers) = send(&tool, &batch).await;
    assert_eq!(status, 200, "{answers}");
    let expected = ["refused", "refused", "refused", "recorded", "refused"];
    assert_eq!(outcomes(&answers), expected, "{answers}");
    let problems = answers["answers"].as_array().unwrap().iter();
    let problems: Vec<Option<&str>> = problems
        .map(|answer| answer["problem"]["type"].as_str()?.rsplit(':').next())
        .collect();
    let expected = ["forbidden", "forbidden", "unknown-field", "", "key-reused"];
    assert_eq!(
        problems,
        expected.map(|slug| Some(slug).filter(|slug| !slug.is_empty()))
    );

    let many: Vec<Value> = (0..10_000).map(|n| json!({ "id": n })).collect();
    let (status, problem) = send(&tool, &json!(many)).await;
    assert_eq!(status, 413, "{problem}");
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("1000 at a time"),
        "{problem}"
    );
    for path in ["/v1/councils/shared/facts", "/v1/councils/joint/facts"] {
        let (status, problem) = tool.command(path, "k", &first).await;
        assert_eq!(status, 404, "{problem}");
    }
    let desk = town.as_role(Role::ServiceDesk);
    let (status, problem) = send(&desk, &first).await;
    assert_eq!(status, 403, "{problem}");

    let shown = ticket(&tool, &answers["answers"][3]["position"]).await;
    assert_eq!(shown["status"], "logged", "{shown}");
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_facts_of_one_request_are_recorded_in_it() {
    let dir = folder();
    let town = Town::first_start(dir.path()).await;
    let tool = town.as_role(Role::Partner);
    let facts: Vec<Value> = (0..1_000)
        .map(|n| {
            let mut fact = life().remove(0);
            fact["id"] = json!(format!("f{n}"));
            fact["subject"] = json!(format!("ticket/IN-{n}"));
            fact
        })
        .collect();
    let (status, answers) = send(&tool, &json!(facts)).await;
    assert_eq!(status, 200, "{answers}");
    assert_eq!(answers["counts"]["recorded"], 1_000);
    let (_, again) = send(&tool, &json!(facts)).await;
    assert_eq!(again["counts"]["already-recorded"], 1_000);
    town.stop().await;
}
