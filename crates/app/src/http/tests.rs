//! What holds for every answer, and where each problem comes from.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{Method, StatusCode};
use axum::response::IntoResponse;
use serde_json::json;
use tokio_util::sync::CancellationToken;
use townclerk_contract::position::Position;
use townclerk_domain::decider::Rejection;
use townclerk_domain::names::LogName;
use townclerk_domain::ticket::{Refusal, Status, Transition};
use townclerk_event_log::{AppendError, DiskFull, LogError, Room, Shortened};

use super::Problem;
use super::connections::ConnectionLimits;
use super::health;
use super::problem_page::{Asker, ProblemPages, no_pages};
use super::serve::serve;
use super::testing::{BROWSER, Client, Who, request, set, token_book};
use crate::access::{Guarded, Need, Role};
use crate::command::CommandError;

async fn panics() -> &'static str {
    panic!("of no importance")
}

async fn sleeps() {
    tokio::time::sleep(Duration::from_secs(3_600)).await;
}

fn client(ready: Result<(), Vec<String>>) -> Client {
    let guarded = Guarded::new(token_book())
        .get("/panics", Need::nothing(), panics)
        .get("/sleeps", Need::nothing(), sleeps)
        .get("/form", Need::nothing(), async || {
            ([("cache-control", "max-age=60")], "form")
        });
    let (router, _) = health::routes(guarded, Arc::new(move || ready.clone())).into_parts();
    Client::new(router)
}

#[tokio::test(start_paused = true)]
async fn whatever_refuses_a_browser_does_so_with_a_page() {
    let pages: ProblemPages = Arc::new(|problem, visit| {
        let asker = match &visit.asker {
            Asker::Known(caller) => caller.subject.to_string(),
            Asker::Nobody => "nobody".to_owned(),
            Asker::NotLookedAt => "-".to_owned(),
        };
        Some(format!("{} {asker}", problem.kind().slug))
    });
    let guarded = Guarded::new(token_book())
        .get("/panics", Need::nothing(), panics)
        .get("/sleeps", Need::nothing(), sleeps)
        .get("/orders", Need::command(&[Role::Operator]), async || "")
        .get("/well", Need::nothing(), async || "well");
    let busy = Arc::new(|| Err(vec!["a view is behind".to_owned()]));
    let (router, _) = health::routes(guarded, busy).into_parts();
    let client = Client::with_pages(router, pages);
    let desk = Who::Local(Role::ServiceDesk);
    for (path, who, status, page) in [
        ("/nowhere", desk, 404, "unknown-path local_service-desk"),
        ("/orders", desk, 403, "forbidden local_service-desk"),
        ("/orders", Who::Nobody, 401, "unauthenticated nobody"),
        ("/well?a=1&a=2", Who::Nobody, 400, "bad-query nobody"),
        ("/readyz", Who::Nobody, 503, "not-ready nobody"),
        ("/panics", desk, 500, "internal -"),
        ("/sleeps", desk, 503, "timeout -"),
    ] {
        let answer = client.visit(path, who).await;
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.text, page, "{path}");
        assert_eq!(answer.headers["content-type"], "text/html; charset=utf-8");
        assert_eq!(answer.headers.contains_key(RETRY_AFTER), status == 503);
        assert_eq!(answer.headers.contains_key(WWW_AUTHENTICATE), status == 401);
        // A program is told the same as data.
        let told = client.get(path, who).await;
        assert!(page.starts_with(&told.problem()) && !told.problem().is_empty());
    }
    let wrong = request(&Method::POST, "/well", Who::Nobody, Body::empty());
    let mut browser = wrong;
    set(&mut browser, "accept", BROWSER);
    let answer = client.send(browser).await;
    assert_eq!(answer.text, "wrong-method nobody");
    assert!(answer.headers.contains_key(ALLOW));
    assert_eq!(client.visit("/well", desk).await.text, "well");
}

#[tokio::test]
async fn every_answer_carries_the_headers() {
    let client = client(Ok(()));
    for path in ["/livez", "/panics", "/nowhere"] {
        let answer = client.get(path, Who::Nobody).await;
        assert_eq!(
            answer.headers["x-content-type-options"], "nosniff",
            "{path}"
        );
        assert_eq!(answer.headers["referrer-policy"], "same-origin", "{path}");
        assert_eq!(answer.headers["cache-control"], "no-store", "{path}");
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
    }
    let own = client.get("/form", Who::Nobody).await;
    assert_eq!(own.headers["cache-control"], "max-age=60");
}

