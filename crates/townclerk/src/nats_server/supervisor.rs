//! Starts nats-server on a data directory, restarts it when it dies, stops it.

use std::fs::File;
use std::io::{self, Read};
use std::net::{Ipv4Addr, TcpListener};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{JoinError, JoinHandle};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use townclerk_app::private_file;
use townclerk_event_log::jetstream::Role;

use super::binary::{Binary, BinaryError};
use super::child::{Launch, NotReady, Run};
use super::config::{self, Settings, UnusablePath};
use super::credentials::{Credentials, CredentialsError};
use super::data_dir_lock::{DataDirLock, LockError};
use super::health::Health;
use super::reload::{self, ReloadError};
use crate::town::Partner;

/// How often a free port is chosen again because somebody else was faster.
const PORT_TRIES: u32 = 5;

/// Below what `net.ipv4.ip_local_port_range` begins with (32768), above what services use.
const PORTS: RangeInclusive<u16> = 15_000..=32_000;

const BACK_OFF_MIN: Duration = Duration::from_millis(200);
const BACK_OFF_MAX: Duration = Duration::from_secs(10);

/// A server that ran this long before it died is restarted as quickly as the first time.
const STEADY: Duration = Duration::from_secs(60);

/// Where in the data directory the server's configuration is.
const CONFIG_FILE: &str = "nats-server.conf";

/// Where in the data directory the URL of the server stands that runs now, or ran last.
const URL_FILE: &str = "nats.url";

/// Where in the data directory the server writes its log.
const LOG_FILE: &str = "nats-server.log";

/// What the supervisor is asked to do with the server that runs.
pub(super) enum Order {
    /// To tell it to read its configuration again, and say whether that could be told.
    Reload(oneshot::Sender<io::Result<()>>),
    /// To stop it and start it again.
    Restart,
}

/// What to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Holds the store, the credentials, the configuration, the log and the lock. Made if absent.
    pub data_dir: PathBuf,
    /// The logs, each with an account of its own. Name all: a log left out cannot be reached.
    pub logs: Vec<String>,
    /// The tools of councils, each with an account of its own.
    pub partners: Vec<Partner>,
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
    data_dir: PathBuf,
    credentials: RwLock<Arc<Credentials>>,
    orders: mpsc::Sender<Order>,
    health: watch::Receiver<Option<String>>,
    looking: JoinHandle<()>,
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
        let credentials = Credentials::load_or_create(
            &data_dir.join("credentials"),
            &options.logs,
            &options.partners,
        )?;
        let server_name = random_name().map_err(io_error("read /dev/urandom"))?;
        let mut launch = Launch {
            binary: binary.path,
            config: data_dir.join(CONFIG_FILE),
            log: data_dir.join(LOG_FILE),
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
        let (orders, ordered) = mpsc::channel(1);
        let (says, health) = watch::channel(None);
        let (pid_sender, pid) = watch::channel(run.pid());
        let port = launch.port;
        let supervisor = Supervisor {
            launch,
            lock,
            pid: pid_sender,
            stop: stop.clone(),
        };
        let credentials = Arc::new(credentials);
        let looking = Health {
            url: url_at(port),
            credentials: Arc::clone(&credentials),
            data_dir: data_dir.clone(),
            orders: orders.clone(),
            says,
            stop: stop.clone(),
        };
        let server = Self {
            port,
            server_name,
            data_dir,
            credentials: RwLock::new(credentials),
            orders,
            health,
            looking: tokio::spawn(looking.run()),
            pid,
            stop,
            supervisor: tokio::spawn(supervisor.run(run, ordered)),
        };
        let file = server.data_dir.join(URL_FILE);
        let written = private_file::write(&file, format!("{}\n", server.url()));
        written.map_err(io_error(&format!("write {}", file.display())))?;
        Ok(server)
    }

    /// Gives accounts to these logs and partners, and takes them from all others, while the server
    /// runs. Returns once the server has read it.
    ///
    /// # Errors
    /// A configuration that cannot be written, or that the server does not take; it keeps the one
    /// before.
    pub async fn reconfigure(
        &self,
        logs: &[String],
        partners: &[Partner],
    ) -> Result<(), ReloadError> {
        let folder = self.data_dir.join("credentials");
        let credentials = Credentials::load_or_create(&folder, logs, partners)?;
        let settings = Settings {
            server_name: &self.server_name,
            port: self.port,
            data_dir: &self.data_dir,
            log: &self.data_dir.join(LOG_FILE),
        };
        let text = config::render(&settings, &credentials)?;
        let file = self.data_dir.join(CONFIG_FILE);
        private_file::write(&file, &text).map_err(ReloadError::Write)?;
        // The server makes a new account at the first time, and opens its imports at the second.
        for _ in 0..2 {
            let before = reload::loaded_at(&self.url(), credentials.sys()).await?;
            self.signal_reload().await?;
            reload::loaded_after(&self.url(), credentials.sys(), &before).await?;
        }
        *self
            .credentials
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::new(credentials);
        Ok(())
    }

    async fn signal_reload(&self) -> Result<(), ReloadError> {
        let (done, told) = oneshot::channel();
        let sent = self.orders.send(Order::Reload(done)).await;
        sent.map_err(|_| ReloadError::Stopping)?;
        let told = told.await.map_err(|_| ReloadError::Stopping)?;
        told.map_err(ReloadError::Signal)
    }

    pub fn url(&self) -> String {
        url_at(self.port)
    }

    /// Tells why it cannot write what is recorded, as long as it cannot.
    pub fn health(&self) -> watch::Receiver<Option<String>> {
        self.health.clone()
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Random, so that a client can tell this server from another on the same port.
    pub fn server_name(&self) -> &str {
        &self.server_name
    }

    /// As it is: absolute, without links.
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    pub fn credentials(&self) -> Arc<Credentials> {
        let current = self.credentials.read();
        Arc::clone(&current.unwrap_or_else(PoisonError::into_inner))
    }

    /// The secret of a user, for a client; see also [`townclerk_event_log::jetstream::inbox_prefix`].
    pub fn user_seed(&self, log: &str, role: Role) -> Option<String> {
        Some(self.credentials().user(log, role)?.seed().to_owned())
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
            .map_err(StopError::Stop)?;
        (&mut self.looking).await.map_err(StopError::Supervisor)
    }
}

