//! The page of service levels: attainment by month against its target, and the open tickets that
//! may miss theirs.

use townclerk_domain::decimal::Decimal;
use townclerk_domain::names::{LogName, Scope};
use townclerk_domain::period::Period;
use townclerk_domain::ticket::Priority;
use townclerk_views::definition::Agreement;
use townclerk_views::dimension::Dimension;
use townclerk_views::figure::Figure;
use townclerk_views::figures::Breakdown;
use townclerk_views::measure::Measure;
use townclerk_views::quantity::Quantity;
use townclerk_views::registry::Registry;

use super::asking::{Asking, Figures, split};
use super::chart::{self, Point};
use super::content::{Content, Part};
use super::open_tickets;
use super::periods::Shown;
use super::table::{Cell, Column, Link, NOTHING, Row, Table, period_name};
use super::tables::{Headline, Headlines};
use super::topic::{Topic, basis_query};
use super::words;
use crate::view::ViewError;

const ATTAINMENT: Measure = Measure::SlaAttainment;

const BY_LOGGED: Measure = Measure::SlaAttainmentByLogged;

const WITHOUT_AGED: Measure = Measure::SlaAttainmentWithoutAged;

const COUNTED: [Measure; 9] = [
    Measure::SlaMet,
    Measure::SlaFailed,
    ATTAINMENT,
    Measure::SlaMetByLogged,
    Measure::SlaFailedByLogged,
    BY_LOGGED,
    Measure::MeanResolutionServiceMinutes,
    BESIDE[0],
    BESIDE[1],
];

/// What rests on an age limit too, and what rests on no agreement.
const BESIDE: [Measure; 2] = [WITHOUT_AGED, Measure::MeanResolutionMinutes];

/// Everything that the page is made from.
struct Of<'a> {
    asking: &'a Asking<'a>,
    shown: Shown,
    whole: Figures,
    /// What may be there where the rest is not, or the other way round.
    beside: Figures,
    priorities: Figures,
}

pub fn content(asking: &Asking<'_>) -> Result<Content, ViewError> {
    let shown = asking.shown(Measure::TicketsLogged)?;
    let months = || shown.months.clone();
    let by_priority = split(Dimension::Priority, &[]);
    let of = Of {
        whole: asking.figures(&COUNTED[..7], months(), Breakdown::default())?,
        beside: asking.figures(&BESIDE, months(), Breakdown::default())?,
        priorities: asking.figures(&[ATTAINMENT], months(), by_priority)?,
        asking,
        shown,
    };
    let claims =
        asking.claims(|measure| measure.is_some_and(|measure| COUNTED.contains(&measure)))?;
    let others = [&of.beside, &of.priorities];
    let mut content = Content::of(asking, Topic::ServiceLevels, &of.whole, &others, &claims);
    content.headlines = of.headlines();
    let charts = [
        of.chart(ATTAINMENT, "chart-resolved", "tickets resolved"),
        of.chart(BY_LOGGED, "chart-logged", "tickets logged"),
    ];
    content
        .parts
        .extend(charts.into_iter().flatten().map(Part::Chart));
    let tables = [of.by_month(), of.by_logged(), of.by_priority()];
    content.parts.extend(tables.map(Part::Table));
    content.parts.extend(Part::published(&claims));
    let open = match asking.records {
        true => open_tickets::tables(asking)?,
        false => Vec::new(),
    };
    content.parts.extend(Part::records(asking, || open));
    content.counted = COUNTED.to_vec();
    Ok(content)
}

