//! The page of posts: the establishment and its vacancies, the phases of programmes in which posts
//! changed, and interims.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use townclerk_domain::identity::Family;
use townclerk_domain::period::{Period, london_day};
use townclerk_domain::post::{Appointment, Post};
use townclerk_domain::programme::Programme;
use townclerk_views::dimension::Dimension;
use townclerk_views::figures::Breakdown;
use townclerk_views::kept::Kept;
use townclerk_views::ledger::Ledger;
use townclerk_views::measure::Measure;
use townclerk_views::phases::{PhaseKey, PhasePosts, posts_by_phase};

use super::asking::{Asking, Figures, split};
use super::content::{Content, Part, Words};
use super::periods::Shown;
use super::reconcile::do_not_reconcile;
use super::table::{Cell, Column, Link, NOTHING, Row, Table};
use super::tables::{Headline, Headlines};
use super::topic::Topic;
use super::words;
use crate::view::ViewError;

const MEASURES: [Measure; 5] = [
    Measure::Establishment,
    Measure::Vacancies,
    Measure::PostsCreated,
    Measure::PostsDeleted,
    Measure::PostsFilled,
];

/// The columns of the same tables.
const TITLES: [&str; 5] = [
    "Establishment at the end",
    "Vacant at the end",
    "Created",
    "Deleted",
    "Filled",
];

type ByPhase = BTreeMap<PhaseKey, PhasePosts>;

pub fn content(asking: &Asking<'_>) -> Result<Content, ViewError> {
    let shown = asking.shown(Measure::Establishment)?;
    let whole = asking.figures(&MEASURES, shown.all(), Breakdown::default())?;
    let by_appointment = split(Dimension::Appointment, &[]);
    let filled = asking.figures(&[Measure::PostsFilled], shown.all(), by_appointment)?;
    let claims = asking.claims(|measure| {
        measure.is_some_and(|measure| measure.kind().family() == Family::Restructure)
    })?;
    let mut content = Content::of(asking, Topic::Posts, &whole, &[&filled], &claims);
    content.headlines = headlines(&shown, &whole);
    let sentences = do_not_reconcile(claims.iter().map(|claimed| &claimed.claim));
    if !sentences.is_empty() {
        content.parts.push(Part::Words(Words {
            id: "reconcile",
            title: "What the published numbers do not say".to_owned(),
            sentences,
        }));
    }
    let by = |id, title: &str, periods: &[Period]| {
        Part::Table(by_period(id, title, periods, &whole, &filled))
    };
    let quarters = by("quarters", "Posts by council-year quarter", &shown.quarters);
    content.parts.push(quarters);
    content
        .parts
        .push(by("months", "Posts by month", &shown.months));
    content.parts.extend(Part::published(&claims));
    let ledger = asking.ledger()?;
    let phases = asking
        .view
        .with_rows(|rows| posts_by_phase(rows, asking.asked))?;
    let now = asking.now(&shown)?;
    let lists = || lists(asking, &ledger, &phases, now);
    content.parts.extend(Part::records(asking, lists));
    content.counted = MEASURES.to_vec();
    Ok(content)
}

fn headlines(shown: &Shown, whole: &Figures) -> Option<Headlines> {
    let month = shown.complete_month?;
    let find = |measure| whole.find(measure, &month, &[]);
    let numbers = MEASURES.into_iter().zip(TITLES);
    let numbers = numbers.map(|(measure, title)| Headline::of(title, find(measure)));
    Some(Headlines::of_month(
        &month,
        find(MEASURES[0]),
        numbers.collect(),
    ))
}

fn by_period(
    id: &'static str,
    title: &str,
    periods: &[Period],
    whole: &Figures,
    filled: &Figures,
) -> Table {
    let row = |period: &Period| {
        let all = MEASURES.map(|measure| whole.find(measure, period, &[]));
        let by = Appointment::ALL.iter().map(|appointment| {
            let values = [(Dimension::Appointment, appointment.code())];
            filled.find(Measure::PostsFilled, period, &values)
        });
        let found: Vec<_> = all.into_iter().chain(by).collect();
        Row::of_period(period, &found)
    };
    let by = Appointment::ALL.iter();
    let by = by.map(|appointment| Column::number(format!("Filled: {}", appointment.code())));
    Table {
        id,
        caption: format!("{title}, newest first"),
        note: Some("A post that an interim holds is vacant.".to_owned()),
        row_title: "Period",
        columns: TITLES.map(Column::number).into_iter().chain(by).collect(),
        rows: periods.iter().map(row).collect(),
        more: None,
    }
}

