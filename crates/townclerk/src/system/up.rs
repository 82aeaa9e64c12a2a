//! `townclerk up`: everything in one process on one data directory.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use axum::Router;
use serde_json::Value;
use tokio::net::TcpSocket;
use tokio::sync::watch;
use townclerk_app::access::{IssuedToken, RouteNeed, TokenBook};
use townclerk_app::http::serve::serve_latest;
use townclerk_app::lifecycle::Parts;
use townclerk_app::private_file;
use townclerk_domain::names::{Code, LogName};
use townclerk_event_log::EventLog;
use townclerk_event_log::jetstream::Role;
use townclerk_view_service::Views;

use super::descriptors::connection_limits;
use super::ends::EndsFile;
use super::files::{
    Looked, begin_editing, first_tokens_file, operator_token_file, token_book_file,
};
use super::logs::{Logs, initialise};
use super::reach::{logs_of, server_options, tenants};
use super::roles::Parted;
use super::running::{Ground, Running};
use super::server::Server;
use crate::nats_server::{Binary, DataDirLock, NatsServer, SYS_INBOX_PREFIX, VARZ_SUBJECT};
use crate::town::Town;

/// The councils of a first start that names none.
const FIRST_COUNCILS: [&str; 3] = ["brent", "lewisham", "southwark"];

#[derive(Clone, Debug)]
pub struct UpOptions {
    pub data_dir: PathBuf,
    /// Who takes part at the first start; later `town.json` says so, and this must agree with it.
    pub councils: Option<BTreeSet<Code>>,
    /// Where to serve HTTP; port 0 takes a free one.
    pub listen: SocketAddr,
    pub nats_server: Option<PathBuf>,
    pub nats_port: Option<u16>,
    /// A nats-server that somebody else runs.
    pub elsewhere: Option<Logs>,
}

impl UpOptions {
    /// On free ports, with whatever nats-server there is.
    pub fn on_free_ports(data_dir: &Path, councils: &[&str]) -> anyhow::Result<Self> {
        let councils = councils.iter().map(|council| Code::new(*council));
        Ok(Self {
            data_dir: data_dir.to_owned(),
            councils: Some(councils.collect::<Result<_, _>>()?),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            nats_server: None,
            nats_port: None,
            elsewhere: None,
        })
    }

    /// Who takes part: as `town.json` says, which a first start writes.
    async fn town(&self) -> anyhow::Result<Town> {
        let _editing = begin_editing(&self.data_dir).await?;
        if let Some(town) = Town::load(&self.data_dir)? {
            let named = self.councils.as_ref();
            let other = named.filter(|named| **named != town.councils);
            // Where another works on the folder, the lock is what this start is refused by.
            let alone = DataDirLock::worker_on(&self.data_dir)?.is_none();
            if let Some(named) = other.filter(|_| alone) {
                bail!(
                    "town.json in {} names the councils {}, not {}: leave --councils out, and \
                     let a council join with `townclerk council add`",
                    self.data_dir.display(),
                    listed(&town.councils),
                    listed(named)
                );
            }
            return Ok(town);
        }
        let first = || FIRST_COUNCILS.map(Code::new).into_iter().collect();
        let councils = self.councils.clone().map_or_else(first, Ok)?;
        let town = Town::of(councils)?;
        town.save(&self.data_dir)?;
        Ok(town)
    }
}

fn listed(councils: &BTreeSet<Code>) -> String {
    let names: Vec<&str> = councils.iter().map(Code::as_str).collect();
    names.join(", ")
}

/// What a start finds in the data directory, or makes there.
struct Made {
    ends: EndsFile,
    tokens: TokenBook,
    issued: Vec<IssuedToken>,
    looked: Looked,
}

/// nats-server runs, every stream is there, tokens exist; nothing is served yet.
pub struct Prepared {
    options: UpOptions,
    /// What a first start took before it made anything.
    address: Option<TcpSocket>,
    server: Server,
    town: Town,
    logs: Logs,
    ends: EndsFile,
    tokens: TokenBook,
    tokens_are_new: bool,
    looked: Looked,
    /// Made at this start; kept in plain text in the file of first tokens alone.
    pub issued: Vec<IssuedToken>,
}

