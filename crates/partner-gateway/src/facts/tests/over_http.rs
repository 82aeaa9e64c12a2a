//! The routes of facts, as a tool calls them.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use serde_json::json;
use townclerk_app::access::{Guarded, Role, RouteNeed};
use townclerk_app::http::testing::{
    Answer, Client, Entry, REACHED, TOOL, Who, request, set, token_book, try_every_route,
};

use super::*;

const FACTS: &str = "/v1/councils/brent/facts";

const PARTNER: Who = Who::Local(Role::Partner);

struct Service {
    town: Town,
    client: Client,
    routes: Vec<RouteNeed>,
}

fn service() -> Service {
    let town = Town::new();
    let guarded = Guarded::new(token_book());
    let guarded = crate::facts::routes(guarded, Arc::clone(&town.gateway));
    let (router, routes) = guarded.into_parts();
    Service {
        town,
        client: Client::new(router),
        routes,
    }
}

/// `fact` as the tool of the test tokens tells it.
fn ours(fact: Value) -> Value {
    with(fact, "source", json!(format!("/councils/brent/{TOOL}")))
}

impl Service {
    async fn post(&self, path: &str, media: &str, body: String) -> Answer {
        let mut asked = request(&Method::POST, path, PARTNER, Body::from(body));
        set(&mut asked, "content-type", media);
        self.client.send(asked).await
    }

    async fn one(&self, fact: &Value) -> Answer {
        self.post(FACTS, "application/cloudevents+json", fact.to_string())
            .await
    }
}

#[tokio::test]
async fn a_single_fact_is_answered_by_its_status() {
    let service = service();
    let held = service.one(&ours(told("started", "IN-1", 2))).await;
    assert_eq!(held.status, StatusCode::ACCEPTED);
    assert_eq!(held.json()["outcome"], "held");
    let recorded = service.one(&ours(logged("IN-1", 1))).await;
    assert_eq!(recorded.status, StatusCode::CREATED);
    assert_eq!(recorded.json()["position"], "brent:1");
    let again = service.one(&ours(logged("IN-1", 1))).await;
    assert_eq!(again.status, StatusCode::OK);
    assert_eq!(again.json()["outcome"], "already-recorded");
    let refused = service.one(&ours(told("triaged", "IN-1", 3))).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.headers["content-type"], "application/problem+json");
    assert_eq!(refused.problem(), "rejected");
    assert_eq!(refused.json()["id"], "IN-1 triaged");
    assert_eq!(refused.json()["outcome"], "refused");
    let events = service.town.events().await;
    assert_eq!(events[0]["authid"], format!("brent-{TOOL}"));
    assert_eq!(events[0]["authtype"], "api_key");
}

#[tokio::test]
async fn the_body_of_an_answer_is_the_same_without_http() {
    let service = service();
    let ours_to_tell = tool("brent", TOOL);
    for fact in [
        ours(logged("IN-1", 1)),
        ours(told("triaged", "IN-1", 0)),
        ours(told("closed", "IN-1", 9)),
        json!({}),
        json!([ours(told("closed", "IN-1", 9)), {}]),
    ] {
        // The first attempt decides; two more are answered alike.
        service.town.send_as(&ours_to_tell, &fact).await;
        let without = service.town.send_as(&ours_to_tell, &fact).await;
        let with = service
            .post(FACTS, "application/json", fact.to_string())
            .await;
        assert_eq!(with.json(), without);
    }
}

#[tokio::test]
async fn a_batch_is_answered_with_200_and_each_fact_for_itself() {
    let service = service();
    let batch = json!([ours(logged("IN-1", 1)), {}, ours(told("closed", "IN-2", 2))]).to_string();
    let media = "application/cloudevents-batch+json; charset=UTF-8";
    let answer = service.post(FACTS, media, batch.clone()).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(outcomes(&answer.json()), ["recorded", "refused", "held"]);
    assert_eq!(answer.json()["counts"]["refused"], 1);
    let plain = service.post(FACTS, "application/json", batch).await;
    assert_eq!(
        outcomes(&plain.json()),
        ["already-recorded", "refused", "held"]
    );
    let none = service
        .post(FACTS, "application/json", "[]".to_owned())
        .await;
    assert_eq!(none.status, StatusCode::OK);
    assert_eq!(none.json()["answers"], json!([]));
}

