//! Starts nats-server on a data directory, restarts it when it dies, stops it.

use std::fs::File;
use std::io::{self, Read};
use std::net::{Ipv4Addr, TcpListener};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use townclerk_event_log::jetstream::Role;

use super::binary::{Binary, BinaryError};
use super::child::{Launch, NotReady, Run};
use super::config::{self, Settings, UnusablePath};
use super::credentials::{Credentials, CredentialsError};
use super::data_dir_lock::{DataDirLock, LockError};
use super::private_file;

/// How often a free port is chosen again because somebody else was faster.
const PORT_TRIES: u32 = 5;

/// Below what `net.ipv4.ip_local_port_range` begins with (32768), above what services use.
const PORTS: RangeInclusive<u16> = 15_000..=32_000;

const BACK_OFF_MIN: Duration = Duration::from_millis(200);
const BACK_OFF_MAX: Duration = Duration::from_secs(10);

/// A server that ran this long before it died is restarted as quickly as the first time.
const STEADY: Duration = Duration::from_secs(60);

/// What to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Holds the store, the credentials, the configuration, the log and the lock. Made if absent.
    pub data_dir: PathBuf,
    /// The logs, each with an account of its own. Name all: a log left out cannot be reached.
    pub logs: Vec<String>,
    /// The executable; else `TOWNCLERK_NATS_SERVER` names it, else PATH has it.
    pub binary: Option<PathBuf>,
    /// The port on 127.0.0.1; else a free one. Kept for the life of this server.
    pub port: Option<u16>,
}

