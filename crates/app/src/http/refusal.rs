//! How the refusals of the inner parts become problems. A failure of ours is logged here, once;
//! its cause is not told to the caller.

use std::error::Error;
use std::fmt::{Debug, Display};

use serde::Serialize;

use super::kind::Kind;
use super::problem::Problem;
use crate::access::TooMany;
use crate::access::need::Refusal;
use crate::command::CommandError;

impl<R: Display + Debug + Serialize> From<CommandError<R>> for Problem {
    fn from(error: CommandError<R>) -> Self {
        let detail = error.to_string();
        match &error {
            CommandError::Rejected(rejection) => {
                let problem = Self::new(Kind::REJECTED, detail);
                match serde_json::to_value(rejection) {
                    Ok(value) => problem.with("rejection", value),
                    Err(error) => {
                        tracing::error!(%error, "a rejection has no JSON form");
                        problem
                    }
                }
            }
            CommandError::NotFound(_) => Self::new(Kind::NOT_FOUND, detail),
            CommandError::NoSuchLog { known, .. } => {
                Self::no_such_log(detail).with("logs", known.clone())
            }
            CommandError::KeyReused => {
                let detail = format!("{detail}; take a new key for a new command");
                Self::new(Kind::KEY_REUSED, detail)
            }
            CommandError::Unreadable { position, .. } => {
                tracing::error!(%detail, "a command was refused");
                let position = position.to_string();
                Self::new(Kind::UNREADABLE_RECORD, detail).with("position", position)
            }
            CommandError::Contended(_) => {
                tracing::warn!(%detail, "a command was given up");
                Self::new(Kind::CONTENDED, detail)
            }
            CommandError::Unknown(cause) => {
                tracing::warn!(cause = causes(cause), "the outcome of an append is unknown");
                Self::new(Kind::OUTCOME_UNKNOWN, detail)
            }
            CommandError::UnknownBefore(cause) => {
                tracing::warn!(
                    cause = causes(cause.as_ref()),
                    "an outcome is still unknown"
                );
                let detail = format!("{detail}; send it again with the same key");
                Self::new(Kind::OUTCOME_UNKNOWN, detail)
            }
            CommandError::LogShortened(shortened) => Self::log_shortened(shortened),
            CommandError::DiskFull(_) => Self::new(
                Kind::DISK_FULL,
                format!(
                    "{detail}; tell an operator, and send it again with the same key afterwards"
                ),
            ),
            CommandError::Unavailable(cause) => {
                tracing::error!(cause = causes(cause.as_ref()), "a log cannot be used");
                Self::new(
                    Kind::UNAVAILABLE,
                    format!("{detail}; try again with the same key"),
                )
            }
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let kind = match refusal {
            Refusal::NoToken | Refusal::UnknownToken => Kind::UNAUTHENTICATED,
            Refusal::Role { .. } | Refusal::Reach { .. } => Kind::FORBIDDEN,
        };
        Self::new(kind, refusal.to_string())
    }
}

impl From<TooMany> for Problem {
    fn from(TooMany: TooMany) -> Self {
        let detail = "several sign-ins from this address have failed and wait for their answers; \
                      a right token is let in at once";
        Self::new(Kind::TOO_MANY_SIGN_INS, detail)
    }
}

/// An error with all its causes, on one line.
fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
