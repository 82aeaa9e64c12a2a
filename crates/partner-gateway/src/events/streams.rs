//! How many streams are open: in all, and of one caller.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use townclerk_app::http::Problem;
use townclerk_app::http::kind::Kind;
use townclerk_domain::identity::CallerId;

/// Streams of one process.
pub const STREAMS_MAX: usize = 64;

/// Streams of one caller.
pub const OF_ONE_CALLER_MAX: usize = 8;

/// Who has streams open, and how many.
#[derive(Default)]
pub struct Streams(Mutex<BTreeMap<CallerId, usize>>);

/// The place of one open stream; given back when this is dropped.
pub struct Place {
    streams: Arc<Streams>,
    caller: CallerId,
}

impl Streams {
    /// # Errors
    /// No place is left, in all or for this caller.
    pub fn enter(self: &Arc<Self>, caller: &CallerId) -> Result<Place, Problem> {
        let mut open = self.open();
        let own = open.get(caller).copied().unwrap_or(0);
        if own >= OF_ONE_CALLER_MAX {
            let why = format!(
                "{caller} has {own} streams open, as many as one caller may: close one, then try \
                 again"
            );
            return Err(Problem::new(Kind::TOO_MANY_STREAMS, why));
        }
        if open.values().sum::<usize>() >= STREAMS_MAX {
            let why = format!(
                "{STREAMS_MAX} streams are open here, as many as there may be: try again later, \
                 or read from a durable over NATS"
            );
            return Err(Problem::unavailable(why));
        }
        open.insert(caller.clone(), own + 1);
        Ok(Place {
            streams: Arc::clone(self),
            caller: caller.clone(),
        })
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<CallerId, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.streams.open();
        let left = open
            .get(&self.caller)
            .map_or(0, |own| own.saturating_sub(1));
        match left {
            0 => open.remove(&self.caller),
            left => open.insert(self.caller.clone(), left),
        };
    }
}
