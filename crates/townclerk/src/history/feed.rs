//! The messages of a file as a stream, read and checked on a thread of its own.

use std::path::{Path, PathBuf};

use anyhow::Context;
use futures::stream::{self, BoxStream};
use futures::{Stream, StreamExt};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use townclerk_event_log::Verbatim;
use townclerk_event_log::import::SourceError;

use super::lines::{Lines, Next};
use super::manifest::LogFile;

/// Messages that are handed over at once, and how many such pieces may wait.
const PIECE: usize = 250;
const PIECES: usize = 8;

type Piece = Result<Vec<Verbatim>, SourceError>;

/// A file that is being read.
pub struct Feed {
    messages: BoxStream<'static, Result<Verbatim, SourceError>>,
    thread: JoinHandle<()>,
}

impl Feed {
    pub fn open(dir: &Path, entry: &LogFile) -> Self {
        let (sender, receiver) = mpsc::channel(PIECES);
        let (dir, entry) = (PathBuf::from(dir), entry.clone());
        let thread = tokio::task::spawn_blocking(move || read(&dir, &entry, &sender));
        let pieces = stream::unfold(receiver, |mut receiver| async move {
            let piece: Piece = receiver.recv().await?;
            Some((piece, receiver))
        });
        let messages = pieces.flat_map(|piece| {
            let messages = match piece {
                Ok(messages) => messages.into_iter().map(Ok).collect(),
                Err(error) => vec![Err(error)],
            };
            stream::iter(messages)
        });
        Self {
            messages: messages.boxed(),
            thread,
        }
    }

    pub fn messages(
        &mut self,
    ) -> &mut (impl Stream<Item = Result<Verbatim, SourceError>> + Unpin + use<>) {
        &mut self.messages
    }

    /// Ends the reading, wherever it is.
    ///
    /// # Errors
    /// A thread that broke down.
    pub async fn close(self) -> anyhow::Result<()> {
        drop(self.messages);
        self.thread.await.context("reading a file broke down")
    }
}

/// Reads to the end, to the first fault, or until nobody listens any more.
fn read(dir: &Path, entry: &LogFile, sender: &mpsc::Sender<Piece>) {
    let mut lines = match Lines::open(dir, entry) {
        Ok(Ok(lines)) => lines,
        Ok(Err(fault)) => return send(sender, Err(fault.into())),
        Err(error) => return send(sender, Err(error.into())),
    };
    let mut piece = Vec::with_capacity(PIECE);
    loop {
        match lines.next() {
            Ok(Next::Message(message)) => {
                piece.push(message);
                if piece.len() == PIECE {
                    let full = std::mem::replace(&mut piece, Vec::with_capacity(PIECE));
                    if sender.blocking_send(Ok(full)).is_err() {
                        return;
                    }
                }
            }
            Ok(Next::End) => return send(sender, Ok(piece)),
            Ok(Next::Faulty(fault)) => return send(sender, Err(fault.into())),
            Err(error) => return send(sender, Err(error.into())),
        }
    }
}

/// The last piece: if nobody listens any more, nobody needs it.
fn send(sender: &mpsc::Sender<Piece>, piece: Piece) {
    sender.blocking_send(piece).ok();
}
