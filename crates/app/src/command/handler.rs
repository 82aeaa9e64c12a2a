//! Loads an aggregate, decides, appends; and answers a repeated command as the first time.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use lru::LruCache;
use serde::Serialize;
use tokio::sync::Semaphore;
use townclerk_contract::digest::CommandDigest;
use townclerk_contract::envelope::{AuthType, Envelope};
use townclerk_contract::position::Position;
use townclerk_contract::source::Source;
use townclerk_contract::subject::subject_of;
use townclerk_contract::trace::Traceparent;
use townclerk_domain::amendment::Recordable;
use townclerk_domain::decider::{Asked, decide};
use townclerk_domain::event::Recording;
use townclerk_domain::identity::{AggregateId, CallerId, CommandId, EventId, Token, event_id};
use townclerk_domain::names::{Code, LogName};
use townclerk_event_log::{AppendError, EventLog, Expected, LogError};

use super::aggregate::Aggregate;
use super::codes::{CodesInUse, named};
use super::councils::unknown_councils;
use super::error::CommandError;
use crate::clock::Clock;

/// Aggregates kept in memory per log and kind.
const CACHE_AGGREGATES: NonZeroUsize = NonZeroUsize::new(10_000).expect("not zero");

/// Cold loads at a time: each is several round trips to the server.
const COLD_LOADS_MAX: usize = 4;

/// Commands per log and kind of which it is remembered that they were sent and not answered.
const UNANSWERED_MAX: NonZeroUsize = NonZeroUsize::new(10_000).expect("not zero");

/// How often a command is decided again because others wrote to the same aggregate.
const DECISIONS_MAX: usize = 64;

/// What a caller asks for, once it is known who asks and of which aggregate.
#[derive(Clone, Debug)]
pub struct Command<F> {
    pub aggregate: AggregateId,
    /// Whether it makes the aggregate where that is new: otherwise the aggregate must be recorded.
    pub creates: bool,
    pub id: CommandId,
    pub caller: CallerId,
    pub auth_type: AuthType,
    pub correlation: Token,
    pub traceparent: Option<Traceparent>,
    /// The system through which it came, for the event's source.
    pub system: Code,
    /// When it happened; the time of recording where the caller does not say.
    pub happened: Option<Timestamp>,
    pub what: Recordable<F>,
}

/// The event is recorded, now or by an earlier attempt of the same command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handled {
    pub aggregate: AggregateId,
    pub event: EventId,
    pub position: Position,
    /// Whether an earlier attempt had recorded it.
    pub already: bool,
    /// What the caller should look at again though it is recorded.
    pub warnings: Vec<String>,
}

/// The handlers of one kind of aggregate, one for each log that may be written here.
pub struct Handlers<R: Recording> {
    handlers: BTreeMap<LogName, Handler<R>>,
    pub clock: Clock,
    codes: Arc<CodesInUse>,
}

impl<R: Recording> Handlers<R> {
    pub fn new(logs: &[Arc<dyn EventLog>], clock: Clock) -> Self {
        let handler = |log: &Arc<dyn EventLog>| {
            let handler = Handler::new(Arc::clone(log), Arc::clone(&clock));
            (log.name().clone(), handler)
        };
        Self {
            handlers: logs.iter().map(handler).collect(),
            clock,
            codes: Arc::default(),
        }
    }

    /// The same, with warnings of codes that no record has.
    #[must_use]
    pub fn warning_of(self, codes: Arc<CodesInUse>) -> Self {
        Self { codes, ..self }
    }

    /// Carries out a command in the log `log`.
    ///
    /// # Errors
    /// The rejection, or why it could not be carried out.
    pub async fn handle(
        &self,
        log: &LogName,
        command: &Command<R::Fact>,
    ) -> Result<Handled, CommandError<R::Refusal>> {
        let handler = self.of(log)?;
        let codes = named(R::KIND, &command.what);
        let codes = codes.map_err(|error| CommandError::Unavailable(Box::new(error)))?;
        // Looked at before it is recorded: after that, a record has them.
        let mut warnings = self.codes.warnings(log, &codes);
        let unknown = unknown_councils(R::KIND, &command.what, self.handlers.keys());
        warnings.extend(unknown.map_err(|error| CommandError::Unavailable(Box::new(error)))?);
        let handled = handler.handle(command).await?;
        self.codes.are_used(log, codes);
        Ok(match handled.already {
            true => handled,
            false => Handled {
                warnings,
                ..handled
            },
        })
    }

