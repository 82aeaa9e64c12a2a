//! `townclerk up`: everything in one process on one data directory.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use serde_json::Value;
use tokio::net::TcpListener;
use townclerk_app::access::{IssuedToken, RouteNeed, TokenBook};
use townclerk_app::clock;
use townclerk_app::http::serve::serve;
use townclerk_app::lifecycle::Parts;
use townclerk_domain::names::{Code, LogName, Scope};
use townclerk_event_log::EventLog;
use townclerk_event_log::jetstream::Role;
use townclerk_view_service::Views;

use super::logs::{Logs, initialise};
use super::roles::{Parted, Roles, compose};
use crate::nats_server::{NatsServer, Options, SYS_INBOX_PREFIX, VARZ_SUBJECT};

#[derive(Clone, Debug)]
pub struct UpOptions {
    pub data_dir: PathBuf,
    pub councils: Vec<Code>,
    /// Where to serve HTTP; port 0 takes a free one.
    pub listen: SocketAddr,
    pub nats_server: Option<PathBuf>,
    pub nats_port: Option<u16>,
}

impl UpOptions {
    /// On free ports, with whatever nats-server there is.
    pub fn on_free_ports(data_dir: &Path, councils: &[&str]) -> anyhow::Result<Self> {
        let councils = councils.iter().map(|council| Code::new(*council));
        Ok(Self {
            data_dir: data_dir.to_owned(),
            councils: councils.collect::<Result<_, _>>()?,
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            nats_server: None,
            nats_port: None,
        })
    }

    fn log_names(&self) -> anyhow::Result<Vec<LogName>> {
        let councils = self.councils.iter();
        let mut logs: Vec<LogName> = councils
            .map(|council| LogName::new(council.as_str()))
            .collect::<Result<_, _>>()?;
        if logs.iter().any(LogName::is_shared) {
            bail!("no council is called shared: that log is there by itself");
        }
        logs.push(LogName::shared());
        logs.sort();
        logs.dedup();
        Ok(logs)
    }
}

/// nats-server runs, every stream is there, tokens exist; nothing is served yet.
pub struct Prepared {
    options: UpOptions,
    nats: NatsServer,
    names: Vec<LogName>,
    logs: Logs,
    tokens: TokenBook,
    /// Made at this start; shown once.
    pub issued: Vec<IssuedToken>,
}

impl Prepared {
    /// Starts nats-server on the data directory and makes what is not there yet. Records no event.
    ///
    /// # Errors
    /// What was found and what to do.
    pub async fn start(options: UpOptions) -> anyhow::Result<Self> {
        let names = options.log_names()?;
        let nats = NatsServer::start(Options {
            data_dir: options.data_dir.clone(),
            logs: names.iter().map(LogName::to_string).collect(),
            binary: options.nats_server.clone(),
            port: options.nats_port,
        })
        .await?;
        let logs = Logs {
            url: nats.url(),
            credentials: options.data_dir.join("credentials"),
            server_name: Some(nats.server_name().to_owned()),
        };
        let made = Self::make(&options, &nats, &logs, &names).await;
        match made {
            Ok((tokens, issued)) => Ok(Self {
                options,
                nats,
                names,
                logs,
                tokens,
                issued,
            }),
            Err(error) => {
                nats.stop().await?;
                Err(error)
            }
        }
    }

    async fn make(
        options: &UpOptions,
        nats: &NatsServer,
        logs: &Logs,
        names: &[LogName],
    ) -> anyhow::Result<(TokenBook, Vec<IssuedToken>)> {
        assert_synchronous(nats).await?;
        for (log, initialised) in initialise(logs, names).await? {
            tracing::debug!(%log, ?initialised, "stream");
        }
        let book = options.data_dir.join("tokens.json");
        let operator = operator_token_file(&options.data_dir);
        Ok(TokenBook::load_or_create(&book, &operator)?)
    }

    /// The logs of this system, to be written to.
    ///
    /// # Errors
    /// A log that cannot be opened.
    pub async fn writers(&self) -> anyhow::Result<Vec<Arc<dyn EventLog>>> {
        self.logs.open(&self.names, Role::Writer).await
    }

    /// The logs of this system, to be read.
    ///
    /// # Errors
    /// A log that cannot be opened.
    pub async fn readers(&self) -> anyhow::Result<Vec<Arc<dyn EventLog>>> {
        self.logs.open(&self.names, Role::Reader).await
    }

    /// Opens the views and serves everything.
    ///
    /// # Errors
    /// A view or an address that cannot be used.
    pub async fn serve(self) -> anyhow::Result<System> {
        let mut parts = Parts::new();
        let served = self.serve_with(&mut parts).await;
        match served {
            Ok((address, parted)) => Ok(System {
                address,
                views: parted.views,
                needs: parted.needs,
                nats: self.nats,
                parts,
                data_dir: self.options.data_dir,
            }),
            Err(error) => {
                // What failed first is what matters; the rest is only stopped.
                if let Err(stopping) = parts.drain().await {
                    tracing::warn!(%stopping, "while stopping");
                }
                self.nats.stop().await?;
                Err(error)
            }
        }
    }

    async fn serve_with(&self, parts: &mut Parts) -> anyhow::Result<(SocketAddr, Parted)> {
        let listen = self.options.listen;
        let listener = TcpListener::bind(listen)
            .await
            .with_context(|| format!("cannot listen on {listen}; choose another with --listen"))?;
        let councils = self.names.iter().filter(|log| !log.is_shared());
        let scopes = councils.map(|log| Scope::Log(log.clone()));
        let roles = Roles {
            tickets: true,
            changes: true,
            outages: true,
            registry: true,
            restructure: true,
            views: scopes.chain([Scope::Joint]).collect(),
        };
        let (writers, readers) = (self.writers().await?, self.readers().await?);
        let views_dir = self.options.data_dir.join("views");
        let (tokens, clock) = (Arc::new(self.tokens.clone()), clock::system());
        let parted = compose(&roles, &writers, &readers, &views_dir, tokens, clock, parts).await?;
        let address = listener.local_addr()?;
        let serving = serve(listener, parted.router.clone(), parts.stop_token());
        parts.run("the HTTP server", serving);
        Ok((address, parted))
    }
}

/// The file from which the command line on this machine takes the operator's token.
pub fn operator_token_file(data_dir: &Path) -> PathBuf {
    data_dir.join("operator.token")
}

/// Everything runs.
pub struct System {
    pub address: SocketAddr,
    pub views: Views,
    pub needs: Vec<RouteNeed>,
    pub nats: NatsServer,
    pub data_dir: PathBuf,
    parts: Parts,
}

impl System {
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Runs until a signal comes or a part fails, then stops everything, nats-server last.
    ///
    /// # Errors
    /// The first failure.
    pub async fn until_stopped(self) -> anyhow::Result<()> {
        let stopped = self.parts.until_stopped().await;
        tracing::info!("stopping nats-server");
        self.nats.stop().await?;
        Ok(stopped?)
    }

    /// Stops everything now, nats-server last.
    ///
    /// # Errors
    /// The first failure.
    pub async fn stop(self) -> anyhow::Result<()> {
        let stopped = self.parts.drain().await;
        self.nats.stop().await?;
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
