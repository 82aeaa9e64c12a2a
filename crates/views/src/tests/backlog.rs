//! The identity of the backlog, for every history, scope, breakdown and period, over transitions:
//! open(end) = open(start) + logged + reopened + reinstated + moved in - moved out - resolutions -
//! cancelled.

use std::collections::BTreeMap;

use jiff::{SignedDuration, ToSpan};
use proptest::prelude::*;
use townclerk_domain::identity::AggregateKind;
use townclerk_domain::period::{Month, Period};
use townclerk_domain::ticket::{Priority, Reprioritised, TicketFact, TicketRules};

use super::change_control::incident;
use super::families::{aggregate, of, shown};
use super::history::{History, ask, everything, folded, history, one, start, steps};
use super::like_for_like::leaves;
use crate::basis::Basis;
use crate::dimension::{Dimension, Mask};
use crate::figures::{Breakdown, Home, Periods, Query, backlog_differences, backlog_query};
use crate::measure::Measure;
use crate::rows::MemoryRows;

/// What the identity is made of.
const PARTS: [Measure; 8] = [
    Measure::TicketsOpen,
    Measure::TicketsLogged,
    Measure::TicketsReopened,
    Measure::TicketsReinstated,
    Measure::TicketsMovedIn,
    Measure::TicketsMovedOut,
    Measure::TicketResolutions,
    Measure::TicketsCancelled,
];

/// Pairs of a period and the next one of its kind.
const PERIODS: [(&str, &str); 6] = [
    ("2019-01", "2019-02"),
    ("2019-02", "2019-03"),
    ("18/19 Q4", "19/20 Q1"),
    ("2019-01-01", "2019-01-02"),
    ("2019-01-14", "2019-01-15"),
    ("2019-03-30", "2019-03-31"),
];

fn late() -> Basis {
    Basis {
        as_at: Some(start() + SignedDuration::from_hours(9_000)),
        known_at: None,
    }
}

/// Every breakdown that tickets have, and by home log.
fn breakdowns() -> Vec<Breakdown> {
    let masks = Mask::everything().into_iter();
    let by_dimension = masks.map(|mask| Breakdown {
        split: mask.dimensions().collect(),
        ..Breakdown::default()
    });
    let by_home = Breakdown {
        home: Home::Split,
        ..Breakdown::default()
    };
    by_dimension.chain([by_home]).collect()
}

fn query(scope: &str, periods: &[&str]) -> Query {
    Query {
        measures: PARTS.to_vec(),
        periods: Periods::These(
            periods
                .iter()
                .map(|period| period.parse().unwrap())
                .collect(),
        ),
        breakdowns: breakdowns(),
        ..everything(scope, late())
    }
}

/// How a figure counts in what must come to nothing.
fn sign(measure: &str, is_before: bool) -> i64 {
    match (measure, is_before) {
        ("tickets_open", true) => 1,
        ("tickets_open", false) => -1,
        (_, true) => 0,
        (
            "tickets_logged" | "tickets_reopened" | "tickets_reinstated" | "tickets_moved_in",
            false,
        ) => 1,
        (_, false) => -1,
    }
}

/// What stands beside the sum in `period`.
fn rest(history: &History, rows: &MemoryRows, scope: &str, before: &str, period: &str) -> i64 {
    let value = |measure, period| {
        let figure = ask(history, rows, &one(scope, measure, period, late())).remove(0);
        figure.numerator.unwrap()
    };
    let came: i64 = PARTS[1..5]
        .iter()
        .map(|measure| value(*measure, period))
        .sum();
    let went: i64 = PARTS[5..]
        .iter()
        .map(|measure| value(*measure, period))
        .sum();
    value(Measure::TicketsOpen, period) - value(Measure::TicketsOpen, before) - came + went
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_came_and_went_makes_the_backlog(steps in steps()) {
        let history = history(&steps);
        let rows = folded(&history.all(), &[]);
        for scope in ["brent", "shared", "joint"] {
            for (before, period) in PERIODS {
                let figures = ask(&history, &rows, &query(scope, &[before, period]));
                let mut rests: BTreeMap<_, i64> = BTreeMap::new();
                for figure in figures {
                    let rest = rests.entry(figure.breakdown).or_default();
                    *rest += sign(figure.measure, figure.period.label == before) * figure.numerator.unwrap();
                }
                prop_assert!(rests.len() > 1);
                for (breakdown, rest) in rests {
                    prop_assert_eq!(rest, 0, "{} {} {:?}", scope, period, breakdown);
                }
            }
        }
    }

    /// What `verify` looks at.
    #[test]
    fn verify_finds_no_difference(steps in steps()) {
        let history = history(&steps);
        let rows = folded(&history.all(), &[]);
        for scope in ["brent", "shared", "joint"] {
            let query = backlog_query(scope.parse().unwrap(), late().as_at);
            let found = backlog_differences(&ask(&history, &rows, &query));
            prop_assert_eq!(found, Vec::<String>::new());
        }
    }

    /// A council that leaves takes its open tickets along, and nothing else stands beside the sum.
    #[test]
    fn a_council_that_leaves_does_so_with_its_open_tickets(steps in steps(), day in 3..150_i32) {
        let mut history = history(&steps);
        let last_day = "2019-01-01".parse::<jiff::civil::Date>().unwrap() + day.days();
        leaves(&mut history, "lewisham", &last_day.to_string());
        let rows = folded(&history.all(), &[]);
        let months: Vec<Month> = (1..=6).filter_map(|month| Month::new(2019, month)).collect();
        let label = |month: Month| Period::Month(month).to_string();
        let gone = Month::of_day(last_day + 1.day());
        let taken = one("lewisham", Measure::TicketsOpen, &last_day.to_string(), late());
        let taken = ask(&history, &rows, &taken);
        for pair in months.windows(2) {
            let found = rest(&history, &rows, "joint", &label(pair[0]), &label(pair[1]));
            let expected = match pair[1] == gone {
                true => -taken[0].numerator.unwrap(),
                false => 0,
            };
            prop_assert_eq!(found, expected, "in {}", label(pair[1]));
        }
        let query = backlog_query("joint".parse().unwrap(), late().as_at);
        let found = backlog_differences(&ask(&history, &rows, &query));
        prop_assert_eq!(found, Vec::<String>::new());
    }
}

