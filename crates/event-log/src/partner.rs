//! What a log's partners may ask of a gateway: to take in facts, and to read from a position.
//!
//! A partner's tool never makes a consumer itself. It pulls from a durable that the gateway keeps
//! for it, and asks the gateway to set that durable back or forward.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use jiff::Timestamp;
use townclerk_domain::names::LogName;

use crate::log::LogError;

/// What a partner asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartnerAsk {
    /// To take in facts.
    Facts,
    /// To read the log from a position.
    Start,
}

/// Takes the answer to where it is waited for.
pub type AnswerTo = Box<dyn FnOnce(Bytes) -> BoxFuture<'static, Result<(), LogError>> + Send>;

/// One request of a partner. Who sent it is certain: the server names the partner, not the sender.
pub struct PartnerRequest {
    /// The partner's id, such as `brent-hornbill`.
    pub partner: String,
    pub ask: PartnerAsk,
    pub payload: Bytes,
    answer_to: AnswerTo,
}

impl fmt::Debug for PartnerRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartnerRequest")
            .field("partner", &self.partner)
            .field("ask", &self.ask)
            .field("bytes", &self.payload.len())
            .finish_non_exhaustive()
    }
}

impl PartnerRequest {
    pub fn new(
        partner: impl Into<String>,
        ask: PartnerAsk,
        payload: Bytes,
        answer_to: AnswerTo,
    ) -> Self {
        Self {
            partner: partner.into(),
            ask,
            payload,
            answer_to,
        }
    }

    /// Answers the partner. Whether it still waits is not known.
    ///
    /// # Errors
    /// The connection to the server is gone.
    pub async fn answer(self, answer: Bytes) -> Result<(), LogError> {
        (self.answer_to)(answer).await
    }
}

/// What became of the wish to read from a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartOutcome {
    /// The durable delivers from here on.
    From { next: u64 },
    /// Refused: the log ends before that position. The durable is as it was.
    BeyondHead { head: u64 },
}

/// How far a partner has read one log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DurableState {
    /// The last position that was delivered.
    pub delivered: u64,
    /// Every position up to this one is acknowledged.
    pub acknowledged: u64,
    /// Delivered and not acknowledged yet.
    pub ack_pending: u64,
    /// Not delivered yet.
    pub pending: u64,
    /// When something was last delivered or acknowledged.
    pub last_active: Option<Timestamp>,
}

impl DurableState {
    /// Delivered messages that may wait for their acknowledgement; then nothing more is delivered.
    pub const ACK_PENDING_MAX: u64 = 1_000;

    /// Whether nothing more is delivered because too much is not acknowledged.
    pub fn is_stuck(&self) -> bool {
        self.ack_pending >= Self::ACK_PENDING_MAX
    }
}

/// Where the partners of one log are heard.
#[async_trait]
pub trait PartnerDesk: Send + Sync {
    fn log(&self) -> &LogName;

    /// The requests of all partners of this log, for ever; of several gateways each hears some.
    async fn requests(&self) -> Result<BoxStream<'static, PartnerRequest>, LogError>;

    /// Makes the partner's durable deliver from the position after `after` on.
    async fn start_from(&self, partner: &str, after: u64) -> Result<StartOutcome, LogError>;
}
