//! A disk without room, for tests: no mount and no rights are needed for it.

use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::{fs, io};

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};

/// The rows of a generation on a disk of their own, which can be full.
#[derive(Debug)]
pub struct SmallDisk {
    file: OwnedFd,
    stands_at: PathBuf,
}

impl SmallDisk {
    /// Moves the rows of `generation`, which nobody has open, to such a disk.
    ///
    /// # Errors
    /// Files that cannot be moved.
    pub fn under(generation: &Path) -> io::Result<Self> {
        let stands_at = generation.join("db");
        let file = memfd_create("rows", MemfdFlags::ALLOW_SEALING | MemfdFlags::CLOEXEC)?;
        let small = Self { file, stands_at };
        fs::write(small.path(), fs::read(&small.stands_at)?)?;
        fs::remove_file(&small.stands_at)?;
        std::os::unix::fs::symlink(small.path(), &small.stands_at)?;
        Ok(small)
    }

    /// From now on it takes nothing more: what sled writes beyond the end of its file fails.
    ///
    /// # Errors
    /// A kernel that does not seal.
    pub fn fill(&self) -> io::Result<()> {
        Ok(fcntl_add_seals(&self.file, SealFlags::GROW)?)
    }

    /// Moves the rows, which nobody has open any more, back to where there is room.
    ///
    /// # Errors
    /// Files that cannot be moved.
    pub fn make_room(self) -> io::Result<()> {
        let rows = fs::read(self.path())?;
        fs::remove_file(&self.stands_at)?;
        fs::write(&self.stands_at, rows)
    }

    fn path(&self) -> String {
        format!("/proc/self/fd/{}", self.file.as_raw_fd())
    }
}
