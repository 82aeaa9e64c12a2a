//! The files that say who takes part and who may ask what, and one editor at a time.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use tokio::time::{Instant, MissedTickBehavior, interval};
use townclerk_app::private_file;

use crate::town::Town;

/// How long an edit waits for another to end.
const EDIT_WAIT: Duration = Duration::from_secs(10);

const POLL: Duration = Duration::from_millis(50);

/// Where the book of tokens of a data directory is.
pub fn token_book_file(data_dir: &Path) -> PathBuf {
    data_dir.join("tokens.json")
}

/// The file from which the command line on this machine takes the operator's token.
pub fn operator_token_file(data_dir: &Path) -> PathBuf {
    data_dir.join("operator.token")
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

/// Held by the one who edits the files of a data directory; given back when dropped.
#[derive(Debug)]
pub(crate) struct Editing {
    _file: File,
}

impl Editing {
    /// Waits for whoever edits them now, but not for long.
    ///
    /// # Errors
    /// A folder that cannot be written, or another editor that does not end.
    pub(crate) async fn begin(data_dir: &Path) -> anyhow::Result<Self> {
        let path = data_dir.join("town.lock");
        let open = || -> io::Result<File> {
            private_file::create_folder(data_dir)?;
            let mut options = OpenOptions::new();
            let options = options.read(true).write(true).create(true).truncate(false);
            options.mode(0o600).open(&path)
        };
        let file = open().with_context(|| format!("cannot open {}", path.display()))?;
        let deadline = Instant::now() + EDIT_WAIT;
        let mut ticks = interval(POLL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Self { _file: file }),
                Err(Errno::WOULDBLOCK) if Instant::now() < deadline => {}
                Err(Errno::WOULDBLOCK) => bail!(
                    "another command has been changing {} for {} s: wait for it, or end it",
                    data_dir.display(),
                    EDIT_WAIT.as_secs()
                ),
                Err(error) => {
                    let error = io::Error::from(error);
                    return Err(error).with_context(|| format!("cannot lock {}", path.display()));
                }
            }
        }
    }
}
