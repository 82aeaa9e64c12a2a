//! A log that fails or falls silent ends a replay, whatever the others do.

use std::sync::Mutex;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::time::Instant;
use townclerk_app::access::{Guarded, Role};
use townclerk_app::http::health;
use townclerk_app::http::testing::{Client, Who, token_book};
use townclerk_app::projector::Projector;
use townclerk_event_log::memory::MemoryLog;
use townclerk_event_log::{AppendError, Appended, ContinueError, Expected, Head, Tail, Verbatim};

use super::*;
use crate::routes::{Views, routes};

/// A log that does not give all of its messages.
struct Mute {
    name: LogName,
    /// Its last sequence, and the last one that it gives.
    ends: (u64, u64),
    /// What its reader hears, if anything.
    heard: Mutex<Option<LogError>>,
}

impl Mute {
    fn silent(log: &str) -> Arc<dyn EventLog> {
        Self::giving(log, (5, 0))
    }

    fn giving(log: &str, ends: (u64, u64)) -> Arc<dyn EventLog> {
        Arc::new(Self {
            name: LogName::new(log).unwrap(),
            ends,
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
        let ends = (5, 0);
        Arc::new(Self { name, ends, heard })
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
            sequence: self.ends.0,
            looked: Timestamp::UNIX_EPOCH,
        })
    }

    async fn tail(&self, _: u64) -> Result<Tail, LogError> {
        if let Some(error) = self.heard.lock().unwrap().take() {
            return Err(error);
        }
        let messages = (1..=self.ends.1).map(|sequence| {
            Ok(StoredMessage {
                sequence,
                subject: "tc.brent.others".to_owned(),
                id: None,
                payload: "written by others".into(),
            })
        });
        let given: Vec<_> = messages.collect();
        let given = futures::stream::iter(given);
        Ok(given.chain(futures::stream::pending()).boxed())
    }
}

/// How a replay of some logs to their ends fails.
async fn failure(logs: &[Arc<dyn EventLog>]) -> String {
    let targets = logs.iter().map(|log| (log.name().clone(), 5)).collect();
    let replays = logs.iter().map(LogReplay::new).collect();
    let read = read_all(replays, &targets, &|_| {}).await;
    read.err().unwrap().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_view_is_made_everything_answers_how_far_it_is_and_nobody_reads_half_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let brent: Scope = "brent".parse().unwrap();
    let log = Mute::giving("brent", (6_000, 2_000));
    let view = View::open(brent, folder.path(), vec![log]).await.unwrap();
    let made = Arc::clone(&view);
    let making = tokio::spawn(async move { made.make().await });
    let far = "its rows are made from the whole history: read 2000 of 6000 events of brent";
    let told = async {
        while !view.unready().iter().any(|why| why.ends_with(far)) {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(30), told).await.unwrap();
    let views = Views::new([view]);
    let readiness = views.clone();
    let guarded = health::routes(
        Guarded::new(token_book()),
        Arc::new(move || match readiness.unready() {
            reasons if reasons.is_empty() => Ok(()),
            reasons => Err(reasons),
        }),
    );
    let client = Client::new(routes(guarded, &views).into_parts().0);
    let officer = Who::Everywhere(Role::Officer);
    assert_eq!(client.get("/livez", officer).await.status, 200);
    for path in [
        "/readyz",
        "/v1/views/brent/figures",
        "/v1/views/brent",
        "/brent",
    ] {
        let answer = client.get(path, officer).await;
        assert_eq!(answer.problem(), "not-ready", "{path}: {answer:?}");
        assert!(answer.text.contains(far), "{path}: {answer:?}");
    }
    making.abort();
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
    let found = |text: &String| text.contains("message 3 of the log brent came instead of 2");
    assert!(report.differences.iter().any(found), "{report:?}");
}
