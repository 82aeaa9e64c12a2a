//! The generations of a view: one is served, the one before is kept, damaged ones are put aside.
//!
//! ```text
//! <dir>/current            the number of the served generation
//! <dir>/generation-7/      a sled directory
//! <dir>/put-aside-6/       one that was damaged, for people to look at
//! ```

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::store::{Store, StoreError};

const CURRENT: &str = "current";

/// As much as must fit before rows that could not be written are opened again: sled takes half a
/// megabyte at a time, and writes a snapshot of its pages when it is opened.
const TRY_BYTES: usize = 4 * 1024 * 1024;

/// The generations in one directory.
#[derive(Debug)]
pub struct Generations {
    dir: PathBuf,
}

/// What was found when the served generation was opened.
#[derive(Debug)]
pub enum Found {
    /// Rows as they were left, or none at the very first start.
    Rows,
    /// The rows could not be used; they were put aside and an empty generation was begun.
    PutAside { why: StoreError, kept_at: PathBuf },
    /// What names the served generation was no number: the newest one is served, and named again.
    Unnamed { number: u64 },
}

/// What the file says that names the served generation.
enum Named {
    Nothing,
    Generation(u64),
    NoNumber,
}

impl Generations {
    /// The directory is made when the served generation is opened.
    pub fn in_dir(dir: &Path) -> Self {
        let dir = dir.to_owned();
        Self { dir }
    }

    /// Writes a few megabytes to the disk and removes them again.
    ///
    /// # Errors
    /// A disk that takes nothing.
    pub fn try_to_write(&self) -> Result<(), StoreError> {
        let path = self.dir.join("try");
        let written = fs::create_dir_all(&self.dir)
            .and_then(|()| fs::write(&path, vec![0xa5; TRY_BYTES]))
            .and_then(|()| fs::File::open(&path)?.sync_all());
        let removed = match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        };
        written
            .and(removed)
            .map_err(|error| io_error(&self.dir, &error))
    }

    /// Opens the served generation. Damage, or rows of another fold version, are put aside.
    ///
    /// # Errors
    /// A held lock or a disk that cannot be used.
    pub fn open_current(&self) -> Result<(Store, u64, Found), StoreError> {
        fs::create_dir_all(&self.dir).map_err(|error| io_error(&self.dir, &error))?;
        let named = self.named()?;
        let Some(number) = self.current()? else {
            let (store, first) = self.begin_next()?;
            self.switch_to(first)?;
            return Ok((store, first, named.found(first)));
        };
        match Store::open(&self.path(number)) {
            Ok(store) => {
                let found = named.found(number);
                if matches!(found, Found::Unnamed { .. }) {
                    self.name(number)?;
                }
                Ok((store, number, found))
            }
            Err(why) if why.is_mended_by_rebuilding() => {
                let (store, next, kept_at) = self.replace(number)?;
                Ok((store, next, Found::PutAside { why, kept_at }))
            }
            Err(other) => Err(other),
        }
    }

    /// Puts generation `number` aside and serves an empty one.
    ///
    /// # Errors
    /// A disk that cannot be used.
    pub fn replace(&self, number: u64) -> Result<(Store, u64, PathBuf), StoreError> {
        // Nothing is put aside before there is room for what takes its place.
        let (store, next) = self.begin_next()?;
        let kept_at = self.put_aside(number)?;
        self.switch_to(next)?;
        Ok((store, next, kept_at))
    }

    /// An empty generation beside the served one.
    ///
    /// # Errors
    /// A disk that cannot be used.
    pub fn begin_next(&self) -> Result<(Store, u64), StoreError> {
        // A number is never used again, even if its generation was put aside.
        let used = self.numbers()?.into_iter().chain(self.current()?);
        let next = used.max().unwrap_or(0) + 1;
        match Store::create(&self.path(next)) {
            Ok(store) => Ok((store, next)),
            Err(error) => {
                self.give_up(next);
                Err(error)
            }
        }
    }

    /// Removes what was begun and could not be written: on a full disk it is in the way.
    pub fn give_up(&self, number: u64) {
        let path = self.path(number);
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(path = %path.display(), %error, "a generation that was begun stays");
            }
            Ok(()) | Err(_) => {}
        }
    }

    /// Serves `number` from now on, and removes all but it and the one before.
    ///
    /// # Errors
    /// A disk that cannot be used.
    pub fn switch_to(&self, number: u64) -> Result<(), StoreError> {
        let before = self.current()?;
        self.name(number)?;
        for old in self.numbers()? {
            if old != number && Some(old) != before {
                self.remove(old)?;
            }
        }
        Ok(())
    }

    /// Writes down, at once or not at all, which generation is served.
    fn name(&self, number: u64) -> Result<(), StoreError> {
        let new = self.dir.join("current.new");
        let named = fs::write(&new, number.to_string())
            .and_then(|()| fs::File::open(&new)?.sync_all())
            .and_then(|()| fs::rename(&new, self.dir.join(CURRENT)))
            .and_then(|()| fs::File::open(&self.dir)?.sync_all());
        named.map_err(|error| io_error(&self.dir, &error))
    }

    /// Removes a generation that is not served.
    ///
    /// # Errors
    /// A disk that cannot be used.
    pub fn remove(&self, number: u64) -> Result<(), StoreError> {
        let path = self.path(number);
        fs::remove_dir_all(&path).map_err(|error| io_error(&path, &error))
    }

    fn put_aside(&self, number: u64) -> Result<PathBuf, StoreError> {
        let from = self.path(number);
        // An earlier one of the same number must not be overwritten.
        let taken = |kept: &PathBuf| kept.exists();
        let kept_at = (0..)
            .map(|again| match again {
                0 => self.dir.join(format!("put-aside-{number}")),
                _ => self.dir.join(format!("put-aside-{number}-{again}")),
            })
            .find(|kept| !taken(kept))
            .unwrap_or_else(|| from.clone());
        fs::rename(&from, &kept_at).map_err(|error| io_error(&from, &error))?;
        Ok(kept_at)
    }

    fn path(&self, number: u64) -> PathBuf {
        self.dir.join(format!("generation-{number}"))
    }

    /// The served generation; none before the first. Where what names it is no number, the newest
    /// one: whether its rows are whole is looked at when it is opened.
    fn current(&self) -> Result<Option<u64>, StoreError> {
        match self.named()? {
            Named::Nothing => Ok(None),
            Named::Generation(number) => Ok(Some(number)),
            Named::NoNumber => Ok(self.numbers()?.into_iter().max()),
        }
    }

    fn named(&self) -> Result<Named, StoreError> {
        let path = self.dir.join(CURRENT);
        // Bytes, not text: what was damaged need not be text any more.
        match fs::read(&path) {
            Ok(bytes) => {
                let text = std::str::from_utf8(&bytes).ok();
                let number = text.and_then(|text| text.trim().parse().ok());
                Ok(number.map_or(Named::NoNumber, Named::Generation))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Named::Nothing),
            Err(error) => Err(io_error(&path, &error)),
        }
    }

    fn numbers(&self) -> Result<Vec<u64>, StoreError> {
        let entries = fs::read_dir(&self.dir).map_err(|error| io_error(&self.dir, &error))?;
        let mut numbers = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| io_error(&self.dir, &error))?;
            let name = entry.file_name();
            let number = name
                .to_str()
                .and_then(|name| name.strip_prefix("generation-"));
            numbers.extend(number.and_then(|number| number.parse::<u64>().ok()));
        }
        Ok(numbers)
    }
}

