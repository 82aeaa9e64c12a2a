//! Continuing a log by an atomic batch: exactly after a sequence, or not at all.
//!
//! Only the first message carries an expectation, that of the stream's last sequence. Nothing is
//! expected of subjects: with the end of the log fixed, no other writer can have come between.

use async_nats::{HeaderMap, header};
use tokio::time::{Instant, timeout_at};
use townclerk_contract::subject::CONTENT_TYPE;
use uuid::Uuid;

use super::JetStreamLog;
use super::append::{APPEND_DEADLINE, BATCH_MAX, Tried, read_answer};
use crate::log::{ContinueError, LogError, Verbatim};

/// A message id of the batch is in the server's memory of ids, or stands in the batch twice.
const ID_REMEMBERED: u64 = 10_201;

/// The batch did not arrive whole, or too many are open: it may be sent again.
const BATCH_BROKEN: [u64; 2] = [10_176, 10_210];

pub(super) async fn append_after(
    log: &JetStreamLog,
    end: u64,
    messages: &[Verbatim],
) -> Result<u64, ContinueError> {
    let refused = |why: String| ContinueError::Refused(log.unavailable(why));
    let (last, before) = match messages.split_last() {
        Some(split) if messages.len() <= BATCH_MAX => split,
        _ => {
            let found = messages.len();
            let why = format!("a batch holds 1 to {BATCH_MAX} messages, not {found}");
            return Err(refused(why));
        }
    };
    let deadline = Instant::now() + APPEND_DEADLINE;
    if !log.connected(deadline).await {
        return Err(ContinueError::Unknown(
            log.unavailable("no connection in time"),
        ));
    }
    // Another one for each attempt: what was under way of an earlier one must not mix with this.
    let batch_id = Uuid::new_v4().to_string();
    for (message, number) in before.iter().zip(1..) {
        let headers = headers(message, &batch_id, number, end).map_err(refused)?;
        let (subject, payload) = (message.subject.clone(), message.payload.clone());
        let sent = log.client.publish_with_headers(subject, headers, payload);
        // While there is no connection, what is sent queues up.
        let sent = timeout_at(deadline, sent).await;
        sent.map_err(|_| ContinueError::Unknown(log.unavailable("no connection in time")))?
            .map_err(|error| refused(error.to_string()))?;
    }
    let mut headers = headers(last, &batch_id, messages.len(), end).map_err(refused)?;
    headers.insert(header::NATS_BATCH_COMMIT, header::NATS_BATCH_COMMIT_FINAL);
    let commit =
        log.client
            .request_with_headers(last.subject.clone(), headers, last.payload.clone());
    let answer = match timeout_at(deadline, commit).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => return Err(ContinueError::Unknown(log.unavailable(error))),
        Err(_) => return Err(ContinueError::Unknown(log.unavailable("no answer in time"))),
    };
    let expected = end + messages.len() as u64;
    match read_answer(log, &answer.payload) {
        Tried::Stored(sequence) if sequence == expected => Ok(sequence),
        Tried::Stored(sequence) | Tried::Duplicate(sequence) => {
            Err(ContinueError::Unknown(LogError::Unreadable {
                log: log.name.clone(),
                why: format!("a batch that ends at {expected} was acknowledged as {sequence}"),
            }))
        }
        Tried::WrongLast => Err(ContinueError::GoneOn),
        Tried::Refused(LogError::Answered { code, .. }) if code == ID_REMEMBERED => {
            Err(ContinueError::IdRemembered)
        }
        Tried::Refused(error) => match &error {
            LogError::Answered { code, .. } if BATCH_BROKEN.contains(code) => {
                Err(ContinueError::Unknown(error))
            }
            _ => Err(ContinueError::Refused(error)),
        },
        Tried::InFlight => Err(ContinueError::Unknown(
            log.unavailable("a message of the batch is being written"),
        )),
        Tried::NoAnswer(error) => Err(ContinueError::Unknown(error)),
    }
}

/// # Errors
/// A message id that cannot stand in a header: it would end it.
fn headers(
    message: &Verbatim,
    batch_id: &str,
    number: usize,
    end: u64,
) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    if let Some(id) = &message.id {
        if id.chars().any(char::is_control) {
            return Err(format!(
                "the message id {id:?} cannot be sent: it has a control character"
            ));
        }
        // What has no message id is not an event of ours, and is not said to be one.
        headers.insert("Content-Type", CONTENT_TYPE);
        headers.insert(header::NATS_MESSAGE_ID, id.as_str());
    }
    if number == 1 {
        headers.insert(
            header::NATS_EXPECTED_LAST_SEQUENCE,
            end.to_string().as_str(),
        );
    }
    headers.insert(header::NATS_BATCH_ID, batch_id);
    headers.insert(header::NATS_BATCH_SEQUENCE, number.to_string().as_str());
    Ok(headers)
}
