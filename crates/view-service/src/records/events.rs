//! The recorded events of one aggregate, as they stand in its log.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use townclerk_domain::names::LogName;
use townclerk_domain::timeline::Timeline;

use super::ReadError;
use crate::view::{View, ViewError};

#[derive(Serialize, JsonSchema)]
pub(super) struct EventShown {
    /// Its position in its log; null for readers who may not read that log.
    pub sequence: Option<u64>,
    pub known: Timestamp,
    /// The recorded CloudEvent, as it stands in the log.
    #[schemars(with = "Map<String, Value>")]
    pub event: Box<RawValue>,
}

/// The events of a timeline: each by its sequence, and from when on it was known.
pub(super) fn entries<F>(timeline: &Timeline<F>) -> Vec<(u64, Timestamp)> {
    let entries = timeline.entries.iter();
    entries.map(|entry| (entry.sequence, entry.known)).collect()
}

/// Reads these events from their log, with their positions where the reader may see those; none where
/// the view does not read that log.
pub(super) async fn events(
    view: &View,
    log: &LogName,
    entries: Vec<(u64, Timestamp)>,
    positions: bool,
) -> Result<Vec<EventShown>, ReadError> {
    let Some(origin) = view.log(log) else {
        return Ok(Vec::new());
    };
    let mut events = Vec::with_capacity(entries.len());
    for (sequence, known) in entries {
        let message = origin.read_one(sequence).await.map_err(ViewError::from)?;
        let raw = message.and_then(|message| serde_json::from_slice(&message.payload).ok());
        events.extend(raw.map(|event| EventShown {
            sequence: positions.then_some(sequence),
            known,
            event,
        }));
    }
    Ok(events)
}
