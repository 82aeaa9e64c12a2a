//! Figures of service levels and of the backlog, told as stories.
//!
//! Inverclyde, Policy and Resources Committee, 4 February 2020: support from 8:40 to 17:00, on Fridays
//! to 16:30 (paragraph 4.3); ten targets by priority and class of users, of which Long Term has none;
//! 95 % in target, 90 % until July 2017 (appendix 3).

use std::collections::BTreeSet;

use townclerk_domain::amendment::Recordable;
use townclerk_domain::coverage::{CoverageFact, CoverageRules, Declared, Selector};
use townclerk_domain::holidays::{HolidaysDeclared, HolidaysFact, HolidaysRules, holidays_of};
use townclerk_domain::hours::{HoursAgreed, HoursFact, HoursRules, hours_of};
use townclerk_domain::identity::{AggregateKind, Family};
use townclerk_domain::service_time::{ServiceTime, Weekday, Window};
use townclerk_domain::targets::{
    AgeLimitAgreed, PausesAgreed, Target, TargetsAgreed, TargetsFact, TargetsRules, targets_of,
};
use townclerk_domain::ticket::{
    Channel, Held, Logged, Priority, Reopened, Reprioritised, Resolved, Started, TicketFact,
    TicketKind, Triaged, UserClass,
};

use super::families::{aggregate, figure, of, shown};
use super::history::{History, code, log};
use crate::dimension::Dimension;
use crate::figures::Query;
use crate::measure::Measure;

pub const COUNCIL: &str = "inverclyde";

/// The published targets, in hours of service time; nothing for Long Term.
const TARGETS: [(UserClass, [Option<u32>; 5]); 2] = [
    (UserClass::Vip, [Some(3), Some(4), Some(7), Some(21), None]),
    (
        UserClass::Standard,
        [Some(4), Some(7), Some(21), Some(35), None],
    ),
];

const NAMES: [&str; 5] = ["critical", "high", "normal", "low", "long-term"];

/// A council of which one family alone is covered, from 2019 on.
pub fn council(name: &str, family: Family) -> History {
    let mut history = History::default();
    let covered = CoverageFact::CoverageDeclared(Declared {
        selector: Selector::whole(family),
        from: "2019-01-01".parse().unwrap(),
        through: Some("2029-12-31".parse().unwrap()),
    });
    let id = aggregate(AggregateKind::Coverage, 1);
    history.tell::<CoverageRules>(name, id, "2019-01-01T00:00:00Z", covered);
    history
}

fn published_hours() -> HoursFact {
    let window = |day, to| Window {
        day,
        from: jiff::civil::time(8, 40, 0, 0),
        to,
    };
    let five = jiff::civil::time(17, 0, 0, 0);
    HoursFact::HoursAgreed(HoursAgreed {
        hours: ServiceTime::Weekly(vec![
            window(Weekday::Monday, five),
            window(Weekday::Tuesday, five),
            window(Weekday::Wednesday, five),
            window(Weekday::Thursday, five),
            window(Weekday::Friday, jiff::civil::time(16, 30, 0, 0)),
        ]),
        from: "2018-04-01".parse().unwrap(),
        applies_to_existing: false,
    })
}

/// The council with all that it agreed on, of incidents: customers stop the clock.
pub fn inverclyde() -> History {
    let mut history = council(COUNCIL, Family::Ticket);
    let at = "2019-01-01T08:00:00Z";
    let log = log(COUNCIL);
    history.tell::<HoursRules>(COUNCIL, hours_of(&log), at, published_hours());
    for (user_class, hours) in TARGETS {
        let cells = Priority::ALL.iter().zip(NAMES).zip(hours);
        let targets = cells.map(|((priority, name), hours)| Target {
            priority: *priority,
            name: Some(code(name)),
            minutes: hours.map(|hours| hours * 60),
        });
        let fact = TargetsFact::TargetsAgreed(TargetsAgreed {
            kind: TicketKind::Incident,
            user_class,
            targets: targets.collect(),
            from: "2018-04-01".parse().unwrap(),
            applies_to_existing: false,
        });
        history.tell::<TargetsRules>(COUNCIL, targets_of(&log), at, fact);
    }
    let pauses = TargetsFact::PausesAgreed(PausesAgreed {
        reasons: [code("customer")].into(),
        from: "2018-04-01".parse().unwrap(),
        applies_to_existing: false,
    });
    let age_limit = TargetsFact::AgeLimitAgreed(AgeLimitAgreed {
        days: 30,
        from: "2018-04-01".parse().unwrap(),
        applies_to_existing: false,
    });
    for fact in [pauses, age_limit] {
        history.tell::<TargetsRules>(COUNCIL, targets_of(&log), at, fact);
    }
    history
}

