//! From a command to at most one appended event.

mod aggregate;
mod codes;
mod councils;
mod error;
mod handler;
#[cfg(test)]
mod tests;

pub use codes::{CodesInUse, RecordedCodes};
pub use error::CommandError;
pub use handler::{Command, Handled, Handler, Handlers};
