//! Importing a history: the log must be a prefix of it, and is continued to its end.
//!
//! So an import can be stopped anywhere and repeated, keeps every sequence, and never mixes two
//! histories. The history is a stream: only a few batches of it are held at a time.

use std::collections::HashSet;
use std::time::Duration;

use futures::stream::Fuse;
use futures::{Stream, StreamExt};
use tokio::time::{Instant, sleep, timeout};
use townclerk_contract::envelope::Message;

use crate::log::{ContinueError, EventLog, LogError, Verbatim};

#[cfg(test)]
mod tests;

/// Messages in one atomic batch.
const BATCH: usize = 1_000;

/// Bytes in one batch: the server holds it in memory until it is whole.
const BATCH_BYTES: usize = 8 << 20;

/// How often a batch is sent again after no answer.
const BATCH_TRIES: u32 = 5;

/// Between two tries, and between two looks at where the log ends.
const PAUSE: Duration = Duration::from_millis(500);

/// How long the log may be away when its end has to be known: a server that was killed takes a
/// while to come back.
const AWAY_MAX: Duration = Duration::from_mins(5);

/// How long the log may take to give the next message when it is compared.
const SILENCE_MAX: Duration = Duration::from_mins(1);

/// The log remembers message ids for two minutes: an id that a history has twice has to wait as long.
const REMEMBERED_MAX: Duration = Duration::from_mins(3);
const REMEMBERED_PAUSE: Duration = Duration::from_secs(5);

/// Why a history is not imported into a log, or no further: what is not ours is never changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error(
        "message {sequence} of the log {log} is not the one of the history: this log holds another history; import into an empty log"
    )]
    Differs { log: String, sequence: u64 },
    #[error(
        "the log {log} holds {found} messages, the history only {given}: the log has gone on since, and there is nothing to import"
    )]
    Longer { log: String, found: u64, given: u64 },
    #[error(
        "somebody else wrote to the log {log} after message {after}, while it was imported: nothing was imported after that; stop what writes to it and import into an empty log"
    )]
    Contended { log: String, after: u64 },
}

