//! From a command to at most one appended event.

mod aggregate;
mod handler;
#[cfg(test)]
mod tests;

pub use handler::{Command, CommandError, Handled, Handler, Handlers};
