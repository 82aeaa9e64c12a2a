//! The tables of a page: figures in, table models out.

use std::cmp::Reverse;

use townclerk_domain::period::Period;
use townclerk_views::dimension::Dimension;
use townclerk_views::figure::Figure;
use townclerk_views::measure::Measure;

use super::asking::Figures;
use super::gather::{BESIDE, Gathered, INCIDENT, LogFigures, MEASURES, Only, P1};
use super::published::{claims, p1_beside};
use super::table::{Cell, Column, Link, Row, Table, period_name};
use super::topic::basis_query;

/// All tables of a page in their order.
pub fn tables(gathered: &Gathered) -> Vec<Table> {
    let shown = &gathered.shown;
    let (quarters, months) = (&shown.quarters, &shown.months);
    let mut tables = vec![
        by_period(
            "quarters",
            "Tickets by financial-year quarter",
            &gathered.main,
            quarters,
        ),
        by_period("months", "Tickets by month", &gathered.main, months),
        by_priority(&gathered.incidents, quarters),
    ];
    match &gathered.only {
        Only::Joint { p1 } => {
            let title = "P1 incidents by quarter, beside what was published";
            tables.push(p1_beside("p1-quarters", title, p1, quarters));
            let title = "P1 incidents by month, beside what was published";
            tables.push(p1_beside("p1-months", title, p1, months));
        }
        Only::Log(figures) => tables.extend(of_log(gathered, figures)),
    }
    tables.push(claims(&gathered.claims));
    tables
}

fn column_title(measure: Measure) -> &'static str {
    match measure {
        Measure::TicketsLogged => "Logged",
        Measure::TicketsResolved => "Resolved",
        Measure::TicketsOpen => "Open at the end",
        Measure::TicketsReopened => "Reopened",
        Measure::MonthsBelowTarget => "Services below target",
        other => other.title(),
    }
}

fn by_period(id: &'static str, title: &str, figures: &Figures, periods: &[Period]) -> Table {
    let row = |period: &Period| {
        let found = MEASURES.map(|measure| figures.find(measure, period, &[]));
        Row::of_period(period, &found)
    };
    Table {
        id,
        caption: format!("{title}, newest first"),
        note: None,
        row_title: "Period",
        columns: MEASURES.map(column_title).map(Column::number).to_vec(),
        rows: periods.iter().map(row).collect(),
        more: None,
    }
}

fn priorities() -> Vec<&'static str> {
    Dimension::Priority.values().unwrap_or_default()
}

fn by_priority(figures: &Figures, quarters: &[Period]) -> Table {
    let priorities = priorities();
    let row = |period: &Period| {
        let find = |priority: &&str| {
            let values = [
                (Dimension::Kind, INCIDENT),
                (Dimension::Priority, *priority),
            ];
            figures.find(Measure::TicketsLogged, period, &values)
        };
        let found: Vec<Option<&Figure>> = priorities.iter().map(find).collect();
        Row::of_period(period, &found)
    };
    let column = |priority: &&str| Column::number(priority.to_uppercase());
    Table {
        id: "priorities",
        caption: "Incidents logged by priority and quarter, newest first".to_owned(),
        note: Some("Service requests are not among them. P1 is the most urgent.".to_owned()),
        row_title: "Quarter",
        columns: priorities.iter().map(column).collect(),
        rows: quarters.iter().map(row).collect(),
        more: None,
    }
}

fn of_log(gathered: &Gathered, figures: &LogFigures) -> Vec<Table> {
    let mut tables = vec![
        open_now(gathered, &figures.open),
        top(gathered, Dimension::Service, "services", &figures.services),
        top(
            gathered,
            Dimension::Category,
            "categories",
            &figures.categories,
        ),
    ];
    if let Some(shared) = &figures.shared {
        tables.push(shared_beside(gathered, shared));
    }
    tables
}

fn open_now(gathered: &Gathered, open: &Figures) -> Table {
    const OPEN: Measure = Measure::TicketsOpen;
    let row = |header: String, figure: Option<&Figure>| Row {
        header,
        detail: None,
        period: None,
        cells: vec![Cell::of(figure)],
    };
    let now = gathered.shown.now();
    let of_one = |now: &Period| {
        let each = priorities().into_iter().map(|priority| {
            let values = [(Dimension::Priority, priority)];
            row(priority.to_uppercase(), open.find(OPEN, now, &values))
        });
        let all = row(
            "All priorities".to_owned(),
            gathered.main.find(OPEN, now, &[]),
        );
        each.chain([all]).collect()
    };
    Table {
        id: "open",
        caption: "Open tickets now, by priority".to_owned(),
        note: Some(
            "Incidents and requests, on hold included, at the moment that the figures are as at."
                .to_owned(),
        ),
        row_title: "Priority",
        columns: vec![Column::number("Open")],
        rows: now.as_ref().map(of_one).unwrap_or_default(),
        more: None,
    }
}

