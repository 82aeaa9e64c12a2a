//! Events out: a log as a stream of server-sent events.
//!
//! The stream begins after a position that the reader names and goes on for ever; a reader that
//! comes again with the id of the last event that it read misses nothing and reads nothing twice.
//! What is not one of our events is told as what it is, never as an event.

mod asked;

mod frame;

mod reading;

mod streams;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Extension;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::sse::{KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use tokio_util::sync::CancellationToken;
use townclerk_app::access::{Anonymous, Caller, Guarded, Need, Role, ScopeNeed};
use townclerk_app::http::Problem;
use townclerk_app::http::described::{Answers, Described};
use townclerk_domain::names::LogName;
use townclerk_event_log::{EventLog, LogError};

use asked::Asked;
use reading::Reading;
use streams::Streams;

const EVENTS: &str = "/v1/logs/{log}/events";

const READ: Need = Need {
    roles: &[Role::Partner, Role::Officer, Role::Operator],
    scope: ScopeNeed::PathLogToRead,
    anonymous: Anonymous::Never,
};

/// Proxies that gather an answer before they pass it on would never pass on this one.
const UNGATHERED: (HeaderName, HeaderValue) = (
    HeaderName::from_static("x-accel-buffering"),
    HeaderValue::from_static("no"),
);

/// The logs that this process lets read, and who reads them.
#[derive(Clone)]
struct Events {
    logs: Arc<BTreeMap<LogName, Arc<dyn EventLog>>>,
    streams: Arc<Streams>,
    stop: CancellationToken,
}

/// Adds the route of each log's events; the streams end when `stop` is cancelled.
#[must_use]
pub fn routes(guarded: Guarded, readers: &[Arc<dyn EventLog>], stop: CancellationToken) -> Guarded {
    let logs = readers.iter();
    let logs = logs.map(|log| (log.name().clone(), Arc::clone(log)));
    let events = Events {
        logs: Arc::new(logs.collect()),
        streams: Arc::default(),
        stop,
    };
    guarded
        .get_with(EVENTS, READ, events, read)
        .described(Described::Read {
            query: asked::parameters(),
            answers: Answers::Events,
        })
}

async fn read(
    State(events): State<Events>,
    Path(name): Path<String>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Result<Response, Problem> {
    let log = events.log(&name)?;
    let Query(query) = query.map_err(|why| Problem::bad_query("query", why))?;
    let asked = Asked::read(log.name(), &headers, &query)?;
    let place = events.streams.enter(&caller.subject)?;
    let head = log.head().await.map_err(failed)?.sequence;
    let after = asked.after(log.name(), head)?;
    // A program that comes again whenever a stream ends must not do so for ever.
    if let Some(damage) = reading::damage(&*log, after).await.map_err(failed)? {
        return Err(Problem::log_damaged(log.name(), &damage));
    }
    let tail = log.tail(after).await.map_err(failed)?;
    let reading = Reading {
        log,
        tail,
        after,
        until: (!asked.follow).then_some(head),
        stop: events.stop,
        _place: place,
    };
    let stream = Sse::new(reading.into_events()).keep_alive(KeepAlive::default());
    Ok(([UNGATHERED], stream).into_response())
}

impl Events {
    fn log(&self, name: &str) -> Result<Arc<dyn EventLog>, Problem> {
        let known = LogName::new(name).ok().and_then(|log| self.logs.get(&log));
        known.map(Arc::clone).ok_or_else(|| {
            let logs: Vec<&str> = self.logs.keys().map(LogName::as_str).collect();
            let why = format!(
                "there is no log {name:?} here; there are {}",
                logs.join(", ")
            );
            Problem::no_such_log(why).with("logs", logs)
        })
    }
}

fn failed(error: LogError) -> Problem {
    tracing::error!(%error, "a log cannot be read");
    Problem::unavailable("the log cannot be read now; try again soon")
}

#[cfg(test)]
mod tests;
