//! What becomes of appends is kept for a while, and no longer.

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
    let writes = Writes::with_server(Box::new(|| Some("it cannot write".to_owned())));
    assert_eq!(writes.trouble(), ["it cannot write"]);
}
