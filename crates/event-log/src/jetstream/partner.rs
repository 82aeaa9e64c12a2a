//! The gateway's side of one account: partners' requests, and the durables that are kept for them.

use std::time::Duration;

use async_nats::{ConnectErrorKind, Message};
use async_trait::async_trait;
use futures::stream::{BoxStream, StreamExt, select};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use townclerk_contract::subject::{
    FACTS_OF_PARTNERS, GATEWAY_GROUP, STARTS_OF_PARTNERS, STREAM, durable_of,
};
use townclerk_domain::names::LogName;

use super::connection::{Access, Credential, OpenError, connect};
use super::stream_config::assert_stream;
use crate::log::LogError;
use crate::partner::{DurableState, PartnerAsk, PartnerDesk, PartnerRequest, StartOutcome};

/// How long a delivered message may wait for its acknowledgement before it is delivered again.
const ACK_WAIT: Duration = Duration::from_secs(30);

/// Pulls of one partner that may wait at the server.
const PULLS_MAX: u64 = 16;

/// Messages in one pull.
const PULL_BATCH_MAX: u64 = 500;

/// How long one question as the partner may take.
const TRY_TIMEOUT: Duration = Duration::from_secs(2);

const CONSUMER_NOT_FOUND: u64 = 10_014;

/// The gateway's connection to one log.
pub struct PartnerDoor {
    log: LogName,
    client: async_nats::Client,
    /// Two wishes at a time would make one durable twice.
    starting: Mutex<()>,
}

/// The durable of a partner, as the server describes it.
#[derive(Deserialize)]
struct Info {
    delivered: Reached,
    ack_floor: Reached,
    num_ack_pending: u64,
    num_pending: u64,
}

#[derive(Deserialize)]
struct Reached {
    stream_seq: u64,
    #[serde(default)]
    last_active: Option<Timestamp>,
}

impl From<Info> for DurableState {
    fn from(info: Info) -> Self {
        Self {
            delivered: info.delivered.stream_seq,
            acknowledged: info.ack_floor.stream_seq,
            ack_pending: info.num_ack_pending,
            pending: info.num_pending,
            last_active: info.delivered.last_active.max(info.ack_floor.last_active),
        }
    }
}

impl PartnerDoor {
    /// Connects with the credential of a gateway and asserts that the stream is there.
    ///
    /// # Errors
    /// What was found and what to do about it.
    pub async fn open(access: &Access) -> Result<Self, OpenError> {
        let client = connect(access).await?;
        assert_stream(&client, &access.log).await?;
        Ok(Self {
            log: access.log.clone(),
            client,
            starting: Mutex::default(),
        })
    }

    /// Makes the partner's durable where it is not there yet: it delivers the whole log.
    ///
    /// # Errors
    /// A log that does not answer or refuses.
    pub async fn ensure_durable(&self, partner: &str) -> Result<(), LogError> {
        let _one_at_a_time = self.starting.lock().await;
        if self.durable_state(partner).await?.is_none() {
            self.make(partner, 1).await?;
        }
        Ok(())
    }

    /// Removes the partner's durable, if it is there.
    ///
    /// # Errors
    /// A log that does not answer or refuses.
    pub async fn remove_durable(&self, partner: &str) -> Result<(), LogError> {
        let _one_at_a_time = self.starting.lock().await;
        self.remove(partner).await
    }

