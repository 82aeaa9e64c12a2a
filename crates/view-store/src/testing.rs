//! A disk without room, for tests: no mount and no rights are needed for it.

use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::{fs, io};

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};

/// A file on a disk of its own, which can be full.
#[derive(Debug)]
pub struct SmallDisk {
    file: OwnedFd,
    stands_at: PathBuf,
}

impl SmallDisk {
    /// Moves a file, which nobody has open, to such a disk.
    ///
    /// # Errors
    /// A file that cannot be moved.
    pub fn under(path: &Path) -> io::Result<Self> {
        let stands_at = path.to_owned();
        let file = memfd_create(
            "small-disk",
            MemfdFlags::ALLOW_SEALING | MemfdFlags::CLOEXEC,
        )?;
        let small = Self { file, stands_at };
        fs::write(small.path(), fs::read(&small.stands_at)?)?;
        fs::remove_file(&small.stands_at)?;
        std::os::unix::fs::symlink(small.path(), &small.stands_at)?;
        Ok(small)
    }

    /// From now on it takes nothing more: what is written beyond the end of the file fails.
    ///
    /// # Errors
    /// A kernel that does not seal.
    pub fn fill(&self) -> io::Result<()> {
        Ok(fcntl_add_seals(&self.file, SealFlags::GROW)?)
    }

    /// Moves the file back to where there is room. Who has it open still sees the full disk.
    ///
    /// # Errors
    /// A file that cannot be moved.
    pub fn make_room(self) -> io::Result<()> {
        let bytes = fs::read(self.path())?;
        fs::remove_file(&self.stands_at)?;
        fs::write(&self.stands_at, bytes)
    }

    /// As other processes of the same user find it too.
    fn path(&self) -> String {
        let (process, file) = (std::process::id(), self.file.as_raw_fd());
        format!("/proc/{process}/fd/{file}")
    }
}
