//! The in-memory twin of a JetStream log, with the faults that simulations need.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures::StreamExt;
use jiff::Timestamp;
use tokio::sync::watch;
use townclerk_domain::names::LogName;

use crate::log::{
    AppendError, Appended, ContinueError, EventLog, Expected, Head, LogError, StoredMessage, Tail,
    Verbatim,
};

/// Largest batch, as JetStream has it.
const BATCH_MAX: usize = 1_000;

pub struct MemoryLog {
    name: LogName,
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    head: watch::Sender<u64>,
}

impl Shared {
    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Default)]
struct State {
    messages: Vec<StoredMessage>,
    /// Last sequence on each subject.
    last: HashMap<String, u64>,
    /// Message ids inside the duplicate window.
    window: HashMap<String, u64>,
    acks_to_lose: usize,
    acks_to_withhold: usize,
    /// Sequences whose messages are damaged: the log goes on after them.
    damaged: HashSet<u64>,
    away: bool,
}

impl MemoryLog {
    pub fn new(name: LogName) -> Self {
        Self {
            name,
            shared: Arc::new(Shared {
                state: Mutex::default(),
                head: watch::Sender::new(0),
            }),
        }
    }

    /// The answers to the next `count` appends (a batch is one) get lost after they were recorded.
    pub fn lose_acks(&self, count: usize) {
        self.locked().acks_to_lose = count;
    }

    /// The next `count` appends of one message are recorded, and wait for an answer for ever.
    pub fn withhold_acks(&self, count: usize) {
        self.locked().acks_to_withhold = count;
    }

    /// Time passes: the log forgets which message ids it has seen.
    pub fn close_duplicate_window(&self) {
        self.locked().window.clear();
    }

    /// Puts a message of anybody's making into the log.
    pub fn put(&self, subject: &str, id: Option<&str>, payload: &[u8]) -> u64 {
        let mut state = self.locked();
        let sequence = state.store(subject.to_owned(), id.map(str::to_owned), payload.to_vec());
        self.shared.head.send_replace(sequence);
        sequence
    }

    /// The log answers nothing, and nothing reaches it, or it does again.
    pub fn set_away(&self, away: bool) {
        self.locked().away = away;
    }

    /// The state of a log that answers.
    fn there(&self) -> Result<MutexGuard<'_, State>, LogError> {
        let state = self.locked();
        match state.away {
            false => Ok(state),
            true => Err(self.unavailable("it is away")),
        }
    }

    /// Damage: the log loses all that comes after `end`, and knows nothing of it.
    pub fn lose_end(&self, end: usize) {
        let mut state = self.locked();
        state.messages.truncate(end);
        let left = state.messages.iter();
        state.last = left.map(|m| (m.subject.clone(), m.sequence)).collect();
        state.window.clear();
        self.shared.head.send_replace(end as u64);
    }

    /// Damage: the log loses one message, and keeps what comes after it.
    pub fn lose_message(&self, sequence: u64) {
        self.locked().damaged.insert(sequence);
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.shared.locked()
    }

    fn unavailable(&self, why: &str) -> LogError {
        LogError::Unavailable {
            log: self.name.clone(),
            why: why.to_owned(),
        }
    }
}

impl State {
    fn store(&mut self, subject: String, id: Option<String>, payload: Vec<u8>) -> u64 {
        let sequence = u64::try_from(self.messages.len() + 1).unwrap_or(u64::MAX);
        self.last.insert(subject.clone(), sequence);
        if let Some(id) = &id {
            self.window.insert(id.clone(), sequence);
        }
        self.messages.push(StoredMessage {
            sequence,
            subject,
            id,
            payload: payload.into(),
        });
        sequence
    }

    fn after(&self, sequence: u64) -> &[StoredMessage] {
        let start = usize::try_from(sequence).unwrap_or(usize::MAX);
        self.messages.get(start..).unwrap_or_default()
    }

    /// The first message after a sequence that is not damaged.
    fn first_after(&self, sequence: u64) -> Option<&StoredMessage> {
        let mut later = self.after(sequence).iter();
        later.find(|stored| !self.damaged.contains(&stored.sequence))
    }

    /// As JetStream R1 does: the expected sequence is looked at first, then the message id.
    fn append(&mut self, expected: &Expected) -> Result<Appended, AppendError> {
        let Expected { message, last } = expected;
        let id = message.id.to_string();
        if self.last.get(&message.subject).copied().unwrap_or(0) != *last {
            let ours = self.after(*last).iter().find(|stored| stored.is(message));
            return ours
                .map(|stored| Appended {
                    sequence: stored.sequence,
                    already: true,
                })
                .ok_or(AppendError::Conflict);
        }
        if let Some(&sequence) = self.window.get(&id) {
            return Err(AppendError::IdElsewhere { id, sequence });
        }
        let sequence = self.store(message.subject.clone(), Some(id), message.payload.to_vec());
        Ok(Appended {
            sequence,
            already: false,
        })
    }
}

#[async_trait]
impl EventLog for MemoryLog {
    fn name(&self) -> &LogName {
        &self.name
    }

