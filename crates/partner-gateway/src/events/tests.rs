//! A reader gets every event once, in order, byte for byte, and comes back to where it was.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use futures::{StreamExt, stream};
use serde_json::Value;
use townclerk_app::http::testing::{Client, Who, request, set, token_book};
use townclerk_contract::digest::CommandDigest;
use townclerk_contract::envelope::{AuthType, Envelope, Message};
use townclerk_contract::source::Source;
use townclerk_domain::amendment::Recordable;
use townclerk_domain::event::Event;
use townclerk_domain::identity::{AggregateKind, Token, created_aggregate};
use townclerk_domain::names::Code;
use townclerk_domain::ticket::{Started, TicketFact};
use townclerk_event_log::memory::MemoryLog;
use townclerk_event_log::{Expected, StoredMessage};

use super::streams::{OF_ONE_CALLER_MAX, STREAMS_MAX};
use super::*;

const PARTNER: Who = Who::Local(Role::Partner);

const BRENT: &str = "/v1/logs/brent/events";

struct Desk {
    brent: Arc<MemoryLog>,
    shared: Arc<MemoryLog>,
    client: Client,
    stop: CancellationToken,
}

fn log_name(name: &str) -> LogName {
    LogName::new(name).unwrap()
}

fn desk() -> Desk {
    let log = |name| Arc::new(MemoryLog::new(log_name(name)));
    let (brent, shared, stop) = (log("brent"), log("shared"), CancellationToken::new());
    let readers: [Arc<dyn EventLog>; 2] = [Arc::clone(&brent) as _, Arc::clone(&shared) as _];
    let guarded = routes(Guarded::new(token_book()), &readers, stop.clone());
    Desk {
        brent,
        shared,
        client: Client::new(guarded.into_parts().0),
        stop,
    }
}

/// An event as our rules write it, of a ticket of its own.
fn event(log: &MemoryLog, key: &str) -> Message {
    let (caller, command) = (Token::new("desk").unwrap(), Token::new(key).unwrap());
    let recorded = "2026-11-20T09:15:00Z".parse().unwrap();
    let envelope = Envelope {
        source: Source {
            log: log.name().clone(),
            system: Code::new("ticket-service").unwrap(),
            sample: false,
        },
        aggregate: created_aggregate(log.name(), AggregateKind::Ticket, &caller, &command),
        happened: recorded,
        recorded,
        correlation: command.clone(),
        command,
        traceparent: None,
        digest: CommandDigest::of(&key).unwrap(),
        auth_type: AuthType::ApiKey,
        caller,
        event: Event::Ticket(Recordable::Fact(TicketFact::Started(Started {}))),
    };
    envelope.encode().unwrap()
}

/// Appends an event, and gives its bytes.
async fn record(log: &MemoryLog, key: &str) -> String {
    let message = event(log, key);
    let text = String::from_utf8(message.payload.to_vec()).unwrap();
    log.append(&Expected { message, last: 0 }).await.unwrap();
    text
}

/// One server-sent event as a reader takes it apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Heard {
    id: String,
    event: String,
    data: String,
}

impl Heard {
    fn started(position: &str, data: &str) -> Self {
        Self {
            id: position.to_owned(),
            event: "org.townclerk.ticket.started.v1".to_owned(),
            data: data.to_owned(),
        }
    }

    fn read(frame: &str) -> Option<Self> {
        let of = |name: &str| {
            let prefix = format!("{name}: ");
            let lines = frame.lines().filter_map(|line| line.strip_prefix(&prefix));
            lines.collect::<Vec<_>>().join("\n")
        };
        let heard = Self {
            id: of("id"),
            event: of("event"),
            data: of("data"),
        };
        // As the rules of server-sent events have it: without data it is no event.
        (!heard.data.is_empty()).then_some(heard)
    }
}

