//! What partners have used of a day's quota, kept in the data directory: a start does not give it back.

use std::convert::Infallible;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use townclerk_app::clock::Clock;
use townclerk_app::private_file;
use townclerk_partner_gateway::facts::{DayCounts, Quotas};

use super::files::{Changing, Lock};

/// Where in the data directory it is kept.
const FILE: &str = "quotas.json";

/// How often what was counted is written down. What a kill loses is counted again.
const SAVE_EVERY: Duration = Duration::from_secs(1);

/// The file of one data directory, and what is counted beside it.
pub struct QuotaFile {
    data_dir: PathBuf,
    quotas: Arc<Quotas>,
    written: Mutex<Option<DayCounts>>,
}

impl QuotaFile {
    /// Goes on with what the file of `data_dir` counts. A file that cannot be read is said and
    /// written again: it holds a day at most, and stops nobody.
    pub fn load(data_dir: &Path, clock: Clock) -> Self {
        let quotas = Arc::new(Quotas::new(clock));
        match read(&data_dir.join(FILE)) {
            Ok(Some(counts)) => quotas.resume(counts),
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(
                    "what partners have used of their quotas is counted again: {error:#}"
                );
            }
        }
        Self {
            data_dir: data_dir.to_owned(),
            quotas,
            written: Mutex::default(),
        }
    }

    pub fn quotas(&self) -> &Arc<Quotas> {
        &self.quotas
    }

    /// Writes down what is counted today, where that is more than the file says. Of what two
    /// processes count of one partner the higher number stays.
    ///
    /// # Errors
    /// A file that cannot be written, or that another process does not let go of.
    pub fn save(&self) -> anyhow::Result<()> {
        let counts = self.quotas.today();
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.facts.is_empty() || written.as_ref() == Some(&counts) {
            return Ok(());
        }
        let _lock = Lock::wait(&self.data_dir, Changing::Quotas)?;
        let path = self.data_dir.join(FILE);
        let both = match read(&path) {
            Ok(Some(theirs)) => counts.clone().or_higher(&theirs),
            // What cannot be read was said at the start, and is written again.
            Ok(None) | Err(_) => counts.clone(),
        };
        private_file::write(&path, serde_json::to_string_pretty(&both)?)
            .with_context(|| format!("cannot write {}", path.display()))?;
        *written = Some(counts);
        Ok(())
    }
}

/// What partners have used of the quotas of the day of `now`, as it was last written down.
///
/// # Errors
/// A file that cannot be read.
pub(crate) fn used_today(data_dir: &Path, clock: Clock) -> anyhow::Result<DayCounts> {
    let quotas = Quotas::new(clock);
    if let Some(counts) = read(&data_dir.join(FILE))? {
        quotas.resume(counts);
    }
    Ok(quotas.today())
}

fn read(path: &Path) -> anyhow::Result<Option<DayCounts>> {
    let at = || format!("cannot read {}", path.display());
    match private_file::read_text(path) {
        Ok(text) => serde_json::from_str(&text).map(Some).with_context(at),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(at),
    }
}

/// Keeps the file as facts are counted, to the end.
///
/// # Errors
/// None: what cannot be written is said, and tried again.
pub(super) async fn keep_quotas(
    file: Arc<QuotaFile>,
    stop: CancellationToken,
) -> Result<(), Infallible> {
    let mut ticks = interval(SAVE_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failed = false;
    loop {
        let stopped = stop.run_until_cancelled(ticks.tick()).await.is_none();
        match tokio::task::block_in_place(|| file.save()) {
            Ok(()) => failed = false,
            Err(error) if !failed => {
                failed = true;
                tracing::error!("what partners have used of their quotas is not kept: {error:#}");
            }
            Err(_) => {}
        }
        if stopped {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn at(time: &str) -> Clock {
        let time: Timestamp = time.parse().unwrap();
        Arc::new(move || time)
    }

    fn counted(facts: u32) -> DayCounts {
        DayCounts {
            day: "2026-03-01".parse().unwrap(),
            facts: [("brent-hornbill".to_owned(), facts)].into(),
        }
    }

    #[test]
    fn two_gateways_of_one_folder_take_nothing_from_each_others_counts() {
        let dir = tempfile::tempdir().unwrap();
        let file = || QuotaFile::load(dir.path(), at("2026-03-01T12:00:00Z"));
        let (one, other) = (file(), file());
        one.quotas().resume(counted(7));
        one.save().unwrap();
        let mut of_other = counted(3);
        of_other.facts.insert("lewisham-halo".to_owned(), 5);
        other.quotas().resume(of_other);
        other.save().unwrap();
        let mut both = counted(7);
        both.facts.insert("lewisham-halo".to_owned(), 5);
        assert_eq!(file().quotas().today(), both);
    }

    #[test]
    fn what_was_used_today_is_read_and_another_days_is_over() {
        let dir = tempfile::tempdir().unwrap();
        let noon = || at("2026-03-01T12:00:00Z");
        assert!(used_today(dir.path(), noon()).unwrap().facts.is_empty());
        let file = QuotaFile::load(dir.path(), noon());
        file.quotas().resume(counted(7));
        file.save().unwrap();
        assert_eq!(used_today(dir.path(), noon()).unwrap(), counted(7));
        let tomorrow = used_today(dir.path(), at("2026-03-02T00:00:00Z"));
        assert!(tomorrow.unwrap().facts.is_empty());
        std::fs::write(dir.path().join(FILE), "{").unwrap();
        assert!(used_today(dir.path(), noon()).is_err());
    }

    #[test]
    fn a_start_goes_on_with_the_days_count_and_a_damaged_file_stops_nobody() {
        let dir = tempfile::tempdir().unwrap();
        let noon = || at("2026-03-01T12:00:00Z");
        let first = QuotaFile::load(dir.path(), noon());
        first.quotas().resume(counted(7));
        first.save().unwrap();
        let next = QuotaFile::load(dir.path(), noon());
        assert_eq!(next.quotas().today(), counted(7));
        let tomorrow = QuotaFile::load(dir.path(), at("2026-03-02T00:00:00Z"));
        assert!(tomorrow.quotas().today().facts.is_empty());
        std::fs::write(dir.path().join(FILE), "{").unwrap();
        let damaged = QuotaFile::load(dir.path(), noon());
        assert!(damaged.quotas().today().facts.is_empty());
        damaged.quotas().resume(counted(1));
        damaged.save().unwrap();
        let next = QuotaFile::load(dir.path(), noon());
        assert_eq!(next.quotas().today(), counted(1));
    }
}
