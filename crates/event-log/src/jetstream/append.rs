//! Appending: exactly once, or a clear no.
//!
//! The server answers a retry differently depending on how the stream is replicated: a single
//! server says "wrong last sequence", a cluster says "duplicate". So no answer is taken at its
//! word: after each of them the subject is read, and what counts is whether our message is there.

use std::time::Duration;

use async_nats::{HeaderMap, header};
use bytes::Bytes;
use serde::Deserialize;
use tokio::time::{Instant, sleep_until, timeout_at};
use uuid::Uuid;

use super::JetStreamLog;
use crate::log::{AppendError, Appended, EventLog, Expected, LogError};

/// How long one append is tried before the outcome is called unknown.
pub(super) const APPEND_DEADLINE: Duration = Duration::from_secs(10);

/// Between two tries, so that an absent server is not hammered.
const RETRY_PAUSE: Duration = Duration::from_millis(100);

/// Largest atomic batch.
pub(super) const BATCH_MAX: usize = 1_000;

/// The expected sequence is not the last one.
const WRONG_LAST_SEQUENCE: [u64; 2] = [10_071, 10_164];

/// The same message id is being written right now.
const ID_IN_FLIGHT: u64 = 10_158;

/// A batch was refused for reasons that singles do not have: a doubled id, incomplete, too many
/// open ones.
const BATCH_REFUSED: [u64; 3] = [10_201, 10_176, 10_210];

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    seq: u64,
    #[serde(default)]
    duplicate: bool,
    /// How many messages a batch had; 0 where it was none.
    #[serde(default)]
    count: usize,
    error: Option<AnsweredError>,
}

#[derive(Deserialize)]
struct AnsweredError {
    #[serde(default)]
    err_code: u64,
    #[serde(default)]
    description: String,
}

/// What one try came to.
pub(super) enum Tried {
    Stored(u64),
    /// Stored before, says the server, at this sequence.
    Duplicate(u64),
    WrongLast,
    InFlight,
    Refused(LogError),
    NoAnswer(LogError),
}

pub(super) async fn single(
    log: &JetStreamLog,
    expected: &Expected,
) -> Result<Appended, AppendError> {
    let deadline = Instant::now() + APPEND_DEADLINE;
    let headers = headers(expected, true);
    let mut unanswered = false;
    loop {
        if !log.connected(deadline).await {
            let error = log.unavailable("there is no connection to nats-server");
            return match unanswered {
                true => unknown(log, expected, error).await,
                false => Err(AppendError::Refused(error)),
            };
        }
        let error = match publish(log, expected, headers.clone(), deadline).await {
            Tried::Stored(sequence) => {
                return Ok(Appended {
                    sequence,
                    already: false,
                });
            }
            Tried::Duplicate(sequence) => return confirmed(log, expected, sequence).await,
            Tried::WrongLast => return ours_or_conflict(log, expected).await,
            // A refusal speaks for this try alone: one that was not answered may be recorded.
            Tried::Refused(error) if unanswered => return unknown(log, expected, error).await,
            Tried::Refused(error) => return Err(AppendError::Refused(error)),
            Tried::InFlight => log.unavailable("the same message is being written"),
            Tried::NoAnswer(error) => error,
        };
        unanswered = true;
        let next = Instant::now() + RETRY_PAUSE;
        if next >= deadline {
            return unknown(log, expected, error).await;
        }
        sleep_until(next).await;
    }
}

async fn publish(
    log: &JetStreamLog,
    expected: &Expected,
    headers: HeaderMap,
    deadline: Instant,
) -> Tried {
    match request(log, expected, headers, deadline).await {
        Ok(payload) => read_answer(log, &payload),
        Err(error) => Tried::NoAnswer(error),
    }
}

async fn request(
    log: &JetStreamLog,
    expected: &Expected,
    headers: HeaderMap,
    deadline: Instant,
) -> Result<Bytes, LogError> {
    let message = &expected.message;
    let request =
        log.client
            .request_with_headers(message.subject.clone(), headers, message.payload.clone());
    match timeout_at(deadline, request).await {
        Ok(Ok(answer)) => Ok(answer.payload),
        Ok(Err(error)) => Err(log.unavailable(error)),
        Err(_) => Err(log.unavailable("no answer in time")),
    }
}

/// The answer to the last of `members` messages of one batch. Callers count back from the sequence,
/// so it must be that of a batch of this size.
fn read_batch_answer(log: &JetStreamLog, payload: &[u8], members: usize) -> Tried {
    let tried = read_answer(log, payload);
    let (Tried::Stored(sequence) | Tried::Duplicate(sequence)) = tried else {
        return tried;
    };
    let count = serde_json::from_slice::<Answer>(payload).map_or(0, |answer| answer.count);
    if matches!(tried, Tried::Stored(_)) && count == members && sequence >= members as u64 {
        return tried;
    }
    Tried::NoAnswer(LogError::Unreadable {
        log: log.name.clone(),
        why: format!("a batch of {members} was acknowledged as {count} up to {sequence}"),
    })
}

