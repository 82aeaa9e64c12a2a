//! The shell that all services share: from an HTTP command to an appended event, who may do what,
//! the projector's loop, and how a process starts and stops.

pub mod clock;

pub mod command;

pub mod projector;

pub mod access;

pub mod audit;

pub mod http;

pub mod lifecycle;

pub mod private_file;

pub mod telemetry;
