//! Reads of a view: a few at a time, apart from the threads that serve, and ended when nobody waits
//! for them any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Extension;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use townclerk_app::access::Caller;
use townclerk_app::http::Problem;
use townclerk_domain::names::Scope;
use townclerk_view_store::store::Store;
use townclerk_views::figure::Figure;
use townclerk_views::figures::{Audience, Query, Reading, each_figure};
use townclerk_views::rows::{RowsError, Stoppable};

use crate::view::{Served, View, ViewError};

/// Who reads a view, as far as the bounds of reading go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    Anonymous,
    /// Signed in with a token for other views: of this one it is shown what everybody is shown.
    OfOthers,
    Entitled,
}

impl Reader {
    pub fn of(caller: Option<&Extension<Caller>>, scope: &Scope) -> Self {
        match caller {
            None => Self::Anonymous,
            Some(Extension(caller)) if caller.reads_view(scope.as_str()) => Self::Entitled,
            Some(_) => Self::OfOthers,
        }
    }

    pub(crate) fn audience(self) -> Audience {
        match self {
            Self::Anonymous | Self::OfOthers => Audience::Public,
            Self::Entitled => Audience::Readers,
        }
    }

    /// Most figures in one answer: a figure takes about a kilobyte of JSON.
    pub(crate) const fn figures_max(self) -> usize {
        match self {
            Self::Anonymous | Self::OfOthers => 5_000,
            Self::Entitled => 100_000,
        }
    }

    /// Reads that run at a time.
    const fn running_max(self) -> usize {
        match self {
            Self::Anonymous | Self::OfOthers => 2,
            Self::Entitled => 4,
        }
    }

    /// Most kilobytes of answers that wait to be taken by those who asked.
    pub(crate) const fn unsent_kilobytes_max(self) -> u32 {
        match self {
            Self::Anonymous | Self::OfOthers => 64 * 1024,
            Self::Entitled => 256 * 1024,
        }
    }
}

/// Reads that wait until one that runs is done; who comes beyond is refused at once.
const WAITING_MAX: usize = 64;

/// How long a read waits for its turn.
const TURN_WAIT: Duration = Duration::from_secs(5);

/// Room for reads. Those who may read more than everybody have room of their own, which nobody else
/// takes.
pub(crate) struct Reads {
    everybody: Room,
    entitled: Room,
}

struct Room {
    running: Arc<Semaphore>,
    waiting: Semaphore,
    /// Kilobytes of answers that are not sent yet.
    unsent: Arc<Semaphore>,
}

impl Room {
    fn of(reader: Reader) -> Self {
        let unsent = usize::try_from(reader.unsent_kilobytes_max()).unwrap_or(usize::MAX);
        Self {
            running: Arc::new(Semaphore::new(reader.running_max())),
            waiting: Semaphore::new(WAITING_MAX),
            unsent: Arc::new(Semaphore::new(unsent)),
        }
    }
}

impl Default for Reads {
    fn default() -> Self {
        Self {
            everybody: Room::of(Reader::Anonymous),
            entitled: Room::of(Reader::Entitled),
        }
    }
}

impl Reads {
    fn room(&self, reader: Reader) -> &Room {
        match reader {
            Reader::Anonymous | Reader::OfOthers => &self.everybody,
            Reader::Entitled => &self.entitled,
        }
    }

