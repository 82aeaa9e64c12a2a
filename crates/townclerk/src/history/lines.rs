//! Reading a log's file line by line, each checked against its place and the chain.
//!
//! A log's positions begin with 1 and have no gaps, so position and line number are the same.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Take};
use std::path::Path;

use sha2::{Digest, Sha256};
use townclerk_contract::chain::Chain;
use townclerk_contract::position::Position;
use townclerk_domain::names::LogName;
use townclerk_event_log::Verbatim;

use super::fault::{EXPORT_AGAIN, Fault, FaultKind, no_file};
use super::line::{self, LINE_MAX};
use super::manifest::LogFile;
use super::regular::{self, Opened};

/// What comes next in a file.
pub enum Next {
    Message(Verbatim),
    /// All lines were read, and the file is that of the manifest.
    End,
    Faulty(Fault),
}

/// A log's file, as far as it was read.
pub struct Lines {
    reader: BufReader<Take<File>>,
    entry: LogFile,
    /// Lines read.
    number: u64,
    chain: Chain,
    bytes: u64,
    hash: Sha256,
    line: Vec<u8>,
}

impl Lines {
    /// # Errors
    /// A file that is there and cannot be opened.
    pub fn open(dir: &Path, entry: &LogFile) -> io::Result<Result<Self, Fault>> {
        let file = match regular::open(&dir.join(&entry.file))? {
            Opened::File(file) => file,
            Opened::Other(other) => return Ok(Err(no_file(&entry.file, other))),
            Opened::Missing => {
                return Ok(Err(Fault {
                    file: entry.file.clone(),
                    line: None,
                    kind: FaultKind::Missing,
                    found: "the manifest names it, but it is not there".to_owned(),
                    remedy: EXPORT_AGAIN.to_owned(),
                }));
            }
        };
        // A file that goes on beyond what the manifest says is not read to its end, if it has one.
        let bytes_max = entry.bytes.saturating_add(LINE_MAX as u64 + 1);
        Ok(Ok(Self {
            reader: BufReader::with_capacity(1 << 18, file.take(bytes_max)),
            entry: entry.clone(),
            number: 0,
            chain: Chain::default(),
            bytes: 0,
            hash: Sha256::new(),
            line: Vec::new(),
        }))
    }

