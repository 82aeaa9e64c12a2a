//! Writing logs into files.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use futures::StreamExt;
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;
use tokio::sync::mpsc;
use tokio::time::timeout;
use townclerk_contract::chain::Chain;
use townclerk_domain::names::LogName;
use townclerk_event_log::{EventLog, StoredMessage};

use super::key::SigningKey;
use super::line::{self, LINE_MAX};
use super::manifest::{LogFile, MANIFEST, Manifest, file_of};
use super::signature::{self, SIGNATURE};

/// Messages that are handed over at once, and how many such pieces may wait to be written.
const PIECE: usize = 500;
const PIECES: usize = 8;

/// How long a log may take to give the next message.
const SILENCE_MAX: Duration = Duration::from_mins(1);

/// The folder is in use: nothing is written beside what is there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{folder} is not empty: name a folder that is, or one that is not there yet")]
pub struct NotEmpty {
    pub folder: String,
}

/// A folder into which logs are exported. Without its manifest, which is written last, it is no
/// export.
pub struct Exported {
    dir: PathBuf,
    /// Whether the folder was made for this.
    made: bool,
    logs: Vec<LogFile>,
}

/// Begins an export: makes the folder, if it is not there.
///
/// # Errors
/// A folder that cannot be made or looked into.
pub fn export(dir: &Path) -> anyhow::Result<Result<Exported, NotEmpty>> {
    let made = !dir.exists();
    std::fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let mut there =
        std::fs::read_dir(dir).with_context(|| format!("cannot look into {}", dir.display()))?;
    if there.next().is_some() {
        return Ok(Err(NotEmpty {
            folder: dir.display().to_string(),
        }));
    }
    Ok(Ok(Exported {
        dir: dir.to_owned(),
        made,
        logs: Vec::new(),
    }))
}

impl Exported {
    /// Writes one log up to `head`; `progress` hears how many messages were read.
    ///
    /// # Errors
    /// A log or a disk that fails.
    pub async fn log(
        &mut self,
        log: &dyn EventLog,
        head: u64,
        progress: impl FnMut(u64),
    ) -> anyhow::Result<&LogFile> {
        let (sender, receiver) = mpsc::channel(PIECES);
        let (dir, name) = (self.dir.clone(), log.name().clone());
        let writing = tokio::task::spawn_blocking(move || write(&dir, name, receiver));
        let read = read(log, head, &sender, progress).await;
        drop(sender);
        // A disk that is full is the reason why reading ended, so it is told first.
        let written = writing.await.context("writing a file broke down")?;
        let unfinished =
            written.with_context(|| format!("cannot export the log {}", log.name()))?;
        read?;
        self.logs.push(unfinished.finish()?);
        self.logs.last().context("it was just put there")
    }

    /// Takes back an export that failed: the files of logs that were written, and the folder if it was
    /// made for them.
    ///
    /// # Errors
    /// A file that cannot be removed.
    pub fn take_back(self) -> anyhow::Result<()> {
        let gone = |path: &Path| format!("cannot remove {}", path.display());
        for entry in &self.logs {
            let file = self.dir.join(&entry.file);
            std::fs::remove_file(&file).with_context(|| gone(&file))?;
        }
        if self.made {
            std::fs::remove_dir(&self.dir).with_context(|| gone(&self.dir))?;
        }
        Ok(())
    }

    /// Ends the export: writes the manifest, and before it who vouches for it, if anybody does.
    ///
    /// # Errors
    /// A disk that fails.
    pub fn finish(
        self,
        exported: String,
        partnership: &[LogName],
        key: Option<&SigningKey>,
    ) -> anyhow::Result<Manifest> {
        let manifest = Manifest::new(exported, partnership, self.logs);
        let mut text = serde_json::to_vec_pretty(&manifest)?;
        text.push(b'\n');
        let put = |text: &[u8], name: &str| -> anyhow::Result<()> {
            let mut file = new_file(&self.dir)?;
            file.write_all(text)?;
            put_in_place(file, &self.dir.join(name))
        };
        if let Some(key) = key {
            put(&signature::of(&text, key)?, SIGNATURE)?;
        }
        put(&text, MANIFEST)?;
        // The names of the files, too, are on the disk before the export counts as done.
        File::open(&self.dir)?.sync_all()?;
        Ok(manifest)
    }
}

