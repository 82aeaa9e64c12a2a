//! An import continues a log that is a prefix of the history, and no other.

use std::collections::VecDeque;

use std::sync::Arc;

use bytes::Bytes;
use townclerk_domain::identity::EventId;
use townclerk_domain::names::LogName;
use uuid::Uuid;

use super::*;
use crate::memory::MemoryLog;

/// Messages of a few aggregates in turn.
fn history(length: u128) -> Vec<Message> {
    let message = |number: u128| Message {
        subject: format!("tc.brent.ticket.ticket-{}", Uuid::from_u128(number % 7)),
        id: EventId(Uuid::from_u128(number + 1)),
        payload: Bytes::from(format!("payload {number}")),
    };
    (0..length).map(message).collect()
}

fn empty() -> MemoryLog {
    MemoryLog::new(LogName::new("brent").unwrap())
}

/// A source that gives `messages`.
fn source(
    messages: &[Verbatim],
) -> impl Stream<Item = Result<Verbatim, SourceError>> + Unpin + use<> {
    let messages: VecDeque<Verbatim> = messages.iter().cloned().collect();
    // It may not be asked again after its end, as many streams may not.
    futures::stream::unfold(messages, |mut messages| {
        std::future::ready(messages.pop_front().map(|message| (Ok(message), messages)))
    })
}

fn verbatim(history: &[Message]) -> Vec<Verbatim> {
    history.iter().map(Verbatim::from).collect()
}

#[tokio::test]
async fn a_history_is_imported_whole_and_only_once() {
    let (log, history) = (empty(), history(2_500));
    let mut heard = Vec::new();
    let imported = import(&log, &history, |done| heard.push(done)).await;
    assert_eq!(imported.unwrap(), Ok(2_500));
    assert_eq!(heard, [0, 1_000, 2_000, 2_500]);
    assert_eq!(import(&log, &history, |_| {}).await.unwrap(), Ok(0));
    assert_eq!(log.head().await.unwrap().sequence, 2_500);
}

#[tokio::test]
async fn an_import_that_was_stopped_goes_on_where_it_was() {
    let (log, history) = (empty(), history(2_500));
    let first = import(&log, &history[..1_300], |_| {}).await.unwrap();
    assert_eq!(first, Ok(1_300));
    assert_eq!(import(&log, &history, |_| {}).await.unwrap(), Ok(1_200));
    let read = log.read_one(1_301).await.unwrap().unwrap();
    assert!(read.is(&history[1_300]));
}

#[tokio::test]
async fn a_source_that_breaks_off_leaves_a_prefix_that_is_continued() {
    let (log, whole) = (empty(), verbatim(&history(3_000)));
    let broken = whole[..1_700].iter().cloned().map(Ok);
    let broken = broken.chain([Err("the disk is gone".into())]);
    let failed = continue_from(0, &log, futures::stream::iter(broken), |_| {}).await;
    assert!(matches!(failed, Err(ImportError::Source(_))), "{failed:?}");
    let mut again = source(&whole);
    let held = compare(&log, &mut again, |_| {}).await.unwrap();
    assert_eq!(held, Ok(1_000));
    let end = continue_from(1_000, &log, again, |_| {}).await.unwrap();
    assert_eq!(end, Ok(3_000));
    let last = log.read_one(3_000).await.unwrap().unwrap();
    assert!(last.holds(&whole[2_999]));
}

#[tokio::test]
async fn another_history_is_refused_by_its_first_difference() {
    let (log, history) = (empty(), history(10));
    import(&log, &history, |_| {}).await.unwrap().unwrap();
    let mut other = history.clone();
    other[4].payload = Bytes::from_static(b"changed");
    let refused = import(&log, &other, |_| {}).await.unwrap();
    let differs = matches!(refused, Err(Refusal::Differs { sequence: 5, .. }));
    assert!(differs, "{refused:?}");
    let mut other = verbatim(&history);
    other[6].id = None;
    let refused = compare(&log, &mut source(&other), |_| {}).await.unwrap();
    let differs = matches!(refused, Err(Refusal::Differs { sequence: 7, .. }));
    assert!(differs, "{refused:?}");
    assert_eq!(log.head().await.unwrap().sequence, 10);
}

