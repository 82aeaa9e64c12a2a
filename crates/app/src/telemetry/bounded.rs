//! How much the log of a process grows in a minute, whatever is asked of it.

use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

use crate::clock::Clock;

/// Bytes of each level a minute. What is logged of requests cannot keep out what is logged of
/// faults, because each level has its own.
pub(super) const BYTES_PER_MINUTE: usize = 1024 * 1024;

/// Writes to what `inner` makes, as long as there is room in the minute. What is left out is
/// counted, and told with the first line after it.
pub(super) struct Bounded<M> {
    inner: M,
    clock: Clock,
    bytes_per_minute: usize,
    /// How a number of lines that were left out is told.
    tell: fn(u64, &Level) -> String,
    minutes: [Mutex<Minute>; 5],
}

#[derive(Default)]
struct Minute {
    number: i64,
    bytes: usize,
    left_out: u64,
}

impl<M> Bounded<M> {
    pub(super) fn new(inner: M, clock: Clock, json: bool) -> Self {
        Self {
            inner,
            clock,
            bytes_per_minute: BYTES_PER_MINUTE,
            tell: if json { tell_in_json } else { tell_in_words },
            minutes: Default::default(),
        }
    }

    fn minute(&self, level: &Level) -> MutexGuard<'_, Minute> {
        let index = match *level {
            Level::ERROR => 0,
            Level::WARN => 1,
            Level::INFO => 2,
            Level::DEBUG => 3,
            Level::TRACE => 4,
        };
        let minute = self.minutes[index].lock();
        minute.unwrap_or_else(PoisonError::into_inner)
    }

    /// What is to be written of a line: nothing, the line, or before it how many were left out.
    fn admit(&self, level: &Level, bytes: usize) -> Option<String> {
        let now = (self.clock)().as_second().div_euclid(60);
        let mut minute = self.minute(level);
        let mut told = String::new();
        if minute.number != now {
            if minute.left_out > 0 {
                told = (self.tell)(minute.left_out, level);
            }
            *minute = Minute {
                number: now,
                ..Minute::default()
            };
        }
        let with_this = minute.bytes.saturating_add(bytes);
        if with_this > self.bytes_per_minute && minute.bytes > 0 {
            minute.left_out += 1;
            return None;
        }
        minute.bytes = with_this;
        Some(told)
    }
}

fn tell_in_words(left_out: u64, level: &Level) -> String {
    format!("{level} {left_out} lines like this one were left out: too many within a minute\n")
}

fn tell_in_json(left_out: u64, level: &Level) -> String {
    let level = level.as_str();
    format!(
        "{{\"level\":\"{level}\",\"fields\":{{\"left_out\":{left_out},\"message\":\"lines were left out: too many within a minute\"}}}}\n"
    )
}

impl<'a, M: MakeWriter<'a> + 'a> MakeWriter<'a> for Bounded<M> {
    type Writer = Line<'a, M>;

    fn make_writer(&'a self) -> Self::Writer {
        Line {
            log: self,
            level: Level::INFO,
        }
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> Self::Writer {
        Line {
            log: self,
            level: *metadata.level(),
        }
    }
}

/// One line, which is written at once.
pub(super) struct Line<'a, M> {
    log: &'a Bounded<M>,
    level: Level,
}

impl<'a, M: MakeWriter<'a>> Write for Line<'a, M> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if let Some(told) = self.log.admit(&self.level, line.len()) {
            let mut writer = self.log.inner.make_writer();
            writer.write_all(told.as_bytes())?;
            writer.write_all(line)?;
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.log.inner.make_writer().flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use std::sync::Arc;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_flood_of_one_level_is_cut_and_counted_and_leaves_the_others_their_room() {
        let written = Written::default();
        let inside = written.clone();
        let second = Arc::new(Mutex::new(0_i64));
        let shown = Arc::clone(&second);
        let clock: Clock =
            Arc::new(move || Timestamp::from_second(*shown.lock().unwrap()).unwrap());
        let log = Bounded::new(move || inside.clone(), clock, false);
        let subscriber = tracing_subscriber::fmt()
            .without_time()
            .with_ansi(false)
            .with_writer(log)
            .finish();
        let text = || String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        tracing::subscriber::with_default(subscriber, || {
            let path = "x".repeat(1_000);
            for _ in 0..5_000 {
                tracing::info!(path, "refused");
            }
            assert!(text().len() <= BYTES_PER_MINUTE, "{}", text().len());
            tracing::error!("the disk is full");
            assert!(text().ends_with("the disk is full\n"));
            let kept = text().matches("refused").count();
            *second.lock().unwrap() = 60;
            tracing::info!("in the minute after");
            let told = format!("INFO {} lines like this one were left out", 5_000 - kept);
            assert!(text().contains(&told), "{told}");
        });
    }
}
