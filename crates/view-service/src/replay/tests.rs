//! A log that fails or falls silent ends a replay, whatever the others do.

use std::sync::Mutex;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::time::Instant;
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

    async fn read_one(&self, _: u64) -> Result<Option<StoredMessage>, LogError> {
        unreachable!("a replay reads whole logs")
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
