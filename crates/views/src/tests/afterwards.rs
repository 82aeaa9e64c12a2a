//! What tools let people do after a ticket ended: reopen what was closed, reinstate what was
//! cancelled, give another priority, category or team to what was resolved.

use std::collections::BTreeMap;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use townclerk_domain::amendment::Recordable;
use townclerk_domain::decider::Decider;
use townclerk_domain::event::Event;
use townclerk_domain::identity::AggregateId;
use townclerk_domain::names::LogName;
use townclerk_domain::ticket::{
    Cancelled, Closed, Priority, Recategorised, Reinstated, Reprioritised, Status, Ticket,
    TicketFact, TicketRules, UserClass,
};

use super::families::{of, shown};
use super::history::{History, code, history, steps};
use super::service_levels::{COUNCIL, incident, inverclyde, reopened, resolved, ticket};
use crate::dimension::Dimension;
use crate::measure::Measure;

fn value(history: &History, measure: Measure, month: &str, fixed: &[(Dimension, &str)]) -> i64 {
    shown(history, &of(COUNCIL, measure, month, fixed))
        .parse()
        .unwrap_or(0)
}

fn standard(priority: Priority) -> TicketFact {
    incident(priority, UserClass::Standard)
}

fn given(priority: Priority) -> TicketFact {
    TicketFact::Reprioritised(Reprioritised { priority })
}

fn closed() -> TicketFact {
    TicketFact::Closed(Closed {})
}

/// It counts once among the resolved, where it was resolved last, and is judged by that.
#[test]
fn a_ticket_reopened_after_it_was_closed_is_counted_where_it_was_resolved_last() {
    let mut history = inverclyde();
    let life = [
        ("2019-06-03T09:00:00", standard(Priority::P1)),
        ("2019-06-03T10:00:00", resolved()),
        ("2019-06-04T10:00:00", closed()),
        ("2019-07-01T09:00:00", reopened()),
        ("2019-07-01T15:00:00", resolved()),
        ("2019-07-02T15:00:00", closed()),
    ];
    ticket(&mut history, COUNCIL, 1, &life[..3]);
    assert_eq!(value(&history, Measure::SlaMet, "2019-06", &[]), 1);
    for (at, fact) in &life[3..] {
        let at = format!("{at}+01:00").parse().unwrap();
        history.ask(COUNCIL, 1, at, Recordable::Fact(fact.clone()));
    }
    let both = |measure| ["2019-06", "2019-07"].map(|month| value(&history, measure, month, &[]));
    assert_eq!(both(Measure::TicketsResolved), [0, 1]);
    assert_eq!(both(Measure::TicketResolutions), [1, 1]);
    assert_eq!(both(Measure::TicketsReopened), [0, 1]);
    assert_eq!(both(Measure::SlaMet), [0, 0]);
    assert_eq!(both(Measure::SlaFailed), [0, 1]);
    // An hour before, six hours after: the weeks in between do not count.
    assert_eq!(both(Measure::ResolutionServiceMinutes), [0, 420]);
    // In the cohort of its logging it has failed as well.
    assert_eq!(both(Measure::SlaFailedByLogged), [1, 0]);
    assert_eq!(both(Measure::TicketsOpen), [0, 0]);
}

#[test]
fn a_ticket_reinstated_after_it_was_cancelled_is_open_again_and_no_reopening() {
    let mut history = inverclyde();
    let cancelled = TicketFact::Cancelled(Cancelled {
        reason: code("duplicate"),
    });
    let reinstated = TicketFact::Reinstated(Reinstated {
        reason: code("not-a-duplicate"),
    });
    let life = [
        ("2019-06-03T09:00:00", standard(Priority::P1)),
        ("2019-06-03T10:00:00", cancelled.clone()),
        ("2019-07-01T09:00:00", reinstated),
    ];
    ticket(&mut history, COUNCIL, 1, &life);
    let both = |measure| ["2019-06", "2019-07"].map(|month| value(&history, measure, month, &[]));
    assert_eq!(both(Measure::TicketsOpen), [0, 1]);
    assert_eq!(both(Measure::TicketsCancelled), [1, 0]);
    assert_eq!(both(Measure::TicketsReinstated), [0, 1]);
    assert_eq!(both(Measure::TicketsReopened), [0, 0]);
    assert_eq!(both(Measure::TicketsUntriaged), [0, 0]);
}

