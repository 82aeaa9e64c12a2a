//! The system under test: a data directory with a long history, and `townclerk up` on it as a
//! process of its own.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, ensure};
use async_nats::Client;
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, interval};
use townclerk_contract::envelope::Message;
use townclerk_domain::names::LogName;
use townclerk_event_log::jetstream::Role;
use townclerk_sample_history::volume;

use crate::bare::publish_batch;
use crate::connection::{Caller, Connection};
use crate::servers::{Places, Server, client, free_port};

pub const SEED: u64 = 20_261_122;

const COUNCILS: [&str; 3] = ["brent", "lewisham", "southwark"];

const BATCH: usize = 1_000;

/// Making views from a long history takes a while.
const READY_LIMIT: Duration = Duration::from_secs(1_800);

const LOOK_EVERY: Duration = Duration::from_millis(200);

/// What was loaded.
pub struct Loaded {
    /// The last sequence of each log.
    pub ends: BTreeMap<LogName, u64>,
    pub aggregates: u64,
    pub bytes: u64,
}

impl Loaded {
    pub fn events(&self) -> u64 {
        self.ends.values().sum()
    }
}

pub fn log_names() -> anyhow::Result<Vec<LogName>> {
    let names = COUNCILS.iter().chain(&["shared"]);
    Ok(names
        .map(|name| LogName::new(*name))
        .collect::<Result<_, _>>()?)
}

/// Writes the history into an empty data directory.
pub async fn load(places: &Places, data: &Path, events: u64) -> anyhow::Result<Loaded> {
    let names = log_names()?;
    let server = Server::start(data, &places.nats_server, &names).await?;
    let mut clients = HashMap::new();
    for name in names {
        let client = server.client(&name, Role::Writer).await?;
        clients.insert(name, client);
    }
    let (sender, batches) = mpsc::channel(8);
    let telling = tokio::task::spawn_blocking(move || tell(events, &sender));
    let loaded = store(&clients, batches).await;
    let told = telling.await?;
    let (aggregates, bytes) = told?;
    let ends = loaded?;
    server.stop().await?;
    Ok(Loaded {
        ends,
        aggregates,
        bytes,
    })
}

type Batch = (LogName, Vec<Message>);

/// Makes the history and hands it on in batches; how many aggregates and bytes it has.
fn tell(events: u64, batches: &mpsc::Sender<Batch>) -> anyhow::Result<(u64, u64)> {
    let mut open: BTreeMap<LogName, Vec<Message>> = BTreeMap::new();
    let mut subjects = HashSet::new();
    let mut bytes = 0;
    for told in volume(SEED, events)? {
        let (log, message) = told?;
        bytes += message.payload.len() as u64;
        subjects.insert(short(&message.subject));
        let batch = open.entry(log.clone()).or_default();
        batch.push(message);
        if batch.len() == BATCH {
            let full = std::mem::take(batch);
            batches
                .blocking_send((log, full))
                .context("nobody stores the history")?;
        }
    }
    for (log, batch) in open.into_iter().filter(|(_, batch)| !batch.is_empty()) {
        batches
            .blocking_send((log, batch))
            .context("nobody stores the history")?;
    }
    Ok((subjects.len() as u64, bytes))
}

/// The last 12 bytes of a subject: enough to tell aggregates apart.
fn short(subject: &str) -> [u8; 12] {
    let tail = subject.as_bytes().last_chunk::<12>();
    tail.copied().unwrap_or_default()
}

async fn store(
    clients: &HashMap<LogName, Client>,
    mut batches: mpsc::Receiver<Batch>,
) -> anyhow::Result<BTreeMap<LogName, u64>> {
    let mut ends: BTreeMap<LogName, u64> = clients.keys().map(|log| (log.clone(), 0)).collect();
    let mut shown = 0;
    while let Some((log, batch)) = batches.recv().await {
        let client = clients.get(&log).context("a log without a client")?;
        let end = ends.entry(log).or_default();
        *end = publish_batch(client, &batch, *end).await?;
        let sum: u64 = ends.values().sum();
        if sum / 250_000 > shown {
            shown = sum / 250_000;
            crate::progress(format_args!("  {} events are in the logs", shown * 250_000));
        }
    }
    Ok(ends)
}

