//! The one executable as a library, so that system tests can use its parts.

pub mod nats_server;
