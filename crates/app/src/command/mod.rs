//! From a command to at most one appended event.

mod aggregate;
mod error;
mod handler;
#[cfg(test)]
mod tests;

pub use error::CommandError;
pub use handler::{Command, Handled, Handler, Handlers};
