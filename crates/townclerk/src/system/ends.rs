//! How far the logs were seen, kept in the data directory, and the reading of each log once a day.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use townclerk_app::private_file;
use townclerk_domain::names::LogName;
use townclerk_event_log::{Ends, EventLog, LogError, Pace, ReadThrough, SeenEnd, read_through};
use townclerk_view_service::View;

use super::files::{Changing, Lock};

/// Where in the data directory it is kept.
const FILE: &str = "ends.json";

/// How often what was seen is written down.
const SAVE_EVERY: Duration = Duration::from_secs(1);

/// How often it is looked whether a log is to be read through.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// Each log is read from its first message to its end once in this time. What a hole in the middle
/// is found within is this and the time that the reading takes.
const READ_EVERY: SignedDuration = SignedDuration::from_hours(24);

/// And one that was found damaged in this: it may have been restored.
const READ_DAMAGED_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// At most 2,000 messages a second: the reading is in nobody's way.
const PACE: Pace = Pace {
    messages: 500,
    pause: Duration::from_millis(250),
};

/// One log in the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    sequence: u64,
    before: String,
    chain: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    read_through: Option<KeptReading>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptReading {
    at: Timestamp,
    sequence: u64,
    chain: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    damage: Option<String>,
}

type KeptEnds = BTreeMap<LogName, Kept>;

impl Kept {
    fn of(seen: SeenEnd, read: Option<ReadThrough>) -> Self {
        let read_through = read.map(|read| KeptReading {
            at: read.at,
            sequence: read.sequence,
            chain: read.chain.to_string(),
            damage: read.damage,
        });
        Self {
            sequence: seen.sequence,
            before: seen.before.to_string(),
            chain: seen.chain.to_string(),
            read_through,
        }
    }

    /// With what another process has written down: the further end, and the later reading.
    fn and(self, theirs: Self) -> Self {
        let read_at = |kept: &Self| kept.read_through.as_ref().map(|read| read.at);
        let (reading, further) = (
            read_at(&theirs) > read_at(&self),
            theirs.sequence > self.sequence,
        );
        let read_through = match reading {
            true => theirs.read_through.clone(),
            false => self.read_through.clone(),
        };
        Self {
            read_through,
            ..if further { theirs } else { self }
        }
    }

    /// Adds what it says of `log` to `ends`, where that is further or later.
    fn add_to(&self, ends: &Ends, log: &LogName) -> anyhow::Result<()> {
        ends.seen_elsewhere(log, self.seen()?);
        let known = ends.read_through(log).map(|read| read.at);
        let later = self.read_through.as_ref().filter(|r| Some(r.at) > known);
        if let Some(read) = later {
            let read = ReadThrough {
                at: read.at,
                sequence: read.sequence,
                chain: read.chain.parse()?,
                damage: read.damage.clone(),
            };
            ends.set_read_through(log, read);
        }
        Ok(())
    }

    fn seen(&self) -> anyhow::Result<SeenEnd> {
        Ok(SeenEnd {
            sequence: self.sequence,
            before: self.before.parse()?,
            chain: self.chain.parse()?,
        })
    }
}

/// The file of one data directory, and what is known beside it.
#[derive(Debug)]
pub struct EndsFile {
    data_dir: PathBuf,
    ends: Arc<Ends>,
    written: Mutex<KeptEnds>,
}

impl EndsFile {
    /// Adds what the file of `data_dir` holds to `ends`. Without a file nothing was seen.
    ///
    /// # Errors
    /// A file that cannot be read: without it a log that lost its end would be taken for whole.
    pub fn load(data_dir: &Path, ends: &Arc<Ends>) -> anyhow::Result<Self> {
        let path = data_dir.join(FILE);
        let kept = read(&path)?;
        for (log, kept) in &kept {
            let added = kept.add_to(ends, log);
            added.with_context(|| damaged(&path))?;
        }
        Ok(Self {
            data_dir: data_dir.to_owned(),
            ends: Arc::clone(ends),
            written: Mutex::new(kept),
        })
    }

    pub fn ends(&self) -> &Arc<Ends> {
        &self.ends
    }

    /// Writes down what is known, where that is more than what stands in the file.
    ///
    /// # Errors
    /// A file that cannot be read or written, or that another process does not let go of.
    pub fn save(&self) -> anyhow::Result<()> {
        let known = self.ends.known().into_iter();
        let mut kept: KeptEnds = known
            .filter(|(_, seen, read)| seen.sequence > 0 || read.is_some())
            .map(|(log, seen, read)| (log, Kept::of(seen, read)))
            .collect();
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if kept == *written {
            return Ok(());
        }
        private_file::create_folder(&self.data_dir)
            .with_context(|| format!("cannot make {}", self.data_dir.display()))?;
        let _lock = Lock::wait(&self.data_dir, Changing::Ends)?;
        let path = self.data_dir.join(FILE);
        // Another process of the same directory may have seen more.
        for (log, theirs) in read(&path)? {
            theirs.add_to(&self.ends, &log)?;
            let both = match kept.remove(&log) {
                Some(ours) => ours.and(theirs),
                None => theirs,
            };
            kept.insert(log, both);
        }
        write(&path, &kept)?;
        *written = kept;
        Ok(())
    }
}

