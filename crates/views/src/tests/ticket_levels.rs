//! The service level of tickets as it is read from rows, told as a story of one Monday.
//!
//! Work is agreed from 8 to 18 on weekdays. Incidents have 8 hours for P1, 16 for P2, 24 for P3, and
//! none for P5; requests have more. A customer who is waited for stops the clock.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use townclerk_domain::holidays::{HolidaysDeclared, HolidaysFact, HolidaysRules, holidays_of};
use townclerk_domain::hours::{HoursAgreed, HoursFact, HoursRules, hours_of};
use townclerk_domain::identity::AggregateKind;
use townclerk_domain::service_level::{Happening, Standing, Step};
use townclerk_domain::service_time::ServiceTime;
use townclerk_domain::targets::{PausesAgreed, TargetsFact, TargetsRules, targets_of};
use townclerk_domain::ticket::{
    Channel, Held, Logged, Priority, Reprioritised, Resolved, Started, TicketFact, TicketKind,
    TicketRules, UserClass,
};

use super::families::aggregate;
use super::history::{History, code, folded, log, one, read, start};
use crate::agreed::agreed_facts;
use crate::basis::Basis;
use crate::figures::figures;
use crate::kept::facts;
use crate::lists;
use crate::measure::Measure;
use crate::service_levels::{
    Governing, OpenTickets, Risk, TicketLevel, level_of_one, moment, open_tickets,
};

const EVENING: &str = "2019-03-04T18:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn monday(time: &str) -> String {
    format!("2019-03-04T{time}:00Z")
}

fn hours(count: i64) -> SignedDuration {
    SignedDuration::from_hours(count)
}

fn incident(priority: Priority, user_class: UserClass) -> TicketFact {
    TicketFact::Logged(Logged {
        kind: TicketKind::Incident,
        priority,
        user_class,
        channel: Channel::Phone,
        service: code("email"),
        category: code("other"),
        directorate: None,
        sts: true,
        councils: BTreeSet::new(),
    })
}

fn held() -> TicketFact {
    TicketFact::Held(Held {
        reason: code("customer"),
    })
}

impl History {
    fn ticket(&mut self, number: u128, life: &[(&str, TicketFact)]) -> &mut Self {
        let id = aggregate(AggregateKind::Ticket, number);
        for (time, fact) in life {
            self.tell::<TicketRules>("brent", id, &monday(time), fact.clone());
        }
        self
    }
}

/// Brent's Monday: six tickets, of which the last was resolved in the afternoon.
fn story() -> History {
    let standard = |priority| incident(priority, UserClass::Standard);
    let mut history = History::covered().agreeing();
    let pauses = TargetsFact::PausesAgreed(PausesAgreed {
        reasons: [code("customer")].into(),
        from: "2019-01-01".parse().unwrap(),
        applies_to_existing: false,
    });
    let day = start().to_string();
    history.tell::<TargetsRules>("brent", targets_of(&log("brent")), &day, pauses);
    let lower = TicketFact::Reprioritised(Reprioritised {
        priority: Priority::P2,
    });
    let resolved = TicketFact::Resolved(Resolved { resolution: None });
    history
        .ticket(2, &[("08:00", standard(Priority::P1))])
        .ticket(3, &[("08:00", standard(Priority::P5))])
        .ticket(4, &[("08:00", standard(Priority::P3)), ("10:00", held())])
        .ticket(5, &[("08:30", incident(Priority::P1, UserClass::Vip))])
        .ticket(
            1,
            &[
                ("09:00", standard(Priority::P1)),
                ("11:00", held()),
                ("13:00", TicketFact::Started(Started {})),
                ("14:00", lower),
            ],
        )
        .ticket(6, &[("15:00", standard(Priority::P2)), ("17:00", resolved)]);
    history
}

fn level(history: &History, number: u128, basis: Basis) -> Option<TicketLevel> {
    let rows = folded(&history.all(), &[]);
    let id = aggregate(AggregateKind::Ticket, number).id;
    let row = lists::row::<TicketRules>(&rows, &log("brent"), id).unwrap();
    let agreed = agreed_facts(&rows, &log("brent"), None).unwrap();
    let facts = facts(&row.unwrap(), basis).unwrap();
    level_of_one(&facts, &agreed.agreements(), basis, None)
}

fn seen_at(moment: &str) -> Basis {
    Basis {
        as_at: Some(at(moment)),
        known_at: None,
    }
}

fn open(history: &History, scope: &str, basis: Basis) -> OpenTickets {
    let rows = folded(&history.all(), &[]);
    let scope = scope.parse().unwrap();
    read(history, &rows, |reading| {
        let moment = moment(reading, &scope, basis).unwrap().unwrap();
        open_tickets(reading, &scope, basis, moment).unwrap()
    })
}

