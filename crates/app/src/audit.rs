//! The audit log: refusals and operators' actions, one line of JSON each, in a file of their own.
//!
//! A request waits until its line stands in the file, but never for long. A line that cannot be
//! written is counted and logged, and the next one that can be is preceded by one that says how
//! many are missing: nothing is lost in silence. A service whose audit log cannot be written goes
//! on: it stays ready, because to stop recording would be worse.

mod file;

mod refusals;

pub use file::{AuditFile, FILE_BYTES_MAX, FILES_KEPT};

use std::net::IpAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use self::refusals::Refusals;
use crate::clock::Clock;

/// Lines that may wait to be written.
const WAITING_MAX: usize = 1_024;

/// Lines that are written together at most.
const TOGETHER_MAX: usize = 256;

/// How long a request waits for its line.
const WAIT_LIMIT: Duration = Duration::from_secs(1);

/// How a refusal is called.
pub const REFUSED: &str = "refused";

/// What somebody did or was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    pub time: Timestamp,
    /// Who; `nobody` and `unknown token` have no known one.
    pub subject: String,
    /// Of HTTP, or `command` for the command line.
    pub method: String,
    /// Of HTTP, or the command.
    pub path: String,
    /// Of HTTP.
    pub status: Option<u16>,
    pub outcome: String,
    /// From where it was asked: of the proxy, where there is one. Absent on the command line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
}

impl AuditEntry {
    /// As one line; `None` for what has no JSON form, which a text and a time always have.
    fn line(&self) -> Option<Vec<u8>> {
        let mut line = serde_json::to_vec(self).ok()?;
        line.push(b'\n');
        Some(line)
    }

    /// What the audit log says of itself.
    fn of_itself(time: Timestamp, outcome: String) -> Self {
        Self {
            time,
            subject: "townclerk".to_owned(),
            method: "audit".to_owned(),
            path: String::new(),
            status: None,
            outcome,
            address: None,
        }
    }
}

/// What was said of one request.
#[derive(Clone, Debug)]
pub struct Said {
    pub subject: String,
    pub method: String,
    pub path: String,
    pub status: Option<u16>,
    pub outcome: String,
    /// Whether nobody knows the caller.
    pub stranger: bool,
    pub address: Option<IpAddr>,
}

impl Said {
    /// That the tokens of a subject changed.
    pub fn of_tokens(subject: &str, outcome: &str) -> Self {
        Self {
            subject: "townclerk".to_owned(),
            method: "tokens".to_owned(),
            path: subject.to_owned(),
            status: None,
            outcome: outcome.to_owned(),
            stranger: false,
            address: None,
        }
    }

    /// Whose lines are counted with it where it is one that anybody can cause without end.
    fn bounded_as(&self) -> Option<&str> {
        match self.stranger {
            true => Some(""),
            false => (self.outcome == REFUSED).then_some(self.subject.as_str()),
        }
    }
}

/// Where refusals and operators' actions are written.
pub struct AuditLog {
    /// `None` where they are only logged.
    writer: Option<Writer>,
    clock: Clock,
    missing: Arc<Missing>,
    refusals: Mutex<Refusals>,
}

struct Writer {
    queue: SyncSender<Job>,
    thread: JoinHandle<()>,
}

struct Job {
    entry: AuditEntry,
    /// Hears when the line was dealt with.
    done: oneshot::Sender<()>,
}

/// Lines that could not be written.
#[derive(Default)]
struct Missing {
    ever: AtomicU64,
    /// Of which the file does not tell yet.
    untold: AtomicU64,
}

impl Missing {
    fn add(&self, lines: u64) -> u64 {
        self.untold.fetch_add(lines, Ordering::Relaxed);
        self.ever.fetch_add(lines, Ordering::Relaxed)
    }
}

impl AuditLog {
    /// Writes no file: for tests, and where there is no folder.
    pub fn none() -> Self {
        Self {
            writer: None,
            clock: crate::clock::system(),
            missing: Arc::default(),
            refusals: Mutex::default(),
        }
    }

    /// Writes to `audit.ndjson` in a data directory.
    ///
    /// # Errors
    /// A file that cannot be written, or a thread that cannot be started.
    pub fn open(data_dir: &Path, clock: Clock) -> std::io::Result<Self> {
        let file = AuditFile::in_folder(data_dir);
        file.append(b"")?;
        let (queue, jobs) = sync_channel(WAITING_MAX);
        let missing = Arc::new(Missing::default());
        let writing = Writing {
            file,
            missing: Arc::clone(&missing),
            clock: Arc::clone(&clock),
            failing: false,
        };
        let thread = std::thread::Builder::new()
            .name("audit".to_owned())
            .spawn(move || writing.run(&jobs))?;
        Ok(Self {
            writer: Some(Writer { queue, thread }),
            clock,
            missing,
            refusals: Mutex::default(),
        })
    }