    /// How many lines were read.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// How many bytes were read.
    #[cfg(test)]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The next message. After a fault or the end there is nothing more to be read.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn next(&mut self) -> io::Result<Next> {
        if !self.read_line()? {
            return Ok(match self.at_the_end() {
                Some(fault) => Next::Faulty(fault),
                None => Next::End,
            });
        }
        self.number += 1;
        if self.number > self.entry.messages {
            let found = format!("the manifest counts {} lines", self.entry.messages);
            return Ok(self.faulty(FaultKind::Surplus, found));
        }
        let Some(text) = self.line.strip_suffix(b"\n") else {
            return Ok(self.without_end());
        };
        let line = match line::decode(&self.entry.log, text) {
            Ok(line) => line,
            Err(why) => {
                let found = match line::position(text).filter(|at| at.log != self.entry.log) {
                    Some(other) => return Ok(self.of_another_log(&other)),
                    None => format!("this is no line of a history: {why}"),
                };
                return Ok(self.faulty(FaultKind::Unreadable, found));
            }
        };
        if line.position.log != self.entry.log {
            return Ok(self.of_another_log(&line.position));
        }
        if line.position.sequence != self.number {
            return self.out_of_place(line.position.sequence);
        }
        let chain = self
            .chain
            .next(&line.message.subject, &line.message.payload);
        if chain.to_string() != line.chain {
            let found = format!(
                "{} was changed: its subject and its event do not give its chain",
                line.position
            );
            return Ok(self.faulty(FaultKind::Changed, found));
        }
        if let Some(why) = foreign_subject(&self.entry.log, &line.message.subject) {
            return Ok(self.faulty(FaultKind::OtherLog, why));
        }
        self.chain = chain;
        Ok(Next::Message(line.message))
    }

    /// Reads one line with its end into `line`; false at the end of the file.
    fn read_line(&mut self) -> io::Result<bool> {
        self.line.clear();
        let limit = LINE_MAX as u64 + 1;
        let mut limited = (&mut self.reader).take(limit);
        let read = limited.read_until(b'\n', &mut self.line)?;
        self.hash.update(&self.line);
        self.bytes += read as u64;
        Ok(read > 0)
    }

    /// A line that has no end.
    fn without_end(&self) -> Next {
        if self.line.len() > LINE_MAX {
            let found = format!(
                "more than {LINE_MAX} bytes follow without a line break, the most that a line of an export has"
            );
            return self.faulty(FaultKind::Unreadable, found);
        }
        if self.bytes > self.entry.bytes {
            let found = format!("the manifest counts {} bytes", self.entry.bytes);
            return self.faulty(FaultKind::Surplus, found);
        }
        let found = "the line breaks off in the middle".to_owned();
        self.faulty(FaultKind::Truncated, found)
    }

    fn at_the_end(&mut self) -> Option<Fault> {
        let LogFile {
            messages,
            head,
            sha256,
            bytes,
            ..
        } = &self.entry;
        if self.number < *messages {
            let found = format!("the file ends after line {} of {messages}", self.number);
            return Some(self.fault(Some(self.number + 1), FaultKind::Missing, found));
        }
        if self.chain.to_string() != *head {
            let found = format!(
                "the lines follow each other up to the chain {}, but the manifest names {head}: they do not belong together",
                self.chain
            );
            return Some(self.fault(None, FaultKind::Manifest, found));
        }
        let hash = hex::encode(self.hash.finalize_reset());
        if hash != *sha256 || self.bytes != *bytes {
            let found = format!(
                "every line follows from the one before, but the file is not byte for byte that of the manifest (SHA-256 {hash}, {} bytes, instead of {sha256}, {bytes}): a message id, the spacing or the line ends were changed",
                self.bytes
            );
            return Some(self.fault(None, FaultKind::Changed, found));
        }
        None
    }

    fn of_another_log(&self, position: &Position) -> Next {
        let found = format!("{position} does not belong to the log {}", self.entry.log);
        self.faulty(FaultKind::OtherLog, found)
    }

    /// A line that stands at another place than its own: one is missing, doubled or moved.
    fn out_of_place(&mut self, found: u64) -> io::Result<Next> {
        let (log, number) = (self.entry.log.clone(), self.number);
        if found < number {
            let text = format!("{log}:{found} is here again, and in line {found} before");
            return Ok(self.faulty(FaultKind::Doubled, text));
        }
        let missing = Position {
            log: log.clone(),
            sequence: number,
        };
        let mut at = number;
        while self.read_line()? && self.line.len() <= LINE_MAX {
            at += 1;
            if line::position(&self.line).is_some_and(|position| position == missing) {
                let text = format!("{log}:{found} is here, and {missing} only in line {at}");
                return Ok(Next::Faulty(self.fault(
                    Some(number),
                    FaultKind::Reordered,
                    text,
                )));
            }
        }
        let text = match found - 1 {
            last if last == number => format!("{missing} is missing: {log}:{found} is here"),
            last => format!("{missing} to {log}:{last} are missing: {log}:{found} is here"),
        };
        Ok(Next::Faulty(self.fault(
            Some(number),
            FaultKind::Missing,
            text,
        )))
    }

    fn faulty(&self, kind: FaultKind, found: String) -> Next {
        Next::Faulty(self.fault(Some(self.number), kind, found))
    }

    fn fault(&self, line: Option<u64>, kind: FaultKind, found: String) -> Fault {
        Fault {
            file: self.entry.file.clone(),
            line,
            kind,
            found,
            remedy: EXPORT_AGAIN.to_owned(),
        }
    }
}

/// Why a subject cannot be one of a log.
fn foreign_subject(log: &LogName, subject: &str) -> Option<String> {
    let own = subject
        .strip_prefix("tc.")
        .and_then(|rest| rest.strip_prefix(log.as_str()))
        .is_some_and(|rest| rest.starts_with('.'));
    let plain = !subject.chars().any(|c| c.is_whitespace() || c.is_control());
    (!own || !plain).then(|| format!("{subject:?} is no subject of the log {log}"))
}
