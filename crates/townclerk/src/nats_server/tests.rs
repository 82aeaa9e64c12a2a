//! Against a real nats-server: `TOWNCLERK_NATS_SERVER` or PATH has it.

mod credentials;
mod lock;
mod partners;
mod permissions;
mod supervision;

use std::path::Path;
use std::time::Duration;

use async_nats::{Client, ConnectOptions, Event};
use tokio::sync::mpsc;
use tokio::time::timeout;
use townclerk_contract::subject::STREAM;
use townclerk_event_log::jetstream::{Role, inbox_prefix};

use super::*;

const PATIENCE: Duration = Duration::from_secs(30);

fn options(data_dir: &Path) -> Options {
    Options {
        data_dir: data_dir.to_owned(),
        logs: ["brent", "north-lewisham"].map(str::to_owned).to_vec(),
        partners: Vec::new(),
        binary: None,
        port: None,
    }
}

async fn start(data_dir: &Path) -> NatsServer {
    match NatsServer::start(options(data_dir)).await {
        Ok(server) => server,
        Err(StartError::Binary(error)) => {
            panic!("{error}: these tests need nats-server; run `cargo xtask setup`")
        }
        Err(error) => panic!("{error:?}"),
    }
}

async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match timeout(PATIENCE, future).await {
        Ok(output) => output,
        Err(_) => panic!("not within {} s: {what}", PATIENCE.as_secs()),
    }
}

/// A client, and what the server refuses it.
struct Connection {
    client: Client,
    refusals: mpsc::UnboundedReceiver<String>,
}

async fn connect(server: &NatsServer, log: &str, role: Role) -> Connection {
    let seed = server.user_seed(log, role).unwrap();
    connect_as(server, &seed, &inbox_prefix(log, role)).await
}

async fn connect_as(server: &NatsServer, seed: &str, inbox: &str) -> Connection {
    let (sender, refusals) = mpsc::unbounded_channel();
    let client = ConnectOptions::with_nkey(seed.to_owned())
        .custom_inbox_prefix(inbox)
        .event_callback(move |event| {
            if let Event::ServerError(error) = event {
                // The test may have ended.
                sender.send(error.to_string()).ok();
            }
            async {}
        })
        .connect(server.url())
        .await
        .unwrap();
    Connection { client, refusals }
}

impl Connection {
    /// Sends a message that the server must refuse.
    async fn is_refused(&mut self, subject: &str) {
        let text = subject.to_owned();
        self.client.publish(text, "{}".into()).await.unwrap();
        self.client.flush().await.unwrap();
        self.expect_refusal(subject).await;
    }

    async fn may_not_listen(&mut self, subject: &str) {
        let subscription = self.client.subscribe(subject.to_owned()).await.unwrap();
        self.client.flush().await.unwrap();
        self.expect_refusal(subject).await;
        drop(subscription);
    }

    async fn expect_refusal(&mut self, subject: &str) {
        let refusal = within(subject, self.refusals.recv()).await.unwrap();
        let lower = refusal.to_lowercase();
        assert!(lower.contains("permissions violation"), "{refusal}");
        assert!(
            lower.contains(&format!("\"{}\"", subject.to_lowercase())),
            "{refusal}"
        );
    }

    async fn ask(&self, subject: &str, body: serde_json::Value) -> serde_json::Value {
        let request = self
            .client
            .request(subject.to_owned(), body.to_string().into());
        let answer = within(subject, request).await.unwrap();
        serde_json::from_slice(&answer.payload).unwrap()
    }
}

/// The processes that have the data directory's configuration on their command line.
fn servers_on(data_dir: &Path) -> Vec<i32> {
    let config = data_dir.canonicalize().unwrap().join("nats-server.conf");
    let config = config.to_str().unwrap().as_bytes().to_owned();
    let pids = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(|pid| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let comm = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        comm.starts_with("nats-server") && line.split(|byte| *byte == 0).any(|word| word == config)
    })
    .collect()
}