impl Prepared {
    /// Starts nats-server on the data directory and makes what is not there yet. Records no event.
    ///
    /// # Errors
    /// What was found and what to do.
    pub async fn start(options: UpOptions) -> anyhow::Result<Self> {
        // Before anything is made: a first start that cannot be leaves nothing behind. Where there is
        // a Townclerk already, that it runs is what is said first.
        let first = !Town::file(&options.data_dir).exists();
        let address = first.then(|| bound(options.listen)).transpose()?;
        find_nats_server(&options, first).await?;
        private_file::make_nothing_for_others();
        private_file::create_own_folder(&options.data_dir)
            .context("cannot use the data directory")?;
        let town = options.town().await?;
        let (server, logs) = server(&options, &town).await?;
        match Self::make(&options, &server, &logs, &town).await {
            Ok(Made {
                ends,
                tokens,
                issued,
                looked,
            }) => Ok(Self {
                options,
                address,
                server,
                town,
                logs,
                ends,
                tokens,
                tokens_are_new: !issued.is_empty(),
                looked,
                issued,
            }),
            Err(error) => {
                server.stop().await?;
                Err(error)
            }
        }
    }

    async fn make(
        options: &UpOptions,
        server: &Server,
        logs: &Logs,
        town: &Town,
    ) -> anyhow::Result<Made> {
        let ends = EndsFile::load(&options.data_dir, &logs.ends)?;
        if let Server::Own(nats) = server {
            assert_synchronous(nats).await?;
        }
        for (log, initialised) in initialise(logs, &town.logs()).await? {
            tracing::debug!(%log, ?initialised, "stream");
        }
        let _editing = begin_editing(&options.data_dir).await?;
        let book = token_book_file(&options.data_dir);
        let operator = operator_token_file(&options.data_dir);
        let first = first_tokens_file(&options.data_dir);
        let (tokens, issued) = TokenBook::load_or_create(&book, &operator, &first)?;
        // Nobody edits them while we look.
        let looked = Looked::at(&options.data_dir).await;
        Ok(Made {
            ends,
            tokens,
            issued,
            looked,
        })
    }

    fn names(&self) -> Vec<LogName> {
        self.town.logs()
    }

    /// The logs of this system, to be written to.
    ///
    /// # Errors
    /// A log that cannot be opened.
    pub async fn writers(&self) -> anyhow::Result<Vec<Arc<dyn EventLog>>> {
        self.logs.open(&self.names(), Role::Writer).await
    }

    /// The logs of this system, to be read.
    ///
    /// # Errors
    /// A log that cannot be opened.
    pub async fn readers(&self) -> anyhow::Result<Vec<Arc<dyn EventLog>>> {
        self.logs.open(&self.names(), Role::Reader).await
    }

    /// Opens the views, serves everything, and follows the files from now on.
    ///
    /// # Errors
    /// A view or an address that cannot be used.
    pub async fn serve(self) -> anyhow::Result<System> {
        let Self {
            options,
            address,
            server,
            town,
            logs,
            ends,
            tokens,
            tokens_are_new,
            looked,
            issued: _,
        } = self;
        let mut parts = Parts::new();
        let ground = Ground {
            data_dir: options.data_dir.clone(),
            server: server.clone(),
            logs,
            ends: Arc::new(ends),
            town,
            tokens,
            tokens_are_new,
            looked,
        };
        match serve_with(options.listen, address, ground, &mut parts).await {
            Ok((address, served, not_taken_up)) => Ok(System {
                address,
                served,
                not_taken_up,
                server,
                parts,
                data_dir: options.data_dir,
            }),
            Err(error) => {
                // What failed first is what matters; the rest is only stopped.
                if let Err(stopping) = parts.drain().await {
                    tracing::warn!(%stopping, "while stopping");
                }
                server.stop().await?;
                Err(error)
            }
        }
    }
}

type Served = watch::Receiver<Arc<Parted>>;
type NotTakenUp = watch::Receiver<Option<String>>;