/// The numbers of the tickets in their order, each with its risk.
fn in_order(found: &OpenTickets) -> Vec<(u128, Risk)> {
    let tickets = found.tickets.iter();
    tickets.map(|t| (t.id.as_u128(), t.risk)).collect()
}

#[test]
fn the_trail_says_line_by_line_what_happened_to_the_clock() {
    let found = level(&story(), 1, seen_at(EVENING)).unwrap();
    assert_eq!(found.attributes.priority, Priority::P2);
    let governed = found.governed.as_ref().unwrap();
    let line = |time: &str, what, counted, due: Option<&str>| Step {
        at: at(&monday(time)),
        what,
        counted: hours(counted),
        due: due.map(at),
    };
    let target = |priority, count| (priority, Some(hours(count)));
    let (priority, target_of) = target(Priority::P1, 8);
    let expected = [
        line(
            "09:00",
            Happening::Started {
                priority,
                target: target_of,
            },
            0,
            Some("2019-03-04T17:00:00Z"),
        ),
        line(
            "11:00",
            Happening::Held {
                reason: code("customer"),
                pauses: true,
            },
            2,
            None,
        ),
        line(
            "13:00",
            Happening::Resumed,
            2,
            // Six hours are left of eight; five of them pass on Monday.
            Some("2019-03-05T09:00:00Z"),
        ),
        line(
            "14:00",
            Happening::Retargeted {
                priority: Priority::P2,
                target: Some(hours(16)),
            },
            3,
            Some("2019-03-05T17:00:00Z"),
        ),
    ];
    assert_eq!(governed.trail, expected);
    // 7 hours of 16.
    let standing = Standing::Running {
        left: hours(9),
        due: Some(at("2019-03-05T17:00:00Z")),
        band: None,
    };
    assert_eq!(governed.standing, standing);
    assert_eq!(
        (found.risk(), found.standing()),
        (Some(Risk::Under50), "running")
    );
}

#[test]
fn what_governs_a_ticket_names_the_events_by_which_it_was_agreed() {
    let mut history = story();
    let brent = log("brent");
    let later = HoursFact::HoursAgreed(HoursAgreed {
        hours: ServiceTime::Always,
        from: "2019-03-07".parse().unwrap(),
        applies_to_existing: true,
    });
    let days = ["2019-03-05", "2019-03-06", "2019-03-08"].map(|day| day.parse().unwrap());
    let holidays = HolidaysFact::HolidaysDeclared(HolidaysDeclared {
        days: days.into(),
        applies_to_existing: true,
    });
    let evening = EVENING;
    history.tell::<HoursRules>("brent", hours_of(&brent), evening, later);
    history.tell::<HolidaysRules>("brent", holidays_of(&brent), evening, holidays);
    let rows = folded(&history.all(), &[]);
    let agreed = agreed_facts(&rows, &brent, None).unwrap();
    let found = level(&history, 1, seen_at(EVENING)).unwrap();
    // Due on Thursday at 09:00: Tuesday and Wednesday are holidays now, and Thursday begins at 00:00.
    let running = found.running().unwrap();
    assert_eq!(running.1, Some(at("2019-03-07T09:00:00Z")));
    let governing = Governing::of(&agreed, &found).unwrap();
    assert_eq!(governing.targets.1.kind, TicketKind::Incident);
    let pauses = governing.pauses.unwrap();
    assert!(pauses.1.reasons.contains(&code("customer")));
    let events = &history.logs[&brent];
    let recorded = |sequence| {
        events
            .iter()
            .find(|event| event.sequence == sequence)
            .unwrap()
    };
    assert_eq!(recorded(pauses.0).aggregate, targets_of(&brent));
    assert_eq!(recorded(governing.targets.0).aggregate, targets_of(&brent));
    let [first, then] = governing.hours[..] else {
        panic!("two hours: {:?}", governing.hours);
    };
    assert_eq!(recorded(first.0).aggregate, hours_of(&brent));
    assert_eq!(recorded(then.0).aggregate, hours_of(&brent));
    assert_eq!(then.1.hours, ServiceTime::Always);
    let skipped: Vec<Date> = governing.holidays.keys().copied().collect();
    assert_eq!(skipped, days[..2]);
    let by = governing.holidays[&days[0]];
    assert_eq!(recorded(by).aggregate, holidays_of(&brent));
    // Seen at the midnight at which another holiday begins that one has no part yet.
    let overdue = level(&history, 2, seen_at("2019-03-08T00:00:00Z")).unwrap();
    assert_eq!(overdue.risk(), Some(Risk::Overdue));
    let skipped = |found| Governing::of(&agreed, found).unwrap().holidays.len();
    assert_eq!(skipped(&overdue), 2);
    let later = level(&history, 2, seen_at("2019-03-08T00:00:01Z")).unwrap();
    assert_eq!(skipped(&later), 3);
    // A ticket that is resolved follows nothing that comes after it.
    let resolved = level(&history, 6, seen_at("2019-03-20T00:00:00Z")).unwrap();
    let governing = Governing::of(&agreed, &resolved).unwrap();
    assert_eq!((governing.hours.len(), governing.holidays.len()), (1, 0));
}

