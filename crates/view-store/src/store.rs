//! One generation: rows, checkpoints and digest of a view in one sled tree.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use townclerk_domain::names::LogName;
use townclerk_views::FOLD_VERSION;
use townclerk_views::rows::{Changes, MemoryRows, Rows, RowsError, Visit};

use crate::checkpoint::Checkpoint;
use crate::digest::Digest;

/// Memory for pages; sled's own default is 1 GiB for each store.
const CACHE_BYTES: u64 = 128 * 1024 * 1024;

/// Rows between two reports when a generation is written as a whole.
const ROWS_BETWEEN_REPORTS: usize = 1_000;

/// Keys of this store itself begin with a zero byte; no family of rows does.
const CHECKPOINT_PREFIX: &[u8] = b"\0checkpoint/";
const DIGEST_KEY: &[u8] = b"\0digest";
const VERSION_KEY: &[u8] = b"\0fold-version";

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the rows in {path} are damaged: {why}")]
    Damaged { path: PathBuf, why: String },
    #[error("the rows in {path} are of fold version {found}, this program's is {FOLD_VERSION}")]
    OtherVersion { path: PathBuf, found: u32 },
    #[error("{path} is in use by another process: only one may serve a view")]
    Locked { path: PathBuf },
    #[error("{path} cannot be read or written: {why}; is the disk full?")]
    Io { path: PathBuf, why: String },
    #[error("the rows in {path} are closed until they can be written again")]
    Closed { path: PathBuf },
}

impl StoreError {
    /// Whether rebuilding mends it. A full disk or a held lock must be looked at by people.
    pub fn is_mended_by_rebuilding(&self) -> bool {
        matches!(self, Self::Damaged { .. } | Self::OtherVersion { .. })
    }

    /// The same without the path, for those who are not to know where this installation lies.
    pub fn without_path(&self) -> String {
        match self {
            Self::Damaged { why, .. } => format!("its rows are damaged: {why}"),
            Self::OtherVersion { found, .. } => {
                format!("its rows are of fold version {found}, this program's is {FOLD_VERSION}")
            }
            Self::Locked { .. } => "another process has its rows open".to_owned(),
            Self::Io { why, .. } => format!("its rows cannot be read or written ({why})"),
            Self::Closed { .. } => "its rows could not be written and are closed".to_owned(),
        }
    }

    fn of(path: &Path, error: &sled::Error) -> Self {
        let path = path.to_owned();
        let why = error.to_string();
        match error {
            sled::Error::Io(io) if io.kind() == std::io::ErrorKind::WouldBlock => {
                Self::Locked { path }
            }
            // sled reports a held lock as an error of its own making.
            sled::Error::Io(io) if io.to_string().contains("could not acquire lock") => {
                Self::Locked { path }
            }
            sled::Error::Io(io) if io.kind() == std::io::ErrorKind::UnexpectedEof => {
                Self::Damaged { path, why }
            }
            sled::Error::Io(_) => Self::Io { path, why },
            _ => Self::Damaged { path, why },
        }
    }
}

impl From<StoreError> for RowsError {
    fn from(error: StoreError) -> Self {
        Self::Store(Box::new(error))
    }
}

/// A generation.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    /// `None` where the rows could not be opened, or are not whole after a write that failed.
    db: Option<sled::Db>,
    /// A write failed: sled takes no other until it is opened again.
    failed: bool,
    digest: Digest,
    checkpoints: BTreeMap<LogName, Checkpoint>,
}

/// What a generation holds, all of it read.
#[derive(Default)]
struct Held {
    rows: Digest,
    /// The digest as it is stored.
    stored: Option<Digest>,
    version: Option<u32>,
    checkpoints: BTreeMap<LogName, Checkpoint>,
}

