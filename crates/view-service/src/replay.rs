//! Replaying the whole history: rebuilding the rows beside the served ones, and verifying them.
//!
//! Both fold every message from the start in memory, each log in a task of its own. What is compared
//! is compared at the same positions: at the end the projector is held back until the replay has
//! come where it stands.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::StreamExt;
use serde::Serialize;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::timeout;
use townclerk_domain::names::{LogName, Scope};
use townclerk_event_log::{EventLog, LogError, StoredMessage, is_missing};
use townclerk_view_store::checkpoint::Checkpoint;
use townclerk_view_store::digest::Digest;
use townclerk_view_store::store::Store;
use townclerk_views::figures::{
    Positions, additive_differences, additive_query, backlog_differences, backlog_query,
};
use townclerk_views::fold::Folding;
use townclerk_views::key::quarantine;
use townclerk_views::rows::{MemoryRows, NO_ROWS, Rows};

use crate::project::fold;
use crate::view::{Served, View, ViewError};

/// A replay holds a whole history in memory: one at a time.
static REPLAYS: Semaphore = Semaphore::const_new(1);

/// Messages that are folded between two reports of progress.
const CHUNK: usize = 1_000;

/// Reports of progress that wait to be heard at most.
const STEPS_WAITING: usize = 16;

/// How long a log that is not read to its target yet may give nothing.
const SILENCE_MAX: Duration = Duration::from_mins(1);

/// Differing rows that are named.
const ROWS_NAMED: usize = 5;

/// How far a replay has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    Reading { log: LogName, done: u64, total: u64 },
    Folded { events: u64, rows: u64 },
    Writing { done: u64, total: u64 },
}

#[derive(Clone, Debug, Serialize)]
pub struct RebuildReport {
    pub view: Scope,
    pub events: u64,
    pub rows: u64,
    pub digest: String,
    /// Whether the rows are those that were served before.
    pub identical: bool,
    pub differences: Vec<String>,
    pub generation: u64,
    pub milliseconds: u128,
}

#[derive(Clone, Debug, Serialize)]
pub struct VerifyReport {
    pub view: Scope,
    /// Whether nothing is wrong; held events are reported, not wrong.
    pub ok: bool,
    pub events: u64,
    pub digest: String,
    pub rebuilt_digest: String,
    pub differences: Vec<String>,
    pub positions: Positions,
    pub heads: Positions,
    pub foreign: BTreeMap<LogName, Vec<NamedMessage>>,
    pub held: BTreeMap<LogName, Vec<NamedMessage>>,
}

/// A message that is not in the rows, and why.
#[derive(Clone, Debug, Serialize)]
pub struct NamedMessage {
    pub sequence: u64,
    pub reason: String,
}

/// The rows of a whole history.
struct Replayed {
    rows: MemoryRows,
    checkpoints: Vec<(LogName, Checkpoint)>,
    events: u64,
}

/// The replay of one log, which can be continued.
struct LogReplay {
    log: Arc<dyn EventLog>,
    folding: Folding<'static, MemoryRows>,
    checkpoint: Checkpoint,
}

impl LogReplay {
    fn new(log: &Arc<dyn EventLog>) -> Self {
        Self {
            log: Arc::clone(log),
            folding: Folding::new(&NO_ROWS),
            checkpoint: Checkpoint::default(),
        }
    }

    /// Folds the log up to `target`.
    async fn read_to(mut self, target: u64, steps: mpsc::Sender<Step>) -> Result<Self, ViewError> {
        let name = self.log.name().clone();
        if self.checkpoint.sequence >= target {
            return Ok(self);
        }
        // A tail waits for what is to come: of a log that is too short it would wait for ever.
        let head = self.log.head().await?.sequence;
        if head < target {
            return Err(ViewError::LogEnded {
                log: name,
                found: head,
                wanted: target,
            });
        }
        let tail = self.log.history(self.checkpoint.sequence).await?;
        let mut tail = tail.ready_chunks(CHUNK);
        while self.checkpoint.sequence < target {
            let ended = ViewError::LogEnded {
                log: name.clone(),
                found: self.checkpoint.sequence,
                wanted: target,
            };
            let heard = timeout(SILENCE_MAX, tail.next()).await;
            let chunk = match heard {
                Ok(chunk) => chunk.ok_or(ended)?,
                Err(_) if is_missing(&*self.log, self.checkpoint.sequence + 1).await? => {
                    return Err(ended);
                }
                Err(_) => return Err(self.silent(target)),
            };
            tokio::task::block_in_place(|| self.fold(chunk, target))?;
            let step = Step::Reading {
                log: name.clone(),
                done: self.checkpoint.sequence,
                total: target,
            };
            // The task that hears this waits for the replay itself; if nobody does, it is given up.
            steps.send(step).await.ok();
        }
        Ok(self)
    }

