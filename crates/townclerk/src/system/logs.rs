//! Connections to logs, one for each account and role.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use townclerk_domain::names::LogName;
use townclerk_event_log::jetstream::{
    Access, Credential, Initialised, JetStreamLog, PartnerDoor, Role,
};
use townclerk_event_log::{EndChecked, Ends, EventLog, Grouped, PartnerDesk, Watched, Writes};

/// Where logs are and how to get in.
#[derive(Clone, Debug)]
pub struct Logs {
    pub url: String,
    /// Holds `<log>/<role>.nk`.
    pub credentials: std::path::PathBuf,
    /// The server's name, where it is known.
    pub server_name: Option<String>,
    /// How far they were seen: what writes to one looks whether it still reaches as far.
    pub ends: Arc<Ends>,
    /// What becomes of the appends to them.
    pub writes: Arc<Writes>,
}

impl Logs {
    /// How to reach one log in one role.
    ///
    /// # Errors
    /// A credential that cannot be read.
    pub fn access(&self, log: &LogName, role: Role) -> anyhow::Result<Access> {
        let file = seed_file(&self.credentials, log, role);
        let seed = std::fs::read_to_string(&file)
            .with_context(|| format!("cannot read the credential {}", file.display()))?;
        Ok(Access {
            url: self.url.clone(),
            log: log.clone(),
            role,
            credential: Credential {
                seed: seed.trim().to_owned(),
            },
            server_name: self.server_name.clone(),
        })
    }

    /// Opens logs in one role; each is asserted to be what the record needs. What is written at the
    /// same moment shares a batch.
    ///
    /// # Errors
    /// What was found and what to do.
    pub async fn open(
        &self,
        logs: &[LogName],
        role: Role,
    ) -> anyhow::Result<Vec<Arc<dyn EventLog>>> {
        let mut open: Vec<Arc<dyn EventLog>> = Vec::with_capacity(logs.len());
        for log in logs {
            let access = self.access(log, role)?;
            open.push(match role {
                Role::Writer => {
                    let ends = Arc::clone(&self.ends);
                    let opened = JetStreamLog::open_checked(&access, &ends).await?;
                    let checked = EndChecked::new(Arc::new(opened), ends);
                    let watched = Watched::new(Arc::new(checked), Arc::clone(&self.writes));
                    Arc::new(Grouped::new(Arc::new(watched)))
                }
                Role::Operator | Role::Reader | Role::Gateway => {
                    Arc::new(JetStreamLog::open(&access).await?)
                }
            });
        }
        Ok(open)
    }
}

impl Logs {
    /// Where the partners of logs are heard.
    ///
    /// # Errors
    /// A log that cannot be opened.
    pub async fn desks(&self, logs: &[LogName]) -> anyhow::Result<Vec<Arc<dyn PartnerDesk>>> {
        let mut desks: Vec<Arc<dyn PartnerDesk>> = Vec::with_capacity(logs.len());
        for log in logs {
            let door = PartnerDoor::open(&self.access(log, Role::Gateway)?).await?;
            desks.push(Arc::new(door));
        }
        Ok(desks)
    }
}

/// Makes the streams that are not there yet. Records no event.
///
/// # Errors
/// A server or a stream that is not what the record needs.
pub async fn initialise(
    logs: &Logs,
    names: &[LogName],
) -> anyhow::Result<Vec<(LogName, Initialised)>> {
    let mut done = Vec::with_capacity(names.len());
    for log in names {
        let access = logs.access(log, Role::Operator)?;
        done.push((log.clone(), JetStreamLog::initialise(&access).await?));
    }
    Ok(done)
}

/// The file with the seed of a role.
pub(super) fn seed_file(credentials: &Path, log: &LogName, role: Role) -> std::path::PathBuf {
    let name = format!("{}.nk", role.as_str());
    credentials.join(log.as_str()).join(name)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use bytes::Bytes;
    use townclerk_contract::envelope::Message;
    use townclerk_domain::identity::EventId;
    use townclerk_event_log::{AppendError, ContinueError, Expected, LogError, Room, Verbatim};
    use uuid::Uuid;

    use super::super::reach::logs_of;
    use super::*;
    use crate::nats_server::{NatsServer, Options};

    /// Services, the gateway and imports write through what is opened here.
    #[tokio::test(flavor = "multi_thread")]
    async fn every_writer_leaves_room_on_the_disk_and_goes_on_when_there_is_more() {
        let dir = tempfile::tempdir().unwrap();
        let nats = NatsServer::start(Options {
            data_dir: dir.path().to_owned(),
            logs: vec!["brent".to_owned()],
            partners: Vec::new(),
            binary: None,
            port: None,
        });
        let nats = nats.await.unwrap();
        let free = Arc::new(AtomicU64::new(0));
        let measured = Arc::clone(&free);
        let total = 1 << 40;
        let room = move || {
            let free = measured.load(Ordering::Relaxed);
            Some(Room { free, total })
        };
        let logs = Logs {
            writes: Arc::new(Writes::with(Box::new(|| None), Box::new(room))),
            ..logs_of(&nats, dir.path())
        };
        let names = [LogName::new("brent").unwrap()];
        initialise(&logs, &names).await.unwrap();
        let writer = logs.open(&names, Role::Writer).await.unwrap().remove(0);
        let message = Message {
            subject: format!("tc.brent.ticket.ticket-{}", Uuid::from_u128(1)),
            id: EventId(Uuid::from_u128(2)),
            payload: Bytes::from_static(b"{}"),
        };
        let verbatim = [Verbatim::from(&message)];
        let expected = Expected { message, last: 0 };
        let refused = writer.append(&expected).await.unwrap_err();
        assert!(
            matches!(refused, AppendError::Refused(LogError::DiskFull(_))),
            "{refused:?}"
        );
        let refused = writer.append_after(0, &verbatim).await.unwrap_err();
        assert!(
            matches!(refused, ContinueError::Refused(LogError::DiskFull(_))),
            "{refused:?}"
        );
        assert_eq!(writer.head().await.unwrap().sequence, 0);
        assert_ne!(logs.writes.trouble(), Vec::<String>::new());
        free.store(total / 2, Ordering::Relaxed);
        assert_eq!(writer.append(&expected).await.unwrap().sequence, 1);
        assert_eq!(logs.writes.trouble(), Vec::<String>::new());
        drop(writer);
        nats.stop().await.unwrap();
    }
}
