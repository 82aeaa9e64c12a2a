//! The files that say who takes part and who may ask what; and one process at a time that changes files
//! of a data directory.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::town::Town;

/// How long one process waits for another.
const LOCK_WAIT: Duration = Duration::from_secs(10);

const LOCK_POLL: Duration = Duration::from_millis(5);

/// Where the book of tokens of a data directory is.
pub fn token_book_file(data_dir: &Path) -> PathBuf {
    data_dir.join("tokens.json")
}

/// The file from which the command line on this machine takes the operator's token.
pub fn operator_token_file(data_dir: &Path) -> PathBuf {
    data_dir.join("operator.token")
}

/// Where a first start puts the tokens that it makes, one for each role: to be handed over, and then
/// deleted.
pub fn first_tokens_file(data_dir: &Path) -> PathBuf {
    data_dir.join("first-tokens.txt")
}

/// What stands in the files at one look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Looked {
    town: Option<Vec<u8>>,
    tokens: Option<Vec<u8>>,
}

impl Looked {
    /// A file that cannot be read is one that changed: reading it then says why it cannot be.
    pub(super) async fn at(data_dir: &Path) -> Self {
        Self {
            town: tokio::fs::read(Town::file(data_dir)).await.ok(),
            tokens: tokio::fs::read(token_book_file(data_dir)).await.ok(),
        }
    }
}

/// What one process at a time does in a data directory.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Changing {
    /// Who takes part and who may ask what.
    Files,
    /// How far the logs were seen.
    Ends,
    /// What partners have used of their quotas.
    Quotas,
}

impl Changing {
    fn file(self) -> &'static str {
        match self {
            Self::Files => "town.lock",
            Self::Ends => "ends.lock",
            Self::Quotas => "quotas.lock",
        }
    }
}

/// Held by the process that reads a file to write it again; given back when dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Waits for another process, but not for long. Blocks the thread. The folder must be there: a
    /// mistyped name makes none.
    ///
    /// # Errors
    /// A folder that is not there or cannot be written, or another process that does not end.
    pub(crate) fn wait(data_dir: &Path, what: Changing) -> anyhow::Result<Self> {
        let path = data_dir.join(what.file());
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let file = options.mode(0o600).open(&path);
        let file = file.with_context(|| format!("cannot open {}", path.display()))?;
        let deadline = Instant::now() + LOCK_WAIT;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                    std::thread::sleep(LOCK_POLL);
                }
                Err(TryLockError::WouldBlock) => bail!(
                    "another command has been changing {} for {} s: wait for it, or end it ({} is \
                     locked)",
                    data_dir.display(),
                    LOCK_WAIT.as_secs(),
                    path.display()
                ),
                Err(TryLockError::Error(error)) => {
                    return Err(error).with_context(|| format!("cannot lock {}", path.display()));
                }
            }
        }
    }
}

/// As [`Lock::wait`] for the files of `data_dir`, without blocking a worker.
///
/// # Errors
/// As there.
pub(crate) async fn begin_editing(data_dir: &Path) -> anyhow::Result<Lock> {
    let data_dir = data_dir.to_owned();
    tokio::task::spawn_blocking(move || Lock::wait(&data_dir, Changing::Files))
        .await
        .context("waiting for another command was broken off")?
}
