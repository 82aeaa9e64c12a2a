//! Servers beside the one that is measured: a twin with the same configuration, and one that
//! acknowledges before it flushes.

use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use async_nats::{Client, ConnectOptions};
use tokio::process::{Child, Command};
use tokio::time::{Instant, interval};
use townclerk::nats_server::{NatsServer, Options};
use townclerk_contract::subject::{STREAM, all_subjects};
use townclerk_domain::names::LogName;
use townclerk_event_log::EventLog;
use townclerk_event_log::jetstream::{Access, Credential, JetStreamLog, Role, inbox_prefix};

/// How long a server may take to answer first.
const PATIENCE: Duration = Duration::from_secs(60);

const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A nats-server of ours, with the configuration that `townclerk up` gives it.
pub struct Server {
    nats: NatsServer,
}

impl Server {
    pub async fn start(dir: &Path, binary: &Path, logs: &[LogName]) -> anyhow::Result<Self> {
        let nats = NatsServer::start(Options {
            data_dir: dir.to_owned(),
            logs: logs.iter().map(LogName::to_string).collect(),
            partners: Vec::new(),
            binary: Some(binary.to_owned()),
            port: None,
        })
        .await?;
        let server = Self { nats };
        for log in logs {
            JetStreamLog::initialise(&server.access(log, Role::Operator)?).await?;
        }
        Ok(server)
    }

    fn access(&self, log: &LogName, role: Role) -> anyhow::Result<Access> {
        let seed = self.nats.user_seed(log.as_str(), role);
        let seed = seed.with_context(|| format!("there is no account of {log}"))?;
        Ok(Access {
            url: self.nats.url(),
            log: log.clone(),
            role,
            credential: Credential {
                seed: seed.to_owned(),
            },
            server_name: None,
        })
    }

    pub async fn log(&self, log: &LogName, role: Role) -> anyhow::Result<Arc<dyn EventLog>> {
        let opened = JetStreamLog::open(&self.access(log, role)?).await?;
        Ok(Arc::new(opened))
    }

    pub async fn client(&self, log: &LogName, role: Role) -> anyhow::Result<Client> {
        let access = self.access(log, role)?;
        client(&access.url, &access.credential.seed, log, role).await
    }

    pub async fn stop(self) -> anyhow::Result<()> {
        Ok(self.nats.stop().await?)
    }
}

/// A connection as one user of one log.
pub async fn client(url: &str, seed: &str, log: &LogName, role: Role) -> anyhow::Result<Client> {
    let options = ConnectOptions::with_nkey(seed.to_owned())
        .custom_inbox_prefix(inbox_prefix(log.as_str(), role));
    Ok(options.connect(url).await?)
}

/// A server with the default of acknowledging before it flushes, without accounts.
pub struct LazyServer {
    child: Child,
    pub client: Client,
}

impl LazyServer {
    pub async fn start(dir: &Path, binary: &Path, log: &LogName) -> anyhow::Result<Self> {
        let port = free_port()?;
        let store = dir.display();
        let config = dir.join("nats-server.conf");
        let text =
            format!("host: 127.0.0.1\nport: {port}\njetstream {{ store_dir: \"{store}\" }}\n");
        std::fs::write(&config, text)?;
        let said = std::fs::File::create(dir.join("nats-server.log"))?;
        let child = Command::new(binary)
            .arg("--config")
            .arg(&config)
            .stdout(said.try_clone()?)
            .stderr(said)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot run {}", binary.display()))?;
        let client = connected(&format!("nats://127.0.0.1:{port}")).await?;
        let context = async_nats::jetstream::new(client.clone());
        let stream = async_nats::jetstream::stream::Config {
            name: STREAM.to_owned(),
            subjects: vec![all_subjects(log)],
            ..Default::default()
        };
        context.create_stream(stream).await?;
        Ok(Self { child, client })
    }

    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.child.start_kill()?;
        self.child.wait().await?;
        Ok(())
    }
}

async fn connected(url: &str) -> anyhow::Result<Client> {
    let deadline = Instant::now() + PATIENCE;
    let mut looks = interval(LOOK_EVERY);
    loop {
        looks.tick().await;
        match async_nats::connect(url).await {
            Ok(client) => return Ok(client),
            Err(error) if Instant::now() > deadline => return Err(error.into()),
            Err(_) => {}
        }
    }
}

/// A port below those that outgoing connections take.
pub fn free_port() -> anyhow::Result<u16> {
    let start = 15_000 + u16::try_from(std::process::id() % 15_000)?;
    let free = (start..32_000).find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok());
    free.context("no port from 15000 to 32000 is free")
}

/// What a run needs to know of where things are.
#[derive(Clone, Debug)]
pub struct Places {
    pub townclerk: PathBuf,
    pub nats_server: PathBuf,
    pub folder: PathBuf,
}

impl Places {
    /// A folder of its own for one server.
    pub fn folder_for(&self, what: &str) -> anyhow::Result<PathBuf> {
        let folder = self.folder.join(what);
        // As `up` wants it.
        let mut ours = std::fs::DirBuilder::new();
        ours.recursive(true).mode(0o700).create(&folder)?;
        Ok(folder)
    }
}

/// The seconds since the epoch make keys of one run differ from those of another.
pub fn run_name() -> String {
    jiff::Timestamp::now().as_second().to_string()
}
