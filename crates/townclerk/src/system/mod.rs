//! The whole system in one process: nats-server, services and views, started in order and stopped
//! in reverse.

mod logs;
mod roles;
mod up;

pub use logs::{Logs, initialise};
pub use roles::{Parted, Roles, compose};
pub use up::{Prepared, System, UpOptions, operator_token_file};
