//! Facts that come out of order: within a request, over several, and which ones never fit.

use serde_json::json;
use townclerk_domain::amendment::Recordable;
use townclerk_domain::change::{self, ChangeRules, ChangeType};
use townclerk_domain::decider::Rejection;
use townclerk_domain::outage::{self, OutageRules};
use townclerk_domain::ticket::{self, TicketRules};

use super::*;
use crate::facts::early::{MayPass, may_pass};

#[tokio::test]
async fn the_facts_of_one_record_are_decided_in_order_of_time_whatever_their_order() {
    let town = Town::new();
    let answers = town
        .send(&json!([
            told("closed", "IN-1", 9),
            told("resolved", "IN-1", 7),
            logged("IN-2", 0),
            told("started", "IN-1", 2),
            logged("IN-1", 1),
        ]))
        .await;
    assert_eq!(outcomes(&answers), ["recorded"; 5]);
    let events = town.events().await;
    let of_first: Vec<&str> = events
        .iter()
        .filter(|event| event["subject"] == answers["answers"][0]["aggregate"])
        .map(|event| event["type"].as_str().unwrap().split('.').nth(3).unwrap())
        .collect();
    assert_eq!(of_first, ["logged", "started", "resolved", "closed"]);
}

#[tokio::test]
async fn facts_of_the_same_moment_find_their_order_and_are_answered_as_recorded() {
    let town = Town::new();
    let answers = town
        .send(&json!([
            told("closed", "IN-1", 1),
            logged("IN-1", 1),
            told("resolved", "IN-1", 1),
        ]))
        .await;
    assert_eq!(outcomes(&answers), ["recorded"; 3]);
    assert_eq!(answers["answers"][0]["position"], "brent:3");
    assert_eq!(town.happened().await, ["logged", "resolved", "closed"]);
}

#[tokio::test]
async fn what_comes_too_early_is_recorded_as_soon_as_what_it_waits_for_is() {
    let town = Town::new();
    for (what, minute) in [("closed", 9), ("resolved", 7), ("started", 2)] {
        let answer = town.send(&told(what, "IN-1", minute)).await;
        assert_eq!(answer["outcome"], "held", "{answer}");
        assert_eq!(answer["held_until"], "2021-03-01T12:10:00Z");
        assert_eq!(slug(&answer["problem"]), "not-found");
        assert!(
            answer["problem"]["detail"]
                .as_str()
                .unwrap()
                .contains("IN-1")
        );
    }
    assert_eq!(town.recorded().await, 0);
    assert_eq!(town.send(&logged("IN-1", 1)).await["outcome"], "recorded");
    assert_eq!(
        town.happened().await,
        ["logged", "started", "resolved", "closed"]
    );
    assert_eq!(town.waiting()["held"], json!([]));
    let again = town.send(&told("closed", "IN-1", 9)).await;
    assert_eq!(again["outcome"], "already-recorded");
    assert_eq!(again["position"], "brent:4");
}

#[tokio::test]
async fn what_does_not_fit_a_record_that_has_begun_is_refused_at_once() {
    let town = Town::new();
    town.send(&logged("IN-1", 0)).await;
    let closed = town.send(&told("closed", "IN-1", 9)).await;
    assert_eq!(closed["outcome"], "refused", "it is not resolved");
    assert_eq!(slug(&closed), "rejected");
    assert_eq!(
        closed["rejection"]["refusal"]["refusal"],
        "transition-not-allowed"
    );
    town.send(&told("resolved", "IN-1", 7)).await;
    let twice = with(told("resolved", "IN-1", 8), "id", json!("again"));
    assert_eq!(town.send(&twice).await["outcome"], "refused");
    assert_eq!(town.waiting()["held"], json!([]));
    // Sent again after what comes before it, it is decided again.
    let closed = town.send(&told("closed", "IN-1", 9)).await;
    assert_eq!(closed["outcome"], "recorded");
    assert_eq!(town.happened().await, ["logged", "resolved", "closed"]);
}

