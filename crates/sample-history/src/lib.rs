//! Pure, seeded generator of the demonstration history.
//!
//! What was published (see [`targets`]) is reproduced exactly, as far as it agrees with itself;
//! everything else, such as the split by council, the other priorities and most exact times, is
//! sample data. The same seed gives the same bytes: no clock, no I/O, whole numbers only.

pub mod targets;

mod agreements;
mod calendar;
mod catalogue;
mod changes;
mod chronicle;
mod demand;
mod dice;
mod history;
mod life;
mod message;
mod outages;
mod placement;
mod recording;
mod restructure;
mod service_levels;
mod spelling;
mod tickets;
mod volume;

#[cfg(test)]
mod tests;

pub use history::{CALLER, History, SEED, demonstration};
pub use volume::{Volume, volume};

/// Names and tokens are constants of this crate; a malformed one surfaces as an encoding error.
fn malformed(error: impl std::fmt::Display) -> serde_json::Error {
    serde::ser::Error::custom(error)
}
