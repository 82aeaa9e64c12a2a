//! A log in JetStream: one stream in one account.

mod append;
mod connection;
mod continuation;
mod partner;
mod stream_config;

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::consumer::DeliverPolicy;
use async_nats::jetstream::consumer::{pull, push};
use async_nats::jetstream::stream::{RawMessageErrorKind, Stream};
use async_nats::{HeaderMap, header};
use async_trait::async_trait;
use futures::StreamExt;
use jiff::Timestamp;
use tokio::time::{Instant, sleep};
use townclerk_contract::subject::STREAM;
use townclerk_domain::names::LogName;

pub use connection::{Access, Credential, OpenError, Role, inbox_prefix};
pub use partner::{PartnerDoor, TryError, try_as_partner};
pub use stream_config::{Difference, Initialised};

use crate::ends::Ends;
use crate::log::{
    AppendError, Appended, ContinueError, EventLog, Expected, Head, LogError, StoredMessage, Tail,
    Verbatim,
};

/// How often it is looked whether there is a connection again.
const CONNECTION_POLL: Duration = Duration::from_millis(50);

/// A log of one account, over one connection.
#[derive(Clone, Debug)]
pub struct JetStreamLog {
    name: LogName,
    client: async_nats::Client,
    stream: Stream<()>,
}

impl JetStreamLog {
    /// Connects and asserts that server and stream are what the record needs.
    ///
    /// # Errors
    /// What was found and what to do about it.
    pub async fn open(access: &Access) -> Result<Self, OpenError> {
        let client = connection::connect(access).await?;
        stream_config::assert_stream(&client, &access.log).await?;
        Self::over(client, access).await
    }

    /// As [`Self::open`], to be written to. After each loss of the connection the log is looked at
    /// before anything is sent on a new one: one that lost its end gets none, see [`Ends`].
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_checked(access: &Access, ends: &Arc<Ends>) -> Result<Self, OpenError> {
        let (looked, ends) = (access.clone(), Arc::clone(ends));
        let check = move || check_end(looked.clone(), Arc::clone(&ends));
        let client = connection::connect_checked(access, check).await?;
        stream_config::assert_stream(&client, &access.log).await?;
        Self::over(client, access).await
    }

    /// Waits until there is a connection: what is sent without one is kept, and may be recorded
    /// long after the answer was given up. False where there is none before `deadline`.
    async fn connected(&self, deadline: Instant) -> bool {
        while self.client.connection_state() != State::Connected {
            if Instant::now() >= deadline {
                return false;
            }
            sleep(CONNECTION_POLL).await;
        }
        true
    }

    /// Makes the stream if there is none, and asserts it. Records no event.
    ///
    /// # Errors
    /// As [`Self::open`]; an existing stream with another configuration is never changed.
    pub async fn initialise(access: &Access) -> Result<Initialised, OpenError> {
        let client = connection::connect(access).await?;
        let initialised = stream_config::make_stream(&client, &access.log).await?;
        stream_config::assert_stream(&client, &access.log).await?;
        Ok(initialised)
    }

    async fn over(client: async_nats::Client, access: &Access) -> Result<Self, OpenError> {
        let context = async_nats::jetstream::new(client.clone());
        let stream =
            context
                .get_stream_no_info(STREAM)
                .await
                .map_err(|error| OpenError::Connect {
                    url: access.url.clone(),
                    why: error.to_string(),
                })?;
        Ok(Self {
            name: access.log.clone(),
            client,
            stream,
        })
    }

    fn unavailable(&self, why: impl Display) -> LogError {
        LogError::Unavailable {
            log: self.name.clone(),
            why: why.to_string(),
        }
    }
}

/// Looks at the end of a log over a connection of its own.
async fn check_end(access: Access, ends: Arc<Ends>) -> Result<(), String> {
    // In a task: the library asks for a future that several threads may hold, and this is none.
    let look = tokio::spawn(async move {
        ends.suspect(&access.log);
        let client = connection::connect(&access).await;
        let log = JetStreamLog::over(client.map_err(told)?, &access).await;
        ends.check(&log.map_err(told)?).await.map_err(told)
    });
    look.await.map_err(told)?
}

fn told(error: impl Display) -> String {
    error.to_string()
}

/// Header names are matched without regard to case: other writers spell them otherwise.
fn message_id(headers: &HeaderMap) -> Option<String> {
    let expected: &str = header::NATS_MESSAGE_ID.as_ref();
    headers
        .iter()
        .find(|(name, _)| AsRef::<str>::as_ref(name).eq_ignore_ascii_case(expected))
        .and_then(|(_, values)| values.first())
        .map(|value| value.as_str().to_owned())
}

/// Everything after a sequence.
fn everything_after(after: u64) -> DeliverPolicy {
    DeliverPolicy::ByStartSequence {
        start_sequence: after + 1,
    }
}