    /// How many lines could not be written since the start.
    pub fn lost(&self) -> u64 {
        self.missing.ever.load(Ordering::Relaxed)
    }

    /// Logs what was said, and writes it; waits for that a little.
    pub async fn record(&self, said: Said) {
        let Some(dealt_with) = self.put(said) else {
            return;
        };
        if tokio::time::timeout(WAIT_LIMIT, dealt_with).await.is_err() {
            tracing::warn!("the audit log is slow; this request waited no longer for its line");
        }
    }

    /// As [`Self::record`], for who cannot wait; hears when it is dealt with, and nothing of what is
    /// only counted.
    pub(crate) fn put(&self, said: Said) -> Option<oneshot::Receiver<()>> {
        let time = (self.clock)();
        let (told, admitted) = {
            let refusals = self.refusals.lock();
            let mut refusals = refusals.unwrap_or_else(PoisonError::into_inner);
            let told = refusals.over(time);
            (
                told,
                said.bounded_as()
                    .is_none_or(|caller| refusals.admit(caller)),
            )
        };
        for outcome in told {
            drop(self.tell(AuditEntry::of_itself(time, outcome)));
        }
        if !admitted {
            return None;
        }
        let Said {
            subject,
            method,
            path,
            status,
            outcome,
            stranger: _,
            address,
        } = said;
        self.tell(AuditEntry {
            time,
            subject,
            method,
            path,
            status,
            outcome,
            address,
        })
    }

    /// Logs one line, and has it written.
    fn tell(&self, entry: AuditEntry) -> Option<oneshot::Receiver<()>> {
        let AuditEntry {
            time: _,
            subject,
            method,
            path,
            status,
            outcome,
            address,
        } = &entry;
        let address = address.map(tracing::field::display);
        tracing::info!(
            target: "audit",
            subject, method, path, status, outcome, address, "access"
        );
        let writer = self.writer.as_ref()?;
        let (done, dealt_with) = oneshot::channel();
        if let Err(why) = writer.queue.try_send(Job { entry, done }) {
            let before = self.missing.add(1);
            // Not once for each: a disk that hangs would fill the log of the process too.
            if before.is_multiple_of(1_000) {
                let why = match why {
                    TrySendError::Full(_) => "too many lines wait to be written",
                    TrySendError::Disconnected(_) => "its writer has ended",
                };
                tracing::error!(lost = before + 1, why, "the audit log loses lines");
            }
            return None;
        }
        Some(dealt_with)
    }
}

impl Drop for AuditLog {
    /// Every line that waits is written before this ends.
    fn drop(&mut self) {
        let refusals = self.refusals.get_mut();
        let told = refusals.unwrap_or_else(PoisonError::into_inner).tell();
        for outcome in told {
            drop(self.tell(AuditEntry::of_itself((self.clock)(), outcome)));
        }
        let Some(Writer { queue, thread }) = self.writer.take() else {
            return;
        };
        drop(queue);
        if thread.join().is_err() {
            tracing::error!("the writer of the audit log panicked");
        }
    }
}

/// What the writer's thread has.
struct Writing {
    file: AuditFile,
    missing: Arc<Missing>,
    clock: Clock,
    failing: bool,
}

impl Writing {
    fn run(mut self, jobs: &Receiver<Job>) {
        while let Ok(first) = jobs.recv() {
            let more = jobs.try_iter().take(TOGETHER_MAX - 1);
            let jobs: Vec<Job> = std::iter::once(first).chain(more).collect();
            let lines: Vec<&AuditEntry> = jobs.iter().map(|job| &job.entry).collect();
            self.write(&lines);
            for job in jobs {
                // The caller may have gone, or wait no longer.
                job.done.send(()).ok();
            }
        }
    }

    fn write(&mut self, lines: &[&AuditEntry]) {
        let untold = self.missing.untold.swap(0, Ordering::Relaxed);
        let gap = (untold > 0).then(|| {
            let outcome = format!("{untold} lines before this one could not be written");
            AuditEntry::of_itself((self.clock)(), outcome)
        });
        let bytes: Vec<u8> = gap
            .iter()
            .chain(lines.iter().copied())
            .filter_map(AuditEntry::line)
            .flatten()
            .collect();
        match self.file.append(&bytes) {
            Ok(()) if self.failing => {
                self.failing = false;
                tracing::info!(file = %self.file.path().display(), "the audit log is written again");
            }
            Ok(()) => {}
            Err(error) => {
                let lines = u64::try_from(lines.len()).unwrap_or(u64::MAX);
                self.missing.untold.fetch_add(untold, Ordering::Relaxed);
                let lost = self.missing.add(lines) + lines;
                if !std::mem::replace(&mut self.failing, true) {
                    let file = self.file.path().display();
                    tracing::error!(%file, %error, lost, "the audit log cannot be written");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
