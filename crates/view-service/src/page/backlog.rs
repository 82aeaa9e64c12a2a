//! The page of the backlog: open tickets at the end of each month, how they changed from month to month, and
//! the aged ones among them.

use townclerk_domain::decimal::Decimal;
use townclerk_domain::period::{Month, Period};
use townclerk_views::dimension::Dimension;
use townclerk_views::figure::{Figure, Number};
use townclerk_views::figures::{Breakdown, FLOWS};
use townclerk_views::measure::Measure;

use super::asking::{Asking, Figures, split};
use super::chart::{self, Point};
use super::content::{Content, Part};
use super::periods::Shown;
use super::service_levels::absent;
use super::table::{Cell, Column, NOTHING, Row, Table, period_name};
use super::tables::{Headline, Headlines};
use super::topic::Topic;
use super::words;
use crate::view::ViewError;

const OPEN: Measure = Measure::TicketsOpen;

/// What rests on an age limit.
const LIMITED: [Measure; 2] = [Measure::TicketsAged, Measure::AgedResolutionShare];

const COUNTED: [Measure; 11] = [
    OPEN,
    FLOWS[0].0,
    FLOWS[1].0,
    FLOWS[2].0,
    FLOWS[3].0,
    FLOWS[4].0,
    Measure::TicketsOnHold,
    Measure::TicketsUntriaged,
    Measure::TicketsResolved,
    LIMITED[0],
    LIMITED[1],
];

/// Of each provider.
const PROVIDED: [Measure; 4] = [
    Measure::TicketsLogged,
    OPEN,
    Measure::TicketsOnHold,
    Measure::TicketsAged,
];

/// Who deals with a ticket, by code and in words.
const PROVIDERS: [(&str, &str); 2] = [("sts", "Shared service"), ("council", "Council's own")];

struct Of<'a> {
    asking: &'a Asking<'a>,
    shown: Shown,
    whole: Figures,
    /// What rests on an age limit, and so may be missing where the rest is there.
    limited: Figures,
    providers: Figures,
}

pub fn content(asking: &Asking<'_>) -> Result<Content, ViewError> {
    let shown = asking.shown(Measure::TicketsLogged)?;
    // What was open at the start of the first month stands at the end of the one before it.
    let before = shown.months.last().map(month_before);
    let months: Vec<Period> = shown.months.iter().copied().chain(before).collect();
    let by_provider = split(Dimension::Provider, &[]);
    let of = Of {
        whole: asking.figures(
            &COUNTED[..COUNTED.len() - LIMITED.len()],
            months,
            Breakdown::default(),
        )?,
        limited: asking.figures(&LIMITED, shown.months.clone(), Breakdown::default())?,
        providers: asking.figures(&PROVIDED, shown.months.clone(), by_provider)?,
        asking,
        shown,
    };
    let claims = asking.claims(|measure| {
        let own = [
            Measure::TicketsOnHold,
            Measure::TicketsUntriaged,
            Measure::TicketsAged,
        ];
        measure.is_some_and(|measure| own.contains(&measure))
    })?;
    let others = [&of.limited, &of.providers];
    let mut content = Content::of(asking, Topic::Backlog, &of.whole, &others, &claims);
    content.headlines = of.headlines();
    let charts = [
        of.chart(
            OPEN,
            "chart-open",
            "Open tickets at the end of each month",
            "open tickets from month to month",
        ),
        of.chart(
            Measure::TicketsAged,
            "chart-aged",
            "Aged tickets at the end of each month",
            "open tickets at the end of each month",
        ),
    ];
    let charts = charts.into_iter().flatten();
    content.parts.extend(charts.map(Part::Chart));
    let tables = [of.identity(), of.stock(), of.aged(), of.by_provider()];
    content.parts.extend(tables.map(Part::Table));
    content.parts.extend(Part::published(&claims));
    content.counted = COUNTED.to_vec();
    Ok(content)
}

fn month_before(month: &Period) -> Period {
    let number = Month::of_day(month.first_day()).number();
    Period::Month(Month::from_number(number - 1))
}

/// What a figure counts, where it has a value.
fn count(figure: Option<&Figure>) -> Option<i64> {
    figure.filter(|f| f.value.is_some())?.numerator
}