/// What an ordered consumer gives, as it is stored.
fn delivered<E: Display + Send + 'static>(
    log: LogName,
    messages: impl futures::Stream<Item = Result<async_nats::jetstream::Message, E>> + Send + 'static,
) -> Tail {
    let read = move |message: Result<async_nats::jetstream::Message, E>| {
        let failed = |why: String| LogError::Unavailable {
            log: log.clone(),
            why,
        };
        let message = message.map_err(|error| failed(error.to_string()))?;
        let sequence = message
            .info()
            .map_err(|error| failed(error.to_string()))?
            .stream_sequence;
        let message = message.message;
        Ok(StoredMessage {
            sequence,
            id: message.headers.as_ref().and_then(message_id),
            subject: message.subject.to_string(),
            payload: message.payload,
        })
    };
    messages.map(read).boxed()
}

fn stored(message: async_nats::jetstream::message::StreamMessage) -> StoredMessage {
    StoredMessage {
        sequence: message.sequence,
        id: message_id(&message.headers),
        subject: message.subject.to_string(),
        payload: message.payload,
    }
}

#[async_trait]
impl EventLog for JetStreamLog {
    fn name(&self) -> &LogName {
        &self.name
    }

    async fn append(&self, message: &Expected) -> Result<Appended, AppendError> {
        append::single(self, message).await
    }

    async fn append_batch(&self, batch: &[Expected]) -> Result<u64, AppendError> {
        append::batch(self, batch).await
    }

    async fn append_after(&self, end: u64, messages: &[Verbatim]) -> Result<u64, ContinueError> {
        continuation::append_after(self, end, messages).await
    }

    async fn read_subject(
        &self,
        subject: &str,
        after: u64,
    ) -> Result<Vec<StoredMessage>, LogError> {
        let mut messages = Vec::new();
        let mut after = after;
        // Reads through the stream's leader: a direct get need not see what was just written.
        loop {
            let next = self
                .stream
                .get_first_raw_message_by_subject(subject, after + 1)
                .await;
            match next {
                Ok(message) => {
                    after = message.sequence;
                    messages.push(stored(message));
                }
                Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => {
                    return Ok(messages);
                }
                Err(error) => return Err(self.unavailable(error)),
            }
        }
    }

    async fn read_one(&self, sequence: u64) -> Result<Option<StoredMessage>, LogError> {
        match self.stream.get_raw_message(sequence).await {
            Ok(message) => Ok(Some(stored(message))),
            Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => Ok(None),
            Err(error) => Err(self.unavailable(error)),
        }
    }

    async fn head(&self) -> Result<Head, LogError> {
        // The time of the look is taken before it: what the log held then is certainly counted.
        let looked = Timestamp::now();
        let info = self
            .stream
            .get_info()
            .await
            .map_err(|error| self.unavailable(error))?;
        Ok(Head {
            sequence: info.state.last_sequence,
            looked,
        })
    }

    async fn tail(&self, after: u64) -> Result<Tail, LogError> {
        // One consumer over the whole log: filtered ones over many subjects are far slower.
        let config = pull::OrderedConfig {
            deliver_policy: everything_after(after),
            ..pull::OrderedConfig::default()
        };
        let consumer = self
            .stream
            .create_consumer(config)
            .await
            .map_err(|error| self.unavailable(error))?;
        let messages = consumer
            .messages()
            .await
            .map_err(|error| self.unavailable(error))?;
        Ok(delivered(self.name.clone(), messages))
    }

    async fn history(&self, after: u64) -> Result<Tail, LogError> {
        // Pushed, which costs both sides less; flow control holds the server back at 32 MiB.
        let config = push::OrderedConfig {
            deliver_subject: self.client.new_inbox(),
            deliver_policy: everything_after(after),
            ..push::OrderedConfig::default()
        };
        let consumer = self
            .stream
            .create_consumer(config)
            .await
            .map_err(|error| self.unavailable(error))?;
        let messages = consumer
            .messages()
            .await
            .map_err(|error| self.unavailable(error))?;
        // After a silence the library makes its consumer again: a log that stays silent is the
        // reader's to give up on. Where it loses its connection before the first message, it begins
        // at the first of the log.
        let messages = messages.filter(|message| {
            let silent = message.as_ref().err().map(|error| error.kind());
            std::future::ready(silent != Some(push::OrderedErrorKind::MissingHeartbeat))
        });
        let wanted = move |message: &Result<StoredMessage, LogError>| {
            let before = message.as_ref().is_ok_and(|m| m.sequence <= after);
            std::future::ready(!before)
        };
        Ok(delivered(self.name.clone(), messages)
            .filter(wanted)
            .boxed())
    }
}
