//! One reader's way along a log.

use std::convert::Infallible;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use axum::response::sse::Event;
use futures::{Stream, StreamExt, stream};
use tokio_util::sync::CancellationToken;
use townclerk_event_log::{EventLog, LogError, StoredMessage, Tail, is_missing, missing};

use super::frame;
use super::streams::Place;

/// After so long without a message the log is looked at: a subscription may end without a word.
const LOOK_AFTER: Duration = Duration::from_secs(5);

/// Looks at a log that went on, without a message of it, after which the reader is sent away.
const STALLED_LOOKS: u32 = 2;

/// When a reader that lost its connection is to come again.
const RETRY: Duration = Duration::from_secs(2);

/// A stream that is open. It reads no further ahead than its reader.
pub struct Reading {
    pub log: Arc<dyn EventLog>,
    pub tail: Tail,
    /// The sequence that was sent last.
    pub after: u64,
    /// Where the stream ends; `None` for never.
    pub until: Option<u64>,
    pub stop: CancellationToken,
    pub _place: Place,
}

/// What comes next in a stream.
enum Next {
    Message(StoredMessage),
    /// The log is damaged after what was sent: there is nothing to come again for.
    Damaged(String),
    /// Nothing more for now: a client that connects again misses nothing.
    Lost,
}

impl Reading {
    /// Ends on shutdown, where the log is lost, and where it was asked to end: a client that was not told
    /// the end connects again and misses nothing. Damage is told, and ends it too.
    pub fn into_events(self) -> impl Stream<Item = Result<Event, Infallible>> + Send {
        let begin = format!("{} after {}", self.log.name(), self.after);
        // The position without an event: a reader that hears nothing else has a place to go on from.
        let position = frame::position(self.log.name(), self.after);
        let first = Event::default().retry(RETRY).comment(begin).id(position);
        let events = stream::unfold(Some(self), |reading| async move {
            let mut reading = reading?;
            if let Some(end) = reading.until.filter(|until| reading.after >= *until) {
                return Some((frame::end(reading.log.name(), end), None));
            }
            match reading.next().await {
                Next::Message(message) => {
                    let event = frame::message(reading.log.name(), &message);
                    reading.after = message.sequence;
                    Some((event, Some(reading)))
                }
                Next::Damaged(why) => {
                    let log = reading.log.name();
                    tracing::error!(%log, after = reading.after, why, "a log is damaged");
                    Some((frame::damaged(log, reading.after, &why), None))
                }
                Next::Lost => None,
            }
        });
        stream::iter([first]).chain(events).map(Ok)
    }

    async fn next(&mut self) -> Next {
        let mut stalled = 0;
        let stop = self.stop.clone();
        loop {
            let heard = tokio::select! {
                biased;
                () = stop.cancelled() => return Next::Lost,
                heard = tokio::time::timeout(LOOK_AFTER, self.tail.next()) => heard,
            };
            let due = self.after + 1;
            match heard {
                Ok(Some(Ok(message))) if message.sequence == due => return Next::Message(message),
                // A subscription that was renewed may bring again what was sent.
                Ok(Some(Ok(message))) if message.sequence < due => {}
                Ok(Some(Ok(message))) => {
                    let why = format!("message {} came instead of {due}", message.sequence);
                    return self.damaged_or_lost(&why).await;
                }
                Ok(Some(Err(error))) => return self.damaged_or_lost(&error).await,
                Ok(None) => return self.damaged_or_lost(&"the subscription ended").await,
                Err(_) => match self.log.head().await {
                    Ok(head) if head.sequence == self.after => stalled = 0,
                    Ok(head) if head.sequence > self.after && stalled + 1 < STALLED_LOOKS => {
                        stalled += 1;
                    }
                    Ok(_) => {
                        let why = "the log goes on, but its messages do not arrive";
                        return self.damaged_or_lost(&why).await;
                    }
                    Err(error) => return self.lost(&error),
                },
            }
        }
    }

    /// Nothing is left out and nothing comes twice: where the message that is due does not come, the
    /// log is asked whether it has it.
    async fn damaged_or_lost(&mut self, why: &(dyn Display + Sync)) -> Next {
        match damage(&*self.log, self.after).await {
            Ok(Some(damage)) => Next::Damaged(damage),
            Ok(None) => self.lost(why),
            Err(error) => self.lost(&error),
        }
    }

    fn lost(&self, why: &dyn Display) -> Next {
        let (log, after) = (self.log.name(), self.after);
        tracing::warn!(%log, after, %why, "a stream of events ends; its reader will come again");
        Next::Lost
    }
}

/// Why `log` cannot be read on after a sequence that it held; `None` where it can.
///
/// # Errors
/// A log that does not answer.
pub async fn damage(log: &dyn EventLog, after: u64) -> Result<Option<String>, LogError> {
    let head = log.head().await?.sequence;
    if head < after {
        let name = log.name();
        let why = format!("it ends at {name}:{head}, and was read up to {name}:{after}");
        return Ok(Some(why));
    }
    let lost = is_missing(log, after + 1).await?;
    Ok(lost.then(|| missing(after + 1)))
}
