//! Finds the nats-server executable and refuses one that is too old.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::str::FromStr;
use std::time::Duration;
use std::{env, fmt, io};

use tokio::process::Command;
use tokio::time::timeout;

/// The variable that names the executable, where no option does.
pub const VARIABLE: &str = "TOWNCLERK_NATS_SERVER";

/// The oldest nats-server that Townclerk runs on.
pub const OLDEST: Version = Version {
    numbers: [2, 12, 5],
    released: true,
};

const VERSION_TIMEOUT: Duration = Duration::from_secs(10);

/// A nats-server that is there and new enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binary {
    pub path: PathBuf,
    pub version: Version,
}

/// A version; one before its release (`2.12.5-RC.1`) is older than the release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    numbers: [u32; 3],
    released: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum BinaryError {
    #[error(
        "found no nats-server on PATH, and {VARIABLE} names none: put nats-server {OLDEST} or \
         newer on PATH, or name it with {VARIABLE}; in a clone, `cargo xtask setup` unpacks one \
         and prints its path"
    )]
    Missing,
    #[error(
        "found nats-server {version} at {}, need {OLDEST} or newer: install a newer one, or name \
         one with {VARIABLE}; in a clone, `cargo xtask setup` unpacks one and prints its path",
        path.display()
    )]
    TooOld { path: PathBuf, version: Version },
    #[error("cannot run {}: name a nats-server {OLDEST} or newer", path.display())]
    Unusable {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error(
        "{} is no nats-server: asked for its version it said {said:?}; name a nats-server \
         {OLDEST} or newer",
        path.display()
    )]
    NotNatsServer { path: PathBuf, said: String },
}

impl Binary {
    /// The executable that was asked for, else the one that the environment names, else the first
    /// on PATH that is new enough.
    pub async fn find(asked_for: Option<&Path>) -> Result<Self, BinaryError> {
        let named = env::var_os(VARIABLE).filter(|path| !path.is_empty());
        match asked_for.or(named.as_deref().map(Path::new)) {
            Some(path) => Self::at(path).await,
            None => Self::on_path(&env::var_os("PATH").unwrap_or_default()).await,
        }
    }

    async fn on_path(directories: &OsStr) -> Result<Self, BinaryError> {
        let mut first_refusal = None;
        for directory in env::split_paths(directories) {
            let path = directory.join("nats-server");
            if !path.is_file() {
                continue;
            }
            match Self::at(&path).await {
                Ok(binary) => return Ok(binary),
                Err(refusal) => first_refusal = first_refusal.or(Some(refusal)),
            }
        }
        Err(first_refusal.unwrap_or(BinaryError::Missing))
    }

    async fn at(path: &Path) -> Result<Self, BinaryError> {
        let path = path.to_owned();
        let said = match ask_version(&path).await {
            Ok(said) => said,
            Err(source) => return Err(BinaryError::Unusable { path, source }),
        };
        match said.parse() {
            Ok(version) if version < OLDEST => Err(BinaryError::TooOld { path, version }),
            Ok(version) => Ok(Self { path, version }),
            Err(()) => Err(BinaryError::NotNatsServer { path, said }),
        }
    }
}

async fn ask_version(path: &Path) -> io::Result<String> {
    let run = Command::new(path)
        .arg("--version")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = timeout(VERSION_TIMEOUT, run)
        .await
        .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "no answer to --version"))??;
    let said = String::from_utf8_lossy(&output.stdout);
    Ok(said.trim().chars().take(200).collect())
}

impl FromStr for Version {
    type Err = ();

    /// Reads `nats-server: v2.15.1`.
    fn from_str(text: &str) -> Result<Self, ()> {
        let word = text.strip_prefix("nats-server: v").ok_or(())?;
        let (numbers, suffix) = word.split_once('-').unwrap_or((word, ""));
        let numbers = numbers
            .split('.')
            .map(|number| number.parse().map_err(drop))
            .collect::<Result<Vec<u32>, ()>>()?;
        Ok(Self {
            numbers: numbers.try_into().map_err(drop)?,
            released: suffix.is_empty(),
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.numbers;
        write!(f, "{major}.{minor}.{patch}")?;
        f.write_str(if self.released {
            ""
        } else {
            " (before its release)"
        })
    }
}
