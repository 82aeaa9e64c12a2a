//! How far each log was seen, and whether it still reaches that far.
//!
//! nats-server serves what its files hold. After damage to one it serves a shorter log and takes
//! appends at its end, so that new events would stand at the positions of lost ones. What was seen
//! before tells: a log that ends below, or that has another message there, is closed for writing
//! until people decide.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use townclerk_contract::chain::Chain;
use townclerk_domain::names::LogName;

use crate::log::{EventLog, LogError, StoredMessage};
use crate::read_through::ReadThrough;

/// The last message of a log that was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SeenEnd {
    /// 0 where nothing was seen.
    pub sequence: u64,
    /// The chain before the message; zeros where its reader had not read the log up to it.
    pub before: Chain,
    /// The chain after it.
    pub chain: Chain,
}

impl SeenEnd {
    /// A message that was seen by itself.
    pub fn of(sequence: u64, subject: &str, payload: &[u8]) -> Self {
        let before = Chain::default();
        Self {
            sequence,
            before,
            chain: before.next(subject, payload),
        }
    }

    fn recognises(&self, message: &StoredMessage) -> bool {
        self.sequence == message.sequence
            && self.before.next(&message.subject, &message.payload) == self.chain
    }
}

/// A log that does not hold what was seen of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortened {
    pub log: LogName,
    /// Up to which sequence the log was seen.
    pub seen: u64,
    /// Where it ends. Not below `seen` where another message stands there.
    pub found: u64,
}

impl fmt::Display for Shortened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { log, seen, found } = self;
        match found < seen {
            true => write!(
                f,
                "the log {log} was seen up to {log}:{seen} and ends at {log}:{found}: it has lost \
                 its end"
            ),
            false => write!(
                f,
                "the message at {log}:{seen} is not the one that was seen there: the log lost its \
                 end and has gone on since (it ends at {log}:{found})"
            ),
        }?;
        f.write_str("; it takes no events until an operator restores it or accepts the loss")
    }
}

/// What this process knows of the ends of logs; those who write and those who read share it.
#[derive(Debug, Default)]
pub struct Ends(Mutex<BTreeMap<LogName, Known>>);

#[derive(Clone, Debug, Default)]
struct Known {
    seen: SeenEnd,
    state: State,
    /// How often there was a reason to look again: a look that began before does not count.
    suspicions: u64,
    read_through: Option<ReadThrough>,
}

#[derive(Clone, Debug, Default)]
enum State {
    #[default]
    Unchecked,
    Open,
    Closed(Shortened),
}

impl Ends {
    /// What else was seen: by a view, or by this installation before it was started. The log is
    /// looked at before the next append where that is further.
    pub fn seen_elsewhere(&self, log: &LogName, seen: SeenEnd) {
        let mut all = self.all();
        let known = all.entry(log.clone()).or_default();
        if seen.sequence > known.seen.sequence {
            known.seen = seen;
            known.suspect();
        }
    }

    /// The log may be another from now on: the connection was lost.
    pub fn suspect(&self, log: &LogName) {
        self.all().entry(log.clone()).or_default().suspect();
    }

    /// Up to where `log` was seen.
    pub fn seen(&self, log: &LogName) -> SeenEnd {
        self.all()
            .get(log)
            .map_or_else(SeenEnd::default, |k| k.seen)
    }

    /// Every log of which something is known: how far it was seen, and its last reading.
    pub fn known(&self) -> Vec<(LogName, SeenEnd, Option<ReadThrough>)> {
        let all = self.all();
        let known = all.iter();
        known
            .map(|(log, known)| (log.clone(), known.seen, known.read_through.clone()))
            .collect()
    }

    /// What is wrong with logs, for people; empty where nothing is.
    pub fn trouble(&self) -> Vec<String> {
        let all = self.all();
        let mut trouble = Vec::new();
        for (log, known) in all.iter() {
            if let State::Closed(shortened) = &known.state {
                trouble.push(shortened.to_string());
            }
            let damage = known.read_through.as_ref().and_then(|r| r.damage.as_ref());
            trouble.extend(damage.map(|damage| format!("log {log}: {damage}")));
        }
        trouble
    }

    /// What the last reading from the first message to the end came to.
    pub fn read_through(&self, log: &LogName) -> Option<ReadThrough> {
        self.all().get(log)?.read_through.clone()
    }

    pub fn set_read_through(&self, log: &LogName, read: ReadThrough) {
        self.all().entry(log.clone()).or_default().read_through = Some(read);
    }

    /// Looks whether the log still holds what was seen last, and closes or opens it.
    ///
    /// # Errors
    /// [`LogError::Shortened`] where it does not; else a log that does not answer.
    pub async fn check(&self, log: &dyn EventLog) -> Result<(), LogError> {
        let (seen, suspicions) = {
            let mut all = self.all();
            let known = all.entry(log.name().clone()).or_default();
            (known.seen, known.suspicions)
        };
        let found = log.head().await?.sequence;
        let there = match seen.sequence {
            0 => true,
            sequence if sequence > found => false,
            sequence => {
                let message = log.read_one(sequence).await?;
                message.is_some_and(|message| seen.recognises(&message))
            }
        };
        if !there {
            return Err(self.close(log.name(), seen.sequence, found));
        }
        let mut all = self.all();
        let known = all.entry(log.name().clone()).or_default();
        if known.suspicions == suspicions {
            if let State::Closed(_) = known.state {
                tracing::info!(log = %log.name(), "the log holds again what was seen: it is open for writing");
            }
            known.state = State::Open;
        }
        Ok(())
    }

    /// Whether the log may be written to: looks at it where that is not known yet.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub async fn admit(&self, log: &dyn EventLog) -> Result<(), LogError> {
        let open = match &self.all().entry(log.name().clone()).or_default().state {
            State::Closed(shortened) => return Err(LogError::Shortened(shortened.clone())),
            State::Open => true,
            State::Unchecked => false,
        };
        match open {
            true => Ok(()),
            false => self.check(log).await,
        }
    }

    /// Why the log is closed for writing, where it is.
    pub fn closed(&self, log: &LogName) -> Option<Shortened> {
        match &self.all().get(log)?.state {
            State::Closed(shortened) => Some(shortened.clone()),
            State::Unchecked | State::Open => None,
        }
    }

    /// An append was acknowledged. `known` is how far the log was seen when it was sent.
    ///
    /// # Errors
    /// The log took it at a position that was seen taken before: it is closed.
    pub(crate) fn acknowledged(
        &self,
        log: &LogName,
        known: u64,
        appended: SeenEnd,
    ) -> Result<(), LogError> {
        if appended.sequence <= known {
            return Err(self.close(log, known, appended.sequence));
        }
        let mut all = self.all();
        let known = all.entry(log.clone()).or_default();
        if appended.sequence > known.seen.sequence {
            known.seen = appended;
        }
        Ok(())
    }

    fn close(&self, log: &LogName, seen: u64, found: u64) -> LogError {
        let log = log.clone();
        let shortened = Shortened { log, seen, found };
        let mut all = self.all();
        let known = all.entry(shortened.log.clone()).or_default();
        if !matches!(known.state, State::Closed(_)) {
            tracing::error!(%shortened, "a log is closed for writing");
        }
        known.state = State::Closed(shortened.clone());
        LogError::Shortened(shortened)
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<LogName, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn suspect(&mut self) {
        self.suspicions += 1;
        // A closed log stays closed until a look finds that it is whole.
        if let State::Open = self.state {
            self.state = State::Unchecked;
        }
    }
}
