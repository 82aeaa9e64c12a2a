//! Stories of single tickets: what counted, and what came of it.

use super::*;
use crate::service_time::{ServiceTime, Weekday, Window};
use crate::ticket::{
    Cancelled, Channel, Closed, Held, Logged, Reinstated, Reopened, Reprioritised, Resolved,
    Started, TicketKind, UserClass,
};

fn at(text: &str) -> Timestamp {
    format!("{text}+01:00").parse().unwrap()
}

fn code(text: &str) -> Code {
    Code::new(text).unwrap()
}

fn hours(count: i64) -> SignedDuration {
    SignedDuration::from_hours(count)
}

fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

/// Monday to Friday from 9 to 5; P1 four hours, P3 21; customers and suppliers stop the clock.
fn terms() -> Terms {
    let window = |day| Window {
        day,
        from: "09:00:00".parse().unwrap(),
        to: "17:00:00".parse().unwrap(),
    };
    let office = ServiceTime::Weekly(Weekday::WORKDAYS.map(window).to_vec());
    Terms {
        targets: Arc::new([(Priority::P1, hours(4)), (Priority::P3, hours(21))].into()),
        calendar: Arc::new(Calendar::new([("2019-01-01".parse().unwrap(), office)], [])),
        pausing: Arc::new([code("customer"), code("supplier")].into()),
    }
}

fn logged(priority: Priority) -> TicketFact {
    TicketFact::Logged(Logged {
        kind: TicketKind::Incident,
        priority,
        user_class: UserClass::Standard,
        channel: Channel::Phone,
        service: code("csccm"),
        category: code("other"),
        directorate: None,
        sts: true,
        councils: BTreeSet::new(),
    })
}

fn held(reason: &str) -> TicketFact {
    TicketFact::Held(Held {
        reason: code(reason),
    })
}

fn started() -> TicketFact {
    TicketFact::Started(Started {})
}

fn resolved() -> TicketFact {
    TicketFact::Resolved(Resolved { resolution: None })
}

/// The service level at a moment. Where all facts lie before it, what figures count is the same.
fn level(facts: &[(&str, TicketFact)], as_at: &str) -> ServiceLevel {
    let facts = facts.iter().map(|(time, fact)| (at(time), fact));
    let level = service_level(&terms(), facts.clone(), at(as_at)).unwrap();
    if facts.clone().all(|(time, _)| time < at(as_at)) {
        let counted = match verdict(&terms(), facts) {
            None => None,
            Some(verdict) if verdict.is_met() => Some(Standing::Met),
            Some(_) => Some(Standing::Failed),
        };
        let judged = matches!(level.standing, Standing::Met | Standing::Failed);
        assert_eq!(counted, judged.then(|| level.standing.clone()));
    }
    level
}

// 1 July 2019 was a Monday.

#[test]
fn a_ticket_resolved_exactly_at_its_target_has_met_it() {
    let story = [
        ("2019-07-01T09:00:00", logged(Priority::P1)),
        ("2019-07-01T13:00:00", resolved()),
    ];
    let found = level(&story, "2019-08-01T00:00:00");
    assert_eq!((found.counted, found.standing), (hours(4), Standing::Met));
    let later = [story[0].clone(), ("2019-07-01T13:00:01", resolved())];
    assert_eq!(
        level(&later, "2019-08-01T00:00:00").standing,
        Standing::Failed
    );
}

#[test]
fn only_a_reason_that_was_agreed_stops_the_clock() {
    for (reason, counted) in [("customer", hours(2)), ("change", hours(3))] {
        let story = [
            ("2019-07-01T09:00:00", logged(Priority::P1)),
            ("2019-07-01T10:00:00", held(reason)),
            ("2019-07-01T11:00:00", started()),
            ("2019-07-01T12:00:00", resolved()),
        ];
        assert_eq!(
            level(&story, "2019-08-01T00:00:00").counted,
            counted,
            "{reason}"
        );
    }
}

