//! Table models from figures alone.

use std::collections::BTreeMap;

use townclerk_domain::claim::Precision;
use townclerk_domain::decimal::Decimal;
use townclerk_domain::names::Scope;
use townclerk_domain::period::Period;
use townclerk_views::figure::{ClaimShown, Figure, Number, PeriodShown};
use townclerk_views::measure::Measure;

use crate::page::asking::Figures;
use crate::page::published::p1_beside;
use crate::page::table::{Cell, Row};

fn period(label: &str) -> Period {
    label.parse().unwrap()
}

fn figure(label: &str, value: Option<i64>, partial: bool) -> Figure {
    let measure = Measure::TicketsLogged;
    Figure {
        measure: measure.name(),
        scope: Scope::Joint,
        period: PeriodShown::from(&period(label)),
        breakdown: BTreeMap::new(),
        value: value.map(|value| Number(Decimal::whole(value))),
        suppressed: None,
        unit: measure.unit(),
        numerator: value,
        denominator: None,
        cohort: measure.cohort(),
        clock: None,
        as_at: None,
        known_at: None,
        partial,
        covered: BTreeMap::new(),
        members: Vec::new(),
        reached: BTreeMap::new(),
        complete_to: BTreeMap::new(),
        held: 0,
        no_record_has: Default::default(),
        synthetic: false,
        claims: Vec::new(),
        like_for_like: None,
    }
}

#[test]
fn nothing_known_is_not_covered_and_a_zero_is_a_zero() {
    assert_eq!(Cell::of(None).text(), "not covered");
    assert_eq!(
        Cell::of(Some(&figure("2020-07", None, false))).text(),
        "not covered"
    );
    assert_eq!(
        Cell::of(Some(&figure("2020-07", Some(0), false))).text(),
        "0"
    );
    let many = figure("2020-07", Some(12_345), false);
    assert_eq!(Cell::of(Some(&many)), Cell::Number("12,345".to_owned()));
}

#[test]
fn a_period_is_partial_if_one_of_its_figures_is() {
    let (whole, part) = (
        figure("2020-07", Some(1), false),
        figure("2020-07", Some(2), true),
    );
    let name = |figures: &[Option<&Figure>]| Row::of_period(&period("2020-07"), figures).header;
    assert_eq!(name(&[Some(&whole), None]), "July 2020");
    assert_eq!(name(&[Some(&whole), Some(&part)]), "July 2020 (partial)");
}

#[test]
fn a_value_that_no_record_has_is_no_plain_zero() {
    let mut none = figure("2020-07", Some(0), false);
    assert_eq!(Cell::of(Some(&none)).text(), "0");
    none.no_record_has.insert("service", "emial".to_owned());
    assert_eq!(Cell::of(Some(&none)).text(), "no record has this value");
}

#[test]
fn claims_stand_beside_figures_and_are_compared_in_words() {
    let claim = |value, differs: Option<bool>| ClaimShown {
        value: Number(Decimal::whole(value)),
        decimals: 0,
        precision: Precision::AtMost,
        as_at: None,
        source: "A paper".to_owned(),
        ours: differs.map(|_| Number(Decimal::whole(12))),
        differs,
        differs_by: (differs == Some(true)).then(|| Number(Decimal::whole(12 - value))),
        why: differs.is_none().then(|| "nothing is recorded".to_owned()),
    };
    let mut quarter = figure("19/20 Q4", Some(12), false);
    let values = [("kind", "incident"), ("priority", "p1")];
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    quarter.breakdown = values.map(owned).into();
    quarter.claims = vec![
        claim(11, Some(true)),
        claim(12, Some(false)),
        claim(9, None),
    ];
    let figures = Figures::new(vec![quarter]);
    let periods = [period("20/21 Q1"), period("19/20 Q4")];
    let table = p1_beside("p1", "P1", &figures, &periods);
    let texts = |row: &Row| {
        let cells = row.cells.iter().map(Cell::text);
        cells.take(3).collect::<Vec<_>>().join(" | ")
    };
    let texts: Vec<String> = table.rows.iter().map(texts).collect();
    assert_eq!(
        texts,
        [
            "not covered | none published | \u{2013}",
            "12 | at most 11 | differs: ours is 1 more",
            "12 | at most 12 | agrees",
            "12 | at most 9 | not comparable: nothing is recorded",
        ]
    );
    assert_eq!(
        table.rows[1].detail.as_deref(),
        Some("January to March 2020")
    );
}