/// `townclerk up`.
pub struct Town {
    child: Child,
    said: JoinHandle<()>,
    data: PathBuf,
    nats_url: String,
    pub operator: Caller,
    pub desk: Caller,
}

impl Town {
    /// Starts it and waits until every view has read its logs.
    pub async fn start(places: &Places, data: &Path) -> anyhow::Result<Self> {
        let (listen, nats_port) = (free_port()?, free_port()? + 1);
        let address = format!("127.0.0.1:{listen}");
        let mut child = Command::new(&places.townclerk)
            .arg("up")
            .arg("--data")
            .arg(data)
            .args(["--councils", &COUNCILS.join(",")])
            .args(["--listen", &address, "--nats-port", &nats_port.to_string()])
            .arg("--nats-server")
            .arg(&places.nats_server)
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot run {}", places.townclerk.display()))?;
        let stderr = child.stderr.take().context("townclerk has no stderr")?;
        let mut lines = BufReader::new(stderr).lines();
        let token = token_of(&mut lines, "service-desk").await?;
        let said = tokio::spawn(async move {
            // A pipe that nobody empties would stop the system under test.
            while let Ok(Some(_)) = lines.next_line().await {}
        });
        let operator = std::fs::read_to_string(data.join("operator.token"))?;
        let caller = |token: &str| Caller {
            address: address.clone(),
            token: token.trim().to_owned(),
        };
        let town = Self {
            said,
            data: data.to_owned(),
            nats_url: format!("nats://127.0.0.1:{nats_port}"),
            operator: caller(&operator),
            desk: caller(&token),
            child,
        };
        town.ready().await?;
        Ok(town)
    }

    async fn ready(&self) -> anyhow::Result<()> {
        let deadline = Instant::now() + READY_LIMIT;
        let mut looks = interval(LOOK_EVERY);
        loop {
            looks.tick().await;
            let answer = async {
                let mut connection = Connection::open(&self.operator).await?;
                connection.get("/readyz").await
            };
            match answer.await {
                Ok(_) => return Ok(()),
                Err(error) => ensure!(Instant::now() < deadline, "townclerk is not ready: {error}"),
            }
        }
    }

    pub fn pid(&self) -> anyhow::Result<u32> {
        self.child.id().context("townclerk has ended")
    }

    /// A connection to its nats-server as one user of one log.
    pub async fn client(&self, log: &LogName, role: Role) -> anyhow::Result<Client> {
        let file = format!("credentials/{log}/{}.nk", role.as_str());
        let seed = std::fs::read_to_string(self.data.join(file))?;
        client(&self.nats_url, seed.trim(), log, role).await
    }

    /// Stops it in order, nats-server included.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        let pid = i32::try_from(self.pid()?).ok().and_then(Pid::from_raw);
        kill_process(pid.context("no process id")?, Signal::INT)?;
        self.child.wait().await?;
        self.said.await?;
        Ok(())
    }
}

/// Reads what is said at the first start up to the token of a role.
async fn token_of(lines: &mut Lines<BufReader<ChildStderr>>, role: &str) -> anyhow::Result<String> {
    let mut said = String::new();
    while let Some(line) = lines.next_line().await? {
        let mut words = line.split_whitespace();
        if words.next() == Some(role)
            && let Some(token) = words.next().filter(|word| word.starts_with("tc_"))
        {
            return Ok(token.to_owned());
        }
        said.push_str(&line);
        said.push('\n');
    }
    anyhow::bail!("townclerk ended before it showed its tokens; it said:\n{said}")
}
