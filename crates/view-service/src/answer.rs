//! The answer to a query for figures: written figure by figure, and sent piece by piece.
//!
//! Rows are not held while it is sent: a slow reader keeps no view from following its logs.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use futures::channel::mpsc;
use futures::{SinkExt, Stream, StreamExt};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout_at};
use townclerk_app::http::Problem;
use townclerk_app::http::entity_tag::Lasting;
use townclerk_domain::names::Scope;
use townclerk_views::figure::Figure;
use townclerk_views::figures::{Query, count, each_figure};
use townclerk_views::rows::RowsError;

use crate::reads::{Reader, Reads, ViewRows};
use crate::view::ViewError;

/// How large a piece is before the next one begins.
const PIECE_BYTES: usize = 64 * 1024;

/// How long the caller may take to read an answer of several pieces.
const SENDING_LIMIT: Duration = Duration::from_secs(60);

/// Figures as they are sent, and what lasts of them.
pub(crate) struct Written {
    pieces: Vec<Bytes>,
    piece: Vec<u8>,
    lasting: Lasting,
    figures: usize,
}

impl Written {
    fn begin(scope: &Scope) -> Result<Self, ViewError> {
        let mut written = Self {
            pieces: Vec::new(),
            piece: Vec::with_capacity(PIECE_BYTES),
            lasting: Lasting::default(),
            figures: 0,
        };
        written.piece.extend_from_slice(b"{\"scope\":");
        serde_json::to_writer(&mut written.piece, scope)?;
        written.piece.extend_from_slice(b",\"figures\":[");
        written.lasting.add(scope)?;
        Ok(written)
    }

    fn add(&mut self, mut figure: Figure) -> Result<(), serde_json::Error> {
        if self.figures > 0 {
            self.piece.push(b',');
        }
        self.figures += 1;
        serde_json::to_writer(&mut self.piece, &figure)?;
        // The last look at a log goes on although nothing is recorded: it is left out of the tag.
        figure.reached.clear();
        self.lasting.add(&figure)?;
        if self.piece.len() >= PIECE_BYTES {
            let next = Vec::with_capacity(PIECE_BYTES);
            let full = std::mem::replace(&mut self.piece, next);
            self.pieces.push(full.into());
        }
        Ok(())
    }

    fn finish(mut self) -> Self {
        self.piece.extend_from_slice(b"]}");
        self.pieces.push(std::mem::take(&mut self.piece).into());
        self
    }

    /// The answer for `reader`, who may have it already.
    ///
    /// # Errors
    /// `too-many-reads` where too many answers wait to be taken.
    pub fn answer(
        self,
        reads: &Reads,
        reader: Reader,
        asked: &HeaderMap,
    ) -> Result<Response, Problem> {
        self.lasting.answer(asked, || {
            let bytes = self.pieces.iter().map(Bytes::len).sum();
            let room = reads.unsent(reader, bytes)?;
            Ok((
                [(CONTENT_TYPE, "application/json")],
                sent(self.pieces, room),
            ))
        })
    }
}

/// Why there is no answer of figures.
pub(crate) enum NoFigures {
    TooMany { found: usize },
    Failed(ViewError),
}

impl From<ViewError> for NoFigures {
    fn from(error: ViewError) -> Self {
        Self::Failed(error)
    }
}

/// Evaluates a query, of no more figures than `reader` may have in one answer.
///
/// # Errors
/// That there would be more, or what is wrong with the rows.
pub(crate) fn written(
    rows: &ViewRows<'_>,
    query: &Query,
    reader: Reader,
) -> Result<Written, NoFigures> {
    let figures_max = reader.figures_max();
    let mut written = Written::begin(&query.scope)?;
    let mut unwritable = None;
    let found = rows.with_reading(|reading| {
        let found = count(reading, query, reader.audience())?;
        if found <= figures_max {
            each_figure(reading, query, reader.audience(), &mut |figure| {
                written.add(figure).map_err(|error| {
                    unwritable = Some(error);
                    RowsError::Stopped
                })
            })?;
        }
        Ok(found)
    });
    if let Some(error) = unwritable {
        return Err(NoFigures::Failed(error.into()));
    }
    match found? {
        found if found > figures_max => Err(NoFigures::TooMany { found }),
        _ => Ok(written.finish()),
    }
}

/// A body of these pieces. They keep their room until they are sent, or for as long as that may take.
fn sent(mut pieces: Vec<Bytes>, room: OwnedSemaphorePermit) -> Body {
    if pieces.len() == 1 {
        return Body::from(pieces.remove(0));
    }
    let length: usize = pieces.iter().map(Bytes::len).sum();
    let (sender, receiver) = mpsc::channel(0);
    tokio::spawn(send(pieces, sender, room));
    Body::from_stream(whole(receiver, length))
}

/// Sends the pieces one after the other, and lets go of the rest when the time is over.
async fn send(pieces: Vec<Bytes>, mut to: mpsc::Sender<Bytes>, room: OwnedSemaphorePermit) {
    let end = Instant::now() + SENDING_LIMIT;
    for piece in pieces {
        match timeout_at(end, to.send(piece)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return tracing::debug!("the caller of this answer has gone"),
            Err(_) => {
                return tracing::warn!(limit = ?SENDING_LIMIT, "an answer was not taken in time");
            }
        }
    }
    drop(room);
}

/// The pieces, with an error at their end where some are missing: what was cut off never looks whole.
fn whole(
    pieces: mpsc::Receiver<Bytes>,
    length: usize,
) -> impl Stream<Item = Result<Bytes, io::Error>> {
    let mut left = length;
    let pieces = pieces.map(Some).chain(futures::stream::iter([None]));
    pieces.filter_map(move |piece| {
        let piece = match piece {
            Some(piece) => {
                left -= piece.len();
                Some(Ok(piece))
            }
            None if left > 0 => Some(Err(io::Error::from(io::ErrorKind::TimedOut))),
            None => None,
        };
        std::future::ready(piece)
    })
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    fn pieces() -> Vec<Bytes> {
        vec![Bytes::from_static(b"one "), Bytes::from_static(b"two")]
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_of_several_pieces_is_whole_or_ends_with_an_error_and_keeps_its_room_so_long()
    {
        let reads = Reads::default();
        let all = usize::try_from(Reader::Anonymous.unsent_kilobytes_max()).unwrap() * 1024;
        let body = sent(pieces(), reads.unsent(Reader::Anonymous, all).unwrap());
        assert_eq!(to_bytes(body, 100).await.unwrap(), "one two");
        let room = reads.unsent(Reader::Anonymous, all).unwrap();
        let untaken = sent(pieces(), room);
        tokio::time::sleep(SENDING_LIMIT / 2).await;
        assert!(reads.unsent(Reader::Anonymous, 1).is_err());
        tokio::time::sleep(SENDING_LIMIT).await;
        assert!(reads.unsent(Reader::Anonymous, all).is_ok());
        assert!(to_bytes(untaken, 100).await.is_err());
    }
}
