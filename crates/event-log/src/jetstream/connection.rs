//! Connecting to one account, and what is asserted of the server.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_nats::{Auth, AuthError, ConnectOptions};
use serde::Deserialize;
use townclerk_domain::names::LogName;

use super::stream_config::Difference;

/// The oldest server whose atomic batches and expected sequences were tested.
const SERVER_VERSION_MIN: (u64, u64, u64) = (2, 12, 5);

/// The JetStream API level that atomic batches came with.
const API_LEVEL_MIN: u64 = 3;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// Messages of one subscription that may wait here, so that partners cannot fill the memory of a
/// gateway: what comes on top is not answered, and the partner sends it again.
const SUBSCRIPTION_CAPACITY: usize = 256;

/// What a user of an account may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Makes and changes the stream; neither writes nor deletes.
    Operator,
    /// Appends to the log and reads single messages.
    Writer,
    /// Follows the log.
    Reader,
    /// Hears the partners of the log and keeps their durables; cannot append.
    Gateway,
}

impl Role {
    pub const ALL: [Self; 4] = [Self::Operator, Self::Writer, Self::Reader, Self::Gateway];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Writer => "writer",
            Self::Reader => "reader",
            Self::Gateway => "gateway",
        }
    }
}

/// Where a user receives answers. Nobody else in the account may listen there, and a client that
/// does not set this prefix hears nothing.
pub fn inbox_prefix(log: &str, role: Role) -> String {
    format!("_INBOX_{log}_{}", role.as_str())
}

/// An nkey seed. Never shown.
#[derive(Clone)]
pub struct Credential {
    pub seed: String,
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential(…)")
    }
}

/// How to reach one log.
#[derive(Clone, Debug)]
pub struct Access {
    pub url: String,
    pub log: LogName,
    pub role: Role,
    pub credential: Credential,
    /// The server's name, where it is known: another server on the same port is refused.
    pub server_name: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(
        "cannot connect to NATS at {url}: {why}; is nats-server running there, and is the credential its own?"
    )]
    Connect { url: String, why: String },
    #[error(
        "NATS at {url} is the server {found:?}, not {expected:?}: another server took the port"
    )]
    OtherServer {
        url: String,
        found: String,
        expected: String,
    },
    #[error("nats-server {found} at {url} is too old: install 2.12.5 or newer")]
    ServerTooOld { url: String, found: String },
    #[error(
        "NATS at {url} offers JetStream API level {found}, needed is {API_LEVEL_MIN}: install nats-server 2.12.5 or newer"
    )]
    ApiLevel { url: String, found: u64 },
    #[error("the account of log {log} has no stream EVENTS: make it with `townclerk log init`")]
    NoStream { log: LogName },
    #[error(
        "the stream of log {log} is configured otherwise than the record needs: {}; nothing was changed, an operator must look at it",
        listed(differences)
    )]
    OtherwiseConfigured {
        log: LogName,
        differences: Vec<Difference>,
    },
    #[error("the log {log} answered {what} with: {why}")]
    Answer {
        log: LogName,
        what: String,
        why: String,
    },
}

fn listed(differences: &[Difference]) -> String {
    let texts: Vec<String> = differences.iter().map(Difference::to_string).collect();
    texts.join("; ")
}

/// Connects once; afterwards the client reconnects by itself for ever.
pub(super) async fn connect(access: &Access) -> Result<async_nats::Client, OpenError> {
    connect_with(
        access,
        ConnectOptions::with_nkey(access.credential.seed.clone()),
    )
    .await
}

/// As [`connect`]; whenever the connection was lost, `check` must say yes before it is made again.
/// What waits here to be sent goes to no server that was not looked at: where that restarts
/// meanwhile, the new connection breaks with it.
pub(super) async fn connect_checked<F>(
    access: &Access,
    check: impl Fn() -> F + Send + Sync + 'static,
) -> Result<async_nats::Client, OpenError>
where
    F: Future<Output = Result<(), String>> + Send + Sync + 'static,
{
    let seed = access.credential.seed.clone();
    let check = Arc::new(check);
    // The first connection carries nothing before it is given out.
    let first = Arc::new(AtomicBool::new(true));
    let sign = move |nonce: Vec<u8>| {
        let (seed, first) = (seed.clone(), first.swap(false, Ordering::Relaxed));
        let check = Arc::clone(&check);
        async move {
            if !first {
                check().await.map_err(AuthError::new)?;
            }
            let key = nkeys::KeyPair::from_seed(&seed).map_err(AuthError::new)?;
            let mut auth = Auth::new();
            auth.signature = Some(key.sign(&nonce).map_err(AuthError::new)?);
            auth.nkey = Some(key.public_key());
            Ok(auth)
        }
    };
    connect_with(access, ConnectOptions::with_auth_callback(sign)).await
}