/// A stream that is open.
struct Stream(futures::stream::BoxStream<'static, String>);

impl Stream {
    fn of(body: Body) -> Self {
        let frames = body.into_data_stream();
        let text = frames.map(|frame| String::from_utf8(frame.unwrap().to_vec()).unwrap());
        Self(text.boxed())
    }

    /// The next event; `None` where the stream ended.
    async fn next(&mut self) -> Option<Heard> {
        loop {
            let frame = self.0.next().await?;
            if let Some(heard) = Heard::read(&frame) {
                return Some(heard);
            }
        }
    }
}

impl Desk {
    async fn open_as(&self, who: Who, path: &str, last_event: Option<&str>) -> Stream {
        let mut asked: Request<Body> = request(&Method::GET, path, who, Body::empty());
        if let Some(id) = last_event {
            set(&mut asked, "last-event-id", id);
        }
        let answer = self.client.begin(asked).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Stream::of(answer.into_body())
    }

    async fn open(&self, query: &str) -> Stream {
        self.open_as(PARTNER, &format!("{BRENT}{query}"), None)
            .await
    }

    /// The id that a stream says before any event.
    async fn first(&self, query: &str) -> String {
        let mut stream = self.open(query).await;
        let frame = stream.0.next().await.unwrap();
        assert!(!frame.contains("data:"), "it is no event: {frame}");
        let id = frame.lines().find_map(|line| line.strip_prefix("id: "));
        id.unwrap().to_owned()
    }

    async fn ids(&self, query: &str, last_event: Option<&str>) -> Vec<String> {
        let path = format!("{BRENT}{query}");
        let mut stream = self.open_as(PARTNER, &path, last_event).await;
        let mut ids = Vec::new();
        while let Some(heard) = stream.next().await {
            ids.push(format!("{} {}", heard.event, heard.id));
        }
        ids
    }
}

#[tokio::test]
async fn a_stream_has_every_event_with_its_position_type_and_bytes_and_waits_for_more() {
    let desk = desk();
    let first = record(&desk.brent, "k1").await;
    let second = record(&desk.brent, "k2").await;
    let mut stream = desk.open("").await;
    assert_eq!(stream.next().await, Some(Heard::started("brent:1", &first)));
    assert_eq!(
        stream.next().await,
        Some(Heard::started("brent:2", &second))
    );
    let third = record(&desk.brent, "k3").await;
    assert_eq!(stream.next().await, Some(Heard::started("brent:3", &third)));
}

#[tokio::test]
async fn a_partner_reads_shared_too_and_an_officer_only_what_it_reaches() {
    let desk = desk();
    let event = record(&desk.shared, "k1").await;
    let path = "/v1/logs/shared/events";
    let mut stream = desk.open_as(PARTNER, path, None).await;
    assert_eq!(
        stream.next().await,
        Some(Heard::started("shared:1", &event))
    );
    let refused = desk.client.get(path, Who::Local(Role::Officer)).await;
    assert_eq!(refused.problem(), "forbidden");
    for role in [Role::Committee, Role::ServiceDesk, Role::Change] {
        let refused = desk.client.get(path, Who::Everywhere(role)).await;
        assert_eq!(refused.problem(), "forbidden", "{role}");
    }
}

#[tokio::test]
async fn a_stream_begins_where_it_is_asked_to() {
    let desk = desk();
    for key in ["k1", "k2", "k3", "k4"] {
        record(&desk.brent, key).await;
    }
    let started = "org.townclerk.ticket.started.v1";
    let from = |first: u64| -> Vec<String> {
        let ids = (first..=4).map(|sequence| format!("{started} brent:{sequence}"));
        ids.chain(["end brent:4".to_owned()]).collect()
    };
    for (query, last_event, first) in [
        ("?follow=false", None, 1),
        ("?follow=false", Some(""), 1),
        ("?follow=false&after=3", None, 4),
        ("?follow=false&after=brent:2", None, 3),
        ("?follow=false&after=brent%3A4", None, 5),
        ("?follow=false&last=2", None, 3),
        ("?follow=false&last=0", None, 5),
        ("?follow=false&last=9", None, 1),
        // A reader that comes again sends the query of the first time.
        ("?follow=false&after=1", Some("brent:3"), 4),
        ("?follow=false&last=4", Some("3"), 4),
    ] {
        let ids = desk.ids(query, last_event).await;
        assert_eq!(ids, from(first), "{query} {last_event:?}");
    }
}

#[tokio::test]
async fn a_reader_that_hears_no_event_knows_where_it_began_and_goes_on_from_there() {
    let desk = desk();
    let started = desk.first("?last=0").await;
    assert_eq!(started, "brent:0");
    // What is recorded while the reader is away,
    let event = record(&desk.brent, "k1").await;
    let path = format!("{BRENT}?last=0");
    // would be left out by the query alone,
    assert_eq!(desk.first("?last=0").await, "brent:1");
    // and is not by the position that it heard first.
    let mut stream = desk.open_as(PARTNER, &path, Some(&started)).await;
    assert_eq!(stream.next().await, Some(Heard::started("brent:1", &event)));
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_with_what_can() {
    let desk = desk();
    record(&desk.brent, "k1").await;
    for (query, last_event, says) in [
        ("?after=x", None, "write a sequence such as 123"),
        ("?after=-1", None, "write a sequence such as 123"),
        (
            "?after=shared:1",
            None,
            "a position of another log than brent",
        ),
        ("?after=2", None, "the log ends at brent:1, before brent:2"),
        (
            "",
            Some("brent:7"),
            "the log ends at brent:1, before brent:7",
        ),
        ("", Some("lewisham:1"), "a position of another log"),
        ("?last=x", None, "write a number"),
        ("?last=1&after=1", None, "say after or last, not both"),
        ("?after=1&after=1", None, "after: given 2 times"),
        ("?follow=no", None, "write true or false"),
        ("?from=1", None, "there are after, last and follow"),
    ] {
        let path = format!("{BRENT}{query}");
        let mut asked = request(&Method::GET, &path, PARTNER, Body::empty());
        if let Some(id) = last_event {
            set(&mut asked, "last-event-id", id);
        }
        let refused = desk.client.send(asked).await;
        assert_eq!(refused.problem(), "bad-query", "{query}: {refused:?}");
        let detail = refused.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(says), "{query}: {detail}");
    }
    let everywhere = Who::Everywhere(Role::Partner);
    let refused = desk.client.get("/v1/logs/joint/events", everywhere).await;
    assert_eq!(refused.problem(), "no-such-log");
}

#[tokio::test]
async fn a_message_of_another_writer_is_told_as_foreign_and_never_as_an_event() {
    let desk = desk();
    let forged = String::from_utf8(event(&desk.brent, "k1").payload.to_vec()).unwrap();
    desk.brent
        .put("tc.brent.ticket.forged", Some("x"), forged.as_bytes());
    let subject = event(&desk.brent, "k2").subject;
    desk.brent
        .put(&subject, Some("y"), b"no JSON\r\nevent: org.townclerk.x");
    record(&desk.brent, "k3").await;
    let mut stream = desk.open("").await;
    for (position, name) in [("brent:1", "foreign"), ("brent:2", "unreadable")] {
        let heard = stream.next().await.unwrap();
        assert_eq!((heard.id.as_str(), heard.event.as_str()), (position, name));
        let told: Value = serde_json::from_str(&heard.data).unwrap();
        assert_eq!(told["position"], position);
        assert!(
            told["reason"]
                .as_str()
                .is_some_and(|reason| !reason.is_empty())
        );
        assert_eq!(
            told.as_object().unwrap().len(),
            2,
            "nothing of its content: {told}"
        );
    }
    assert_eq!(stream.next().await.unwrap().id, "brent:3");
}

#[tokio::test]
async fn a_stream_ends_when_the_process_stops() {
    let desk = desk();
    let event = record(&desk.brent, "k1").await;
    let mut stream = desk.open("").await;
    assert_eq!(stream.next().await, Some(Heard::started("brent:1", &event)));
    desk.stop.cancel();
    assert_eq!(stream.next().await, None);
}

#[tokio::test]
async fn a_caller_has_a_bounded_number_of_streams_and_gets_a_place_back() {
    let desk = desk();
    let mut open = Vec::new();
    for _ in 0..OF_ONE_CALLER_MAX {
        open.push(desk.open("").await);
    }
    let refused = desk.client.get(BRENT, PARTNER).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.problem(), "too-many-streams");
    assert!(refused.headers.contains_key("retry-after"));
    // Another caller is not held up by this one.
    drop(desk.open_as(Who::Local(Role::Officer), BRENT, None).await);
    open.pop();
    open.push(desk.open("").await);
    let again = desk.client.get(BRENT, PARTNER).await;
    assert_eq!(again.problem(), "too-many-streams");
}

