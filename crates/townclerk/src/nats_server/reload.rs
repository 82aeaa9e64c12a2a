//! Whether a server has read its configuration again: it says itself when it did so last.

use std::io;
use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout_at};

use super::config::{UnusablePath, VARZ_SUBJECT};
use super::credentials::{CredentialsError, SYS_INBOX_PREFIX, User};

/// How long a server may take to read its configuration.
const RELOAD_TIMEOUT: Duration = Duration::from_secs(15);

const POLL: Duration = Duration::from_millis(50);

#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    #[error("cannot use the credentials")]
    Credentials(#[from] CredentialsError),
    #[error("cannot configure nats-server")]
    Path(#[from] UnusablePath),
    #[error("cannot write the configuration of nats-server")]
    Write(#[source] io::Error),
    #[error("nats-server cannot be told to read its configuration")]
    Signal(#[source] io::Error),
    #[error("nats-server is being stopped")]
    Stopping,
    #[error("nats-server does not say when it read its configuration: {why}")]
    Silent { why: String },
    #[error(
        "nats-server did not take its configuration within {} s: the end of nats-server.log says why",
        RELOAD_TIMEOUT.as_secs()
    )]
    NotTaken,
}

/// When the server last read its configuration, in its own words.
pub(super) async fn loaded_at(url: &str, sys: &User) -> Result<String, ReloadError> {
    let silent = |why: &dyn std::fmt::Display| ReloadError::Silent {
        why: why.to_string(),
    };
    let asked = async {
        let client = async_nats::ConnectOptions::with_nkey(sys.seed().to_owned())
            .custom_inbox_prefix(SYS_INBOX_PREFIX)
            .connect(url)
            .await
            .map_err(|error| silent(&error))?;
        let answer = client.request(VARZ_SUBJECT, "{}".into()).await;
        let answer = answer.map_err(|error| silent(&error))?;
        let answer: Value =
            serde_json::from_slice(&answer.payload).map_err(|error| silent(&error))?;
        let loaded = answer["data"]["config_load_time"].as_str();
        loaded
            .map(str::to_owned)
            .ok_or_else(|| silent(&"no config_load_time"))
    };
    timeout_at(Instant::now() + RELOAD_TIMEOUT, asked)
        .await
        .map_err(|_| silent(&"no answer"))?
}

/// Waits until the server has read its configuration after `before`.
pub(super) async fn loaded_after(url: &str, sys: &User, before: &str) -> Result<(), ReloadError> {
    let deadline = Instant::now() + RELOAD_TIMEOUT;
    let mut looks = interval(POLL);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while Instant::now() < deadline {
        looks.tick().await;
        // It may be restarting just now.
        match loaded_at(url, sys).await {
            Ok(loaded) if loaded != before => return Ok(()),
            Ok(_) | Err(_) => {}
        }
    }
    Err(ReloadError::NotTaken)
}