    /// A log that has more, and does not give it.
    fn silent(&self, target: u64) -> ViewError {
        let done = self.checkpoint.sequence;
        let why = format!(
            "it gave nothing for a minute after message {done}, and it is read to {target}; look \
             at nats-server, and try again"
        );
        let log = self.log.name().clone();
        ViewError::Log(LogError::Unavailable { log, why })
    }

    fn fold(
        &mut self,
        chunk: Vec<Result<StoredMessage, LogError>>,
        target: u64,
    ) -> Result<(), ViewError> {
        let name = self.log.name();
        for message in chunk {
            let message = message?;
            if message.sequence > target {
                break;
            }
            let wanted = self.checkpoint.sequence + 1;
            if message.sequence != wanted {
                return Err(ViewError::Gap {
                    log: name.clone(),
                    found: message.sequence,
                    wanted,
                });
            }
            fold(&mut self.folding, name, &mut self.checkpoint, &message)?;
        }
        Ok(())
    }
}

/// Continues the replays of all logs to their targets, all at once; the first that fails ends all.
async fn read_all(
    replays: Vec<LogReplay>,
    targets: &Positions,
    progress: &(dyn Fn(Step) + Sync),
) -> Result<Vec<LogReplay>, ViewError> {
    let (steps, mut heard) = mpsc::channel(STEPS_WAITING);
    let mut reading = JoinSet::new();
    for replay in replays {
        let target = targets.get(replay.log.name()).copied().unwrap_or(0);
        reading.spawn(replay.read_to(target, steps.clone()));
    }
    drop(steps);
    let mut read = Vec::with_capacity(reading.len());
    loop {
        let ended = tokio::select! {
            Some(step) = heard.recv() => {
                progress(step);
                continue;
            }
            Some(ended) = reading.join_next() => ended,
            else => return Ok(read),
        };
        match ended.map_err(ViewError::from).flatten() {
            Ok(replay) => read.push(replay),
            Err(error) => {
                reading.shutdown().await;
                return Err(error);
            }
        }
    }
}

/// Lets counters and indexes follow; most of it for all logs at once.
async fn finished(replays: Vec<LogReplay>) -> Result<Replayed, ViewError> {
    let mut checkpoints = BTreeMap::new();
    let mut settling = JoinSet::new();
    for replay in replays {
        checkpoints.insert(replay.log.name().clone(), replay.checkpoint);
        settling.spawn_blocking(move || replay.folding.settle());
    }
    let mut whole = Folding::new(&NO_ROWS).settle()?;
    while let Some(settled) = settling.join_next().await {
        whole.join(settled??);
    }
    let rows = tokio::task::block_in_place(|| whole.finish())?.into();
    Ok(Replayed {
        rows,
        events: checkpoints.values().map(|one| one.sequence).sum(),
        checkpoints: checkpoints.into_iter().collect(),
    })
}

/// How far the rows of a view are made, in words; `read` is what is known of each log.
fn made_so_far(read: &mut BTreeMap<LogName, (u64, u64)>, step: Step) -> String {
    match step {
        Step::Reading { log, done, total } => {
            read.insert(log, (done, total));
            let logs = read.iter();
            let logs =
                logs.map(|(log, (done, total))| format!("{done} of {total} events of {log}"));
            let logs = logs.collect::<Vec<_>>().join(", ");
            format!("its rows are made from the whole history: read {logs}")
        }
        Step::Folded { events, rows } => {
            format!("its rows are made: {events} events became {rows} rows")
        }
        Step::Writing { done, total } => {
            format!("its rows are made: {done} of {total} rows are written")
        }
    }
}

impl View {
    /// Makes the rows again beside the served ones, compares, and serves the new ones.
    ///
    /// # Errors
    /// A log or a disk that fails; the served rows stay then.
    pub async fn rebuild(
        &self,
        progress: &(dyn Fn(Step) + Sync),
    ) -> Result<RebuildReport, ViewError> {
        let _only = REPLAYS.acquire().await;
        let began = Instant::now();
        let (replayed, _turn) = self.replay_to_served(progress).await?;
        tokio::task::block_in_place(|| {
            let (filled, compared) = std::thread::scope(|scope| {
                let comparing = scope.spawn(|| row_differences(&self.read().store, &replayed.rows));
                let filled = self.fill_next(&replayed, progress);
                let panicked = |panic| std::panic::resume_unwind(panic);
                (filled, comparing.join().unwrap_or_else(panicked))
            });
            // Rows that cannot be read are what a rebuild is there to mend.
            let differences = compared.unwrap_or_else(|damage| vec![damage.to_string()]);
            let generation = self.serve(filled?)?;
            Ok(RebuildReport {
                view: self.scope.clone(),
                events: replayed.events,
                rows: replayed.rows.0.len() as u64,
                digest: self.read().store.digest().to_string(),
                identical: differences.is_empty(),
                differences,
                generation,
                milliseconds: began.elapsed().as_millis(),
            })
        })
    }