    /// What an earlier attempt of a command has recorded in the log `log`, if one has. Records nothing.
    ///
    /// # Errors
    /// The key was used for another command, or the log cannot be read.
    pub async fn recorded(
        &self,
        log: &LogName,
        command: &Command<R::Fact>,
    ) -> Result<Option<Handled>, CommandError<R::Refusal>> {
        self.of(log)?.recorded(command).await
    }

    fn of(&self, log: &LogName) -> Result<&Handler<R>, CommandError<R::Refusal>> {
        self.handlers.get(log).ok_or_else(|| {
            let known = self.handlers.keys().map(LogName::to_string).collect();
            let log = log.clone();
            CommandError::NoSuchLog { log, known }
        })
    }
}

/// Carries out the commands of one kind of aggregate in one log.
pub struct Handler<R: Recording> {
    log: Arc<dyn EventLog>,
    clock: Clock,
    cache: Mutex<LruCache<AggregateId, Arc<Aggregate<R>>>>,
    cold_loads: Semaphore,
    /// Events that were sent and not answered, and how often: they may be recorded, or may still
    /// come to be. Kept from before an append, as the task that waits for its answer may be dropped.
    unanswered: Mutex<LruCache<EventId, u32>>,
}

/// What is digested of a command: everything that the caller asked for.
#[derive(Serialize)]
struct Content<'a, W: Serialize> {
    aggregate: String,
    creates: bool,
    happened: Option<Timestamp>,
    what: &'a W,
}

impl<R: Recording> Handler<R> {
    pub fn new(log: Arc<dyn EventLog>, clock: Clock) -> Self {
        Self {
            log,
            clock,
            cache: Mutex::new(LruCache::new(CACHE_AGGREGATES)),
            cold_loads: Semaphore::new(COLD_LOADS_MAX),
            unanswered: Mutex::new(LruCache::new(UNANSWERED_MAX)),
        }
    }

    /// # Errors
    /// The rejection, or why the command could not be carried out.
    pub async fn handle(
        &self,
        command: &Command<R::Fact>,
    ) -> Result<Handled, CommandError<R::Refusal>> {
        let outcome = match self.carry_out(command).await {
            // An append without room asks nobody whether its event is there already.
            Err(CommandError::DiskFull(full)) => match self.recorded(command).await {
                Ok(Some(handled)) => Ok(handled),
                Err(CommandError::KeyReused) => Err(CommandError::KeyReused),
                Ok(None) | Err(_) => Err(CommandError::DiskFull(full)),
            },
            other => other,
        };
        let event = self.event(command);
        if outcome.is_ok() {
            self.unanswered().pop(&event);
        }
        // What says that nothing was recorded speaks for this attempt: an earlier one may be on its
        // way to the log. Others do not say so.
        match outcome {
            Err(said) if self.unanswered().contains(&event) => Err(said.with_an_earlier_attempt()),
            other => other,
        }
    }

    fn event(&self, command: &Command<R::Fact>) -> EventId {
        let log = self.log.name();
        event_id(log, command.aggregate, &command.caller, &command.id)
    }

    async fn carry_out(
        &self,
        command: &Command<R::Fact>,
    ) -> Result<Handled, CommandError<R::Refusal>> {
        let digest = Self::digest(command)?;
        let (mut aggregate, mut current) = self.load(command).await?;
        for _ in 0..DECISIONS_MAX {
            match self.attempt(command, digest, &aggregate).await {
                Attempt::Done(handled) => return Ok(handled),
                // A no may rest on a state that others have changed meanwhile.
                Attempt::No(error) if current => return Err(error),
                Attempt::No(_) | Attempt::Conflict => {
                    aggregate = self.refresh(command.aggregate, &aggregate).await?;
                    current = true;
                }
                Attempt::Already => {
                    // It is recorded; only what the record holds could not be read.
                    let read = self.refresh(command.aggregate, &aggregate).await;
                    let read = read.map_err(AppendError::Unknown);
                    aggregate = read.map_err(CommandError::Unknown)?;
                    current = true;
                }
                Attempt::Failed(error) => return Err(error),
            }
        }
        Err(CommandError::Contended(command.aggregate))
    }