/// What was counted stays under the values of its time. What is not open is in no part of the backlog,
/// so it moves nowhere; opened again it comes to the part of its present values.
#[test]
fn values_given_after_the_resolution_leave_what_was_counted_and_count_from_the_reopening_on() {
    let mut history = inverclyde();
    let recategorised = TicketFact::Recategorised(Recategorised {
        category: Some(code("password")),
        service: None,
        directorate: None,
    });
    let life = [
        ("2019-06-03T09:00:00", standard(Priority::P3)),
        ("2019-06-03T15:00:00", resolved()),
        ("2019-06-04T09:00:00", given(Priority::P1)),
        ("2019-06-04T09:05:00", recategorised),
        ("2019-07-01T09:00:00", reopened()),
    ];
    let priority = |code: &'static str| [(Dimension::Priority, code)];
    ticket(&mut history, COUNCIL, 1, &life[..4]);
    for (code, count) in [("p3", 1), ("p1", 0)] {
        let june = |measure| value(&history, measure, "2019-06", &priority(code));
        assert_eq!(june(Measure::TicketsResolved), count, "{code}");
        // Six hours are too long for a P1; it was resolved as a P3.
        assert_eq!(june(Measure::SlaMet), count, "{code}");
        assert_eq!(june(Measure::SlaFailed), 0, "{code}");
        assert_eq!(june(Measure::TicketsMovedIn), 0, "{code}");
        assert_eq!(june(Measure::TicketsMovedOut), 0, "{code}");
    }
    let at = "2019-07-01T09:00:00+01:00".parse().unwrap();
    history.ask(COUNCIL, 1, at, Recordable::Fact(reopened()));
    for (code, count) in [("p3", 0), ("p1", 1)] {
        let july = |measure| value(&history, measure, "2019-07", &priority(code));
        assert_eq!(july(Measure::TicketsReopened), count, "{code}");
        assert_eq!(july(Measure::TicketsOpen), count, "{code}");
    }
    let old = [(Dimension::Category, "software-error")];
    assert_eq!(value(&history, Measure::TicketsOpen, "2019-07", &old), 0);
}

/// What one history does with tickets that ended, by name.
fn done_afterwards(history: &History) -> BTreeMap<String, usize> {
    let mut tickets: BTreeMap<(LogName, AggregateId), Option<Ticket>> = BTreeMap::new();
    let mut found = BTreeMap::new();
    for recorded in history.all() {
        let Event::Ticket(Recordable::Fact(fact)) = recorded.event else {
            continue;
        };
        let ticket = tickets
            .entry((recorded.log, recorded.aggregate))
            .or_default();
        let ended = ticket.as_ref().map(|ticket| ticket.status);
        let ended = ended.filter(|status| !status.is_open());
        let what = match fact {
            TicketFact::Reopened(_) => Some("reopened"),
            TicketFact::Reinstated(_) => Some("reinstated"),
            TicketFact::Assigned(_) => Some("assigned"),
            TicketFact::Recategorised(_) => Some("recategorised"),
            TicketFact::Reprioritised(_) => Some("reprioritised"),
            _ => None,
        };
        if let (Some(status), Some(what)) = (ended, what) {
            *found
                .entry(format!("{} {what}", status.code()))
                .or_default() += 1;
        }
        *ticket = TicketRules::evolve(ticket.take(), &fact, recorded.happened);
    }
    found
}

/// The laws say something of such lives only if random histories hold some.
#[test]
fn random_histories_do_all_of_this() {
    let mut runner = TestRunner::deterministic();
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..64 {
        let steps = steps().new_tree(&mut runner).unwrap().current();
        for (what, count) in done_afterwards(&history(&steps)) {
            *found.entry(what).or_default() += count;
        }
    }
    for status in [Status::Resolved, Status::Closed, Status::Cancelled] {
        let again = match status {
            Status::Cancelled => "reinstated",
            _ => "reopened",
        };
        for what in [again, "assigned", "recategorised", "reprioritised"] {
            let name = format!("{} {what}", status.code());
            assert!(
                found.get(&name).is_some_and(|count| *count >= 5),
                "{name}: {found:?}"
            );
        }
    }
}
