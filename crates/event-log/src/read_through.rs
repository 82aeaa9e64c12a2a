//! Reading a log from its first message to its end, to find what nobody asked for: a hole in the
//! middle, or a history that is not the one of the last time.

#[cfg(test)]
mod tests;

use std::time::Duration;

use futures::StreamExt;
use jiff::Timestamp;
use tokio::time::{sleep, timeout};
use townclerk_contract::chain::Chain;

use crate::log::{EventLog, LogError};

/// What a reading came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadThrough {
    /// When it was finished.
    pub at: Timestamp,
    /// The last message that was read. Where there is damage, that of the last reading without: what
    /// is read later is still to be the same up to there.
    pub sequence: u64,
    /// The chain over everything up to it.
    pub chain: Chain,
    /// What is wrong with the log; nothing is read beyond it.
    pub damage: Option<String>,
}

/// How fast a log is read: so many messages, then a pause.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    pub messages: u64,
    pub pause: Duration,
}

/// How long the log may take to give the next message.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// Reads `log` to where it ends now, and compares with the reading before.
///
/// # Errors
/// A log that does not answer. What is wrong with its messages is in the answer.
pub async fn read_through(
    log: &dyn EventLog,
    before: Option<&ReadThrough>,
    pace: Pace,
) -> Result<ReadThrough, LogError> {
    let name = log.name();
    let head = log.head().await?.sequence;
    let (mut sequence, mut chain) = (0, Chain::default());
    let done = |sequence, chain, damage| ReadThrough {
        at: Timestamp::now(),
        sequence,
        chain,
        damage,
    };
    // Without a reading to compare with, what comes before the damage is the first.
    let damaged = |sequence, chain, why| {
        let (sequence, chain) = before.map_or((sequence, chain), |b| (b.sequence, b.chain));
        done(sequence, chain, Some(why))
    };
    if let Some(before) = before.filter(|before| before.sequence > head) {
        let why = format!(
            "it ends at {name}:{head}, and was read up to {name}:{} before",
            before.sequence
        );
        return Ok(damaged(sequence, chain, why));
    }
    if head == 0 {
        return Ok(done(sequence, chain, None));
    }
    let mut tail = log.tail(0).await?;
    while sequence < head {
        let due = sequence + 1;
        let heard = timeout(SILENCE_MAX, tail.next()).await;
        let message = match heard {
            Ok(Some(Ok(message))) if message.sequence == due => message,
            // A subscription that was renewed may bring again what was read.
            Ok(Some(Ok(message))) if message.sequence < due => continue,
            Ok(Some(Err(error))) => return Err(error),
            Ok(Some(Ok(_)) | None) | Err(_) => {
                return match is_missing(log, due).await? {
                    true => Ok(damaged(sequence, chain, missing(due))),
                    false => Err(LogError::Unavailable {
                        log: name.clone(),
                        why: format!("it did not give message {due}, which it holds"),
                    }),
                };
            }
        };
        chain = chain.next(&message.subject, &message.payload);
        sequence = due;
        if let Some(before) = before.filter(|b| b.sequence == sequence && b.chain != chain) {
            let why = format!(
                "its messages up to {name}:{} are not those that were read before",
                before.sequence
            );
            return Ok(damaged(sequence, chain, why));
        }
        if sequence % pace.messages == 0 {
            sleep(pace.pause).await;
        }
    }
    Ok(done(sequence, chain, None))
}

/// Whether a log that goes on beyond `sequence` does not hold it.
///
/// # Errors
/// A log that does not answer.
pub async fn is_missing(log: &dyn EventLog, sequence: u64) -> Result<bool, LogError> {
    let head = log.head().await?.sequence;
    Ok(head >= sequence && log.read_one(sequence).await?.is_none())
}

/// How a missing message is told.
pub fn missing(sequence: u64) -> String {
    format!("message {sequence} is missing; what is left of the log goes on after it")
}