#[test]
fn a_hold_for_another_reason_can_end_a_pause() {
    let story = [
        ("2019-07-01T09:00:00", logged(Priority::P1)),
        ("2019-07-01T10:00:00", held("customer")),
        ("2019-07-01T11:00:00", held("change")),
        ("2019-07-01T12:00:00", held("supplier")),
        ("2019-07-01T13:00:00", resolved()),
    ];
    assert_eq!(level(&story, "2019-08-01T00:00:00").counted, hours(2));
}

#[test]
fn while_the_clock_stands_nothing_is_due() {
    let story = [
        ("2019-07-01T09:00:00", logged(Priority::P1)),
        ("2019-07-01T12:00:00", held("customer")),
    ];
    let found = level(&story, "2019-07-03T12:00:00");
    let Standing::Running { left, due, band } = found.standing else {
        panic!("{found:?}");
    };
    assert_eq!((left, due, band), (hours(1), None, Some(75)));
}

#[test]
fn an_open_ticket_knows_its_band_and_when_it_is_due() {
    let story = [("2019-07-01T09:00:00", logged(Priority::P1))];
    for (as_at, left, band) in [
        ("2019-07-01T10:59:00", minutes(121), None),
        ("2019-07-01T11:00:00", minutes(120), Some(50)),
        ("2019-07-01T12:00:00", minutes(60), Some(75)),
        ("2019-07-01T12:24:00", minutes(36), Some(85)),
        ("2019-07-01T12:48:00", minutes(12), Some(95)),
        ("2019-07-01T16:00:00", minutes(-180), Some(95)),
    ] {
        let found = level(&story, as_at).standing;
        let due = Some(at("2019-07-01T13:00:00"));
        assert_eq!(found, Standing::Running { left, due, band }, "{as_at}");
    }
}

fn reopened() -> TicketFact {
    TicketFact::Reopened(Reopened {
        reason: code("not-fixed"),
    })
}

#[test]
fn time_spent_resolved_does_not_count_when_a_ticket_is_reopened() {
    let story = [
        ("2019-07-01T09:00:00", logged(Priority::P1)),
        ("2019-07-01T11:00:00", resolved()),
        ("2019-07-03T09:00:00", reopened()),
        ("2019-07-03T10:30:00", resolved()),
    ];
    let found = level(&story, "2019-08-01T00:00:00");
    assert_eq!(
        (found.counted, found.standing),
        (minutes(210), Standing::Met)
    );
    // In between it is on neither side.
    let between = level(&story, "2019-07-03T09:30:00");
    assert!(
        matches!(between.standing, Standing::Running { .. }),
        "{between:?}"
    );
    // And before it was reopened it had met its target.
    assert_eq!(level(&story, "2019-07-02T00:00:00").standing, Standing::Met);
}

/// Closing is no end of its own: the clock stood since the resolution, and goes on from there.
#[test]
fn time_spent_closed_does_not_count_when_a_ticket_is_reopened() {
    let closed = || TicketFact::Closed(Closed {});
    let story = [
        ("2019-07-01T09:00:00", logged(Priority::P1)),
        ("2019-07-01T11:00:00", resolved()),
        ("2019-07-02T09:00:00", closed()),
        ("2019-07-09T09:00:00", reopened()),
        ("2019-07-09T11:30:00", resolved()),
        ("2019-07-10T09:00:00", closed()),
    ];
    let found = level(&story, "2019-08-01T00:00:00");
    assert_eq!(
        (found.counted, found.standing, found.ended),
        (
            minutes(270),
            Standing::Failed,
            Some(at("2019-07-09T11:30:00"))
        )
    );
    let reopened = level(&story, "2019-07-09T10:00:00");
    let left = hours(1);
    assert!(matches!(reopened.standing, Standing::Running { left: found, .. } if found == left));
    assert_eq!(level(&story, "2019-07-08T00:00:00").standing, Standing::Met);
}

