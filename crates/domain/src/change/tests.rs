//! Specifications of the life of a change.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::*;
use crate::amendment::HAPPENED;
use crate::decider::{Decider, Rejection};
use crate::names::{Code, LogName};
use crate::reference::{Reference, ReferenceKind};
use crate::testing::{given, given_time};
use crate::text::Text;

fn code(text: &str) -> Code {
    Code::new(text).unwrap()
}

fn codes(count: usize) -> BTreeSet<Code> {
    (0..count)
        .map(|number| code(&format!("c{number}")))
        .collect()
}

fn request(change_type: ChangeType) -> Requested {
    Requested {
        change_type,
        title: Text::new("Update of the storage system").unwrap(),
        category: code("maintenance"),
        project: None,
        services: BTreeSet::from([code("storage")]),
        councils: BTreeSet::new(),
    }
}

fn requested(change_type: ChangeType) -> ChangeFact {
    ChangeFact::Requested(request(change_type))
}
fn assessed() -> ChangeFact {
    ChangeFact::Assessed(Assessed {
        risk: Risk::Medium,
        impact: None,
    })
}
fn authorised() -> ChangeFact {
    ChangeFact::Authorised(Authorised {
        authority: code("change-board"),
    })
}
fn rejected() -> ChangeFact {
    ChangeFact::Rejected(Rejected {
        authority: code("change-board"),
        reason: code("no-way-back"),
    })
}
fn scheduled_for(from: Timestamp, to: Timestamp) -> ChangeFact {
    ChangeFact::Scheduled(Scheduled { from, to })
}
fn scheduled() -> ChangeFact {
    scheduled_for(given_time(20), given_time(22))
}
fn started() -> ChangeFact {
    ChangeFact::Started(Started {})
}
fn implemented() -> ChangeFact {
    ChangeFact::Implemented(Implemented {})
}
fn reviewed() -> ChangeFact {
    ChangeFact::Reviewed(Reviewed { findings: None })
}
fn closed() -> ChangeFact {
    ChangeFact::Closed(Closed {
        outcome: Outcome::WithIssues,
    })
}
fn cancelled() -> ChangeFact {
    ChangeFact::Cancelled(Cancelled {
        reason: code("superseded"),
    })
}

fn reference(kind: ReferenceKind) -> Reference {
    Reference {
        log: LogName::new("brent").unwrap(),
        kind,
        id: Uuid::from_u128(7),
    }
}

fn caused(kind: ReferenceKind) -> ChangeFact {
    ChangeFact::Caused(Caused {
        effect: reference(kind),
    })
}

fn review_due(by: &str) -> ChangeFact {
    ChangeFact::ReviewDue(ReviewDue {
        by: by.parse().unwrap(),
        owner: code("change-manager"),
    })
}

/// A shortest life that leads to each status; `None` where no change of this type comes to it.
fn life(change_type: ChangeType, status: Status) -> Option<Vec<ChangeFact>> {
    let is_standard = change_type == ChangeType::Standard;
    let assessed_first = (change_type == ChangeType::Normal).then(assessed);
    let to_authorised: Vec<ChangeFact> = match is_standard {
        true => vec![],
        false => assessed_first.into_iter().chain([authorised()]).collect(),
    };
    let to_implementing = [&to_authorised[..], &[scheduled(), started()]].concat();
    let then = |facts: &[ChangeFact]| [&to_implementing[..], facts].concat();
    let after_request = match status {
        Status::Requested => vec![],
        Status::Assessed | Status::Authorised if is_standard => return None,
        Status::Assessed => vec![assessed()],
        Status::Authorised => to_authorised,
        Status::Scheduled => [&to_authorised[..], &[scheduled()]].concat(),
        Status::Implementing => to_implementing,
        Status::Implemented => then(&[implemented()]),
        Status::Reviewed => then(&[implemented(), reviewed()]),
        Status::Closed => then(&[implemented(), reviewed(), closed()]),
        Status::Cancelled => vec![cancelled()],
    };
    let requested = vec![requested(change_type)];
    Some([requested, after_request].concat())
}

fn lives() -> impl Iterator<Item = (ChangeType, Status, Vec<ChangeFact>)> {
    let all = ChangeType::ALL.iter().copied();
    all.flat_map(|change_type| {
        let lived = Status::ALL.iter().copied();
        lived.filter_map(move |status| Some((change_type, status, life(change_type, status)?)))
    })
}

