//! One reader's way along a log.

use std::convert::Infallible;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use axum::response::sse::Event;
use futures::{Stream, StreamExt, stream};
use tokio_util::sync::CancellationToken;
use townclerk_event_log::{EventLog, LogError, StoredMessage, Tail};

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

impl Reading {
    /// Ends on shutdown, where the log is lost, and where it was asked to end: whoever was not told
    /// the end connects again and misses nothing.
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
            let message = reading.next().await?;
            let event = frame::message(reading.log.name(), &message);
            reading.after = message.sequence;
            Some((event, Some(reading)))
        });
        stream::iter([first]).chain(events).map(Ok)
    }

    /// The next message; `None` where there will be none.
    async fn next(&mut self) -> Option<StoredMessage> {
        let mut stalled = 0;
        let stop = self.stop.clone();
        loop {
            let heard = tokio::select! {
                biased;
                () = stop.cancelled() => return None,
                heard = tokio::time::timeout(LOOK_AFTER, self.tail.next()) => heard,
            };
            let gone_on = match heard {
                Ok(message) => match self.due(message) {
                    ControlFlow::Break(message) => return message,
                    ControlFlow::Continue(()) => continue,
                },
                Err(_) => self.log.head().await.map(|head| head.sequence > self.after),
            };
            match gone_on {
                Ok(false) => stalled = 0,
                Ok(true) => stalled += 1,
                Err(error) => return self.lost(&error),
            }
            if stalled >= STALLED_LOOKS {
                return self.lost(&"the log goes on, but its messages do not arrive");
            }
        }
    }

    /// Whether this is the message that is due: nothing is left out, nothing comes twice.
    fn due(
        &self,
        message: Option<Result<StoredMessage, LogError>>,
    ) -> ControlFlow<Option<StoredMessage>> {
        let due = self.after + 1;
        match message {
            Some(Ok(message)) if message.sequence == due => ControlFlow::Break(Some(message)),
            // A subscription that was renewed may bring again what was sent.
            Some(Ok(message)) if message.sequence < due => ControlFlow::Continue(()),
            Some(Ok(message)) => {
                let why = format!("message {} came where {due} was due", message.sequence);
                ControlFlow::Break(self.lost(&why))
            }
            Some(Err(error)) => ControlFlow::Break(self.lost(&error)),
            None => ControlFlow::Break(self.lost(&"the subscription ended")),
        }
    }

    fn lost<T>(&self, why: &dyn std::fmt::Display) -> Option<T> {
        let (log, after) = (self.log.name(), self.after);
        tracing::warn!(%log, after, %why, "a stream of events ends; its reader will come again");
        None
    }
}
