//! A view: the rows of one scope, kept up with its logs.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError,
};
use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::{OnceCell, watch};
use tokio::time::Instant;
use townclerk_contract::position::Position;
use townclerk_contract::reading::{self, Reading as MessageReading};
use townclerk_domain::names::{LogName, Scope};
use townclerk_event_log::{EventLog, LogError, Measure, Room};
use townclerk_view_store::checkpoint::Checkpoint;
use townclerk_view_store::generations::Generations;
use townclerk_view_store::store::{Store, StoreError};
use townclerk_views::FOLD_VERSION;
use townclerk_views::figure::Figure;
use townclerk_views::figures::{Audience, PassCache, Positions, Query, Reading};
use townclerk_views::key::quarantine;
use townclerk_views::rows::{RowsError, Stoppable};

use crate::reads::{Stop, ViewRows};

use crate::lag::Lag;

/// How long a read waits for a position that it must have seen.
const POSITION_WAIT: Duration = Duration::from_secs(5);

/// From so many unread messages on, an empty view is rebuilt in memory rather than grown.
const REBUILD_FROM: u64 = 5_000;

/// The first and the longest pause before rows that could not be made are tried again. A log that did
/// not answer is asked again after the first.
const MAKE_PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

/// What is said of a view whose rows cannot be read either.
const CLOSED: &str = "its rows could not be written and are opened again once they can be";

