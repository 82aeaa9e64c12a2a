//! The one executable as a library, so that system tests can use its parts.

pub mod nats_server;

pub mod town;

pub mod system;

pub mod history;

pub mod cli;

mod check;

mod client;

mod commands;

pub use commands::run;
