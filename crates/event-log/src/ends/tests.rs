//! When a log is closed for writing, and what is remembered of its end.

use std::sync::Arc;

use townclerk_contract::envelope::Message;
use townclerk_domain::identity::EventId;
use uuid::Uuid;

use super::*;
use crate::end_checked::EndChecked;
use crate::log::{AppendError, ContinueError, Expected, Verbatim};
use crate::memory::MemoryLog;

struct Installation {
    memory: Arc<MemoryLog>,
    ends: Arc<Ends>,
    log: EndChecked,
}

impl Installation {
    fn new() -> Self {
        Self::on(Arc::new(MemoryLog::new(LogName::new("brent").unwrap())))
    }

    fn on(memory: Arc<MemoryLog>) -> Self {
        let ends = Arc::new(Ends::default());
        let log = EndChecked::new(Arc::<MemoryLog>::clone(&memory), Arc::clone(&ends));
        Self { memory, ends, log }
    }

    async fn append(&self, number: u128) -> Result<u64, AppendError> {
        let appended = self.log.append(&expected(number)).await?;
        Ok(appended.sequence)
    }

    async fn head(&self) -> u64 {
        self.memory.head().await.unwrap().sequence
    }

    fn name(&self) -> &LogName {
        self.memory.name()
    }
}

/// The first message of an aggregate.
fn expected(number: u128) -> Expected {
    let id = Uuid::from_u128(number);
    let message = Message {
        subject: format!("tc.brent.ticket.ticket-{id}"),
        id: EventId(id),
        payload: format!("payload {number}").into(),
    };
    Expected { message, last: 0 }
}

fn shortened(error: &AppendError) -> &Shortened {
    match error {
        AppendError::Refused(LogError::Shortened(shortened)) => shortened,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_log_that_lost_its_end_takes_nothing_by_any_way() {
    let town = Installation::new();
    for number in 1..=5 {
        town.append(number).await.unwrap();
    }
    town.memory.lose_end(3);
    town.ends.suspect(town.name());
    let refused = town.append(6).await.unwrap_err();
    let told = shortened(&refused);
    assert_eq!((told.seen, told.found), (5, 3));
    let batch = [expected(7), expected(8)];
    let refused = town.log.append_batch(&batch).await.unwrap_err();
    assert_eq!(shortened(&refused).seen, 5);
    let imported = [Verbatim::from(&expected(9).message)];
    let refused = town.log.append_after(3, &imported).await.unwrap_err();
    assert!(
        matches!(refused, ContinueError::Refused(LogError::Shortened(_))),
        "{refused:?}"
    );
    assert_eq!(town.head().await, 3, "nothing was recorded");
    let trouble = town.ends.trouble();
    assert!(
        trouble[0].contains("brent:5") && trouble[0].contains("brent:3"),
        "{trouble:?}"
    );
}

#[tokio::test]
async fn a_log_that_went_on_after_its_loss_is_known_by_the_message_that_was_seen() {
    let town = Installation::new();
    for number in 1..=3 {
        town.append(number).await.unwrap();
    }
    town.memory.lose_end(2);
    town.memory
        .put("tc.brent.ticket.ticket-x", None, b"another");
    town.memory
        .put("tc.brent.ticket.ticket-y", None, b"another");
    town.ends.suspect(town.name());
    let refused = town.append(9).await.unwrap_err();
    assert_eq!(shortened(&refused).found, 4);
    assert!(
        shortened(&refused)
            .to_string()
            .contains("is not the one that was seen")
    );
}

#[tokio::test]
async fn what_a_view_had_read_counts_after_a_restart_and_a_restored_log_is_open_again() {
    let before = Installation::new();
    for number in 1..=4 {
        before.append(number).await.unwrap();
    }
    let read = before.ends.seen(before.name());
    before.memory.lose_end(0);
    let town = Installation::on(Arc::clone(&before.memory));
    town.ends.seen_elsewhere(town.name(), read);
    shortened(&town.append(9).await.unwrap_err());
    // The messages are back, as they were.
    for number in 1..=4 {
        let Message {
            subject, payload, ..
        } = expected(number).message;
        town.memory.put(&subject, None, &payload);
    }
    town.ends.check(&*town.memory).await.unwrap();
    assert_eq!(town.append(9).await.unwrap(), 5);
    assert_eq!(town.ends.trouble(), Vec::<String>::new());
}

#[tokio::test]
async fn an_answer_below_what_was_seen_closes_the_log_at_once() {
    let town = Installation::new();
    for number in 1..=3 {
        town.append(number).await.unwrap();
    }
    // Nothing said that the log may be another: no connection was lost.
    town.memory.lose_end(0);
    let first = town.append(8).await.unwrap_err();
    assert!(
        matches!(first, AppendError::Unknown(LogError::Shortened(_))),
        "{first:?}"
    );
    shortened(&town.append(9).await.unwrap_err());
    assert_eq!(town.head().await, 1);
}
