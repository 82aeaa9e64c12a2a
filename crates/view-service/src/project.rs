//! Folding a log's messages into the served rows.

use async_trait::async_trait;
use townclerk_app::projector::Projector;
use townclerk_contract::reading::{Reading, read};
use townclerk_domain::names::LogName;
use townclerk_event_log::{Head, StoredMessage};
use townclerk_view_store::checkpoint::Checkpoint;
use townclerk_views::fold::{Folding, Input};
use townclerk_views::rows::{Rows, RowsError};

use crate::view::{Served, View, ViewError};

/// Folds one message and moves the checkpoint over it.
pub(crate) fn fold<R: Rows>(
    folding: &mut Folding<'_, R>,
    log: &LogName,
    checkpoint: &mut Checkpoint,
    message: &StoredMessage,
) -> Result<(), RowsError> {
    let input = match read(&message.raw(log)) {
        Reading::Event(event) => Input::Event(Box::new(event.recorded)),
        Reading::Unreadable {
            aggregate,
            recorded,
            reason,
        } => {
            tracing::warn!(%log, sequence = message.sequence, reason, "an event is quarantined");
            Input::Unreadable {
                aggregate,
                recorded,
                reason,
            }
        }
        Reading::Foreign { reason } => {
            tracing::warn!(%log, sequence = message.sequence, reason, "a foreign message");
            Input::Foreign { reason }
        }
    };
    folding.fold(log, message.sequence, &mut checkpoint.known, input)?;
    *checkpoint = checkpoint.advanced(message.sequence, &message.subject, &message.payload);
    Ok(())
}

impl View {
    fn project_now(
        &self,
        served: &mut Served,
        log: &LogName,
        messages: &[StoredMessage],
    ) -> Result<(), ViewError> {
        let mut checkpoint = served.store.checkpoint(log);
        let mut folding = Folding::new(&served.store);
        for message in messages {
            fold(&mut folding, log, &mut checkpoint, message)?;
        }
        let changes = folding.finish()?;
        served.store.apply(changes, &[(log.clone(), checkpoint)])?;
        Ok(())
    }
}

#[async_trait]
impl Projector for View {
    type Error = ViewError;

    async fn resume(&self) -> Result<(), ViewError> {
        self.resume_writing().await
    }

    fn checkpoint(&self, log: &LogName) -> u64 {
        // Published after each batch: no lock to wait for.
        self.positions.borrow().get(log).copied().unwrap_or(0)
    }

    fn recognises(&self, log: &LogName, last: &StoredMessage) -> bool {
        let checkpoint = tokio::task::block_in_place(|| self.read().store.checkpoint(log));
        checkpoint.recognises(last.sequence, &last.subject, &last.payload)
    }

    async fn project(&self, log: &LogName, messages: Vec<StoredMessage>) -> Result<(), ViewError> {
        let _turn = self.projecting.lock().await;
        self.check_room()?;
        tokio::task::block_in_place(|| {
            let mut served = self.write();
            self.project_now(&mut served, log, &messages)
                .or_else(|error| self.mend(&mut served, error))?;
            drop(served);
            self.publish_positions();
            Ok(())
        })
    }

    fn caught_up(&self, log: &LogName, head: Head) {
        let mut watch = self.watched();
        watch.reached.insert(log.clone(), head.looked);
        watch.looked(log, head.sequence, head.sequence);
    }

    fn behind(&self, log: &LogName, head: Head) {
        let checkpoint = self.checkpoint(log);
        self.watched().looked(log, head.sequence, checkpoint);
    }

    fn trouble(&self, log: &LogName, why: Option<String>) {
        let mut watch = self.watched();
        match why {
            Some(why) => watch.trouble.insert(log.clone(), why),
            None => watch.trouble.remove(log),
        };
    }
}
