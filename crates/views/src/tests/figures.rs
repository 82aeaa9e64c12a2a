//! Figures say what they rest on.

use std::collections::BTreeSet;

use jiff::Timestamp;
use townclerk_domain::amendment::Recordable;
use townclerk_domain::claim::{ClaimFact, ClaimKind, Precision, Published};
use townclerk_domain::decimal::Decimal;
use townclerk_domain::event::Event;
use townclerk_domain::identity::{AggregateId, AggregateKind};
use townclerk_domain::names::Scope;
use townclerk_domain::ticket::{
    Channel, Logged, Priority, Reprioritised, Resolved, TicketFact, TicketKind, UserClass,
};
use uuid::Uuid;

use super::history::{History, ask, code, folded, one, read, start};
use crate::basis::Basis;
use crate::figure::Figure;
use crate::figures::{Breakdown, Home, Query};
use crate::measure::Measure;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn as_at(text: &str) -> Basis {
    Basis {
        as_at: Some(at(text)),
        known_at: None,
    }
}

fn logged(priority: Priority, councils: &[&str]) -> Recordable<TicketFact> {
    let councils: BTreeSet<_> = councils.iter().map(|council| code(council)).collect();
    Recordable::Fact(TicketFact::Logged(Logged {
        kind: TicketKind::Incident,
        priority,
        user_class: UserClass::Standard,
        channel: Channel::Web,
        service: code("email"),
        category: code("other"),
        directorate: None,
        sts: true,
        councils,
    }))
}

fn asked(history: &History, query: &Query) -> Vec<Figure> {
    ask(history, &folded(&history.all(), &[]), query)
}

fn value(history: &History, query: &Query) -> Option<i64> {
    let figures = asked(history, query);
    assert_eq!(figures.len(), 1);
    figures[0].numerator
}

#[test]
fn a_silent_council_makes_the_joint_figure_null_and_is_named() {
    let mut history = History::covered();
    // Lewisham's coverage is gone: it is a member, and nothing promises that its record is whole.
    history.logs.retain(|log, _| log.as_str() != "lewisham");
    history.ask(
        "brent",
        1,
        at("2019-01-05T10:00:00Z"),
        logged(Priority::P1, &[]),
    );
    let query = one(
        "joint",
        Measure::TicketsLogged,
        "2019-01",
        as_at("2019-03-01T00:00:00Z"),
    );
    let figure = &asked(&history, &query)[0];
    assert!(figure.value.is_none());
    let uncovered: Vec<_> = figure
        .covered
        .iter()
        .filter(|(_, days)| days.is_none())
        .map(|(log, _)| log.as_str())
        .collect();
    assert_eq!(uncovered, ["lewisham"]);
    let own = one(
        "brent",
        Measure::TicketsLogged,
        "2019-01",
        as_at("2019-03-01T00:00:00Z"),
    );
    assert_eq!(value(&history, &own), Some(1));
}

#[test]
fn before_the_coverage_begins_there_is_no_figure() {
    let mut history = History::covered();
    history.ask(
        "brent",
        1,
        at("2018-12-05T10:00:00Z"),
        logged(Priority::P1, &[]),
    );
    let basis = as_at("2019-03-01T00:00:00Z");
    let december = one("brent", Measure::TicketsLogged, "2018-12", basis);
    assert_eq!(value(&history, &december), None);
    // What was open when the coverage began is promised.
    let open = one("brent", Measure::TicketsOpen, "2019-01", basis);
    assert_eq!(value(&history, &open), Some(1));
}

#[test]
fn an_incident_that_hits_several_councils_is_counted_once() {
    let mut history = History::covered();
    let both = ["brent", "lewisham"];
    history.ask(
        "shared",
        1,
        at("2019-01-05T10:00:00Z"),
        logged(Priority::P1, &both),
    );
    history.ask(
        "brent",
        2,
        at("2019-01-06T10:00:00Z"),
        logged(Priority::P3, &[]),
    );
    let basis = as_at("2019-03-01T00:00:00Z");
    let logged_in = |scope| one(scope, Measure::TicketsLogged, "2019-01", basis);
    assert_eq!(value(&history, &logged_in("joint")), Some(2));
    assert_eq!(value(&history, &logged_in("brent")), Some(1));
    let hits_brent = Query {
        breakdowns: vec![Breakdown {
            home: Home::Of("shared".parse().unwrap()),
            ..Breakdown::default()
        }],
        ..logged_in("brent")
    };
    let figure = &asked(&history, &hits_brent)[0];
    assert_eq!(figure.numerator, Some(1));
    assert_eq!(figure.breakdown["home"], "shared");
}

#[test]
fn an_event_counts_if_it_happened_before_as_at() {
    let mut history = History::covered();
    let noon = "2019-01-05T12:00:00Z";
    history.ask("brent", 1, at(noon), logged(Priority::P1, &[]));
    let logged = |moment| one("brent", Measure::TicketsLogged, "2019-01", as_at(moment));
    assert_eq!(value(&history, &logged(noon)), Some(0));
    assert_eq!(
        value(&history, &logged("2019-01-05T12:00:00.000001Z")),
        Some(1)
    );
    assert!(asked(&history, &logged(noon))[0].partial);
}

