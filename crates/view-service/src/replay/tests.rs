//! A log that fails or falls silent ends a replay, whatever the others do.

use std::sync::Mutex;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::time::Instant;
use townclerk_app::projector::Projector;
use townclerk_event_log::memory::MemoryLog;
use townclerk_event_log::{AppendError, Appended, ContinueError, Expected, Head, Tail, Verbatim};

use super::*;

/// A log of five messages that gives none of them.
struct Mute {
    name: LogName,
    /// What its reader hears, if anything.
    heard: Mutex<Option<LogError>>,
}

impl Mute {
    fn silent(log: &str) -> Arc<dyn EventLog> {
        Arc::new(Self {
            name: LogName::new(log).unwrap(),
            heard: Mutex::default(),
        })
    }

    fn failing(log: &str) -> Arc<dyn EventLog> {
        let name = LogName::new(log).unwrap();
        let error = LogError::Unavailable {
            log: name.clone(),
            why: "it is away".to_owned(),
        };
        let heard = Mutex::new(Some(error));
        Arc::new(Self { name, heard })
    }
}

#[async_trait]
impl EventLog for Mute {
    fn name(&self) -> &LogName {
        &self.name
    }

    async fn append(&self, _: &Expected) -> Result<Appended, AppendError> {
        unreachable!("a replay appends nothing")
    }

    async fn append_batch(&self, _: &[Expected]) -> Result<u64, AppendError> {
        unreachable!("a replay appends nothing")
    }

    async fn append_after(&self, _: u64, _: &[Verbatim]) -> Result<u64, ContinueError> {
        unreachable!("a replay appends nothing")
    }

    async fn read_subject(&self, _: &str, _: u64) -> Result<Vec<StoredMessage>, LogError> {
        unreachable!("a replay reads whole logs")
    }

    async fn read_one(&self, sequence: u64) -> Result<Option<StoredMessage>, LogError> {
        Ok(Some(StoredMessage {
            sequence,
            subject: String::new(),
            id: None,
            payload: Vec::new().into(),
        }))
    }

    async fn head(&self) -> Result<Head, LogError> {
        Ok(Head {
            sequence: 5,
            looked: Timestamp::UNIX_EPOCH,
        })
    }

    async fn tail(&self, _: u64) -> Result<Tail, LogError> {
        if let Some(error) = self.heard.lock().unwrap().take() {
            return Err(error);
        }
        Ok(futures::stream::pending().boxed())
    }
}

/// How a replay of some logs to their ends fails.
async fn failure(logs: &[Arc<dyn EventLog>]) -> String {
    let targets = logs.iter().map(|log| (log.name().clone(), 5)).collect();
    let replays = logs.iter().map(LogReplay::new).collect();
    let read = read_all(replays, &targets, &|_| {}).await;
    read.err().unwrap().to_string()
}

#[tokio::test(start_paused = true)]
async fn the_first_log_that_fails_ends_the_replay_of_all() {
    let logs = [Mute::silent("brent"), Mute::failing("lewisham")];
    let began = Instant::now();
    let why = failure(&logs).await;
    assert!(why.contains("it is away"), "{why}");
    assert_eq!(began.elapsed(), Duration::ZERO, "nobody waited for brent");
    for log in logs {
        assert_eq!(Arc::strong_count(&log), 1, "{} is read still", log.name());
    }
}

#[tokio::test(start_paused = true)]
async fn a_log_that_gives_nothing_for_a_minute_ends_the_replay_and_is_named() {
    let began = Instant::now();
    let why = failure(&[Mute::silent("brent")]).await;
    assert!(
        why.contains("brent") && why.contains("after message 0"),
        "{why}"
    );
    assert_eq!(began.elapsed().as_secs(), SILENCE_MAX.as_secs());
}

/// A view that has read three messages of a log in memory.
async fn view_of_three(dir: &std::path::Path) -> (Arc<MemoryLog>, Arc<View>) {
    let log = Arc::new(MemoryLog::new(LogName::new("brent").unwrap()));
    for number in 0..3 {
        log.put("tc.brent.ticket.ticket-1", None, &[number]);
    }
    let logs: Vec<Arc<dyn EventLog>> = vec![Arc::<MemoryLog>::clone(&log)];
    let scope = Scope::Log(log.name().clone());
    let view = View::open(scope, dir, logs).await.unwrap();
    let read = log.tail(0).await.unwrap().take(3).map(Result::unwrap);
    let messages = read.collect().await;
    view.project(log.name(), messages).await.unwrap();
    (log, view)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hole_that_came_later_is_a_difference_of_the_verification() {
    let dir = tempfile::tempdir().unwrap();
    let (log, view) = view_of_three(dir.path()).await;
    log.lose_message(2);
    let report = view.verify(&|_| {}).await.unwrap();
    assert!(!report.ok);
    let found = |text: &String| text.contains("message 3 of the log brent came where 2 was due");
    assert!(report.differences.iter().any(found), "{report:?}");
}
