//! The lock on a data directory, which a nats-server child holds together with us.
//!
//! The lock is a flock on the file `lock`. Its open descriptor is also the child's stdin, so a
//! child that outlives us keeps the directory locked. At start a held lock means: find who has
//! it. A nats-server alone is an orphan and is told to leave; anybody else is left alone, and we
//! refuse.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::time::{Instant, MissedTickBehavior, interval};

/// How long an orphan may take to write what it has and leave.
const ORPHAN_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a holder may be on its way out (killed but not yet gone) before it counts.
const GRACE: Duration = Duration::from_secs(1);

const POLL: Duration = Duration::from_millis(50);

/// Held as long as this lives, and longer by a nats-server that got it as its stdin.
#[derive(Debug)]
pub struct DataDirLock {
    file: File,
}

#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error(
        "another {program} is running on {} (pid {pid}): stop it, or use another data directory",
        directory.display()
    )]
    Busy {
        directory: PathBuf,
        pid: i32,
        program: String,
    },
    #[error(
        "{} is locked by a process that cannot be seen from here, of another user or in another \
         container: stop it, or use another data directory",
        directory.display()
    )]
    BusyUnseen { directory: PathBuf },
    #[error(
        "the nats-server left over on {} (pid {pid}) did not stop within {} s of being asked: look \
         at what it does, and end it",
        directory.display(),
        ORPHAN_TIMEOUT.as_secs()
    )]
    OrphanStays { directory: PathBuf, pid: i32 },
    #[error("cannot lock {}", path.display())]
    File {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

impl DataDirLock {
    /// Takes the lock of a directory that is there, from an orphan if need be. `nats_server` is
    /// the executable by which an orphan is known, beside its name.
    pub async fn acquire(directory: &Path, nats_server: &Path) -> Result<Self, LockError> {
        let path = directory.join("lock");
        let at = |source| LockError::File {
            path: path.clone(),
            source,
        };
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(at)?;
        let inode = file.metadata().map(|meta| (meta.dev(), meta.ino()));
        let inode = inode.map_err(at)?;
        let mut ticks = interval(POLL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut wait = Wait::new(directory);
        loop {
            ticks.tick().await;
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Self { file }),
                Err(Errno::WOULDBLOCK) => wait.judge(&holders(inode), nats_server)?,
                Err(error) => return Err(at(error.into())),
            }
        }
    }

    /// The process that works on a directory, if any does: not a nats-server that was left over.
    ///
    /// # Errors
    /// A lock that cannot be looked at.
    pub fn worker_on(directory: &Path) -> io::Result<Option<i32>> {
        let file = match OpenOptions::new().read(true).open(directory.join("lock")) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        let metadata = file.metadata()?;
        let holders = holders((metadata.dev(), metadata.ino()));
        let worker = holders.iter().find(|holder| !holder.on_stdin);
        Ok(worker.map(|holder| holder.pid))
    }

    /// The lock's descriptor for a child's stdin.
    pub(super) fn as_stdin(&self) -> io::Result<Stdio> {
        self.file.try_clone().map(Stdio::from)
    }

    /// Gives the lock back, also where a child that is just being made has inherited it.
    pub fn release(self) -> io::Result<()> {
        Ok(flock(&self.file, FlockOperation::Unlock)?)
    }
}

/// What was seen while waiting for the lock.
struct Wait<'a> {
    directory: &'a Path,
    refuse_at: Instant,
    /// The orphan that was told to leave, and until when it may take.
    told: Option<(i32, Instant)>,
}

impl<'a> Wait<'a> {
    fn new(directory: &'a Path) -> Self {
        Self {
            directory,
            refuse_at: Instant::now() + GRACE,
            told: None,
        }
    }