impl Drop for NatsServer {
    /// Best effort for a start that failed later or a test that panicked: the task is dropped,
    /// and with it the child, which is killed then. Nothing to do after a stop.
    fn drop(&mut self) {
        if !self.stop.is_cancelled() {
            self.looking.abort();
            self.supervisor.abort();
        }
    }
}

/// How a run came to its end.
enum Ended {
    Stopped,
    ToBeRestarted,
    ByItself(io::Result<ExitStatus>),
}

/// The task that owns the process and the lock.
struct Supervisor {
    launch: Launch,
    lock: DataDirLock,
    pid: watch::Sender<Option<u32>>,
    stop: CancellationToken,
}

impl Supervisor {
    async fn run(self, first: Run, mut orders: mpsc::Receiver<Order>) -> io::Result<()> {
        let mut running = Some(first);
        let mut back_off = BACK_OFF_MIN;
        while let Some(mut run) = running {
            let began = Instant::now();
            let ended = loop {
                tokio::select! {
                    biased;
                    () = self.stop.cancelled() => break Ended::Stopped,
                    ended = run.ended() => break Ended::ByItself(ended),
                    Some(order) = orders.recv() => match order {
                        // Who asked may have gone meanwhile.
                        Order::Reload(told) => { told.send(run.reload()).ok(); }
                        Order::Restart => break Ended::ToBeRestarted,
                    }
                }
            };
            self.pid.send_replace(None);
            match ended {
                Ended::Stopped => {
                    run.stop().await?;
                    break;
                }
                Ended::ToBeRestarted => run.stop().await?,
                Ended::ByItself(Ok(status)) => {
                    tracing::warn!(%status, "nats-server died; restarting it");
                }
                Ended::ByItself(Err(error)) => {
                    tracing::warn!(%error, "lost sight of nats-server; restarting it");
                }
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

fn url_at(port: u16) -> String {
    format!("nats://127.0.0.1:{port}")
}

/// The server that runs on a data directory: its URL and its name.
///
/// # Errors
/// Files that are not there or do not say it.
pub fn running_server(data_dir: &Path) -> io::Result<(String, String)> {
    let url = private_file::read_text(&data_dir.join(URL_FILE))?;
    let config = private_file::read_text(&data_dir.join(CONFIG_FILE))?;
    let mut lines = config.lines();
    let name = lines.find_map(|line| line.strip_prefix("server_name: "));
    let name = name.ok_or_else(|| {
        let why = format!("{CONFIG_FILE} names no server");
        io::Error::new(io::ErrorKind::InvalidData, why)
    })?;
    Ok((url.trim().to_owned(), name.to_owned()))
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
            log: &launch.log,
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
    private_file::create_folder(path)
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