#[tokio::test]
async fn facts_of_one_request_that_never_fit_are_refused_at_once() {
    let town = Town::new();
    let twice = with(told("resolved", "IN-1", 8), "id", json!("again"));
    let same_moment = with(told("resolved", "IN-1", 7), "id", json!("a third"));
    let facts = [
        twice,
        told("resolved", "IN-1", 7),
        same_moment,
        logged("IN-1", 0),
    ];
    let answers = town.send(&json!(facts)).await;
    assert_eq!(
        outcomes(&answers),
        ["refused", "recorded", "refused", "recorded"]
    );
    assert_eq!(town.waiting()["held"], json!([]));
}

#[tokio::test]
async fn what_came_before_its_record_began_keeps_waiting_for_the_rest() {
    let town = Town::new();
    town.send(&told("closed", "IN-1", 9)).await;
    town.send(&logged("IN-1", 0)).await;
    let again = town.send(&told("closed", "IN-1", 9)).await;
    assert_eq!(again["outcome"], "held");
    town.send(&told("resolved", "IN-1", 7)).await;
    assert_eq!(town.happened().await, ["logged", "resolved", "closed"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn none_is_left_waiting_for_what_is_recorded_at_the_same_moment() {
    let town = Arc::new(Town::new());
    let mut sending = tokio::task::JoinSet::new();
    for n in 0..500 {
        for fact in [
            told("started", &format!("IN-{n}"), 2),
            logged(&format!("IN-{n}"), 1),
        ] {
            let town = Arc::clone(&town);
            sending.spawn(async move { town.send(&fact).await });
        }
    }
    sending.join_all().await;
    assert_eq!(town.recorded().await, 1_000);
    assert_eq!(town.waiting()["held"], json!([]));
}

#[tokio::test]
async fn a_held_fact_that_turns_out_wrong_is_given_up_at_once() {
    let town = Town::new();
    // Logged at 5, so what is said of 2 cannot be.
    town.send(&told("started", "IN-1", 2)).await;
    town.send(&logged("IN-1", 5)).await;
    let waiting = town.waiting();
    assert_eq!(waiting["held"], json!([]));
    assert_eq!(waiting["given_up"][0]["id"], "IN-1 started");
    assert_eq!(slug(&waiting["given_up"][0]["problem"]), "rejected");
    assert_eq!(town.happened().await, ["logged"]);
}

#[test]
fn whether_a_refused_ticket_fact_may_still_fit_depends_on_where_the_ticket_can_still_come() {
    use ticket::{Refusal, Status, Transition};
    let early = |from: Status, wanted: Transition| {
        let allowed = from.allowed().to_vec();
        TicketRules::may_pass(&Refusal::TransitionNotAllowed {
            from,
            wanted,
            allowed,
        })
    };
    for (from, wanted) in [
        (Status::Logged, Transition::Close),
        (Status::OnHold, Transition::Reopen),
        // Reopened is missing.
        (Status::Resolved, Transition::Resolve),
        (Status::Resolved, Transition::Hold),
        (Status::Closed, Transition::Resolve),
        // Reinstated is missing.
        (Status::Cancelled, Transition::Start),
    ] {
        assert!(early(from, wanted), "{from:?} {wanted:?}");
    }
    for (from, wanted) in [
        (Status::InProgress, Transition::Triage),
        (Status::Resolved, Transition::Triage),
        (Status::Closed, Transition::Triage),
        (Status::Cancelled, Transition::Triage),
    ] {
        assert!(!early(from, wanted), "{from:?} {wanted:?}");
    }
    for never in [
        Refusal::NotLogged,
        Refusal::AlreadyLogged,
        Refusal::NothingNamed,
    ] {
        assert!(!TicketRules::may_pass(&never), "{never}");
    }
}

#[test]
fn whether_a_refused_change_or_outage_fact_may_still_fit_depends_on_the_same() {
    use change::{Status, Transition};
    let early = |change_type, from: Status, wanted| {
        ChangeRules::may_pass(&change::Refusal::TransitionNotAllowed {
            change_type,
            from,
            wanted,
            allowed: Vec::new(),
        })
    };
    use ChangeType::{Normal, Standard};
    assert!(early(Normal, Status::Requested, Transition::Close));
    assert!(
        early(Normal, Status::Assessed, Transition::Assess),
        "rejected is missing"
    );
    assert!(
        !early(Standard, Status::Requested, Transition::Assess),
        "it is authorised beforehand"
    );
    assert!(!early(Normal, Status::Implemented, Transition::Cancel));
    assert!(!early(Normal, Status::Cancelled, Transition::Start));
    let never_implemented =
        |from| ChangeRules::may_pass(&change::Refusal::NeverImplemented { from });
    assert!(never_implemented(Status::Scheduled));
    assert!(!never_implemented(Status::Cancelled));
    assert!(OutageRules::may_pass(&outage::Refusal::NotResolved));
    assert!(!OutageRules::may_pass(&outage::Refusal::NoEffects));
}

#[test]
fn what_contradicts_the_record_or_cannot_be_does_not_wait() {
    let time: Timestamp = "2021-03-01T09:00:00Z".parse().unwrap();
    let never: [Rejection<ticket::Refusal>; 5] = [
        Rejection::ContradictsLater {
            happened: time,
            refusal: ticket::Refusal::NotLogged,
        },
        Rejection::FarFuture {
            happened: time,
            now: time,
        },
        Rejection::LongPast { happened: time },
        Rejection::Voided,
        Rejection::BadCorrection {
            why: "it is p1 now".to_owned(),
        },
    ];
    for rejection in never {
        assert!(!may_pass::<TicketRules>(&rejection), "{rejection}");
    }
    assert!(may_pass::<TicketRules>(&Rejection::NothingRecorded));
}

/// Every transition of a ticket, from every status: it is early exactly where some way on takes it.
#[test]
fn early_is_what_some_way_on_takes() {
    use ticket::{Status, Transition};
    let all = [
        Transition::Triage,
        Transition::Start,
        Transition::Hold,
        Transition::Resolve,
        Transition::Reopen,
        Transition::Close,
        Transition::Cancel,
        Transition::Reinstate,
    ];
    let from_all = [
        Status::Logged,
        Status::Triaged,
        Status::InProgress,
        Status::OnHold,
        Status::Resolved,
        Status::Closed,
        Status::Cancelled,
    ];
    let takes_after = |from: Status, wanted: Transition, steps: usize| {
        let mut at = vec![from];
        for _ in 0..steps {
            let next = at.iter().flat_map(|status| status.allowed());
            at = next.map(|transition| transition.to()).collect();
            at.dedup();
            at.truncate(1_000);
        }
        at.iter().any(|status| status.allowed().contains(&wanted))
    };
    for from in from_all {
        for wanted in all
            .into_iter()
            .filter(|wanted| !from.allowed().contains(wanted))
        {
            let some_way = (1..=4).any(|steps| takes_after(from, wanted, steps));
            let refusal = ticket::Refusal::TransitionNotAllowed {
                from,
                wanted,
                allowed: from.allowed().to_vec(),
            };
            assert_eq!(
                TicketRules::may_pass(&refusal),
                some_way,
                "{from:?} {wanted:?}"
            );
        }
    }
}

#[test]
fn facts_are_compared_by_what_they_say() {
    use townclerk_contract::fact::read;
    let one = read(&logged("IN-1", 0).to_string()).unwrap();
    assert!(matches!(
        one.event,
        townclerk_domain::event::Event::Ticket(Recordable::Fact(_))
    ));
    let retold = with(logged("IN-1", 0), "correlationid", json!("x"));
    let retold = read(&retold.to_string()).unwrap();
    assert!(crate::facts::held::say_the_same(&one, &retold));
    let later = read(&logged("IN-1", 1).to_string()).unwrap();
    assert!(!crate::facts::held::say_the_same(&one, &later));
}
