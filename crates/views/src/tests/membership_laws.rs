//! The laws of membership: while councils join and leave, the parts of a period add up to it.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, ToSpan};
use proptest::prelude::*;
use townclerk_domain::identity::{AggregateKind, Family};
use townclerk_domain::period::Period;

use super::family_laws;
use super::history::{self, History, ask, folded, start};
use super::like_for_like::leaves;
use crate::basis::Basis;
use crate::definition::Whose;
use crate::figures::{Breakdown, Periods, Query};
use crate::measure::{Accumulation, Measure};
use crate::rows::MemoryRows;

/// When one council joins and leaves, and when the other one leaves.
#[derive(Clone, Debug)]
struct Changing {
    joins: i32,
    stays: Option<i32>,
    other_stays: Option<i32>,
    /// Days of the half-year before which a part begins.
    cuts: Vec<i32>,
}

fn changing() -> impl Strategy<Value = Changing> {
    let some_days = || proptest::option::of(0..150_i32);
    let cuts = proptest::collection::vec(1..181_i32, 1..5);
    let all = (-20..150_i32, some_days(), some_days(), cuts);
    all.prop_map(|(joins, stays, other_stays, cuts)| Changing {
        joins,
        stays,
        other_stays,
        cuts,
    })
}

fn day(number: i32) -> Date {
    "2019-01-01".parse::<Date>().unwrap() + number.days()
}

