//! Findings, each with who recorded the event that made it so.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use townclerk_domain::names::{LogName, Scope};
use townclerk_views::findings::{self, Finding};

use super::ReadError;
use super::parameters::{Takes, Wanted};
use crate::query::Params;
use crate::view::{View, ViewError};

/// Each finding that is shown costs a look into a log.
const FINDINGS_MAX: usize = 100;

pub(super) const TAKES: Takes = Takes {
    names: &["as_at", "known_at", "limit"],
    limit: FINDINGS_MAX,
    limit_max: FINDINGS_MAX,
    ..Takes::PAGES
};

#[derive(Serialize, JsonSchema)]
pub(super) struct Findings {
    scope: Scope,
    /// How many there are, shown or not.
    total: usize,
    findings: Vec<FindingShown>,
}

#[derive(Serialize, JsonSchema)]
struct FindingShown {
    kind: &'static str,
    log: LogName,
    aggregate: String,
    at: Timestamp,
    /// Who recorded the event that made it so.
    by: Option<String>,
    recorded: Option<Timestamp>,
    /// That event's sequence in its log.
    sequence: u64,
    detail: String,
    /// Whether it was made up for a demonstration.
    sample: bool,
}

/// What of a CloudEvent says who recorded it, and when.
#[derive(Clone, Debug, Default, Deserialize)]
struct Recording {
    #[serde(default)]
    authid: Option<String>,
    #[serde(default)]
    recordedtime: Option<Timestamp>,
}

/// The latest findings of a scope.
pub(super) async fn findings(
    view: &View,
    scope: &Scope,
    params: &Params,
) -> Result<Findings, ReadError> {
    let wanted = Wanted::read(&TAKES, params)?;
    let mut found = tokio::task::block_in_place(|| {
        view.with_reading(|reading| findings::findings(reading, scope, wanted.basis))
    })?;
    let total = found.len();
    found.truncate(wanted.limit);
    let mut recordings = BTreeMap::new();
    let mut shown = Vec::with_capacity(found.len());
    for finding in found {
        let event = (finding.log.clone(), finding.sequence);
        if !recordings.contains_key(&event) {
            let read = recording(view, &finding.log, finding.sequence).await?;
            recordings.insert(event.clone(), read);
        }
        let recording = recordings.get(&event).cloned().unwrap_or_default();
        shown.push(FindingShown::of(finding, recording));
    }
    Ok(Findings {
        scope: scope.clone(),
        total,
        findings: shown,
    })
}

async fn recording(view: &View, log: &LogName, sequence: u64) -> Result<Recording, ReadError> {
    let Some(log) = view.log(log) else {
        return Ok(Recording::default());
    };
    let message = log.read_one(sequence).await.map_err(ViewError::from)?;
    let read = message.and_then(|message| serde_json::from_slice(&message.payload).ok());
    Ok(read.unwrap_or_default())
}

impl FindingShown {
    fn of(finding: Finding, recording: Recording) -> Self {
        Self {
            kind: finding.kind.code(),
            log: finding.log,
            aggregate: finding.aggregate.to_string(),
            at: finding.at,
            by: recording.authid,
            recorded: recording.recordedtime,
            sequence: finding.sequence,
            detail: finding.detail,
            sample: finding.sample,
        }
    }
}