    /// Compares the served rows with a fresh replay, and what must add up.
    ///
    /// # Errors
    /// A log or a disk that fails.
    pub async fn verify(
        &self,
        progress: &(dyn Fn(Step) + Sync),
    ) -> Result<VerifyReport, ViewError> {
        let _only = REPLAYS.acquire().await;
        let mut report = self.report_of_heads().await?;
        if !report.differences.is_empty() {
            return Ok(report);
        }
        let (replayed, turn) = match self.replay_to_served(progress).await {
            Ok(replayed) => replayed,
            // What is wrong with a log is what a verification is there to tell.
            Err(damage @ (ViewError::Gap { .. } | ViewError::LogEnded { .. })) => {
                report.differences.push(damage.to_string());
                return Ok(report);
            }
            Err(error) => return Err(error),
        };
        let newest = replayed
            .checkpoints
            .iter()
            .filter_map(|(_, c)| c.known)
            .max();
        tokio::task::block_in_place(|| {
            let served = self.read();
            let differences = &mut report.differences;
            differences.extend(row_differences(&served.store, &replayed.rows)?);
            for (log, replayed) in &replayed.checkpoints {
                if served.store.checkpoint(log) != *replayed {
                    differences.push(format!("the log {log} is not the one that was read"));
                }
            }
            let rebuilt = digest_of(&replayed.rows);
            let digest = served.store.digest();
            if rebuilt != digest {
                differences.push(format!("digest {digest} is served, {rebuilt} is rebuilt"));
            }
            report.digest = digest.to_string();
            report.rebuilt_digest = rebuilt.to_string();
            report.positions = self.positions_of(&served.store);
            report.events = replayed.events;
            Ok::<_, ViewError>(())
        })?;
        drop(turn);
        tokio::task::block_in_place(|| {
            let figures = self.figures(&additive_query(self.scope.clone(), newest))?;
            report.differences.extend(additive_differences(&figures));
            let figures = self.figures(&backlog_query(self.scope.clone(), newest))?;
            report.differences.extend(backlog_differences(&figures));
            self.name_messages(&replayed.rows, &mut report)?;
            report.ok = report.differences.is_empty();
            Ok(report)
        })
    }

    /// A report that only knows where the logs end, and whether that can be.
    async fn report_of_heads(&self) -> Result<VerifyReport, ViewError> {
        let positions = self.positions_of(&self.read().store);
        let mut differences = Vec::new();
        let mut heads = Positions::new();
        for (name, log) in &self.logs {
            let head = log.head().await?.sequence;
            if positions.get(name).is_some_and(|position| *position > head) {
                differences.push(format!(
                    "the checkpoint of {name} lies beyond its head {head}"
                ));
            }
            heads.insert(name.clone(), head);
        }
        Ok(VerifyReport {
            view: self.scope.clone(),
            ok: false,
            events: 0,
            digest: self.read().store.digest().to_string(),
            rebuilt_digest: String::new(),
            differences,
            positions,
            heads,
            foreign: BTreeMap::new(),
            held: BTreeMap::new(),
        })
    }

    /// Names what is not in the rows. A foreign message is a difference: somebody writes past the
    /// rules. A held one is not: figures say so themselves.
    fn name_messages(&self, rows: &MemoryRows, report: &mut VerifyReport) -> Result<(), ViewError> {
        for log in self.logs.keys() {
            let (mut foreign, mut held) = (Vec::new(), Vec::new());
            quarantine::each_foreign(rows, log, |sequence, reason| {
                foreign.push(NamedMessage { sequence, reason });
            })?;
            quarantine::each_quarantined(rows, log, |sequence, quarantined| {
                let reason = quarantined.reason;
                held.push(NamedMessage { sequence, reason });
            })?;
            if !foreign.is_empty() {
                let count = foreign.len();
                report
                    .differences
                    .push(format!("{count} foreign messages in the log {log}"));
            }
            report.foreign.insert(log.clone(), foreign);
            report.held.insert(log.clone(), held);
        }
        Ok(())
    }