/// Takes an address without listening there yet: while nothing can be answered, who connects is
/// refused at once.
fn bound(listen: SocketAddr) -> anyhow::Result<TcpSocket> {
    let taken = || -> std::io::Result<TcpSocket> {
        let socket = match listen {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        // As for any server: connections of the one before may linger.
        socket.set_reuseaddr(true)?;
        socket.bind(listen)?;
        Ok(socket)
    };
    taken().with_context(|| cannot_listen(listen))
}

fn cannot_listen(listen: SocketAddr) -> String {
    format!("cannot listen on {listen}; choose another with --listen")
}

/// Whether the nats-server that is to be started is one, and its port is free.
async fn find_nats_server(options: &UpOptions, first: bool) -> anyhow::Result<()> {
    if options.elsewhere.is_some() {
        return Ok(());
    }
    Binary::find(options.nats_server.as_deref()).await?;
    if let Some(port) = options.nats_port.filter(|_| first) {
        std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .with_context(|| format!("port {port} is taken; choose another with --nats-port"))?;
    }
    Ok(())
}

/// Connections that may wait to be taken.
const BACKLOG: u32 = 1024;

async fn serve_with(
    listen: SocketAddr,
    address: Option<TcpSocket>,
    ground: Ground,
    parts: &mut Parts,
) -> anyhow::Result<(SocketAddr, Served, NotTakenUp)> {
    let address = address.map_or_else(|| bound(listen), Ok)?;
    let listener = address.listen(BACKLOG);
    let listener = listener.with_context(|| cannot_listen(listen))?;
    let address = listener.local_addr()?;
    let limits = connection_limits()?;
    let stop = parts.stop_token();
    let running = Running::start(ground, &stop).await?;
    let served = running.served();
    let not_taken_up = running.not_taken_up();
    let routers: watch::Receiver<Router> = running.routers();
    let serving = serve_latest(listener, routers, limits, stop);
    parts.run("the HTTP server", serving);
    parts.run("what is served", running.follow_files());
    Ok((address, served, not_taken_up))
}

/// nats-server on the data directory, or the one that somebody else runs.
async fn server(options: &UpOptions, town: &Town) -> anyhow::Result<(Server, Logs)> {
    let data = &options.data_dir;
    let Some(logs) = options.elsewhere.clone() else {
        let binary = options.nats_server.clone();
        let nats = NatsServer::start(server_options(data, town, binary, options.nats_port)).await?;
        let logs = logs_of(&nats, data);
        return Ok((Server::Own(Arc::new(nats)), logs));
    };
    let lock = DataDirLock::acquire(data, Path::new("nats-server")).await?;
    let server = Server::Elsewhere {
        credentials: logs.credentials.clone(),
        lock: Arc::new(lock),
    };
    let (names, partners) = tenants(town);
    server.admit(data, &names, &partners).await?;
    Ok((server, logs))
}

/// Everything runs.
pub struct System {
    pub address: SocketAddr,
    pub data_dir: PathBuf,
    served: Served,
    not_taken_up: NotTakenUp,
    server: Server,
    parts: Parts,
}

impl System {
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The views that are served now; none while councils are being changed.
    pub fn views(&self) -> Views {
        self.served.borrow().views.clone()
    }

    /// Why what stands in the files is not in force; the state before is then.
    pub fn not_taken_up(&self) -> Option<String> {
        self.not_taken_up.borrow().clone()
    }

    /// The routes that are served now.
    pub fn needs(&self) -> Vec<RouteNeed> {
        self.served.borrow().needs.clone()
    }

    /// Its own nats-server; none where somebody else runs one.
    pub fn nats(&self) -> Option<&NatsServer> {
        match &self.server {
            Server::Own(nats) => Some(nats),
            Server::Elsewhere { .. } => None,
        }
    }

    /// Runs until a signal comes or a part fails, then stops everything, nats-server last.
    ///
    /// # Errors
    /// The first failure.
    pub async fn until_stopped(self) -> anyhow::Result<()> {
        let stopped = self.parts.until_stopped().await;
        self.server.stop().await?;
        Ok(stopped?)
    }

    /// Stops everything now, nats-server last.
    ///
    /// # Errors
    /// The first failure.
    pub async fn stop(self) -> anyhow::Result<()> {
        let stopped = self.parts.drain().await;
        self.server.stop().await?;
        Ok(stopped?)
    }
}

/// An acknowledged event must be on the disk: asks the server itself how it writes.
async fn assert_synchronous(nats: &NatsServer) -> anyhow::Result<()> {
    let seed = nats.credentials().sys().seed().to_owned();
    let client = async_nats::ConnectOptions::with_nkey(seed)
        .custom_inbox_prefix(SYS_INBOX_PREFIX)
        .connect(nats.url())
        .await
        .context("cannot ask nats-server how it writes")?;
    let answer = client
        .request(VARZ_SUBJECT, "{}".into())
        .await
        .context("nats-server does not say how it writes")?;
    let answer: Value = serde_json::from_slice(&answer.payload)?;
    let synchronous = &answer["data"]["jetstream"]["config"]["sync_always"];
    if *synchronous != Value::Bool(true) {
        bail!(
            "nats-server does not write before it acknowledges (sync_always is {synchronous}): \
             its configuration must say sync_interval: always"
        );
    }
    Ok(())
}