    /// What an earlier attempt has recorded, if one has. Records nothing.
    async fn recorded(
        &self,
        command: &Command<R::Fact>,
    ) -> Result<Option<Handled>, CommandError<R::Refusal>> {
        let digest = Self::digest(command)?;
        let event = self.event(command);
        let cached = self.cache().get(&command.aggregate).cloned();
        let mut aggregate = cached.unwrap_or_default();
        if !aggregate.seen.contains_key(&event) {
            aggregate = self.refresh(command.aggregate, &aggregate).await?;
        }
        match aggregate.seen.get(&event) {
            None => Ok(None),
            Some((sequence, recorded)) if *recorded == digest => {
                Ok(Some(self.handled(command, event, *sequence, true)))
            }
            Some(_) => Err(CommandError::KeyReused),
        }
    }

    fn digest(command: &Command<R::Fact>) -> Result<CommandDigest, CommandError<R::Refusal>> {
        CommandDigest::of(&Content {
            aggregate: command.aggregate.to_string(),
            creates: command.creates,
            happened: command.happened,
            what: &command.what,
        })
        .map_err(|error| CommandError::Unavailable(Box::new(error)))
    }

    async fn attempt(
        &self,
        command: &Command<R::Fact>,
        digest: CommandDigest,
        aggregate: &Arc<Aggregate<R>>,
    ) -> Attempt<R::Refusal> {
        let log = self.log.name();
        let event = self.event(command);
        if let Some((sequence, recorded)) = aggregate.seen.get(&event) {
            return match *recorded == digest {
                true => Attempt::Done(self.handled(command, event, *sequence, true)),
                false => Attempt::Failed(CommandError::KeyReused),
            };
        }
        if let Some((sequence, reason)) = &aggregate.unreadable {
            return Attempt::No(CommandError::Unreadable {
                aggregate: command.aggregate,
                position: self.position(*sequence),
                reason: reason.clone(),
            });
        }
        if !command.creates && !aggregate.is_recorded() {
            return Attempt::No(CommandError::NotFound(command.aggregate));
        }
        let now = (self.clock)();
        let asked = Asked {
            // Who does not say when means "after what is recorded", also if this clock is behind.
            happened: command.happened.unwrap_or_else(|| {
                aggregate
                    .timeline
                    .last_happened()
                    .map_or(now, |last| last.max(now))
            }),
            what: command.what.clone(),
        };
        if let Err(rejection) = decide::<R>(&aggregate.timeline, &asked, log, now) {
            return Attempt::No(CommandError::Rejected(rejection));
        }
        self.append(command, digest, aggregate, asked, now).await
    }

    async fn append(
        &self,
        command: &Command<R::Fact>,
        digest: CommandDigest,
        aggregate: &Arc<Aggregate<R>>,
        asked: Asked<R::Fact>,
        now: Timestamp,
    ) -> Attempt<R::Refusal> {
        let envelope = Envelope {
            source: Source {
                log: self.log.name().clone(),
                system: command.system.clone(),
                sample: false,
            },
            aggregate: command.aggregate,
            happened: asked.happened,
            recorded: now,
            correlation: command.correlation.clone(),
            command: command.id.clone(),
            traceparent: command.traceparent.clone(),
            digest,
            auth_type: command.auth_type,
            caller: command.caller.clone(),
            event: R::into_event(asked.what),
        };
        let message = match envelope.encode() {
            Ok(message) => message,
            Err(error) => return Attempt::Failed(CommandError::Unavailable(Box::new(error))),
        };
        let expected = Expected {
            message,
            last: aggregate.last,
        };
        let event = expected.message.id;
        self.is_sent(event);
        match self.log.append(&expected).await {
            // Recorded by an earlier attempt: its bytes are in the log, not these.
            Ok(appended) if appended.already => Attempt::Already,
            Ok(appended) => {
                let mut next = Aggregate::clone(aggregate);
                let stored = townclerk_event_log::StoredMessage {
                    sequence: appended.sequence,
                    subject: expected.message.subject,
                    id: Some(expected.message.id.to_string()),
                    payload: expected.message.payload,
                };
                next.take(self.log.name(), &stored);
                self.remember(command.aggregate, Arc::new(next));
                Attempt::Done(self.handled(command, event, appended.sequence, false))
            }
            Err(AppendError::Conflict) => {
                self.is_not_recorded(event);
                Attempt::Conflict
            }
            Err(error @ AppendError::Unknown(_)) => {
                self.forget(command.aggregate);
                Attempt::Failed(CommandError::Unknown(error))
            }
            Err(AppendError::Refused(error)) => {
                self.is_not_recorded(event);
                Attempt::Failed(error.into())
            }
            Err(error @ AppendError::IdElsewhere { .. }) => {
                self.is_not_recorded(event);
                Attempt::Failed(CommandError::Unavailable(Box::new(error)))
            }
        }
    }

