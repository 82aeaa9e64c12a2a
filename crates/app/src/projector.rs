//! Follows a log from a checkpoint: in order, without gaps, for ever.
//!
//! Generic over what is done with the messages. A watchdog sees "the head moved, the checkpoint did
//! not" and subscribes again; after each subscription the last message that was read is read again
//! and recognised, so a log that was replaced is not read on as if it were the same.
//!
//! Nothing that goes wrong here ends the process: what records goes on, whatever becomes of a view.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;
use townclerk_domain::names::LogName;
use townclerk_event_log::{EventLog, Head, LogError, StoredMessage, Tail};

/// Messages that are projected together at most.
const BATCH_MAX: usize = 1_000;

/// How often the origin is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Looks without progress after which the subscription is given up.
const STALLED_LOOKS: u32 = 10;

/// The first and the longest pause before a projector that could not go on is tried again.
const PROJECTOR_PAUSES: (Duration, Duration) = (LOOK_EVERY, Duration::from_secs(15));

/// What is done with the messages of logs.
#[async_trait]
pub trait Projector: Send + Sync + 'static {
    /// Why nothing can be projected just now: a disk that is full, a lock that is lost.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Makes good what failed before, as far as it can. Called before each subscription, which waits
    /// until this works.
    async fn resume(&self) -> Result<(), Self::Error>;

    /// The last projected sequence.
    fn checkpoint(&self, log: &LogName) -> u64;

    /// Whether this is the message that was projected last.
    fn recognises(&self, log: &LogName, last: &StoredMessage) -> bool;

    /// Projects the messages after the checkpoint; they are contiguous.
    async fn project(&self, log: &LogName, messages: Vec<StoredMessage>)
    -> Result<(), Self::Error>;

    /// Everything that the log held at this look is projected.
    fn caught_up(&self, log: &LogName, head: Head);

    /// This look found messages that are not projected yet.
    fn behind(&self, log: &LogName, head: Head);

    /// Why the log cannot be followed just now; `None` when it can again.
    fn trouble(&self, log: &LogName, why: Option<String>);
}

/// Follows one log until told to stop.
///
/// # Errors
/// None: whatever goes wrong is reported as trouble, and tried again.
pub async fn follow<P: Projector>(
    log: Arc<dyn EventLog>,
    projector: Arc<P>,
    stop: CancellationToken,
) -> Result<(), Infallible> {
    let (first, longest) = PROJECTOR_PAUSES;
    let mut pause = first;
    while !stop.is_cancelled() {
        let before = projector.checkpoint(log.name());
        let once = follow_once(&*log, &*projector);
        let Some(ended) = stop.run_until_cancelled(once).await else {
            break;
        };
        if projector.checkpoint(log.name()) > before {
            pause = first;
        }
        let (why, wait) = match ended {
            Ok(why) => (why, LOOK_EVERY),
            Err(error) => {
                let wait = pause;
                pause = longest.min(pause * 2);
                (error.to_string(), wait)
            }
        };
        tracing::warn!(log = %log.name(), why, next_try = ?wait, "the log is not followed just now");
        projector.trouble(log.name(), Some(why));
        if stop.run_until_cancelled(sleep(wait)).await.is_none() {
            break;
        }
    }
    Ok(())
}

/// Follows one subscription until it ends, and says why it did.
///
/// # Errors
/// What the projector says.
async fn follow_once<P: Projector>(log: &dyn EventLog, projector: &P) -> Result<String, P::Error> {
    projector.resume().await?;
    let tail = match subscribe(log, projector).await {
        Ok(tail) => tail,
        Err(why) => return Ok(why),
    };
    let mut batches = tail.ready_chunks(BATCH_MAX);
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut stalled = 0;
    let mut at_last_look = projector.checkpoint(log.name());
    loop {
        tokio::select! {
            batch = batches.next() => {
                let Some(batch) = batch else {
                    return Ok("the subscription ended".to_owned());
                };
                if let Err(why) = take(log.name(), projector, batch).await? {
                    return Ok(why);
                }
            }
            _ = looks.tick() => {
                match look(log, projector).await {
                    Ok(true) => stalled = 0,
                    Ok(false) if projector.checkpoint(log.name()) > at_last_look => stalled = 0,
                    Ok(false) => stalled += 1,
                    Err(error) => return Ok(error.to_string()),
                }
                at_last_look = projector.checkpoint(log.name());
                if stalled > STALLED_LOOKS {
                    return Ok("the head moved, the checkpoint did not".to_owned());
                }
            }
        }
    }
}

async fn subscribe<P: Projector>(log: &dyn EventLog, projector: &P) -> Result<Tail, String> {
    let checkpoint = projector.checkpoint(log.name());
    if checkpoint > 0 {
        let last = log.read_one(checkpoint).await.map_err(|e| e.to_string())?;
        let last = last.ok_or_else(|| {
            format!("the log ends before {checkpoint}, which was read: it is not the same log")
        })?;
        if !projector.recognises(log.name(), &last) {
            return Err(format!(
                "message {checkpoint} is not the one that was read: it is not the same log"
            ));
        }
    }
    let tail = log.tail(checkpoint).await.map_err(|e| e.to_string())?;
    projector.trouble(log.name(), None);
    Ok(tail)
}

/// Projects what arrived, in order; a gap or an error ends the subscription.
async fn take<P: Projector>(
    log: &LogName,
    projector: &P,
    batch: Vec<Result<StoredMessage, LogError>>,
) -> Result<Result<(), String>, P::Error> {
    let mut next = projector.checkpoint(log) + 1;
    let mut messages = Vec::with_capacity(batch.len());
    let mut broken = Ok(());
    for message in batch {
        match message {
            // A new subscription may bring again what is projected.
            Ok(message) if message.sequence < next => {}
            Ok(message) if message.sequence == next => {
                next += 1;
                messages.push(message);
            }
            Ok(message) => {
                broken = Err(format!("{} came instead of {next}", message.sequence));
                break;
            }
            Err(error) => {
                broken = Err(error.to_string());
                break;
            }
        }
    }
    if !messages.is_empty() {
        projector.project(log, messages).await?;
    }
    Ok(broken)
}

/// Looks at the origin; whether everything that it holds is projected.
async fn look<P: Projector>(log: &dyn EventLog, projector: &P) -> Result<bool, LogError> {
    let head = log.head().await?;
    let caught_up = projector.checkpoint(log.name()) >= head.sequence;
    match caught_up {
        true => projector.caught_up(log.name(), head),
        false => projector.behind(log.name(), head),
    }
    Ok(caught_up)
}