/// What each type takes in each status, written down once more and independently of the rules.
fn takes(change_type: ChangeType, status: Status) -> &'static [Transition] {
    use Transition::{
        Assess, Authorise, Cancel, Close, Implement, Reject, Review, Schedule, Start,
    };
    let normal: &[Transition] = match status {
        Status::Requested => &[Assess, Cancel],
        Status::Assessed => &[Authorise, Reject, Cancel],
        Status::Authorised => &[Schedule, Cancel],
        Status::Scheduled => &[Schedule, Start, Cancel],
        Status::Implementing => &[Implement, Cancel],
        Status::Implemented => &[Review],
        Status::Reviewed => &[Close],
        Status::Closed | Status::Cancelled => &[],
    };
    match (change_type, status) {
        (ChangeType::Standard, Status::Requested) => &[Schedule, Cancel],
        (ChangeType::Emergency, Status::Requested) => &[Assess, Authorise, Reject, Cancel],
        (ChangeType::Emergency, Status::Authorised) => &[Schedule, Start, Cancel],
        _ => normal,
    }
}

#[test]
fn each_type_takes_in_each_status_exactly_the_transitions_of_the_table() {
    use Transition::{
        Assess, Authorise, Cancel, Close, Implement, Reject, Review, Schedule, Start,
    };
    let asked = [
        (Assess, assessed()),
        (Authorise, authorised()),
        (Reject, rejected()),
        (Schedule, scheduled()),
        (Start, started()),
        (Implement, implemented()),
        (Review, reviewed()),
        (Close, closed()),
        (Cancel, cancelled()),
    ];
    assert_eq!(asked.len(), Transition::ALL.len());
    let mut tried = 0;
    for (change_type, from, life) in lives() {
        let never_implemented = !life.contains(&implemented());
        for (wanted, fact) in &asked {
            tried += 1;
            let outcome = given::<ChangeRules>(life.clone()).when(fact.clone());
            if takes(change_type, from).contains(wanted) {
                outcome.then_recorded();
            } else if *wanted == Review && never_implemented {
                outcome.then_refused(Refusal::NeverImplemented { from });
            } else {
                outcome.then_refused(Refusal::TransitionNotAllowed {
                    change_type,
                    from,
                    wanted: *wanted,
                    allowed: takes(change_type, from).to_vec(),
                });
            }
        }
    }
    // Three types, nine statuses, nine transitions; no standard change is assessed or authorised.
    assert_eq!(tried, (3 * 9 - 2) * 9);
}

#[test]
fn a_life_begins_with_requested_and_only_once() {
    for fact in [
        assessed(),
        authorised(),
        rejected(),
        scheduled(),
        started(),
        implemented(),
        reviewed(),
        closed(),
        cancelled(),
        caused(ReferenceKind::Ticket),
        review_due("2020-02-01"),
    ] {
        given::<ChangeRules>([])
            .when(fact)
            .then_refused(Refusal::NotRequested);
    }
    for (change_type, _, life) in lives() {
        given::<ChangeRules>(life)
            .when(requested(change_type))
            .then_refused(Refusal::AlreadyRequested);
    }
}

#[test]
fn a_change_that_was_never_implemented_cannot_be_reviewed() {
    let started = life(ChangeType::Normal, Status::Implementing).unwrap();
    let refusal = Refusal::NeverImplemented {
        from: Status::Implementing,
    };
    assert!(
        refusal.to_string().contains("was never implemented"),
        "{refusal}"
    );
    given::<ChangeRules>(started)
        .when(reviewed())
        .then_refused(refusal);
}

#[test]
fn a_refusal_says_what_would_be_allowed() {
    let refusal = Refusal::TransitionNotAllowed {
        change_type: ChangeType::Emergency,
        from: Status::Requested,
        wanted: Transition::Start,
        allowed: takes(ChangeType::Emergency, Status::Requested).to_vec(),
    };
    assert_eq!(
        refusal.to_string(),
        "this emergency change is requested and takes no start; it takes assess, authorise, \
         reject, cancel"
    );
    let refusal = Refusal::TransitionNotAllowed {
        change_type: ChangeType::Normal,
        from: Status::Closed,
        wanted: Transition::Cancel,
        allowed: vec![],
    };
    assert!(refusal.to_string().ends_with("it takes nothing more"));
}

#[test]
fn a_rejected_change_is_requested_again_and_its_risk_is_forgotten() {
    let life = [requested(ChangeType::Normal), assessed(), rejected()];
    let change = life
        .iter()
        .fold(None, |change, fact| {
            ChangeRules::evolve(change, fact, given_time(0))
        })
        .unwrap();
    assert_eq!((change.status, change.risk), (Status::Requested, None));
    given::<ChangeRules>(life.clone())
        .when(assessed())
        .then_recorded();
    given::<ChangeRules>(life)
        .when(authorised())
        .then_refused(Refusal::TransitionNotAllowed {
            change_type: ChangeType::Normal,
            from: Status::Requested,
            wanted: Transition::Authorise,
            allowed: vec![Transition::Assess, Transition::Cancel],
        });
}