#[test]
fn time_spent_cancelled_does_not_count_when_a_ticket_is_reinstated() {
    let story = [
        ("2019-07-01T09:00:00", logged(Priority::P1)),
        ("2019-07-01T10:00:00", held("customer")),
        ("2019-07-01T12:00:00", cancelled()),
        ("2019-07-04T09:00:00", reinstated()),
        ("2019-07-04T12:00:00", resolved()),
    ];
    let found = level(&story, "2019-08-01T00:00:00");
    // An hour before the hold, which ended with the cancellation, and three after it.
    assert_eq!((found.counted, found.standing), (hours(4), Standing::Met));
    let lines: Vec<Happening> = found.trail.into_iter().map(|step| step.what).collect();
    assert_eq!(lines[2..4], [Happening::Withdrawn, Happening::Reinstated]);
    let cancelled = level(&story, "2019-07-03T00:00:00");
    assert_eq!(cancelled.standing, Standing::Withdrawn);
    assert_eq!(cancelled.ended, Some(at("2019-07-01T12:00:00")));
}

fn cancelled() -> TicketFact {
    TicketFact::Cancelled(Cancelled {
        reason: code("duplicate"),
    })
}

fn reinstated() -> TicketFact {
    TicketFact::Reinstated(Reinstated {
        reason: code("not-a-duplicate"),
    })
}

fn raised() -> TicketFact {
    TicketFact::Reprioritised(Reprioritised {
        priority: Priority::P1,
    })
}

/// It was resolved as a P3, within the target of a P3. If it is open again, that of a P1 counts.
#[test]
fn a_priority_given_after_the_resolution_leaves_its_result() {
    let story = [
        ("2019-07-01T09:00:00", logged(Priority::P3)),
        ("2019-07-01T14:00:00", resolved()),
        ("2019-07-02T09:00:00", raised()),
        ("2019-07-04T09:00:00", reopened()),
        ("2019-07-04T09:30:00", resolved()),
    ];
    let before = level(&story, "2019-07-03T00:00:00");
    assert_eq!(
        (before.target, before.standing, before.ended),
        (
            Some(hours(21)),
            Standing::Met,
            Some(at("2019-07-01T14:00:00"))
        )
    );
    let priority = Priority::P1;
    let later = Happening::ReprioritisedLater { priority };
    assert_eq!(before.trail.last().map(|step| &step.what), Some(&later));
    let found = level(&story, "2019-08-01T00:00:00");
    assert_eq!(
        (found.target, found.standing),
        (Some(hours(4)), Standing::Failed)
    );
    let lines: Vec<Happening> = found.trail.into_iter().map(|step| step.what).collect();
    let target = Some(hours(4));
    let expected = [
        later,
        Happening::Reopened,
        Happening::Retargeted { priority, target },
    ];
    assert_eq!(lines[2..5], expected);
}

#[test]
fn another_priority_counts_from_the_beginning() {
    let story = [
        ("2019-07-01T09:00:00", logged(Priority::P3)),
        ("2019-07-01T12:00:00", raised()),
        ("2019-07-01T13:30:00", resolved()),
    ];
    let found = level(&story, "2019-08-01T00:00:00");
    assert_eq!(
        (found.target, found.standing),
        (Some(hours(4)), Standing::Failed)
    );
    assert_eq!(found.trail[1].due, Some(at("2019-07-01T13:00:00")));
}

#[test]
fn without_a_target_and_when_withdrawn_a_ticket_is_on_neither_side() {
    let story = [
        ("2019-07-01T09:00:00", logged(Priority::P5)),
        ("2019-07-01T10:00:00", resolved()),
    ];
    assert_eq!(
        level(&story, "2019-08-01T00:00:00").standing,
        Standing::NoTarget
    );
    let story = [
        ("2019-07-01T09:00:00", logged(Priority::P1)),
        ("2019-07-09T10:00:00", cancelled()),
    ];
    assert_eq!(
        level(&story, "2019-08-01T00:00:00").standing,
        Standing::Withdrawn
    );
}

