//! Specifications of the life of a ticket.

use std::collections::BTreeSet;

use super::*;
use crate::amendment::{HAPPENED, Recordable, Voiding};
use crate::decider::{Decider, Rejection};
use crate::names::Code;
use crate::testing::{NOW, given, given_recorded, given_time};

fn code(text: &str) -> Code {
    Code::new(text).unwrap()
}

fn logged() -> TicketFact {
    TicketFact::Logged(Logged {
        kind: TicketKind::Incident,
        priority: Priority::P3,
        user_class: UserClass::Standard,
        channel: Channel::Phone,
        service: code("csccm"),
        category: code("password"),
        directorate: None,
        sts: true,
        councils: BTreeSet::new(),
    })
}

fn logged_for(councils: &[&str]) -> TicketFact {
    let TicketFact::Logged(logged) = logged() else {
        unreachable!()
    };
    TicketFact::Logged(Logged {
        councils: councils.iter().map(|council| code(council)).collect(),
        ..logged
    })
}

fn triaged() -> TicketFact {
    TicketFact::Triaged(Triaged {})
}
fn started() -> TicketFact {
    TicketFact::Started(Started {})
}
fn held() -> TicketFact {
    TicketFact::Held(Held {
        reason: code("supplier"),
    })
}
fn resolved() -> TicketFact {
    TicketFact::Resolved(Resolved { resolution: None })
}
fn reopened() -> TicketFact {
    TicketFact::Reopened(Reopened {
        reason: code("not-fixed"),
    })
}
fn closed() -> TicketFact {
    TicketFact::Closed(Closed {})
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

/// A shortest life that leads to each status.
fn life(status: Status) -> Vec<TicketFact> {
    match status {
        Status::Logged => vec![logged()],
        Status::Triaged => vec![logged(), triaged()],
        Status::InProgress => vec![logged(), started()],
        Status::OnHold => vec![logged(), held()],
        Status::Resolved => vec![logged(), resolved()],
        Status::Closed => vec![logged(), resolved(), closed()],
        Status::Cancelled => vec![logged(), cancelled()],
    }
}

#[test]
fn each_status_takes_exactly_the_transitions_that_it_names() {
    use Status::{Cancelled, Closed, InProgress, Logged, OnHold, Resolved, Triaged};
    use Transition::{Cancel, Close, Hold, Reinstate, Reopen, Resolve, Start, Triage};
    let asked = [
        (Triage, triaged()),
        (Start, started()),
        (Hold, held()),
        (Resolve, resolved()),
        (Reopen, reopened()),
        (Close, closed()),
        (Cancel, cancelled()),
        (Reinstate, reinstated()),
    ];
    let table: [(Status, &[Transition]); 7] = [
        (Logged, &[Triage, Start, Hold, Resolve, Cancel]),
        (Triaged, &[Start, Hold, Resolve, Cancel]),
        (InProgress, &[Start, Hold, Resolve, Cancel]),
        (OnHold, &[Start, Hold, Resolve, Cancel]),
        (Resolved, &[Reopen, Close]),
        (Closed, &[Reopen]),
        (Cancelled, &[Reinstate]),
    ];
    for (from, allowed) in table {
        for (wanted, fact) in &asked {
            let outcome = given::<TicketRules>(life(from)).when(fact.clone());
            if allowed.contains(wanted) {
                outcome.then_recorded();
            } else {
                outcome.then_refused(Refusal::TransitionNotAllowed {
                    from,
                    wanted: *wanted,
                    allowed: allowed.to_vec(),
                });
            }
        }
    }
}

#[test]
fn a_refusal_says_what_would_be_allowed() {
    let refusal = Refusal::TransitionNotAllowed {
        from: Status::Resolved,
        wanted: Transition::Hold,
        allowed: Status::Resolved.allowed().to_vec(),
    };
    assert_eq!(
        refusal.to_string(),
        "a ticket that is resolved takes no hold; it takes reopen, close"
    );
}

#[test]
fn a_life_begins_with_logged_and_only_once() {
    given::<TicketRules>([])
        .when(started())
        .then_refused(Refusal::NotLogged);
    given::<TicketRules>([logged()])
        .when(logged())
        .then_refused(Refusal::AlreadyLogged);
}

#[test]
fn attributes_and_team_change_in_every_status_and_move_a_ticket_nowhere() {
    let assigned = TicketFact::Assigned(Assigned {
        team: code("second-line"),
    });
    let recategorised = TicketFact::Recategorised(Recategorised {
        category: Some(code("software-error")),
        service: None,
        directorate: None,
    });
    for status in [
        Status::Logged,
        Status::Triaged,
        Status::InProgress,
        Status::OnHold,
        Status::Resolved,
        Status::Closed,
        Status::Cancelled,
    ] {
        for fact in [raised(), assigned.clone(), recategorised.clone()] {
            given::<TicketRules>(life(status))
                .when(fact.clone())
                .then_recorded();
            let after = life(status).iter().chain([&fact]).fold(None, |at, fact| {
                TicketRules::evolve(at, fact, given_time(0))
            });
            assert_eq!(after.map(|ticket| ticket.status), Some(status), "{fact:?}");
        }
    }
}

/// What tools let people do every day.
#[test]
fn a_ticket_is_reopened_after_it_was_closed_and_reinstated_after_it_was_cancelled() {
    let mut life = life(Status::Closed);
    for fact in [
        reopened(),
        cancelled(),
        reinstated(),
        resolved(),
        closed(),
        reopened(),
    ] {
        given::<TicketRules>(life.clone())
            .when(fact.clone())
            .then_recorded();
        life.push(fact);
    }
}

#[test]
fn recategorising_names_something() {
    let nothing = Recategorised {
        category: None,
        service: None,
        directorate: None,
    };
    given::<TicketRules>([logged()])
        .when(TicketFact::Recategorised(nothing))
        .then_refused(Refusal::NothingNamed);
}

#[test]
fn a_ticket_of_several_councils_lives_in_shared_and_only_there() {
    given::<TicketRules>([])
        .in_log("shared")
        .when(logged_for(&["brent", "lewisham"]))
        .then_recorded();
    given::<TicketRules>([])
        .in_log("shared")
        .when(logged_for(&["brent"]))
        .then_refused(Refusal::SharedNeedsCouncils);
    given::<TicketRules>([])
        .in_log("brent")
        .when(logged_for(&["brent", "lewisham"]))
        .then_refused(Refusal::OwnLogNamesCouncils);
}

#[test]
fn a_late_fact_may_lie_before_recorded_ones_if_all_stays_legal() {
    // Logged at 0, resolved at 1: work that began between the two is recorded afterwards.
    let between = given_time(0) + jiff::SignedDuration::from_mins(30);
    given::<TicketRules>([logged(), resolved()])
        .when_late(between, started())
        .then_recorded();
    // Cancelled between the two would make the resolution impossible.
    given::<TicketRules>([logged(), resolved()])
        .when_late(between, cancelled())
        .then_rejected(Rejection::ContradictsLater {
            happened: given_time(1),
            refusal: Refusal::TransitionNotAllowed {
                from: Status::Cancelled,
                wanted: Transition::Resolve,
                allowed: vec![Transition::Reinstate],
            },
        });
    // Before it was logged nothing can have happened to it.
    let before = given_time(0) - jiff::SignedDuration::from_mins(1);
    let rejection = Rejection::BeforeBeginning {
        happened: before,
        begun: given_time(0),
        refusal: Refusal::NotLogged,
    };
    let says = format!(
        "{before} lies before what is recorded here, which begins at {}: this ticket is not logged yet",
        given_time(0)
    );
    assert_eq!(rejection.to_string(), says);
    given::<TicketRules>([logged()])
        .when_late(before, started())
        .then_rejected(rejection);
    given::<TicketRules>([])
        .when_late(before, started())
        .then_rejected(Rejection::Refused {
            refusal: Refusal::NotLogged,
        });
}

#[test]
fn a_correction_that_is_no_instant_is_told_so_in_the_words_of_every_instant() {
    let logged_at = given_time(0).to_string();
    let rejection = given::<TicketRules>([logged()])
        .when_corrected(0, "happened", &logged_at, "2026-11-25T09:05")
        .rejection();
    let why = rejection.unwrap().to_string();
    assert!(
        why.contains("is no instant: its time has not hours"),
        "{why}"
    );
    assert!(!why.contains("failed"), "{why}");
}

#[test]
fn the_far_future_is_refused() {
    let now: jiff::Timestamp = NOW.parse().unwrap();
    let at = |minutes| now + jiff::SignedDuration::from_mins(minutes);
    given::<TicketRules>([])
        .when_late(at(5), logged())
        .then_recorded();
    given::<TicketRules>([])
        .when_late(at(6), logged())
        .then_rejected(Rejection::FarFuture {
            happened: at(6),
            now,
        });
}

#[test]
fn a_mistyped_year_is_refused() {
    let happened: jiff::Timestamp = "0020-08-14T10:00:00Z".parse().unwrap();
    given::<TicketRules>([])
        .when_late(happened, logged())
        .then_rejected(Rejection::LongPast { happened });
}

#[test]
fn a_correction_names_the_current_value_of_a_field() {
    given::<TicketRules>([logged()])
        .when_corrected(0, "priority", "p3", "p2")
        .then_recorded();
    given::<TicketRules>([logged()])
        .when_corrected(0, "directorate", "", "housing")
        .then_recorded();
    given::<TicketRules>([logged()])
        .when_corrected(0, "sts", "true", "false")
        .then_recorded();
    for (index, field, was, is) in [
        (0, "priority", "p4", "p2"),
        (0, "priority", "p3", "p9"),
        (0, "priority", "p3", "p3"),
        (0, "colour", "red", "blue"),
        (0, HAPPENED, "2020-01-01T09:00:00Z", "yesterday"),
        (7, "priority", "p3", "p2"),
    ] {
        given::<TicketRules>([logged()])
            .when_corrected(index, field, was, is)
            .then_rejected_as_bad_correction();
    }
}

#[test]
fn a_corrected_time_must_leave_the_timeline_legal() {
    let life = || [logged(), started(), resolved()];
    let time = |index| given_time(index).to_string();
    given::<TicketRules>(life())
        .when_corrected(1, HAPPENED, &time(1), "2020-01-01T10:30:00Z")
        .then_recorded();
    given::<TicketRules>(life())
        .when_corrected(2, HAPPENED, &time(2), "2020-01-01T08:00:00Z")
        .then_rejected(Rejection::ContradictsLater {
            happened: "2020-01-01T08:00:00Z".parse().unwrap(),
            refusal: Refusal::NotLogged,
        });
}

#[test]
fn a_voided_ticket_takes_nothing_more() {
    given::<TicketRules>([logged()])
        .when_voided()
        .then_recorded();
    given::<TicketRules>([])
        .when_voided()
        .then_rejected(Rejection::NothingRecorded);
    let voided = Recordable::Voided(Voiding {
        reason: code("recorded-in-error"),
    });
    given_recorded::<TicketRules>([Recordable::Fact(logged()), voided])
        .when(started())
        .then_rejected(Rejection::Voided);
}

#[test]
fn evolving_keeps_what_is_not_named() {
    let recategorised = TicketFact::Recategorised(Recategorised {
        category: Some(code("software-error")),
        service: None,
        directorate: None,
    });
    let ticket = [logged(), recategorised, raised()]
        .iter()
        .fold(None, |ticket, fact| {
            TicketRules::evolve(ticket, fact, given_time(0))
        })
        .unwrap();
    assert_eq!(ticket.attributes.category, code("software-error"));
    assert_eq!(ticket.attributes.service, code("csccm"));
    assert_eq!(ticket.attributes.priority, Priority::P1);
    assert_eq!(ticket.status, Status::Logged);
}