#[tokio::test]
async fn what_goes_wrong_is_a_problem() {
    let client = client(Ok(()));
    for (method, path, status, problem) in [
        (
            Method::GET,
            "/nowhere",
            StatusCode::NOT_FOUND,
            "unknown-path",
        ),
        (
            Method::POST,
            "/livez",
            StatusCode::METHOD_NOT_ALLOWED,
            "wrong-method",
        ),
        (
            Method::GET,
            "/panics",
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
        ),
    ] {
        let answer = client
            .send(request(&method, path, Who::Nobody, Body::empty()))
            .await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (status, problem),
            "{path}"
        );
        assert_eq!(answer.headers["content-type"], "application/problem+json");
        assert_eq!(answer.json()["status"], status.as_u16());
        assert!(answer.json()["detail"].is_string() && answer.json()["title"].is_string());
        assert!(!answer.text.contains("of no importance"));
        let allow = answer
            .headers
            .get(ALLOW)
            .map(|allow| allow.to_str().unwrap());
        assert_eq!(
            allow,
            (problem == "wrong-method").then_some("GET,HEAD"),
            "{path}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_takes_too_long_is_given_up() {
    let answer = client(Ok(())).get("/sleeps", Who::Nobody).await;
    assert_eq!(answer.problem(), "timeout");
    assert!(answer.headers.contains_key(RETRY_AFTER));
}

#[tokio::test]
async fn readiness_lists_what_is_missing_and_liveness_does_not_care() {
    let reasons = vec!["brent: reading".to_owned(), "sled: rebuilding".to_owned()];
    let waiting = client(Err(reasons.clone()));
    let answer = waiting.get("/readyz", Who::Nobody).await;
    assert_eq!(answer.problem(), "not-ready");
    assert_eq!(answer.json()["reasons"], json!(reasons));
    assert_eq!(
        waiting.get("/livez", Who::Stranger).await.status,
        StatusCode::OK
    );
    assert_eq!(
        client(Ok(())).get("/readyz", Who::Nobody).await.status,
        StatusCode::OK
    );
}

async fn told(error: CommandError<Refusal>) -> (u16, String, serde_json::Value, bool) {
    let problem = Problem::from(error);
    let slug = problem.kind().slug.to_owned();
    let response = problem.into_response();
    let (status, retry) = (
        response.status().as_u16(),
        response.headers().contains_key(RETRY_AFTER),
    );
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX)
        .await
        .unwrap();
    (status, slug, serde_json::from_slice(&bytes).unwrap(), retry)
}

#[tokio::test]
async fn a_rejection_is_told_by_value_with_what_is_allowed() {
    let refusal = Refusal::TransitionNotAllowed {
        from: Status::Resolved,
        wanted: Transition::Hold,
        allowed: vec![Transition::Reopen, Transition::Close],
    };
    let rejection = Rejection::Refused { refusal };
    let (status, slug, body, _) = told(CommandError::Rejected(rejection)).await;
    assert_eq!((status, slug.as_str()), (422, "rejected"));
    assert_eq!(body["type"], "urn:townclerk:problem:rejected");
    assert_eq!(
        body["rejection"],
        json!({"rejection": "refused", "refusal": {
            "refusal": "transition-not-allowed",
            "from": "resolved",
            "wanted": "hold",
            "allowed": ["reopen", "close"],
        }})
    );
}

#[tokio::test]
async fn a_failure_of_ours_is_told_without_its_cause() {
    let secret = || std::io::Error::other("a secret of the house");
    let silent = || LogError::Unavailable {
        log: LogName::shared(),
        why: "a secret of the house".to_owned(),
    };
    let position: Position = "brent:7".parse().unwrap();
    let aggregate = "ticket/00000000-0000-0000-0000-000000000001"
        .parse()
        .unwrap();
    let reason = "not an envelope".to_owned();
    for (error, slug) in [
        (CommandError::Unavailable(Box::new(secret())), "unavailable"),
        (
            CommandError::Unknown(AppendError::Unknown(silent())),
            "outcome-unknown",
        ),
        (
            CommandError::UnknownBefore(Box::new(secret())),
            "outcome-unknown",
        ),
        (
            CommandError::LogShortened(Shortened {
                log: LogName::shared(),
                seen: 9,
                found: 7,
            }),
            "log-shortened",
        ),
        (
            CommandError::DiskFull(DiskFull {
                log: LogName::shared(),
                room: Room {
                    free: 1 << 20,
                    total: 1 << 40,
                },
            }),
            "disk-full",
        ),
        (CommandError::Contended(aggregate), "contended"),
        (
            CommandError::Unreadable {
                aggregate,
                position,
                reason,
            },
            "unreadable-record",
        ),
    ] {
        let (status, found, body, retry) = told(error).await;
        assert_eq!((status, found.as_str(), retry), (503, slug, true));
        assert!(!body.to_string().contains("secret"), "{body}");
        assert!(
            slug != "unreadable-record" || body["position"] == "brent:7",
            "{body}"
        );
    }
}

#[test]
fn who_is_not_known_is_told_how_to_be() {
    let unknown = Problem::from(crate::access::need::Refusal::NoToken).into_response();
    assert_eq!(unknown.headers()[WWW_AUTHENTICATE], "Bearer");
}

#[tokio::test]
async fn serving_answers_over_the_network_and_ends_when_asked() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = axum::Router::new().route("/", axum::routing::get(async || "here"));
    let stop = CancellationToken::new();
    let limits = ConnectionLimits::within(1_024);
    let served = tokio::spawn(serve(listener, router, no_pages(), limits, stop.clone()));
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let asked = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(asked).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with("here"),
        "{answer}"
    );
    stop.cancel();
    served.await.unwrap().unwrap();
}