impl Named {
    /// What is said of generation `number`, which is served whole.
    fn found(&self, number: u64) -> Found {
        match self {
            Self::Nothing | Self::Generation(_) => Found::Rows,
            Self::NoNumber => Found::Unnamed { number },
        }
    }
}

fn io_error(path: &Path, error: &io::Error) -> StoreError {
    StoreError::Io {
        path: path.to_owned(),
        why: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use townclerk_domain::names::LogName;
    use townclerk_views::rows::{Changes, MemoryRows, Rows};

    use super::*;
    use crate::checkpoint::Checkpoint;
    use crate::testing::SmallDisk;

    fn changes(rows: &[(&str, Option<&str>)]) -> Changes {
        let bytes = |text: &str| text.as_bytes().to_vec();
        let row = |(key, value): &(&str, Option<&str>)| (bytes(key), value.map(bytes));
        rows.iter().map(row).collect()
    }

    fn brent() -> LogName {
        LogName::new("brent").unwrap()
    }

    fn checkpoint(sequence: u64) -> [(LogName, Checkpoint); 1] {
        let checkpoint = Checkpoint::default().advanced(sequence, "subject", b"payload");
        [(brent(), checkpoint)]
    }

    /// Reopens after the first store is gone: sled gives its lock back a moment later.
    fn reopened(generations: &Generations) -> (Store, u64, Found) {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            match generations.open_current() {
                Err(StoreError::Locked { .. }) if Instant::now() < deadline => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                other => return other.unwrap(),
            }
        }
    }

    #[test]
    fn rows_checkpoint_and_digest_move_together() {
        let dir = tempfile::tempdir().unwrap();
        let generations = Generations::in_dir(dir.path());
        let (mut store, number, _) = generations.open_current().unwrap();
        let first = changes(&[("Ta", Some("1")), ("Tb", Some("2")), ("Tc", Some("3"))]);
        store.apply(first, &checkpoint(3)).unwrap();
        store
            .apply(changes(&[("Ta", None), ("Tb", Some("9"))]), &checkpoint(5))
            .unwrap();
        store.flush().unwrap();
        let digest = store.digest();
        drop(store);
        let (store, again, found) = reopened(&generations);
        assert!(matches!(found, Found::Rows));
        assert_eq!((again, store.digest()), (number, digest));
        assert_eq!(store.checkpoint(&brent()), checkpoint(5)[0].1);
        assert_eq!(store.get(b"Ta").unwrap(), None);
        assert_eq!(store.get(b"Tb").unwrap(), Some(b"9".to_vec()));
    }

    #[test]
    fn a_filled_generation_has_the_digest_of_one_that_grew() {
        let dir = tempfile::tempdir().unwrap();
        let generations = Generations::in_dir(dir.path());
        let (mut grown, ..) = generations.open_current().unwrap();
        let mut rows = MemoryRows::default();
        for number in 0..2_500 {
            let row = changes(&[(&format!("T{number}"), Some(&format!("{number}")))]);
            rows.apply(row.clone());
            grown.apply(row, &checkpoint(number)).unwrap();
        }
        let (mut filled, next) = generations.begin_next().unwrap();
        filled.fill(&rows, &checkpoint(2_499), |_| {}).unwrap();
        assert_eq!(filled.digest(), grown.digest());
        generations.switch_to(next).unwrap();
        assert_eq!(generations.current().unwrap(), Some(next));
        // The one before is kept for going back.
        assert_eq!(generations.numbers().unwrap().len(), 2);
    }

    #[test]
    fn a_second_process_is_refused_by_the_lock() {
        let dir = tempfile::tempdir().unwrap();
        let generations = Generations::in_dir(dir.path());
        let _held = generations.open_current().unwrap();
        let second = generations.open_current();
        assert!(
            matches!(second, Err(StoreError::Locked { .. })),
            "{second:?}"
        );
    }

    #[test]
    fn damage_is_put_aside_and_said() {
        for damage in ["cut", "flip", "stray row"] {
            let dir = tempfile::tempdir().unwrap();
            let generations = Generations::in_dir(dir.path());
            let (mut store, number, _) = generations.open_current().unwrap();
            for n in 0..200 {
                let row = changes(&[(&format!("T{n}"), Some("some value or other"))]);
                store.apply(row, &checkpoint(n)).unwrap();
            }
            store.flush().unwrap();
            if damage == "stray row" {
                store
                    .db()
                    .unwrap()
                    .insert(b"Tx", b"nobody wrote this")
                    .unwrap();
                store.flush().unwrap();
            }
            drop(store);
            let file = generations.path(number).join("db");
            let bytes = fs::read(&file).unwrap();
            match damage {
                "cut" => fs::write(&file, &bytes[..bytes.len() / 3]).unwrap(),
                "flip" => fs::write(&file, vec![0xa5; bytes.len()]).unwrap(),
                _ => {}
            }
            let (store, next, found) = reopened(&generations);
            // A file that was cut short may still hold an earlier state as a whole: opening
            // has compared its digest, and the checkpoint went back with the rows.
            if damage == "cut" && matches!(found, Found::Rows) {
                assert!(store.checkpoint(&brent()).sequence <= 199);
                continue;
            }
            let Found::PutAside { kept_at, .. } = found else {
                panic!("{damage}: not noticed");
            };
            assert!(kept_at.exists(), "{damage}");
            assert_ne!(next, number, "{damage}");
            assert_eq!(
                store.checkpoint(&brent()),
                Checkpoint::default(),
                "{damage}"
            );
        }
    }

    #[test]
    fn rows_on_a_full_disk_are_those_of_before_or_closed_and_take_more_once_there_is_room() {
        let dir = tempfile::tempdir().unwrap();
        let generations = Generations::in_dir(dir.path());
        let (store, number, _) = generations.open_current().unwrap();
        drop(store);
        let disk = SmallDisk::under(&generations.path(number).join("db")).unwrap();
        let (mut store, ..) = reopened(&generations);
        let row = |n: u64| {
            let value = format!("{n}").repeat(500);
            changes(&[
                (&format!("Ta{n}"), Some(&value)),
                (&format!("Tz{n}"), Some(&value)),
            ])
        };
        store.apply(row(1), &checkpoint(1)).unwrap();
        disk.fill().unwrap();
        let failed = (2..100_000).find_map(|n| {
            let refused = store.apply(row(n), &checkpoint(n)).err()?;
            Some((n, refused))
        });
        let (n, refused) = failed.unwrap();
        assert!(matches!(refused, StoreError::Io { .. }), "{refused}");
        assert!(store.takes_no_more());
        // What was acknowledged is known, whether or not it can still be read.
        assert_eq!(store.checkpoint(&brent()), checkpoint(n - 1)[0].1);
        if store.is_open() {
            let last = store.get(format!("Ta{}", n - 1).as_bytes()).unwrap();
            assert!(last.is_some());
            assert_eq!(store.get(format!("Ta{n}").as_bytes()).unwrap(), None);
        }
        assert!(store.apply(row(n), &checkpoint(n)).is_err());
        drop(store);
        disk.make_room().unwrap();
        generations.try_to_write().unwrap();
        let (mut store, again, found) = reopened(&generations);
        assert!(matches!(found, Found::Rows), "{found:?}");
        assert_eq!(again, number);
        let kept = store.checkpoint(&brent()).sequence;
        for n in kept + 1..n + 100 {
            store.apply(row(n), &checkpoint(n)).unwrap();
        }
        store.flush().unwrap();
    }

    #[test]
    fn a_snapshot_that_was_not_finished_is_made_again() {
        let dir = tempfile::tempdir().unwrap();
        let generations = Generations::in_dir(dir.path());
        let (mut store, number, _) = generations.open_current().unwrap();
        store
            .apply(changes(&[("Ta", Some("1"))]), &checkpoint(1))
            .unwrap();
        store.flush().unwrap();
        drop(store);
        let cut = generations.path(number).join("snap.FFFFFFFF.generating");
        fs::write(&cut, b"cut").unwrap();
        let (store, again, found) = reopened(&generations);
        assert!(matches!(found, Found::Rows), "{found:?}");
        assert_eq!(again, number);
        assert_eq!(store.get(b"Ta").unwrap(), Some(b"1".to_vec()));
    }

    #[test]
    fn the_newest_rows_are_served_and_named_again_where_what_names_them_is_no_number() {
        for damage in [
            &b""[..],
            b"seven",
            b"\xff\xfe\x00\x80",
            b"\0\0\0",
            &[b'9'; 40],
        ] {
            let dir = tempfile::tempdir().unwrap();
            let generations = Generations::in_dir(dir.path());
            let (mut store, number, _) = generations.open_current().unwrap();
            store
                .apply(changes(&[("Ta", Some("1"))]), &checkpoint(1))
                .unwrap();
            store.flush().unwrap();
            drop(store);
            fs::write(dir.path().join(CURRENT), damage).unwrap();
            let (store, again, found) = reopened(&generations);
            assert!(matches!(found, Found::Unnamed { number: n } if n == number));
            assert_eq!(again, number);
            assert_eq!(store.get(b"Ta").unwrap(), Some(b"1".to_vec()));
            drop(store);
            let (.., found) = reopened(&generations);
            assert!(matches!(found, Found::Rows), "{damage:?}: said once");
        }
    }

    #[test]
    fn where_no_generation_is_left_that_could_be_named_an_empty_one_is_begun() {
        let dir = tempfile::tempdir().unwrap();
        let generations = Generations::in_dir(dir.path());
        fs::write(dir.path().join(CURRENT), b"\xff").unwrap();
        let (store, number, found) = generations.open_current().unwrap();
        assert!(matches!(found, Found::Unnamed { number: n } if n == number));
        assert_eq!(store.checkpoint(&brent()), Checkpoint::default());
    }

    #[test]
    fn rows_of_another_fold_version_are_put_aside() {
        let dir = tempfile::tempdir().unwrap();
        let generations = Generations::in_dir(dir.path());
        let (mut store, ..) = generations.open_current().unwrap();
        store
            .apply(changes(&[("Ta", Some("1"))]), &checkpoint(1))
            .unwrap();
        store
            .db()
            .unwrap()
            .insert(b"\0fold-version", &0_u32.to_be_bytes())
            .unwrap();
        store.flush().unwrap();
        drop(store);
        let (_, _, found) = reopened(&generations);
        let Found::PutAside { why, .. } = found else {
            panic!("not noticed");
        };
        assert!(
            matches!(why, StoreError::OtherVersion { found: 0, .. }),
            "{why}"
        );
    }
}
