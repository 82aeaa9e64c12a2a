//! The contract: the only crate that knows bytes.
//!
//! One event is one JetStream message is one CloudEvent 1.0 in structured JSON. This crate spells
//! subjects and types, writes and reads envelopes, and says which messages are not ours.

pub mod subject;

pub mod position;

pub mod source;

pub mod digest;

pub mod chain;

pub mod event_type;

pub mod trace;

pub mod classification;

mod payload;

pub mod envelope;

pub mod reading;

pub mod fact;

pub mod schema;

pub mod asyncapi;

#[cfg(test)]
mod golden_tests;

#[cfg(test)]
mod reading_tests;

#[cfg(test)]
mod schema_tests;

#[cfg(test)]
mod released_tests;

#[cfg(test)]
mod profile_tests;
