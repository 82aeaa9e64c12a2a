//! A view on a disk that takes nothing stops alone, says so, and goes on by itself.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures::FutureExt;
use serde_json::Value;
use townclerk_app::access::{Guarded, Role};
use townclerk_app::http::testing::{Client, Who, token_book};
use townclerk_app::lifecycle::Parts;
use townclerk_app::projector::{Projector, follow};
use townclerk_domain::names::LogName;
use townclerk_event_log::memory::MemoryLog;
use townclerk_event_log::{EventLog, Room};
use townclerk_view_store::testing::SmallDisk;

use super::*;
use crate::routes::{Views, routes};

const NAME: &str = "brent";

fn log() -> Arc<MemoryLog> {
    Arc::new(MemoryLog::new(LogName::new(NAME).unwrap()))
}

/// Foreign messages become rows as any others do.
fn record(log: &MemoryLog, count: usize) {
    for _ in 0..count {
        log.put("tc.brent.others", None, b"written by others");
    }
}

fn last(log: &MemoryLog) -> u64 {
    log.head().now_or_never().unwrap().unwrap().sequence
}

async fn opened(dir: &Path, log: &Arc<MemoryLog>) -> Arc<View> {
    let scope: Scope = NAME.parse().unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let logs: Vec<Arc<dyn EventLog>> = vec![Arc::<MemoryLog>::clone(log)];
        match View::open(scope.clone(), dir, logs).await {
            // sled gives its lock back a moment after it was closed.
            Err(ViewError::Store(StoreError::Locked { .. })) if Instant::now() < deadline => {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            other => return other.unwrap(),
        }
    }
}

/// The view on a disk of its own.
async fn on_a_small_disk(dir: &Path, log: &Arc<MemoryLog>) -> (Arc<View>, SmallDisk) {
    drop(opened(dir, log).await);
    let disk = SmallDisk::under(&dir.join("generation-1/db")).unwrap();
    (opened(dir, log).await, disk)
}

fn following(view: &Arc<View>, log: &Arc<MemoryLog>) -> Parts {
    let mut parts = Parts::new();
    let (log, view, stop) = (Arc::clone(log), Arc::clone(view), parts.stop_token());
    parts.run("a view", async move {
        view.make().await;
        follow(log, view, stop).await
    });
    parts
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(60), waiting).await;
    assert!(waited.is_ok(), "{what} does not come");
}

