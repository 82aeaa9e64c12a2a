//! Requests of partners over NATS, at a desk without a server.

use bytes::Bytes;
use futures::StreamExt;
use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures::stream::{self, BoxStream};
use serde_json::json;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use townclerk_event_log::{PartnerAsk, PartnerDesk, PartnerRequest, StartOutcome};

use super::*;
use crate::facts::serve;

/// A desk of a log that ends at 7.
struct Desk {
    log: LogName,
    requests: Mutex<Option<UnboundedReceiver<PartnerRequest>>>,
}

#[async_trait]
impl PartnerDesk for Desk {
    fn log(&self) -> &LogName {
        &self.log
    }

    async fn requests(&self) -> Result<BoxStream<'static, PartnerRequest>, LogError> {
        let requests = self.requests.lock().unwrap().take();
        Ok(match requests {
            Some(requests) => requests.boxed(),
            None => stream::pending().boxed(),
        })
    }

    async fn start_from(&self, _partner: &str, after: u64) -> Result<StartOutcome, LogError> {
        match after {
            0..=7 => Ok(StartOutcome::From { next: after + 1 }),
            99 => Err(LogError::Unavailable {
                log: self.log.clone(),
                why: "it is away".to_owned(),
            }),
            _ => Ok(StartOutcome::BeyondHead { head: 7 }),
        }
    }
}

struct Served {
    town: Town,
    asks: UnboundedSender<PartnerRequest>,
    stop: CancellationToken,
    serving: JoinHandle<()>,
}

fn served(log: &str) -> Served {
    let town = Town::new();
    let (asks, requests) = unbounded();
    let desk: Arc<dyn PartnerDesk> = Arc::new(Desk {
        log: named(log),
        requests: Mutex::new(Some(requests)),
    });
    let stop = CancellationToken::new();
    let serve = serve(Arc::clone(&town.gateway), vec![desk], stop.clone());
    let serving = tokio::spawn(async move {
        let Ok(()) = serve.await;
    });
    Served {
        town,
        asks,
        stop,
        serving,
    }
}

impl Served {
    async fn ask(&self, partner: &str, ask: PartnerAsk, payload: impl Into<Bytes>) -> Value {
        let (answer, answered) = oneshot::channel();
        let answer_to = Box::new(move |bytes: Bytes| -> futures::future::BoxFuture<'_, _> {
            answer.send(bytes).unwrap();
            Box::pin(async { Ok(()) })
        });
        let request = PartnerRequest::new(partner, ask, payload.into(), answer_to);
        self.asks.unbounded_send(request).unwrap();
        serde_json::from_slice(&answered.await.unwrap()).unwrap()
    }

    async fn tell(&self, partner: &str, facts: &Value) -> Value {
        self.ask(partner, PartnerAsk::Facts, facts.to_string())
            .await
    }

    async fn end(self) {
        self.stop.cancel();
        self.serving.await.unwrap();
    }
}

#[tokio::test]
async fn facts_over_nats_are_answered_as_over_http_and_recorded_as_the_tools() {
    let served = served("brent");
    let one = served.tell("brent-hornbill", &logged("IN-1", 1)).await;
    assert_eq!(one["outcome"], "recorded");
    let batch = json!([logged("IN-1", 1), told("started", "IN-1", 2), 7]);
    let several = served.tell("brent-hornbill", &batch).await;
    assert_eq!(
        outcomes(&several),
        ["already-recorded", "recorded", "refused"]
    );
    let refused = served
        .tell("brent-hornbill", &told("triaged", "IN-1", 3))
        .await;
    assert_eq!(slug(&refused), "rejected");
    assert_eq!(refused["status"], 422);
    assert_eq!(refused["outcome"], "refused");
    let event = &served.town.events().await[0];
    assert_eq!(event["authid"], "brent-hornbill");
    assert_eq!(event["authtype"], "service_account");
    assert_eq!(event["source"], "/councils/brent/hornbill");
    served.end().await;
}

#[tokio::test]
async fn whatever_is_asked_is_answered() {
    let served = served("brent");
    for (partner, payload, problem) in [
        ("brent-hornbill", "", "malformed-json"),
        ("brent-hornbill", "{", "malformed-json"),
        ("brent-hornbill", "\u{0}", "malformed-json"),
        ("brent-halo", &logged("IN-1", 1).to_string(), "forbidden"),
        ("lewisham-hornbill", "{}", "forbidden"),
        ("brent", "{}", "forbidden"),
        ("brent-Horn bill", "{}", "forbidden"),
    ] {
        let answer = served
            .ask(partner, PartnerAsk::Facts, payload.to_owned())
            .await;
        assert_eq!(slug(&answer), problem, "{partner} {payload}: {answer}");
    }
    assert_eq!(served.town.recorded().await, 0);
    served.end().await;
}

