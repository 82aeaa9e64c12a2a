//! The append-only log: JetStream and nothing else, and an in-memory twin for tests.
//!
//! Both pass the same suite, [`conformance`].

mod log;
pub use log::{
    AppendError, Appended, ContinueError, EventLog, Expected, Head, LogError, StoredMessage, Tail,
    Verbatim,
};

mod partner;
pub use partner::{AnswerTo, DurableState, PartnerAsk, PartnerDesk, PartnerRequest, StartOutcome};

mod grouped;
pub use grouped::Grouped;

pub mod import;

pub mod memory;

pub mod jetstream;

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
