//! How changes went, in percent, and the reviews that are still to be done.

use jiff::Timestamp;
use townclerk_domain::change::Change;
use townclerk_domain::period::{Period, london_day};
use townclerk_views::kept::Kept;
use townclerk_views::measure::Measure;

use super::asking::{Asking, Figures};
use super::periods::Shown;
use super::table::{Cell, Column, Link, Row, Table, period_name};
use super::words;

/// In the order of their columns.
pub const RATES: [Measure; 5] = [
    Measure::ChangeSuccessRate,
    Measure::ChangeFailureRate,
    Measure::EmergencyChangeShare,
    Measure::ChangeRelatedIncidentRate,
    Measure::ChangeReviewsOverdue,
];

const TITLES: [&str; 5] = [
    "Succeeded, %",
    "Failed, %",
    "Emergencies, %",
    "Caused an incident, %",
    "Reviews overdue at the end",
];

/// What stands where there is nothing of which there could be a share.
pub const NONE_CLOSED: &str = "none closed";

pub fn by_quarter(shown: &Shown, rates: &Figures) -> Table {
    let row = |quarter: &Period| {
        let found = RATES.map(|measure| rates.find(measure, quarter, &[]));
        let (header, detail) = period_name(quarter, &found);
        let cells = found.map(|figure| Cell::of_share(figure, NONE_CLOSED));
        Row {
            header,
            detail,
            period: Some(*quarter),
            cells: cells.into(),
        }
    };
    Table {
        id: "rates",
        caption: "How changes went, by financial-year quarter, newest first".to_owned(),
        note: Some(
            "Of the changes closed in the quarter. Those with issues succeeded, those backed out \
             failed. What caused an incident needs tickets and outages to be covered too."
                .to_owned(),
        ),
        row_title: "Quarter",
        columns: TITLES.map(Column::number).to_vec(),
        rows: shown.quarters.iter().map(row).collect(),
        more: None,
    }
}

/// The changes that wait for their review, those that are due first in front.
pub fn reviews(asking: &Asking<'_>, changes: &[&Kept<Change>], now: Timestamp) -> Table {
    let waiting = changes.iter().copied();
    let mut waiting: Vec<_> = waiting
        .filter(|change| change.stands.awaits_review(now))
        .map(|change| {
            let due = change.stands.review_due(now);
            // What has no day comes last.
            (due.is_none(), due.map(|due| due.by), change)
        })
        .collect();
    waiting.sort_by_key(|(without, by, change)| (*without, *by, change.id));
    let row = |(_, _, change): &(bool, _, &Kept<Change>)| {
        let stands = &change.stands;
        let due = stands.review_due(now);
        let by = due.map(|due| words::day(due.by));
        Row {
            header: stands.requested.title.to_string(),
            detail: words::beside(change, words::log_name(&change.log, asking.registry)),
            period: None,
            cells: vec![
                Cell::words(stands.implemented.map(|at| words::day(london_day(at)))),
                match by {
                    Some(by) if stands.is_review_overdue(now) => {
                        Cell::Notable(format!("{by}, overdue"))
                    }
                    Some(by) => Cell::Words(by),
                    None => Cell::Words("no day set".to_owned()),
                },
                Cell::words(due.map(|due| due.owner.to_string())),
            ],
        }
    };
    Table {
        id: "reviews",
        caption: "Reviews to be done, by when they are due".to_owned(),
        note: Some("A change is closed after its review, one that failed too.".to_owned()),
        row_title: "Change",
        columns: ["Implemented", "Due by", "Seen to by"]
            .map(Column::words)
            .to_vec(),
        rows: waiting.iter().map(row).collect(),
        more: Some(Link::to_data(
            "All changes",
            asking.scope,
            "changes",
            asking.asked,
        )),
    }
}