#[tokio::test]
async fn a_log_that_has_gone_on_is_refused() {
    let (log, history) = (empty(), history(10));
    import(&log, &history, |_| {}).await.unwrap().unwrap();
    let refused = import(&log, &history[..9], |_| {}).await.unwrap();
    let longer = Refusal::Longer {
        log: "brent".to_owned(),
        found: 10,
        given: 9,
    };
    assert_eq!(refused, Err(longer));
}

#[tokio::test]
async fn somebody_who_writes_meanwhile_ends_the_import() {
    let (log, whole) = (empty(), verbatim(&history(1_500)));
    let messages = whole.clone().into_iter().enumerate().map(|(at, message)| {
        if at == 1_200 {
            log.put("tc.brent.anything", None, b"{}");
        }
        Ok(message)
    });
    let refused = continue_from(0, &log, futures::stream::iter(messages), |_| {}).await;
    let refused = refused.unwrap();
    assert!(
        matches!(refused, Err(Refusal::Contended { .. })),
        "{refused:?}"
    );
    assert!(log.head().await.unwrap().sequence <= 1_001);
}

#[tokio::test]
async fn what_is_there_before_somebody_else_wrote_counts_as_imported() {
    let (log, batch) = (empty(), verbatim(&history(10)));
    // Given a batch whose answer was lost, and a message of somebody's after it.
    log.append_after(0, &batch).await.unwrap();
    log.put("tc.brent.anything", None, b"{}");
    let refused = append(&log, 0, &batch).await.unwrap();
    let contended = Refusal::Contended {
        log: "brent".to_owned(),
        after: 10,
    };
    assert_eq!(refused, Err(contended));
}

#[tokio::test]
async fn a_batch_whose_answer_is_lost_is_recorded_once() {
    let (log, history) = (empty(), history(2_500));
    log.lose_acks(3);
    assert_eq!(import(&log, &history, |_| {}).await.unwrap(), Ok(2_500));
    assert_eq!(log.head().await.unwrap().sequence, 2_500);
}

#[tokio::test(start_paused = true)]
async fn an_id_that_stands_twice_waits_until_the_log_has_forgotten_it() {
    let (log, mut twice) = (Arc::new(empty()), verbatim(&history(10)));
    twice.push(twice[3].clone());
    let forgetful = Arc::clone(&log);
    let forgetting = tokio::spawn(async move {
        sleep(Duration::from_mins(2)).await;
        forgetful.close_duplicate_window();
    });
    let end = continue_from(0, &*log, source(&twice), |_| {}).await;
    assert_eq!(end.unwrap(), Ok(11));
    forgetting.await.unwrap();
    // An id that is never forgotten is given up in the end.
    log.put("tc.brent.anything", Some("for ever"), b"{}");
    let remembered = Verbatim {
        id: Some("for ever".to_owned()),
        ..twice[0].clone()
    };
    let failed = continue_from(12, &*log, source(&[remembered]), |_| {}).await;
    let given_up = matches!(
        failed,
        Err(ImportError::Append(ContinueError::IdRemembered))
    );
    assert!(given_up, "{failed:?}");
}

#[tokio::test]
async fn large_messages_make_small_batches() {
    let large = |number: u128| Verbatim {
        subject: "tc.brent.anything".to_owned(),
        id: Some(number.to_string()),
        payload: Bytes::from(vec![b'x'; BATCH_BYTES / 3]),
    };
    let log = empty();
    let messages: Vec<Verbatim> = (0..5).map(large).collect();
    let mut heard = Vec::new();
    let end = continue_from(0, &log, source(&messages), |done| heard.push(done)).await;
    assert_eq!(end.unwrap(), Ok(5));
    assert_eq!(heard, [2, 4, 5]);
}