#[test]
fn the_trail_tells_line_by_line_how_the_clock_stood() {
    let story = [
        ("2019-07-01T16:00:00", logged(Priority::P1)),
        ("2019-07-02T10:00:00", held("customer")),
        ("2019-07-02T12:00:00", started()),
        ("2019-07-02T13:00:00", resolved()),
        ("2019-07-02T14:00:00", TicketFact::Closed(Closed {})),
    ];
    let found = level(&story, "2019-08-01T00:00:00");
    let told: Vec<(Happening, SignedDuration, Option<Timestamp>)> = found
        .trail
        .into_iter()
        .map(|step| (step.what, step.counted, step.due))
        .collect();
    let (priority, target) = (Priority::P1, Some(hours(4)));
    let held = Happening::Held {
        reason: code("customer"),
        pauses: true,
    };
    let (first, second) = ("2019-07-02T12:00:00", "2019-07-02T14:00:00");
    assert_eq!(
        told,
        [
            (
                Happening::Started { priority, target },
                hours(0),
                Some(at(first))
            ),
            (held, hours(2), None),
            (Happening::Resumed, hours(2), Some(at(second))),
            (resolved_after(3, 4), hours(3), None),
        ]
    );
    assert_eq!(found.standing, Standing::Met);
}

fn resolved_after(counted: i64, target: i64) -> Happening {
    let result = Verdict {
        target: hours(target),
        counted: hours(counted),
    };
    Happening::Resolved {
        result: Some(result),
    }
}

#[test]
fn each_resolution_is_a_line_with_its_result() {
    let story = [
        ("2019-07-01T09:00:00", logged(Priority::P1)),
        ("2019-07-01T12:00:00", resolved()),
        ("2019-07-01T15:00:00", reopened()),
        ("2019-07-01T17:00:00", resolved()),
    ];
    let found = level(&story, "2019-08-01T00:00:00");
    let lines: Vec<Happening> = found.trail.into_iter().map(|step| step.what).collect();
    let expected = [
        resolved_after(3, 4),
        Happening::Reopened,
        resolved_after(5, 4),
    ];
    assert_eq!(lines[1..], expected);
    assert_eq!(found.standing, Standing::Failed);
    let words =
        [(3, 4), (4, 4), (5, 4)].map(|(counted, target)| match resolved_after(counted, target) {
            Happening::Resolved { result } => result.map(Verdict::code),
            _ => None,
        });
    assert_eq!(words, [Some("met"), Some("met"), Some("failed")]);
    let without_target = [
        ("2019-07-01T09:00:00", logged(Priority::P5)),
        ("2019-07-01T12:00:00", resolved()),
    ];
    let found = level(&without_target, "2019-08-01T00:00:00");
    assert_eq!(found.trail[1].what, Happening::Resolved { result: None });
}

#[test]
fn before_it_was_logged_a_ticket_has_no_service_level() {
    let fact = logged(Priority::P1);
    let logged = at("2019-07-01T09:00:00");
    assert_eq!(service_level(&terms(), [(logged, &fact)], logged), None);
}

#[test]
fn what_changes_nothing_for_the_clock_is_no_line_of_the_trail() {
    let same = TicketFact::Reprioritised(Reprioritised {
        priority: Priority::P1,
    });
    let story = [
        ("2019-07-01T09:00:00", logged(Priority::P1)),
        ("2019-07-01T10:00:00", started()),
        ("2019-07-01T10:30:00", same),
        ("2019-07-01T11:00:00", held("change")),
        ("2019-07-01T12:00:00", started()),
    ];
    let found = level(&story, "2019-08-01T00:00:00");
    let lines: Vec<Happening> = found.trail.into_iter().map(|step| step.what).collect();
    let expected = [
        Happening::Started {
            priority: Priority::P1,
            target: Some(hours(4)),
        },
        Happening::Held {
            reason: code("change"),
            pauses: false,
        },
    ];
    assert_eq!(lines, expected);
}
