//! What every log must do, whatever it is made of. Each function is one rule and takes an empty log.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a suite of tests, compiled outside of tests so that other packages can run it"
)]

use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt;
use townclerk_contract::envelope::Message;
use townclerk_domain::identity::EventId;
use uuid::Uuid;

use crate::log::{
    AppendError, Appended, ContinueError, EventLog, Expected, StoredMessage, Verbatim,
};

/// A log under test, and the faults that it can be made to show.
pub trait Subject: Send + Sync {
    type Log: EventLog + 'static;

    fn log(&self) -> Arc<Self::Log>;

    /// Lets the time pass after which the server forgets message ids.
    fn close_duplicate_window(&self) -> impl Future<Output = ()> + Send;
}

/// The `number`-th message on the subject of aggregate `aggregate`.
fn message<S: Subject>(subject: &S, aggregate: u128, number: u128) -> Message {
    let id = Uuid::from_u128(aggregate);
    Message {
        subject: format!("tc.{}.ticket.ticket-{id}", subject.log().name()),
        id: EventId(Uuid::from_u128(aggregate << 64 | number)),
        payload: Bytes::from(format!("payload {number} of {aggregate}")),
    }
}

fn expecting(message: Message, last: u64) -> Expected {
    Expected { message, last }
}

/// Runs every rule, each on a log that `fresh` makes.
pub async fn all<S: Subject, F: Future<Output = S>>(fresh: impl Fn() -> F) {
    what_is_appended_is_read_back_in_order(&fresh().await).await;
    a_stale_writer_conflicts(&fresh().await).await;
    one_of_fifty_writers_wins(&fresh().await).await;
    a_retry_is_recorded_once(&fresh().await).await;
    the_same_id_elsewhere_is_refused(&fresh().await).await;
    a_batch_is_all_or_nothing(&fresh().await).await;
    a_log_is_continued_from_its_end_or_not_at_all(&fresh().await).await;
    a_message_is_carried_as_it_stood(&fresh().await).await;
    a_tail_continues_with_what_comes(&fresh().await).await;
    appends_at_once_are_each_recorded_once(&fresh().await).await;
}

async fn what_is_appended_is_read_back_in_order<S: Subject>(subject: &S) {
    let log = subject.log();
    assert_eq!(log.head().await.unwrap().sequence, 0);
    let (one, two, other) = (
        message(subject, 1, 1),
        message(subject, 1, 2),
        message(subject, 2, 1),
    );
    assert_eq!(append(&*log, &one, 0).await, 1);
    assert_eq!(append(&*log, &other, 0).await, 2);
    assert_eq!(append(&*log, &two, 1).await, 3);
    assert_eq!(log.head().await.unwrap().sequence, 3);
    let read = log.read_subject(&one.subject, 0).await.unwrap();
    assert_eq!(read, [stored(&one, 1), stored(&two, 3)]);
    assert_eq!(
        log.read_subject(&one.subject, 1).await.unwrap(),
        [stored(&two, 3)]
    );
    assert_eq!(log.read_subject(&one.subject, 3).await.unwrap(), []);
    assert_eq!(log.read_one(2).await.unwrap(), Some(stored(&other, 2)));
    assert_eq!(log.read_one(4).await.unwrap(), None);
}

async fn a_stale_writer_conflicts<S: Subject>(subject: &S) {
    let log = subject.log();
    append(&*log, &message(subject, 1, 1), 0).await;
    for wrong in [0, 7] {
        let stale = log.append(&expecting(message(subject, 1, 2), wrong)).await;
        assert!(matches!(stale, Err(AppendError::Conflict)), "{stale:?}");
    }
    assert_eq!(log.head().await.unwrap().sequence, 1);
    // A refused id is not used up.
    assert_eq!(append(&*log, &message(subject, 1, 2), 1).await, 2);
}