    async fn append(&self, message: &Expected) -> Result<Appended, AppendError> {
        let (appended, is_withheld) = {
            let mut state = self.there().map_err(AppendError::Refused)?;
            let appended = state.append(message)?;
            self.shared.head.send_replace(state.messages.len() as u64);
            if state.acks_to_lose > 0 {
                state.acks_to_lose -= 1;
                return Err(AppendError::Unknown(
                    self.unavailable("the answer was lost"),
                ));
            }
            let is_withheld = state.acks_to_withhold > 0;
            state.acks_to_withhold = state.acks_to_withhold.saturating_sub(1);
            (appended, is_withheld)
        };
        match is_withheld {
            true => std::future::pending().await,
            false => Ok(appended),
        }
    }

    async fn append_batch(&self, batch: &[Expected]) -> Result<u64, AppendError> {
        let mut state = self.there().map_err(AppendError::Refused)?;
        if batch.is_empty() || batch.len() > BATCH_MAX {
            let why = format!(
                "a batch holds 1 to {BATCH_MAX} messages, not {}",
                batch.len()
            );
            return Err(AppendError::Refused(self.unavailable(&why)));
        }
        let mut in_batch: HashMap<&str, u64> = HashMap::new();
        for Expected { message, last } in batch {
            let recorded = state.last.get(&message.subject).copied().unwrap_or(0);
            let first = in_batch.insert(&message.subject, *last).is_none();
            if first && recorded != *last || state.window.contains_key(&message.id.to_string()) {
                return Err(AppendError::Conflict);
            }
        }
        for Expected { message, .. } in batch {
            let (subject, id) = (message.subject.clone(), message.id.to_string());
            state.store(subject, Some(id), message.payload.to_vec());
        }
        let sequence = state.messages.len() as u64;
        self.shared.head.send_replace(sequence);
        if state.acks_to_lose > 0 {
            state.acks_to_lose -= 1;
            return Err(AppendError::Unknown(
                self.unavailable("the answer was lost"),
            ));
        }
        Ok(sequence)
    }

    async fn append_after(&self, end: u64, messages: &[Verbatim]) -> Result<u64, ContinueError> {
        let mut state = self.there().map_err(ContinueError::Refused)?;
        if messages.is_empty() || messages.len() > BATCH_MAX {
            let why = format!(
                "a batch holds 1 to {BATCH_MAX} messages, not {}",
                messages.len()
            );
            return Err(ContinueError::Refused(self.unavailable(&why)));
        }
        if state.messages.len() as u64 != end {
            return Err(ContinueError::GoneOn);
        }
        let given = messages.iter().filter_map(|message| message.id.as_ref());
        if let Some(id) = given.clone().find(|id| id.chars().any(char::is_control)) {
            let why = format!("the message id {id:?} cannot be sent: it has a control character");
            return Err(ContinueError::Refused(self.unavailable(&why)));
        }
        let mut in_batch = HashSet::new();
        let mut ids = given;
        if ids.any(|id| state.window.contains_key(id) || !in_batch.insert(id)) {
            return Err(ContinueError::IdRemembered);
        }
        for message in messages {
            let Verbatim {
                subject,
                id,
                payload,
            } = message.clone();
            state.store(subject, id, payload.to_vec());
        }
        let sequence = state.messages.len() as u64;
        self.shared.head.send_replace(sequence);
        if state.acks_to_lose > 0 {
            state.acks_to_lose -= 1;
            return Err(ContinueError::Unknown(
                self.unavailable("the answer was lost"),
            ));
        }
        Ok(sequence)
    }

    async fn read_subject(
        &self,
        subject: &str,
        after: u64,
    ) -> Result<Vec<StoredMessage>, LogError> {
        let state = self.there()?;
        let of_subject = |stored: &&StoredMessage| stored.subject == subject;
        Ok(state
            .after(after)
            .iter()
            .filter(of_subject)
            .cloned()
            .collect())
    }

    async fn read_one(&self, sequence: u64) -> Result<Option<StoredMessage>, LogError> {
        let before = sequence.saturating_sub(1);
        let state = self.there()?;
        let first = state.first_after(before);
        Ok(first.filter(|stored| stored.sequence == sequence).cloned())
    }

    async fn head(&self) -> Result<Head, LogError> {
        drop(self.there()?);
        Ok(Head {
            sequence: *self.shared.head.borrow(),
            looked: Timestamp::now(),
        })
    }

    async fn tail(&self, after: u64) -> Result<Tail, LogError> {
        let heads = self.shared.head.subscribe();
        let start = (Arc::clone(&self.shared), heads, after);
        let messages = futures::stream::unfold(start, |(shared, mut heads, after)| async move {
            let found = heads.wait_for(|head| *head > after).await.is_ok();
            let next = shared.locked().first_after(after).cloned();
            let next = next.filter(|_| found)?;
            let sequence = next.sequence;
            Some((Ok(next), (shared, heads, sequence)))
        });
        Ok(messages.boxed())
    }
}
