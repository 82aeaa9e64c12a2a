//! The identity of the backlog: what is open at the end of a period is what was open at its start,
//! with what came and without what went.

use std::collections::BTreeMap;

use jiff::Timestamp;
use townclerk_domain::names::Scope;
use townclerk_domain::period::{Month, Period};

use super::additive::additive_query;
use super::query::Query;
use crate::figure::Figure;
use crate::measure::Measure;

/// What comes to the open tickets during a period, and what goes.
pub const FLOWS: [(Measure, i64); 4] = [
    (Measure::TicketsLogged, 1),
    (Measure::TicketsReopened, 1),
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
/// the figures too. Left out are periods in which the councils change that make up a joint figure: one
/// that joins or leaves does so with its open tickets.
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
    periods.retain(|period, before| same_members(totals, period, before));
    let differences = periods.iter().flat_map(|(period, before)| {
        let of_parts = parts.values();
        of_parts.filter_map(move |cells| difference(cells, period, before))
    });
    differences.collect()
}

fn flows() -> impl Iterator<Item = (Measure, i64)> {
    FLOWS.into_iter().chain(MOVES)
}

/// Whether the same logs make up both ends of a period and all that lies between them.
fn same_members(totals: &Cells<'_>, period: &str, before: &str) -> bool {
    let ends = [
        (Measure::TicketsOpen, before),
        (Measure::TicketsOpen, period),
    ];
    let between = flows().map(|(measure, _)| (measure, period));
    let mut all = ends.into_iter().chain(between).map(|(measure, period)| {
        let figure = totals.get(&(measure.name(), period))?;
        Some(figure.covered.keys().collect::<Vec<_>>())
    });
    let Some(Some(first)) = all.next() else {
        return false;
    };
    all.all(|members| members.as_ref() == Some(&first))
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
