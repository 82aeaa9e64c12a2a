//! The rules of a log.
//!
//! A log is a sequence of messages, numbered from 1 without gaps; nothing is ever changed or
//! deleted. Each message belongs to a subject (one aggregate). A writer names the sequence of the
//! last message that it knows on the subject: if there is a later one, its append conflicts.

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use jiff::Timestamp;
use townclerk_contract::envelope::Message;
use townclerk_contract::reading::RawMessage;
use townclerk_domain::names::LogName;

use crate::ends::Shortened;
use crate::room::DiskFull;

/// A message as the log holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMessage {
    pub sequence: u64,
    pub subject: String,
    /// The message id, where the writer gave one.
    pub id: Option<String>,
    pub payload: Bytes,
}

impl StoredMessage {
    pub fn raw<'a>(&'a self, log: &'a LogName) -> RawMessage<'a> {
        RawMessage {
            log,
            sequence: self.sequence,
            subject: &self.subject,
            id: self.id.as_deref(),
            payload: &self.payload,
        }
    }

    /// Whether this is `message`, by any writer.
    pub fn is(&self, message: &Message) -> bool {
        self.subject == message.subject && self.id.as_deref() == Some(&message.id.to_string())
    }

    /// Whether this is `message`, byte for byte.
    pub fn holds(&self, message: &Verbatim) -> bool {
        self.subject == message.subject && self.id == message.id && self.payload == message.payload
    }
}

/// A message as it is to stand in a log, whichever service wrote it first: also one that does not follow the
/// rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verbatim {
    pub subject: String,
    /// The message id, where the writer gave one.
    pub id: Option<String>,
    pub payload: Bytes,
}

impl From<&Message> for Verbatim {
    fn from(message: &Message) -> Self {
        Self {
            subject: message.subject.clone(),
            id: Some(message.id.to_string()),
            payload: message.payload.clone(),
        }
    }
}

impl From<StoredMessage> for Verbatim {
    fn from(stored: StoredMessage) -> Self {
        Self {
            subject: stored.subject,
            id: stored.id,
            payload: stored.payload,
        }
    }
}

/// A message to append, and the sequence of the last message that its writer knows on the subject
/// (0 for none).
#[derive(Clone, Debug)]
pub struct Expected {
    pub message: Message,
    pub last: u64,
}

/// The message is in the log, exactly once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    pub sequence: u64,
    /// Whether an earlier attempt had recorded it.
    pub already: bool,
}

/// Where a log ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The last sequence; 0 for an empty log.
    pub sequence: u64,
    /// When we looked.
    pub looked: Timestamp,
}

#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// Somebody else appended to the subject meanwhile. Nothing of ours is recorded.
    #[error("another event of the same aggregate was recorded meanwhile")]
    Conflict,
    /// The id stands elsewhere: a writer that does not follow the rules. Nothing is recorded.
    #[error("the id {id} is recorded elsewhere already, at sequence {sequence}")]
    IdElsewhere { id: String, sequence: u64 },
    /// No answer, and nothing of ours was found: it may still be recorded later. Only the same
    /// bytes may be sent again.
    #[error("no answer from the log: it is unknown whether the event is recorded")]
    Unknown(#[source] LogError),
    /// The log refused. Nothing is recorded.
    #[error("the log refused the event")]
    Refused(#[source] LogError),
}

/// Why a log was not continued.
#[derive(Debug, thiserror::Error)]
pub enum ContinueError {
    /// The log does not end where it was to be continued. Nothing is recorded by this attempt.
    #[error("the log does not end where it was to be continued")]
    GoneOn,
    /// A message id of the batch was written a short while ago, or stands in the batch twice. The
    /// log remembers ids for some minutes. Nothing is recorded.
    #[error("the log remembers a message id of the batch: it was written a short while ago")]
    IdRemembered,
    /// No answer: the batch may be in the log or may still come to be.
    #[error("no answer from the log: it is unknown whether the batch is recorded")]
    Unknown(#[source] LogError),
    /// The log refused. Nothing is recorded.
    #[error("the log refused the batch")]
    Refused(#[source] LogError),
}

#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error("the log {log} did not answer: {why}")]
    Unavailable { log: LogName, why: String },
    #[error("the log {log} answered with an error: {why} (code {code})")]
    Answered {
        log: LogName,
        code: u64,
        why: String,
    },
    #[error("the log {log} answered something unreadable: {why}")]
    Unreadable { log: LogName, why: String },
    /// The log does not hold what was seen of it: nothing was sent.
    #[error("{0}")]
    Shortened(Shortened),
    /// There is no room for what was to be appended: nothing was sent.
    #[error("{0}")]
    DiskFull(DiskFull),
}

/// Messages after a position, in order, for ever; ends only with an error.
pub type Tail = BoxStream<'static, Result<StoredMessage, LogError>>;

/// One log.
#[async_trait]
pub trait EventLog: Send + Sync {
    fn name(&self) -> &LogName;

    /// Appends one message. Retries inside as long as that is safe and bounded.
    async fn append(&self, message: &Expected) -> Result<Appended, AppendError>;

    /// Appends all messages (at most 1,000, each of another subject or following the one before
    /// on it) or none; returns the sequence of the last.
    async fn append_batch(&self, batch: &[Expected]) -> Result<u64, AppendError>;

    /// Continues the log exactly after the sequence `end` with all messages (at most 1,000) or
    /// none; returns the new end. Takes messages as they are, and expects nothing of subjects.
    async fn append_after(&self, end: u64, messages: &[Verbatim]) -> Result<u64, ContinueError>;

    /// The messages of one subject after a sequence, in order. Sees every append that was
    /// answered before.
    async fn read_subject(&self, subject: &str, after: u64)
    -> Result<Vec<StoredMessage>, LogError>;

    async fn read_one(&self, sequence: u64) -> Result<Option<StoredMessage>, LogError>;

    async fn head(&self) -> Result<Head, LogError>;

    /// Everything after `after`, and what comes then.
    async fn tail(&self, after: u64) -> Result<Tail, LogError>;

    /// As [`Self::tail`], for reading a long history as fast as can be: more of it may be on its
    /// way in memory, so it is nothing for readers that are slow or many.
    async fn history(&self, after: u64) -> Result<Tail, LogError> {
        self.tail(after).await
    }
}