    /// How far the partner has read; `None` without a durable.
    ///
    /// # Errors
    /// A log that does not answer or refuses.
    pub async fn durable_state(&self, partner: &str) -> Result<Option<DurableState>, LogError> {
        let what = format!("CONSUMER.INFO.{STREAM}.{}", durable_of(&self.log, partner));
        let info: Result<Info, LogError> = self.ask(&what, &Value::Null).await;
        match info {
            Ok(info) => Ok(Some(info.into())),
            Err(LogError::Answered { code, .. }) if code == CONSUMER_NOT_FOUND => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn make(&self, partner: &str, next: u64) -> Result<(), LogError> {
        let durable = durable_of(&self.log, partner);
        let config = json!({
            "durable_name": durable,
            "name": durable,
            "deliver_policy": "by_start_sequence",
            "opt_start_seq": next,
            "ack_policy": "explicit",
            "ack_wait": u64::try_from(ACK_WAIT.as_nanos()).unwrap_or(u64::MAX),
            "max_ack_pending": DurableState::ACK_PENDING_MAX,
            "max_waiting": PULLS_MAX,
            "max_batch": PULL_BATCH_MAX,
            "max_deliver": -1,
            "replay_policy": "instant",
            "mem_storage": false,
        });
        let request = json!({"stream_name": STREAM, "config": config, "action": "create"});
        let what = format!("CONSUMER.CREATE.{STREAM}.{durable}");
        let _: Value = self.ask(&what, &request).await?;
        Ok(())
    }

    async fn remove(&self, partner: &str) -> Result<(), LogError> {
        let durable = durable_of(&self.log, partner);
        let what = format!("CONSUMER.DELETE.{STREAM}.{durable}");
        match self.ask::<Value>(&what, &Value::Null).await {
            Err(LogError::Answered { code, .. }) if code == CONSUMER_NOT_FOUND => Ok(()),
            removed => removed.map(drop),
        }
    }

    async fn head(&self) -> Result<u64, LogError> {
        #[derive(Deserialize)]
        struct Stream {
            state: State,
        }
        #[derive(Deserialize)]
        struct State {
            last_seq: u64,
        }
        let what = format!("STREAM.INFO.{STREAM}");
        let info: Stream = self.ask(&what, &Value::Null).await?;
        Ok(info.state.last_seq)
    }

    async fn ask<T: serde::de::DeserializeOwned>(
        &self,
        what: &str,
        request: &Value,
    ) -> Result<T, LogError> {
        let request = match request {
            Value::Null => String::new(),
            request => request.to_string(),
        };
        let answer = self
            .client
            .request(format!("$JS.API.{what}"), request.into())
            .await
            .map_err(|error| unavailable(&self.log, error))?;
        read(&self.log, &answer.payload)
    }

    async fn listen(&self, subjects: &'static str) -> Result<async_nats::Subscriber, LogError> {
        self.client
            .queue_subscribe(subjects, GATEWAY_GROUP.to_owned())
            .await
            .map_err(|error| unavailable(&self.log, error))
    }
}

/// Reads an answer of the JetStream API; an error in the answer is an error here.
fn read<T: serde::de::DeserializeOwned>(log: &LogName, payload: &[u8]) -> Result<T, LogError> {
    let unreadable = |error: serde_json::Error| LogError::Unreadable {
        log: log.clone(),
        why: error.to_string(),
    };
    let answer: Value = serde_json::from_slice(payload).map_err(unreadable)?;
    if let Some(error) = answer.get("error") {
        return Err(LogError::Answered {
            log: log.clone(),
            code: error["err_code"].as_u64().unwrap_or_default(),
            why: error["description"].as_str().unwrap_or_default().to_owned(),
        });
    }
    serde_json::from_value(answer).map_err(unreadable)
}

fn unavailable(log: &LogName, why: impl std::fmt::Display) -> LogError {
    LogError::Unavailable {
        log: log.clone(),
        why: why.to_string(),
    }
}

/// The partner's id is the last token of the subject, which the server wrote.
fn request(
    ask: PartnerAsk,
    log: &LogName,
    client: &async_nats::Client,
    message: Message,
) -> PartnerRequest {
    let (_, partner) = message.subject.split_once('.').unwrap_or_default();
    let partner = partner.to_owned();
    let (log, client) = (log.clone(), client.clone());
    let reply = message.reply;
    let answer_to = move |answer: bytes::Bytes| -> futures::future::BoxFuture<'static, _> {
        Box::pin(async move {
            match reply {
                Some(reply) => client
                    .publish(reply, answer)
                    .await
                    .map_err(|error| unavailable(&log, error)),
                // Nobody waits for an answer.
                None => Ok(()),
            }
        })
    };
    PartnerRequest::new(partner, ask, message.payload, Box::new(answer_to))
}

#[async_trait]
impl PartnerDesk for PartnerDoor {
    fn log(&self) -> &LogName {
        &self.log
    }

    async fn requests(&self) -> Result<BoxStream<'static, PartnerRequest>, LogError> {
        let starts = self.listen(STARTS_OF_PARTNERS).await?;
        let of = |ask: PartnerAsk| {
            let (log, client) = (self.log.clone(), self.client.clone());
            move |message: Message| request(ask, &log, &client, message)
        };
        let starts = starts.map(of(PartnerAsk::Start));
        // Partners tell facts of their own council alone.
        if self.log.is_shared() {
            return Ok(starts.boxed());
        }
        let facts = self.listen(FACTS_OF_PARTNERS).await?;
        Ok(select(facts.map(of(PartnerAsk::Facts)), starts).boxed())
    }

    async fn start_from(&self, partner: &str, after: u64) -> Result<StartOutcome, LogError> {
        let _one_at_a_time = self.starting.lock().await;
        let head = self.head().await?;
        if after > head {
            return Ok(StartOutcome::BeyondHead { head });
        }
        let next = after + 1;
        self.remove(partner).await?;
        // A partner without a durable could not read on: one more try before it is told to ask again.
        if let Err(error) = self.make(partner, next).await {
            tracing::warn!(%error, partner, "a durable could not be made; trying once more");
            self.make(partner, next).await?;
        }
        Ok(StartOutcome::From { next })
    }
}

/// Why a partner does not reach its durable.
#[derive(Debug, thiserror::Error)]
pub enum TryError {
    /// The server knows no such credential.
    #[error("the server refuses the credential: {why}")]
    Refused { why: String },
    #[error(transparent)]
    Log(#[from] LogError),
}

/// Asks as the partner itself how far it has read a log: whether it gets in, and to its durable.
///
/// # Errors
/// A server that refuses the credential, or a durable that is not within its reach.
pub async fn try_as_partner(
    url: &str,
    credential: &Credential,
    log: &LogName,
    partner: &str,
) -> Result<(), TryError> {
    let client = async_nats::ConnectOptions::with_nkey(credential.seed.clone())
        .name(format!("townclerk tries {partner}"))
        .connection_timeout(TRY_TIMEOUT)
        .request_timeout(Some(TRY_TIMEOUT))
        .connect(url)
        .await
        .map_err(|error| match error.kind() {
            ConnectErrorKind::AuthorizationViolation => TryError::Refused {
                why: error.to_string(),
            },
            _ => unavailable(log, error).into(),
        })?;
    let durable = durable_of(log, partner);
    let subject = format!("$JS.API.CONSUMER.INFO.{STREAM}.{durable}");
    let answer = client.request(subject, "".into()).await;
    let answer = answer.map_err(|error| unavailable(log, error))?;
    read::<Info>(log, &answer.payload)?;
    Ok(())
}
