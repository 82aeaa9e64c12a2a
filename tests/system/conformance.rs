//! The log in JetStream keeps the same rules as its twin in memory.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use townclerk::nats_server::{NatsServer, Options};
use townclerk_contract::envelope::Message;
use townclerk_contract::subject::all_subjects;
use townclerk_domain::identity::EventId;
use townclerk_domain::names::LogName;
use townclerk_event_log::conformance::{Subject, all};
use townclerk_event_log::jetstream::{Access, Credential, JetStreamLog, Role, inbox_prefix};
use townclerk_event_log::{AppendError, EventLog, Expected, Grouped};
use townclerk_tests::town::{eventually, folder};
use uuid::Uuid;

/// As many logs as there are rules, each in an account of its own.
const LOGS: usize = 10;

fn access(server: &NatsServer, log: &LogName, role: Role) -> Access {
    Access {
        url: server.url(),
        log: log.clone(),
        role,
        credential: Credential {
            seed: server.user_seed(log.as_str(), role).unwrap().to_owned(),
        },
        server_name: Some(server.server_name().to_owned()),
    }
}

/// A log, and the operator who can shorten the server's memory of message ids.
struct InJetStream {
    log: Arc<ReadWrite>,
    operator: async_nats::Client,
}

/// Writer and reader are two users; under test they are one log.
struct ReadWrite {
    writer: Arc<dyn EventLog>,
    reader: JetStreamLog,
}

#[async_trait::async_trait]
impl townclerk_event_log::EventLog for ReadWrite {
    fn name(&self) -> &LogName {
        self.writer.name()
    }

    async fn append(
        &self,
        message: &townclerk_event_log::Expected,
    ) -> Result<townclerk_event_log::Appended, townclerk_event_log::AppendError> {
        self.writer.append(message).await
    }

    async fn append_batch(
        &self,
        batch: &[townclerk_event_log::Expected],
    ) -> Result<u64, townclerk_event_log::AppendError> {
        self.writer.append_batch(batch).await
    }

    async fn append_after(
        &self,
        end: u64,
        messages: &[townclerk_event_log::Verbatim],
    ) -> Result<u64, townclerk_event_log::ContinueError> {
        self.writer.append_after(end, messages).await
    }

    async fn read_subject(
        &self,
        subject: &str,
        after: u64,
    ) -> Result<Vec<townclerk_event_log::StoredMessage>, townclerk_event_log::LogError> {
        self.writer.read_subject(subject, after).await
    }

    async fn read_one(
        &self,
        sequence: u64,
    ) -> Result<Option<townclerk_event_log::StoredMessage>, townclerk_event_log::LogError> {
        self.writer.read_one(sequence).await
    }

    async fn head(&self) -> Result<townclerk_event_log::Head, townclerk_event_log::LogError> {
        self.writer.head().await
    }

    async fn tail(
        &self,
        after: u64,
    ) -> Result<townclerk_event_log::Tail, townclerk_event_log::LogError> {
        self.reader.tail(after).await
    }

    async fn history(
        &self,
        after: u64,
    ) -> Result<townclerk_event_log::Tail, townclerk_event_log::LogError> {
        self.reader.history(after).await
    }
}

impl Subject for InJetStream {
    type Log = ReadWrite;

    fn log(&self) -> Arc<ReadWrite> {
        Arc::clone(&self.log)
    }

