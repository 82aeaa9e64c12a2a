//! Reaching the logs themselves, for commands that do not go through the services.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::Args;
use townclerk_domain::names::LogName;
use townclerk_event_log::jetstream::Role;
use townclerk_event_log::{Measure, Writes};

use super::ends::EndsFile;
use super::logs::{Logs, initialise, seed_file};
use super::room;
use crate::nats_server::{DataDirLock, NatsServer, Options, running_server};
use crate::town::{Partner, Town};

/// The data directory of commands to which none is named.
const DATA_UNNAMED: &str = "townclerk-data";

/// Where the logs are.
#[derive(Clone, Debug, Args)]
pub struct Reach {
    /// The data directory. If a townclerk runs on it, its nats-server is used; else one is started
    /// for as long as this command runs
    #[arg(long, env = "TOWNCLERK_DATA", default_value = DATA_UNNAMED)]
    pub data: PathBuf,
    /// A nats-server that somebody else runs
    #[arg(long, env = "TOWNCLERK_NATS_URL", requires = "credentials")]
    pub nats_url: Option<String>,
    /// The folder that holds <log>/<role>.nk for it
    #[arg(long, env = "TOWNCLERK_CREDENTIALS", requires = "nats_url")]
    pub credentials: Option<PathBuf>,
    /// The nats-server to start where none runs (2.12.5 or newer); else the one on PATH
    #[arg(long, env = "TOWNCLERK_NATS_SERVER")]
    pub nats_server: Option<PathBuf>,
}

impl Reach {
    /// The logs of a data directory.
    pub fn data(data: &Path) -> Self {
        Self {
            data: data.to_owned(),
            nats_url: None,
            credentials: None,
            nats_server: None,
        }
    }

    /// Who takes part, as it is written down.
    ///
    /// # Errors
    /// A folder that holds no Townclerk.
    pub(crate) fn town(&self) -> anyhow::Result<Town> {
        Town::load(&self.data)?.with_context(|| {
            format!(
                "{} holds no Townclerk: name its data folder with --data, or make a new one there \
                 with `townclerk up` or `townclerk council add --new`",
                self.data.display()
            )
        })
    }

    /// The logs of a nats-server that somebody else runs, where that is named.
    pub(crate) fn elsewhere(&self) -> Option<Logs> {
        let (Some(url), Some(credentials)) = (&self.nats_url, &self.credentials) else {
            return None;
        };
        Some(Logs {
            url: url.clone(),
            credentials: credentials.clone(),
            server_name: None,
            ends: Arc::default(),
            writes: Arc::default(),
        })
    }
}

/// Logs within reach; close it in the end.
pub struct Opened {
    pub logs: Logs,
    /// The logs that there are.
    pub names: Vec<LogName>,
    /// Where it was started for this.
    nats: Option<NatsServer>,
    ends: Option<EndsFile>,
}

impl Opened {
    /// Reaches the logs. Records no event.
    ///
    /// # Errors
    /// What was found and what to do.
    pub async fn on(reach: &Reach) -> anyhow::Result<Self> {
        if let Some(logs) = reach.elsewhere() {
            let names = logs_with_credentials(&logs.credentials)?;
            // How far logs of somebody else's nats-server were seen has no place in the data of
            // another Townclerk, which the folder that nobody named may be.
            let named = reach.data != Path::new(DATA_UNNAMED);
            let ends = named.then(|| EndsFile::load(&reach.data, &logs.ends));
            return Ok(Self {
                ends: ends.transpose()?,
                logs,
                names,
                nats: None,
            });
        }
        let town = reach.town()?;
        match DataDirLock::worker_on(&reach.data)? {
            Some(pid) => Self::attach(&reach.data, &town, pid),
            None => Self::start(reach, &town).await,
        }
    }

    fn attach(data: &Path, town: &Town, pid: i32) -> anyhow::Result<Self> {
        let (url, server_name) = running_server(data).with_context(|| {
            format!(
                "process {pid} works on {}, but its nats-server is not known yet: try again",
                data.display()
            )
        })?;
        let logs = Logs {
            url,
            credentials: data.join("credentials"),
            server_name: Some(server_name),
            ends: Arc::default(),
            writes: Arc::new(Writes::with(Box::new(|| None), measure(data))),
        };
        Ok(Self {
            ends: Some(EndsFile::load(data, &logs.ends)?),
            logs,
            names: town.logs(),
            nats: None,
        })
    }

    async fn start(reach: &Reach, town: &Town) -> anyhow::Result<Self> {
        let nats = NatsServer::start(server_options(
            &reach.data,
            town,
            reach.nats_server.clone(),
            None,
        ))
        .await?;
        let logs = logs_of(&nats, &reach.data);
        let opened = match EndsFile::load(&reach.data, &logs.ends) {
            Ok(ends) => Self {
                ends: Some(ends),
                logs,
                names: town.logs(),
                nats: Some(nats),
            },
            Err(error) => {
                nats.stop().await?;
                return Err(error);
            }
        };
        match initialise(&opened.logs, &opened.names).await {
            Ok(_) => Ok(opened),
            Err(error) => {
                opened.close().await?;
                Err(error)
            }
        }
    }

    /// Writes down how far the logs were seen, and stops nats-server if it was started for this.
    ///
    /// # Errors
    /// A file that cannot be written, or a server that does not stop.
    pub async fn close(self) -> anyhow::Result<()> {
        let saved = self.ends.as_ref().map_or(Ok(()), EndsFile::save);
        if let Some(nats) = self.nats {
            nats.stop().await?;
        }
        saved
    }
}

/// What nats-server is started with for a town.
pub(super) fn server_options(
    data: &Path,
    town: &Town,
    binary: Option<PathBuf>,
    port: Option<u16>,
) -> Options {
    let (logs, partners) = tenants(town);
    Options {
        data_dir: data.to_owned(),
        logs,
        partners,
        binary,
        port,
    }
}

/// Who has an account.
pub(crate) fn tenants(town: &Town) -> (Vec<String>, Vec<Partner>) {
    let logs = town.logs().iter().map(LogName::to_string).collect();
    (logs, town.partners.iter().cloned().collect())
}

/// Measures the disk of the nats-server that works on `data`.
fn measure(data: &Path) -> Measure {
    let data = data.to_owned();
    Box::new(move || room::of_the_store(&data))
}

pub(super) fn logs_of(nats: &NatsServer, data: &Path) -> Logs {
    let health = nats.health();
    let writes = Writes::with(Box::new(move || health.borrow().clone()), measure(data));
    Logs {
        url: nats.url(),
        credentials: data.join("credentials"),
        server_name: Some(nats.server_name().to_owned()),
        ends: Arc::default(),
        writes: Arc::new(writes),
    }
}

/// The logs for which there is a credential to read.
fn logs_with_credentials(credentials: &Path) -> anyhow::Result<Vec<LogName>> {
    let entries = std::fs::read_dir(credentials)
        .with_context(|| format!("cannot look into {}", credentials.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        let Some(log) = name.to_str().and_then(|name| LogName::new(name).ok()) else {
            continue;
        };
        if seed_file(credentials, &log, Role::Reader).is_file() {
            names.push(log);
        }
    }
    if names.is_empty() {
        bail!(
            "{} holds no <log>/{}.nk: name the folder that does with --credentials",
            credentials.display(),
            Role::Reader.as_str()
        );
    }
    names.sort();
    Ok(names)
}
