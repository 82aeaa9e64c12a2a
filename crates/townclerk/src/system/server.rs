//! The nats-server that a system works on: its own, or one that somebody else runs.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use townclerk_app::private_file;

use crate::nats_server::{Credentials, DataDirLock, NatsServer, accounts_fragment};
use crate::town::Partner;

/// The file with the accounts for a nats-server that somebody else runs.
pub(crate) const FRAGMENT_FILE: &str = "nats-accounts.conf";

/// Which nats-server it is.
#[derive(Clone)]
pub(super) enum Server {
    Own(Arc<NatsServer>),
    Elsewhere {
        /// Holds `<log>/<role>.nk`.
        credentials: std::path::PathBuf,
        /// Nobody else may work on the data directory.
        lock: Arc<DataDirLock>,
    },
}

impl Server {
    /// Lets these logs and partners in: tells its own server, or writes down what the other needs.
    pub(super) async fn admit(
        &self,
        data_dir: &Path,
        logs: &[String],
        partners: &[Partner],
    ) -> anyhow::Result<()> {
        match self {
            Self::Own(nats) => Ok(nats.reconfigure(logs, partners).await?),
            Self::Elsewhere { credentials, .. } => {
                write_fragment(data_dir, credentials, logs, partners)
            }
        }
    }

    /// Stops its own server; of another nothing is stopped.
    pub(super) async fn stop(self) -> anyhow::Result<()> {
        match self {
            Self::Own(nats) => {
                tracing::info!("stopping nats-server");
                // The one who still holds it lets go when the runtime does, and kills it then.
                if let Some(nats) = Arc::into_inner(nats) {
                    nats.stop().await?;
                }
            }
            Self::Elsewhere { lock, .. } => {
                if let Some(lock) = Arc::into_inner(lock) {
                    lock.release()?;
                }
            }
        }
        Ok(())
    }
}

/// Makes the credentials that are missing, and writes the accounts for the server's configuration.
///
/// # Errors
/// A folder that cannot be written.
pub(crate) fn write_fragment(
    data_dir: &Path,
    credentials: &Path,
    logs: &[String],
    partners: &[Partner],
) -> anyhow::Result<()> {
    let credentials = Credentials::load_or_create(credentials, logs, partners)?;
    let file = data_dir.join(FRAGMENT_FILE);
    private_file::create_folder(data_dir)
        .and_then(|()| private_file::write(&file, accounts_fragment(&credentials)))
        .with_context(|| format!("cannot write {}", file.display()))
}
