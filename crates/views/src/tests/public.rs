//! What everybody is shown, beside what there is.

use std::cell::Cell;
use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;
use townclerk_domain::amendment::Recordable;
use townclerk_domain::change::Outcome;
use townclerk_domain::post::Appointment;
use townclerk_domain::ticket::{Channel, Logged, Priority, TicketFact, TicketKind, UserClass};

use super::change_rates::closed_on;
use super::families::EVERYTHING;
use super::history::{History, ask, code, everything, folded, history, one, read, steps};
use super::posts::{created, filled, tells_in};
use crate::basis::Basis;
use crate::dimension::{Dimension, Mask};
use crate::figure::Figure;
use crate::figures::{
    Audience, Breakdown, PassCache, Periods, Query, Reading, count, each_figure, figures,
};
use crate::measure::Measure;
use crate::public::{RULE, SUPPRESSED};
use crate::rows::{MemoryRows, Rows, RowsError, Stoppable};

/// Every breakdown that is shown to anybody, over a quarter and its months.
fn query(measures: &[Measure]) -> Query {
    let masks = RULE.masks().map(|mask| Breakdown {
        split: mask.dimensions().collect(),
        ..Breakdown::default()
    });
    let periods = ["2019-01", "2019-02", "2019-03", "18/19 Q4"];
    Query {
        measures: measures.to_vec(),
        periods: Periods::These(periods.iter().map(|p| p.parse().unwrap()).collect()),
        breakdowns: std::iter::once(Breakdown::default()).chain(masks).collect(),
        ..Query::everything("joint".parse().unwrap())
    }
}

fn public(history: &History, query: &Query) -> Vec<Figure> {
    let mut found = Vec::new();
    let rows = folded(&history.all(), &[]);
    read(history, &rows, |reading| {
        each_figure(reading, query, Audience::Public, &mut |figure| {
            found.push(figure);
            Ok(())
        })
        .unwrap();
    });
    found
}

