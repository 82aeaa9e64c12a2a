//! Figures of all councils like for like: the same councils in every period.

use jiff::civil::Date;
use proptest::prelude::*;
use townclerk_domain::claim::{ClaimFact, ClaimKind, ClaimRules, Precision, Published};
use townclerk_domain::identity::AggregateKind;
use townclerk_domain::names::Scope;
use townclerk_domain::partnership::{
    Left, NoticeGiven, PartnershipFact, PartnershipRules, membership,
};
use townclerk_domain::period::Period;
use townclerk_domain::ticket::TicketRules;

use super::change_control::incident;
use super::families::{EVERYTHING, aggregate};
use super::history::{History, ask, code, everything, folded, history, log, one, start, steps};
use crate::basis::Basis;
use crate::figure::Figure;
use crate::figures::{Breakdown, Home, Periods, Query};
use crate::measure::Measure;

fn late() -> Basis {
    Basis {
        as_at: Some("2021-06-01T00:00:00Z".parse().unwrap()),
        known_at: None,
    }
}

pub fn leaves(history: &mut History, council: &str, last_day: &str) {
    let id = membership(&code(council));
    let last_day: Date = last_day.parse().unwrap();
    let notice = PartnershipFact::NoticeGiven(NoticeGiven { last_day });
    history.tell::<PartnershipRules>("shared", id, "2019-01-02T00:00:00Z", notice);
    let left = PartnershipFact::CouncilLeft(Left { last_day });
    history.tell::<PartnershipRules>("shared", id, "2019-01-03T00:00:00Z", left);
}

/// Two incidents of each council, in March and in May, and a shared one in April; Lewisham leaves
/// with the end of March.
fn lewisham_left() -> History {
    let mut history = History::covering(&EVERYTHING);
    for (name, number) in [("brent", 1), ("lewisham", 2)] {
        for (month, number) in [("03", number), ("05", number + 10)] {
            let at = format!("2019-{month}-10T10:00:00Z");
            let id = aggregate(AggregateKind::Ticket, number);
            history.tell::<TicketRules>(name, id, &at, incident());
        }
    }
    let townclerk_domain::ticket::TicketFact::Logged(mut shared) = incident() else {
        unreachable!("an incident is logged");
    };
    shared.councils = [code("brent"), code("lewisham")].into();
    let shared = townclerk_domain::ticket::TicketFact::Logged(shared);
    let id = aggregate(AggregateKind::Ticket, 30);
    history.tell::<TicketRules>("shared", id, "2019-04-10T10:00:00Z", shared);
    leaves(&mut history, "lewisham", "2019-03-31");
    history
}

fn of(measure: Measure, periods: &[&str], like_for_like: bool) -> Query {
    let periods: Vec<Period> = periods.iter().map(|text| text.parse().unwrap()).collect();
    Query {
        periods: Periods::These(periods),
        like_for_like,
        ..one("joint", measure, "2019-01", late())
    }
}

fn figures(history: &History, query: &Query) -> Vec<Figure> {
    ask(history, &folded(&history.all(), &[]), query)
}

fn numbers(history: &History, query: &Query) -> Vec<Option<i64>> {
    let figures = figures(history, query).into_iter();
    figures.map(|figure| figure.numerator).collect()
}

#[test]
fn a_council_that_left_in_between_counts_in_no_period() {
    let history = lewisham_left();
    let months = ["2019-03", "2019-04", "2019-05"];
    for (measure, usual, constant) in [
        (Measure::TicketsLogged, [2, 1, 1], [1, 1, 1]),
        (Measure::TicketsOpen, [2, 2, 3], [1, 2, 3]),
    ] {
        let by_members = numbers(&history, &of(measure, &months, false));
        assert_eq!(by_members, usual.map(Some), "{measure}");
        let same = of(measure, &months, true);
        assert_eq!(numbers(&history, &same), constant.map(Some), "{measure}");
    }
    for figure in figures(&history, &of(Measure::TicketsLogged, &months, true)) {
        assert_eq!(figure.like_for_like, Some(vec![log("brent")]));
        assert!(!figure.covered.contains_key(&log("lewisham")));
    }
    // While it was a member it was one throughout.
    let march = of(Measure::TicketsLogged, &["2019-02", "2019-03"], true);
    assert_eq!(numbers(&history, &march), [Some(0), Some(2)]);
    let usual = of(Measure::TicketsLogged, &months, false);
    assert!(
        figures(&history, &usual)
            .iter()
            .all(|figure| figure.like_for_like.is_none())
    );
}

#[test]
fn a_log_that_is_left_out_has_no_figure() {
    let history = lewisham_left();
    let by_home = |home| Query {
        breakdowns: vec![Breakdown {
            home,
            ..Breakdown::default()
        }],
        ..of(Measure::TicketsLogged, &["2019-03", "2019-05"], true)
    };
    let split = figures(&history, &by_home(Home::Split)).into_iter();
    let homes: Vec<String> = split
        .map(|figure| figure.breakdown["home"].clone())
        .collect();
    assert_eq!(homes, ["brent", "brent", "shared", "shared"]);
    let lewishams = by_home(Home::Of(log("lewisham")));
    assert_eq!(numbers(&history, &lewishams), [None, None]);
}

