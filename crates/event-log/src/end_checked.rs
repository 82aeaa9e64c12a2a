//! A log to write to, which takes nothing where it no longer reaches as far as it was seen.

use std::sync::Arc;

use async_trait::async_trait;
use townclerk_domain::names::LogName;

use crate::ends::{Ends, SeenEnd};
use crate::log::{
    AppendError, Appended, ContinueError, EventLog, Expected, Head, LogError, StoredMessage, Tail,
    Verbatim,
};

/// `log`, looked at before it is written to. See [`Ends`].
pub struct EndChecked {
    log: Arc<dyn EventLog>,
    ends: Arc<Ends>,
}

impl EndChecked {
    pub fn new(log: Arc<dyn EventLog>, ends: Arc<Ends>) -> Self {
        Self { log, ends }
    }

    /// How far the log is seen now, where it may be written to.
    async fn admit(&self) -> Result<u64, LogError> {
        self.ends.admit(&*self.log).await?;
        Ok(self.ends.seen(self.log.name()).sequence)
    }

    /// A log that was closed meanwhile says why it refused.
    fn refused(&self, error: LogError) -> LogError {
        let closed = self.ends.closed(self.log.name());
        closed.map_or(error, LogError::Shortened)
    }
}

#[async_trait]
impl EventLog for EndChecked {
    fn name(&self) -> &LogName {
        self.log.name()
    }

    async fn append(&self, message: &Expected) -> Result<Appended, AppendError> {
        let known = self.admit().await.map_err(AppendError::Refused)?;
        let appended = match self.log.append(message).await {
            Ok(appended) => appended,
            Err(AppendError::Refused(error)) => {
                return Err(AppendError::Refused(self.refused(error)));
            }
            Err(error) => return Err(error),
        };
        if !appended.already {
            let Expected { message, .. } = message;
            let seen = SeenEnd::of(appended.sequence, &message.subject, &message.payload);
            let log = self.log.name();
            let taken = self.ends.acknowledged(log, known, seen);
            taken.map_err(AppendError::Unknown)?;
        }
        Ok(appended)
    }

    async fn append_batch(&self, batch: &[Expected]) -> Result<u64, AppendError> {
        let known = self.admit().await.map_err(AppendError::Refused)?;
        let last = self.log.append_batch(batch).await?;
        if let Some(Expected { message, .. }) = batch.last() {
            let seen = SeenEnd::of(last, &message.subject, &message.payload);
            let taken = self.ends.acknowledged(self.log.name(), known, seen);
            taken.map_err(AppendError::Unknown)?;
        }
        Ok(last)
    }

    async fn append_after(&self, end: u64, messages: &[Verbatim]) -> Result<u64, ContinueError> {
        let known = self.admit().await.map_err(ContinueError::Refused)?;
        let last = self.log.append_after(end, messages).await?;
        if let Some(message) = messages.last() {
            let seen = SeenEnd::of(last, &message.subject, &message.payload);
            let taken = self.ends.acknowledged(self.log.name(), known, seen);
            taken.map_err(ContinueError::Unknown)?;
        }
        Ok(last)
    }

    /// Of a closed log nothing is read to decide on: the part that is missing may matter.
    async fn read_subject(
        &self,
        subject: &str,
        after: u64,
    ) -> Result<Vec<StoredMessage>, LogError> {
        if let Some(shortened) = self.ends.closed(self.log.name()) {
            return Err(LogError::Shortened(shortened));
        }
        let read = self.log.read_subject(subject, after).await;
        read.map_err(|error| self.refused(error))
    }

    async fn read_one(&self, sequence: u64) -> Result<Option<StoredMessage>, LogError> {
        self.log.read_one(sequence).await
    }

    async fn head(&self) -> Result<Head, LogError> {
        self.log.head().await
    }

    async fn tail(&self, after: u64) -> Result<Tail, LogError> {
        self.log.tail(after).await
    }

    async fn history(&self, after: u64) -> Result<Tail, LogError> {
        self.log.history(after).await
    }
}