#[test]
fn a_process_has_a_bounded_number_of_streams() {
    let streams = Arc::new(Streams::default());
    let caller = |number: usize| Token::new(format!("caller-{number}")).unwrap();
    let mut places: Vec<_> = (0..STREAMS_MAX)
        .map(|number| streams.enter(&caller(number)).unwrap())
        .collect();
    let refused = streams.enter(&caller(STREAMS_MAX)).err().unwrap();
    assert_eq!(refused.kind().slug, "unavailable");
    places.pop();
    assert!(streams.enter(&caller(STREAMS_MAX)).is_ok());
}

/// A stream over a subscription of the test's own.
fn over(log: &Arc<MemoryLog>, tail: townclerk_event_log::Tail) -> Stream {
    let streams = Arc::new(Streams::default());
    let reading = Reading {
        log: Arc::clone(log) as Arc<dyn EventLog>,
        tail,
        after: 0,
        until: None,
        stop: CancellationToken::new(),
        _place: streams.enter(&Token::new("desk").unwrap()).unwrap(),
    };
    let answer = Sse::new(reading.into_events()).into_response();
    Stream::of(answer.into_body())
}

fn stored(log: &MemoryLog, sequence: u64) -> StoredMessage {
    let message = event(log, &format!("k{sequence}"));
    StoredMessage {
        sequence,
        subject: message.subject,
        id: Some(message.id.to_string()),
        payload: message.payload,
    }
}