fn lists(
    asking: &Asking<'_>,
    ledger: &Ledger,
    phases: &ByPhase,
    now: Option<Timestamp>,
) -> Vec<Table> {
    let programmes: Vec<&Kept<Programme>> = ledger
        .programmes
        .iter()
        .filter(|programme| asking.scope.has(&programme.log, |_| true))
        .collect();
    let posts: Vec<&Kept<Post>> = ledger
        .posts
        .iter()
        .filter(|post| asking.scope.has(&post.log, |_| true))
        .collect();
    vec![
        programmes_table(asking, &programmes),
        phases_table(&programmes, phases),
        interims_table(asking, &posts, now),
    ]
}

fn programmes_table(asking: &Asking<'_>, programmes: &[&Kept<Programme>]) -> Table {
    let row = |programme: &&Kept<Programme>| {
        let stands = &programme.stands;
        let pauses = stands.pauses.iter().map(|(from, to)| match to {
            Some(to) => words::span(*from, *to),
            None => format!("since {}", words::brief(*from)),
        });
        let complete = stands.phases.values().filter(|phase| phase.is_complete());
        Row {
            header: stands.opened.title.to_string(),
            detail: Some(words::log_name(&programme.log, asking.registry)),
            cells: vec![
                Cell::Words(words::brief(stands.opened_at)),
                Cell::Words(format!("{} of {}", complete.count(), stands.phases.len())),
                Cell::lines(pauses.collect()),
                Cell::words(stands.completed.map(words::brief)),
            ],
        }
    };
    Table {
        id: "programmes",
        caption: "Programmes".to_owned(),
        note: Some("Times are London's.".to_owned()),
        row_title: "Programme",
        columns: ["Opened", "Phases complete", "Paused", "Completed"]
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
fn phases_table(programmes: &[&Kept<Programme>], phases: &ByPhase) -> Table {
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
            ];
            let dates = dates.into_iter().map(Cell::Words);
            let counts = counts
                .into_iter()
                .map(|count| Cell::Number(words::count(count)));
            Row {
                header: planned.phase.to_string(),
                detail: Some(stands.opened.title.to_string()),
                cells: dates.chain(counts).collect(),
            }
        });
        row.collect()
    };
    let dates = ["Planned", "Started", "Completed"].map(Column::words);
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

/// The posts that interims hold, by when those end.
fn interims_table(asking: &Asking<'_>, posts: &[&Kept<Post>], now: Option<Timestamp>) -> Table {
    let today = now.map(|now| london_day(now - SignedDuration::from_micros(1)));
    let mut held: Vec<_> = posts
        .iter()
        .filter_map(|post| {
            let holder = post.stands.holder?;
            let is_interim = holder.appointment == Appointment::Interim;
            is_interim.then_some((holder.until, holder.since, *post))
        })
        .collect();
    held.sort_by_key(|(until, since, post)| (*until, *since, post.id));
    let row = |(until, since, post): &(Option<Date>, Timestamp, &Kept<Post>)| {
        let has_passed = until.zip(today).is_some_and(|(until, today)| until < today);
        let until = until.map(words::day);
        Row {
            header: post.stands.created.role.to_string(),
            detail: Some(words::log_name(&post.log, asking.registry)),
            cells: vec![
                Cell::Words(post.stands.created.team.to_string()),
                Cell::Words(words::day(london_day(*since))),
                match until {
                    Some(until) if has_passed => {
                        Cell::Notable(format!("{until}, has passed, not recorded as ended"))
                    }
                    until => Cell::words(until),
                },
            ],
        }
    };
    Table {
        id: "interims",
        caption: "Posts that interims hold, by when they end".to_owned(),
        note: Some("Who holds a post is not recorded.".to_owned()),
        row_title: "Role",
        columns: ["Team", "Since", "Until"].map(Column::words).to_vec(),
        rows: held.iter().map(row).collect(),
        more: Some(Link::to_data(
            "All posts",
            asking.scope,
            "posts",
            asking.asked,
        )),
    }
}
