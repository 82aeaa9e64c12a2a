//! What becomes of appends is kept for a while, and no longer.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use townclerk_contract::envelope::Message;
use townclerk_domain::identity::EventId;
use uuid::Uuid;

use super::*;
use crate::memory::MemoryLog;

fn brent() -> LogName {
    LogName::new("brent").unwrap()
}

fn message(number: u128) -> Expected {
    Expected {
        message: Message {
            subject: format!("tc.brent.ticket.ticket-{}", Uuid::from_u128(number)),
            id: EventId(Uuid::from_u128(number)),
            payload: Bytes::from_static(b"{}"),
        },
        last: 0,
    }
}

struct Watching {
    memory: Arc<MemoryLog>,
    writes: Arc<Writes>,
    log: Watched,
}

fn watching() -> Watching {
    let memory = Arc::new(MemoryLog::new(brent()));
    let writes = Arc::new(Writes::default());
    let log = Watched::new(Arc::<MemoryLog>::clone(&memory), Arc::clone(&writes));
    Watching {
        memory,
        writes,
        log,
    }
}

#[tokio::test(start_paused = true)]
async fn an_append_that_failed_is_told_until_one_goes_through() {
    let Watching {
        memory,
        writes,
        log,
    } = watching();
    log.append(&message(1)).await.unwrap();
    assert_eq!(writes.trouble(), Vec::<String>::new());
    memory.set_away(true);
    log.append(&message(2)).await.unwrap_err();
    let trouble = writes.trouble().concat();
    assert!(
        trouble.contains("log brent: the last append did not go through"),
        "{trouble}"
    );
    memory.set_away(false);
    // The log answered, and wrote nothing: whether it could is not known by that.
    assert!(log.append(&message(1)).await.unwrap().already);
    assert_ne!(writes.trouble(), Vec::<String>::new());
    log.append(&message(3)).await.unwrap();
    assert_eq!(writes.trouble(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_forgotten_after_a_while_so_that_somebody_tries_again() {
    let Watching {
        memory,
        writes,
        log,
    } = watching();
    memory.set_away(true);
    log.append(&message(1)).await.unwrap_err();
    tokio::time::advance(FAILED_COUNTS - Duration::from_secs(1)).await;
    assert_ne!(writes.trouble(), Vec::<String>::new());
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(writes.trouble(), Vec::<String>::new());
}

#[test]
fn what_the_server_says_of_itself_is_told_without_any_append() {
    let writes = Writes::with(
        Box::new(|| Some("it cannot write".to_owned())),
        Box::new(|| None),
    );
    assert_eq!(writes.trouble(), ["it cannot write"]);
}

const GIBIBYTE: u64 = 1024 * 1024 * 1024;

/// A log on a disk of 100 GiB, and what of it is free.
fn on_a_disk() -> (Arc<MemoryLog>, Arc<AtomicU64>, Arc<Writes>, Watched) {
    let memory = Arc::new(MemoryLog::new(brent()));
    let free = Arc::new(AtomicU64::new(50 * GIBIBYTE));
    let measured = Arc::clone(&free);
    let room = move || {
        Some(Room {
            free: measured.load(Ordering::Relaxed),
            total: 100 * GIBIBYTE,
        })
    };
    let writes = Arc::new(Writes::with(Box::new(|| None), Box::new(room)));
    let log = Watched::new(Arc::<MemoryLog>::clone(&memory), Arc::clone(&writes));
    (memory, free, writes, log)
}

#[tokio::test]
async fn nothing_is_sent_where_the_disk_has_no_room_by_whatever_way_and_it_goes_on_when_it_has() {
    let (memory, free, writes, log) = on_a_disk();
    log.append(&message(1)).await.unwrap();
    free.store(GIBIBYTE / 8, Ordering::Relaxed);
    let alone = log.append(&message(2)).await.unwrap_err();
    assert!(
        matches!(alone, AppendError::Refused(LogError::DiskFull(_))),
        "{alone:?}"
    );
    let batch = log.append_batch(&[message(2)]).await.unwrap_err();
    assert!(
        matches!(batch, AppendError::Refused(LogError::DiskFull(_))),
        "{batch:?}"
    );
    let verbatim = Verbatim::from(&message(2).message);
    let continued = log.append_after(1, &[verbatim]).await.unwrap_err();
    assert!(
        matches!(continued, ContinueError::Refused(LogError::DiskFull(_))),
        "{continued:?}"
    );
    assert_eq!(memory.head().await.unwrap().sequence, 1, "nothing was sent");
    let trouble = writes.trouble().concat();
    let says = "the disk of the record is full (128 MiB of 102400 MiB free)";
    assert!(trouble.starts_with(says), "{trouble}");
    // Low is no reason to refuse, nor to be called unready.
    free.store(2 * GIBIBYTE, Ordering::Relaxed);
    assert_eq!(writes.trouble(), Vec::<String>::new());
    log.append(&message(2)).await.unwrap();
}