    /// The window is two minutes; the operator makes it a tenth of a second and lets that pass.
    async fn close_duplicate_window(&self) {
        let info = ask(&self.operator, "STREAM.INFO.EVENTS", Value::Null).await;
        let mut config = info["config"].clone();
        config["duplicate_window"] = json!(100_000_000);
        let updated = ask(&self.operator, "STREAM.UPDATE.EVENTS", config).await;
        assert_eq!(
            updated["config"]["duplicate_window"], 100_000_000,
            "{updated}"
        );
        // Time itself is what has to pass here: the server offers nothing to wait for.
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

async fn ask(client: &async_nats::Client, what: &str, request: Value) -> Value {
    let request = match request {
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let answer = client
        .request(format!("$JS.API.{what}"), request.into())
        .await
        .unwrap();
    serde_json::from_slice(&answer.payload).unwrap()
}

async fn operator(server: &NatsServer, log: &LogName) -> async_nats::Client {
    let seed = server
        .user_seed(log.as_str(), Role::Operator)
        .unwrap()
        .to_owned();
    async_nats::ConnectOptions::with_nkey(seed)
        .custom_inbox_prefix(inbox_prefix(log.as_str(), Role::Operator))
        .connect(server.url())
        .await
        .unwrap()
}

async fn start(dir: &std::path::Path, logs: usize) -> NatsServer {
    let options = Options {
        data_dir: dir.to_owned(),
        logs: (1..=logs).map(|n| format!("log-{n}")).collect(),
        partners: Vec::new(),
        binary: None,
        port: None,
    };
    NatsServer::start(options).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_in_jetstream_conforms() {
    conforms(|writer| Arc::new(writer)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_in_jetstream_conforms_when_appends_are_grouped() {
    conforms(|writer| Arc::new(Grouped::new(Arc::new(writer)))).await;
}

async fn conforms(writes: fn(JetStreamLog) -> Arc<dyn EventLog>) {
    let dir = folder();
    let server = start(dir.path(), LOGS).await;
    let used = AtomicUsize::new(0);
    all(|| async {
        let number = used.fetch_add(1, Ordering::Relaxed) + 1;
        let log = LogName::new(format!("log-{number}")).unwrap();
        let made = JetStreamLog::initialise(&access(&server, &log, Role::Operator)).await;
        made.unwrap();
        let writer = JetStreamLog::open(&access(&server, &log, Role::Writer))
            .await
            .unwrap();
        let reader = JetStreamLog::open(&access(&server, &log, Role::Reader))
            .await
            .unwrap();
        InJetStream {
            log: Arc::new(ReadWrite {
                writer: writes(writer),
                reader,
            }),
            operator: operator(&server, &log).await,
        }
    })
    .await;
    assert_eq!(used.load(Ordering::Relaxed), LOGS);
    server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_configured_otherwise_is_refused_by_name() {
    let dir = folder();
    let server = start(dir.path(), 1).await;
    let log = LogName::new("log-1").unwrap();
    let missing = JetStreamLog::open(&access(&server, &log, Role::Writer)).await;
    let text = missing.unwrap_err().to_string();
    assert!(text.contains("townclerk log init"), "{text}");
    let config = json!({
        "name": "EVENTS", "subjects": [all_subjects(&log)], "storage": "file",
        "retention": "limits", "discard": "old", "max_age": 3_600_000_000_000_u64,
    });
    let made = ask(
        &operator(&server, &log).await,
        "STREAM.CREATE.EVENTS",
        config,
    )
    .await;
    assert!(made["error"].is_null(), "{made}");
    for role in [Role::Operator, Role::Writer] {
        let access = access(&server, &log, role);
        let refused = match role {
            Role::Operator => JetStreamLog::initialise(&access).await.map(|_| ()),
            _ => JetStreamLog::open(&access).await.map(|_| ()),
        };
        let text = refused.unwrap_err().to_string();
        for named in [
            "max_age is 3600000000000, needed is 0",
            "discard",
            "deny_delete",
            "allow_atomic",
        ] {
            assert!(text.contains(named), "{named}: {text}");
        }
    }
    server.stop().await.unwrap();
}

/// Aggregates that are written at once, and events of each.
const AGGREGATES: u128 = 64;
const EVENTS_OF_EACH: u128 = 20;

/// Writes the events of one aggregate one after the other, each until it is recorded.
async fn write_life(log: Arc<Grouped>, aggregate: u128, done: Arc<AtomicUsize>) -> Vec<u64> {
    let id = Uuid::from_u128(aggregate);
    let mut sequences: Vec<u64> = Vec::new();
    for number in 1..=EVENTS_OF_EACH {
        let expected = Expected {
            message: Message {
                subject: format!("tc.{}.ticket.ticket-{id}", log.name()),
                id: EventId(Uuid::from_u128(aggregate << 64 | number)),
                payload: format!("{number} of {aggregate}").into(),
            },
            last: sequences.last().copied().unwrap_or(0),
        };
        let appended = eventually("an event is recorded", || async {
            match log.append(&expected).await {
                Ok(appended) => Some(appended),
                // The same bytes again.
                Err(AppendError::Unknown(_)) => None,
                Err(error) => panic!("{error}"),
            }
        });
        sequences.push(appended.await.sequence);
        done.fetch_add(1, Ordering::Relaxed);
    }
    sequences
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_in_groups_is_recorded_once_though_the_server_is_killed() {
    let dir = folder();
    let server = start(dir.path(), 1).await;
    let log = LogName::new("log-1").unwrap();
    JetStreamLog::initialise(&access(&server, &log, Role::Operator))
        .await
        .unwrap();
    let writer = JetStreamLog::open(&access(&server, &log, Role::Writer)).await;
    let grouped = Arc::new(Grouped::new(Arc::new(writer.unwrap())));
    let done = Arc::new(AtomicUsize::new(0));
    let writers = (1..=AGGREGATES)
        .map(|aggregate| write_life(Arc::clone(&grouped), aggregate, Arc::clone(&done)));
    let writers: Vec<_> = writers.map(tokio::spawn).collect();
    let all = AGGREGATES * EVENTS_OF_EACH;
    for kill in 1..=3 {
        eventually("a part of the events is recorded", || async {
            (done.load(Ordering::Relaxed) as u128 > kill * all / 4).then_some(())
        })
        .await;
        let pid = eventually("the server runs", || async { server.pid() }).await;
        let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
        kill_process(pid, Signal::KILL).unwrap();
    }
    let mut told = BTreeMap::new();
    for (aggregate, writer) in (1..=AGGREGATES).zip(writers) {
        for (sequence, number) in writer.await.unwrap().into_iter().zip(1..) {
            told.insert(sequence, format!("{number} of {aggregate}"));
        }
    }
    assert_eq!(told.len() as u128, all);
    assert_eq!(grouped.head().await.unwrap().sequence as u128, all);
    for (sequence, payload) in told {
        let stored = grouped.read_one(sequence).await.unwrap().unwrap();
        assert_eq!(stored.payload, payload);
    }
    drop(grouped);
    server.stop().await.unwrap();
}