    /// Does `work` when its turn comes, and ends it when this future is dropped: because the time
    /// for the answer is over, or because the caller has gone.
    ///
    /// # Errors
    /// `too-many-reads` where its turn does not come in time.
    pub async fn run<T: Send + 'static>(
        &self,
        reader: Reader,
        view: &Arc<View>,
        work: impl FnOnce(&ViewRows<'_>) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let turn = self.turn(reader).await?;
        let stop = Stop::default();
        let _ended = StopOnDrop(stop.clone());
        let view = Arc::clone(view);
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work(&view.until(&stop))
        });
        match done.await {
            Ok(done) => Ok(done),
            Err(failed) => match failed.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(Problem::unavailable("this service is stopping")),
            },
        }
    }

    async fn turn(&self, reader: Reader) -> Result<OwnedSemaphorePermit, Problem> {
        let room = self.room(reader);
        let Ok(_waiting) = room.waiting.try_acquire() else {
            return Err(Problem::too_many_reads());
        };
        let turn = Arc::clone(&room.running).acquire_owned();
        match tokio::time::timeout(TURN_WAIT, turn).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) | Err(_) => Err(Problem::too_many_reads()),
        }
    }

    /// Room for an answer until it is sent.
    ///
    /// # Errors
    /// `too-many-reads` where too many answers wait to be taken.
    pub fn unsent(&self, reader: Reader, bytes: usize) -> Result<OwnedSemaphorePermit, Problem> {
        let kilobytes = u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX);
        // One that would not fit at all has all the room for itself.
        let kilobytes = kilobytes.min(reader.unsent_kilobytes_max());
        let unsent = Arc::clone(&self.room(reader).unsent);
        let room = unsent.try_acquire_many_owned(kilobytes);
        room.map_err(|_| Problem::too_many_reads())
    }
}

/// Whether a read is to end; set once, seen by all copies.
#[derive(Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

struct StopOnDrop(Stop);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}

/// The rows of a view as one read sees them: it ends with [`RowsError::Stopped`] once it is told to.
#[derive(Clone, Copy)]
pub struct ViewRows<'a> {
    view: &'a View,
    stop: &'a Stop,
}

impl<'a> ViewRows<'a> {
    pub(crate) fn new(view: &'a View, stop: &'a Stop) -> Self {
        Self { view, stop }
    }

    pub fn view(&self) -> &'a View {
        self.view
    }

    /// All figures that the query asks for.
    ///
    /// # Errors
    /// Only what is wrong with the rows.
    pub fn figures(&self, query: &Query, audience: Audience) -> Result<Vec<Figure>, ViewError> {
        let mut figures = Vec::new();
        self.with_reading(|reading| {
            each_figure(reading, query, audience, &mut |figure| {
                figures.push(figure);
                Ok(())
            })
        })?;
        Ok(figures)
    }

    /// Reads rows together with how far they were read, while nothing changes them.
    ///
    /// # Errors
    /// Whatever `read` says.
    pub fn with_reading<T>(
        &self,
        read: impl FnOnce(&Reading<'_, Stoppable<'_, Store>>) -> Result<T, RowsError>,
    ) -> Result<T, ViewError> {
        self.reading_of(&self.view.read(), read)
    }

    /// As [`Self::with_reading`], where nothing has to be waited for.
    pub fn with_reading_now<T>(
        &self,
        read: impl FnOnce(&Reading<'_, Stoppable<'_, Store>>) -> Result<T, RowsError>,
    ) -> Option<Result<T, ViewError>> {
        let served = self.view.read_now()?;
        Some(self.reading_of(&served, read))
    }

    fn reading_of<T>(
        &self,
        served: &Served,
        read: impl FnOnce(&Reading<'_, Stoppable<'_, Store>>) -> Result<T, RowsError>,
    ) -> Result<T, ViewError> {
        let positions = self.view.positions_of(&served.store);
        let checkpoints = served.store.checkpoints().iter();
        let known = checkpoints.filter_map(|(log, c)| Some((log.clone(), c.known?)));
        let rows = Stoppable {
            rows: &served.store,
            stopped: &|| self.stop.is_set(),
        };
        let reading = Reading {
            rows: &rows,
            positions: &positions,
            known: &known.collect(),
            reached: &self.view.watched().reached.clone(),
            passes: &self.view.passes,
        };
        Ok(read(&reading)?)
    }

    /// Reads rows while nothing changes them.
    ///
    /// # Errors
    /// Whatever `read` says.
    pub fn with_rows<T>(
        &self,
        read: impl FnOnce(&Stoppable<'_, Store>) -> Result<T, RowsError>,
    ) -> Result<T, ViewError> {
        let served = self.view.read();
        let rows = Stoppable {
            rows: &served.store,
            stopped: &|| self.stop.is_set(),
        };
        Ok(read(&rows)?)
    }
}

#[cfg(test)]
mod tests;
