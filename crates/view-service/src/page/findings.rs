//! The page of findings: what was recorded and does not fit together, and who recorded it.

use std::sync::Arc;

use axum::Extension;
use jiff::Timestamp;
use townclerk_app::access::Caller;
use townclerk_app::http::Problem;
use townclerk_domain::names::Scope;
use townclerk_views::basis::Basis;
use townclerk_views::findings::{Finding, FindingKind, findings};
use townclerk_views::registry::Registry;

use super::asking::Asking;
use super::basis::rests_on_records;
use super::content::{Content, Part};
use super::table::{Cell, Column, Link, Row, Table};
use super::topic::Topic;
use super::words;
use crate::reads::{Reader, ViewRows};
use crate::recorder::recorder;
use crate::routes::{Views, failed};
use crate::view::{View, ViewError};

/// Findings that are listed; the rest is a link away.
const LISTED_MAX: usize = 200;

/// Findings, latest first, and how many there are in all.
pub struct Found {
    listed: Vec<(Finding, Option<String>)>,
    all: usize,
    /// As at which moment, where the record is complete up to one.
    as_at: Option<Timestamp>,
    /// Findings about what happened then or later; none where that moment was asked for.
    later: usize,
}

/// # Errors
/// What is wrong with the rows, or a log that cannot be read.
pub async fn found(
    views: &Views,
    (view, scope, asked): (&Arc<View>, &Scope, Basis),
    caller: Option<&Extension<Caller>>,
) -> Result<Found, Problem> {
    let reader = Reader::of(caller, scope);
    let (scope, caller) = (scope.clone(), caller.cloned());
    let search = move |rows: &ViewRows<'_>| {
        let registry = rows.with_rows(|rows| Registry::read(rows, asked.known_at))?;
        search(&super::asking(
            *rows,
            &scope,
            asked,
            &registry,
            caller.as_ref(),
        ))
    };
    let (as_at, mut listed, later) = views.read(reader, view, search).await?;
    let all = listed.len();
    listed.truncate(LISTED_MAX);
    let mut found = Found {
        listed: Vec::with_capacity(listed.len()),
        all,
        as_at,
        later,
    };
    for finding in listed {
        let by = recorder(view, &finding.log, finding.sequence).await;
        found.listed.push((finding, by.map_err(failed)?.authid));
    }
    Ok(found)
}

/// The moment of the page, the findings up to then, and how many came later.
fn search(asking: &Asking<'_>) -> Result<(Option<Timestamp>, Vec<Finding>, usize), ViewError> {
    let as_at = asking.latest()?;
    let (known, scope) = (asking.asked, asking.scope);
    asking.view.with_reading(|reading| {
        let listed = findings(reading, scope, Basis { as_at, ..known })?;
        let later = match (known.as_at, as_at) {
            (None, Some(at)) => findings(reading, scope, known)?
                .iter()
                .filter(|finding| finding.at >= at)
                .count(),
            (Some(_), _) | (None, None) => 0,
        };
        Ok((as_at, listed, later))
    })
}

pub fn content(asking: &Asking<'_>, found: &Found) -> Result<Content, ViewError> {
    let sample = found.listed.iter().any(|(finding, _)| finding.sample);
    let mut rests = rests_on_records(asking, sample)?;
    rests.as_at = found.as_at.map(words::moment);
    Ok(Content {
        topic: Topic::Findings,
        audience: asking.audience,
        rests,
        headlines: None,
        parts: vec![Part::Table(table(asking, found))],
        counted: Vec::new(),
        own: None,
    })
}

fn table(asking: &Asking<'_>, found: &Found) -> Table {
    let row = |(finding, by): &(Finding, Option<String>)| Row {
        header: kind(finding.kind).to_owned(),
        detail: Some(words::brief(finding.at)),
        period: None,
        cells: vec![
            Cell::Words(finding.detail.clone()),
            Cell::Words(words::log_name(&finding.log, asking.registry)),
            Cell::Words(finding.aggregate.to_string()),
            Cell::words(by.clone()),
        ],
    };
    let about = "None of this was refused when it was recorded: what it does not fit with may be in another \
                 record, or recorded later. Once the records agree, the finding goes. Times are London's.";
    let later = match found.later {
        0 => String::new(),
        later => {
            let later = words::counted(i64::try_from(later).unwrap_or(i64::MAX), "finding");
            format!(" Not listed: {later} about what happened after the moment of this page.")
        }
    };
    Table {
        id: "findings",
        caption: format!(
            "{}, latest first",
            words::counted(i64::try_from(found.all).unwrap_or(i64::MAX), "finding")
        ),
        note: Some(match found.all > LISTED_MAX {
            true => format!("The latest {LISTED_MAX} are listed. {about}{later}"),
            false => format!("{about}{later}"),
        }),
        row_title: "What and when",
        columns: ["In words", "Recorded in", "Record", "Recorded by"]
            .map(Column::words)
            .to_vec(),
        rows: found.listed.iter().map(row).collect(),
        more: Some(Link::to_data(
            "The findings",
            asking.scope,
            "findings",
            Basis {
                as_at: found.as_at,
                ..asking.asked
            },
        )),
    }
    .out_of(found.all)
}

fn kind(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::ChangeInFreeze => "Change in a freeze",
        FindingKind::ChangeBehindGate => "Change behind a closed gate",
        FindingKind::ExemptionOfNothing => "Exemption of nothing",
        FindingKind::FreezesOverlap => "Freezes that overlap",
        FindingKind::LinkToNothing => "Link to nothing",
        FindingKind::CauseRecurred => "Cause that recurred",
        FindingKind::ActionOverdue => "Remedial action overdue",
        FindingKind::ReviewOverdue => "Review overdue",
        FindingKind::InterimExpired => "Interim past the last day",
        FindingKind::NamesNoMember => "Names a council that was not a member",
        FindingKind::AfterLastDay => "After the council's last day",
    }
}