fn read(path: &Path) -> anyhow::Result<KeptEnds> {
    match private_file::read_text(path) {
        Ok(text) => serde_json::from_str(&text).with_context(|| damaged(path)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(KeptEnds::new()),
        Err(error) => Err(error).with_context(|| damaged(path)),
    }
}

fn write(path: &Path, kept: &KeptEnds) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(kept)?;
    let written = private_file::write(path, &text);
    written.with_context(|| format!("cannot write {}", path.display()))
}

fn damaged(path: &Path) -> String {
    format!(
        "{} says how far each log was seen, and cannot be read; if its loss is meant, remove it",
        path.display()
    )
}

/// Takes a log as it ends now for the whole: what was lost is not looked for any more. The view
/// directories that read further are to be gone before.
///
/// # Errors
/// A file that cannot be read or written, or that another process does not let go of.
pub(crate) fn accept_end(data_dir: &Path, log: &LogName, end: SeenEnd) -> anyhow::Result<()> {
    let _lock = Lock::wait(data_dir, Changing::Ends)?;
    let path = data_dir.join(FILE);
    let mut kept = read(&path)?;
    kept.insert(log.clone(), Kept::of(end, None));
    write(&path, &kept)
}

/// Keeps the file as the logs go on, looks at logs that may be others, and hears from the views how
/// far they have read; to the end.
///
/// # Errors
/// None: what cannot be written is said, and tried again.
pub(super) async fn keep(
    file: Arc<EndsFile>,
    views: Vec<Arc<View>>,
    stop: CancellationToken,
) -> Result<(), std::convert::Infallible> {
    let mut ticks = interval(SAVE_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failed = false;
    loop {
        let stopped = stop.run_until_cancelled(ticks.tick()).await.is_none();
        tokio::task::block_in_place(|| {
            for view in &views {
                hear(view, file.ends());
            }
            match file.save() {
                Ok(()) => failed = false,
                Err(error) if !failed => {
                    failed = true;
                    tracing::error!("how far the logs were seen is not written down: {error:#}");
                }
                Err(_) => {}
            }
        });
        if stopped {
            return Ok(());
        }
    }
}

/// How far a view has read counts: also where it read before this process was started.
pub(super) fn hear(view: &View, ends: &Ends) {
    for (log, checkpoint) in view.checkpoints() {
        let seen = SeenEnd {
            sequence: checkpoint.sequence,
            before: checkpoint.before,
            chain: checkpoint.chain,
        };
        ends.seen_elsewhere(&log, seen);
    }
}

/// Looks whether each log still reaches as far as it was seen, before anybody writes to it, and reads
/// each through once a day; one that was found damaged at the start too, and every hour.
///
/// # Errors
/// None: a log that does not answer is read later.
pub(super) async fn read_all_through(
    logs: Vec<Arc<dyn EventLog>>,
    ends: Arc<Ends>,
    stop: CancellationToken,
) -> Result<(), std::convert::Infallible> {
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut read_here = BTreeSet::new();
    while stop.run_until_cancelled(looks.tick()).await.is_some() {
        for log in &logs {
            match stop.run_until_cancelled(ends.admit(&**log)).await {
                None => return Ok(()),
                // That it is closed for writing is said where it is closed; it is read all the same.
                Some(Ok(()) | Err(LogError::Shortened(_))) => {}
                Some(Err(error)) => {
                    tracing::warn!(%error, "the end of a log could not be looked at");
                }
            }
            let before = ends.read_through(log.name());
            let is_first = !read_here.contains(log.name());
            if !is_due(before.as_ref(), is_first, Timestamp::now()) {
                continue;
            }
            let reading = read_through(&**log, before.as_ref(), PACE);
            match stop.run_until_cancelled(reading).await {
                None => return Ok(()),
                Some(Ok(read)) => {
                    if let Some(damage) = &read.damage {
                        tracing::error!(log = %log.name(), damage, "a log is damaged");
                    }
                    ends.set_read_through(log.name(), read);
                    read_here.insert(log.name().clone());
                }
                Some(Err(error)) => {
                    tracing::warn!(%error, "a log could not be read through; it is tried again");
                }
            }
        }
    }
    Ok(())
}

/// Whether a log is to be read through after the reading `before`; `is_first` where this process has
/// not read it yet.
fn is_due(before: Option<&ReadThrough>, is_first: bool, now: Timestamp) -> bool {
    let Some(before) = before else { return true };
    let ago = now.duration_since(before.at);
    match before.damage {
        None => ago >= READ_EVERY,
        Some(_) => is_first || ago >= READ_DAMAGED_EVERY,
    }
}

#[cfg(test)]
mod tests;