    /// Makes the rows of a history that this view has not read at all, or has to read again.
    pub(crate) async fn rebuild_at_start(&self) -> Result<(), ViewError> {
        self.watched().making = Some("its rows wait to be made after those of others".to_owned());
        let _only = REPLAYS.acquire().await;
        self.watched().making = Some("its rows are made from the whole history".to_owned());
        // Looked at before a history is read for nothing.
        tokio::task::block_in_place(|| self.generations.try_to_write())?;
        let mut targets = Positions::new();
        for (name, log) in &self.logs {
            targets.insert(name.clone(), log.head().await?.sequence);
        }
        let far = Mutex::new(BTreeMap::new());
        let told = |step: Step| {
            let mut far = far.lock().unwrap_or_else(PoisonError::into_inner);
            self.watched().making = Some(made_so_far(&mut far, step));
        };
        let replays = self.logs.values().map(LogReplay::new).collect();
        let replayed = finished(read_all(replays, &targets, &told).await?).await?;
        tokio::task::block_in_place(|| self.serve(self.fill_next(&replayed, &told)?))?;
        tracing::info!(view = %self.scope, events = replayed.events, "made the rows from the logs");
        Ok(())
    }

    /// Replays up to where the served rows stand, and holds the projector back there.
    async fn replay_to_served(
        &self,
        progress: &(dyn Fn(Step) + Sync),
    ) -> Result<(Replayed, tokio::sync::MutexGuard<'_, ()>), ViewError> {
        let targets = self.positions_of(&self.read().store);
        let replays = self.logs.values().map(LogReplay::new).collect();
        let replays = read_all(replays, &targets, progress).await?;
        // What was projected meanwhile is little; reading stays possible while it is made up.
        let turn = self.projecting.lock().await;
        let targets = self.positions_of(&self.read().store);
        let replays = read_all(replays, &targets, progress).await?;
        let replayed = finished(replays).await?;
        progress(Step::Folded {
            events: replayed.events,
            rows: replayed.rows.0.len() as u64,
        });
        Ok((replayed, turn))
    }

    /// Writes a generation beside the one that is served.
    fn fill_next(
        &self,
        replayed: &Replayed,
        progress: &(dyn Fn(Step) + Sync),
    ) -> Result<Served, ViewError> {
        let total = replayed.rows.0.len() as u64;
        self.check_room()?;
        let (mut store, generation) = self.generations.begin_next()?;
        let filled = store.fill(&replayed.rows, &replayed.checkpoints, |done| {
            let done = done as u64;
            progress(Step::Writing { done, total });
        });
        if let Err(error) = filled {
            drop(store);
            self.generations.give_up(generation);
            return Err(error.into());
        }
        Ok(Served { store, generation })
    }

    /// Serves a generation that was written, from now on.
    fn serve(&self, filled: Served) -> Result<u64, ViewError> {
        let generation = filled.generation;
        self.generations.switch_to(generation)?;
        *self.write() = filled;
        self.publish_positions();
        Ok(generation)
    }
}

/// The rows that differ, the first few by name.
fn row_differences(served: &Store, rebuilt: &MemoryRows) -> Result<Vec<String>, ViewError> {
    let mut rebuilt = rebuilt.0.iter().peekable();
    let mut differing = Vec::new();
    let mut count = 0;
    let mut name = |key: &[u8], how: &str| {
        count += 1;
        if differing.len() < ROWS_NAMED {
            differing.push(format!("row {} {how}", named(key)));
        }
    };
    // Both are in the order of their keys; those of the store itself begin with a zero byte.
    served.scan(b"", b"\x01", &mut |key, value| {
        while let Some((early, _)) = rebuilt.next_if(|(other, _)| other.as_slice() < key) {
            name(early, "is rebuilt only");
        }
        match rebuilt.next_if(|(other, _)| other.as_slice() == key) {
            Some((_, other)) if other == value => {}
            Some(_) => name(key, "differs"),
            None => name(key, "is served only"),
        }
        Ok(std::ops::ControlFlow::Continue(()))
    })?;
    for (key, _) in rebuilt {
        name(key, "is rebuilt only");
    }
    if count > ROWS_NAMED {
        differing.push(format!("and {} rows more", count - ROWS_NAMED));
    }
    Ok(differing)
}

fn digest_of(rows: &MemoryRows) -> Digest {
    let mut digest = Digest::default();
    for (key, value) in &rows.0 {
        digest.add(key, value);
    }
    digest
}

/// A key as people can compare it: text where it is text, the rest in hexadecimal.
fn named(key: &[u8]) -> String {
    let text = |byte: &u8| byte.is_ascii_graphic() || *byte == 0;
    let split = key.iter().position(|byte| !text(byte)).unwrap_or(key.len());
    let (plain, rest) = key.split_at(split);
    let plain = String::from_utf8_lossy(plain).replace('\0', "|");
    format!("{plain}{}", hex::encode(rest))
}

#[cfg(test)]
mod tests;
