//! Serving a router: limits, headers and problems that hold for every answer.

use std::any::Any;
use std::future::IntoFuture;
use std::io;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::HeaderValue;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::middleware::{Next, from_fn, from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::trace::TraceLayer;

use super::body::BODY_BYTES_MAX;
use super::problem::Problem;
use super::problem_page::{ProblemPages, as_page};

/// How long an answer may take to begin.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);

/// Pages load nothing from anywhere, run no scripts, and stand in no frame.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self' 'unsafe-inline'; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'",
);

/// Serves `router` until `stop` is cancelled, then finishes the requests in flight.
///
/// # Errors
/// A listener that fails for good.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    pages: ProblemPages,
    stop: CancellationToken,
) -> Result<(), io::Error> {
    axum::serve(listener, dressed(router, pages))
        .with_graceful_shutdown(stop.cancelled_owned())
        .into_future()
        .await
}

/// As [`serve`], with whatever router stands in `routers` when a request comes; each is dressed.
///
/// # Errors
/// A listener that fails for good.
pub async fn serve_latest(
    listener: TcpListener,
    routers: watch::Receiver<Router>,
    stop: CancellationToken,
) -> Result<(), io::Error> {
    let latest = tower::service_fn(move |request: Request| {
        let router = routers.borrow().clone();
        router.oneshot(request)
    });
    axum::serve(listener, Router::new().fallback_service(latest))
        .with_graceful_shutdown(stop.cancelled_owned())
        .into_future()
        .await
}

/// `router` with everything that holds for every answer; `pages` are for problems that people meet.
pub fn dressed(router: Router, pages: ProblemPages) -> Router {
    let spans = TraceLayer::new_for_http()
        .make_span_with(span)
        // Failures are logged where their cause is known.
        .on_failure(());
    router
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(from_fn(in_time))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(pages, as_page))
        .layer(map_response(with_headers))
        .layer(spans)
}

/// Names a request by what may be logged: neither headers nor the query.
fn span<B>(request: &axum::http::Request<B>) -> tracing::Span {
    tracing::info_span!("request", method = %request.method(), path = request.uri().path())
}

async fn in_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(ANSWER_LIMIT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            tracing::warn!(limit = ?ANSWER_LIMIT, "a request took too long");
            Problem::timeout().into_response()
        }
    }
}

fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(
        panic = text.unwrap_or("of an unknown kind"),
        "a request panicked"
    );
    Problem::internal().into_response()
}

async fn with_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    for (name, unless_set) in [
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (CONTENT_SECURITY_POLICY, PAGE_POLICY),
    ] {
        headers.entry(name).or_insert(unless_set);
    }
    response
}
