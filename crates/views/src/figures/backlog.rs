//! The identity of the backlog: what is open at the end of a period is what was open at its start,
//! with what came and without what went.

use std::collections::BTreeMap;

use jiff::Timestamp;
use townclerk_domain::names::{LogName, Scope};
use townclerk_domain::period::{Month, Period};

use super::additive::additive_query;
use super::query::Query;
use crate::figure::Figure;
use crate::measure::Measure;

/// What comes to the open tickets during a period, and what goes.
pub const FLOWS: [(Measure, i64); 5] = [
    (Measure::TicketsLogged, 1),
    (Measure::TicketsReopened, 1),
    (Measure::TicketsReinstated, 1),
    (Measure::TicketResolutions, -1),
    (Measure::TicketsCancelled, -1),
];

/// What comes to a part of a breakdown from another one, and what goes there.
pub const MOVES: [(Measure, i64); 2] =
    [(Measure::TicketsMovedIn, 1), (Measure::TicketsMovedOut, -1)];

/// All that the identity is made of, in every part of every breakdown of a scope, as
/// [`additive_query`] asks for what adds up.
pub fn backlog_query(scope: Scope, newest: Option<Timestamp>) -> Query {
    let flows = flows().map(|(measure, _)| measure);
    Query {
        measures: [Measure::TicketsOpen].into_iter().chain(flows).collect(),
        ..additive_query(scope, newest)
    }
}

/// The figures of one part of a breakdown, by measure and period.
type Cells<'a> = BTreeMap<(&'a str, &'a str), &'a Figure>;

/// Where the open tickets at the end of a period are not those at its start with what came and went,
/// in words. Looked at is each part of a breakdown, in each period of which the one before is among
/// the figures too. A council that joins or leaves does so with its open tickets: in such a period only
/// the logs are looked at, each by itself, that are part of the joint figure all the time.
pub fn backlog_differences(figures: &[Figure]) -> Vec<String> {
    let mut parts: BTreeMap<_, Cells<'_>> = BTreeMap::new();
    let mut periods: BTreeMap<String, String> = BTreeMap::new();
    for figure in figures {
        let label = &figure.period.label;
        let cells = parts.entry(&figure.breakdown).or_default();
        cells.insert((figure.measure, label), figure);
        if let Some(before) = label.parse().ok().as_ref().and_then(before) {
            periods.insert(label.clone(), before.to_string());
        }
    }
    let Some(totals) = parts.get(&BTreeMap::new()) else {
        return Vec::new();
    };
    let differences = periods.iter().flat_map(|(period, before)| {
        let members = members(totals, period, before);
        parts.iter().filter_map(move |(breakdown, cells)| {
            let same = match breakdown.get("home") {
                Some(home) => members.iter().all(|at| at.contains(&home.as_str())),
                None => members.windows(2).all(|pair| pair[0] == pair[1]),
            };
            difference(cells, period, before).filter(|_| same)
        })
    });
    differences.collect()
}

fn flows() -> impl Iterator<Item = (Measure, i64)> {
    FLOWS.into_iter().chain(MOVES)
}

/// The logs that make up the open tickets at both ends of a period, and each of its flows.
fn members<'a>(totals: &Cells<'a>, period: &str, before: &str) -> Vec<Vec<&'a str>> {
    let ends = [
        (Measure::TicketsOpen, before),
        (Measure::TicketsOpen, period),
    ];
    let between = flows().map(|(measure, _)| (measure, period));
    let all = ends.into_iter().chain(between).map(|(measure, period)| {
        let figure = totals.get(&(measure.name(), period)).into_iter();
        figure
            .flat_map(|figure| figure.covered.keys().map(LogName::as_str))
            .collect()
    });
    all.collect()
}

/// The period of the same kind that ends where this one begins; `None` for ranges.
fn before(period: &Period) -> Option<Period> {
    match period {
        Period::Month(month) => Some(Period::Month(Month::from_number(month.number() - 1))),
        Period::Quarter { .. } => {
            let last = Month::of_day(period.first_day()).number() - 1;
            Some(Period::quarter_of(Month::from_number(last)))
        }
        Period::Day(day) => Some(Period::Day(day.yesterday().ok()?)),
        Period::Months { .. } | Period::Days { .. } => None,
    }
}

fn difference(cells: &Cells<'_>, period: &str, before: &str) -> Option<String> {
    let at = |measure: Measure, period: &str| cells.get(&(measure.name(), period)).copied();
    let opening = at(Measure::TicketsOpen, before)?;
    let closing = at(Measure::TicketsOpen, period)?;
    let mut expected = opening.numerator?;
    for (measure, sign) in flows() {
        expected += sign * at(measure, period)?.numerator?;
    }
    let found = closing.numerator?;
    (found != expected).then(|| {
        let parts = closing.breakdown.iter();
        let parts: Vec<String> = parts.map(|(by, value)| format!(" {by} {value}")).collect();
        format!(
            "tickets open at the end of {period}{}: {found}, but {expected} by those of {before} and \
             what came and went",
            parts.join(",")
        )
    })
}
