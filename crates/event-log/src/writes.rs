//! Whether what is appended goes through: what became of the latest appends of a process, and what is
//! known beside them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;
use townclerk_domain::names::LogName;

use crate::log::{
    AppendError, Appended, ContinueError, EventLog, Expected, Head, LogError, StoredMessage, Tail,
    Verbatim,
};

/// How long an append that failed speaks for those to come, unless one goes through before. Whoever is
/// told "not ready" sends nothing: the failure must not stay for ever.
pub const FAILED_COUNTS: Duration = Duration::from_secs(30);

/// Says why appends do not go through, whatever log they are for; `None` where nothing is known of it.
pub type Says = Box<dyn Fn() -> Option<String> + Send + Sync>;

/// What is known of the appends of one process.
pub struct Writes {
    failed: Mutex<BTreeMap<LogName, (Instant, String)>>,
    server: Says,
}

impl Default for Writes {
    fn default() -> Self {
        Self::with_server(Box::new(|| None))
    }
}

impl fmt::Debug for Writes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Writes")
            .field("failed", &*self.failed())
            .finish_non_exhaustive()
    }
}

impl Writes {
    /// `server` is asked what the server says of itself.
    pub fn with_server(server: Says) -> Self {
        Self {
            failed: Mutex::default(),
            server,
        }
    }

    /// Why what is appended now is not expected to go through; empty where it is.
    pub fn trouble(&self) -> Vec<String> {
        let failed = self.failed();
        let lately = failed.iter().filter_map(|(log, (at, why))| {
            let ago = at.elapsed();
            let seconds = ago.as_secs();
            (ago < FAILED_COUNTS).then(|| {
                format!("log {log}: the last append did not go through, {seconds} s ago: {why}")
            })
        });
        (self.server)().into_iter().chain(lately).collect()
    }

    fn went_through(&self, log: &LogName) {
        self.failed().remove(log);
    }

    fn did_not(&self, log: &LogName, error: &LogError) {
        let why = match error {
            LogError::Unavailable { why, .. }
            | LogError::Answered { why, .. }
            | LogError::Unreadable { why, .. } => why.clone(),
            // It says itself, as long as it is so, that it takes nothing.
            LogError::Shortened(_) => return,
        };
        self.failed().insert(log.clone(), (Instant::now(), why));
    }

    fn failed(&self) -> MutexGuard<'_, BTreeMap<LogName, (Instant, String)>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `log`, with what becomes of each append kept in `writes`.
pub struct Watched {
    log: Arc<dyn EventLog>,
    writes: Arc<Writes>,
}

impl Watched {
    pub fn new(log: Arc<dyn EventLog>, writes: Arc<Writes>) -> Self {
        Self { log, writes }
    }

    fn note<T>(&self, appended: Result<T, AppendError>) -> Result<T, AppendError> {
        match &appended {
            Ok(_) => self.writes.went_through(self.log.name()),
            Err(AppendError::Unknown(error) | AppendError::Refused(error)) => {
                self.writes.did_not(self.log.name(), error);
            }
            // The log answered, and had nothing to write.
            Err(AppendError::Conflict | AppendError::IdElsewhere { .. }) => {}
        }
        appended
    }
}

#[async_trait]
impl EventLog for Watched {
    fn name(&self) -> &LogName {
        self.log.name()
    }

    async fn append(&self, message: &Expected) -> Result<Appended, AppendError> {
        let appended = self.log.append(message).await;
        // What an earlier attempt recorded says nothing of now.
        match appended {
            Ok(Appended { already: true, .. }) => appended,
            Ok(_) | Err(_) => self.note(appended),
        }
    }

    async fn append_batch(&self, batch: &[Expected]) -> Result<u64, AppendError> {
        self.note(self.log.append_batch(batch).await)
    }

    async fn append_after(&self, end: u64, messages: &[Verbatim]) -> Result<u64, ContinueError> {
        let continued = self.log.append_after(end, messages).await;
        match &continued {
            Ok(_) => self.writes.went_through(self.log.name()),
            Err(ContinueError::Unknown(error) | ContinueError::Refused(error)) => {
                self.writes.did_not(self.log.name(), error);
            }
            Err(ContinueError::GoneOn | ContinueError::IdRemembered) => {}
        }
        continued
    }

    async fn read_subject(
        &self,
        subject: &str,
        after: u64,
    ) -> Result<Vec<StoredMessage>, LogError> {
        self.log.read_subject(subject, after).await
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

#[cfg(test)]
mod tests;