#[test]
fn a_figure_that_looks_back_needs_the_same_councils_in_all_of_it() {
    let history = lewisham_left();
    let rolling = of(Measure::AvailabilityRolling12, &["2020-04"], true);
    let councils = |query| figures(&history, query)[0].like_for_like.clone();
    assert_eq!(councils(&rolling), Some(vec![log("brent")]));
    // Twelve months up to February 2019, all before it left.
    let rolling = of(Measure::AvailabilityRolling12, &["2019-02"], true);
    assert_eq!(
        councils(&rolling),
        Some(vec![log("brent"), log("lewisham")])
    );
}

#[test]
fn where_nobody_was_a_member_throughout_there_is_no_figure() {
    let mut history = lewisham_left();
    leaves(&mut history, "brent", "2019-04-30");
    let query = of(Measure::TicketsLogged, &["2019-03", "2019-05"], true);
    assert_eq!(numbers(&history, &query), [None, None]);
    assert_eq!(figures(&history, &query)[0].like_for_like, Some(Vec::new()));
    let shared = Query {
        breakdowns: vec![Breakdown {
            home: Home::Of(log("shared")),
            ..Breakdown::default()
        }],
        ..query
    };
    assert_eq!(numbers(&history, &shared), [None, None]);
}

#[test]
fn what_was_published_is_not_compared_with_it() {
    let mut history = lewisham_left();
    let published = ClaimFact::ClaimPublished(Published {
        measure: "tickets_logged".to_owned(),
        scope: Scope::Joint,
        period: "2019-03".parse().unwrap(),
        breakdown: std::collections::BTreeMap::new(),
        value: "2".parse().unwrap(),
        as_at: None,
        source: "a paper".to_owned(),
        kind: ClaimKind::Figure,
        unit: None,
        precision: Precision::Exact,
    });
    let id = aggregate(AggregateKind::Claim, 40);
    history.tell::<ClaimRules>("shared", id, "2019-06-01T00:00:00Z", published);
    for (like_for_like, claims) in [(false, 1), (true, 0)] {
        let query = of(Measure::TicketsLogged, &["2019-03"], like_for_like);
        assert_eq!(figures(&history, &query)[0].claims.len(), claims);
        let recorded = Query {
            periods: Periods::Recorded,
            ..query
        };
        let found: usize = figures(&history, &recorded)
            .iter()
            .map(|f| f.claims.len())
            .sum();
        assert_eq!(found, claims);
    }
}

/// What a figure says of the record, without how it was asked for.
fn said(figure: Figure) -> (String, Option<i64>, Option<i64>, String) {
    let covered = serde_json::to_string(&figure.covered).unwrap();
    let cell = format!(
        "{} {} {:?}",
        figure.measure, figure.period.label, figure.breakdown
    );
    (cell, figure.numerator, figure.denominator, covered)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Where membership does not change over the periods it is the usual series.
    #[test]
    fn with_the_same_members_it_is_the_usual_series(steps in steps(), hours in 1..9_000_i64) {
        let history = history(&steps);
        let as_at = start() + jiff::SignedDuration::from_hours(hours);
        let usual = everything("joint", Basis { as_at: Some(as_at), known_at: None });
        let constant = Query { like_for_like: true, ..usual.clone() };
        let all = |query| -> Vec<_> { figures(&history, query).into_iter().map(said).collect() };
        prop_assert_eq!(all(&constant), all(&usual));
    }

    /// Where one council leaves it is what the other one and the shared records make up.
    #[test]
    fn with_a_council_that_leaves_it_is_the_sum_of_the_others(steps in steps(), day in 1..180_i32) {
        let mut history = history(&steps);
        let left = start().to_zoned(jiff::tz::TimeZone::UTC).date() + jiff::Span::new().days(day);
        leaves(&mut history, "lewisham", &left.max("2019-01-03".parse().unwrap()).to_string());
        let query = |scope: &str, like_for_like| Query {
            breakdowns: vec![Breakdown::default()],
            measures: Measure::ALL
                .into_iter()
                .filter(|measure| measure.kind() == AggregateKind::Ticket && measure.definition().adds_up)
                .filter(|measure| measure.is_counted())
                .collect(),
            like_for_like,
            ..everything(scope, late())
        };
        // The latest of these periods ends after it left.
        let constant = numbers(&history, &query("joint", true));
        let parts = ["brent", "shared"].map(|scope| numbers(&history, &query(scope, false)));
        let sums: Vec<_> = parts[0].iter().zip(&parts[1]).map(|(a, b)| a.zip(*b).map(|(a, b)| a + b)).collect();
        prop_assert_eq!(constant, sums);
    }
}
