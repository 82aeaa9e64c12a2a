//! How far a view has read a log.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use townclerk_contract::chain::Chain;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The last folded sequence; 0 for none.
    pub sequence: u64,
    /// The chain over everything up to it.
    pub chain: Chain,
    /// The chain before the last message: with it the last message can be recognised.
    pub before: Chain,
    /// The latest recording time so far.
    pub known: Option<Timestamp>,
}

impl Checkpoint {
    /// After one more message.
    #[must_use]
    pub fn advanced(self, sequence: u64, subject: &str, payload: &[u8]) -> Self {
        Self {
            sequence,
            before: self.chain,
            chain: self.chain.next(subject, payload),
            known: self.known,
        }
    }

    /// Whether this is the message that was read last.
    pub fn recognises(&self, sequence: u64, subject: &str, payload: &[u8]) -> bool {
        self.sequence == sequence && self.before.next(subject, payload) == self.chain
    }
}
