//! Whether what is appended goes through: what became of the latest appends of a process, and what is
//! known beside them. Where the disk of the record has no room left, nothing is sent.

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
use crate::room::{DiskFull, Room, RoomLevel};

/// How long an append that failed speaks for those to come, unless one goes through before. Anyone who is
/// told "not ready" sends nothing: the failure must not stay for ever.
pub const FAILED_COUNTS: Duration = Duration::from_secs(30);

/// Says why appends do not go through, whatever log they are for; `None` where nothing is known of it.
pub type Says = Box<dyn Fn() -> Option<String> + Send + Sync>;

/// Measures the disk of the record; `None` where it is not known here, or cannot be measured.
pub type Measure = Box<dyn Fn() -> Option<Room> + Send + Sync>;

/// What is known of the appends of one process.
pub struct Writes {
    failed: Mutex<BTreeMap<LogName, (Instant, String)>>,
    server: Says,
    room: Measure,
}

impl Default for Writes {
    /// For logs of which neither the server nor the disk is known.
    fn default() -> Self {
        Self::with(Box::new(|| None), Box::new(|| None))
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
    /// `server` is asked what the server says of itself, and `room` how much room it has.
    pub fn with(server: Says, room: Measure) -> Self {
        Self {
            failed: Mutex::default(),
            server,
            room,
        }
    }

    /// The room on the disk of the record, where that is known.
    pub fn room(&self) -> Option<Room> {
        (self.room)()
    }

    /// Lets an append through, or says that there is no room for it.
    fn admit(&self, log: &LogName) -> Result<(), LogError> {
        let full = self.room().filter(|room| room.level() == RoomLevel::Full);
        match full {
            None => Ok(()),
            Some(room) => Err(LogError::DiskFull(DiskFull {
                log: log.clone(),
                room,
            })),
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
        let full = self.room().filter(|room| room.level() == RoomLevel::Full);
        let full = full.map(|room| {
            format!(
                "the disk of the record is full ({room}): nothing is recorded until there is room"
            )
        });
        let known = (self.server)().into_iter().chain(full);
        known.chain(lately).collect()
    }

    fn went_through(&self, log: &LogName) {
        self.failed().remove(log);
    }

    fn did_not(&self, log: &LogName, error: &LogError) {
        // What the server says may name its folders, and everybody may ask whether this is ready.
        let why = match error {
            LogError::Unavailable { why, .. } => why.clone(),
            LogError::Answered { code, .. } => format!("nats-server refused it (code {code})"),
            LogError::Unreadable { .. } => "the answer of nats-server cannot be read".to_owned(),
            // Each says itself, as long as it is so, that nothing is taken.
            LogError::Shortened(_) | LogError::DiskFull(_) => return,
        };
        self.failed().insert(log.clone(), (Instant::now(), why));
    }

    fn failed(&self) -> MutexGuard<'_, BTreeMap<LogName, (Instant, String)>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `log`, written to as long as its disk has room, with what becomes of each append kept in `writes`.
pub struct Watched {
    log: Arc<dyn EventLog>,
    writes: Arc<Writes>,
}

impl Watched {
    pub fn new(log: Arc<dyn EventLog>, writes: Arc<Writes>) -> Self {
        Self { log, writes }
    }

    fn admit(&self) -> Result<(), LogError> {
        self.writes.admit(self.log.name())
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
        self.admit().map_err(AppendError::Refused)?;
        let appended = self.log.append(message).await;
        // What an earlier attempt recorded says nothing of now.
        match appended {
            Ok(Appended { already: true, .. }) => appended,
            Ok(_) | Err(_) => self.note(appended),
        }
    }

    async fn append_batch(&self, batch: &[Expected]) -> Result<u64, AppendError> {
        self.admit().map_err(AppendError::Refused)?;
        self.note(self.log.append_batch(batch).await)
    }

    async fn append_after(&self, end: u64, messages: &[Verbatim]) -> Result<u64, ContinueError> {
        self.admit().map_err(ContinueError::Refused)?;
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