impl Of<'_> {
    fn find(&self, measure: Measure, month: &Period) -> Option<&Figure> {
        match BESIDE.contains(&measure) {
            true => self.beside.find(measure, month, &[]),
            false => self.whole.find(measure, month, &[]),
        }
    }

    fn headlines(&self) -> Option<Headlines> {
        let month = self.shown.complete_month?;
        let of = |title: &str, measure| {
            let figure = self.find(measure, &month);
            Headline::saying(title, &self.cell(figure, &month, None))
        };
        let numbers = vec![
            of("Resolved within target, percent", ATTAINMENT),
            of("Without aged tickets, percent", WITHOUT_AGED),
            of("Within target", Measure::SlaMet),
            of("After target", Measure::SlaFailed),
        ];
        let figure = self.find(ATTAINMENT, &month);
        Some(Headlines::of_month(&month, figure, numbers))
    }

    /// Of tickets resolved in a month.
    fn by_month(&self) -> Table {
        let row = |month: &Period| {
            let share = self.find(ATTAINMENT, month);
            let recent = self.find(WITHOUT_AGED, month);
            let counts = [Measure::SlaMet, Measure::SlaFailed].map(|m| self.find(m, month));
            let service = self.find(Measure::MeanResolutionServiceMinutes, month);
            let wall = self.find(Measure::MeanResolutionMinutes, month);
            let cells = [
                self.cell(counts[0], month, None),
                self.cell(counts[1], month, None),
                self.cell(share, month, self.target(month, None)),
                self.aimed(month),
                made_of(recent),
                self.cell(recent, month, None),
                self.cell(service, month, None),
                self.cell(wall, month, None),
            ];
            row_of(month, &[share, recent, counts[0], service, wall], cells)
        };
        let titles = [
            "Within target",
            "After target",
            "Attainment, percent",
            "Agreed attainment",
            "Within target, without aged",
            "Attainment without aged",
            "Mean service time, minutes",
            "Mean time, minutes",
        ];
        let note = "Tickets with a target, each once, in the month of its latest resolution. Clearing \
                    old tickets lowers the share, so the share without aged tickets is beside it. “Mean \
                    time” is elapsed time, of all tickets resolved; “Mean service time” counts service \
                    hours, of tickets with a target.";
        let title = "Attainment by month, of tickets resolved, newest first";
        self.monthly("months", title, note, &titles, row)
    }

    /// Of tickets logged in a month.
    fn by_logged(&self) -> Table {
        let row = |month: &Period| {
            let share = self.find(BY_LOGGED, month);
            let counts = [Measure::SlaMetByLogged, Measure::SlaFailedByLogged];
            let [met, failed] = counts.map(|measure| self.find(measure, month));
            let cells = [
                self.cell(met, month, None),
                self.cell(failed, month, None),
                self.cell(share, month, self.target(month, None)),
                self.aimed(month),
            ];
            row_of(month, &[share, met, failed], cells)
        };
        let titles = [
            "Within target",
            "After target",
            "Attainment, percent",
            "Agreed attainment",
        ];
        let note = "The same tickets, in the month in which they were logged; those that are still \
                    open are not among them, so a late month changes most.";
        let title = "Attainment by month, of tickets logged, newest first";
        self.monthly("logged", title, note, &titles, row)
    }

    fn by_priority(&self) -> Table {
        let row = |month: &Period| {
            let each = Priority::ALL.iter().map(|priority| {
                let values = [(Dimension::Priority, priority.code())];
                let figure = self.priorities.find(ATTAINMENT, month, &values);
                (figure, self.target(month, Some(*priority)))
            });
            let each: Vec<_> = each.collect();
            let cells = each.iter().map(|(figure, aimed)| {
                let cell = self.cell(*figure, month, *aimed);
                match (cell, made_of(*figure)) {
                    (Cell::Number(share), Cell::Number(of)) => {
                        Cell::Number(format!("{share} ({of})"))
                    }
                    (Cell::NotableNumber(share), Cell::Number(of)) => {
                        Cell::NotableNumber(format!("{share} ({of})"))
                    }
                    (cell, _) => cell,
                }
            });
            let figures: Vec<_> = each.iter().map(|(figure, _)| *figure).collect();
            row_of(month, &figures, cells)
        };
        let titles: Vec<String> = Priority::ALL
            .iter()
            .map(|priority| priority.code().to_uppercase())
            .collect();
        let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
        let note = "In percent of the tickets resolved with a target, with how many of how many.";
        let title = "Attainment by priority and month, newest first";
        self.monthly("priorities", title, note, &titles, row)
    }

    fn monthly(
        &self,
        id: &'static str,
        caption: &str,
        note: &str,
        titles: &[&str],
        row: impl Fn(&Period) -> Row,
    ) -> Table {
        let (scope, asked) = (self.asking.scope, self.asking.asked);
        let measures = COUNTED.map(Measure::name).join(",");
        let basis = basis_query('&', asked);
        Table {
            id,
            caption: caption.to_owned(),
            note: Some(note.to_owned()),
            row_title: "Month",
            columns: titles.iter().map(|title| Column::number(*title)).collect(),
            rows: self.shown.months.iter().map(row).collect(),
            more: (id == "priorities").then(|| Link {
                text: "These figures by priority as data (JSON)".to_owned(),
                href: format!(
                    "/v1/views/{scope}/figures?measure={measures}&breakdown=priority{basis}"
                ),
            }),
        }
    }

    /// The target in force, or that there is none.
    fn aimed(&self, month: &Period) -> Cell {
        match self.target(month, None) {
            Some(target) => Cell::Number(target.to_string()),
            None => Cell::Number(NOTHING.to_owned()),
        }
    }

    fn cell(&self, figure: Option<&Figure>, month: &Period, aimed: Option<Decimal>) -> Cell {
        let missed = figure.zip(aimed).filter(|(f, target)| is_below(f, *target));
        match (Cell::of(figure), missed) {
            (Cell::Number(value), Some((_, target))) => {
                Cell::NotableNumber(format!("{value}, below {target}"))
            }
            (Cell::NotCovered, _) => absent(figure, month, self.asking.registry),
            (cell, _) => cell,
        }
    }

    /// The share that must meet its target at the end of a month, where all logs of the scope have
    /// the same. Agreements are records: who reads figures only is shown none.
    fn target(&self, month: &Period, priority: Option<Priority>) -> Option<Decimal> {
        if !self.asking.records {
            return None;
        }
        let registry = self.asking.registry;
        let mut logs = match self.asking.scope {
            Scope::Log(log) => vec![log.clone()],
            Scope::Joint => registry.logs_during(month),
        };
        if matches!(self.asking.scope, Scope::Joint) {
            logs.push(LogName::shared());
        }
        let of_log = |log: &LogName| {
            let agreed = &registry.service.get(log)?.agreements;
            agreed.attainment(month.last_day(), None, priority)
        };
        let targets: Option<Vec<Decimal>> = logs.iter().map(of_log).collect();
        let targets = targets?;
        let first = *targets.first()?;
        let same = targets.iter().all(|one| one.cmp_value(first).is_eq());
        same.then_some(first)
    }

    fn chart(&self, measure: Measure, id: &str, of: &str) -> Option<chart::Chart> {
        let months = self.shown.months.iter().rev();
        let points: Vec<Point> = months
            .map(|month| {
                let figure = self.find(measure, month);
                let aimed = self.target(month, None);
                let (long_name, _) = period_name(month, &[figure]);
                Point {
                    long_name,
                    short_name: month.first_day().strftime("%b %y").to_string(),
                    value: figure.and_then(|figure| figure.value).map(|value| value.0),
                    is_below: figure.zip(aimed).is_some_and(|(f, t)| is_below(f, t)),
                }
            })
            .skip_while(|point| point.value.is_none())
            .collect();
        // One line across is drawn only where the target never changed.
        let drawn = self.shown.months.iter();
        let targets = drawn.map(|month| self.target(month, None));
        let targets: Vec<Decimal> = targets.flatten().collect();
        let aimed = targets.first().copied().filter(|first| {
            let mut all = targets.iter();
            all.all(|target| target.cmp_value(*first).is_eq())
        });
        let title = format!("Attainment by month, of {of}, in percent");
        let table = match measure {
            BY_LOGGED => "attainment by month, of tickets logged",
            _ => "attainment by month, of tickets resolved",
        };
        let chart = chart::chart(id.to_owned(), title, &points, aimed)?;
        Some(chart.of_table(table))
    }
}

