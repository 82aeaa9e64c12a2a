//! Programmes on the page of posts: their pauses, how long they took without them, the functions that
//! moved, and the phases with the posts that changed under each.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use townclerk_domain::period::london_day;
use townclerk_domain::programme::{Elapsed, FunctionTransferred, Plan, Programme};
use townclerk_views::kept::Kept;
use townclerk_views::phases::{PhaseKey, PhasePosts};

use super::asking::Asking;
use super::table::{Cell, Column, Link, NOTHING, Row, Table};
use super::words;

pub type ByPhase = BTreeMap<PhaseKey, PhasePosts>;

const NOTE: &str = "Times are London's. Days on which a programme was paused are left out. What is under way \
                    is counted up to the moment of this page.";

pub fn programmes_table(
    asking: &Asking<'_>,
    programmes: &[&Kept<Programme>],
    now: Option<Timestamp>,
) -> Table {
    let row = |programme: &&Kept<Programme>| {
        let stands = &programme.stands;
        let pauses = stands.pauses.iter().map(|(from, to)| match to {
            Some(to) => words::span(*from, *to),
            None => format!("since {}", words::brief(*from)),
        });
        let elapsed = now.map(|now| stands.elapsed(now));
        let moved = stands.transferred.iter().map(|(at, moved)| {
            let FunctionTransferred { function, from, to } = moved;
            format!(
                "{function} from {from} to {to}, {}",
                words::day(london_day(*at))
            )
        });
        let complete = stands.phases.values().filter(|phase| phase.is_complete());
        Row {
            header: stands.opened.title.to_string(),
            detail: words::beside(programme, words::log_name(&programme.log, asking.registry)),
            period: None,
            cells: vec![
                Cell::Words(words::brief(stands.opened_at)),
                Cell::Words(format!("{} of {}", complete.count(), stands.phases.len())),
                Cell::lines(pauses.collect()),
                Cell::words(stands.completed.map(words::brief)),
                Cell::words(elapsed.map(|elapsed| took(elapsed, stands.plan()))),
                Cell::lines(moved.collect()),
            ],
        }
    };
    Table {
        id: "programmes",
        caption: "Programmes".to_owned(),
        note: Some(NOTE.to_owned()),
        row_title: "Programme",
        columns: [
            "Opened",
            "Phases complete",
            "Paused",
            "Completed",
            "Took",
            "Functions moved",
        ]
        .map(Column::words)
        .to_vec(),
        rows: programmes.iter().map(row).collect(),
        more: Some(Link::to_data(
            "All programmes",
            asking.scope,
            "programmes",
            asking.asked,
        )),
    }
}

/// The phases of each programme, in their order, with the posts that changed under them.
pub fn phases_table(
    programmes: &[&Kept<Programme>],
    phases: &ByPhase,
    now: Option<Timestamp>,
) -> Table {
    let of_programme = |programme: &&Kept<Programme>| -> Vec<Row> {
        let stands = &programme.stands;
        let planned = stands.opened.phases.iter();
        let row = planned.map(|planned| {
            let phase = stands
                .phases
                .get(&planned.phase)
                .copied()
                .unwrap_or_default();
            let key = PhaseKey {
                log: programme.log.clone(),
                programme: programme.id,
                phase: planned.phase.clone(),
            };
            let posts = phases.get(&key).copied().unwrap_or_default();
            let elapsed = now.and_then(|now| stands.phase_elapsed(&planned.phase, now));
            let counts = [
                posts.created,
                posts.filled_internally,
                posts.filled_externally,
                posts.interims,
                posts.deleted,
            ];
            let dates = [
                plan(planned.from, planned.to),
                day_of(phase.started),
                day_of(phase.completed),
                elapsed.map_or(NOTHING.to_owned(), |elapsed| took(elapsed, planned.plan())),
            ];
            let dates = dates.into_iter().map(Cell::Words);
            let counts = counts
                .into_iter()
                .map(|count| Cell::Number(words::count(count)));
            Row {
                header: planned.phase.to_string(),
                detail: Some(stands.opened.title.to_string()),
                period: None,
                cells: dates.chain(counts).collect(),
            }
        });
        row.collect()
    };
    let dates = ["Planned", "Started", "Completed", "Took"].map(Column::words);
    let counts = [
        "Created",
        "Filled: internal",
        "Filled: external",
        "Filled: interim",
        "Deleted",
    ]
    .map(Column::number);
    Table {
        id: "phases",
        caption: "Posts by phase".to_owned(),
        note: Some(
            "Only what was recorded as done under a phase is counted in it, each filling once."
                .to_owned(),
        ),
        row_title: "Phase",
        columns: dates.into_iter().chain(counts).collect(),
        rows: programmes.iter().flat_map(of_programme).collect(),
        more: None,
    }
}

fn plan(from: Option<Date>, to: Option<Date>) -> String {
    match (from, to) {
        (Some(from), Some(to)) => format!("{} to {}", words::day(from), words::day(to)),
        (Some(from), None) => format!("from {}", words::day(from)),
        (None, Some(to)) => format!("to {}", words::day(to)),
        (None, None) => NOTHING.to_owned(),
    }
}

fn day_of(instant: Option<Timestamp>) -> String {
    instant.map_or(NOTHING.to_owned(), |at| words::day(london_day(at)))
}

/// Days, beside those of the plan if there is one.
fn took(elapsed: Elapsed, plan: Option<Plan>) -> String {
    let days = words::counted(elapsed.days, "day");
    match plan {
        Some(plan) => format!("{days} of {} planned", plan.days()),
        None => days,
    }
}