#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error("the log {log} gave nothing for a minute while it was compared; import again")]
    Silent { log: String },
    #[error("the log did not take a batch; import again, it goes on where it was")]
    Append(#[source] ContinueError),
    #[error("the history could not be read")]
    Source(#[source] SourceError),
}

/// Why a source does not give its next message.
pub type SourceError = Box<dyn std::error::Error + Send + Sync>;

/// Appends what of `history` is not in the log yet, and says how much that was; `progress` hears
/// how many messages of it are.
///
/// # Errors
/// A log that fails.
pub async fn import(
    log: &dyn EventLog,
    history: &[Message],
    mut progress: impl FnMut(u64),
) -> Result<Result<u64, Refusal>, ImportError> {
    let messages = history.iter().map(|message| Ok(Verbatim::from(message)));
    let mut source = futures::stream::iter(messages);
    let held = match compare(log, &mut source, &mut progress).await? {
        Ok(held) => held,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let end = continue_from(held, log, source, progress).await?;
    Ok(end.map(|end| end - held))
}

/// How many messages of a history the log holds: all that it has, or it is refused. Takes just
/// those from the source. `log` is read as one that follows it reads it.
///
/// # Errors
/// A log or a source that fails.
pub async fn compare<S>(
    log: &dyn EventLog,
    source: &mut S,
    mut progress: impl FnMut(u64),
) -> Result<Result<u64, Refusal>, ImportError>
where
    S: Stream<Item = Result<Verbatim, SourceError>> + Unpin,
{
    let name = || log.name().to_string();
    let head = log.head().await?.sequence;
    progress(0);
    if head == 0 {
        return Ok(Ok(0));
    }
    let mut tail = log.tail(0).await?;
    for sequence in 1..=head {
        let Some(given) = source.next().await else {
            return Ok(Err(Refusal::Longer {
                log: name(),
                found: head,
                given: sequence - 1,
            }));
        };
        let given = given.map_err(ImportError::Source)?;
        let stored = timeout(SILENCE_MAX, tail.next())
            .await
            .map_err(|_| ImportError::Silent { log: name() })?
            .transpose()?
            .ok_or_else(|| ImportError::Silent { log: name() })?;
        if stored.sequence != sequence || !stored.holds(&given) {
            return Ok(Err(Refusal::Differs {
                log: name(),
                sequence,
            }));
        }
        if sequence % BATCH as u64 == 0 {
            progress(sequence);
        }
    }
    progress(head);
    Ok(Ok(head))
}

/// Appends all that the source still gives to a log that ends at `end`, and returns where it ends
/// then. `log` is one that is written to.
///
/// # Errors
/// A log or a source that fails; what was appended before stays, and is a prefix of the history.
pub async fn continue_from<S>(
    end: u64,
    log: &dyn EventLog,
    source: S,
    mut progress: impl FnMut(u64),
) -> Result<Result<u64, Refusal>, ImportError>
where
    S: Stream<Item = Result<Verbatim, SourceError>> + Unpin,
{
    let mut end = end;
    let mut batches = Batches {
        source: source.fuse(),
        held_back: None,
    };
    let mut batch = batches.next().await?;
    while !batch.is_empty() {
        // The next one is got ready while the log writes this one.
        let (appended, next) = futures::join!(append(log, end, &batch), batches.next());
        end = match appended? {
            Ok(end) => end,
            Err(refusal) => return Ok(Err(refusal)),
        };
        progress(end);
        batch = next?;
    }
    Ok(Ok(end))
}

/// A source in pieces that fit into a batch.
struct Batches<S> {
    /// Asked again after its end: the last batch is seldom full.
    source: Fuse<S>,
    /// The first of the next batch, where it did not fit into the one before.
    held_back: Option<Verbatim>,
}

impl<S: Stream<Item = Result<Verbatim, SourceError>> + Unpin> Batches<S> {
    /// Empty at the end.
    async fn next(&mut self) -> Result<Vec<Verbatim>, ImportError> {
        let mut batch = Vec::new();
        let mut ids = HashSet::new();
        let mut bytes = 0;
        while batch.len() < BATCH {
            let message = match self.held_back.take() {
                Some(message) => message,
                None => match self.source.next().await {
                    Some(message) => message.map_err(ImportError::Source)?,
                    None => break,
                },
            };
            bytes += message.subject.len() + message.payload.len();
            // A batch with one id twice would be refused whole.
            let doubled = message.id.clone().is_some_and(|id| !ids.insert(id));
            if doubled || (bytes > BATCH_BYTES && !batch.is_empty()) {
                self.held_back = Some(message);
                break;
            }
            batch.push(message);
        }
        Ok(batch)
    }
}

/// Appends one batch. Whatever the answer is: what counts is where the log ends.
async fn append(
    log: &dyn EventLog,
    end: u64,
    batch: &[Verbatim],
) -> Result<Result<u64, Refusal>, ImportError> {
    let (after, started) = (end + batch.len() as u64, Instant::now());
    let mut tries = 0;
    loop {
        let error = match log.append_after(end, batch).await {
            Ok(end) => return Ok(Ok(end)),
            Err(error) => error,
        };
        tracing::debug!(%error, end, "a batch was not acknowledged; looking where the log ends");
        let found = where_it_ends(log).await?;
        let ours = found >= after && ends_with(log, after, batch).await?;
        if found == after && ours {
            return Ok(Ok(after));
        }
        // The batch may be there, and somebody else's message after it.
        if found != end {
            return Ok(Err(contended(log, if ours { after } else { end })));
        }
        tries += 1;
        match error {
            ContinueError::IdRemembered if started.elapsed() < REMEMBERED_MAX => {
                sleep(REMEMBERED_PAUSE).await;
            }
            // Another attempt of ours or of somebody's may be under way.
            ContinueError::Unknown(_) | ContinueError::GoneOn if tries <= BATCH_TRIES => {
                sleep(PAUSE).await;
            }
            ContinueError::GoneOn => return Ok(Err(contended(log, end))),
            error => return Err(ImportError::Append(error)),
        }
    }
}

fn contended(log: &dyn EventLog, after: u64) -> Refusal {
    Refusal::Contended {
        log: log.name().to_string(),
        after,
    }
}

async fn where_it_ends(log: &dyn EventLog) -> Result<u64, LogError> {
    let started = Instant::now();
    loop {
        match log.head().await {
            Ok(head) => return Ok(head.sequence),
            Err(error) if started.elapsed() > AWAY_MAX => return Err(error),
            Err(error) => tracing::warn!(%error, "waiting for the log to come back"),
        }
        sleep(PAUSE).await;
    }
}

/// A batch is recorded whole or not at all, so its last message speaks for it.
async fn ends_with(log: &dyn EventLog, at: u64, batch: &[Verbatim]) -> Result<bool, LogError> {
    let stored = log.read_one(at).await?;
    let last = stored.zip(batch.last());
    Ok(last.is_some_and(|(stored, last)| stored.holds(last)))
}