#[test]
fn an_emergency_change_may_be_assessed_and_scheduled_and_need_not() {
    use ChangeType::Emergency;
    given::<ChangeRules>([requested(Emergency), authorised()])
        .when(started())
        .then_recorded();
    given::<ChangeRules>([requested(Emergency), assessed(), authorised(), scheduled()])
        .when(started())
        .then_recorded();
}

#[test]
fn a_scheduled_change_keeps_the_time_that_it_was_given_last() {
    let again = scheduled_for(given_time(40), given_time(41));
    let change = [requested(ChangeType::Standard), scheduled(), again]
        .iter()
        .fold(None, |change, fact| {
            ChangeRules::evolve(change, fact, given_time(0))
        })
        .unwrap();
    assert_eq!(change.scheduled, Some((given_time(40), given_time(41))));
}

#[test]
fn a_time_that_ends_at_its_beginning_or_before_is_refused() {
    let from = given_time(20);
    for to in [from, given_time(19)] {
        given::<ChangeRules>([requested(ChangeType::Standard)])
            .when(scheduled_for(from, to))
            .then_refused(Refusal::EndsBeforeItBegins { from, to });
    }
    let least = from + SignedDuration::from_nanos(1);
    given::<ChangeRules>([requested(ChangeType::Standard)])
        .when(scheduled_for(from, least))
        .then_recorded();
}

#[test]
fn a_day_is_set_for_a_review_that_is_to_come() {
    use Status::{Cancelled, Closed, Reviewed};
    for (_, from, life) in lives() {
        let outcome = given::<ChangeRules>(life).when(review_due("2020-01-02"));
        match from {
            Reviewed | Closed | Cancelled => outcome.then_refused(Refusal::NoReviewToCome { from }),
            _ => outcome.then_recorded(),
        }
    }
}

#[test]
fn a_review_is_due_on_the_day_on_which_it_is_set_at_the_earliest() {
    let requested = [requested(ChangeType::Standard)];
    given::<ChangeRules>(requested.clone())
        .when(review_due("2020-01-01"))
        .then_recorded();
    let by = "2019-12-31".parse().unwrap();
    let day = "2020-01-01".parse().unwrap();
    given::<ChangeRules>(requested)
        .when(review_due("2019-12-31"))
        .then_refused(Refusal::DueInThePast { day, by });
}

#[test]
fn a_review_is_overdue_when_the_latest_day_for_it_is_over_and_until_it_is_done() {
    let life = life(ChangeType::Standard, Status::Implemented).unwrap();
    let set = [review_due("2020-01-01"), review_due("2020-01-03")];
    let facts = life.iter().chain(&set);
    let mut change = None;
    for (index, fact) in facts.enumerate() {
        change = ChangeRules::evolve(change, fact, given_time(index));
    }
    let reviewed_at: Timestamp = "2020-01-05T09:00:00Z".parse().unwrap();
    let change = ChangeRules::evolve(change, &reviewed(), reviewed_at).unwrap();
    let second_set = given_time(life.len() + 1);
    for (seen, awaits, overdue) in [
        // Implemented last of the life, and known the moment after it.
        (given_time(life.len() - 1), false, false),
        (given_time(life.len()), true, false),
        // Only the first day is set, and it is over at midnight.
        (second_set, true, false),
        ("2020-01-03T00:00:00Z".parse().unwrap(), true, false),
        ("2020-01-03T23:59:59Z".parse().unwrap(), true, false),
        ("2020-01-04T00:00:00Z".parse().unwrap(), true, true),
        (reviewed_at, true, true),
        (reviewed_at + SignedDuration::from_nanos(1), false, false),
    ] {
        let found = (change.awaits_review(seen), change.is_review_overdue(seen));
        assert_eq!(found, (awaits, overdue), "{seen}");
    }
    assert_eq!(
        change.review_due(second_set).map(|due| due.by.to_string()),
        Some("2020-01-01".to_owned())
    );
}

#[test]
fn effects_come_to_light_once_the_implementation_has_begun_and_after_the_end() {
    use Status::{Closed, Implemented, Implementing, Reviewed};
    for (_, from, life) in lives() {
        for kind in [ReferenceKind::Ticket, ReferenceKind::Outage] {
            let outcome = given::<ChangeRules>(life.clone()).when(caused(kind));
            match from {
                Implementing | Implemented | Reviewed | Closed => outcome.then_recorded(),
                _ => outcome.then_refused(Refusal::CannotHaveCaused { from }),
            }
        }
    }
}

#[test]
fn a_change_keeps_when_it_was_cancelled() {
    let mut life = life(ChangeType::Standard, Status::Implementing).unwrap();
    let cancelled_at = given_time(life.len());
    assert_eq!(
        given::<ChangeRules>(life.clone())
            .state()
            .unwrap()
            .cancelled,
        None
    );
    life.push(cancelled());
    let change = given::<ChangeRules>(life).state().unwrap();
    assert_eq!(change.status, Status::Cancelled);
    assert_eq!(change.cancelled, Some(cancelled_at));
    assert_eq!(change.closed, None);
}

