//! The append-only log: JetStream and nothing else, and an in-memory twin for tests.
//!
//! Both pass the same suite, [`conformance`].

mod log;
pub use log::{AppendError, Appended, EventLog, Expected, Head, LogError, StoredMessage, Tail};

pub mod import;

pub mod memory;

pub mod jetstream;

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
