//! A log whose appends of the same moment share an atomic batch: one wait for the disk instead of
//! one each.
//!
//! No append waits for company. One that comes while fewer than [`SLOTS`] groups are under way goes at
//! once, alone; what comes meanwhile waits, and then goes together. A batch that is refused names no
//! member, and one that is not answered may be recorded: in both cases each member goes again
//! singly, and the log finds out what became of it.
//!
//! Two appends on one subject never share a batch: the second can only be based on what the first
//! changes. It goes when the first is answered, and singly, so that it cannot spoil a batch.

#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::{BoxFuture, join_all};
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;
use townclerk_domain::names::LogName;

use crate::log::{
    AppendError, Appended, ContinueError, EventLog, Expected, Head, LogError, StoredMessage, Tail,
    Verbatim,
};

/// Groups under way at a time: while the server writes one, the next travels.
const SLOTS: usize = 2;

/// Fewer go singly, at the same time: the server makes a folder for each batch, and that takes as
/// long as it takes to write some thirty messages one by one.
const BATCH_MESSAGES_MIN: usize = 32;

/// The largest batch that JetStream takes.
const BATCH_MESSAGES_MAX: usize = 1_000;

/// Subjects and payloads of one batch.
const BATCH_BYTES_MAX: usize = 512 * 1024;

/// Appends that may wait or be under way; beyond that a caller waits for room.
const HELD_MAX: usize = 2 * BATCH_MESSAGES_MAX;

/// How long a batch may go unanswered before its members go singly.
const BATCH_PATIENCE: Duration = Duration::from_secs(5);

/// How long a group keeps its slot. A server that is away must not make those who come later
/// wait for the whole time that the ones before are tried.
const SLOT_PATIENCE: Duration = Duration::from_secs(1);

/// The appends to `log`, grouped. When this is dropped nobody waits for an answer any more, and
/// its task ends with it.
pub struct Grouped {
    log: Arc<dyn EventLog>,
    room: Arc<Semaphore>,
    asked: mpsc::Sender<Asked>,
    _committer: AbortOnDropHandle<()>,
}

impl Grouped {
    /// Must be called within a tokio runtime: it starts a task.
    pub fn new(log: Arc<dyn EventLog>) -> Self {
        let (asked, arriving) = mpsc::channel(HELD_MAX);
        let committer = Committer {
            log: Arc::clone(&log),
            slots: Arc::new(Semaphore::new(SLOTS)),
            waiting: VecDeque::new(),
            behind: HashMap::new(),
            flights: FuturesUnordered::new(),
        };
        Self {
            log,
            room: Arc::new(Semaphore::new(HELD_MAX)),
            asked,
            _committer: AbortOnDropHandle::new(tokio::spawn(committer.run(arriving))),
        }
    }

    fn broken(&self, what: &str) -> AppendError {
        AppendError::Unknown(LogError::Unavailable {
            log: self.log.name().clone(),
            why: what.to_owned(),
        })
    }
}

#[async_trait]
impl EventLog for Grouped {
    fn name(&self) -> &LogName {
        self.log.name()
    }

    /// A caller that goes away stops nothing: its message may still be recorded.
    async fn append(&self, message: &Expected) -> Result<Appended, AppendError> {
        // The semaphore is never closed; without a permit the append is merely not counted.
        let room = Arc::clone(&self.room).acquire_owned().await.ok();
        let (to, outcome) = oneshot::channel();
        let asked = Asked {
            expected: message.clone(),
            answer: Answer { to, _room: room },
        };
        if self.asked.send(asked).await.is_err() {
            tracing::error!(log = %self.log.name(), "nobody groups appends any more: they go singly");
            return self.log.append(message).await;
        }
        outcome
            .await
            .unwrap_or_else(|_| Err(self.broken("the grouping of appends broke off")))
    }

    async fn append_batch(&self, batch: &[Expected]) -> Result<u64, AppendError> {
        self.log.append_batch(batch).await
    }

    async fn append_after(&self, end: u64, messages: &[Verbatim]) -> Result<u64, ContinueError> {
        self.log.append_after(end, messages).await
    }

    async fn read_subject(
        &self,
        subject: &str,
        after: u64,
    ) -> Result<Vec<StoredMessage>, LogError> {
        self.log.read_subject(subject, after).await
    }

    async fn read_one(&self, sequence: u64) -> Result<Option<StoredMessage>, LogError> {
        self.log.read_one(sequence).await
    }

    async fn head(&self) -> Result<Head, LogError> {
        self.log.head().await
    }

    async fn tail(&self, after: u64) -> Result<Tail, LogError> {
        self.log.tail(after).await
    }

    async fn history(&self, after: u64) -> Result<Tail, LogError> {
        self.log.history(after).await
    }
}

/// One append, and who waits for it.
struct Asked {
    expected: Expected,
    answer: Answer,
}

impl Asked {
    fn subject(&self) -> &str {
        &self.expected.message.subject
    }

    fn bytes(&self) -> usize {
        self.subject().len() + self.expected.message.payload.len()
    }
}

struct Answer {
    to: oneshot::Sender<Result<Appended, AppendError>>,
    /// Given back when the answer is.
    _room: Option<OwnedSemaphorePermit>,
}

impl Answer {
    fn give(self, outcome: Result<Appended, AppendError>) {
        if let Err(outcome) = self.to.send(outcome) {
            tracing::debug!(?outcome, "the caller of this append has left");
        }
    }
}

