//! Findings, each with who recorded the event that made it so.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use townclerk_app::access::Caller;
use townclerk_domain::names::{LogName, Scope};
use townclerk_views::findings::{self, Finding};

use super::ReadError;
use super::parameters::{Takes, Wanted};
use crate::query::Params;
use crate::reads::{Reader, ViewRows};
use crate::recorder::{Recorder, recorder};
use crate::routes::Views;
use crate::view::View;

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
    /// The moment at which records are looked at.
    seen: Timestamp,
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
    /// That event's sequence in its log; null for readers who may not read that log.
    sequence: Option<u64>,
    detail: String,
    /// Whether it was made up for a demonstration.
    sample: bool,
}

/// The latest findings of a scope.
pub(super) async fn findings(
    views: &Views,
    view: &Arc<View>,
    scope: &Scope,
    params: &Params,
    caller: &Caller,
) -> Result<Findings, ReadError> {
    let wanted = Wanted::read(&TAKES, params)?;
    let (of, basis) = (scope.clone(), wanted.basis);
    let search = move |rows: &ViewRows<'_>| {
        rows.with_reading(|reading| {
            let found = findings::findings(reading, &of, basis)?;
            Ok((found, reading.seen(&of, basis)))
        })
    };
    let (mut found, seen) = views.read(Reader::Entitled, view, search).await?;
    let total = found.len();
    found.truncate(wanted.limit);
    let mut recorders = BTreeMap::new();
    let mut shown = Vec::with_capacity(found.len());
    for finding in found {
        let event = (finding.log.clone(), finding.sequence);
        if !recorders.contains_key(&event) {
            let read = recorder(view, &finding.log, finding.sequence).await?;
            recorders.insert(event.clone(), read);
        }
        let recorder = recorders.get(&event).cloned().unwrap_or_default();
        shown.push(FindingShown::of(finding, recorder, caller));
    }
    Ok(Findings {
        scope: scope.clone(),
        seen,
        total,
        findings: shown,
    })
}

impl FindingShown {
    fn of(finding: Finding, recorder: Recorder, caller: &Caller) -> Self {
        let positions = caller.reads_log(finding.log.as_str());
        Self {
            kind: finding.kind.code(),
            log: finding.log,
            aggregate: finding.aggregate.to_string(),
            at: finding.at,
            by: recorder.authid,
            recorded: recorder.recordedtime,
            sequence: positions.then_some(finding.sequence),
            detail: finding.detail,
            sample: finding.sample,
        }
    }
}