#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Rows(#[from] RowsError),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error("the log {log} ended at {found} while it was replayed to {wanted}")]
    LogEnded {
        log: LogName,
        found: u64,
        wanted: u64,
    },
    /// The view stopped, alone, and goes on by itself.
    #[error("it stopped until its rows can be written: {why}")]
    NotWritten { why: String },
    #[error("an answer has no JSON form")]
    Unwritable(#[from] serde_json::Error),
    #[error("a part of a replay stopped")]
    Stopped(#[from] tokio::task::JoinError),
    #[error("message {found} of the log {log} came instead of {wanted}")]
    Gap {
        log: LogName,
        found: u64,
        wanted: u64,
    },
}

/// The generation that is served.
pub(crate) struct Served {
    pub store: Store,
    pub generation: u64,
}

/// What is known of the logs beside the rows; in no row and no digest.
#[derive(Default)]
pub(crate) struct Watch {
    pub reached: BTreeMap<LogName, Timestamp>,
    pub trouble: BTreeMap<LogName, String>,
    /// Set until the view is made: how far that is.
    pub making: Option<String>,
    lags: BTreeMap<LogName, Lag>,
}

impl Watch {
    /// A look found the log to end at `head`, with `checkpoint` folded.
    pub fn looked(&mut self, log: &LogName, head: u64, checkpoint: u64) {
        let now = Instant::now();
        let lag = match self.lags.get(log) {
            Some(lag) => lag.again(head, checkpoint, now),
            None => Lag::first(head, checkpoint, now),
        };
        self.lags.insert(log.clone(), lag);
    }
}

/// One view. It follows its logs as long as [`townclerk_app::projector::follow`] runs for each.
pub struct View {
    pub(crate) scope: Scope,
    pub(crate) logs: BTreeMap<LogName, Arc<dyn EventLog>>,
    pub(crate) generations: Generations,
    pub(crate) served: RwLock<Served>,
    pub(crate) watch: Mutex<Watch>,
    pub(crate) positions: watch::Sender<Positions>,
    pub(crate) passes: PassCache,
    /// The disk of its rows.
    pub(crate) room: Measure,
    /// Held while rows change, so that a rebuild can take over at a known position.
    pub(crate) projecting: tokio::sync::Mutex<()>,
    made: OnceCell<()>,
}

/// A view in numbers.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Status {
    pub view: Scope,
    pub fold_version: u32,
    pub generation: u64,
    pub digest: String,
    pub logs: BTreeMap<LogName, LogStatus>,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LogStatus {
    /// The last folded sequence.
    pub position: u64,
    /// The chain over everything up to it.
    pub chain: String,
    pub known: Option<Timestamp>,
    pub reached: Option<Timestamp>,
    pub held: u64,
    pub foreign: u64,
    /// Why the log cannot be followed just now.
    pub trouble: Option<String>,
}

impl View {
    /// Opens the rows in `dir`. Damage is put aside and said; the rows are rebuilt by reading. Where the
    /// disk takes nothing, the view is there without rows, and says so until it does.
    /// Before it follows its logs it is [made](Self::make).
    ///
    /// # Errors
    /// Rows that another process has open.
    pub async fn open(
        scope: Scope,
        dir: &Path,
        logs: Vec<Arc<dyn EventLog>>,
    ) -> Result<Arc<Self>, ViewError> {
        let measured = dir.to_owned();
        Self::open_measured(scope, dir, logs, Box::new(move || Room::at(&measured)))
    }

    /// As [`Self::open`], on a disk that `room` measures.
    pub(crate) fn open_measured(
        scope: Scope,
        dir: &Path,
        logs: Vec<Arc<dyn EventLog>>,
        room: Measure,
    ) -> Result<Arc<Self>, ViewError> {
        let generations = Generations::in_dir(dir);
        let opened = tokio::task::block_in_place(|| Served::open(&scope, &generations));
        let served = match opened {
            Err(locked @ StoreError::Locked { .. }) => return Err(locked.into()),
            Err(error) => {
                tracing::error!(view = %scope, %error, "the rows cannot be opened; it is tried again");
                Served {
                    store: Store::closed(dir),
                    generation: 0,
                }
            }
            Ok(served) => served,
        };
        let logs = logs.into_iter().map(|log| (log.name().clone(), log));
        let view = Self {
            scope,
            logs: logs.collect(),
            generations,
            positions: watch::Sender::new(Positions::new()),
            served: RwLock::new(served),
            watch: Mutex::new(Watch {
                making: Some("how far its rows are is not looked at yet".to_owned()),
                ..Watch::default()
            }),
            passes: PassCache::default(),
            room,
            projecting: tokio::sync::Mutex::default(),
            made: OnceCell::new(),
        };
        view.publish_positions();
        Ok(Arc::new(view))
    }

    /// Makes the rows from the whole history where that is quicker than to follow it, or where an
    /// event in quarantine can be read by now. It is done once, for the first that asks; a log that does
    /// not answer and a disk that takes nothing are waited for, and the view says so.
    pub async fn make(&self) {
        let make = async || {
            let (first, longest) = MAKE_PAUSES;
            let mut pause = first;
            while let Err(error) = self.make_once().await {
                tracing::warn!(view = %self.scope, %error, next_try = ?pause, "the rows cannot be made yet");
                self.watched().making = Some(format!("its rows wait to be made: {error}"));
                tokio::time::sleep(pause).await;
                pause = match error {
                    ViewError::Log(_) => first,
                    _ => longest.min(pause * 2),
                };
            }
            self.watched().making = None;
        };
        self.made.get_or_init(make).await;
    }

    async fn make_once(&self) -> Result<(), ViewError> {
        self.resume_writing().await?;
        let made = match self.wants_rebuild().await {
            Ok(true) => self.rebuild_at_start().await,
            Ok(false) => Ok(()),
            Err(error) => Err(error),
        };
        made.or_else(|error| self.mend(&mut self.write(), error))
    }

    /// Why nothing can be read from this view just now, in words; `None` where what is read from it is
    /// what it has.
    pub(crate) fn unreadable(&self) -> Option<String> {
        let making = self.watched().making.clone();
        // Nobody waits here: rows that are being read or written are open.
        let is_closed = || {
            self.read_now()
                .is_some_and(|served| !served.store.is_open())
        };
        let closed = || is_closed().then_some(CLOSED.to_owned());
        making.or_else(closed)
    }

    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The logs that this view reads.
    pub fn logs(&self) -> impl Iterator<Item = &Arc<dyn EventLog>> {
        self.logs.values()
    }

    pub fn log(&self, name: &LogName) -> Option<&Arc<dyn EventLog>> {
        self.logs.get(name)
    }

    /// How far each log is folded, with its chain.
    pub fn checkpoints(&self) -> Vec<(LogName, Checkpoint)> {
        let served = self.read();
        let logs = self.logs.keys();
        logs.map(|log| (log.clone(), served.store.checkpoint(log)))
            .collect()
    }

    /// The rows, for a read that ends when it is told to.
    pub(crate) fn until<'a>(&'a self, stop: &'a Stop) -> ViewRows<'a> {
        ViewRows::new(self, stop)
    }

    /// All figures that the query asks for, however long they take.
    ///
    /// # Errors
    /// Only what is wrong with the rows.
    pub fn figures(&self, query: &Query) -> Result<Vec<Figure>, ViewError> {
        self.until(&Stop::default())
            .figures(query, Audience::Readers)
    }

    /// Reads rows together with how far they were read, while nothing changes them.
    ///
    /// # Errors
    /// Whatever `read` says.
    pub fn with_reading<T>(
        &self,
        read: impl FnOnce(&Reading<'_, Stoppable<'_, Store>>) -> Result<T, RowsError>,
    ) -> Result<T, ViewError> {
        self.until(&Stop::default()).with_reading(read)
    }

    /// Waits until `position` is folded, for a few seconds.
    ///
    /// # Errors
    /// How far this view has come instead.
    pub async fn wait_for(&self, position: &Position) -> Result<(), Positions> {
        let mut positions = self.positions.subscribe();
        let folded = |found: &Positions| found.get(&position.log) >= Some(&position.sequence);
        let waited = tokio::time::timeout(POSITION_WAIT, positions.wait_for(folded)).await;
        match waited {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(self.positions.borrow().clone()),
        }
    }

    /// Why this view cannot be relied on just now; empty when it can.
    pub fn unready(&self) -> Vec<String> {
        let watch = self.watched();
        let view = &self.scope;
        let making = watch.making.iter();
        let making = making.map(|far| format!("view {view}: {far}"));
        let trouble = watch.trouble.iter();
        let trouble = trouble.map(|(log, why)| format!("view {view}, log {log}: {why}"));
        let unread = self
            .logs
            .keys()
            .filter(|log| !watch.reached.contains_key(*log));
        let unread = unread.map(|log| format!("view {view}: log {log} is not read to its end yet"));
        let now = Instant::now();
        let positions = self.positions.borrow().clone();
        let behind = watch.lags.iter().filter_map(|(log, lag)| {
            let checkpoint = positions.get(log).copied().unwrap_or(0);
            let far = lag.too_far(checkpoint, now)?;
            Some(format!("view {view}: log {log} is {far}"))
        });
        making.chain(trouble).chain(unread).chain(behind).collect()
    }

    /// The logs that cannot be read on just now, and when each was last read to its end.
    pub(crate) fn stopped(&self) -> Vec<(LogName, Option<Timestamp>)> {
        let watch = self.watched();
        let stopped = watch.trouble.keys();
        stopped
            .map(|log| (log.clone(), watch.reached.get(log).copied()))
            .collect()
    }

    /// # Errors
    /// Only what is wrong with the rows.
    pub fn status(&self) -> Result<Status, ViewError> {
        let served = self.read();
        let watch = self.watched();
        let mut logs = BTreeMap::new();
        for log in self.logs.keys() {
            let checkpoint = served.store.checkpoint(log);
            let (mut held, mut foreign) = (0, 0);
            quarantine::each_quarantined(&served.store, log, |_, _| held += 1)?;
            quarantine::each_foreign(&served.store, log, |_, _| foreign += 1)?;
            let status = LogStatus {
                position: checkpoint.sequence,
                chain: checkpoint.chain.to_string(),
                known: checkpoint.known,
                reached: watch.reached.get(log).copied(),
                held,
                foreign,
                trouble: watch.trouble.get(log).cloned(),
            };
            logs.insert(log.clone(), status);
        }
        Ok(Status {
            view: self.scope.clone(),
            fold_version: FOLD_VERSION,
            generation: served.generation,
            digest: served.store.digest().to_string(),
            logs,
        })
    }

    /// An empty view of a long history, or an event in quarantine that can be read by now.
    async fn wants_rebuild(&self) -> Result<bool, ViewError> {
        let mut unread = 0;
        for (name, log) in &self.logs {
            unread += log.head().await?.sequence;
            if self.read().store.checkpoint(name).sequence > 0 {
                unread = 0;
                break;
            }
        }
        if unread >= REBUILD_FROM {
            return Ok(true);
        }
        for (name, log) in &self.logs {
            let mut held = Vec::new();
            quarantine::each_quarantined(&self.read().store, name, |sequence, quarantined| {
                if quarantined.why == quarantine::Why::Unreadable {
                    held.push(sequence);
                }
            })?;
            for sequence in held {
                let message = log.read_one(sequence).await?;
                let readable = message.is_some_and(|message| {
                    matches!(reading::read(&message.raw(name)), MessageReading::Event(_))
                });
                if readable {
                    tracing::info!(view = %self.scope, log = %name, sequence,
                        "a quarantined event can be read by now: rebuilding");
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    pub(crate) fn positions_of(&self, store: &Store) -> Positions {
        let position = |log: &LogName| (log.clone(), store.checkpoint(log).sequence);
        self.logs.keys().map(position).collect()
    }

    pub(crate) fn publish_positions(&self) {
        let positions = self.positions_of(&self.read().store);
        self.positions.send_replace(positions);
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Served> {
        self.served.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// As [`Self::read`], where nothing has to be waited for.
    pub(crate) fn read_now(&self) -> Option<RwLockReadGuard<'_, Served>> {
        match self.served.try_read() {
            Ok(served) => Some(served),
            Err(TryLockError::Poisoned(served)) => Some(served.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, Served> {
        self.served.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn watched(&self) -> MutexGuard<'_, Watch> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
