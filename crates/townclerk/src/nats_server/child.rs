//! One run of nats-server: spawned, waited for until it answers, told to stop.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout, timeout_at};

use super::data_dir_lock::DataDirLock;

/// After a kill a big store takes tens of seconds to recover before the server listens.
const READY_TIMEOUT: Duration = Duration::from_secs(300);

/// How long a server that listens may take to greet.
const GREETING_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a server may take to stop before it is killed.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);

const POLL: Duration = Duration::from_millis(20);

const GREETING_BYTES_MAX: u64 = 64 * 1024;
const LOG_TAIL_BYTES: u64 = 8 * 1024;
const LOG_TAIL_LINES: usize = 10;

/// What each run of a server has in common.
#[derive(Debug)]
pub(super) struct Launch {
    pub binary: PathBuf,
    pub config: PathBuf,
    pub log: PathBuf,
    pub port: u16,
    pub server_name: String,
}

/// A nats-server process. Killed when dropped.
#[derive(Debug)]
pub(super) struct Run {
    child: Child,
    /// Where in the log this run's lines begin.
    log_begin: u64,
}

/// Why a nats-server that was started does not answer.
#[derive(Debug, thiserror::Error)]
pub enum NotReady {
    #[error("cannot run {}", binary.display())]
    Spawn {
        binary: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("nats-server left at once ({status}); the end of {}:\n{tail}", log.display())]
    Left {
        status: ExitStatus,
        log: PathBuf,
        tail: String,
    },
    #[error("port {port} of 127.0.0.1 is taken by another program: choose another")]
    PortTaken { port: u16 },
    #[error(
        "nats-server did not answer within {} s; the end of {}:\n{tail}",
        READY_TIMEOUT.as_secs(),
        log.display()
    )]
    Silent { log: PathBuf, tail: String },
    #[error("cannot wait for nats-server")]
    Wait(#[source] io::Error),
}

enum Greeting {
    Ours,
    SomebodyElse,
    None,
}

impl Launch {
    /// Starts a nats-server that holds the lock by its stdin, in a process group of its own, so
    /// that a Ctrl-C in the terminal reaches us and not it.
    pub fn spawn(&self, lock: &DataDirLock) -> Result<Run, NotReady> {
        let spawn = || {
            let log = self.open_log()?;
            let log_begin = log.metadata()?.len();
            let child = Command::new(&self.binary)
                .arg("--config")
                .arg(&self.config)
                .stdin(lock.as_stdin()?)
                .stdout(log.try_clone()?)
                .stderr(log)
                .process_group(0)
                .kill_on_drop(true)
                .spawn()?;
            Ok(Run { child, log_begin })
        };
        spawn().map_err(|source| NotReady::Spawn {
            binary: self.binary.clone(),
            source,
        })
    }

    /// Waits until the server greets under its name. Fails at once if it leaves.
    pub async fn wait_until_ready(&self, run: &mut Run) -> Result<(), NotReady> {
        let deadline = Instant::now() + READY_TIMEOUT;
        let mut ticks = interval(POLL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let ticked = timeout_at(deadline, async {
                tokio::select! {
                    status = run.child.wait() => Some(status),
                    _ = ticks.tick() => None,
                }
            });
            match ticked.await {
                Ok(None) => {}
                Ok(Some(status)) => return Err(self.left(run, status)),
                Err(_) => {
                    let tail = self.log_tail(run);
                    let log = self.log.clone();
                    return Err(NotReady::Silent { log, tail });
                }
            }
            match self.greeting().await {
                Greeting::Ours => return Ok(()),
                Greeting::SomebodyElse => return Err(NotReady::PortTaken { port: self.port }),
                Greeting::None => {}
            }
        }
    }

    fn left(&self, run: &Run, status: io::Result<ExitStatus>) -> NotReady {
        let status = match status {
            Ok(status) => status,
            Err(error) => return NotReady::Wait(error),
        };
        let tail = self.log_tail(run);
        if tail.contains("address already in use") {
            return NotReady::PortTaken { port: self.port };
        }
        let log = self.log.clone();
        NotReady::Left { status, log, tail }
    }

    /// Who greets on our port. A nats-server begins with `INFO {…}`, its name inside.
    async fn greeting(&self) -> Greeting {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let Ok(Ok(stream)) = timeout(GREETING_TIMEOUT, TcpStream::connect(address)).await else {
            return Greeting::None;
        };
        let mut line = String::new();
        let mut reader = BufReader::new(stream.take(GREETING_BYTES_MAX));
        match timeout(GREETING_TIMEOUT, reader.read_line(&mut line)).await {
            // It listens, but is not there yet, or is going.
            Ok(Ok(0)) | Ok(Err(_)) => return Greeting::None,
            Ok(Ok(_)) | Err(_) => {}
        }
        let info = line.strip_prefix("INFO ").unwrap_or_default();
        match serde_json::from_str::<serde_json::Value>(info) {
            Ok(info) if info["server_name"] == self.server_name.as_str() => Greeting::Ours,
            _ => Greeting::SomebodyElse,
        }
    }

    fn open_log(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.append(true).create(true).mode(0o600);
        options.open(&self.log)
    }

    /// The last lines that this run wrote.
    fn log_tail(&self, run: &Run) -> String {
        let read = || -> io::Result<Vec<u8>> {
            let mut file = File::open(&self.log)?;
            let length = file.metadata()?.len();
            // Shorter than it was when the run began: it was put aside meanwhile.
            let run_begin = if length < run.log_begin {
                0
            } else {
                run.log_begin
            };
            let begin = length.saturating_sub(LOG_TAIL_BYTES).max(run_begin);
            file.seek(SeekFrom::Start(begin))?;
            let mut bytes = Vec::new();
            file.take(LOG_TAIL_BYTES).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        let bytes = read().unwrap_or_else(|error| format!("(unreadable: {error})").into_bytes());
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(LOG_TAIL_LINES)..].join("\n")
    }
}

impl Run {
    /// `None` once it has ended.
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits until it ends by itself.
    pub async fn ended(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Tells it to read its configuration again.
    pub fn reload(&self) -> io::Result<()> {
        if let Some(pid) = self.pid_to_signal() {
            // Not waited for yet, so the id is still this process's.
            kill_process(pid, Signal::HUP)?;
        }
        Ok(())
    }

    /// Tells it to stop, waits, and kills it when that takes too long. It is gone afterwards.
    pub async fn stop(mut self) -> io::Result<()> {
        if let Some(pid) = self.pid_to_signal() {
            // Not waited for yet, so the id is still this process's.
            kill_process(pid, Signal::TERM)?;
        }
        if let Ok(ended) = timeout(STOP_TIMEOUT, self.child.wait()).await {
            return ended.map(drop);
        }
        tracing::warn!(
            "nats-server did not stop within {} s; killing it",
            STOP_TIMEOUT.as_secs()
        );
        self.kill().await
    }

    /// Ends it without asking, and waits until it is gone.
    pub async fn kill(mut self) -> io::Result<()> {
        if self.pid().is_some() {
            self.child.start_kill()?;
        }
        self.child.wait().await.map(drop)
    }

    fn pid_to_signal(&self) -> Option<Pid> {
        let pid = i32::try_from(self.pid()?).ok()?;
        Pid::from_raw(pid)
    }
}
