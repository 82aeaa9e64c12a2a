//! Who recorded an event, and when: it stands in no row, so it is read from the log.

use jiff::Timestamp;
use serde::Deserialize;
use townclerk_domain::names::LogName;

use crate::view::{View, ViewError};

/// What of a CloudEvent says who recorded it, and when.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Recorder {
    #[serde(default)]
    pub authid: Option<String>,
    #[serde(default)]
    pub recordedtime: Option<Timestamp>,
}

/// Nobody is known of an event that this view cannot read.
///
/// # Errors
/// A log that does not answer.
pub(crate) async fn recorder(
    view: &View,
    log: &LogName,
    sequence: u64,
) -> Result<Recorder, ViewError> {
    let Some(log) = view.log(log) else {
        return Ok(Recorder::default());
    };
    let message = log.read_one(sequence).await?;
    let read = message.and_then(|message| serde_json::from_slice(&message.payload).ok());
    Ok(read.unwrap_or_default())
}
