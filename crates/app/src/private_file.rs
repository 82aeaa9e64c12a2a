//! Files and folders that only their owner may read: made so, replaced as a whole, refused when wider.

use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::Mode;
use rustix::process::{geteuid, umask};

const OWNER_ONLY: u32 = 0o600;

const OWNER_ONLY_FOLDER: u32 = 0o700;

/// Longest file that is read: what stands in one was written by us or by hand.
const READ_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Why a file is not read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(
        "it has mode {mode:04o}, so others get at it: see that nobody changed it, then run \
         `chmod 600` on it"
    )]
    TooWide { mode: u32 },
    #[error("it has more than {READ_BYTES_MAX} bytes")]
    TooLong,
}

impl From<ReadError> for io::Error {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Io(error) => error,
            ReadError::TooWide { .. } => Self::new(io::ErrorKind::PermissionDenied, error),
            ReadError::TooLong => Self::new(io::ErrorKind::FileTooLarge, error),
        }
    }
}

/// Whatever this process and its children make from now on is for its owner alone, also what others'
/// code makes with wider modes, and whatever the umask was.
pub fn make_nothing_for_others() {
    umask(Mode::RWXG | Mode::RWXO);
}

/// As [`create_folder`]; refuses one that is there and not ours alone.
///
/// # Errors
/// A folder that cannot be made, is a link, belongs to somebody else, or lets others in.
pub fn create_own_folder(path: &Path) -> io::Result<()> {
    let path: PathBuf = path.components().collect();
    // What is there and is no folder is told so, rather than that it cannot be made.
    if std::fs::symlink_metadata(&path).is_err() {
        create_folder(&path)?;
    }
    look_at_folder(&path)
}

/// Refuses a folder that is not ours alone.
///
/// # Errors
/// A folder that is not there, is a link, belongs to somebody else, or lets others in.
pub fn look_at_folder(path: &Path) -> io::Result<()> {
    // A slash or a dot at the end would lead through a link.
    let path: PathBuf = path.components().collect();
    let found = std::fs::symlink_metadata(&path)?;
    match why_not_ours(&found, geteuid().as_raw()) {
        None => Ok(()),
        Some(why) => Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            format!("{} {why}", path.display()),
        )),
    }
}

/// Makes a folder, and those above it, with mode 0700 where it is not there.
///
/// # Errors
/// A folder that cannot be made.
pub fn create_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(OWNER_ONLY_FOLDER)
        .create(path)
}

fn why_not_ours(found: &Metadata, us: u32) -> Option<String> {
    let (owner, mode) = (found.uid(), found.permissions().mode() & 0o7777);
    if found.is_symlink() {
        return Some("is a link: name the folder itself".to_owned());
    }
    if !found.is_dir() {
        return Some("is no folder: name one".to_owned());
    }
    if owner != us {
        return Some(format!(
            "belongs to user {owner}, and this runs as user {us}: name another folder, or run this \
             as its owner"
        ));
    }
    (mode & !OWNER_ONLY_FOLDER != 0)
        .then(|| format!("has mode {mode:04o}, so others get at it: run `chmod 700` on it"))
}

/// Reads a file that nobody else can read.
///
/// # Errors
/// A file that is missing, too long, or that its mode opens to others.
pub fn read(path: &Path) -> Result<Vec<u8>, ReadError> {
    let file = File::open(path)?;
    // Asked of the open file: between a look at a path and its opening the file may be another.
    let mode = file.metadata()?.permissions().mode() & 0o7777;
    if mode & !OWNER_ONLY != 0 {
        return Err(ReadError::TooWide { mode });
    }
    let mut bytes = Vec::new();
    file.take(READ_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > READ_BYTES_MAX {
        true => Err(ReadError::TooLong),
        false => Ok(bytes),
    }
}

/// As [`read`], for a file of text.
///
/// # Errors
/// As [`read`], and bytes that are no text.
pub fn read_text(path: &Path) -> io::Result<String> {
    let bytes = read(path)?;
    String::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// Puts `content` at `path`, through a file beside it and a rename: all of it or none, and never
/// readable by others, not even at first. Nobody else writes there meanwhile: what is left of an
/// earlier write is a crashed run's.
///
/// # Errors
/// A folder or file that cannot be made or written.
pub fn write(path: &Path, content: impl AsRef<[u8]>) -> io::Result<()> {
    let Some(name) = path.file_name() else {
        let why = format!("{} names no file", path.display());
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    };
    let named = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = named.unwrap_or(Path::new("."));
    create_folder(folder)?;
    let mut beside = std::ffi::OsString::from(".");
    beside.push(name);
    beside.push(".tmp");
    let beside = folder.join(beside);
    // Its mode counts only when a file is created.
    match std::fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(OWNER_ONLY)
        .open(&beside)?;
    file.write_all(content.as_ref())?;
    file.sync_all()?;
    std::fs::rename(&beside, path)?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};

    #[test]
    fn a_folder_that_is_not_ours_alone_is_refused_with_what_to_do() {
        let outside = tempfile::tempdir().unwrap();
        let folder = outside.path().join("above/data");
        create_own_folder(&folder).unwrap();
        create_own_folder(&folder).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        assert_eq!(
            (mode(&folder), mode(folder.parent().unwrap())),
            (0o700, 0o700)
        );
        for wide in [0o701, 0o710, 0o740, 0o755, 0o777, 0o1777] {
            fs::set_permissions(&folder, Permissions::from_mode(wide)).unwrap();
            let why = create_own_folder(&folder).unwrap_err().to_string();
            assert!(why.contains(&format!("mode {wide:04o}")), "{why}");
            assert!(why.contains("chmod 700"), "{why}");
        }
        fs::set_permissions(&folder, Permissions::from_mode(0o700)).unwrap();
        let link = outside.path().join("link");
        std::os::unix::fs::symlink(&folder, &link).unwrap();
        for link in [link.clone(), link.join(""), link.join(".")] {
            let why = create_own_folder(&link).unwrap_err().to_string();
            assert!(why.contains("is a link"), "{}: {why}", link.display());
        }
        let file = outside.path().join("file");
        fs::write(&file, "").unwrap();
        let why = create_own_folder(&file).unwrap_err().to_string();
        assert!(why.contains("is no folder: name one"), "{why}");
        let absent = outside.path().join("absent");
        let why = look_at_folder(&absent).unwrap_err();
        assert_eq!(why.kind(), io::ErrorKind::NotFound);
        assert!(!absent.exists(), "looking makes nothing");
        let ours = fs::symlink_metadata(&folder).unwrap();
        let why = why_not_ours(&ours, ours.uid() + 1).unwrap();
        assert!(why.contains("belongs to user"), "{why}");
        assert_eq!(why_not_ours(&ours, ours.uid()), None);
    }

    #[test]
    fn a_file_is_private_whole_and_read_only_while_it_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("within/secret");
        write(&path, "first").unwrap();
        write(&path, "second").unwrap();
        assert_eq!(read_text(&path).unwrap(), "second");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(
            read(&path),
            Err(ReadError::TooWide { mode: 0o640 })
        ));
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        let long = OpenOptions::new().write(true).open(&path).unwrap();
        long.set_len(READ_BYTES_MAX + 1).unwrap();
        assert!(matches!(read(&path), Err(ReadError::TooLong)));
    }
}