/// Where a council leaves, the logs of the others are looked at all the same.
#[test]
fn a_difference_is_named_in_the_month_in_which_another_council_leaves() {
    let mut history = History::covered();
    for (name, number) in [("brent", 1), ("lewisham", 2)] {
        let id = aggregate(AggregateKind::Ticket, number);
        history.tell::<TicketRules>(name, id, "2019-01-03T10:00:00Z", incident());
    }
    leaves(&mut history, "lewisham", "2019-02-10");
    let rows = folded(&history.all(), &[]);
    let asked = backlog_query("joint".parse().unwrap(), late().as_at);
    let mut figures = ask(&history, &rows, &asked);
    assert_eq!(backlog_differences(&figures), Vec::<String>::new());
    let logged = figures
        .iter_mut()
        .filter(|figure| figure.measure == "tickets_logged" && figure.period.label == "2019-02");
    for figure in logged {
        figure.numerator = figure.numerator.map(|count| count + 1);
    }
    let found = backlog_differences(&figures);
    let expected = "tickets open at the end of 2019-02 home brent: 1, but 2 by those of 2019-01 and \
                    what came and went";
    let of_logs: Vec<_> = found
        .iter()
        .filter(|says| says.contains("2019-02"))
        .collect();
    assert!(of_logs.iter().any(|says| *says == expected), "{found:#?}");
    assert!(
        of_logs.iter().all(|says| says.contains("home ")),
        "{found:#?}"
    );
    assert!(
        !of_logs.iter().any(|says| says.contains("lewisham")),
        "{found:#?}"
    );
}

/// What changes its priority moves among priorities alone, and not at all where nothing is split.
#[test]
fn a_ticket_moves_only_where_its_two_sides_are_told_apart() {
    let mut history = History::covered();
    let id = aggregate(AggregateKind::Ticket, 1);
    history.tell::<TicketRules>("brent", id, "2019-02-03T10:00:00Z", incident());
    let lower = TicketFact::Reprioritised(Reprioritised {
        priority: Priority::P3,
    });
    history.tell::<TicketRules>("brent", id, "2019-02-04T10:00:00Z", lower);
    let moved = |measure, fixed: &[(Dimension, &str)]| {
        shown(&history, &of("brent", measure, "2019-02", fixed))
    };
    for measure in [Measure::TicketsMovedIn, Measure::TicketsMovedOut] {
        assert_eq!(moved(measure, &[]), "0");
        assert_eq!(moved(measure, &[(Dimension::Service, "email")]), "0");
    }
    let priority = |code| [(Dimension::Priority, code)];
    assert_eq!(moved(Measure::TicketsMovedIn, &priority("p3")), "1");
    assert_eq!(moved(Measure::TicketsMovedOut, &priority("p1")), "1");
    assert_eq!(moved(Measure::TicketsMovedOut, &priority("p3")), "0");
}

#[test]
fn what_does_not_add_up_is_named() {
    let mut history = History::covered();
    let id = aggregate(AggregateKind::Ticket, 1);
    history.tell::<TicketRules>("brent", id, "2019-02-03T10:00:00Z", incident());
    let rows = folded(&history.all(), &[]);
    let quarterly = backlog_query("joint".parse().unwrap(), late().as_at);
    let daily = query("joint", &["2019-02-02", "2019-02-03"]);
    let mut figures = ask(&history, &rows, &quarterly);
    figures.extend(ask(&history, &rows, &daily));
    assert_eq!(backlog_differences(&figures), Vec::<String>::new());
    let logged = figures.iter_mut().filter(|figure| {
        let by: Vec<&str> = figure.breakdown.values().map(String::as_str).collect();
        figure.measure == "tickets_logged" && matches!(by[..], [] | ["p1"] | ["brent"])
    });
    for figure in logged {
        figure.numerator = figure.numerator.map(|count| count + 1);
    }
    let found = backlog_differences(&figures);
    for part in ["", " home brent", " priority p1"] {
        for (period, before) in [
            ("2019-03", "2019-02"),
            ("2019-02-03", "2019-02-02"),
            ("19/20 Q1", "18/19 Q4"),
        ] {
            let says = format!(
                "tickets open at the end of {period}{part}: 1, but 2 by those of {before} and what \
                 came and went"
            );
            assert!(found.contains(&says), "{says} is not among {found:#?}");
        }
    }
    assert!(!found.iter().any(|says| says.contains("kind incident")));
}