    /// Tells an orphan to leave. Refuses when it is time to.
    fn judge(&mut self, holders: &[Holder], nats_server: &Path) -> Result<(), LockError> {
        let directory = || self.directory.to_owned();
        let now = Instant::now();
        let stranger = holders
            .iter()
            .find(|holder| !holder.on_stdin || !holder.is_nats_server(nats_server));
        if let Some(stranger) = stranger {
            if now < self.refuse_at {
                return Ok(());
            }
            return Err(LockError::Busy {
                directory: directory(),
                pid: stranger.pid,
                program: stranger.program.clone(),
            });
        }
        // No stranger, so no parent of the nats-server has the lock: it is an orphan.
        match (holders.first(), self.told) {
            (Some(orphan), told) if told.is_none_or(|(pid, _)| pid != orphan.pid) => {
                tracing::warn!(
                    pid = orphan.pid,
                    directory = %self.directory.display(),
                    "a nats-server was left over on the data directory; telling it to stop"
                );
                orphan.tell_to_stop().map_err(|source| LockError::File {
                    path: self.directory.join("lock"),
                    source,
                })?;
                self.told = Some((orphan.pid, now + ORPHAN_TIMEOUT));
                self.refuse_at = now + GRACE;
                Ok(())
            }
            (_, Some((pid, until))) if now >= until => Err(LockError::OrphanStays {
                directory: directory(),
                pid,
            }),
            (None, None) if now >= self.refuse_at => Err(LockError::BusyUnseen {
                directory: directory(),
            }),
            _ => Ok(()),
        }
    }
}

/// A process that holds the lock.
#[derive(Debug)]
struct Holder {
    pid: i32,
    program: String,
    executable: Option<PathBuf>,
    on_stdin: bool,
    inode: (u64, u64),
}

impl Holder {
    fn is_nats_server(&self, nats_server: &Path) -> bool {
        let named = |name: &str| name.starts_with("nats-server");
        let executable = self.executable.as_deref();
        let file_name = executable
            .and_then(Path::file_name)
            .and_then(|name| name.to_str());
        named(&self.program)
            || file_name.is_some_and(named)
            || executable
                .is_some_and(|path| fs::canonicalize(nats_server).is_ok_and(|it| it == path))
    }

    /// Asks the process to end, and surely this one: its id may have gone to another meanwhile.
    fn tell_to_stop(&self) -> io::Result<()> {
        let Some(pid) = Pid::from_raw(self.pid) else {
            return Ok(());
        };
        let told = pidfd_open(pid, PidfdFlags::empty()).and_then(|process| {
            if has_open(self.pid, "0", self.inode) {
                pidfd_send_signal(process, Signal::TERM)
            } else {
                Ok(())
            }
        });
        match told {
            Err(Errno::SRCH) => Ok(()),
            told => Ok(told?),
        }
    }
}

/// All processes that hold a flock on this file, as far as this user may see.
fn holders(inode: (u64, u64)) -> Vec<Holder> {
    let mut holders = Vec::new();
    for pid in names_in(Path::new("/proc")) {
        let Ok(pid) = pid.parse::<i32>() else {
            continue;
        };
        let root = PathBuf::from(format!("/proc/{pid}"));
        let locking: Vec<String> = names_in(&root.join("fd"))
            .into_iter()
            .filter(|fd| has_open(pid, fd, inode) && has_lock(pid, fd))
            .collect();
        if locking.is_empty() {
            continue;
        }
        let program = fs::read_to_string(root.join("comm")).unwrap_or_default();
        holders.push(Holder {
            pid,
            program: program.trim().to_owned(),
            executable: fs::read_link(root.join("exe")).ok(),
            on_stdin: locking.iter().any(|fd| fd == "0"),
            inode,
        });
    }
    holders
}

fn names_in(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    names.collect()
}

fn has_open(pid: i32, fd: &str, inode: (u64, u64)) -> bool {
    let link = PathBuf::from(format!("/proc/{pid}/fd/{fd}"));
    // Sockets and pipes are no paths, and need no further look.
    fs::read_link(&link).is_ok_and(|target| target.is_absolute())
        && fs::metadata(&link).is_ok_and(|meta| (meta.dev(), meta.ino()) == inode)
}

/// Whether the flock is on this very descriptor: others have the file open too, while they wait.
fn has_lock(pid: i32, fd: &str) -> bool {
    fs::read_to_string(format!("/proc/{pid}/fdinfo/{fd}")).is_ok_and(|info| {
        info.lines()
            .any(|line| line.starts_with("lock:") && line.contains("FLOCK"))
    })
}