fn read_to(view: &View, log: &MemoryLog) -> bool {
    view.checkpoint(log.name()) == last(log) && view.unready().is_empty()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_on_a_full_disk_stops_alone_says_so_and_goes_on_when_there_is_room() {
    let (dir, log) = (tempfile::tempdir().unwrap(), log());
    let (view, disk) = on_a_small_disk(dir.path(), &log).await;
    let mut parts = following(&view, &log);
    record(&log, 10);
    until("the end", || read_to(&view, &log)).await;
    // All of its disk is full: the file that a view tries to write before it goes on, too.
    let tried = dir.path().join("try");
    std::fs::create_dir(&tried).unwrap();
    disk.fill().unwrap();
    let stopped = || {
        let reasons = view.unready();
        reasons
            .iter()
            .any(|why| why.contains("it stopped until its rows can be written"))
    };
    let filled = async {
        while !stopped() {
            record(&log, 100);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), filled)
        .await
        .unwrap();
    // It is said, with no path of this machine; what is shown is as of when it stopped, or nothing.
    let folder = dir.path().to_str().unwrap();
    assert!(
        !view.unready().concat().contains(folder),
        "{:?}",
        view.unready()
    );
    let views = Views::new([Arc::clone(&view)]);
    let client = Client::new(routes(Guarded::new(token_book()), &views).into_parts().0);
    let status = client
        .get("/v1/views/brent", Who::Everywhere(Role::Operator))
        .await;
    if status.status == 200 {
        let status: Value = status.json();
        let trouble = status["logs"][NAME]["trouble"].as_str().unwrap();
        assert!(trouble.contains("it stopped"), "{status}");
        assert!(status["logs"][NAME]["position"].as_u64().unwrap() < last(&log));
        let page = client.get("/brent", Who::Everywhere(Role::Officer)).await;
        assert!(page.text.contains("Not up to date."), "{page:?}");
    } else {
        assert_eq!(status.problem(), "not-ready", "{status:?}");
    }
    // Nothing ended: the process would have.
    let ended = tokio::time::timeout(Duration::from_millis(10), parts.first_failure()).await;
    assert!(ended.is_err(), "{ended:?}");
    // The file is to be moved: nobody has it open meanwhile.
    view.write().store.close();
    disk.make_room().unwrap();
    std::fs::remove_dir(&tried).unwrap();
    until("the end after there is room", || read_to(&view, &log)).await;
    let verified = view.verify(&|_| {}).await.unwrap();
    let of_rows = |difference: &&String| !difference.contains("foreign messages");
    assert_eq!(verified.differences.iter().find(of_rows), None);
    assert_eq!(verified.digest, verified.rebuilt_digest);
    let status = client
        .get("/v1/views/brent", Who::Everywhere(Role::Operator))
        .await;
    assert_eq!(status.json()["logs"][NAME]["trouble"], Value::Null);
    parts.drain().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_whose_folder_cannot_be_written_at_start_waits_for_it() {
    let (dir, log) = (tempfile::tempdir().unwrap(), log());
    let folder = dir.path().join(NAME);
    std::fs::write(&folder, "not a folder").unwrap();
    let view = opened(&folder, &log).await;
    let parts = following(&view, &log);
    record(&log, 10);
    let views = Views::new([Arc::clone(&view)]);
    let client = Client::new(routes(Guarded::new(token_book()), &views).into_parts().0);
    until("its reason", || {
        view.unready().concat().contains("its rows wait to be made")
    })
    .await;
    for path in ["/v1/views/brent", "/v1/views/brent/figures", "/brent"] {
        let answer = client.get(path, Who::Everywhere(Role::Officer)).await;
        assert_eq!(answer.problem(), "not-ready", "{path}: {answer:?}");
    }
    std::fs::remove_file(&folder).unwrap();
    until("the end", || read_to(&view, &log)).await;
    parts.drain().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_leaves_room_on_its_disk_and_serves_its_rows_meanwhile() {
    let (dir, log) = (tempfile::tempdir().unwrap(), log());
    let free = Arc::new(AtomicU64::new(1 << 40));
    let measured = Arc::clone(&free);
    let room = move || {
        let free = measured.load(Ordering::Relaxed);
        let total = 1 << 40;
        Some(Room { free, total })
    };
    let logs: Vec<Arc<dyn EventLog>> = vec![Arc::<MemoryLog>::clone(&log)];
    let scope = NAME.parse().unwrap();
    let view = View::open_measured(scope, dir.path(), logs, Box::new(room)).unwrap();
    let parts = following(&view, &log);
    record(&log, 10);
    until("the end", || read_to(&view, &log)).await;
    free.store(100, Ordering::Relaxed);
    record(&log, 1);
    until("its reason", || {
        view.unready().concat().contains("its disk is full")
    })
    .await;
    let views = Views::new([Arc::clone(&view)]);
    let client = Client::new(routes(Guarded::new(token_book()), &views).into_parts().0);
    let operator = Who::Everywhere(Role::Operator);
    let status = client.get("/v1/views/brent", operator).await.json();
    assert_eq!(status["logs"][NAME]["position"], 10, "{status}");
    let trouble = status["logs"][NAME]["trouble"].as_str().unwrap();
    assert!(trouble.contains("it stopped"), "{trouble}");
    let page = client.get("/brent", Who::Everywhere(Role::Officer)).await;
    assert!(page.text.contains("Not up to date."), "{page:?}");
    assert!(view.rebuild(&|_| {}).await.is_err(), "it would take room");
    free.store(1 << 40, Ordering::Relaxed);
    until("the end again", || read_to(&view, &log)).await;
    parts.drain().await.unwrap();
}
