//! The machine that a run was made on.

use std::fmt;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::sample::Sample;

/// Writes with a flush each by which the disk is described.
const DISK_WRITES: usize = 200;
const WRITE_BYTES: usize = 600;

#[derive(Debug, Serialize)]
pub struct Machine {
    pub date: String,
    pub cores: usize,
    pub processor: String,
    pub memory_mebibytes: u64,
    /// How long a small write with its flush takes, in the middle.
    pub flush_microseconds: u64,
    /// Of the last minute before the run: other work makes every line slower.
    pub load_before: String,
    pub kernel: String,
    pub townclerk: String,
    pub nats_server: String,
    pub rustc: String,
}

impl Machine {
    /// Looks at what the folder of the run lies on.
    pub fn look(folder: &Path, townclerk: &Path, nats_server: &Path) -> anyhow::Result<Self> {
        let cores = std::thread::available_parallelism()?.get();
        Ok(Self {
            date: jiff::Timestamp::now().strftime("%Y-%m-%d").to_string(),
            cores,
            processor: field_of("/proc/cpuinfo", "model name"),
            memory_mebibytes: kibibytes_of("/proc/meminfo", "MemTotal") / 1_024,
            flush_microseconds: flush_time(folder)?,
            load_before: first_words("/proc/loadavg", 1),
            kernel: first_words("/proc/sys/kernel/osrelease", 1),
            townclerk: version_of(townclerk),
            nats_server: version_of(nats_server),
            rustc: version_of(Path::new("rustc")),
        })
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}, {} cores ({}), {} MiB of memory, a small write with its flush takes {} µs, load \
             {} before the run, Linux {}; {}; {}; {}",
            self.date,
            self.cores,
            self.processor,
            self.memory_mebibytes,
            self.flush_microseconds,
            self.load_before,
            self.kernel,
            self.townclerk,
            self.nats_server,
            self.rustc,
        )
    }
}

fn flush_time(folder: &Path) -> anyhow::Result<u64> {
    let mut file = File::create(folder.join("disk"))?;
    let mut times = Vec::with_capacity(DISK_WRITES);
    for _ in 0..DISK_WRITES {
        let began = Instant::now();
        file.write_all(&[b'x'; WRITE_BYTES])?;
        file.sync_data()?;
        times.push(began.elapsed());
    }
    std::fs::remove_file(folder.join("disk"))?;
    Ok(Sample::of(times).percentile(50))
}

/// What stands after a name in one of the kernel's files; empty where it is not there.
fn field_of(path: &str, name: &str) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(name));
    let value = line.and_then(|line| line.split_once(':'));
    value.map_or(String::new(), |(_, value)| value.trim().to_owned())
}

/// A size in one of the kernel's files; 0 where it is not there.
pub fn kibibytes_of(path: &str, name: &str) -> u64 {
    let value = field_of(path, name);
    let number = value.split_whitespace().next();
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn first_words(path: &str, count: usize) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let words: Vec<&str> = text.split_whitespace().take(count).collect();
    words.join(" ")
}

/// The first line of what a program says of itself.
fn version_of(program: &Path) -> String {
    let said = Command::new(program).arg("--version").output();
    let said = said.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let unknown = format!("{} of unknown version", program.display());
    let first = |said: String| said.lines().next().map(str::to_owned);
    said.ok().and_then(first).unwrap_or(unknown)
}

/// How many events there are in a second.
pub fn per_second(events: u64, took: Duration) -> u64 {
    let micros = took.as_micros().max(1);
    u64::try_from(u128::from(events) * 1_000_000 / micros).unwrap_or(u64::MAX)
}
