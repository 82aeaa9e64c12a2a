//! Serving a router: connections, limits, headers and problems that hold for every answer.

use std::any::Any;
use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::HeaderValue;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::middleware::{Next, from_fn, from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::trace::TraceLayer;

use super::body::BODY_BYTES_MAX;
use super::connections::{ConnectionLimits, Place, Room};
use super::problem::Problem;
use super::problem_page::{ProblemPages, as_page};
use super::timed_socket::TimedSocket;

/// How long an answer may take to begin.
const ANSWER_LIMIT: Duration = Duration::from_secs(60);

/// Pages load nothing from anywhere, run no scripts, and stand in no frame.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self' 'unsafe-inline'; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'",
);

/// Longest request line and headers, together.
const HEADER_BYTES_MAX: usize = 32 * 1024;

/// How long to wait before the next connection is taken where that failed: descriptors may be free
/// again by then.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// What is told to whom there is no room for, if the socket takes it at once.
const NO_ROOM: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n\
                         Content-Length: 0\r\nConnection: close\r\n\r\n";

/// The address from which a request came: of the proxy, where there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

/// Serves `router` until `stop` is cancelled, then finishes the requests in flight.
///
/// # Errors
/// None: what fails is one connection, and is logged.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    pages: ProblemPages,
    limits: ConnectionLimits,
    stop: CancellationToken,
) -> Result<(), Infallible> {
    let (_only, routers) = watch::channel(dressed(router, pages));
    serve_latest(listener, routers, limits, stop).await
}

/// As [`serve`], with whatever router stands in `routers` when a request comes; each is dressed.
///
/// # Errors
/// None: what fails is one connection, and is logged.
pub async fn serve_latest(
    listener: TcpListener,
    routers: watch::Receiver<Router>,
    limits: ConnectionLimits,
    stop: CancellationToken,
) -> Result<(), Infallible> {
    let room = Room::of(limits);
    let mut connections = JoinSet::new();
    let mut turned_away: u64 = 0;
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            Some(ended) = connections.join_next() => look_at(ended),
            accepted = listener.accept() => match accepted {
                Ok((socket, peer)) => {
                    let Some(place) = room.admit(peer.ip()) else {
                        turn_away(&socket, peer, turned_away);
                        turned_away += 1;
                        continue;
                    };
                    let (routers, stop) = (routers.clone(), stop.clone());
                    let peer = Peer(peer.ip().to_canonical());
                    connections.spawn(connection(socket, peer, place, routers, limits, stop));
                }
                // The other side broke it off before it was taken.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    tracing::error!(%error, "no connection can be taken; trying again");
                    stop.run_until_cancelled(sleep(ACCEPT_PAUSE)).await;
                }
            }
        }
    }
    drop(listener);
    while let Some(ended) = connections.join_next().await {
        look_at(ended);
    }
    Ok(())
}

/// A body that panics while it is sent ends its connection, and nothing else.
fn look_at(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a connection panicked");
    }
}

/// Tells whom there is no room for, without waiting for that.
fn turn_away(socket: &TcpStream, peer: SocketAddr, before: u64) {
    // Not once for each: a flood would fill the log too.
    if before.is_multiple_of(1_000) {
        tracing::warn!(%peer, before, "too many connections: one is turned away");
    }
    if let Err(error) = socket.try_write(NO_ROOM) {
        tracing::debug!(%peer, %error, "turned away without a word");
    }
}

/// Answers the requests of one connection.
async fn connection(
    socket: TcpStream,
    peer: Peer,
    place: Place,
    routers: watch::Receiver<Router>,
    limits: ConnectionLimits,
    stop: CancellationToken,
) {
    let place = &place;
    let answering = service_fn(move |request: axum::http::Request<Incoming>| {
        place.has_asked();
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(peer);
        let router = routers.borrow().clone();
        router.oneshot(request)
    });
    let socket = TokioIo::new(TimedSocket::new(socket, limits.write));
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header)
        .max_buf_size(HEADER_BYTES_MAX)
        .serve_connection(socket, answering);
    let mut served = pin!(served);
    let mut stopping = false;
    loop {
        tokio::select! {
            ended = served.as_mut() => {
                // Mostly a client that went away, or was too slow.
                if let Err(error) = ended {
                    tracing::debug!(peer = %peer.0, %error, "a connection ended early");
                }
                return;
            }
            () = place.must_go() => return,
            () = stop.cancelled(), if !stopping => {
                stopping = true;
                served.as_mut().graceful_shutdown();
            }
        }
    }
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

/// Longest part of a path that is logged; it is ASCII.
const LOGGED_PATH_BYTES_MAX: usize = 200;

/// Names a request by what may be logged: neither headers nor the query, and no long path, which
/// would stand in every line about it.
fn span<B>(request: &axum::http::Request<B>) -> tracing::Span {
    let path = request.uri().path();
    let path = path.get(..LOGGED_PATH_BYTES_MAX).unwrap_or(path);
    tracing::info_span!("request", method = %request.method(), path)
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
