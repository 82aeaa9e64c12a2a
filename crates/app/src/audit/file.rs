//! The files of the audit log: appended to by several processes, turned over by size.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// At this size a file is put aside and a new one begun.
pub const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Files that were put aside and are kept.
pub const FILES_KEPT: u32 = 8;

const NAME: &str = "audit.ndjson";

const OWNER_ONLY: u32 = 0o600;

/// How often another process that writes or turns over is waited for, and how long each time.
const TRIES: u32 = 100;
const PAUSE: Duration = Duration::from_millis(10);

/// `audit.ndjson` in a folder, and what was put aside as `audit.1.ndjson` (the latest) and on.
#[derive(Clone, Debug)]
pub struct AuditFile {
    folder: PathBuf,
    path: PathBuf,
    bytes_max: u64,
}

impl AuditFile {
    pub fn in_folder(folder: &Path) -> Self {
        Self {
            path: folder.join(NAME),
            folder: folder.to_owned(),
            bytes_max: FILE_BYTES_MAX,
        }
    }

    #[cfg(test)]
    pub(super) fn turned_over_at(folder: &Path, bytes_max: u64) -> Self {
        Self {
            bytes_max,
            ..Self::in_folder(folder)
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends whole lines, as one piece.
    ///
    /// # Errors
    /// A file that cannot be written, or that another process does not let go of.
    pub fn append(&self, lines: &[u8]) -> io::Result<()> {
        for _ in 0..TRIES {
            let mut file = self.open()?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    std::thread::sleep(PAUSE);
                    continue;
                }
                Err(TryLockError::Error(error)) => return Err(error),
            }
            if !self.is_current(&file)? {
                continue;
            }
            let held = file.metadata()?.len();
            if held > 0 && held.saturating_add(lines.len() as u64) > self.bytes_max {
                file.sync_all()?;
                self.turn_over()?;
                continue;
            }
            let written = file.write_all(lines);
            if written.is_err() {
                // On a full disk a part may stand there: the next line must not be glued to it.
                file.set_len(held)?;
            }
            return written;
        }
        Err(io::Error::new(
            io::ErrorKind::WouldBlock,
            "another process holds the audit log and does not let go",
        ))
    }

    /// The files there are, the oldest first.
    ///
    /// # Errors
    /// A folder that cannot be looked into.
    pub fn files(&self) -> io::Result<Vec<PathBuf>> {
        let aside = (1..=FILES_KEPT).rev().map(|number| self.aside(number));
        let mut files = Vec::new();
        for file in aside.chain([self.path.clone()]) {
            if file.try_exists()? {
                files.push(file);
            }
        }
        Ok(files)
    }

    fn open(&self) -> io::Result<File> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)?;
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(OWNER_ONLY)
            .open(&self.path)?;
        // Somebody may have put it back from elsewhere.
        if file.metadata()?.permissions().mode() & 0o7777 != OWNER_ONLY {
            file.set_permissions(Permissions::from_mode(OWNER_ONLY))?;
        }
        Ok(file)
    }

    /// Whether the path still names this file: another process may have turned it over.
    fn is_current(&self, file: &File) -> io::Result<bool> {
        match fs::metadata(&self.path) {
            Ok(named) => Ok(named.ino() == file.metadata()?.ino()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Puts the file aside, the oldest one away. The caller holds the lock on it.
    fn turn_over(&self) -> io::Result<()> {
        for number in (1..FILES_KEPT).rev() {
            match fs::rename(self.aside(number), self.aside(number + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        fs::rename(&self.path, self.aside(1))
    }

    fn aside(&self, number: u32) -> PathBuf {
        self.folder.join(format!("audit.{number}.ndjson"))
    }
}
