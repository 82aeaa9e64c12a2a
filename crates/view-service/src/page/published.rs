//! Published figures beside ours: a claim never replaces a computed figure.

use std::cmp::Reverse;

use townclerk_domain::claim::incomparable;
use townclerk_domain::period::Period;
use townclerk_views::dimension::Dimension;
use townclerk_views::figure::{ClaimShown, Number};
use townclerk_views::measure::Measure;

use super::asking::{Claimed, Figures, measure_of};
use super::gather::{INCIDENT, P1};
use super::table::{Cell, Column, Row, Table, period_name};
use super::words;

const NO_CLAIM: &str = "none published";

/// A row for each claim; a period without one keeps a row of its own.
pub fn p1_beside(id: &'static str, caption: &str, figures: &Figures, periods: &[Period]) -> Table {
    let values = [(Dimension::Kind, INCIDENT), (Dimension::Priority, P1)];
    let mut rows = Vec::new();
    for period in periods {
        let figure = figures.find(Measure::TicketsLogged, period, &values);
        let (header, detail) = period_name(period, &[figure]);
        let row = |claim: [Cell; 3]| Row {
            header: header.clone(),
            detail: detail.clone(),
            period: Some(*period),
            cells: [Cell::of(figure)].into_iter().chain(claim).collect(),
        };
        let claims = figure
            .map(|figure| figure.claims.as_slice())
            .unwrap_or_default();
        if claims.is_empty() {
            let none = Cell::Absent(NO_CLAIM.to_owned());
            let nothing = Cell::words(None::<String>);
            rows.push(row([none, nothing.clone(), nothing]));
        }
        rows.extend(claims.iter().map(|claim| {
            row([
                Cell::Number(words::published(claim.value, claim.precision)),
                verdict(claim),
                Cell::Words(claim.source.clone()),
            ])
        }));
    }
    let note = "A published figure is compared with ours at its own moment, which the table of \
                published figures gives.";
    Table {
        id,
        caption: caption.to_owned(),
        note: Some(note.to_owned()),
        row_title: "Period",
        columns: vec![
            Column::number("Computed"),
            Column::number("Published"),
            Column::words("Differs"),
            Column::words("Source"),
        ],
        rows,
        more: None,
    }
}

/// Whether a claim agrees with ours, by how much it differs, or why nobody can say.
fn verdict(claim: &ClaimShown) -> Cell {
    match (claim.differs, claim.differs_by, &claim.why) {
        (Some(false), _, _) => Cell::Words("agrees".to_owned()),
        (Some(true), Some(by), _) => {
            Cell::Notable(format!("differs: ours is {}", words::less_or_more(by)))
        }
        (Some(true), None, _) => Cell::Notable("differs".to_owned()),
        (None, _, Some(why)) => not_comparable(why),
        (None, _, None) => Cell::Words(NOT_COMPARABLE.to_owned()),
    }
}

const NOT_COMPARABLE: &str = "not comparable";

fn not_comparable(why: &str) -> Cell {
    Cell::Words(format!("{NOT_COMPARABLE}: {why}"))
}

/// Every published figure of the scope, by what it counts, quarters first, newest first.
pub fn claims(claimed: &[Claimed]) -> Table {
    let mut sorted: Vec<&Claimed> = claimed.iter().collect();
    sorted.sort_by_key(|claimed| {
        let claim = &claimed.claim;
        let is_month = matches!(claim.period, Period::Month(_));
        let what = (
            claim.measure.clone(),
            claim.breakdown.clone(),
            claim.as_at,
            is_month,
        );
        (what, Reverse(claim.period.first_day()))
    });
    Table {
        id: "published",
        caption: "Published figures beside ours".to_owned(),
        note: Some(
            "What a paper published is recorded as a claim. It never replaces a computed figure. \
             Ours is computed as at the claim's own moment."
                .to_owned(),
        ),
        row_title: "Period",
        columns: vec![
            Column::words("Measure"),
            Column::words("Counts"),
            Column::number("Ours"),
            Column::number("Published"),
            Column::words("Differs"),
            Column::words("As at"),
            Column::words("Source"),
        ],
        rows: sorted.into_iter().map(claim_row).collect(),
        more: None,
    }
}

fn claim_row(claimed: &Claimed) -> Row {
    let Claimed { claim, ours } = claimed;
    let (header, detail) = period_name(&claim.period, &[ours.as_ref()]);
    let measure = measure_of(claim);
    let compared: Option<&ClaimShown> = ours.as_ref().and_then(|figure| {
        let mut claims = figure.claims.iter();
        claims.find(|shown| {
            shown.value.0 == claim.value
                && shown.precision == claim.precision
                && shown.source == claim.source
        })
    });
    let as_at = claim.as_at.or(ours.as_ref().and_then(|ours| ours.as_at));
    let title = measure.map(|known| known.title().to_owned());
    let counts = match &claim.unit {
        Some(unit) if claim.breakdown.is_empty() => unit.clone(),
        Some(unit) => format!("{unit}, {}", words::breakdown(None, &claim.breakdown)),
        None => words::breakdown(measure, &claim.breakdown),
    };
    let cells = vec![
        Cell::Words(title.unwrap_or_else(|| words::measure_name(&claim.measure))),
        Cell::Words(counts),
        match ours {
            Some(figure) => Cell::of(Some(figure)),
            None => Cell::Absent("not computed".to_owned()),
        },
        Cell::Number(words::published(Number(claim.value), claim.precision)),
        match (compared, incomparable(claim)) {
            (Some(claim), _) => verdict(claim),
            (None, Some(why)) => not_comparable(&why),
            (None, None) => Cell::Words(NOT_COMPARABLE.to_owned()),
        },
        Cell::Words(as_at.map_or("not said".to_owned(), |at| words::moment(at).text)),
        Cell::Words(claim.source.clone()),
    ];
    Row {
        header,
        detail,
        period: Some(claim.period),
        cells,
    }
}
