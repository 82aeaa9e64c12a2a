//! Checking the file of a log by itself.

use std::io;
use std::path::Path;

use super::fault::Fault;
use super::lines::{Lines, Next};
use super::manifest::LogFile;

/// Lines between two reports of progress.
const REPORT_EVERY: u64 = 1_000;

/// Reads a log's file to its end; `progress` hears how many lines were right.
///
/// # Errors
/// A file that cannot be read.
pub fn check(
    dir: &Path,
    entry: &LogFile,
    mut progress: impl FnMut(u64),
) -> io::Result<Result<(), Fault>> {
    let mut lines = match Lines::open(dir, entry)? {
        Ok(lines) => lines,
        Err(fault) => return Ok(Err(fault)),
    };
    loop {
        match lines.next()? {
            Next::Message(_) if lines.number() % REPORT_EVERY == 0 => progress(lines.number()),
            Next::Message(_) => {}
            Next::End => {
                progress(lines.number());
                return Ok(Ok(()));
            }
            Next::Faulty(fault) => return Ok(Err(fault)),
        }
    }
}