#[tokio::test]
async fn an_answer_that_would_be_too_long_tells_of_problems_only_their_kind() {
    let town = Town::new();
    let facts = json!([logged("IN-1", 0), told("closed", "IN-2", 1), {}, 7]);
    let body = facts.to_string();
    let hornbill = hornbill();
    let answers = town
        .gateway
        .answer(body.as_bytes(), Form::Either, &hornbill);
    let answers = answers.await.unwrap();
    let whole = answers.to_json();
    let length = whole.to_string().len();
    assert_eq!(answers.to_text(length), whole.to_string());
    let short: Value = serde_json::from_str(&answers.to_text(length - 1)).unwrap();
    assert_eq!(short["counts"], whole["counts"]);
    assert_eq!(short["answers"][0], whole["answers"][0]);
    for n in 1..4 {
        let (short, whole) = (&short["answers"][n], &whole["answers"][n]);
        assert_eq!(short["outcome"], whole["outcome"]);
        assert_eq!(short["problem"]["type"], whole["problem"]["type"]);
        let detail = short["problem"]["detail"].as_str().unwrap();
        assert!(detail.contains("fewer facts"), "{detail}");
    }
}

#[tokio::test]
async fn what_a_problem_repeats_of_a_fact_is_cut() {
    let town = Town::new();
    let long = "x".repeat(60_000);
    let councils: Vec<String> = (0..3_000).map(|n| format!("council-{n}")).collect();
    let data = json!({"title": "No email", "councils": councils, "critical": true});
    let declared = fact("d", "declared", "O-1", 1, data);
    let declared = with(declared, "subject", json!("outage/O-1"));
    let elsewhere = with(declared, "type", json!("org.townclerk.outage.declared.v1"));
    let mut mistyped = logged("IN-3", 0);
    mistyped[&long] = json!(1);
    let wrong = with(logged("IN-4", 0), "subject", json!([long]));
    let answers = town.send(&json!([elsewhere, mistyped, wrong])).await;
    assert_eq!(outcomes(&answers), ["refused"; 3]);
    assert_eq!(slug(&answers["answers"][0]["problem"]), "rejected");
    for answer in answers["answers"].as_array().unwrap() {
        let length = answer.to_string().len();
        assert!(length < 5_000, "{length}");
    }
}

#[tokio::test]
async fn facts_are_not_taken_at_the_shared_desk() {
    let served = served("shared");
    for partner in ["brent-hornbill", "shared-hornbill"] {
        let answer = served.tell(partner, &logged("IN-1", 1)).await;
        assert_eq!(slug(&answer), "forbidden", "{answer}");
    }
    served.end().await;
}

#[tokio::test]
async fn a_partner_reads_from_the_position_that_it_asks_for() {
    let brent = served("brent");
    let start = async |after: &str| {
        let payload = format!("{{\"after\": {after}}}");
        brent
            .ask("brent-hornbill", PartnerAsk::Start, payload)
            .await
    };
    let from_the_first = json!({"durable": "brent-hornbill", "next": 1});
    assert_eq!(start("0").await, from_the_first);
    assert_eq!(start("7").await["next"], 8);
    let beyond = start("8").await;
    assert_eq!(slug(&beyond), "invalid-field");
    assert_eq!(beyond["field"], "after");
    assert!(beyond["detail"].as_str().unwrap().contains("ends at 7"));
    assert_eq!(slug(&start("99").await), "unavailable");
    for bad in ["-1", "\"7\"", "1, \"from\": 2", "null"] {
        assert_eq!(slug(&start(bad).await), "malformed-json", "{bad}");
    }
    brent.end().await;
    let shared = served("shared");
    let payload = "{\"after\": 3}".to_owned();
    let answer = shared
        .ask("brent-hornbill", PartnerAsk::Start, payload)
        .await;
    assert_eq!(
        answer,
        json!({"durable": "shared-brent-hornbill", "next": 4})
    );
    shared.end().await;
}

#[tokio::test]
async fn what_is_being_answered_when_the_gateway_stops_is_still_answered() {
    let served = served("brent");
    let facts: Vec<Value> = (0..200).map(|n| logged(&format!("IN-{n}"), 0)).collect();
    let batch = json!(facts);
    let (answer, ()) = tokio::join!(served.tell("brent-hornbill", &batch), async {
        while served.town.recorded().await == 0 {
            tokio::task::yield_now().await;
        }
        served.stop.cancel();
    });
    assert_eq!(answer["counts"]["recorded"], 200);
    served.end().await;
}

#[tokio::test]
async fn what_was_delivered_before_the_gateway_stops_is_answered() {
    let served = served("brent");
    served.tell("brent-hornbill", &logged("IN-1", 1)).await;
    let stop = async { served.stop.cancel() };
    let (one, other) = (logged("IN-2", 1), logged("IN-3", 1));
    // None of them lets the gateway have a turn before it is told to stop.
    let (one, other, ()) = tokio::join!(
        served.tell("brent-hornbill", &one),
        served.tell("brent-hornbill", &other),
        stop
    );
    assert_eq!(
        (&one["outcome"], &other["outcome"]),
        (&json!("recorded"), &json!("recorded"))
    );
    served.end().await;
}
