//! Specifications of gates.

use jiff::SignedDuration;

use super::*;
use crate::decider::{Decider, Rejection};
use crate::names::Code;
use crate::testing::{given, given_time};
use crate::text::Text;

const LESSONS: &str = "lessons-reviewed";
const REMEDIES: &str = "remediations-done";

fn code(text: &str) -> Code {
    Code::new(text).unwrap()
}

fn set_with<'a>(requires: impl IntoIterator<Item = &'a str>) -> GateFact {
    let text = |text| Text::new(text).unwrap();
    GateFact::GateSet(GateSet {
        title: text("Telephony waits for the lessons of the outage"),
        project: code("southwark-telephony"),
        requires: requires
            .into_iter()
            .map(|required| Requirement {
                code: code(required),
                text: text("Complete, and reported to the board"),
            })
            .collect(),
    })
}
fn set() -> GateFact {
    set_with([LESSONS, REMEDIES])
}
fn met(requirement: &str) -> GateFact {
    GateFact::GateRequirementMet(GateRequirementMet {
        requirement: code(requirement),
    })
}
fn lifted() -> GateFact {
    GateFact::GateLifted(GateLifted {
        reason: Text::new("The board accepts the risk").unwrap(),
    })
}

#[test]
fn each_status_takes_exactly_the_facts_of_the_table() {
    let met_already = |requirement, index| Refusal::AlreadyMet {
        requirement: code(requirement),
        met: given_time(index),
    };
    let lifted_at = |index| Refusal::AlreadyLifted {
        lifted: given_time(index),
    };
    // What has been, then what becomes of: set, met lessons, met remedies, lifted.
    let unset = || Some(Refusal::NotSet);
    let again = || Some(Refusal::AlreadySet);
    for (life, answers) in [
        (vec![], [None, unset(), unset(), unset()]),
        (vec![set()], [again(), None, None, None]),
        (
            vec![set(), met(LESSONS)],
            [again(), Some(met_already(LESSONS, 1)), None, None],
        ),
        (
            vec![set(), met(LESSONS), met(REMEDIES)],
            [
                again(),
                Some(met_already(LESSONS, 1)),
                Some(met_already(REMEDIES, 2)),
                Some(Refusal::AlreadyOpen {
                    opened: given_time(2),
                }),
            ],
        ),
        (
            vec![set(), lifted()],
            [
                again(),
                Some(lifted_at(1)),
                Some(lifted_at(1)),
                Some(lifted_at(1)),
            ],
        ),
        (
            vec![set(), met(LESSONS), lifted()],
            [
                again(),
                Some(lifted_at(2)),
                Some(lifted_at(2)),
                Some(lifted_at(2)),
            ],
        ),
    ] {
        let asked = [set(), met(LESSONS), met(REMEDIES), lifted()];
        for (fact, refusal) in asked.into_iter().zip(answers) {
            let outcome = given::<GateRules>(life.clone()).when(fact);
            match refusal {
                Some(refusal) => outcome.then_refused(refusal),
                None => outcome.then_recorded(),
            }
        }
    }
}

#[test]
fn a_gate_has_1_to_64_requirements() {
    let of = |count| {
        let names: Vec<String> = (0..count).map(|number| format!("r{number}")).collect();
        set_with(names.iter().map(String::as_str))
    };
    given::<GateRules>([])
        .when(of(0))
        .then_refused(Refusal::NoRequirements);
    for enough in [1, REQUIREMENTS_MAX] {
        given::<GateRules>([]).when(of(enough)).then_recorded();
    }
    given::<GateRules>([])
        .when(of(REQUIREMENTS_MAX + 1))
        .then_refused(Refusal::TooManyRequirements {
            found: REQUIREMENTS_MAX + 1,
        });
}

#[test]
fn a_gate_names_each_requirement_once() {
    given::<GateRules>([])
        .when(set_with([LESSONS, REMEDIES, LESSONS]))
        .then_refused(Refusal::RequirementTwice {
            requirement: code(LESSONS),
        });
}

#[test]
fn only_a_requirement_of_the_gate_is_met() {
    let refusal = Refusal::NoSuchRequirement {
        requirement: code("tea-made"),
        required: vec![code(LESSONS), code(REMEDIES)],
    };
    assert_eq!(
        refusal.to_string(),
        "this gate has no requirement tea-made; it has lessons-reviewed, remediations-done"
    );
    given::<GateRules>([set()])
        .when(met("tea-made"))
        .then_refused(refusal);
}

#[test]
fn a_late_lifting_must_leave_what_was_met_later_possible() {
    let half_past = given_time(0) + SignedDuration::from_mins(30);
    given::<GateRules>([set(), met(LESSONS)])
        .when_late(half_past, lifted())
        .then_rejected(Rejection::ContradictsLater {
            happened: given_time(1),
            refusal: Refusal::AlreadyLifted { lifted: half_past },
        });
}

#[test]
fn a_correction_cannot_take_away_a_requirement_that_was_met() {
    let requires = |code: &str| {
        let text = "Complete, and reported to the board";
        format!("[{{\"code\":\"{code}\",\"text\":\"{text}\"}}]")
    };
    given::<GateRules>([set_with([LESSONS]), met(LESSONS)])
        .when_corrected(0, "requires", &requires(LESSONS), &requires(REMEDIES))
        .then_rejected(Rejection::ContradictsLater {
            happened: given_time(1),
            refusal: Refusal::NoSuchRequirement {
                requirement: code(LESSONS),
                required: vec![code(REMEDIES)],
            },
        });
}

#[test]
fn a_gate_opens_when_the_last_requirement_is_met_or_when_it_is_lifted() {
    let after = |facts: &[GateFact]| {
        (0..)
            .zip(facts)
            .fold(None, |gate, (index, fact)| {
                GateRules::evolve(gate, fact, given_time(index))
            })
            .unwrap()
    };
    let second = SignedDuration::from_secs(1);
    let closed = after(&[set(), met(REMEDIES)]);
    assert_eq!(closed.opened(), None);
    assert!(!closed.holds_at(given_time(0) - second));
    assert!(closed.holds_at(given_time(0)));
    assert!(closed.holds_at(given_time(1_000)));
    let complete = after(&[set(), met(REMEDIES), met(LESSONS)]);
    assert_eq!(complete.opened(), Some(given_time(2)));
    assert!(complete.holds_at(given_time(2) - second));
    assert!(!complete.holds_at(given_time(2)));
    let given_up = after(&[set(), met(REMEDIES), lifted()]);
    assert_eq!(given_up.opened(), Some(given_time(2)));
}