pub fn logged(kind: TicketKind, priority: Priority, user_class: UserClass) -> TicketFact {
    TicketFact::Logged(Logged {
        kind,
        priority,
        user_class,
        channel: Channel::Phone,
        service: code("email"),
        category: code("software-error"),
        directorate: None,
        sts: true,
        councils: BTreeSet::new(),
    })
}

pub fn incident(priority: Priority, user_class: UserClass) -> TicketFact {
    logged(TicketKind::Incident, priority, user_class)
}

pub fn resolved() -> TicketFact {
    TicketFact::Resolved(Resolved { resolution: None })
}

pub fn reopened() -> TicketFact {
    TicketFact::Reopened(Reopened {
        reason: code("not-fixed"),
    })
}

fn held(reason: &str) -> TicketFact {
    let reason = code(reason);
    TicketFact::Held(Held { reason })
}

/// Tells the life of one ticket; times are of British Summer Time.
pub fn ticket(history: &mut History, council: &str, number: u128, life: &[(&str, TicketFact)]) {
    for (at, fact) in life {
        let at = format!("{at}+01:00").parse().unwrap();
        history.ask(council, number, at, Recordable::Fact(fact.clone()));
    }
    let all = history.all();
    let events = all.iter().filter(|event| {
        event.aggregate.kind == AggregateKind::Ticket && event.aggregate.id.as_u128() == number
    });
    assert_eq!(events.count(), life.len(), "a fact was refused");
}

fn july(measure: Measure, fixed: &[(Dimension, &str)]) -> Query {
    of(COUNCIL, measure, "2019-07", fixed)
}

/// The service minutes after which each cell of the table is still met, on the clock of the paper:
/// a ticket resolved exactly at its target, and one a minute later.
#[test]
fn each_of_the_ten_published_targets_is_met_to_the_minute() {
    // Logged at the opening of Monday 1 July 2019; when each number of hours has passed since.
    let after = |hours: u32| match hours {
        3 => ("2019-07-01T11:40:00", "2019-07-01T11:41:00"),
        4 => ("2019-07-01T12:40:00", "2019-07-01T12:41:00"),
        7 => ("2019-07-01T15:40:00", "2019-07-01T15:41:00"),
        // 8 h 20 of Monday and of Tuesday, 4 h 20 of Wednesday.
        21 => ("2019-07-03T13:00:00", "2019-07-03T13:01:00"),
        // 33 h 20 until Thursday evening, 1 h 40 of Friday.
        35 => ("2019-07-05T10:20:00", "2019-07-05T10:21:00"),
        other => panic!("{other} hours are no target"),
    };
    for (user_class, hours) in TARGETS {
        for (priority, hours) in Priority::ALL.iter().zip(hours) {
            let (in_time, late) = after(hours.unwrap_or(3));
            let mut history = inverclyde();
            for (number, ends) in [(1, in_time), (2, late)] {
                let life = [
                    ("2019-07-01T08:40:00", incident(*priority, user_class)),
                    (ends, resolved()),
                ];
                ticket(&mut history, COUNCIL, number, &life);
            }
            let attainment = figure(&history, &july(Measure::SlaAttainment, &[]));
            let expected = match hours {
                Some(_) => (Some(1), Some(2)),
                // Long Term: resolved, and on neither side.
                None => (None, None),
            };
            let found = (attainment.numerator, attainment.denominator);
            assert_eq!(found, expected, "{user_class:?} {priority:?}");
            assert_eq!(shown(&history, &july(Measure::TicketsResolved, &[])), "2");
        }
    }
}