fn row_of(
    month: &Period,
    figures: &[Option<&Figure>],
    cells: impl IntoIterator<Item = Cell>,
) -> Row {
    let (header, detail) = period_name(month, figures);
    Row {
        header,
        detail,
        period: Some(*month),
        cells: cells.into_iter().collect(),
    }
}

/// How many of how many a share is.
fn made_of(figure: Option<&Figure>) -> Cell {
    let parts = figure.and_then(|figure| figure.numerator.zip(figure.denominator));
    let count = |number: i64| words::count(u64::try_from(number).unwrap_or(0));
    match parts {
        Some((of, among)) => Cell::Number(format!("{} of {}", count(of), count(among))),
        None => Cell::Number(NOTHING.to_owned()),
    }
}

/// Compared exactly, not as it is rounded.
fn is_below(figure: &Figure, target: Decimal) -> bool {
    let exact = figure.numerator.zip(figure.denominator);
    let quantity = exact.and_then(|(of, among)| Quantity::percent(of, among, false));
    quantity.is_some_and(|quantity| quantity.is_below(target))
}

/// Why a figure that rests on agreements has no value: nothing was agreed then, or nothing covers the
/// time, or all is there and there was nothing to judge.
pub(super) fn absent(figure: Option<&Figure>, period: &Period, registry: &Registry) -> Cell {
    let Some(figure) = figure.filter(|figure| !figure.covered.is_empty()) else {
        return Cell::NotCovered;
    };
    let agreed = Measure::from_name(figure.measure).and_then(|m| m.definition().agreed);
    let uncovered = figure.covered.iter().filter(|(_, days)| days.is_none());
    let uncovered: Vec<&LogName> = uncovered.map(|(log, _)| log).collect();
    let lacks = |log: &&&LogName| !is_agreed(registry, log, agreed, period);
    match (uncovered.is_empty(), uncovered.iter().find(lacks)) {
        (true, _) => Cell::Absent("none with a target".to_owned()),
        (false, Some(_)) => Cell::Absent("no agreement".to_owned()),
        (false, None) => Cell::NotCovered,
    }
}

/// Whether a log had what a measure rests on for some of a period.
fn is_agreed(
    registry: &Registry,
    log: &LogName,
    agreed: Option<Agreement>,
    period: &Period,
) -> bool {
    let Some(agreement) = agreed.filter(|agreed| *agreed != Agreement::Availability) else {
        return true;
    };
    let found = registry.service.get(log);
    let from = found.and_then(|found| found.measured_from(agreement, None));
    from.is_some_and(|from| from <= period.last_day())
}
