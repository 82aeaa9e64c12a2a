//! From files into logs: first every log is compared, then every one is continued.

use std::path::Path;
use std::sync::Arc;

use serde::Serialize;
use townclerk_event_log::EventLog;
use townclerk_event_log::import::{self, Refusal};

use super::feed::Feed;
use super::manifest::LogFile;

/// A log as one that follows it reads it, and as one that is written to.
#[derive(Clone)]
pub struct LogEnds {
    pub reader: Arc<dyn EventLog>,
    pub writer: Arc<dyn EventLog>,
}

/// A log that holds the beginning of a file, or all of it; close it, or import.
pub struct Comparison {
    log: LogEnds,
    /// Stands after what the log holds.
    feed: Feed,
    held: u64,
    given: u64,
}

/// What became of one log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// Messages that were there before.
    pub held: u64,
    pub imported: u64,
    /// Where the log ends now.
    pub now_at: u64,
}

/// Compares a log with its file; nothing is appended. `progress` hears how many messages are equal.
///
/// # Errors
/// A log or a file that fails.
pub async fn compare(
    dir: &Path,
    entry: &LogFile,
    log: LogEnds,
    progress: impl FnMut(u64),
) -> anyhow::Result<Result<Comparison, Refusal>> {
    let mut feed = Feed::open(dir, entry);
    let compared = import::compare(&*log.reader, feed.messages(), progress).await;
    match compared {
        Ok(Ok(held)) => Ok(Ok(Comparison {
            log,
            feed,
            held,
            given: entry.messages,
        })),
        Ok(Err(refusal)) => {
            feed.close().await?;
            Ok(Err(refusal))
        }
        Err(error) => {
            feed.close().await?;
            Err(error.into())
        }
    }
}

impl Comparison {
    /// How many messages the log holds.
    pub fn held(&self) -> u64 {
        self.held
    }

    /// How many the file has.
    pub fn given(&self) -> u64 {
        self.given
    }

    /// Appends the rest of the file; `progress` hears how many messages the log holds.
    ///
    /// # Errors
    /// A log or a file that fails.
    pub async fn import(
        mut self,
        progress: impl FnMut(u64),
    ) -> anyhow::Result<Result<Imported, Refusal>> {
        let writer = &*self.log.writer;
        let ended = import::continue_from(self.held, writer, self.feed.messages(), progress).await;
        self.feed.close().await?;
        let imported = |now_at| Imported {
            held: self.held,
            imported: now_at - self.held,
            now_at,
        };
        Ok(ended?.map(imported))
    }

    /// Leaves the log as it is.
    ///
    /// # Errors
    /// A thread that broke down.
    pub async fn close(self) -> anyhow::Result<()> {
        self.feed.close().await
    }
}
