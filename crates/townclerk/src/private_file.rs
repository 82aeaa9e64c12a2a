//! Files and directories that only their owner may read, written whole or not at all.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// The mode bits that let somebody else than the owner at a file.
pub(crate) const OTHERS: u32 = 0o077;

/// Longest file that is read: what stands in one was written by us or by hand.
const READ_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Makes the directory, and those above it, with mode 0700 where it is not there.
pub(crate) fn create_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Writes a file of mode 0600 through a temporary one and a rename. The caller holds a
/// lock, so a temporary file that is there is a crashed run's.
pub(crate) fn write(path: &Path, content: &str) -> io::Result<()> {
    let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "not a file's path",
        ));
    };
    let mut temporary_name = std::ffi::OsString::from(".");
    temporary_name.push(name);
    temporary_name.push(".tmp");
    let temporary = directory.join(temporary_name);
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&temporary)?;
    file.write_all(content.as_bytes())?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    File::open(directory)?.sync_all()
}

/// Reads a file that nobody else can read.
pub(crate) fn read(path: &Path) -> io::Result<String> {
    let file = File::open(path)?;
    // Asked of the open file: between a look at a path and its opening the file may be another.
    let mode = file.metadata()?.permissions().mode() & 0o7777;
    if mode & OTHERS != 0 {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            format!("it has mode {mode:04o}, so others can read it: run `chmod 600` on it"),
        ));
    }
    let mut text = String::new();
    file.take(READ_BYTES_MAX).read_to_string(&mut text)?;
    Ok(text)
}