#[tokio::test]
async fn a_body_that_is_not_what_it_is_declared_as_is_refused_whole() {
    let service = service();
    let one = ours(logged("IN-1", 1)).to_string();
    let several = format!("[{one}]");
    let (event, batch) = (
        "application/cloudevents+json",
        "application/cloudevents-batch+json",
    );
    for (media, body, status, problem) in [
        (event, several, 400, "malformed-json"),
        (batch, one.clone(), 400, "malformed-json"),
        ("text/plain", one, 415, "not-json"),
        (
            event,
            format!("{{{}", " ".repeat(1_000_000)),
            413,
            "body-too-large",
        ),
    ] {
        let answer = service.post(FACTS, media, body).await;
        assert_eq!(answer.status.as_u16(), status, "{answer:?}");
        assert_eq!(answer.problem(), problem);
    }
    let many = format!("[{}]", ["{}"; 1_001].join(","));
    let answer = service.post(FACTS, batch, many).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(answer.text.contains("1001 facts"), "{answer:?}");
    assert_eq!(service.town.recorded().await, 0);
}

#[tokio::test]
async fn facts_go_to_a_council_and_only_from_its_own_tool() {
    let service = service();
    let everywhere = Who::Everywhere(Role::Partner);
    let body = ours(logged("IN-1", 1));
    for (path, who, problem) in [
        ("/v1/councils/lewisham/facts", PARTNER, "forbidden"),
        // Its token goes that far, but the fact is Brent's.
        ("/v1/councils/lewisham/facts", everywhere, "forbidden"),
        ("/v1/councils/shared/facts", everywhere, "no-such-log"),
        ("/v1/councils/joint/facts", everywhere, "no-such-log"),
        (FACTS, Who::Everywhere(Role::ServiceDesk), "forbidden"),
        (FACTS, Who::Nobody, "unauthenticated"),
    ] {
        let answer = service
            .client
            .command(path, who, "no key is needed", &body)
            .await;
        assert_eq!(answer.problem(), problem, "{path} {who:?}: {answer:?}");
    }
    let croydon = with(
        logged("IN-1", 1),
        "source",
        json!("/councils/croydon/test-tool"),
    );
    let path = "/v1/councils/croydon/facts";
    let answer = service
        .client
        .command(path, everywhere, "k", &croydon)
        .await;
    assert_eq!(answer.problem(), "no-such-log");
    assert_eq!(service.town.recorded().await, 0);
}

#[tokio::test]
async fn a_tool_sees_what_of_its_own_waits() {
    let service = service();
    service.one(&ours(told("started", "IN-1", 2))).await;
    service.town.send(&told("started", "IN-2", 2)).await;
    let answer = service
        .client
        .get("/v1/councils/brent/facts/held", PARTNER)
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    let shown = answer.json();
    assert_eq!(shown["system"], TOOL);
    let held = shown["held"].as_array().unwrap();
    assert_eq!(held.len(), 1);
    assert_eq!(held[0]["id"], "IN-1 started");
}

#[tokio::test]
async fn only_a_partner_that_reaches_the_council_is_let_in() {
    let service = service();
    let knocks = try_every_route(&service.client, &service.routes, |knock| match knock.who {
        Who::Nobody | Who::Stranger => Entry::WhoAsks,
        Who::Everywhere(Role::Partner) => Entry::Admitted,
        Who::Local(Role::Partner) if knock.name == REACHED => Entry::Admitted,
        _ => Entry::Forbidden,
    });
    assert!(knocks.await > 100);
    assert_eq!(service.town.recorded().await, 0);
}
