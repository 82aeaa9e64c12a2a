//! Files that only their owner may read: created so, replaced as a whole, refused when wider.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use super::tokens::TokenError;

const OWNER_ONLY: u32 = 0o600;

const OWNER_ONLY_FOLDER: u32 = 0o700;

/// # Errors
/// A file that is missing, or that its mode opens to others.
pub fn read(path: &Path) -> Result<Vec<u8>, TokenError> {
    let failed = failed(path, "read");
    let mut file = File::open(path).map_err(&failed)?;
    // Asked of the open file: between a look at a path and its opening the file may be another.
    let mode = file.metadata().map_err(&failed)?.permissions().mode() & 0o7777;
    if mode & !OWNER_ONLY != 0 {
        return Err(TokenError::TooWide {
            path: path.to_owned(),
            mode,
        });
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(&failed)?;
    Ok(bytes)
}

/// Puts `bytes` at `path`: all of them or none, and never readable by others, not even at first.
///
/// # Errors
/// A folder or file that cannot be made or written.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), TokenError> {
    write_at_once(path, bytes).map_err(failed(path, "written"))
}

fn write_at_once(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let named = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = named.unwrap_or(Path::new("."));
    DirBuilder::new()
        .recursive(true)
        .mode(OWNER_ONLY_FOLDER)
        .create(folder)?;
    let beside = path.with_extension("new");
    // Left by a crash, perhaps with another mode: the mode counts only when a file is created.
    match std::fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(OWNER_ONLY)
        .open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)?;
    File::open(folder)?.sync_all()
}

fn failed(path: &Path, did: &'static str) -> impl Fn(io::Error) -> TokenError {
    move |source| TokenError::File {
        path: path.to_owned(),
        did,
        source,
    }
}
