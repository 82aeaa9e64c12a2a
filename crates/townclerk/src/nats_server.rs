//! Runs nats-server as a child on a data directory: the executable, credentials of least
//! privilege, the configuration, the directory's lock, and a supervisor that restarts it.
//!
//! *Invariant*: at most one nats-server works on a data directory, whatever was killed when. Its
//! store has no lock of its own, and two servers on one store both acknowledge and both lose.

mod accounts;
mod binary;
mod child;
mod config;
mod credentials;
mod data_dir_lock;
mod health;
mod reload;
mod supervisor;
#[cfg(test)]
mod tests;

pub use binary::{Binary, BinaryError, OLDEST, VARIABLE, Version};
pub use child::NotReady;
pub use config::{UnusablePath, VARZ_SUBJECT};
pub use credentials::{
    Credentials, CredentialsError, SYS_INBOX_PREFIX, User, account_name, partner_seed_file,
};
pub use data_dir_lock::{DataDirLock, LockError};
pub use reload::ReloadError;
pub use supervisor::{NatsServer, Options, StartError, StopError, running_server};

/// The accounts alone, for the configuration of a nats-server that somebody else runs.
pub fn accounts_fragment(credentials: &Credentials) -> String {
    config::fragment(credentials)
}