impl Store {
    /// Makes an empty generation.
    ///
    /// # Errors
    /// A disk that cannot be used, or a directory that is not empty.
    pub fn create(path: &Path) -> Result<Self, StoreError> {
        let store = Self::open_sled(path)?;
        if !store.db()?.is_empty() {
            return Err(store.damaged("a new generation holds rows already"));
        }
        let mut batch = sled::Batch::default();
        batch.insert(VERSION_KEY, &FOLD_VERSION.to_be_bytes());
        batch.insert(DIGEST_KEY, &Digest::default().to_bytes());
        store.write(batch)?;
        store.flush()?;
        Ok(store)
    }

    /// Opens a generation and reads all of it once: every row must be readable and the digest
    /// must be theirs.
    ///
    /// # Errors
    /// See [`StoreError::is_mended_by_rebuilding`].
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        match Self::open_once(path) {
            // sled takes a snapshot that a full disk cut short for one that is whole.
            Err(StoreError::Damaged { .. }) if remove_unfinished_snapshots(path)? => {
                Self::open_once(path)
            }
            opened => opened,
        }
    }

    fn open_once(path: &Path) -> Result<Self, StoreError> {
        // sled panics on some kinds of damage, such as a file that was cut short.
        let opened = std::panic::catch_unwind(AssertUnwindSafe(|| {
            let mut store = Self::open_sled(path)?;
            store.read_all()?;
            Ok(store)
        }));
        opened.unwrap_or_else(|_| {
            Err(StoreError::Damaged {
                path: path.to_owned(),
                why: "sled panicked when it was opened".to_owned(),
            })
        })
    }

    /// A generation that cannot be opened: it holds nothing, and takes nothing.
    pub fn closed(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            db: None,
            failed: true,
            digest: Digest::default(),
            checkpoints: BTreeMap::new(),
        }
    }

    fn open_sled(path: &Path) -> Result<Self, StoreError> {
        let db = sled::Config::new()
            .path(path)
            .cache_capacity(CACHE_BYTES)
            .open()
            .map_err(|error| StoreError::of(path, &error))?;
        Ok(Self {
            path: path.to_owned(),
            db: Some(db),
            failed: false,
            digest: Digest::default(),
            checkpoints: BTreeMap::new(),
        })
    }

    pub(crate) fn db(&self) -> Result<&sled::Db, StoreError> {
        let closed = || StoreError::Closed {
            path: self.path.clone(),
        };
        self.db.as_ref().ok_or_else(closed)
    }

    /// Whether rows can be read from it.
    pub fn is_open(&self) -> bool {
        self.db.is_some()
    }

    /// Whether a write failed, or none is possible: the generation must be opened again.
    pub fn takes_no_more(&self) -> bool {
        self.failed
    }

    /// Gives the files back. How far each log was read is still known.
    pub fn close(&mut self) {
        self.failed = true;
        let db = self.db.take();
        // sled panics where the last of its files cannot be written.
        if std::panic::catch_unwind(AssertUnwindSafe(|| drop(db))).is_err() {
            tracing::warn!(path = %self.path.display(), "sled panicked when it was closed");
        }
    }

    /// After a write that failed, what sled holds in memory may be a part of the batch: the rows are
    /// served on only where they are those of before.
    fn keep_only_what_is_whole(&mut self) {
        self.failed = true;
        let held = std::panic::catch_unwind(AssertUnwindSafe(|| self.held()));
        let is_whole = match held {
            Ok(Ok(held)) => {
                held.rows == self.digest
                    && held.stored == Some(self.digest)
                    && held.checkpoints == self.checkpoints
            }
            Ok(Err(_)) | Err(_) => false,
        };
        if !is_whole {
            self.close();
        }
    }

    fn held(&self) -> Result<Held, StoreError> {
        let mut all = Held::default();
        for row in self.db()?.iter() {
            let (key, value) = row.map_err(|error| StoreError::of(&self.path, &error))?;
            if let Some(log) = key.strip_prefix(CHECKPOINT_PREFIX) {
                let log = std::str::from_utf8(log)
                    .ok()
                    .and_then(|l| LogName::new(l).ok());
                let checkpoint = serde_json::from_slice(&value).ok();
                let (Some(log), Some(checkpoint)) = (log, checkpoint) else {
                    return Err(self.damaged("a checkpoint cannot be read"));
                };
                all.checkpoints.insert(log, checkpoint);
            } else if key == DIGEST_KEY {
                all.stored = <[u8; 32]>::try_from(&*value).ok().map(Digest::from_bytes);
            } else if key == VERSION_KEY {
                all.version = <[u8; 4]>::try_from(&*value).ok().map(u32::from_be_bytes);
            } else {
                all.rows.add(&key, &value);
            }
        }
        Ok(all)
    }

    fn read_all(&mut self) -> Result<(), StoreError> {
        let held = self.held()?;
        match held.version {
            Some(FOLD_VERSION) if held.stored == Some(held.rows) => {}
            Some(FOLD_VERSION) => {
                return Err(self.damaged("the rows are not those that the digest was made of"));
            }
            Some(found) => {
                let path = self.path.clone();
                return Err(StoreError::OtherVersion { path, found });
            }
            None => return Err(self.damaged("what was written into it is gone")),
        }
        self.digest = held.rows;
        self.checkpoints = held.checkpoints;
        Ok(())
    }

    /// Applies changes and checkpoints in one batch.
    ///
    /// # Errors
    /// What the disk or sled says; nothing of the batch can be read then, and the generation
    /// [takes no more](Self::takes_no_more).
    pub fn apply(
        &mut self,
        changes: Changes,
        checkpoints: &[(LogName, Checkpoint)],
    ) -> Result<(), StoreError> {
        let applied = self.try_to_apply(changes, checkpoints);
        if applied.is_err() {
            self.keep_only_what_is_whole();
        }
        applied
    }

    fn try_to_apply(
        &mut self,
        changes: Changes,
        checkpoints: &[(LogName, Checkpoint)],
    ) -> Result<(), StoreError> {
        let db = self.db()?;
        let mut digest = self.digest;
        let mut batch = sled::Batch::default();
        for (key, value) in changes {
            let failed = |error: sled::Error| StoreError::of(&self.path, &error);
            let before = db.get(&key).map_err(failed)?;
            if before.as_deref() == value.as_deref() {
                continue;
            }
            if let Some(before) = before {
                digest.remove(&key, &before);
            }
            match value {
                Some(value) => {
                    digest.add(&key, &value);
                    batch.insert(key, value);
                }
                None => batch.remove(key),
            }
        }
        for (log, checkpoint) in checkpoints {
            self.push_checkpoint(&mut batch, log, checkpoint)?;
        }
        batch.insert(DIGEST_KEY, &digest.to_bytes());
        self.write(batch)?;
        self.digest = digest;
        self.checkpoints.extend(checkpoints.iter().cloned());
        Ok(())
    }

    /// Fills an empty store with rows, in the order of their keys, and flushes it.
    ///
    /// # Errors
    /// What the disk or sled says; the store is of no use then.
    pub fn fill(
        &mut self,
        rows: &MemoryRows,
        checkpoints: &[(LogName, Checkpoint)],
        mut written: impl FnMut(usize),
    ) -> Result<(), StoreError> {
        let (below, above) = rows.halves();
        let count = AtomicUsize::new(0);
        // Two writers of separate stretches of keys; sled takes a batch from one at a time only.
        let (one, two) = std::thread::scope(|scope| {
            let writing = scope.spawn(|| self.fill_part(above, &count, &mut |_| {}));
            let one = self.fill_part(below, &count, &mut written);
            let panicked = |panic| std::panic::resume_unwind(panic);
            (one, writing.join().unwrap_or_else(panicked))
        });
        let mut digest = one?;
        digest.join(two?);
        let mut batch = sled::Batch::default();
        for (log, checkpoint) in checkpoints {
            self.push_checkpoint(&mut batch, log, checkpoint)?;
        }
        batch.insert(DIGEST_KEY, &digest.to_bytes());
        self.write(batch)?;
        self.flush()?;
        written(rows.0.len());
        self.digest = digest;
        self.checkpoints = checkpoints.iter().cloned().collect();
        Ok(())
    }

    /// Inserts rows in the order of their keys; their digest.
    fn fill_part<'r>(
        &self,
        rows: impl Iterator<Item = (&'r Vec<u8>, &'r Vec<u8>)>,
        count: &AtomicUsize,
        written: &mut dyn FnMut(usize),
    ) -> Result<Digest, StoreError> {
        let db = self.db()?;
        let mut digest = Digest::default();
        for (key, value) in rows {
            digest.add(key, value);
            let inserted = db.insert(key.as_slice(), value.as_slice());
            inserted.map_err(|error| StoreError::of(&self.path, &error))?;
            let done = count.fetch_add(1, Ordering::Relaxed) + 1;
            if done.is_multiple_of(ROWS_BETWEEN_REPORTS) {
                written(done);
            }
        }
        Ok(digest)
    }

    /// Waits until everything is on the disk.
    ///
    /// # Errors
    /// What the disk says.
    pub fn flush(&self) -> Result<(), StoreError> {
        let flushed = self.db()?.flush();
        flushed.map_err(|error| StoreError::of(&self.path, &error))?;
        Ok(())
    }

    pub fn digest(&self) -> Digest {
        self.digest
    }

    pub fn checkpoints(&self) -> &BTreeMap<LogName, Checkpoint> {
        &self.checkpoints
    }

    pub fn checkpoint(&self, log: &LogName) -> Checkpoint {
        self.checkpoints.get(log).copied().unwrap_or_default()
    }

    fn push_checkpoint(
        &self,
        batch: &mut sled::Batch,
        log: &LogName,
        checkpoint: &Checkpoint,
    ) -> Result<(), StoreError> {
        let value = serde_json::to_vec(checkpoint).map_err(|e| self.damaged(&e.to_string()))?;
        let key = [CHECKPOINT_PREFIX, log.as_str().as_bytes()].concat();
        batch.insert(key, value);
        Ok(())
    }

    fn write(&self, batch: sled::Batch) -> Result<(), StoreError> {
        let applied = self.db()?.apply_batch(batch);
        applied.map_err(|error| StoreError::of(&self.path, &error))
    }

    fn damaged(&self, why: &str) -> StoreError {
        StoreError::Damaged {
            path: self.path.clone(),
            why: why.to_owned(),
        }
    }
}

/// Removes the snapshots that sled had begun and not finished; whether there were any. It makes each
/// from its log, and makes it again.
fn remove_unfinished_snapshots(path: &Path) -> Result<bool, StoreError> {
    let failed = |error: std::io::Error| StoreError::Io {
        path: path.to_owned(),
        why: error.to_string(),
    };
    let mut removed = false;
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            std::fs::remove_file(path.join(&*name)).map_err(failed)?;
            removed = true;
        }
    }
    Ok(removed)
}

impl Drop for Store {
    fn drop(&mut self) {
        self.close();
    }
}

impl Rows for Store {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, RowsError> {
        let value = self.db()?.get(key);
        let value = value.map_err(|error| StoreError::of(&self.path, &error))?;
        Ok(value.map(|value| value.to_vec()))
    }

    fn scan(&self, prefix: &[u8], from: &[u8], visit: &mut Visit<'_>) -> Result<(), RowsError> {
        let start = from.max(prefix).to_vec();
        for row in self.db()?.range(start..) {
            let (key, value) = row.map_err(|error| StoreError::of(&self.path, &error))?;
            if !key.starts_with(prefix) || visit(&key, &value)? == ControlFlow::Break(()) {
                break;
            }
        }
        Ok(())
    }
}
