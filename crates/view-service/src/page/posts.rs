//! The page of posts: the establishment and its vacancies, the phases of programmes in which posts
//! changed, and interims.

use jiff::Timestamp;
use townclerk_domain::identity::Family;
use townclerk_domain::period::{Period, london_day};
use townclerk_domain::post::{Appointment, Holder, Post};
use townclerk_domain::programme::Programme;
use townclerk_views::dimension::Dimension;
use townclerk_views::figure::Figure;
use townclerk_views::figures::Breakdown;
use townclerk_views::kept::Kept;
use townclerk_views::ledger::Ledger;
use townclerk_views::measure::Measure;
use townclerk_views::phases::posts_by_phase;

use super::asking::{Asking, Figures, split};
use super::content::{Content, Part, Words};
use super::periods::Shown;
use super::programmes::{ByPhase, phases_table, programmes_table};
use super::reconcile::do_not_reconcile;
use super::table::{Cell, Column, Link, Row, Table, period_name};
use super::tables::{Headline, Headlines};
use super::topic::Topic;
use super::words;
use crate::records::days_left;
use crate::view::ViewError;

const MEASURES: [Measure; 7] = [
    Measure::Establishment,
    Measure::Vacancies,
    Measure::VacancyRate,
    Measure::Interims,
    Measure::PostsCreated,
    Measure::PostsDeleted,
    Measure::PostsFilled,
];

/// The columns of the same tables.
const TITLES: [&str; 7] = [
    "Establishment at the end",
    "Vacant at the end",
    "Vacant, %",
    "Held by an interim at the end",
    "Created",
    "Deleted",
    "Filled",
];

/// What there is of each team: the first of the measures.
const OF_TEAMS: usize = 4;

/// What stands where there is no post of which a share could be vacant.
const NO_POSTS: &str = "no posts";

pub fn content(asking: &Asking<'_>) -> Result<Content, ViewError> {
    let shown = asking.shown(Measure::Establishment)?;
    let whole = asking.figures(&MEASURES, shown.all(), Breakdown::default())?;
    let by_appointment = split(Dimension::Appointment, &[]);
    let filled = asking.figures(&[Measure::PostsFilled], shown.all(), by_appointment)?;
    let now = shown.now();
    let by_team = split(Dimension::Team, &[]);
    let teams = asking.figures(&MEASURES[..OF_TEAMS], now.into_iter().collect(), by_team)?;
    let claims = asking.claims(|measure| {
        measure.is_some_and(|measure| measure.kind().family() == Family::Restructure)
    })?;
    let mut content = Content::of(asking, Topic::Posts, &whole, &[&filled, &teams], &claims);
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
    let quarters = by(
        "quarters",
        "Posts by financial-year quarter",
        &shown.quarters,
    );
    content.parts.push(quarters);
    content
        .parts
        .push(by("months", "Posts by month", &shown.months));
    let teams = now.map(|now| by_team_table(&now, &teams));
    content.parts.extend(teams.map(Part::Table));
    content.parts.extend(Part::published(&claims));
    let beside = asking.beside(&shown);
    let ledger = beside.ledger()?;
    let phases = asking
        .view
        .with_rows(|rows| posts_by_phase(rows, beside.asked))?;
    let now = asking.now(&shown)?;
    let lists = || lists(&beside, &ledger, &phases, now);
    content.parts.extend(Part::records(asking, lists));
    content.counted = MEASURES.to_vec();
    Ok(content)
}

fn headlines(shown: &Shown, whole: &Figures) -> Option<Headlines> {
    let month = shown.complete_month?;
    let find = |measure| whole.find(measure, &month, &[]);
    let numbers = MEASURES.into_iter().zip(TITLES);
    let numbers = numbers.map(|(measure, title)| Headline::saying(title, &cell(find(measure))));
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
        let (header, detail) = period_name(period, &found);
        Row {
            header,
            detail,
            period: Some(*period),
            cells: found.into_iter().map(cell).collect(),
        }
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

/// Of a covered count there is always a number: only a share may be of nothing.
fn cell(figure: Option<&Figure>) -> Cell {
    Cell::of_share(figure, NO_POSTS)
}

fn by_team_table(now: &Period, teams: &Figures) -> Table {
    let row = |team: &str| {
        let values = [(Dimension::Team, team)];
        let found = MEASURES[..OF_TEAMS].iter();
        let found = found.map(|measure| teams.find(*measure, now, &values));
        Row {
            header: team.to_owned(),
            detail: None,
            period: None,
            cells: found.map(cell).collect(),
        }
    };
    let (name, _) = period_name(now, &[]);
    let titles = TITLES.into_iter().take(OF_TEAMS).map(Column::number);
    Table {
        id: "teams",
        caption: format!("Posts by team, {name}"),
        note: None,
        row_title: "Team",
        columns: titles.collect(),
        rows: teams
            .values_of(Dimension::Team)
            .into_iter()
            .map(row)
            .collect(),
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
        programmes_table(asking, &programmes, now),
        phases_table(&programmes, phases, now),
        interims_table(asking, &posts, now),
    ]
}

/// The posts that interims hold, by when those end.
fn interims_table(asking: &Asking<'_>, posts: &[&Kept<Post>], now: Option<Timestamp>) -> Table {
    let held = posts.iter().filter(|post| post.stands.has_interim());
    let mut held: Vec<(Holder, &Kept<Post>)> = held
        .filter_map(|post| Some((post.stands.interim()?, *post)))
        .collect();
    held.sort_by_key(|(holder, post)| (holder.until, holder.since, post.id));
    let row = |(holder, post): &(Holder, &Kept<Post>)| {
        let expired = now.and_then(|now| post.stands.interim_expired(now));
        let left = holder.until.zip(now);
        let left = left.and_then(|(until, now)| days_left(until, now));
        let until = holder.until.map(words::day);
        Row {
            header: post.stands.created.role.to_string(),
            detail: words::beside(post, words::log_name(&post.log, asking.registry)),
            period: None,
            cells: vec![
                Cell::Words(post.stands.created.team.to_string()),
                Cell::Words(words::day(london_day(holder.since))),
                match until {
                    Some(until) if expired.is_some() => {
                        Cell::Notable(format!("{until}, has passed, not recorded as ended"))
                    }
                    until => Cell::words(until),
                },
                Cell::words(left.map(|left| match expired.is_some() {
                    true => "none".to_owned(),
                    false => words::counted(left.into(), "day"),
                })),
            ],
        }
    };
    Table {
        id: "interims",
        caption: "Posts that interims hold, by when they end".to_owned(),
        note: Some("Who holds a post is not recorded.".to_owned()),
        row_title: "Role",
        columns: ["Team", "Since", "Until", "Left"]
            .map(Column::words)
            .to_vec(),
        rows: held.iter().map(row).collect(),
        more: Some(Link::to_data(
            "All interims",
            asking.scope,
            "interims",
            asking.asked,
        )),
    }
}