async fn connect_with(
    access: &Access,
    options: ConnectOptions,
) -> Result<async_nats::Client, OpenError> {
    let Access { url, log, role, .. } = access;
    let options = options
        .name(format!("townclerk {log} {}", role.as_str()))
        .custom_inbox_prefix(inbox_prefix(log.as_str(), *role))
        .connection_timeout(CONNECT_TIMEOUT)
        .request_timeout(Some(REQUEST_TIMEOUT));
    let options = match role {
        Role::Gateway => options.subscription_capacity(SUBSCRIPTION_CAPACITY),
        Role::Operator | Role::Writer | Role::Reader => options,
    };
    let client = options
        .connect(url)
        .await
        .map_err(|error| OpenError::Connect {
            url: url.clone(),
            why: error.to_string(),
        })?;
    let info = client.server_info();
    if let Some(expected) = access
        .server_name
        .clone()
        .filter(|name| *name != info.server_name)
    {
        return Err(OpenError::OtherServer {
            url: url.clone(),
            found: info.server_name,
            expected,
        });
    }
    if !at_least(&info.version, SERVER_VERSION_MIN) {
        return Err(OpenError::ServerTooOld {
            url: url.clone(),
            found: info.version,
        });
    }
    assert_api_level(&client, access).await?;
    Ok(client)
}

async fn assert_api_level(client: &async_nats::Client, access: &Access) -> Result<(), OpenError> {
    #[derive(Deserialize)]
    struct Info {
        #[serde(default)]
        api: Api,
    }
    #[derive(Default, Deserialize)]
    struct Api {
        #[serde(default)]
        level: u64,
    }
    let info: Info = api(client, &access.log, "INFO", "").await?;
    if info.api.level < API_LEVEL_MIN {
        return Err(OpenError::ApiLevel {
            url: access.url.clone(),
            found: info.api.level,
        });
    }
    Ok(())
}

/// Asks the JetStream API and reads its answer; an error in the answer is an error here.
pub(super) async fn api<T: serde::de::DeserializeOwned>(
    client: &async_nats::Client,
    log: &LogName,
    what: &str,
    request: &str,
) -> Result<T, OpenError> {
    let failed = |why: String| OpenError::Answer {
        log: log.clone(),
        what: what.to_owned(),
        why,
    };
    let answer = client
        .request(format!("$JS.API.{what}"), request.to_owned().into())
        .await
        .map_err(|error| failed(error.to_string()))?;
    let answer: serde_json::Value =
        serde_json::from_slice(&answer.payload).map_err(|error| failed(error.to_string()))?;
    if let Some(error) = answer.get("error") {
        return match error["err_code"].as_u64() {
            Some(STREAM_NOT_FOUND) => Err(OpenError::NoStream { log: log.clone() }),
            _ => Err(failed(error.to_string())),
        };
    }
    serde_json::from_value(answer).map_err(|error| failed(error.to_string()))
}

const STREAM_NOT_FOUND: u64 = 10_059;

fn at_least(version: &str, minimum: (u64, u64, u64)) -> bool {
    // Pre-releases carry a suffix: 2.14.0-beta.1.
    let plain = version.split('-').next().unwrap_or_default();
    let mut numbers = plain.split('.').map(|part| part.parse().unwrap_or(0));
    let mut next = || numbers.next().unwrap_or(0);
    (next(), next(), next()) >= minimum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        for good in ["2.12.5", "2.12.10", "2.15.1", "3.0.0", "2.14.0-beta.1"] {
            assert!(at_least(good, SERVER_VERSION_MIN), "{good}");
        }
        for bad in ["2.9.10", "2.12.4", "2.2", "", "x"] {
            assert!(!at_least(bad, SERVER_VERSION_MIN), "{bad}");
        }
    }

    #[test]
    fn a_credential_is_not_shown() {
        let credential = Credential {
            seed: "SUSECRET".to_owned(),
        };
        assert!(!format!("{credential:?}").contains("SECRET"));
    }
}
