//! What was made up for a demonstration marks the figures that it is part of, and no others.

use townclerk_domain::identity::AggregateKind;
use townclerk_domain::ticket::{Priority, UserClass};

use super::families::{EMAIL, aggregate, agrees, figure, of, overlapping};
use super::history::{History, log};
use super::service_levels::{COUNCIL, incident, inverclyde, reopened, resolved, ticket};
use crate::figures::Query;
use crate::measure::Measure;

/// Two councils with an agreement, an outage of Brent and one of both.
fn agreed() -> History {
    let mut history = overlapping();
    agrees(&mut history, "lewisham", "email", "2019-02-01");
    history
}

/// Marks what a log holds of a record as made up.
fn made_up(
    mut history: History,
    name: &str,
    is_of: impl Fn(AggregateKind, u128) -> bool,
) -> History {
    let events = history.logs.get_mut(&log(name)).unwrap();
    for event in events {
        event.sample |= is_of(event.aggregate.kind, event.aggregate.id.as_u128());
    }
    history
}

fn is_made_up(history: &History, query: &Query) -> bool {
    let found = figure(history, query);
    assert!(found.value.is_some(), "{query:?}");
    found.synthetic
}

#[test]
fn a_figure_is_marked_where_an_agreement_or_an_outage_in_it_was_made_up() {
    let agreement = |kind, _| kind == AggregateKind::Availability;
    let outage = |number: u128| {
        let id = aggregate(AggregateKind::Outage, number);
        move |kind, of| kind == id.kind && of == id.id.as_u128()
    };
    let stories = [
        // What was made up, and whether Brent's figure, Lewisham's and the joint one say so.
        (agreed(), [false; 3]),
        (made_up(agreed(), "brent", agreement), [true, false, true]),
        (
            made_up(agreed(), "lewisham", agreement),
            [false, true, true],
        ),
        (made_up(agreed(), "brent", outage(1)), [true, false, true]),
        (made_up(agreed(), "shared", outage(2)), [true, true, true]),
    ];
    for (number, (history, expected)) in stories.iter().enumerate() {
        for measure in [
            Measure::Availability,
            Measure::DowntimeMinutes,
            Measure::MonthsBelowTarget,
        ] {
            let found = ["brent", "lewisham", "joint"]
                .map(|scope| is_made_up(history, &of(scope, measure, "2019-03", &EMAIL)));
            assert_eq!(found, *expected, "story {number}, {measure}");
        }
    }
}

#[test]
fn an_outage_that_was_made_up_marks_no_month_but_its_own() {
    let history = made_up(agreed(), "brent", |kind, _| kind == AggregateKind::Outage);
    let query = |period| of("brent", Measure::Availability, period, &EMAIL);
    let marked = |period| is_made_up(&history, &query(period));
    assert_eq!(
        ["2019-02", "2019-03", "2019-04"].map(marked),
        [false, true, false]
    );
}

/// Of three tickets of July one was made up: it failed its target. One met its target, and one was
/// reopened and resolved again.
#[test]
fn a_share_is_marked_where_one_of_its_parts_was_made_up() {
    let mut history = inverclyde();
    let normal = || incident(Priority::P3, UserClass::Standard);
    let met = [
        ("2019-07-10T09:00:00", normal()),
        ("2019-07-10T10:00:00", resolved()),
    ];
    let failed = [
        ("2019-07-01T09:00:00", normal()),
        ("2019-07-24T10:00:00", resolved()),
    ];
    let twice = [
        ("2019-06-03T09:00:00", normal()),
        ("2019-06-03T10:00:00", resolved()),
        ("2019-07-02T10:00:00", reopened()),
        ("2019-07-02T12:00:00", resolved()),
    ];
    for (number, life) in [(1, &met[..]), (2, &failed[..]), (3, &twice[..])] {
        ticket(&mut history, COUNCIL, number, life);
    }
    let july = |measure| of(COUNCIL, measure, "2019-07", &[]);
    let measures = [
        // The numerators of these two have no part in it, only what they are shares of.
        Measure::SlaAttainment,
        Measure::ReopenRate,
        Measure::TicketsReopened,
        Measure::SlaMet,
        Measure::SlaFailed,
        Measure::TicketsResolved,
        Measure::MeanResolutionMinutes,
    ];
    let marked = |history: &History| measures.map(|measure| is_made_up(history, &july(measure)));
    assert_eq!(marked(&history), [false; 7]);
    let history = made_up(history, COUNCIL, |kind, number| {
        kind == AggregateKind::Ticket && number == 2
    });
    let expected = [true, true, false, false, true, true, true];
    assert_eq!(marked(&history), expected);
}