/// The values with the most tickets logged in the latest complete quarter.
fn top(gathered: &Gathered, dimension: Dimension, id: &'static str, figures: &Figures) -> Table {
    const LOGGED: Measure = Measure::TicketsLogged;
    let latest = gathered.shown.latest_quarters();
    let mut found: Vec<(Reverse<i64>, &str)> = Vec::new();
    for value in figures.values_of(dimension) {
        let logged = |period| {
            let figure = figures.find(LOGGED, period, &[(dimension, value)]);
            figure.and_then(|figure| figure.numerator).unwrap_or(0)
        };
        found.push((Reverse(latest.first().map_or(0, logged)), value));
    }
    found.sort_unstable();
    let top = gathered.top;
    let all = found.len();
    let is_cut = all > top;
    let row = |(_, value): &(Reverse<i64>, &str)| {
        let values = [(dimension, *value)];
        let logged = latest.iter().map(|q| figures.find(LOGGED, q, &values));
        let open = latest
            .last()
            .map(|q| figures.find(Measure::TicketsOpen, q, &values));
        Row {
            header: (*value).to_owned(),
            detail: None,
            period: None,
            cells: logged.chain(open).map(Cell::of).collect(),
        }
    };
    let logged = latest.iter().map(|quarter| {
        let (name, _) = period_name(quarter, &[gathered.main.find(LOGGED, quarter, &[])]);
        Column::number(format!("Logged in {name}"))
    });
    let open = latest.last().map(|_| Column::number("Open now"));
    let name = dimension.name();
    Table {
        id,
        caption: format!("Tickets by {name}, latest quarters"),
        note: is_cut.then(|| format!("The {top} with the most tickets logged are shown.")),
        row_title: match dimension {
            Dimension::Service => "Service",
            _ => "Category",
        },
        columns: logged.chain(open).collect(),
        rows: found.iter().take(top).map(row).collect(),
        more: Some(all_of(gathered, name)),
    }
    .out_of(all)
}

fn all_of(gathered: &Gathered, dimension: &str) -> Link {
    let Gathered { scope, asked, .. } = gathered;
    let basis = basis_query('&', *asked);
    Link {
        text: format!("All figures by {dimension} as data (JSON)"),
        href: format!("/v1/views/{scope}/figures?breakdown={dimension}{basis}"),
    }
}

/// The shared records that hit a council, beside its own.
fn shared_beside(gathered: &Gathered, shared: &Figures) -> Table {
    let row = |period: &Period| {
        let found = [
            gathered.main.find(Measure::TicketsLogged, period, &[]),
            shared.find(Measure::TicketsLogged, period, &[]),
            shared.find(Measure::TicketsResolved, period, &[]),
            shared.find(Measure::TicketsOpen, period, &[]),
        ];
        Row::of_period(period, &found)
    };
    let titles = [
        "Own, logged",
        "Shared, logged",
        "Shared, resolved",
        "Shared, open at the end",
    ];
    let note = "A ticket that hits several councils is recorded once, as shared. Those that hit \
                this council stand here beside its own and are in no other table of this page: \
                they are outside its sum.";
    Table {
        id: "shared",
        caption: "Shared records that hit this council, by quarter, newest first".to_owned(),
        note: Some(note.to_owned()),
        row_title: "Quarter",
        columns: titles.map(Column::number).to_vec(),
        rows: gathered.shown.quarters.iter().map(row).collect(),
        more: None,
    }
}

/// One number that is seen at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headline {
    pub title: String,
    pub value: String,
    /// How it is written: a number large, words smaller.
    pub class: &'static str,
}

impl Headline {
    pub fn of(title: &str, figure: Option<&Figure>) -> Self {
        Self::saying(title, &Cell::of(figure))
    }

    pub fn saying(title: &str, cell: &Cell) -> Self {
        Self {
            title: title.to_owned(),
            value: cell.text().to_owned(),
            class: match cell {
                Cell::Number(_) | Cell::NotableNumber(_) => "number",
                Cell::NotCovered | Cell::Absent(_) => "missing",
                Cell::Words(_) | Cell::Notable(_) | Cell::Lines(_) | Cell::Linked(_) => "words",
            },
        }
    }
}

/// Numbers that are seen at once, and what they are of.
pub struct Headlines {
    pub title: String,
    pub numbers: Vec<Headline>,
}

impl Headlines {
    /// Of the latest month that is over.
    pub fn of_month(month: &Period, figure: Option<&Figure>, numbers: Vec<Headline>) -> Self {
        let (name, _) = period_name(month, &[figure]);
        Self {
            title: format!("{name}, the latest complete month"),
            numbers,
        }
    }
}

/// The numbers of the latest complete month.
pub fn headlines(gathered: &Gathered) -> Option<Headlines> {
    let month = gathered.shown.complete_month?;
    let main = |measure| gathered.main.find(measure, &month, &[]);
    let each = MEASURES.into_iter();
    let mut all: Vec<Headline> = each
        .map(|measure| Headline::of(column_title(measure), main(measure)))
        .collect();
    if let Only::Joint { p1 } = &gathered.only {
        let values = [(Dimension::Kind, INCIDENT), (Dimension::Priority, P1)];
        let figure = p1.find(Measure::TicketsLogged, &month, &values);
        all.push(Headline::of("P1 incidents", figure));
    }
    // What the other pages are about is said here only where there is something to say.
    let beside = BESIDE.into_iter().filter_map(|measure| {
        let figure = gathered.beside.find(measure, &month, &[])?;
        figure.value?;
        Some(Headline::of(column_title(measure), Some(figure)))
    });
    all.extend(beside);
    Some(Headlines::of_month(&month, main(MEASURES[0]), all))
}