pub(super) fn read_answer(log: &JetStreamLog, payload: &[u8]) -> Tried {
    let answer: Answer = match serde_json::from_slice(payload) {
        Ok(answer) => answer,
        Err(error) => {
            return Tried::NoAnswer(LogError::Unreadable {
                log: log.name.clone(),
                why: error.to_string(),
            });
        }
    };
    match answer.error {
        None if answer.duplicate => Tried::Duplicate(answer.seq),
        None if answer.seq > 0 => Tried::Stored(answer.seq),
        None => Tried::NoAnswer(LogError::Unreadable {
            log: log.name.clone(),
            why: "an acknowledgement without a sequence".to_owned(),
        }),
        Some(error) if WRONG_LAST_SEQUENCE.contains(&error.err_code) => Tried::WrongLast,
        Some(error) if error.err_code == ID_IN_FLIGHT => Tried::InFlight,
        Some(error) => Tried::Refused(LogError::Answered {
            log: log.name.clone(),
            code: error.err_code,
            why: error.description,
        }),
    }
}

/// The server knows the id: is it at our subject, or does somebody else use it?
async fn confirmed(
    log: &JetStreamLog,
    expected: &Expected,
    sequence: u64,
) -> Result<Appended, AppendError> {
    let stored = log.read_one(sequence).await.map_err(AppendError::Unknown)?;
    if stored.is_some_and(|stored| stored.is(&expected.message)) {
        return Ok(Appended {
            sequence,
            already: true,
        });
    }
    Err(AppendError::IdElsewhere {
        id: expected.message.id.to_string(),
        sequence,
    })
}

async fn ours_or_conflict(
    log: &JetStreamLog,
    expected: &Expected,
) -> Result<Appended, AppendError> {
    match find_ours(log, expected).await {
        Ok(found) => found.ok_or(AppendError::Conflict),
        Err(error) => Err(AppendError::Unknown(error)),
    }
}

async fn find_ours(log: &JetStreamLog, expected: &Expected) -> Result<Option<Appended>, LogError> {
    let message = &expected.message;
    let later = log.read_subject(&message.subject, expected.last).await?;
    let ours = later.iter().find(|stored| stored.is(message));
    Ok(ours.map(|stored| Appended {
        sequence: stored.sequence,
        already: true,
    }))
}

/// Out of time: found is recorded, anything else is unknown.
async fn unknown(
    log: &JetStreamLog,
    expected: &Expected,
    error: LogError,
) -> Result<Appended, AppendError> {
    match find_ours(log, expected).await {
        Ok(Some(appended)) => Ok(appended),
        Ok(None) | Err(_) => Err(AppendError::Unknown(error)),
    }
}

fn headers(expected: &Expected, check_last: bool) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("Content-Type", townclerk_contract::subject::CONTENT_TYPE);
    headers.insert(
        header::NATS_MESSAGE_ID,
        expected.message.id.to_string().as_str(),
    );
    if check_last {
        headers.insert(
            header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE,
            expected.last.to_string().as_str(),
        );
    }
    headers
}

/// An atomic batch: all of it is recorded, or nothing.
pub(super) async fn batch(log: &JetStreamLog, batch: &[Expected]) -> Result<u64, AppendError> {
    let (last, before) = match batch.split_last() {
        Some((last, before)) if batch.len() <= BATCH_MAX => (last, before),
        _ => {
            let why = format!(
                "a batch holds 1 to {BATCH_MAX} messages, not {}",
                batch.len()
            );
            return Err(AppendError::Refused(log.unavailable(why)));
        }
    };
    let deadline = Instant::now() + APPEND_DEADLINE;
    if !log.connected(deadline).await {
        let error = log.unavailable("there is no connection to nats-server");
        return Err(AppendError::Refused(error));
    }
    // Another one for each attempt: what was under way of an earlier one must not mix with this.
    let batch_id = Uuid::new_v4().to_string();
    let mut subjects = std::collections::HashSet::new();
    let mut batch_headers = |member: &Expected, number: usize| {
        // The expected sequence may stand on the first message of each subject only.
        let first = subjects.insert(member.message.subject.clone());
        let mut headers = headers(member, first);
        headers.insert(header::NATS_BATCH_ID, batch_id.as_str());
        headers.insert(header::NATS_BATCH_SEQUENCE, number.to_string().as_str());
        headers
    };
    for (index, member) in before.iter().enumerate() {
        let headers = batch_headers(member, index + 1);
        let message = &member.message;
        log.client
            .publish_with_headers(message.subject.clone(), headers, message.payload.clone())
            .await
            .map_err(|error| AppendError::Refused(log.unavailable(error)))?;
    }
    let mut headers = batch_headers(last, batch.len());
    headers.insert(header::NATS_BATCH_COMMIT, "1");
    let tried = match request(log, last, headers, deadline).await {
        Ok(payload) => read_batch_answer(log, &payload, batch.len()),
        Err(error) => Tried::NoAnswer(error),
    };
    match tried {
        Tried::Stored(sequence) | Tried::Duplicate(sequence) => Ok(sequence),
        Tried::WrongLast => Err(AppendError::Conflict),
        Tried::Refused(LogError::Answered { code, .. }) if BATCH_REFUSED.contains(&code) => {
            Err(AppendError::Conflict)
        }
        Tried::Refused(error) => Err(AppendError::Refused(error)),
        Tried::InFlight => Err(AppendError::Conflict),
        Tried::NoAnswer(error) => Err(AppendError::Unknown(error)),
    }
}