#[test]
fn met_and_failed_are_the_denominator_and_tickets_without_target_are_on_neither_side() {
    let mut history = inverclyde();
    let standard = |priority| incident(priority, UserClass::Standard);
    let lives = [
        // 4 h 20 of Monday: a P1 fails, a P2 meets.
        vec![
            ("2019-07-01T08:40:00", standard(Priority::P1)),
            ("2019-07-01T13:00:00", resolved()),
        ],
        vec![
            ("2019-07-01T08:40:00", standard(Priority::P2)),
            ("2019-07-01T13:00:00", resolved()),
        ],
        // Held for the customer over four of its hours: met. Held for a supplier: failed.
        vec![
            ("2019-07-02T08:40:00", standard(Priority::P1)),
            ("2019-07-02T09:40:00", held("customer")),
            ("2019-07-02T13:40:00", TicketFact::Started(Started {})),
            ("2019-07-02T15:40:00", resolved()),
        ],
        vec![
            ("2019-07-02T08:40:00", standard(Priority::P1)),
            ("2019-07-02T09:40:00", held("supplier")),
            ("2019-07-02T15:40:00", resolved()),
        ],
        // No target: its kind, or its priority, has none.
        vec![
            (
                "2019-07-02T08:40:00",
                logged(TicketKind::Request, Priority::P1, UserClass::Standard),
            ),
            ("2019-07-02T15:40:00", resolved()),
        ],
        vec![
            ("2019-07-02T08:40:00", standard(Priority::P5)),
            ("2019-07-02T15:40:00", resolved()),
        ],
        // Still open.
        vec![("2019-07-02T08:40:00", standard(Priority::P1))],
    ];
    for (number, life) in (1..).zip(&lives) {
        ticket(&mut history, COUNCIL, number, life);
    }
    let value = |measure| shown(&history, &july(measure, &[]));
    assert_eq!(value(Measure::TicketsResolved), "6");
    assert_eq!(value(Measure::SlaMet), "2");
    assert_eq!(value(Measure::SlaFailed), "2");
    assert_eq!(value(Measure::SlaAttainment), "50.00");
    let p1 = [(Dimension::Kind, "incident"), (Dimension::Priority, "p1")];
    assert_eq!(shown(&history, &july(Measure::SlaAttainment, &p1)), "33.33");
    let requests = july(Measure::SlaAttainment, &[(Dimension::Kind, "request")]);
    let requests = figure(&history, &requests);
    assert!(requests.value.is_none(), "nothing is agreed on requests");
    assert_eq!(
        requests.covered.values().next(),
        Some(&None),
        "and it is said"
    );
}

/// 4 h 20, 4 h 20, 7 h and 7 h on the wall; the third stood still for 4 h.
#[test]
fn how_long_tickets_took_is_told_by_both_clocks() {
    let mut history = inverclyde();
    let p1 = || incident(Priority::P1, UserClass::Standard);
    let over_night = [
        ("2019-07-01T16:00:00", p1()),
        ("2019-07-02T09:40:00", resolved()),
    ];
    let held = [
        ("2019-07-02T08:40:00", p1()),
        ("2019-07-02T09:40:00", held("customer")),
        ("2019-07-02T13:40:00", TicketFact::Started(Started {})),
        ("2019-07-02T15:40:00", resolved()),
    ];
    ticket(&mut history, COUNCIL, 1, &over_night);
    ticket(&mut history, COUNCIL, 2, &held);
    let p1 = [(Dimension::Priority, "p1")];
    let value = |measure| figure(&history, &july(measure, &p1));
    // 17 h 40 and 7 h on the wall, 2 h and 3 h of service time.
    assert_eq!(
        value(Measure::ResolutionMinutes).numerator,
        Some(1_060 + 420)
    );
    assert_eq!(
        value(Measure::ResolutionServiceMinutes).numerator,
        Some(120 + 180)
    );
    let mean = |measure| shown(&history, &july(measure, &p1));
    assert_eq!(mean(Measure::MeanResolutionMinutes), "740.0");
    assert_eq!(mean(Measure::MeanResolutionServiceMinutes), "150.0");
    let other = [(Dimension::Provider, "council")];
    let none = figure(&history, &july(Measure::MeanResolutionMinutes, &other));
    assert!(none.value.is_none(), "of nothing there is no mean");
}

