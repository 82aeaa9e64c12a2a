//! Which agreements govern a ticket, told as stories.

use super::*;
use crate::holidays::{HolidaysDeclared, HolidaysWithdrawn};
use crate::service_time::{ServiceTime, Weekday, Window};
use crate::targets::{AgeLimitAgreed, PausesAgreed, Target, TargetsEnded};
use crate::ticket::{Channel, UserClass};

fn at(text: &str) -> Timestamp {
    format!("{text}+01:00").parse().unwrap()
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn code(text: &str) -> Code {
    Code::new(text).unwrap()
}

fn standing<F>(sequence: u64, fact: F) -> Standing<F> {
    Standing {
        happened: Timestamp::UNIX_EPOCH,
        sequence,
        id: [0; 8],
        fact,
    }
}

/// P1 incidents of standard users, in minutes.
fn targets(minutes: u32, from: &str, applies_to_existing: bool) -> TargetsFact {
    TargetsFact::TargetsAgreed(TargetsAgreed {
        kind: TicketKind::Incident,
        user_class: UserClass::Standard,
        targets: vec![Target {
            priority: Priority::P1,
            name: None,
            minutes: Some(minutes),
        }],
        from: day(from),
        applies_to_existing,
    })
}

fn ended(through: &str) -> TargetsFact {
    TargetsFact::TargetsEnded(TargetsEnded {
        kind: TicketKind::Incident,
        user_class: UserClass::Standard,
        through: day(through),
    })
}

/// Every weekday from 9 to an hour.
fn hours(to: i8, from: &str, applies_to_existing: bool) -> HoursFact {
    let window = |day| Window {
        day,
        from: jiff::civil::time(9, 0, 0, 0),
        to: jiff::civil::time(to, 0, 0, 0),
    };
    HoursFact::HoursAgreed(HoursAgreed {
        hours: ServiceTime::Weekly(Weekday::WORKDAYS.map(window).to_vec()),
        from: day(from),
        applies_to_existing,
    })
}

fn holiday(named: &str, applies_to_existing: bool) -> HolidaysFact {
    HolidaysFact::HolidaysDeclared(HolidaysDeclared {
        days: [day(named)].into(),
        applies_to_existing,
    })
}

fn withdrawn(named: &str) -> HolidaysFact {
    HolidaysFact::HolidaysWithdrawn(HolidaysWithdrawn {
        days: [day(named)].into(),
        applies_to_existing: false,
    })
}

fn incident() -> Logged {
    Logged {
        kind: TicketKind::Incident,
        priority: Priority::P1,
        user_class: UserClass::Standard,
        channel: Channel::Phone,
        service: code("email"),
        category: code("other"),
        directorate: None,
        sts: true,
        councils: BTreeSet::new(),
    }
}

fn agreements(
    targets: &[(u64, TargetsFact)],
    hours: &[(u64, HoursFact)],
    holidays: &[(u64, HolidaysFact)],
) -> ServiceAgreements {
    fn all<F: Clone>(facts: &[(u64, F)]) -> Vec<Standing<F>> {
        let facts = facts.iter().cloned();
        facts
            .map(|(sequence, fact)| standing(sequence, fact))
            .collect()
    }
    ServiceAgreements::new(&all(targets), &all(hours), &all(holidays))
}

/// In minutes, of a P1 incident that was logged by the event of this sequence.
fn target(agreements: &ServiceAgreements, sequence: u64, logged: &str) -> Option<i64> {
    let terms = agreements.terms(sequence, at(logged), &incident())?;
    terms
        .targets
        .get(&Priority::P1)
        .map(SignedDuration::as_mins)
}

/// When a P1 incident with these agreements is due.
fn due(agreements: &ServiceAgreements, sequence: u64, logged: &str) -> Timestamp {
    let terms = agreements.terms(sequence, at(logged), &incident()).unwrap();
    let target = terms.targets[&Priority::P1];
    terms.calendar.add(at(logged), target, &[]).unwrap()
}

#[test]
fn the_agreement_in_force_on_the_day_of_logging_governs() {
    let agreed = agreements(
        &[
            (1, targets(240, "2017-04-01", false)),
            (3, targets(120, "2018-04-01", false)),
        ],
        &[(2, hours(17, "2017-01-01", false))],
        &[],
    );
    assert_eq!(target(&agreed, 10, "2018-03-31T12:00:00"), Some(240));
    assert_eq!(target(&agreed, 11, "2018-04-01T12:00:00"), Some(120));
    assert_eq!(target(&agreed, 12, "2017-03-31T12:00:00"), None);
}

#[test]
fn an_agreement_that_is_recorded_later_governs_no_earlier_ticket_unless_it_says_so() {
    let hours = [(1, hours(17, "2017-01-01", false))];
    let first = (2, targets(240, "2017-04-01", false));
    let silent = agreements(
        &[first.clone(), (20, targets(120, "2018-04-01", false))],
        &hours,
        &[],
    );
    let said = agreements(
        &[first, (20, targets(120, "2018-04-01", true))],
        &hours,
        &[],
    );
    // Logged on 2 May by the event 10, before the agreement was recorded.
    assert_eq!(target(&silent, 10, "2018-05-02T12:00:00"), Some(240));
    assert_eq!(target(&said, 10, "2018-05-02T12:00:00"), Some(120));
    // It reaches back to tickets of its own days only.
    assert_eq!(target(&said, 10, "2018-03-02T12:00:00"), Some(240));
    for agreed in [&silent, &said] {
        assert_eq!(target(agreed, 21, "2018-05-02T12:00:00"), Some(120));
    }
}

#[test]
fn without_targets_or_without_hours_there_are_no_terms() {
    let no_hours = agreements(&[(1, targets(240, "2017-04-01", false))], &[], &[]);
    assert_eq!(target(&no_hours, 10, "2018-03-31T12:00:00"), None);
    let no_targets = agreements(&[], &[(1, hours(17, "2017-01-01", false))], &[]);
    assert_eq!(target(&no_targets, 10, "2018-03-31T12:00:00"), None);
    let agreed = agreements(
        &[(1, targets(240, "2017-04-01", false))],
        &[(2, hours(17, "2017-01-01", false))],
        &[],
    );
    let vip = Logged {
        user_class: UserClass::Vip,
        ..incident()
    };
    assert_eq!(agreed.terms(10, at("2018-03-31T12:00:00"), &vip), None);
    let request = Logged {
        kind: TicketKind::Request,
        ..incident()
    };
    assert_eq!(agreed.terms(10, at("2018-03-31T12:00:00"), &request), None);
}

#[test]
fn what_ended_governs_tickets_of_its_days_and_those_logged_before_the_end_was_recorded() {
    let agreed = agreements(
        &[
            (1, targets(240, "2017-04-01", false)),
            (20, ended("2018-03-31")),
        ],
        &[(2, hours(17, "2017-01-01", false))],
        &[],
    );
    assert_eq!(target(&agreed, 30, "2018-03-31T12:00:00"), Some(240));
    assert_eq!(target(&agreed, 31, "2018-04-01T12:00:00"), None);
    assert_eq!(target(&agreed, 10, "2018-04-01T12:00:00"), Some(240));
}

/// The bank holiday of 19 September 2022, a Monday, was declared on the 10th.
#[test]
fn a_holiday_that_is_declared_late_moves_no_due_time_unless_it_says_so() {
    let (targets, hours) = (
        [(1, targets(480, "2022-01-01", false))],
        [(2, hours(17, "2022-01-01", false))],
    );
    let friday = "2022-09-16T09:00:00";
    let silent = agreements(&targets, &hours, &[(20, holiday("2022-09-19", false))]);
    let said = agreements(&targets, &hours, &[(20, holiday("2022-09-19", true))]);
    let from_noon = "2022-09-16T13:00:00";
    assert_eq!(due(&silent, 10, friday), at("2022-09-16T17:00:00"));
    assert_eq!(due(&silent, 10, from_noon), at("2022-09-19T13:00:00"));
    assert_eq!(due(&said, 10, from_noon), at("2022-09-20T13:00:00"));
    for agreed in [&silent, &said] {
        assert_eq!(due(agreed, 21, from_noon), at("2022-09-20T13:00:00"));
    }
    let taken_back = [
        (20, holiday("2022-09-19", false)),
        (30, withdrawn("2022-09-19")),
    ];
    let taken_back = agreements(&targets, &hours, &taken_back);
    assert_eq!(due(&taken_back, 21, from_noon), at("2022-09-20T13:00:00"));
    assert_eq!(due(&taken_back, 31, from_noon), at("2022-09-19T13:00:00"));
}

#[test]
fn a_ticket_follows_all_hours_that_were_recorded_before_it_each_from_its_day_on() {
    // From Tuesday 2 October 2018 on, the day ends an hour earlier.
    let agreed = agreements(
        &[(1, targets(600, "2018-01-01", false))],
        &[
            (2, hours(17, "2018-01-01", false)),
            (3, hours(16, "2018-10-02", false)),
        ],
        &[],
    );
    let monday = "2018-10-01T15:00:00";
    assert_eq!(due(&agreed, 10, monday), at("2018-10-03T10:00:00"));
    let late = agreements(
        &[(1, targets(600, "2018-01-01", false))],
        &[
            (2, hours(17, "2018-01-01", false)),
            (20, hours(16, "2018-10-02", false)),
        ],
        &[],
    );
    assert_eq!(due(&late, 10, monday), at("2018-10-02T17:00:00"));
    assert_eq!(due(&late, 21, monday), at("2018-10-03T10:00:00"));
}

#[test]
fn terms_rest_on_the_events_that_agreed_on_them() {
    let pauses = TargetsFact::PausesAgreed(PausesAgreed {
        reasons: [code("customer")].into(),
        from: day("2018-01-01"),
        applies_to_existing: false,
    });
    let agreed = agreements(
        &[(1, targets(240, "2017-04-01", false)), (4, pauses)],
        &[
            (8, hours(19, "2018-01-20", false)),
            (2, hours(17, "2017-01-01", false)),
            (6, hours(18, "2018-01-10", false)),
            (12, hours(20, "2018-01-12", false)),
        ],
        &[
            (3, holiday("2018-01-01", false)),
            (5, holiday("2018-01-08", false)),
            (7, holiday("2018-01-09", false)),
            (9, withdrawn("2018-01-09")),
            (13, holiday("2018-01-11", false)),
            (14, holiday("2018-01-15", true)),
        ],
    );
    let grounds = |logged, last| agreed.grounds(10, at(logged), &incident(), day(last));
    let of_one_day = grounds("2017-12-31T12:00:00", "2017-12-31");
    let expected = Grounds {
        targets: 1,
        pauses: None,
        hours: vec![2],
        holidays: BTreeMap::new(),
    };
    assert_eq!(of_one_day, Some(expected));
    // What was recorded after the ticket is followed only where it reaches back.
    let of_some = grounds("2018-01-01T12:00:00", "2018-01-20");
    let expected = Grounds {
        targets: 1,
        pauses: Some(4),
        hours: vec![2, 6, 8],
        holidays: [
            (day("2018-01-01"), 3),
            (day("2018-01-08"), 5),
            (day("2018-01-15"), 14),
        ]
        .into(),
    };
    assert_eq!(of_some, Some(expected));
    let shorter = grounds("2018-01-02T12:00:00", "2018-01-19").unwrap();
    assert_eq!(shorter.hours, [2, 6]);
    assert_eq!(shorter.holidays.len(), 2);
    let on_a_first_day = grounds("2018-01-10T12:00:00", "2018-01-20").unwrap();
    assert_eq!(on_a_first_day.hours, [6, 8]);
    let before_hours = grounds("2016-12-31T12:00:00", "2018-01-19");
    assert_eq!(before_hours, None);
    // The terms are those of the same events.
    let pausing = |logged| agreed.terms(10, at(logged), &incident()).unwrap().pausing;
    assert!(pausing("2017-12-31T12:00:00").is_empty());
    assert_eq!(*pausing("2018-01-01T12:00:00"), [code("customer")].into());
}

#[test]
fn a_ticket_is_aged_from_the_instant_at_which_it_is_as_old_as_agreed() {
    let limit = |days, from: &str, reach| {
        TargetsFact::AgeLimitAgreed(AgeLimitAgreed {
            days,
            from: day(from),
            applies_to_existing: reach,
        })
    };
    let facts = [
        (1, limit(30, "2018-01-01", false)),
        (20, limit(10, "2018-06-01", true)),
    ];
    let agreed = agreements(&facts, &[], &[]);
    let aged = |sequence, logged| agreed.aged_from(sequence, at(logged));
    assert_eq!(
        aged(10, "2018-02-01T09:00:00"),
        Some(at("2018-03-03T09:00:00"))
    );
    assert_eq!(
        aged(10, "2018-06-01T09:00:00"),
        Some(at("2018-06-11T09:00:00"))
    );
    assert_eq!(aged(10, "2017-12-31T09:00:00"), None);
    assert_eq!(agreed.age_limit_from(), Some(day("2018-01-01")));
}

/// Inverclyde, Policy and Resources Committee, 4 February 2020, appendix 3: 95 %, and 90 % until
/// July 2017, which is taken as through the 31st.
#[test]
fn the_closest_attainment_that_has_begun_is_the_one_that_counts() {
    let attained = |percent: &str, kind, priority, from: &str| {
        TargetsFact::AttainmentAgreed(AttainmentAgreed {
            percent: percent.parse().unwrap(),
            kind,
            priority,
            from: day(from),
        })
    };
    let (incident, request) = (Some(TicketKind::Incident), Some(TicketKind::Request));
    let agreed = agreements(
        &[
            (1, attained("90", None, None, "2016-01-01")),
            (2, attained("95", None, None, "2017-08-01")),
            (3, attained("85", None, Some(Priority::P3), "2018-01-01")),
            (4, attained("80", request, None, "2018-01-01")),
            (5, attained("70", request, Some(Priority::P3), "2018-01-01")),
        ],
        &[],
        &[],
    );
    let on = |text, kind, priority| {
        let found = agreed.attainment(day(text), kind, priority);
        found.map(|percent| percent.to_string())
    };
    let (p1, p3) = (Some(Priority::P1), Some(Priority::P3));
    for (text, kind, priority, expected) in [
        ("2015-12-31", incident, None, None),
        ("2017-07-31", incident, None, Some("90")),
        ("2017-08-01", incident, None, Some("95")),
        ("2018-01-01", incident, None, Some("95")),
        ("2018-01-01", incident, p1, Some("95")),
        ("2018-01-01", incident, p3, Some("85")),
        ("2018-01-01", None, None, Some("95")),
        ("2018-01-01", request, None, Some("80")),
        ("2018-01-01", request, p1, Some("80")),
        ("2018-01-01", request, p3, Some("70")),
    ] {
        let found = on(text, kind, priority);
        assert_eq!(found.as_deref(), expected, "{text} {kind:?} {priority:?}");
    }
}

#[test]
fn targets_are_there_from_the_first_day_that_has_hours_too_whatever_ends() {
    let agreed = agreements(
        &[
            (1, targets(240, "2017-04-01", false)),
            (3, targets(120, "2018-04-01", false)),
            (4, ended("2018-12-31")),
        ],
        &[(2, hours(17, "2017-06-01", false))],
        &[],
    );
    let first = Some(day("2017-06-01"));
    assert_eq!(agreed.targets_from(None), first);
    assert_eq!(agreed.targets_from(Some(TicketKind::Incident)), first);
    assert_eq!(agreed.targets_from(Some(TicketKind::Request)), None);
    let no_hours = agreements(&[(1, targets(240, "2017-04-01", false))], &[], &[]);
    assert_eq!(no_hours.targets_from(None), None);
}

#[test]
fn an_end_closes_the_targets_of_its_own_kind_and_class_alone() {
    let of = |kind, user_class, from: &str| {
        let TargetsFact::TargetsAgreed(agreed) = targets(240, from, false) else {
            unreachable!("targets are agreed")
        };
        TargetsFact::TargetsAgreed(TargetsAgreed {
            kind,
            user_class,
            ..agreed
        })
    };
    let ends = |kind, user_class| {
        TargetsFact::TargetsEnded(TargetsEnded {
            kind,
            user_class,
            through: day("2017-12-31"),
        })
    };
    for (kind, user_class) in [
        (TicketKind::Request, UserClass::Standard),
        (TicketKind::Incident, UserClass::Vip),
    ] {
        let agreed = agreements(
            &[
                (1, of(kind, user_class, "2017-01-01")),
                (2, targets(240, "2017-04-01", false)),
                (4, ends(kind, user_class)),
            ],
            &[(3, hours(17, "2017-01-01", false))],
            &[],
        );
        assert_eq!(target(&agreed, 10, "2018-05-02T12:00:00"), Some(240));
        let other = Logged {
            kind,
            user_class,
            ..incident()
        };
        assert_eq!(agreed.terms(10, at("2018-05-02T12:00:00"), &other), None);
    }
}
