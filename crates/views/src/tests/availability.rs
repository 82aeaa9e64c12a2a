//! What availability rests on: what was made up for a demonstration marks it, and each month has the
//! target of its last day.

use townclerk_domain::availability::{
    AvailabilityAgreed, AvailabilityFact, AvailabilityRules, availability_of,
};
use townclerk_domain::identity::AggregateKind;
use townclerk_domain::service_time::ServiceTime;

use super::families::{EMAIL, aggregate, agrees, figure, of, overlapping, shown};
use super::history::{History, code, log};
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

fn is_made_up(history: &History, scope: &str, measure: Measure, period: &str) -> bool {
    let found = figure(history, &of(scope, measure, period, &EMAIL));
    assert!(found.value.is_some(), "{scope} {measure} {period}");
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
        for measure in [Measure::Availability, Measure::DowntimeMinutes] {
            let found = ["brent", "lewisham", "joint"]
                .map(|scope| is_made_up(history, scope, measure, "2019-03"));
            assert_eq!(found, *expected, "story {number}, {measure}");
        }
    }
}

#[test]
fn an_outage_that_was_made_up_marks_no_month_but_its_own() {
    let history = made_up(agreed(), "brent", |kind, _| kind == AggregateKind::Outage);
    let marked = |period| is_made_up(&history, "brent", Measure::Availability, period);
    assert_eq!(
        ["2019-02", "2019-03", "2019-04"].map(marked),
        [false, true, false]
    );
}

#[test]
fn each_month_is_judged_by_the_target_of_its_last_day() {
    let mut history = overlapping();
    let stricter = AvailabilityFact::AvailabilityAgreed(AvailabilityAgreed {
        service: code("email"),
        service_time: ServiceTime::Always,
        target: "99.9".parse().unwrap(),
        notice_hours: 24,
        from: "2019-04-01".parse().unwrap(),
    });
    let id = availability_of(&log("brent"));
    history.tell::<AvailabilityRules>("brent", id, "2019-03-20T00:00:00Z", stricter.clone());
    // March reached 99.60: above the 99 of its own days, below what is agreed from April on.
    let below = |history: &History| {
        let query = of("brent", Measure::MonthsBelowTarget, "2019-03", &EMAIL);
        shown(history, &query)
    };
    assert_eq!(below(&history), "0");
    let mut earlier = overlapping();
    let AvailabilityFact::AvailabilityAgreed(mut agreed) = stricter else {
        unreachable!("it was agreed");
    };
    agreed.from = "2019-03-31".parse().unwrap();
    let fact = AvailabilityFact::AvailabilityAgreed(agreed);
    earlier.tell::<AvailabilityRules>("brent", id, "2019-03-20T00:00:00Z", fact);
    assert_eq!(below(&earlier), "1");
}
