//! Opening what is said to be a file of an export: it may be anything.
//!
//! *Invariant*: nothing of an export is opened but here, so nothing waits and nothing is read without end.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;

/// What there is in the place of a file.
pub(super) enum Opened {
    /// A regular file, also through a link.
    File(File),
    Missing,
    /// What it is instead.
    Other(&'static str),
}

/// Opens a file for reading. Nothing else is opened: a FIFO makes its reader wait, a device may never
/// end.
///
/// # Errors
/// A file that is there and cannot be opened.
pub(super) fn open(path: &Path) -> io::Result<Opened> {
    let found = match std::fs::metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Opened::Missing),
        Err(error) => return Err(error),
    };
    if let Some(other) = other(&found) {
        return Ok(Opened::Other(other));
    }
    // It may have become something else since: so opening must not wait, and what is open is looked at
    // again.
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)?;
    Ok(match other(&file.metadata()?) {
        None => Opened::File(file),
        Some(other) => Opened::Other(other),
    })
}

/// What something is that is no regular file.
pub(super) fn other(found: &Metadata) -> Option<&'static str> {
    let kind = found.file_type();
    if kind.is_file() {
        None
    } else if kind.is_dir() {
        Some("a folder")
    } else if kind.is_fifo() {
        Some("a FIFO")
    } else if kind.is_socket() {
        Some("a socket")
    } else if kind.is_char_device() || kind.is_block_device() {
        Some("a device")
    } else {
        Some("no regular file")
    }
}

/// A short file, read whole.
pub(super) enum Short {
    Text(Vec<u8>),
    Missing,
    TooLong,
    Other(&'static str),
}

/// Reads a file of at most `bytes_max` bytes, whatever size it claims to have.
///
/// # Errors
/// A file that is there and cannot be read.
pub(super) fn read(path: &Path, bytes_max: u64) -> io::Result<Short> {
    let file = match open(path)? {
        Opened::File(file) => file,
        Opened::Missing => return Ok(Short::Missing),
        Opened::Other(other) => return Ok(Short::Other(other)),
    };
    let mut text = Vec::new();
    file.take(bytes_max + 1).read_to_end(&mut text)?;
    Ok(match text.len() as u64 > bytes_max {
        true => Short::TooLong,
        false => Short::Text(text),
    })
}
