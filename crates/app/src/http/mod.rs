//! HTTP: how a command is read, how a problem is told, and how a router is served.

pub mod kind;

pub mod problem;

pub mod problem_page;

mod refusal;

pub mod body;

pub mod headers;

pub mod commands;

pub mod described;

pub mod query;

pub mod entity_tag;

pub mod openapi;

pub mod health;

pub mod connections;

mod timed_socket;

pub mod serve;

#[cfg(any(test, feature = "testing"))]
pub mod testing;

#[cfg(test)]
mod tests;

#[cfg(test)]
mod serve_tests;

pub use problem::Problem;
