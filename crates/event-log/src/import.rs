//! Importing a history: the log must be a prefix of it, and is continued to its end.
//!
//! So an import can be stopped anywhere and repeated, keeps every sequence, and never mixes two
//! histories.

use std::collections::HashMap;

use futures::StreamExt;
use townclerk_contract::envelope::Message;

use crate::log::{AppendError, EventLog, Expected, LogError};

/// Messages in one atomic batch.
const BATCH: usize = 1_000;

/// How often a batch is sent again after no answer.
const BATCH_TRIES: u32 = 5;

#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(
        "message {sequence} of the log {log} is not the one of the history: this log holds another history and is left as it is"
    )]
    Differs { log: String, sequence: u64 },
    #[error("the log {log} holds {found} messages, the history only {given}: it has gone on")]
    Longer { log: String, found: u64, given: u64 },
    #[error("somebody else writes to the log {log} while it is imported")]
    Contended { log: String },
    #[error(transparent)]
    Log(#[from] LogError),
    #[error("the log did not take a batch")]
    Append(#[from] AppendError),
}

/// Appends what of `history` is not in the log yet; `progress` hears how many messages are.
///
/// # Errors
/// A log that is no prefix of the history, named by the first difference; nothing is appended then.
pub async fn import(
    log: &dyn EventLog,
    history: &[Message],
    mut progress: impl FnMut(u64),
) -> Result<u64, ImportError> {
    let mut present = compare(log, history).await?;
    let before = present;
    progress(present);
    let mut last = HashMap::new();
    for (message, sequence) in history.iter().zip(1..=present) {
        last.insert(message.subject.as_str(), sequence);
    }
    let mut tries = 0;
    while let Some(rest) = history
        .get(length(present)..)
        .filter(|rest| !rest.is_empty())
    {
        let batch = &rest[..rest.len().min(BATCH)];
        let mut next = last.clone();
        let mut expected = Vec::with_capacity(batch.len());
        for (message, sequence) in batch.iter().zip(present + 1..) {
            let known = next.insert(message.subject.as_str(), sequence).unwrap_or(0);
            expected.push(Expected {
                message: message.clone(),
                last: known,
            });
        }
        match log.append_batch(&expected).await {
            Ok(_) => tries = 0,
            // The batch may be in the log all the same: what counts is where the log ends.
            Err(AppendError::Unknown(error)) if tries < BATCH_TRIES => {
                tracing::warn!(%error, "a batch was not answered; looking whether it is recorded");
                tries += 1;
            }
            Err(AppendError::Conflict) => {
                return Err(ImportError::Contended {
                    log: log.name().to_string(),
                });
            }
            Err(error) => return Err(error.into()),
        }
        let now = log.head().await?.sequence;
        let end = present + batch.len() as u64;
        if now == end {
            last = next;
            present = now;
            progress(present);
        } else if now != present {
            return Err(ImportError::Contended {
                log: log.name().to_string(),
            });
        }
    }
    Ok(present - before)
}

/// How much of the history the log holds.
async fn compare(log: &dyn EventLog, history: &[Message]) -> Result<u64, ImportError> {
    let head = log.head().await?.sequence;
    let given = history.len() as u64;
    if head > given {
        return Err(ImportError::Longer {
            log: log.name().to_string(),
            found: head,
            given,
        });
    }
    if head == 0 {
        return Ok(0);
    }
    let mut tail = log.tail(0).await?;
    for (message, sequence) in history.iter().zip(1..=head) {
        let stored = tail.next().await.transpose()?;
        let same = stored.is_some_and(|stored| {
            stored.sequence == sequence && stored.is(message) && stored.payload == message.payload
        });
        if !same {
            return Err(ImportError::Differs {
                log: log.name().to_string(),
                sequence,
            });
        }
    }
    Ok(head)
}

fn length(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
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

    #[tokio::test]
    async fn a_history_is_imported_whole_and_only_once() {
        let (log, history) = (empty(), history(2_500));
        assert_eq!(import(&log, &history, |_| {}).await.unwrap(), 2_500);
        assert_eq!(import(&log, &history, |_| {}).await.unwrap(), 0);
        assert_eq!(log.head().await.unwrap().sequence, 2_500);
    }

    #[tokio::test]
    async fn an_import_that_was_stopped_goes_on_where_it_was() {
        let (log, history) = (empty(), history(2_500));
        import(&log, &history[..1_300], |_| {}).await.unwrap();
        assert_eq!(import(&log, &history, |_| {}).await.unwrap(), 1_200);
        let read = log.read_one(1_301).await.unwrap().unwrap();
        assert!(read.is(&history[1_300]));
    }

    #[tokio::test]
    async fn another_history_is_refused_by_its_first_difference() {
        let (log, history) = (empty(), history(10));
        import(&log, &history, |_| {}).await.unwrap();
        let mut other = history.clone();
        other[4].payload = Bytes::from_static(b"changed");
        let refused = import(&log, &other, |_| {}).await;
        assert!(
            matches!(refused, Err(ImportError::Differs { sequence: 5, .. })),
            "{refused:?}"
        );
        let refused = import(&log, &history[..9], |_| {}).await;
        assert!(
            matches!(refused, Err(ImportError::Longer { found: 10, .. })),
            "{refused:?}"
        );
        assert_eq!(log.head().await.unwrap().sequence, 10);
    }
}