/// A nats-server that runs until [`NatsServer::stop`]. Killed when dropped.
#[derive(Debug)]
pub struct NatsServer {
    port: u16,
    server_name: String,
    credentials: Credentials,
    pid: watch::Receiver<Option<u32>>,
    stop: CancellationToken,
    supervisor: JoinHandle<io::Result<()>>,
}

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("cannot use nats-server")]
    Binary(#[from] BinaryError),
    #[error("cannot use the data directory")]
    Lock(#[from] LockError),
    #[error("cannot use the credentials")]
    Credentials(#[from] CredentialsError),
    #[error("cannot configure nats-server")]
    Path(#[from] UnusablePath),
    #[error("nats-server does not start")]
    NotReady(#[from] NotReady),
    #[error("cannot {what}")]
    Io {
        what: String,
        #[source]
        source: io::Error,
    },
}

#[derive(Debug, thiserror::Error)]
pub enum StopError {
    #[error("cannot stop nats-server")]
    Stop(#[source] io::Error),
    #[error("the supervisor of nats-server failed")]
    Supervisor(#[source] JoinError),
}

impl NatsServer {
    /// Locks the directory, starts the server and waits until it answers.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let binary = Binary::find(options.binary.as_deref()).await?;
        let data_dir = make_data_dir(&options.data_dir)?;
        let lock = DataDirLock::acquire(&data_dir, &binary.path).await?;
        let credentials =
            Credentials::load_or_create(&data_dir.join("credentials"), &options.logs)?;
        let server_name = random_name().map_err(io_error("read /dev/urandom"))?;
        let mut launch = Launch {
            binary: binary.path,
            config: data_dir.join("nats-server.conf"),
            log: data_dir.join("nats-server.log"),
            port: 0,
            server_name: server_name.clone(),
        };
        let run = launch_on_port(&mut launch, &data_dir, &credentials, &lock, options.port).await?;
        tracing::info!(
            pid = run.pid(),
            port = launch.port,
            version = %binary.version,
            "nats-server is ready"
        );
        let stop = CancellationToken::new();
        let (pid_sender, pid) = watch::channel(run.pid());
        let port = launch.port;
        let supervisor = Supervisor {
            launch,
            lock,
            pid: pid_sender,
            stop: stop.clone(),
        };
        Ok(Self {
            port,
            server_name,
            credentials,
            pid,
            stop,
            supervisor: tokio::spawn(supervisor.run(run)),
        })
    }

    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Random, so that a client can tell this server from another on the same port.
    pub fn server_name(&self) -> &str {
        &self.server_name
    }

    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// The secret of a user, for a client; see also [`townclerk_event_log::jetstream::inbox_prefix`].
    pub fn user_seed(&self, log: &str, role: Role) -> Option<&str> {
        Some(self.credentials.user(log, role)?.seed())
    }

    /// The process that answers now; `None` while it is being restarted.
    pub fn pid(&self) -> Option<u32> {
        *self.pid.borrow()
    }

    /// Tells of each end and each restart.
    pub fn pid_changes(&self) -> watch::Receiver<Option<u32>> {
        self.pid.clone()
    }

    /// Stops the server, kills it if it has not stopped after 30 s, and gives the lock back.
    pub async fn stop(mut self) -> Result<(), StopError> {
        self.stop.cancel();
        let stopped = (&mut self.supervisor).await;
        stopped
            .map_err(StopError::Supervisor)?
            .map_err(StopError::Stop)
    }
}

impl Drop for NatsServer {
    /// Best effort for a start that failed later or a test that panicked: the task is dropped,
    /// and with it the child, which is killed then. Nothing to do after a stop.
    fn drop(&mut self) {
        if !self.stop.is_cancelled() {
            self.supervisor.abort();
        }
    }
}

/// The task that owns the process and the lock.
struct Supervisor {
    launch: Launch,
    lock: DataDirLock,
    pid: watch::Sender<Option<u32>>,
    stop: CancellationToken,
}

impl Supervisor {
    async fn run(self, first: Run) -> io::Result<()> {
        let mut running = Some(first);
        let mut back_off = BACK_OFF_MIN;
        while let Some(mut run) = running {
            let began = Instant::now();
            let ended = tokio::select! {
                biased;
                () = self.stop.cancelled() => None,
                ended = run.ended() => Some(ended),
            };
            self.pid.send_replace(None);
            let Some(ended) = ended else {
                run.stop().await?;
                break;
            };
            match ended {
                Ok(status) => tracing::warn!(%status, "nats-server died; restarting it"),
                Err(error) => tracing::warn!(%error, "lost sight of nats-server; restarting it"),
            }
            if began.elapsed() >= STEADY {
                back_off = BACK_OFF_MIN;
            }
            running = self.restart(&mut back_off).await?;
        }
        self.lock.release()
    }

    /// Tries until a server answers; `None` if told to stop meanwhile.
    async fn restart(&self, back_off: &mut Duration) -> io::Result<Option<Run>> {
        loop {
            if timeout(*back_off, self.stop.cancelled()).await.is_ok() {
                return Ok(None);
            }
            *back_off = (*back_off * 2).min(BACK_OFF_MAX);
            let error = match self.launch.spawn(&self.lock) {
                Err(error) => error,
                Ok(mut run) => {
                    let ready = tokio::select! {
                        biased;
                        () = self.stop.cancelled() => {
                            run.stop().await?;
                            return Ok(None);
                        }
                        ready = self.launch.wait_until_ready(&mut run) => ready,
                    };
                    let Err(error) = ready else {
                        tracing::warn!(pid = run.pid(), "nats-server was restarted");
                        self.pid.send_replace(run.pid());
                        return Ok(Some(run));
                    };
                    // A second server must not meet this one on the store.
                    run.kill().await?;
                    error
                }
            };
            tracing::warn!(error = %error, next_try = ?back_off, "nats-server does not restart");
        }
    }
}

/// Writes the configuration and starts the server, on another port if the first is taken.
async fn launch_on_port(
    launch: &mut Launch,
    data_dir: &Path,
    credentials: &Credentials,
    lock: &DataDirLock,
    given_port: Option<u16>,
) -> Result<Run, StartError> {
    let mut tries = 1;
    loop {
        launch.port = match given_port {
            Some(port) => port,
            None => free_port().map_err(io_error("find a free port"))?,
        };
        let settings = Settings {
            server_name: &launch.server_name,
            port: launch.port,
            data_dir,
        };
        let text = config::render(&settings, credentials)?;
        private_file::write(&launch.config, &text)
            .map_err(io_error(&format!("write {}", launch.config.display())))?;
        let mut run = launch.spawn(lock)?;
        let Err(error) = launch.wait_until_ready(&mut run).await else {
            return Ok(run);
        };
        // A second server must not meet this one on the store.
        run.kill()
            .await
            .map_err(io_error("end nats-server after it did not start"))?;
        let again = matches!(error, NotReady::PortTaken { .. })
            && given_port.is_none()
            && tries < PORT_TRIES;
        if !again {
            return Err(error.into());
        }
        tracing::warn!(
            port = launch.port,
            "the port that was free is taken; choosing another"
        );
        tries += 1;
    }
}

fn make_data_dir(path: &Path) -> Result<PathBuf, StartError> {
    private_file::create_directory(path)
        .and_then(|()| path.canonicalize())
        .map_err(io_error(&format!("make {}", path.display())))
}

/// A free port, by preference one that Linux gives to no outgoing connection: a client that dials
/// while the server is down could otherwise be given the server's port, and keep it.
fn free_port() -> io::Result<u16> {
    for _ in 0..100 {
        let random = u16::from_ne_bytes(random_bytes()?);
        let port = PORTS.start() + random % (PORTS.end() - PORTS.start() + 1);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

fn random_name() -> io::Result<String> {
    let random = u64::from_ne_bytes(random_bytes()?);
    Ok(format!("townclerk-{random:016x}"))
}

fn random_bytes<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn io_error(what: &str) -> impl FnOnce(io::Error) -> StartError {
    let what = what.to_owned();
    |source| StartError::Io { what, source }
}