/// Hands the messages of a log over to the writer.
async fn read(
    log: &dyn EventLog,
    head: u64,
    writer: &mpsc::Sender<Vec<StoredMessage>>,
    mut progress: impl FnMut(u64),
) -> anyhow::Result<()> {
    if head == 0 {
        return Ok(());
    }
    let mut pieces = log.tail(0).await?.ready_chunks(PIECE);
    let mut done = 0;
    while done < head {
        let piece = timeout(SILENCE_MAX, pieces.next()).await.ok().flatten();
        let Some(piece) = piece else {
            bail!(
                "the log {} gave nothing for a minute after message {done} of {head}: look at nats-server, and export again",
                log.name()
            );
        };
        let mut messages = Vec::with_capacity(piece.len());
        for message in piece.into_iter().take(usize::try_from(head - done)?) {
            let message = message?;
            done += 1;
            if message.sequence != done {
                bail!(
                    "the log {} gave message {} instead of {done}: it is damaged, or was rebuilt meanwhile",
                    log.name(),
                    message.sequence
                );
            }
            messages.push(message);
        }
        if writer.send(messages).await.is_err() {
            bail!("the file of the log {} could not be written", log.name());
        }
        progress(done);
    }
    Ok(())
}

/// A file that is written, under a name that does not count yet.
struct Unfinished {
    file: NamedTempFile,
    path: PathBuf,
    entry: LogFile,
}

impl Unfinished {
    fn finish(self) -> anyhow::Result<LogFile> {
        put_in_place(self.file, &self.path)?;
        Ok(self.entry)
    }
}

/// Writes what comes, to its end.
fn write(
    dir: &Path,
    log: LogName,
    mut messages: mpsc::Receiver<Vec<StoredMessage>>,
) -> anyhow::Result<Unfinished> {
    let mut out = BufWriter::with_capacity(1 << 18, new_file(dir)?);
    let (mut chain, mut hash) = (Chain::default(), Sha256::new());
    let (mut count, mut bytes) = (0, 0);
    while let Some(piece) = messages.blocking_recv() {
        for message in piece {
            chain = chain.next(&message.subject, &message.payload);
            let line = line::encode(&log, &message, chain)?;
            if line.len() > LINE_MAX {
                bail!(
                    "{log}:{} is too long for a line: {} bytes, {LINE_MAX} are possible",
                    message.sequence,
                    line.len()
                );
            }
            hash.update(&line);
            bytes += line.len() as u64;
            count += 1;
            out.write_all(&line)?;
        }
    }
    let file = out
        .into_inner()
        .map_err(std::io::IntoInnerError::into_error)?;
    let name = file_of(&log);
    Ok(Unfinished {
        file,
        path: dir.join(&name),
        entry: LogFile {
            log,
            file: name,
            messages: count,
            head: chain.to_string(),
            sha256: hex::encode(hash.finalize()),
            bytes,
        },
    })
}

/// A file that only its owner may read: a history may be confidential.
fn new_file(dir: &Path) -> anyhow::Result<NamedTempFile> {
    tempfile::Builder::new()
        .prefix(".unfinished-")
        .tempfile_in(dir)
        .with_context(|| format!("cannot write into {}", dir.display()))
}

fn put_in_place(file: NamedTempFile, path: &Path) -> anyhow::Result<()> {
    file.as_file().sync_all()?;
    file.persist_noclobber(path)
        .with_context(|| format!("cannot put {} in its place", path.display()))?;
    Ok(())
}
