//! Pure, seeded generator of the demonstration history.
//!
//! The figures of two published tables are reproduced exactly (see [`targets`]); everything else,
//! such as the split by council, the other priorities and the exact days, is sample data. The same
//! seed gives the same bytes: no clock, no I/O, whole numbers only.

pub mod targets;

mod calendar;
mod catalogue;
mod demand;
mod dice;
mod history;
mod life;
mod message;
mod recording;

#[cfg(test)]
mod tests;

pub use history::{CALLER, History, SEED, demonstration};

/// Names and tokens are constants of this crate; a malformed one surfaces as an encoding error.
fn malformed(error: impl std::fmt::Display) -> serde_json::Error {
    serde::ser::Error::custom(error)
}
