//! Why a command was not carried out.

use townclerk_contract::position::Position;
use townclerk_domain::decider::Rejection;
use townclerk_domain::identity::AggregateId;
use townclerk_domain::names::LogName;
use townclerk_event_log::{AppendError, DiskFull, LogError, Shortened};

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum CommandError<R: std::fmt::Display + std::fmt::Debug> {
    /// The business says no.
    #[error(transparent)]
    Rejected(Rejection<R>),
    #[error("there is no {0} here")]
    NotFound(AggregateId),
    #[error("this key was used for a command with other content")]
    KeyReused,
    #[error("{log} has no log here; there are {}", known.join(", "))]
    NoSuchLog { log: LogName, known: Vec<String> },
    #[error(
        "event {position} of {aggregate} cannot be read by this version ({reason}); nothing is decided on a part of the record"
    )]
    Unreadable {
        aggregate: AggregateId,
        position: Position,
        reason: String,
    },
    #[error("others kept writing to {0}; try again")]
    Contended(AggregateId),
    #[error("it is unknown whether this was recorded; send it again with the same key")]
    Unknown(#[source] AppendError),
    /// This attempt sent nothing, but an earlier one did and was not answered.
    #[error(
        "the log cannot be used now, and it is unknown whether an earlier attempt of this command was recorded"
    )]
    UnknownBefore(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// No earlier attempt is known here that was sent and not answered; before a start there may have
    /// been one.
    #[error("the log cannot be used now; nothing was recorded by this attempt")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The log does not hold what was seen of it, and takes nothing.
    #[error("{0}")]
    LogShortened(Shortened),
    /// The disk of the record has no room: nothing was recorded by this attempt.
    #[error("{0}")]
    DiskFull(DiskFull),
}

impl<R: std::fmt::Display + std::fmt::Debug> From<LogError> for CommandError<R> {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Shortened(shortened) => Self::LogShortened(shortened),
            LogError::DiskFull(full) => Self::DiskFull(full),
            LogError::Unavailable { .. }
            | LogError::Answered { .. }
            | LogError::Unreadable { .. } => Self::Unavailable(Box::new(error)),
        }
    }
}

impl<R: std::fmt::Display + std::fmt::Debug> CommandError<R> {
    /// What to say where an earlier attempt was sent and not answered: that nothing was recorded is not
    /// known then.
    #[must_use]
    pub(super) fn with_an_earlier_attempt(self) -> Self {
        match self {
            Self::Unavailable(why) => Self::UnknownBefore(why),
            Self::DiskFull(full) => Self::UnknownBefore(Box::new(full)),
            said @ (Self::Rejected(_)
            | Self::NotFound(_)
            | Self::KeyReused
            | Self::NoSuchLog { .. }
            | Self::Unreadable { .. }
            | Self::Contended(_)
            | Self::Unknown(_)
            | Self::UnknownBefore(_)
            // It says that the log lost events, which the attempt's own may be among.
            | Self::LogShortened(_)) => said,
        }
    }
}