impl Of<'_> {
    fn find(&self, measure: Measure, month: &Period) -> Option<&Figure> {
        match LIMITED.contains(&measure) {
            true => self.limited.find(measure, month, &[]),
            false => self.whole.find(measure, month, &[]),
        }
    }

    fn cell(&self, figure: Option<&Figure>, month: &Period) -> Cell {
        match Cell::of(figure) {
            Cell::NotCovered => absent(figure, month, self.asking.registry),
            cell => cell,
        }
    }

    fn headlines(&self) -> Option<Headlines> {
        let month = self.shown.complete_month?;
        let of = |title: &str, measure| {
            let figure = self.find(measure, &month);
            Headline::saying(title, &self.cell(figure, &month))
        };
        let numbers = vec![
            of("Open at the end", OPEN),
            of("On hold", Measure::TicketsOnHold),
            of("Not triaged yet", Measure::TicketsUntriaged),
            of("Aged", Measure::TicketsAged),
        ];
        let figure = self.find(OPEN, &month);
        Some(Headlines::of_month(&month, figure, numbers))
    }

    /// Opening + logged + reopened + reinstated − resolutions − cancelled = closing.
    fn identity(&self) -> Table {
        let row = |month: &Period| {
            let opening = self.find(OPEN, &month_before(month));
            let closing = self.find(OPEN, month);
            let flows = FLOWS.map(|(measure, _)| self.find(measure, month));
            let counts: Option<Vec<i64>> = flows.iter().map(|figure| count(*figure)).collect();
            let sum = counts.zip(count(opening)).map(|(counts, opening)| {
                let signed = counts.iter().zip(FLOWS).map(|(n, (_, sign))| n * sign);
                opening + signed.sum::<i64>()
            });
            let rest = sum
                .zip(count(closing))
                .map(|(sum, closing)| closing - sum)
                .map(|rest| Number(Decimal::whole(rest)));
            let cells = [opening]
                .into_iter()
                .chain(flows)
                .chain([closing])
                .map(Cell::of);
            let rest = rest.map_or_else(|| NOTHING.to_owned(), words::number);
            let all: Vec<_> = flows.into_iter().chain([closing]).collect();
            let (header, detail) = period_name(month, &all);
            Row {
                header,
                detail,
                period: Some(*month),
                cells: cells.chain([Cell::Number(rest)]).collect(),
            }
        };
        let titles = [
            "Open at the start",
            "+ logged",
            "+ reopened",
            "+ reinstated",
            "\u{2212} resolutions",
            "\u{2212} cancelled",
            "= open at the end",
            "Joined or left",
        ];
        let note = "A ticket that is resolved, reopened and resolved again has two resolutions. \
                    “Joined or left” is what a council brought or took when it joined or left with \
                    open tickets.";
        let title = "Open tickets from month to month, newest first";
        self.monthly(
            "months",
            title,
            note,
            titles.map(String::from).to_vec(),
            row,
        )
    }

    fn stock(&self) -> Table {
        const STOCK: [Measure; 4] = [
            OPEN,
            Measure::TicketsOnHold,
            Measure::TicketsUntriaged,
            Measure::TicketsAged,
        ];
        let titles = ["Open", "On hold", "Not triaged yet", "Aged"];
        let row = |month: &Period| {
            let found = STOCK.map(|measure| self.find(measure, month));
            let mut row = Row::of_period(month, &found);
            row.cells = found
                .iter()
                .map(|figure| self.cell(*figure, month))
                .collect();
            row
        };
        let note = "A ticket may be in several of these. An aged one was logged longer ago than the \
                    age limit that was agreed.";
        let title = "Open tickets at the end of each month, newest first";
        self.monthly("stock", title, note, titles.map(String::from).to_vec(), row)
    }

    fn aged(&self) -> Table {
        let row = |month: &Period| {
            let share = self.find(Measure::AgedResolutionShare, month);
            let resolved = self.find(Measure::TicketsResolved, month);
            let aged = share.and_then(|share| share.numerator);
            let aged = match aged.map(|aged| Number(Decimal::whole(aged))) {
                Some(aged) => Cell::Number(words::number(aged)),
                None => self.cell(share, month),
            };
            let (header, detail) = period_name(month, &[share, resolved]);
            Row {
                header,
                detail,
                period: Some(*month),
                cells: vec![Cell::of(resolved), aged, self.cell(share, month)],
            }
        };
        let titles = ["Resolved", "Of them aged", "Share, percent"];
        let note = "How old the tickets were that were resolved: a month in which old ones are cleared \
                    has a high share, and a low attainment of targets.";
        let title = "Aged tickets among those resolved, by month, newest first";
        self.monthly("aged", title, note, titles.map(String::from).to_vec(), row)
    }

    fn by_provider(&self) -> Table {
        const WHAT: [&str; 4] = ["logged", "open", "on hold", "aged"];
        let row = |month: &Period| {
            let of = |code: &str| {
                let values = [(Dimension::Provider, code)];
                PROVIDED.map(|measure| self.providers.find(measure, month, &values))
            };
            let found: Vec<_> = PROVIDERS.iter().flat_map(|(code, _)| of(code)).collect();
            let mut row = Row::of_period(month, &found);
            row.cells = found
                .iter()
                .map(|figure| self.cell(*figure, month))
                .collect();
            row
        };
        let titles = PROVIDERS.iter();
        let titles = titles.flat_map(|(_, who)| WHAT.map(|what| format!("{who}: {what}")));
        let note = "The shared service deals with most tickets, a council's own application team with \
                    the others.";
        let title = "Tickets by who deals with them, by month, newest first";
        self.monthly("providers", title, note, titles.collect(), row)
    }

    fn monthly(
        &self,
        id: &'static str,
        title: &str,
        note: &str,
        titles: Vec<String>,
        row: impl Fn(&Period) -> Row,
    ) -> Table {
        Table {
            id,
            caption: title.to_owned(),
            note: Some(note.to_owned()),
            row_title: "Month",
            columns: titles.into_iter().map(Column::number).collect(),
            rows: self.shown.months.iter().map(row).collect(),
            more: None,
        }
    }

    fn chart(
        &self,
        measure: Measure,
        id: &str,
        title: &str,
        table: &'static str,
    ) -> Option<chart::Chart> {
        let points: Vec<Point> = self
            .shown
            .months
            .iter()
            .rev()
            .map(|month| {
                let figure = self.find(measure, month);
                Point {
                    long_name: period_name(month, &[figure]).0,
                    short_name: month.first_day().strftime("%b %y").to_string(),
                    value: figure.and_then(|figure| figure.value).map(|value| value.0),
                    is_below: false,
                }
            })
            .skip_while(|point| point.value.is_none())
            .collect();
        let chart = chart::counts(id.to_owned(), title.to_owned(), &points)?;
        Some(chart.of_table(table))
    }
}
