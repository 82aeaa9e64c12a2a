//! The parts of the page of outages on tests of recovery: how many, how many in time, and each.

use std::cmp::Reverse;

use townclerk_domain::period::Period;
use townclerk_domain::recovery::RecoveryTest;
use townclerk_views::figure::Figure;
use townclerk_views::figures::Breakdown;
use townclerk_views::kept::Kept;
use townclerk_views::measure::Measure;

use super::asking::{Asking, Figures};
use super::failures::{is_of_nothing, periods};
use super::periods::Shown;
use super::table::{Cell, Column, Link, Row, Table, period_name};
use super::words;
use crate::view::ViewError;

/// What is shown of tests of recovery, in the order of the columns.
pub const MEASURES: [Measure; 2] = [Measure::RecoveryTests, Measure::RecoveryTestsWithinTarget];

/// Tests that the list shows; the rest is a link away.
const LISTED_MAX: usize = 200;

/// The figures of the part.
pub struct Recovery {
    pub whole: Figures,
    /// The shared ones beside a council's own.
    pub shared: Option<Figures>,
}

/// # Errors
/// Only what is wrong with the rows.
pub fn figures(asking: &Asking<'_>, shown: &Shown) -> Result<Recovery, ViewError> {
    let periods = periods(shown);
    Ok(Recovery {
        shared: asking.shared_beside(&MEASURES, &periods)?,
        whole: asking.figures(&MEASURES, periods, Breakdown::default())?,
    })
}

pub fn by_period(shown: &Shown, recovery: &Recovery) -> Table {
    let row = |period: &Period| {
        let sets = [Some(&recovery.whole), recovery.shared.as_ref()];
        let sets = sets.into_iter().flatten();
        let found: Vec<Option<&Figure>> = sets
            .flat_map(|set| MEASURES.map(|measure| set.find(measure, period, &[])))
            .collect();
        let (header, detail) = period_name(period, &found);
        Row {
            header,
            detail,
            period: Some(*period),
            cells: found.into_iter().map(cell).collect(),
        }
    };
    let titles: &[&str] = match recovery.shared {
        None => &["Tests", "Within target, percent"],
        Some(_) => &[
            "Own tests",
            "Own within target, percent",
            "Shared tests",
            "Shared within target, percent",
        ],
    };
    Table {
        id: "recovery",
        caption: "Recovery tests, latest twelve months and quarters".to_owned(),
        note: Some(
            "Only a test of which a target is recorded is within target or not; a test that did \
             not bring the services back is not."
                .to_owned(),
        ),
        row_title: "Period",
        columns: titles.iter().copied().map(Column::number).collect(),
        rows: periods(shown).iter().map(row).collect(),
        more: None,
    }
}

fn cell(figure: Option<&Figure>) -> Cell {
    match is_of_nothing(figure) {
        true => Cell::Absent("none with a target".to_owned()),
        false => Cell::of(figure),
    }
}

/// Each test, latest first.
pub fn list(asking: &Asking<'_>, tests: &[Kept<RecoveryTest>]) -> Table {
    let of_scope = |test: &&Kept<RecoveryTest>| asking.scope.has(&test.log, |_| true);
    let mut found: Vec<&Kept<RecoveryTest>> = tests.iter().filter(of_scope).collect();
    found.sort_by_key(|test| Reverse((test.stands.at, test.id)));
    let all = found.len();
    let most = asking.rows_max(LISTED_MAX);
    let row = |test: &&Kept<RecoveryTest>| {
        let tested = &test.stands.tested;
        let target = |minutes: Option<u32>| minutes.map_or("not recorded".to_owned(), minutes_of);
        Row {
            header: tested.group.to_string(),
            detail: words::beside(test, words::brief(test.stands.at)),
            period: None,
            cells: vec![
                Cell::Words(words::log_name(&test.log, asking.registry)),
                Cell::Words(target(tested.target_minutes)),
                Cell::Words(
                    tested
                        .achieved_minutes
                        .map_or("did not come back".to_owned(), minutes_of),
                ),
                Cell::Words(target(tested.data_loss_target_minutes)),
                Cell::Words(
                    tested
                        .data_loss_minutes
                        .map_or("not measured".to_owned(), minutes_of),
                ),
                match test.stands.is_within_target() {
                    Some(true) => Cell::Words("within target".to_owned()),
                    Some(false) => Cell::Notable("not within target".to_owned()),
                    None => Cell::words(None::<String>),
                },
            ],
        }
    };
    Table {
        id: "recovery-tests",
        caption: "Recovery tests, latest first".to_owned(),
        note: Some(match all > most {
            true => format!("The latest {most} of {all}. Times are London's."),
            false => "Times are London's.".to_owned(),
        }),
        row_title: "Services and when",
        columns: [
            "Recorded in",
            "Target",
            "Came back after",
            "Data that may be lost",
            "Data lost",
            "Result",
        ]
        .map(Column::words)
        .to_vec(),
        rows: found.iter().take(most).map(row).collect(),
        more: Some(Link::to_data(
            "All tests of recovery",
            asking.scope,
            "recovery-tests",
            asking.asked,
        )),
    }
    .out_of(all)
}

fn minutes_of(minutes: u32) -> String {
    words::counted(minutes.into(), "minute")
}