#[test]
fn the_most_urgent_tickets_come_first_and_each_has_one_band() {
    let history = story();
    let found = open(&history, "brent", seen_at(EVENING));
    let expected = [
        (2, Risk::Overdue),
        (1, Risk::Under50),
        (4, Risk::Paused),
        (3, Risk::NoTarget),
        (5, Risk::NoAgreement),
    ];
    assert_eq!(in_order(&found), expected);
    assert!(!found.cut);
    let counts = found.counts();
    assert_eq!(counts.len(), 5);
    assert_eq!(counts[&(Risk::Overdue, Priority::P1)], 1);
    assert_eq!(found.tickets[0].left, Some(-hours(2)));
    assert_eq!(
        in_order(&open(&history, "joint", seen_at(EVENING))),
        expected
    );
    assert!(
        open(&history, "lewisham", seen_at(EVENING))
            .tickets
            .is_empty()
    );
}

#[test]
fn a_ticket_passes_through_the_bands_while_nothing_is_recorded() {
    let history = story();
    for (time, risk) in [
        ("11:59", Risk::Under50),
        ("12:00", Risk::From50),
        ("14:00", Risk::From75),
        ("14:48", Risk::From85),
        ("15:36", Risk::From95),
        ("16:00", Risk::From95),
        ("16:01", Risk::Overdue),
    ] {
        let found = level(&history, 2, seen_at(&monday(time))).unwrap();
        assert_eq!(found.risk(), Some(risk), "{time}");
    }
}

#[test]
fn a_past_moment_shows_as_open_what_was_resolved_or_moved_since() {
    let history = story();
    let found = open(&history, "brent", seen_at("2019-03-04T16:30:00Z"));
    let sixth = found.tickets.iter().find(|ticket| ticket.id.as_u128() == 6);
    assert_eq!(sixth.unwrap().risk, Risk::Under50);
    let before = open(&history, "brent", seen_at("2019-03-04T13:30:00Z"));
    let first = before
        .tickets
        .iter()
        .find(|ticket| ticket.id.as_u128() == 1);
    assert_eq!(first.unwrap().attributes.priority, Priority::P1);
    let asleep = open(&history, "brent", seen_at("2019-03-04T07:00:00Z"));
    assert!(asleep.tickets.is_empty(), "nothing was logged yet");
    // What was known at noon, looked at from the evening: nobody knew of the sixth ticket.
    let known = Basis {
        known_at: Some(at("2019-03-04T12:00:00Z")),
        ..seen_at(EVENING)
    };
    let noon = open(&history, "brent", known);
    let risks: Vec<_> = in_order(&noon)
        .into_iter()
        .filter(|(id, _)| *id == 1 || *id == 6)
        .collect();
    assert_eq!(
        risks,
        [(1, Risk::Paused)],
        "it was held, and not begun again"
    );
}

#[test]
fn a_resolved_ticket_is_judged_and_is_at_no_risk() {
    let found = level(&story(), 6, Basis::default()).unwrap();
    assert_eq!((found.standing(), found.risk()), ("met", None));
    let governed = found.governed.unwrap();
    assert_eq!(governed.counted, hours(2));
    assert_eq!(
        level(&story(), 6, seen_at("2019-03-04T15:00:00Z")),
        None,
        "not logged before"
    );
}

#[test]
fn a_ticket_becomes_an_aged_one_by_the_limit_that_governs_it() {
    let found = |moment: &str| level(&story(), 1, seen_at(moment)).unwrap();
    let limit = at("2019-03-09T09:00:00Z");
    assert_eq!(found(EVENING).aged_from, Some(limit));
    assert!(!found("2019-03-09T09:00:00Z").is_aged());
    assert!(found("2019-03-09T09:00:01Z").is_aged());
}

#[test]
fn where_no_moment_is_asked_for_it_is_that_of_the_figure_of_open_tickets() {
    let history = story();
    let rows = folded(&history.all(), &[]);
    let query = one("brent", Measure::TicketsOpen, "2019-03", Basis::default());
    read(&history, &rows, |reading| {
        let figure = figures(reading, &query).unwrap().remove(0);
        let scope = "brent".parse().unwrap();
        let found = moment(reading, &scope, Basis::default()).unwrap();
        assert_eq!((found, found.is_some()), (figure.as_at, true));
        let open = open_tickets(reading, &scope, Basis::default(), found.unwrap());
        let count = i64::try_from(open.unwrap().tickets.len()).unwrap();
        assert_eq!(Some(count), figure.numerator);
    });
}