type Place = (&'static str, String, BTreeMap<String, String>);

fn place(figure: &Figure) -> Place {
    let period = figure.period.label.clone();
    (figure.measure, period, figure.breakdown.clone())
}

fn logs(history: &mut History, name: &str, priority: Priority, day: &str, count: u128) {
    let before = history.logs.values().map(Vec::len).sum::<usize>();
    let at: Timestamp = format!("{day}T10:00:00Z").parse().unwrap();
    for number in 0..count {
        let logged = TicketFact::Logged(Logged {
            kind: TicketKind::Incident,
            priority,
            user_class: UserClass::Standard,
            channel: Channel::Web,
            service: code("email"),
            category: code("other"),
            directorate: None,
            sts: true,
            councils: [].into(),
        });
        let id = u128::try_from(before).unwrap() * 1_000 + number;
        history.ask(name, id, at, Recordable::Fact(logged));
    }
}

/// A quarter in which both councils logged many tickets of P3, some of P2 and few of P1.
fn quarter() -> History {
    let mut history = History::covered();
    for (day, p1, p2) in [
        ("2019-01-10", 2, 6),
        ("2019-02-10", 4, 7),
        ("2019-03-10", 3, 9),
    ] {
        for name in ["brent", "lewisham"] {
            logs(&mut history, name, Priority::P3, day, 20);
            logs(&mut history, name, Priority::P2, day, p2);
        }
        logs(&mut history, "brent", Priority::P1, day, p1 - 1);
        logs(&mut history, "lewisham", Priority::P1, day, 1);
    }
    history
}

fn by_priority(figures: &[Figure], period: &str) -> BTreeMap<String, Option<i64>> {
    let of = figures.iter().filter(|figure| {
        figure.period.label == period
            && figure.breakdown.keys().eq(["priority"])
            && figure.measure == Measure::TicketsLogged.name()
    });
    of.map(|figure| (figure.breakdown["priority"].clone(), figure.numerator))
        .collect()
}

#[test]
fn a_small_number_is_hidden_with_one_beside_it_and_the_whole_stays() {
    let history = quarter();
    let shown = public(&history, &query(&[Measure::TicketsLogged]));
    let whole = shown.iter().filter(|figure| figure.breakdown.is_empty());
    let whole: Vec<_> = whole.map(|figure| figure.numerator).collect();
    assert_eq!(whole, [Some(54), Some(58), Some(61), Some(173)]);
    for month in ["2019-01", "2019-02", "2019-03"] {
        let found = by_priority(&shown, month);
        // Nothing tells which of the two is the small one.
        assert_eq!((found["p1"], found["p2"]), (None, None), "{month}");
        assert_eq!((found["p3"], found["p4"]), (Some(40), Some(0)), "{month}");
    }
    // Nine in the quarter are no small number, and their months do not follow from it.
    let quarter = by_priority(&shown, "18/19 Q4");
    assert_eq!((quarter["p1"], quarter["p2"]), (Some(9), Some(44)));
    let hidden = shown.iter().filter(|figure| figure.suppressed.is_some());
    for figure in hidden {
        assert_eq!(figure.suppressed, Some(SUPPRESSED));
        assert_eq!(figure.value, None);
        assert_eq!((figure.numerator, figure.denominator), (None, None));
    }
}

#[test]
fn what_is_hidden_is_hidden_however_it_is_asked_for() {
    let history = quarter();
    let all = public(&history, &query(&[Measure::TicketsLogged]));
    for figure in &all {
        let mut alone = one(
            "joint",
            Measure::TicketsLogged,
            &figure.period.label,
            Basis::default(),
        );
        let fixed = figure.breakdown.iter();
        let fixed = fixed.map(|(name, value)| (Dimension::from_name(name).unwrap(), value.clone()));
        alone.breakdowns[0].fixed = fixed.collect();
        let alone = public(&history, &alone);
        assert_eq!(alone[0].numerator, figure.numerator, "{:?}", place(figure));
    }
    // A range has no month that is hidden: two of them would differ by it.
    let mut range = one(
        "joint",
        Measure::TicketsLogged,
        "2019-01/2019-02",
        Basis::default(),
    );
    range.breakdowns[0].fixed = [(Dimension::Priority, "p1".to_owned())].into();
    assert_eq!(public(&history, &range)[0].numerator, None);
    range.breakdowns[0].fixed = [(Dimension::Priority, "p3".to_owned())].into();
    assert_eq!(public(&history, &range)[0].numerator, Some(80));
}

/// What is shown of each outcome and of the rate of success and failure in February.
fn shown_of_changes(history: &History) -> BTreeMap<String, Option<i64>> {
    let measures = [
        Measure::ChangesClosed,
        Measure::ChangeSuccessRate,
        Measure::ChangeFailureRate,
    ];
    let mut query = query(&measures);
    query.periods = Periods::These(vec!["2019-02".parse().unwrap()]);
    let found = public(history, &query).into_iter();
    let found = found.map(|figure| {
        let outcome = figure.breakdown.get("outcome").cloned();
        (
            outcome.unwrap_or(figure.measure.to_owned()),
            figure.numerator,
        )
    });
    found.collect()
}

#[test]
fn a_share_is_shown_where_it_follows_from_what_is_shown_and_only_there() {
    let mut history = History::covering(&EVERYTHING);
    for number in 0..6 {
        let day = format!("2019-02-{:02}", number + 4);
        closed_on(&mut history, "brent", number, &day, Outcome::Successful);
        closed_on(
            &mut history,
            "lewisham",
            10 + number,
            &day,
            Outcome::Successful,
        );
    }
    for number in 20..22 {
        closed_on(
            &mut history,
            "brent",
            number,
            "2019-02-20",
            Outcome::Unsuccessful,
        );
    }
    // Brent's alone: what succeeded would tell it.
    let shown = shown_of_changes(&history);
    assert_eq!(shown["changes_closed"], Some(14));
    assert_eq!((shown["unsuccessful"], shown["successful"]), (None, None));
    let rates = ["change_success_rate", "change_failure_rate"].map(|rate| shown[rate]);
    assert_eq!(rates, [None, None]);
    for number in 30..32 {
        closed_on(
            &mut history,
            "lewisham",
            number,
            "2019-02-20",
            Outcome::BackedOut,
        );
    }
    // Together they are of two councils, and what is left of the whole beside what succeeded.
    let shown = shown_of_changes(&history);
    assert_eq!((shown["unsuccessful"], shown["backed-out"]), (None, None));
    assert_eq!(shown["successful"], Some(12));
    let rates = ["change_success_rate", "change_failure_rate"].map(|rate| shown[rate]);
    assert_eq!(rates, [Some(12), Some(4)]);
}

#[test]
fn how_many_posts_there_are_is_public_and_who_holds_them_is_not() {
    let mut history = History::covering(&EVERYTHING);
    for (name, number) in [("brent", 1), ("lewisham", 2)] {
        let post = || created("service-desk", "analyst");
        tells_in(&mut history, name, number, "2019-01-10T09:00:00Z", post());
        tells_in(
            &mut history,
            name,
            number + 10,
            "2019-02-10T09:00:00Z",
            post(),
        );
        let internal = filled(Appointment::Internal, None);
        tells_in(&mut history, name, number, "2019-02-11T09:00:00Z", internal);
    }
    let mut asked = query(&[
        Measure::PostsCreated,
        Measure::Establishment,
        Measure::PostsFilled,
        Measure::Vacancies,
    ]);
    asked.periods = Periods::These(vec!["2019-02".parse().unwrap()]);
    let split = |dimension| Breakdown {
        split: vec![dimension],
        ..Breakdown::default()
    };
    asked.breakdowns = vec![
        Breakdown::default(),
        split(Dimension::Appointment),
        split(Dimension::Team),
    ];
    let found = public(&history, &asked);
    let whole = |measure: Measure| {
        let mut found = found.iter();
        let of = found.find(|f| f.measure == measure.name() && f.breakdown.is_empty());
        of.unwrap().numerator
    };
    assert_eq!(whole(Measure::PostsCreated), Some(2));
    assert_eq!(whole(Measure::Establishment), Some(4));
    assert_eq!(whole(Measure::PostsFilled), None);
    assert_eq!(whole(Measure::Vacancies), None);
    // Values that every reader knows are there, and said not to be shown: they are not missing.
    let parts = found.iter().filter(|figure| !figure.breakdown.is_empty());
    let parts: Vec<_> = parts
        .map(|f| (f.breakdown["appointment"].as_str(), f.value, f.suppressed))
        .collect();
    assert_eq!(parts.len(), Appointment::ALL.len());
    assert!(
        parts
            .iter()
            .all(|(_, value, why)| value.is_none() && *why == Some(SUPPRESSED))
    );
}

#[test]
fn what_is_not_over_is_the_sum_of_its_months_that_are() {
    let history = quarter();
    let mut query = query(&[Measure::TicketsLogged]);
    query.basis.as_at = Some("2019-03-01T00:00:00Z".parse().unwrap());
    let shown = public(&history, &query);
    let quarter = by_priority(&shown, "18/19 Q4");
    assert_eq!((quarter["p1"], quarter["p3"]), (None, Some(80)));
    let march = by_priority(&shown, "2019-03");
    assert_eq!(march["p3"], None);
}

#[test]
fn what_one_council_alone_has_is_hidden_though_it_is_much() {
    let mut history = quarter();
    logs(&mut history, "brent", Priority::P4, "2019-02-10", 30);
    let shown = public(&history, &query(&[Measure::TicketsLogged]));
    assert_eq!(by_priority(&shown, "2019-02")["p4"], None);
}

#[test]
fn figures_for_everybody_are_as_at_the_end_of_a_month_that_is_over() {
    let history = quarter();
    let asked = Basis {
        as_at: Some("2031-01-01T00:00:00Z".parse().unwrap()),
        known_at: None,
    };
    let mut query = one("joint", Measure::TicketsLogged, "2019-01", asked);
    // All logs were read to the end of 2029, when their coverage ends.
    for as_at in [None, asked.as_at] {
        query.basis.as_at = as_at;
        let figure = &public(&history, &query)[0];
        let found = figure.as_at.unwrap();
        assert!(RULE.takes_moment(found) && Some(found) < asked.as_at);
        // When something was recorded last is nothing for everybody.
        assert_eq!(figure.known_at, None);
    }
}

#[test]
fn figures_are_counted_before_they_are_made() {
    let history = quarter();
    let rows = folded(&history.all(), &[]);
    let pair = Query {
        breakdowns: vec![Breakdown {
            split: vec![Dimension::Service, Dimension::Category],
            ..Breakdown::default()
        }],
        ..Query::everything("joint".parse().unwrap())
    };
    for query in [
        pair,
        everything("joint", Basis::default()),
        everything("brent", Basis::default()),
        Query::everything("joint".parse().unwrap()),
    ] {
        let made = ask(&history, &rows, &query).len();
        let counted = read(&history, &rows, |reading| {
            count(reading, &query, Audience::Readers).unwrap()
        });
        assert_eq!(counted, made);
    }
}

#[test]
fn a_read_that_is_told_to_stop_ends_amid_the_rows_and_between_figures() {
    let history = quarter();
    let rows = folded(&history.all(), &[]);
    let (looks, last) = (Cell::new(0), Cell::new(u64::MAX));
    let stopped = || {
        looks.set(looks.get() + 1);
        looks.get() > last.get()
    };
    let stoppable = Stoppable {
        rows: &rows,
        stopped: &stopped,
    };
    let query = everything("joint", Basis::default());
    let attempt = |reading: &Reading<'_, MemoryRows>| {
        let reading = Reading {
            rows: &stoppable,
            positions: reading.positions,
            known: reading.known,
            reached: reading.reached,
            // What was passed over once is kept.
            passes: &PassCache::default(),
        };
        looks.set(0);
        figures(&reading, &query).map(|figures| figures.len())
    };
    read(&history, &rows, |reading| {
        let whole = attempt(reading).unwrap();
        assert!(looks.get() > u64::try_from(whole).unwrap());
        for end in [0, 1, 10, looks.get() - 1] {
            last.set(end);
            assert!(matches!(attempt(reading), Err(RowsError::Stopped)));
            assert_eq!(looks.get(), end + 1);
        }
        last.set(u64::MAX);
        assert_eq!(attempt(reading).unwrap(), whole);
    });
    assert!(rows.go_on().is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// What everybody is shown is what there is, is no small number, and no sum of it leaves one.
    #[test]
    fn nothing_small_is_shown_or_left_over(steps in steps()) {
        let history = history(&steps);
        let measures = [Measure::TicketsLogged, Measure::TicketsReopened, Measure::TicketsOpen];
        let query = query(&measures);
        let all: BTreeMap<Place, Figure> = ask(&history, &folded(&history.all(), &[]), &query)
            .into_iter()
            .map(|figure| (place(&figure), figure))
            .collect();
        let shown: BTreeMap<Place, Option<i64>> = public(&history, &query)
            .into_iter()
            .map(|figure| (place(&figure), figure.numerator))
            .collect();
        for (place, value) in &shown {
            if let Some(value) = value {
                prop_assert_eq!(Some(*value), all[place].numerator, "{:?}", place);
                prop_assert!(*value == 0 || *value >= RULE.smallest, "{:?}", place);
            }
        }
        for ((measure, period, values), whole) in &shown {
            let Some(whole) = whole else { continue };
            for dimension in ["kind", "priority", "provider"] {
                let parts = shown.iter().filter(|((of, at, by), _)| {
                    let mut without = by.clone();
                    without.remove(dimension).is_some()
                        && (of, at, &without) == (measure, period, values)
                });
                // What there is at a month's end has no parts for everybody.
                let mask = values.keys().filter_map(|name| Dimension::from_name(name));
                let mask = Mask::of(mask.chain(Dimension::from_name(dimension)));
                let parts: Vec<_> = match RULE.shows(Measure::from_name(measure).unwrap(), mask) {
                    true => parts.collect(),
                    false => continue,
                };
                let left: i64 = whole - parts.iter().filter_map(|(_, value)| **value).sum::<i64>();
                prop_assert!(parts.is_empty() || left == 0 || left >= RULE.smallest);
                let hidden = parts.iter().filter(|(place, value)| {
                    value.is_none() && all[*place].numerator != Some(0)
                });
                prop_assert_ne!(hidden.count(), 1, "{} {} {:?}", measure, period, values);
            }
        }
    }
}