#[test]
fn what_a_change_caused_before_it_was_cancelled_is_recorded_late() {
    let mut life = life(ChangeType::Standard, Status::Implementing).unwrap();
    life.push(cancelled());
    let before = given_time(2) + SignedDuration::from_mins(30);
    given::<ChangeRules>(life)
        .when_late(before, caused(ReferenceKind::Outage))
        .then_recorded();
}

#[test]
fn each_effect_is_recorded_once() {
    let mut life = life(ChangeType::Normal, Status::Closed).unwrap();
    life.push(caused(ReferenceKind::Outage));
    given::<ChangeRules>(life.clone())
        .when(caused(ReferenceKind::Outage))
        .then_refused(Refusal::AlreadyCaused {
            effect: reference(ReferenceKind::Outage),
        });
    // Another kind is another record, though the ids are alike.
    given::<ChangeRules>(life)
        .when(caused(ReferenceKind::Ticket))
        .then_recorded();
}

#[test]
fn a_change_is_no_effect() {
    for (_, _, life) in lives() {
        given::<ChangeRules>(life)
            .when(caused(ReferenceKind::Change))
            .then_refused(Refusal::EffectIsAChange {
                effect: reference(ReferenceKind::Change),
            });
    }
}

#[test]
fn a_change_of_several_councils_lives_in_shared_and_only_there() {
    let of = |count| {
        ChangeFact::Requested(Requested {
            councils: codes(count),
            ..request(ChangeType::Normal)
        })
    };
    for few in [0, 1] {
        given::<ChangeRules>([])
            .in_log("shared")
            .when(of(few))
            .then_refused(Refusal::SharedNeedsCouncils);
    }
    for enough in [2, NAMED_MAX] {
        given::<ChangeRules>([])
            .in_log("shared")
            .when(of(enough))
            .then_recorded();
    }
    given::<ChangeRules>([])
        .in_log("brent")
        .when(of(2))
        .then_refused(Refusal::OwnLogNamesCouncils);
    given::<ChangeRules>([])
        .in_log("shared")
        .when(of(NAMED_MAX + 1))
        .then_refused(Refusal::TooManyNamed {
            field: "councils",
            found: NAMED_MAX + 1,
        });
}

#[test]
fn a_change_touches_at_most_64_services() {
    let of = |count| {
        ChangeFact::Requested(Requested {
            services: codes(count),
            ..request(ChangeType::Normal)
        })
    };
    for enough in [0, NAMED_MAX] {
        given::<ChangeRules>([]).when(of(enough)).then_recorded();
    }
    given::<ChangeRules>([])
        .when(of(NAMED_MAX + 1))
        .then_refused(Refusal::TooManyNamed {
            field: "services",
            found: NAMED_MAX + 1,
        });
}

#[test]
fn a_corrected_type_or_time_must_leave_the_life_legal() {
    let life = || [requested(ChangeType::Standard), scheduled(), started()];
    given::<ChangeRules>(life())
        .when_corrected(0, "change_type", "standard", "normal")
        .then_rejected(Rejection::ContradictsLater {
            happened: given_time(1),
            refusal: Refusal::TransitionNotAllowed {
                change_type: ChangeType::Normal,
                from: Status::Requested,
                wanted: Transition::Schedule,
                allowed: vec![Transition::Assess, Transition::Cancel],
            },
        });
    let (was, is) = (given_time(20), given_time(23));
    given::<ChangeRules>(life())
        .when_corrected(1, "from", &was.to_string(), &is.to_string())
        .then_rejected(Rejection::ContradictsLater {
            happened: given_time(1),
            refusal: Refusal::EndsBeforeItBegins {
                from: is,
                to: given_time(22),
            },
        });
    given::<ChangeRules>(life())
        .when_corrected(
            2,
            HAPPENED,
            &given_time(2).to_string(),
            &given_time(3).to_string(),
        )
        .then_recorded();
}

#[test]
fn evolving_keeps_the_times_of_a_whole_life() {
    let life = life(ChangeType::Normal, Status::Closed).unwrap();
    let change = (0..)
        .zip(&life)
        .fold(None, |change, (index, fact)| {
            ChangeRules::evolve(change, fact, given_time(index))
        })
        .unwrap();
    assert_eq!(change.requested_at, given_time(0));
    assert_eq!(change.risk, Some(Risk::Medium));
    assert_eq!(change.started, Some(given_time(4)));
    assert_eq!(change.implemented, Some(given_time(5)));
    assert_eq!(change.closed, Some((given_time(7), Outcome::WithIssues)));
}