    /// From the cache, which others may have overtaken, or from the log; and whether it is current.
    ///
    /// What a command creates is almost always new, so it is taken for new unseen. The append
    /// expects that too: where it is wrong the log says so, and a no is not final before a look.
    async fn load(
        &self,
        command: &Command<R::Fact>,
    ) -> Result<(Arc<Aggregate<R>>, bool), LogError> {
        let id = command.aggregate;
        let cached = self.cache().get(&id).cloned();
        if let Some(aggregate) = cached {
            return Ok((aggregate, false));
        }
        let nothing = Arc::default();
        match command.creates {
            true => Ok((nothing, false)),
            false => Ok((self.refresh(id, &nothing).await?, true)),
        }
    }

    /// What others wrote since `known`.
    async fn refresh(
        &self,
        id: AggregateId,
        known: &Arc<Aggregate<R>>,
    ) -> Result<Arc<Aggregate<R>>, LogError> {
        // The semaphore is never closed; without a permit the load is merely not limited.
        let _permit = match known.last {
            0 => self.cold_loads.acquire().await.ok(),
            _ => None,
        };
        let subject = subject_of(self.log.name(), id);
        let later = self.log.read_subject(&subject, known.last).await?;
        if later.is_empty() {
            return Ok(Arc::clone(known));
        }
        let mut next = Aggregate::clone(known);
        for message in &later {
            next.take(self.log.name(), message);
        }
        let next = Arc::new(next);
        self.remember(id, Arc::clone(&next));
        Ok(next)
    }

    fn remember(&self, id: AggregateId, aggregate: Arc<Aggregate<R>>) {
        let mut cache = self.cache();
        // A slower task must not put an older state over a newer one.
        let newer = |cached: &Arc<Aggregate<R>>| cached.last > aggregate.last;
        if !cache.peek(&id).is_some_and(newer) {
            cache.put(id, aggregate);
        }
    }

    fn forget(&self, id: AggregateId) {
        self.cache().pop(&id);
    }

    fn cache(&self) -> MutexGuard<'_, LruCache<AggregateId, Arc<Aggregate<R>>>> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_sent(&self, event: EventId) {
        *self.unanswered().get_or_insert_mut(event, || 0) += 1;
    }

    /// One attempt was answered with a no. Others of the same command may still wait for theirs.
    fn is_not_recorded(&self, event: EventId) {
        let mut unanswered = self.unanswered();
        match unanswered.get_mut(&event) {
            Some(attempts) if *attempts > 1 => *attempts -= 1,
            Some(_) | None => {
                unanswered.pop(&event);
            }
        }
    }

    fn unanswered(&self) -> MutexGuard<'_, LruCache<EventId, u32>> {
        self.unanswered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn handled(
        &self,
        command: &Command<R::Fact>,
        event: EventId,
        sequence: u64,
        already: bool,
    ) -> Handled {
        Handled {
            aggregate: command.aggregate,
            event,
            position: self.position(sequence),
            already,
            warnings: Vec::new(),
        }
    }

    fn position(&self, sequence: u64) -> Position {
        Position {
            log: self.log.name().clone(),
            sequence,
        }
    }
}

/// What one decision came to.
enum Attempt<R: std::fmt::Display + std::fmt::Debug> {
    Done(Handled),
    /// A no on the state at hand.
    No(CommandError<R>),
    /// Somebody else was first.
    Conflict,
    /// An earlier attempt of the same command was first.
    Already,
    Failed(CommandError<R>),
}