#[tokio::test]
async fn a_stream_ends_where_the_log_is_lost_or_a_subscription_leaves_a_message_out() {
    let log = Arc::new(MemoryLog::new(log_name("brent")));
    // The log holds them all: a reader that comes again is given what was left out.
    for key in ["k1", "k2", "k3"] {
        record(&log, key).await;
    }
    let lost = LogError::Unavailable {
        log: log.name().clone(),
        why: "gone".to_owned(),
    };
    let with_error = stream::iter([Ok(stored(&log, 1)), Err(lost)]).boxed();
    let with_gap = stream::iter([Ok(stored(&log, 1)), Ok(stored(&log, 3))]).boxed();
    let with_end = stream::iter([Ok(stored(&log, 1))]).boxed();
    for tail in [with_error, with_gap, with_end] {
        let mut stream = over(&log, tail);
        assert_eq!(stream.next().await.unwrap().id, "brent:1");
        assert_eq!(stream.next().await, None);
    }
}

#[tokio::test]
async fn what_a_renewed_subscription_brings_again_is_sent_once() {
    let log = Arc::new(MemoryLog::new(log_name("brent")));
    let again = [1, 2, 1, 2, 3].map(|sequence| Ok(stored(&log, sequence)));
    let mut stream = over(&log, stream::iter(again).boxed());
    for id in ["brent:1", "brent:2", "brent:3"] {
        assert_eq!(stream.next().await.unwrap().id, id);
    }
}

#[tokio::test]
async fn a_slow_reader_is_not_read_ahead_for() {
    let log = Arc::new(MemoryLog::new(log_name("brent")));
    let (of, pulled) = (Arc::clone(&log), Arc::new(AtomicU64::new(0)));
    let counted = Arc::clone(&pulled);
    let endless = stream::iter(1..).map(move |sequence| {
        counted.store(sequence, Ordering::Relaxed);
        Ok(stored(&of, sequence))
    });
    let mut stream = over(&log, endless.boxed());
    for read in 1..=3 {
        assert_eq!(stream.next().await.unwrap().id, format!("brent:{read}"));
        assert_eq!(pulled.load(Ordering::Relaxed), read);
    }
}

#[tokio::test(start_paused = true)]
async fn a_subscription_that_went_silent_is_given_up_and_a_quiet_log_is_not() {
    let log = Arc::new(MemoryLog::new(log_name("brent")));
    let mut quiet = over(&log, stream::pending().boxed());
    let waited = tokio::time::timeout(std::time::Duration::from_secs(3_600), quiet.next()).await;
    assert!(waited.is_err(), "nothing was recorded: it waits");
    record(&log, "k1").await;
    assert_eq!(quiet.next().await, None, "the log went on without a word");
}

#[tokio::test]
async fn a_hole_in_the_log_is_said_and_ends_the_stream_for_good() {
    let desk = desk();
    for key in ["k1", "k2", "k3", "k4"] {
        record(&desk.brent, key).await;
    }
    desk.brent.lose_message(3);
    let mut stream = desk.open("").await;
    for sequence in 1..=2 {
        let heard = stream.next().await.unwrap();
        assert_eq!(heard.id, format!("brent:{sequence}"));
    }
    let told = stream.next().await.unwrap();
    assert_eq!(
        (told.event.as_str(), told.id.as_str()),
        ("damaged", "brent:2")
    );
    assert!(told.data.contains("message 3 is missing"), "{}", told.data);
    assert_eq!(stream.next().await, None);
    // A browser comes again whenever a stream ends, but not after such an answer.
    let mut asked: Request<Body> = request(&Method::GET, BRENT, PARTNER, Body::empty());
    set(&mut asked, "last-event-id", "brent:2");
    let answer = desk.client.begin(asked).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    // What comes after the hole can be read by anyone who asks for it.
    assert_eq!(desk.ids("?after=3&follow=false", None).await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_log_that_loses_its_end_under_a_reader_is_said_to() {
    let desk = desk();
    for key in ["k1", "k2"] {
        record(&desk.brent, key).await;
    }
    let mut stream = desk.open("").await;
    for _ in 0..2 {
        stream.next().await.unwrap();
    }
    desk.brent.lose_end(1);
    let told = stream.next().await.unwrap();
    assert_eq!(told.event, "damaged");
    assert!(told.data.contains("ends at brent:1"), "{}", told.data);
    assert_eq!(stream.next().await, None);
}