async fn one_of_fifty_writers_wins<S: Subject>(subject: &S) {
    let writers = (1..=50).map(|number| {
        let (log, message) = (subject.log(), message(subject, 1, number));
        tokio::spawn(async move { log.append(&expecting(message, 0)).await })
    });
    let mut won = 0;
    for outcome in futures::future::join_all(writers).await {
        match outcome.unwrap() {
            Ok(appended) => {
                assert!(!appended.already);
                won += 1;
            }
            Err(AppendError::Conflict) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(won, 1);
    assert_eq!(subject.log().head().await.unwrap().sequence, 1);
}

async fn a_retry_is_recorded_once<S: Subject>(subject: &S) {
    let log = subject.log();
    let first = message(subject, 1, 1);
    append(&*log, &first, 0).await;
    let retry = || async { log.append(&expecting(first.clone(), 0)).await.unwrap() };
    let at_once = retry().await;
    assert_eq!((at_once.sequence, at_once.already), (1, true));
    // Somebody else may have gone on meanwhile.
    append(&*log, &message(subject, 1, 2), 1).await;
    assert_eq!(retry().await.sequence, 1);
    subject.close_duplicate_window().await;
    let much_later = retry().await;
    assert_eq!((much_later.sequence, much_later.already), (1, true));
    assert_eq!(log.head().await.unwrap().sequence, 2);
}

async fn the_same_id_elsewhere_is_refused<S: Subject>(subject: &S) {
    let log = subject.log();
    let first = message(subject, 1, 1);
    append(&*log, &first, 0).await;
    let elsewhere = Message {
        id: first.id,
        ..message(subject, 2, 1)
    };
    let outcome = log.append(&expecting(elsewhere, 0)).await;
    let refused = matches!(outcome, Err(AppendError::IdElsewhere { sequence: 1, .. }));
    assert!(refused, "{outcome:?}");
    assert_eq!(log.head().await.unwrap().sequence, 1);
}

async fn a_batch_is_all_or_nothing<S: Subject>(subject: &S) {
    let log = subject.log();
    append(&*log, &message(subject, 1, 1), 0).await;
    let stale = [
        expecting(message(subject, 2, 1), 0),
        expecting(message(subject, 1, 2), 0),
    ];
    let outcome = log.append_batch(&stale).await;
    assert!(matches!(outcome, Err(AppendError::Conflict)), "{outcome:?}");
    assert_eq!(log.head().await.unwrap().sequence, 1);
    let good = [
        expecting(message(subject, 2, 1), 0),
        expecting(message(subject, 1, 2), 1),
        expecting(message(subject, 2, 2), 0),
    ];
    assert_eq!(log.append_batch(&good).await.unwrap(), 4);
    // The same batch again, as after a lost answer, records nothing.
    let again = log.append_batch(&good).await;
    assert!(matches!(again, Err(AppendError::Conflict)), "{again:?}");
    assert_eq!(log.head().await.unwrap().sequence, 4);
    let too_many = vec![good[0].clone(); 1_001];
    assert!(log.append_batch(&too_many).await.is_err());
    assert!(log.append_batch(&[]).await.is_err());
    assert_eq!(log.head().await.unwrap().sequence, 4);
}

async fn a_log_is_continued_from_its_end_or_not_at_all<S: Subject>(subject: &S) {
    let log = subject.log();
    append(&*log, &message(subject, 1, 1), 0).await;
    let rest: Vec<Verbatim> = (2..=3)
        .chain([3])
        .zip(2..)
        .map(|(aggregate, number)| Verbatim::from(&message(subject, aggregate, number)))
        .collect();
    for wrong in [0, 2] {
        let refused = log.append_after(wrong, &rest).await;
        assert!(matches!(refused, Err(ContinueError::GoneOn)), "{refused:?}");
    }
    assert_eq!(log.head().await.unwrap().sequence, 1);
    assert_eq!(log.append_after(1, &rest).await.unwrap(), 4);
    for (message, sequence) in rest.iter().zip(2..) {
        let stored = log.read_one(sequence).await.unwrap().unwrap();
        assert!(stored.holds(message), "{stored:?}");
    }
    // The same again, as after a lost answer: the log has gone on, or remembers the ids.
    let again = log.append_after(1, &rest).await;
    let refused = matches!(
        again,
        Err(ContinueError::GoneOn | ContinueError::IdRemembered)
    );
    assert!(refused, "{again:?}");
    let remembered = log.append_after(4, &rest).await;
    let refused = matches!(remembered, Err(ContinueError::IdRemembered));
    assert!(refused, "{remembered:?}");
    let doubled = Verbatim::from(&message(subject, 5, 1));
    let doubled = log.append_after(4, &[doubled.clone(), doubled]).await;
    let refused = matches!(doubled, Err(ContinueError::IdRemembered));
    assert!(refused, "{doubled:?}");
    let too_many = vec![rest[0].clone(); 1_001];
    assert!(log.append_after(4, &too_many).await.is_err());
    assert!(log.append_after(4, &[]).await.is_err());
    assert_eq!(log.head().await.unwrap().sequence, 4);
    subject.close_duplicate_window().await;
    assert_eq!(log.append_after(4, &rest[..1]).await.unwrap(), 5);
}

async fn a_message_is_carried_as_it_stood<S: Subject>(subject: &S) {
    let log = subject.log();
    let verbatim = |aggregate, id: Option<&str>, payload: &'static [u8]| Verbatim {
        subject: message(subject, aggregate, 1).subject,
        id: id.map(str::to_owned),
        payload: Bytes::from_static(payload),
    };
    let foreign = [
        verbatim(1, None, b"\xff\x00 not even text\n"),
        verbatim(1, Some("an id of somebody's own"), b""),
        verbatim(1, None, b" {\"spaced\": 1.0} "),
        Verbatim {
            subject: format!("tc.{}.anything", log.name()),
            ..verbatim(2, None, b"{}")
        },
    ];
    assert_eq!(log.append_after(0, &foreign).await.unwrap(), 4);
    for (message, sequence) in foreign.iter().zip(1..) {
        let stored = log.read_one(sequence).await.unwrap().unwrap();
        assert!(stored.holds(message), "{stored:?}");
    }
    let broken = verbatim(3, Some("an id\r\nwith a header"), b"");
    assert!(log.append_after(4, &[broken]).await.is_err());
    assert_eq!(log.head().await.unwrap().sequence, 4);
}

async fn a_tail_continues_with_what_comes<S: Subject>(subject: &S) {
    let log = subject.log();
    let messages: Vec<Message> = (1..=4).map(|n| message(subject, n, 1)).collect();
    for message in &messages[..3] {
        append(&*log, message, 0).await;
    }
    let mut tails = [log.tail(1).await.unwrap(), log.history(1).await.unwrap()];
    for tail in &mut tails {
        assert_eq!(tail.next().await.unwrap().unwrap(), stored(&messages[1], 2));
    }
    append(&*log, &messages[3], 0).await;
    for tail in &mut tails {
        assert_eq!(tail.next().await.unwrap().unwrap(), stored(&messages[2], 3));
        assert_eq!(tail.next().await.unwrap().unwrap(), stored(&messages[3], 4));
    }
}

async fn appends_at_once_are_each_recorded_once<S: Subject>(subject: &S) {
    let log = subject.log();
    append(&*log, &message(subject, 1, 1), 0).await;
    // One in eight is a stale writer, one in eight repeats what is recorded already.
    let repeated = message(subject, 1, 1);
    let appends = (2..=65).map(|aggregate| {
        let message = match aggregate % 8 {
            0 => message(subject, 1, aggregate),
            1 => repeated.clone(),
            _ => message(subject, aggregate, 1),
        };
        let log = subject.log();
        tokio::spawn(async move {
            let outcome = log.append(&expecting(message.clone(), 0)).await;
            (aggregate % 8, message, outcome)
        })
    });
    let mut sequences = std::collections::BTreeSet::from([1]);
    for append in futures::future::join_all(appends).await {
        let (sort, message, outcome) = append.unwrap();
        if sort == 0 {
            assert!(matches!(outcome, Err(AppendError::Conflict)), "{outcome:?}");
            continue;
        }
        let Appended { sequence, already } = outcome.unwrap();
        assert_eq!(already, sort == 1);
        assert_eq!(sequences.insert(sequence), !already);
        let read = log.read_one(sequence).await.unwrap();
        assert_eq!(read, Some(stored(&message, sequence)));
    }
    assert_eq!(sequences, (1..=49).collect());
    assert_eq!(log.head().await.unwrap().sequence, 49);
}

async fn append(log: &impl EventLog, message: &Message, last: u64) -> u64 {
    let appended = log.append(&expecting(message.clone(), last)).await.unwrap();
    assert!(!appended.already);
    appended.sequence
}

fn stored(message: &Message, sequence: u64) -> StoredMessage {
    StoredMessage {
        sequence,
        subject: message.subject.clone(),
        id: Some(message.id.to_string()),
        payload: message.payload.clone(),
    }
}

#[cfg(test)]
mod tests {
    use townclerk_domain::names::LogName;

    use super::*;
    use crate::memory::MemoryLog;

    struct InMemory(Arc<MemoryLog>);

    impl Subject for InMemory {
        type Log = MemoryLog;

        fn log(&self) -> Arc<MemoryLog> {
            Arc::clone(&self.0)
        }

        async fn close_duplicate_window(&self) {
            self.0.close_duplicate_window();
        }
    }

    fn fresh() -> InMemory {
        InMemory(Arc::new(MemoryLog::new(LogName::new("brent").unwrap())))
    }

    #[tokio::test]
    async fn the_log_in_memory_conforms() {
        all(|| async { fresh() }).await;
    }

    #[tokio::test]
    async fn a_lost_answer_leaves_the_outcome_unknown_and_a_retry_finds_it() {
        let subject = fresh();
        subject.0.lose_acks(1);
        let first = expecting(message(&subject, 1, 1), 0);
        let lost = subject.0.append(&first).await;
        assert!(matches!(lost, Err(AppendError::Unknown(_))), "{lost:?}");
        let retried = subject.0.append(&first).await.unwrap();
        assert_eq!((retried.sequence, retried.already), (1, true));
    }
}