impl Changing {
    /// The days of both councils; the record of a leaving begins with the year.
    fn members(&self) -> [(&'static str, Date, Date); 2] {
        let earliest = day(2);
        let last = |stays: Option<i32>, from: i32| {
            stays.map_or(Date::MAX, |stays| {
                day(from + stays).max(earliest).max(day(from))
            })
        };
        [
            ("brent", day(-300), last(self.other_stays, 0)),
            ("lewisham", day(self.joins), last(self.stays, self.joins)),
        ]
    }

    fn begun(&self, families: &[Family]) -> History {
        History::joined_by_lewisham(families, &day(self.joins).to_string())
    }

    fn ended(&self, mut history: History) -> History {
        for (council, _, last) in self.members() {
            if last < Date::MAX {
                leaves(&mut history, council, &last.to_string());
            }
        }
        history
    }

    /// The first half of the year in parts.
    fn parts(&self) -> Vec<Period> {
        let mut begins: Vec<i32> = self.cuts.iter().copied().chain([0, 181]).collect();
        begins.sort_unstable();
        begins.dedup();
        let pairs = begins.windows(2);
        let days = pairs.map(|pair| Period::Days {
            first: day(pair[0]),
            last: day(pair[1] - 1),
        });
        days.collect()
    }
}

/// Every figure by measure and period.
fn values(
    history: &History,
    rows: &MemoryRows,
    scope: &str,
    measures: &[Measure],
    periods: &[Period],
) -> BTreeMap<(&'static str, String), Option<i64>> {
    let query = Query {
        scope: scope.parse().unwrap(),
        measures: measures.to_vec(),
        periods: Periods::These(periods.to_vec()),
        breakdowns: vec![Breakdown::default()],
        basis: Basis {
            as_at: Some(start() + SignedDuration::from_hours(24 * 800)),
            known_at: None,
        },
        like_for_like: false,
    };
    let figures = ask(history, rows, &query).into_iter();
    figures
        .map(|f| ((f.measure, f.period.label), f.numerator))
        .collect()
}

/// Whatever parts a period is cut into, together they are the period.
fn parts_add_up(
    history: &History,
    rows: &MemoryRows,
    changing: &Changing,
    kind: impl Fn(Measure) -> bool,
) {
    let period = |label: &str| label.parse::<Period>().unwrap();
    let whole = period("2019-01/2019-06");
    let by_days = changing.parts();
    let by_months: Vec<Period> = (1..=6)
        .map(|month| period(&format!("2019-{month:02}")))
        .collect();
    let by_quarters = vec![period("18/19 Q4"), period("19/20 Q1")];
    let all: Vec<Period> = [&by_days, &by_months, &by_quarters]
        .into_iter()
        .flatten()
        .copied()
        .chain([whole])
        .collect();
    let measures: Vec<Measure> = Measure::ALL
        .into_iter()
        .filter(|measure| {
            measure.definition().adds_up && measure.accumulation() == Accumulation::Flow
        })
        .filter(|measure| kind(*measure))
        .collect();
    assert!(!measures.is_empty());
    let found = values(history, rows, "joint", &measures, &all);
    for measure in measures {
        let value = |period: &Period| found[&(measure.name(), period.to_string())];
        let Some(total) = value(&whole) else { continue };
        for parts in [&by_days, &by_months, &by_quarters] {
            // Months alone are below a target.
            if measure == Measure::MonthsBelowTarget && std::ptr::eq(parts, &by_days) {
                continue;
            }
            // A part in which no service was agreed on, or nobody was a member, adds nothing.
            let sum: i64 = parts.iter().filter_map(value).sum();
            assert_eq!(sum, total, "{measure} in {parts:?}");
        }
    }
}

/// A day is the sum over its members: of their own figures, and of what is shared where anybody is one.
fn days_are_those_of_their_members(
    history: &History,
    rows: &MemoryRows,
    changing: &Changing,
    kind: impl Fn(Measure) -> bool,
) {
    let members = changing.members();
    let edges = members.iter().flat_map(|(_, first, last)| [*first, *last]);
    let around = edges
        .filter(|edge| *edge < Date::MAX)
        .flat_map(|edge| [edge - 1.day(), edge, edge + 1.day()]);
    let within = around.filter(|one| (day(0)..day(400)).contains(one));
    let days: Vec<Period> = within.map(Period::Day).collect();
    let measures: Vec<Measure> = Measure::ALL
        .into_iter()
        .filter(|measure| measure.definition().adds_up && measure.is_counted() && kind(*measure))
        .filter(|measure| measure.definition().whose == Whose::Home)
        .collect();
    assert!(!measures.is_empty());
    let of = |scope| values(history, rows, scope, &measures, &days);
    let (joint, shared) = (of("joint"), of("shared"));
    let own: BTreeMap<&str, _> = members
        .iter()
        .map(|(council, ..)| (*council, of(council)))
        .collect();
    for (cell, found) in joint {
        let day: Date = cell.1.parse().unwrap();
        let of_day = members
            .iter()
            .filter(|(_, first, last)| (*first..=*last).contains(&day));
        let parts: Vec<Option<i64>> = of_day.map(|(council, ..)| own[council][&cell]).collect();
        if parts.is_empty() {
            assert_eq!(found, None, "{cell:?}: nobody was a member");
            continue;
        }
        let sum: Option<i64> = parts.into_iter().chain([shared[&cell]]).sum();
        assert_eq!(found, sum, "{cell:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn tickets_of_any_parts_add_up_while_councils_join_and_leave(steps in history::steps(), changing in changing()) {
        let tickets = |measure: Measure| measure.kind() == AggregateKind::Ticket;
        let begun = changing.begun(&[Family::Ticket]).agreeing();
        let history = changing.ended(history::played(begun, &steps));
        let rows = folded(&history.all(), &[]);
        parts_add_up(&history, &rows, &changing, tickets);
        days_are_those_of_their_members(&history, &rows, &changing, tickets);
    }

    #[test]
    fn other_records_of_any_parts_add_up_while_councils_join_and_leave(steps in family_laws::steps(), changing in changing()) {
        let others = |measure: Measure| measure.kind() != AggregateKind::Ticket;
        let begun = changing.begun(&family_laws::FAMILIES);
        let history = changing.ended(family_laws::played(begun, &steps));
        let rows = folded(&history.all(), &[]);
        parts_add_up(&history, &rows, &changing, others);
        days_are_those_of_their_members(&history, &rows, &changing, others);
    }
}
