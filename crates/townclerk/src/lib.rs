//! The one executable as a library, so that system tests can use its parts.

pub mod nats_server;

pub mod system;

pub mod cli;

mod client;

mod commands;

pub use commands::run;