#[test]
fn a_late_fact_restates_and_the_old_figure_stays() {
    let mut history = History::covered();
    history.ask(
        "brent",
        1,
        at("2019-02-20T10:00:00Z"),
        logged(Priority::P1, &[]),
    );
    history.ask(
        "brent",
        2,
        at("2019-01-10T10:00:00Z"),
        logged(Priority::P1, &[]),
    );
    let basis = |known_at| Basis {
        as_at: Some(at("2019-03-01T00:00:00Z")),
        known_at,
    };
    let january = |known_at| one("brent", Measure::TicketsLogged, "2019-01", basis(known_at));
    assert_eq!(value(&history, &january(None)), Some(1));
    assert_eq!(
        value(&history, &january(Some(at("2019-02-01T00:00:00Z")))),
        Some(0)
    );
}

#[test]
fn a_raised_priority_is_logged_as_it_was_and_moves_in_as_it_is() {
    let mut history = History::covered();
    history.ask(
        "brent",
        1,
        at("2019-01-05T10:00:00Z"),
        logged(Priority::P3, &[]),
    );
    let raised = Recordable::Fact(TicketFact::Reprioritised(Reprioritised {
        priority: Priority::P1,
    }));
    history.ask("brent", 1, at("2019-01-05T11:00:00Z"), raised);
    let resolved = Recordable::Fact(TicketFact::Resolved(Resolved { resolution: None }));
    history.ask("brent", 1, at("2019-01-05T12:00:00Z"), resolved);
    let of = |measure, priority: &str| {
        let query = one("brent", measure, "2019-01", as_at("2019-03-01T00:00:00Z"));
        let fixed = [(crate::dimension::Dimension::Priority, priority.to_owned())].into();
        let breakdowns = vec![Breakdown {
            fixed,
            ..Breakdown::default()
        }];
        value(
            &history,
            &Query {
                breakdowns,
                ..query
            },
        )
    };
    assert_eq!(of(Measure::TicketsLogged, "p3"), Some(1));
    assert_eq!(of(Measure::TicketsLogged, "p1"), Some(0));
    assert_eq!(of(Measure::TicketsMovedOut, "p3"), Some(1));
    assert_eq!(of(Measure::TicketsMovedIn, "p1"), Some(1));
    assert_eq!(of(Measure::TicketsResolved, "p1"), Some(1));
}

#[test]
fn a_claim_stands_beside_the_figure_and_is_compared_at_its_own_moment() {
    let mut history = History::covered();
    history.ask(
        "brent",
        1,
        at("2019-01-05T10:00:00Z"),
        logged(Priority::P1, &[]),
    );
    history.ask(
        "brent",
        2,
        at("2019-01-25T10:00:00Z"),
        logged(Priority::P1, &[]),
    );
    let mut claim = |number: u128, value: i64, moment: &str| {
        let claim = ClaimFact::ClaimPublished(Published {
            measure: "tickets_logged".to_owned(),
            scope: Scope::Joint,
            period: "2019-01".parse().unwrap(),
            breakdown: Default::default(),
            value: Decimal::whole(value),
            as_at: Some(at(moment)),
            source: "a paper".to_owned(),
            kind: ClaimKind::Figure,
            unit: None,
            precision: Precision::Exact,
        });
        let id = Uuid::from_u128(number);
        let kind = AggregateKind::Claim;
        let event = Event::Claim(Recordable::Fact(claim));
        history.record("shared", AggregateId { kind, id }, start(), start(), event);
    };
    claim(1, 1, "2019-01-15T00:00:00Z");
    claim(2, 1, "2019-02-01T00:00:00Z");
    let query = one(
        "joint",
        Measure::TicketsLogged,
        "2019-01",
        as_at("2019-03-01T00:00:00Z"),
    );
    let figure = &asked(&history, &query)[0];
    assert_eq!(figure.numerator, Some(2));
    let differs: Vec<_> = figure.claims.iter().map(|claim| claim.differs).collect();
    assert_eq!(differs, [Some(false), Some(true)]);
}

#[test]
fn every_key_of_a_figure_is_always_there() {
    let history = History::covered();
    let query = one("joint", Measure::TicketsOpen, "2031-01", Basis::default());
    let json = serde_json::to_value(&asked(&history, &query)[0]).unwrap();
    let keys: BTreeSet<&str> = json
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let stable = [
        "as_at",
        "breakdown",
        "claims",
        "clock",
        "cohort",
        "complete_to",
        "covered",
        "denominator",
        "held",
        "known_at",
        "like_for_like",
        "measure",
        "members",
        "no_record_has",
        "numerator",
        "partial",
        "period",
        "reached",
        "scope",
        "suppressed",
        "synthetic",
        "unit",
        "value",
    ];
    assert_eq!(keys, BTreeSet::from(stable));
    assert!(json["value"].is_null());
}

/// What one council recorded last is no business of another's, and of what is shared.
#[test]
fn the_newest_that_a_scope_knows_is_of_the_logs_that_it_reads() {
    let mut history = History::covered();
    history.ask("brent", 1, start(), logged(Priority::P3, &[]));
    history.clock_reaches("2019-05-01T00:00:00Z".parse().unwrap());
    history.ask("lewisham", 2, start(), logged(Priority::P3, &[]));
    let rows = folded(&history.all(), &[]);
    read(&history, &rows, |reading| {
        let newest = |scope: &str| reading.newest(&scope.parse().unwrap());
        assert!(newest("brent") < newest("lewisham"));
        assert_eq!(newest("shared"), newest("brent"));
        assert_eq!(newest("joint"), newest("lewisham"));
    });
}
