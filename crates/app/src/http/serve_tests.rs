//! Real sockets: who is silent, slow or many stops nobody else.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::task::Poll;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::get;
use futures::stream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::connections::ConnectionLimits;
use super::problem_page::no_pages;
use super::serve::serve;

/// Long enough for what must come, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(30);

struct Served {
    address: SocketAddr,
    stop: CancellationToken,
    serving: JoinHandle<Result<(), Infallible>>,
}

impl Served {
    async fn start(router: Router, limits: ConnectionLimits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let serving = tokio::spawn(serve(listener, router, no_pages(), limits, stop.clone()));
        Self {
            address,
            stop,
            serving,
        }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    async fn ask(&self) -> TcpStream {
        let mut socket = self.connect().await;
        let asked = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        socket.write_all(asked).await.unwrap();
        socket
    }

    async fn stop(self) {
        self.stop.cancel();
        self.serving.await.unwrap().unwrap();
    }
}

fn limits() -> ConnectionLimits {
    ConnectionLimits {
        in_all: 64,
        header: PATIENCE,
        write: PATIENCE,
        ..ConnectionLimits::within(0)
    }
}

fn here() -> Router {
    Router::new().route("/", get(async || "here"))
}

/// What is read until the other side ends, or fails to in time.
async fn rest(mut socket: TcpStream) -> String {
    let mut read = Vec::new();
    let reading = socket.read_to_end(&mut read);
    let ended = tokio::time::timeout(PATIENCE, reading).await;
    // Reset or closed: ended all the same.
    drop(ended.expect("the other side should have ended"));
    String::from_utf8(read).unwrap()
}

#[tokio::test]
async fn silent_connections_however_many_keep_nobody_out() {
    let served = Served::start(here(), limits()).await;
    let mut silent = Vec::new();
    for _ in 0..200 {
        silent.push(served.connect().await);
    }
    let answer = rest(served.ask().await).await;
    assert!(answer.ends_with("here"), "{answer}");
    // The oldest made room, although their time is not up.
    for socket in silent.drain(..100) {
        assert_eq!(rest(socket).await, "");
    }
    drop(silent);
    served.stop().await;
}

#[tokio::test]
async fn headers_that_never_end_and_connections_that_ask_no_more_are_closed() {
    let short = ConnectionLimits {
        header: Duration::from_millis(50),
        ..limits()
    };
    let served = Served::start(here(), short).await;
    assert_eq!(rest(served.connect().await).await, "", "silent");
    let mut dripping = served.connect().await;
    dripping
        .write_all(b"GET / HTTP/1.1\r\nHost: l")
        .await
        .unwrap();
    assert!(!rest(dripping).await.contains("200 OK"));
    let mut kept_alive = served.connect().await;
    let asked = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    kept_alive.write_all(asked).await.unwrap();
    assert!(
        rest(kept_alive).await.ends_with("here"),
        "answered, then closed"
    );
    served.stop().await;
}

#[tokio::test]
async fn an_answer_that_panics_midway_ends_its_own_connection_only() {
    let panics = get(async || {
        Body::from_stream(stream::poll_fn(
            |_| -> Poll<Option<Result<Bytes, std::io::Error>>> { panic!("of no importance") },
        ))
    });
    let served = Served::start(here().route("/panics", panics), limits()).await;
    let mut broken = served.connect().await;
    let asked = b"GET /panics HTTP/1.1\r\nHost: localhost\r\n\r\n";
    broken.write_all(asked).await.unwrap();
    rest(broken).await;
    assert!(rest(served.ask().await).await.ends_with("here"));
    served.stop().await;
}

#[tokio::test]
async fn where_everybody_asks_who_comes_last_is_told_to_come_again() {
    let (entered, mut entries) = mpsc::channel(8);
    let release = CancellationToken::new();
    let released = release.clone();
    let waits = get(async move || {
        entered.send(()).await.unwrap();
        released.cancelled().await;
        "at last"
    });
    let few = ConnectionLimits {
        in_all: 2,
        ..limits()
    };
    let served = Served::start(Router::new().route("/", waits), few).await;
    let first = served.ask().await;
    let second = served.ask().await;
    for _ in 0..2 {
        entries.recv().await.unwrap();
    }
    let third = rest(served.connect().await).await;
    assert!(third.starts_with("HTTP/1.1 503"), "{third}");
    assert!(third.contains("Retry-After: 5"), "{third}");
    release.cancel();
    for answered in [first, second] {
        assert!(rest(answered).await.ends_with("at last"));
    }
    served.stop().await;
}

/// Tells of its end.
struct Told(mpsc::Sender<()>);

impl Drop for Told {
    fn drop(&mut self) {
        let _told = self.0.try_send(());
    }
}

#[tokio::test]
async fn a_reader_that_takes_nothing_is_let_go_and_a_quiet_stream_is_not() {
    let write = Duration::from_millis(100);
    let (gone, mut went) = mpsc::channel(1);
    let endless = get(async move || {
        let told = Told(gone.clone());
        Body::from_stream(stream::repeat_with(move || {
            let _ = &told;
            Ok::<_, std::io::Error>(Bytes::from_static(&[b'x'; 64 * 1024]))
        }))
    });
    // Each piece comes long after the limit of writes; time is not what is tested, so it may drag.
    let quiet = get(async move || {
        Body::from_stream(stream::unfold(0, move |piece| async move {
            if piece == 3 {
                return None;
            }
            tokio::time::sleep(write * 3).await;
            Some((
                Ok::<_, std::io::Error>(format!("piece {piece} ")),
                piece + 1,
            ))
        }))
    });
    let router = Router::new().route("/", endless).route("/quiet", quiet);
    let served = Served::start(router, ConnectionLimits { write, ..limits() }).await;
    let unread = served.ask().await;
    let mut listening = served.connect().await;
    let asked = b"GET /quiet HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    listening.write_all(asked).await.unwrap();
    let heard = rest(listening).await;
    assert!(
        heard.contains("piece 0") && heard.contains("piece 2"),
        "{heard}"
    );
    let let_go = tokio::time::timeout(PATIENCE, went.recv()).await;
    assert_eq!(
        let_go.expect("the endless answer should have ended"),
        Some(())
    );
    drop(unread);
    served.stop().await;
}