/// Joint Committee of Brent, Lewisham and Southwark, 4 July 2018, paragraph 3.6: clearing old calls
/// lowers the share of calls that are resolved in time.
#[test]
fn clearing_old_tickets_lowers_attainment_and_the_figures_say_by_how_much() {
    let mut history = inverclyde();
    let normal = || incident(Priority::P3, UserClass::Standard);
    for number in 1..=6 {
        let life = [
            ("2019-05-01T09:00:00", normal()),
            ("2019-07-10T09:00:00", resolved()),
        ];
        ticket(&mut history, COUNCIL, number, &life);
    }
    for number in 7..=10 {
        let life = [
            ("2019-07-10T09:00:00", normal()),
            ("2019-07-10T10:00:00", resolved()),
        ];
        ticket(&mut history, COUNCIL, number, &life);
    }
    let value = |measure| shown(&history, &july(measure, &[]));
    assert_eq!(value(Measure::SlaAttainment), "40.00");
    assert_eq!(value(Measure::SlaAttainmentWithoutAged), "100.00");
    assert_eq!(value(Measure::AgedResolutionShare), "60.00");
    // Of those logged in May none was in time; of those logged in July all were.
    let by_logged = |month| {
        shown(
            &history,
            &of(COUNCIL, Measure::SlaAttainmentByLogged, month, &[]),
        )
    };
    assert_eq!(by_logged("2019-05"), "0.00");
    assert_eq!(by_logged("2019-07"), "100.00");
}

/// A ticket is an aged one once it is older than the limit of 30 days, not when it is as old.
#[test]
fn a_ticket_that_is_resolved_exactly_at_the_age_limit_is_no_aged_one() {
    let mut history = inverclyde();
    let normal = || incident(Priority::P3, UserClass::Standard);
    for (number, at) in [(1, "2019-07-10T09:00:00"), (2, "2019-07-10T09:00:01")] {
        let life = [("2019-06-10T09:00:00", normal()), (at, resolved())];
        ticket(&mut history, COUNCIL, number, &life);
    }
    let aged = figure(&history, &july(Measure::AgedResolutionShare, &[]));
    assert_eq!((aged.numerator, aged.denominator), (Some(1), Some(2)));
}

#[test]
fn the_backlog_says_what_is_open_on_hold_untriaged_and_aged() {
    let mut history = inverclyde();
    let normal = || incident(Priority::P3, UserClass::Standard);
    let triaged = || TicketFact::Triaged(Triaged {});
    let lives = [
        vec![("2019-06-15T09:00:00", normal())],
        vec![
            ("2019-06-15T09:00:00", normal()),
            ("2019-06-16T09:00:00", triaged()),
        ],
        vec![
            ("2019-06-15T09:00:00", normal()),
            ("2019-06-16T09:00:00", triaged()),
            ("2019-07-16T09:00:00", held("customer")),
        ],
        // Resolved on the day before it would be an aged one.
        vec![
            ("2019-06-15T09:00:00", normal()),
            ("2019-07-14T09:00:00", resolved()),
        ],
        vec![
            ("2019-07-05T09:00:00", normal()),
            (
                "2019-07-06T09:00:00",
                TicketFact::Reprioritised(Reprioritised {
                    priority: Priority::P1,
                }),
            ),
        ],
    ];
    for (number, life) in (1..).zip(&lives) {
        ticket(&mut history, COUNCIL, number, life);
    }
    let at_end = |measure, period| shown(&history, &of(COUNCIL, measure, period, &[]));
    assert_eq!(at_end(Measure::TicketsOpen, "2019-06"), "4");
    assert_eq!(at_end(Measure::TicketsUntriaged, "2019-06"), "2");
    assert_eq!(at_end(Measure::TicketsOnHold, "2019-06"), "0");
    assert_eq!(at_end(Measure::TicketsAged, "2019-06"), "0");
    assert_eq!(at_end(Measure::TicketsOpen, "2019-07"), "4");
    assert_eq!(at_end(Measure::TicketsUntriaged, "2019-07"), "2");
    assert_eq!(at_end(Measure::TicketsOnHold, "2019-07"), "1");
    assert_eq!(at_end(Measure::TicketsAged, "2019-07"), "3");
    // They become aged ones on the 15th, without any event.
    assert_eq!(at_end(Measure::TicketsAged, "2019-07-14"), "0");
    assert_eq!(at_end(Measure::TicketsAged, "2019-07-15"), "3");
    // From before that moment nobody knows whether they will.
    let mut seen_before = july(Measure::TicketsAged, &[]);
    seen_before.basis.as_at = Some("2019-07-10T00:00:00Z".parse().unwrap());
    assert_eq!(shown(&history, &seen_before), "0");
    let of_p1 = |measure| shown(&history, &july(measure, &[(Dimension::Priority, "p1")]));
    assert_eq!(
        of_p1(Measure::TicketsUntriaged),
        "1",
        "under its present priority"
    );
    assert_eq!(of_p1(Measure::TicketsAged), "0");
}