/// Sends what is asked for, in groups.
struct Committer {
    log: Arc<dyn EventLog>,
    slots: Arc<Semaphore>,
    /// One for each subject, in the order in which they came.
    waiting: VecDeque<Asked>,
    /// Has a key for each subject that waits or is under way: what came later on it.
    behind: HashMap<String, Vec<Asked>>,
    /// Each yields the subjects that it was about.
    flights: FuturesUnordered<BoxFuture<'static, Vec<String>>>,
}

impl Committer {
    async fn run(mut self, mut arriving: mpsc::Receiver<Asked>) {
        let mut arrived = Vec::new();
        loop {
            tokio::select! {
                // All that is there is lined up before a group is made of it.
                biased;
                received = arriving.recv_many(&mut arrived, HELD_MAX) => {
                    if received == 0 {
                        return;
                    }
                    for asked in arrived.drain(..) {
                        self.line_up(asked);
                    }
                }
                Some(subjects) = self.flights.next() => {
                    for subject in subjects {
                        self.landed(&subject);
                    }
                }
                Ok(slot) = Arc::clone(&self.slots).acquire_owned(), if !self.waiting.is_empty() => {
                    let group = self.take_group();
                    self.launch(group, slot);
                }
            }
        }
    }

    fn line_up(&mut self, asked: Asked) {
        if let Some(behind) = self.behind.get_mut(asked.subject()) {
            return behind.push(asked);
        }
        self.behind.insert(asked.subject().to_owned(), Vec::new());
        self.waiting.push_back(asked);
    }

    /// The first of those that wait, as many as fit into a batch; one always does.
    fn take_group(&mut self) -> Vec<Asked> {
        let mut bytes = 0;
        let fits = |asked: &&Asked| {
            bytes += asked.bytes();
            bytes <= BATCH_BYTES_MAX
        };
        let fitting = self.waiting.iter().take(BATCH_MESSAGES_MAX);
        let count = fitting.take_while(fits).count().max(1);
        self.waiting
            .drain(..count.min(self.waiting.len()))
            .collect()
    }

    fn launch(&mut self, group: Vec<Asked>, slot: OwnedSemaphorePermit) {
        let subjects = group.iter().map(|asked| asked.subject().to_owned());
        let subjects: Vec<String> = subjects.collect();
        let log = Arc::clone(&self.log);
        let flight = async move {
            let mut sending = std::pin::pin!(send(&*log, group));
            if timeout(SLOT_PATIENCE, &mut sending).await.is_err() {
                drop(slot);
                sending.await;
            }
            subjects
        };
        self.flights.push(flight.boxed());
    }

    /// The subject is free. What came later on it most likely has to be decided again: it goes
    /// singly and needs no slot, for it writes nothing.
    fn landed(&mut self, subject: &str) {
        for Asked { expected, answer } in self.behind.remove(subject).unwrap_or_default() {
            let log = Arc::clone(&self.log);
            let flight = async move {
                answer.give(log.append(&expected).await);
                Vec::new()
            };
            self.flights.push(flight.boxed());
        }
    }
}

async fn send(log: &dyn EventLog, group: Vec<Asked>) {
    let split = |Asked { expected, answer }| (expected, answer);
    let (members, answers): (Vec<Expected>, Vec<Answer>) = group.into_iter().map(split).unzip();
    let unanswered = match members.len() {
        ..BATCH_MESSAGES_MIN => false,
        _ => match timeout(BATCH_PATIENCE, log.append_batch(&members)).await {
            Ok(Ok(last)) => return all_recorded(last, answers),
            Ok(Err(AppendError::Unknown(why))) => {
                tracing::warn!(members = members.len(), %why, "no answer to a batch of appends");
                true
            }
            Err(_) => {
                tracing::warn!(
                    members = members.len(),
                    "no answer to a batch of appends in time"
                );
                true
            }
            Ok(Err(why)) => {
                tracing::debug!(members = members.len(), %why, "a batch of appends was refused");
                false
            }
        },
    };
    let singly = members
        .iter()
        .zip(answers)
        .map(|(member, answer)| async move {
            answer.give(append_singly(log, member, unanswered).await);
        });
    join_all(singly).await;
}

/// A batch is recorded without a gap, so the last sequence tells all of them.
fn all_recorded(last: u64, answers: Vec<Answer>) {
    for (sequence, answer) in (1..=last).rev().zip(answers.into_iter().rev()) {
        answer.give(Ok(Appended {
            sequence,
            already: false,
        }));
    }
}

/// `unanswered`: a batch with this member was sent, and what became of it is not known.
async fn append_singly(
    log: &dyn EventLog,
    member: &Expected,
    unanswered: bool,
) -> Result<Appended, AppendError> {
    match log.append(member).await {
        // It speaks for this try alone: the batch may be recorded, now or in a moment.
        Err(AppendError::Refused(why)) if unanswered => {
            let message = &member.message;
            let later = log.read_subject(&message.subject, member.last).await;
            let ours = later.unwrap_or_default();
            let ours = ours.iter().find(|stored| stored.is(message));
            ours.map(|stored| Appended {
                sequence: stored.sequence,
                already: true,
            })
            .ok_or(AppendError::Unknown(why))
        }
        outcome => outcome,
    }
}