#[test]
fn a_reopened_ticket_is_on_neither_side_until_it_is_resolved_again() {
    let story = [
        (
            "2019-07-01T08:40:00",
            incident(Priority::P1, UserClass::Standard),
        ),
        ("2019-07-01T12:40:00", resolved()),
        ("2019-08-01T08:40:00", reopened()),
        ("2019-08-01T08:41:00", resolved()),
    ];
    let attainment = |events: usize, month| {
        let mut history = inverclyde();
        ticket(&mut history, COUNCIL, 1, &story[..events]);
        let found = figure(&history, &of(COUNCIL, Measure::SlaAttainment, month, &[]));
        (found.numerator, found.denominator)
    };
    assert_eq!(attainment(2, "2019-07"), (Some(1), Some(1)));
    assert_eq!(attainment(3, "2019-07"), (None, None));
    // The month between does not count, the minute after it does: 4 h and 1 min.
    assert_eq!(attainment(4, "2019-07"), (None, None));
    assert_eq!(attainment(4, "2019-08"), (Some(0), Some(1)));
}

/// The bank holiday of 19 September 2022 was declared on the 10th; here on the 17th, when the ticket
/// had been given its due time.
#[test]
fn a_holiday_that_is_declared_late_restates_figures_only_if_it_says_so() {
    let story = |applies_to_existing| {
        let mut history = inverclyde();
        let life = [
            (
                "2022-09-16T14:30:00",
                incident(Priority::P1, UserClass::Standard),
            ),
            ("2022-09-20T09:40:00", resolved()),
        ];
        let (first, last) = life.split_at(1);
        for (at, fact) in first {
            let at = format!("{at}+01:00").parse().unwrap();
            history.ask(COUNCIL, 1, at, Recordable::Fact(fact.clone()));
        }
        let declared = HolidaysFact::HolidaysDeclared(HolidaysDeclared {
            days: ["2022-09-19".parse().unwrap()].into(),
            applies_to_existing,
        });
        let log = log(COUNCIL);
        history.tell::<HolidaysRules>(COUNCIL, holidays_of(&log), "2022-09-17T10:00:00Z", declared);
        for (at, fact) in last {
            let at = format!("{at}+01:00").parse().unwrap();
            history.ask(COUNCIL, 1, at, Recordable::Fact(fact.clone()));
        }
        let september = of(COUNCIL, Measure::SlaMet, "2022-09", &[]);
        let mut late = september;
        late.basis.as_at = None;
        shown(&history, &late)
    };
    // Two hours of Friday and one of Tuesday; unless the holiday reaches back, all of Monday too.
    assert_eq!(story(false), "0");
    assert_eq!(story(true), "1");
}
