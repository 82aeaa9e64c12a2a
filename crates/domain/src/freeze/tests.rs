//! Specifications of freezes.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::*;
use crate::amendment::Recordable;
use crate::decider::{Decider, Rejection};
use crate::names::{Code, LogName};
use crate::testing::{given, given_id, given_time};
use crate::text::Text;

/// The given facts happen an hour apart from 0 on; these freezes begin at 0 and, where they end by
/// themselves, end at 10.
const TO: usize = 10;

fn code(text: &str) -> Code {
    Code::new(text).unwrap()
}

fn codes(count: usize) -> BTreeSet<Code> {
    (0..count)
        .map(|number| code(&format!("c{number}")))
        .collect()
}

fn text(text: &str) -> Text {
    Text::new(text).unwrap()
}

fn declaration(to: Option<Timestamp>, until: Option<&str>) -> FreezeDeclared {
    FreezeDeclared {
        title: text("No new projects"),
        scope: FreezeScope::default(),
        from: given_time(0),
        to,
        until: until.map(text),
    }
}

fn until_a_time() -> FreezeFact {
    FreezeFact::FreezeDeclared(declaration(Some(given_time(TO)), None))
}
fn until_a_condition() -> FreezeFact {
    FreezeFact::FreezeDeclared(declaration(None, Some("the service is stable")))
}
fn scoped(scope: FreezeScope) -> FreezeFact {
    FreezeFact::FreezeDeclared(FreezeDeclared {
        scope,
        ..declaration(Some(given_time(TO)), None)
    })
}
fn exempted(exempt: Exempt) -> FreezeFact {
    FreezeFact::FreezeExempted(FreezeExempted {
        exempt,
        reason: text("Its resources are ring-fenced"),
    })
}
fn project(name: &str) -> FreezeFact {
    exempted(Exempt::Project(code(name)))
}
fn change(log: &str) -> FreezeFact {
    let log = LogName::new(log).unwrap();
    let id = Uuid::from_u128(7);
    exempted(Exempt::Change(ChangeReference { log, id }))
}
fn lifted() -> FreezeFact {
    FreezeFact::FreezeLifted(FreezeLifted {})
}

/// The two ways in which a freeze may be declared.
fn declared() -> [FreezeFact; 2] {
    [until_a_time(), until_a_condition()]
}

#[test]
fn a_life_begins_with_declared_and_only_once() {
    for fact in [project("phase-2"), lifted()] {
        given::<FreezeRules>([])
            .when(fact)
            .then_refused(Refusal::NotDeclared);
    }
    for first in declared() {
        given::<FreezeRules>([]).when(first.clone()).then_recorded();
        for earlier in [vec![], vec![project("phase-2")], vec![lifted()]] {
            let life = [vec![first.clone()], earlier].concat();
            given::<FreezeRules>(life)
                .when(until_a_time())
                .then_refused(Refusal::AlreadyDeclared);
        }
    }
}

#[test]
fn each_status_takes_exactly_the_facts_of_the_table() {
    let (ten, after) = (given_time(TO), given_time(TO + 1));
    let ended = |ended| Refusal::ExemptedAfterItsEnd { ended };
    let already = Refusal::AlreadyLifted {
        lifted: given_time(1),
    };
    let [time, condition] = declared();
    for (life, at, exempting, lifting) in [
        // It holds.
        (vec![time.clone()], given_time(1), None, None),
        (vec![condition.clone()], after, None, None),
        // It ended by itself.
        (vec![time.clone()], ten, Some(ended(ten)), None),
        (
            vec![time.clone()],
            after,
            Some(ended(ten)),
            Some(Refusal::LiftedAfterItsEnd { to: ten }),
        ),
        // It was lifted.
        (
            vec![time, lifted()],
            given_time(2),
            Some(ended(given_time(1))),
            Some(already.clone()),
        ),
        (
            vec![condition, lifted()],
            after,
            Some(ended(given_time(1))),
            Some(already),
        ),
    ] {
        for (fact, refusal) in [(project("phase-2"), exempting), (lifted(), lifting)] {
            let outcome = given::<FreezeRules>(life.clone()).when_late(at, fact);
            match refusal {
                Some(refusal) => outcome.then_refused(refusal),
                None => outcome.then_recorded(),
            }
        }
    }
}

#[test]
fn a_freeze_ends_at_a_time_or_with_a_condition_or_with_whichever_comes_first() {
    given::<FreezeRules>([])
        .when(FreezeFact::FreezeDeclared(declaration(None, None)))
        .then_refused(Refusal::NoEnd);
    let both = declaration(Some(given_time(TO)), Some("the service is stable"));
    let both = FreezeFact::FreezeDeclared(both);
    given::<FreezeRules>([]).when(both.clone()).then_recorded();
    let freeze = |facts: &[FreezeFact]| given::<FreezeRules>(facts.to_vec()).state().unwrap();
    assert_eq!(
        freeze(std::slice::from_ref(&both)).ends(),
        Some(given_time(TO))
    );
    assert_eq!(freeze(&[both, lifted()]).ends(), Some(given_time(1)));
}

#[test]
fn a_time_is_corrected_to_a_condition_and_back_one_field_after_the_other() {
    let (to, until) = (given_time(TO).to_string(), "the service is stable");
    let condition = given::<FreezeRules>([until_a_time()])
        .corrected(0, "until", "", until)
        .corrected(0, "to", &to, "");
    assert_eq!(
        condition.state().unwrap().declared,
        declaration(None, Some(until))
    );
    let time = given::<FreezeRules>([until_a_condition()])
        .corrected(0, "to", "", &to)
        .corrected(0, "until", until, "");
    assert_eq!(
        time.state().unwrap().declared,
        declaration(Some(given_time(TO)), None)
    );
    given::<FreezeRules>([until_a_time()])
        .when_corrected(0, "to", &to, "")
        .then_rejected(Rejection::ContradictsLater {
            happened: given_time(0),
            refusal: Refusal::NoEnd,
        });
}

#[test]
fn a_freeze_that_ends_at_its_beginning_or_before_is_refused() {
    let from = given_time(0);
    for to in [from, from - SignedDuration::from_secs(1)] {
        given::<FreezeRules>([])
            .when(FreezeFact::FreezeDeclared(declaration(Some(to), None)))
            .then_refused(Refusal::EndsBeforeItBegins { from, to });
    }
}

#[test]
fn only_a_freeze_in_shared_may_name_councils() {
    let of = |count| {
        scoped(FreezeScope {
            councils: codes(count),
            ..FreezeScope::default()
        })
    };
    for count in [0, 1, 2] {
        given::<FreezeRules>([])
            .in_log("shared")
            .when(of(count))
            .then_recorded();
    }
    given::<FreezeRules>([])
        .in_log("brent")
        .when(of(1))
        .then_refused(Refusal::OwnLogNamesCouncils);
}

#[test]
fn a_scope_names_at_most_64_of_each() {
    let with = |field, count| {
        let mut scope = FreezeScope::default();
        match field {
            "councils" => scope.councils = codes(count),
            "services" => scope.services = codes(count),
            _ => scope.categories = codes(count),
        }
        scoped(scope)
    };
    for field in ["councils", "services", "categories"] {
        given::<FreezeRules>([])
            .in_log("shared")
            .when(with(field, NAMED_MAX))
            .then_recorded();
        given::<FreezeRules>([])
            .in_log("shared")
            .when(with(field, NAMED_MAX + 1))
            .then_refused(Refusal::TooManyNamed {
                field,
                found: NAMED_MAX + 1,
            });
    }
}

#[test]
fn the_same_is_exempted_once() {
    for once in [project("phase-2"), change("brent")] {
        given::<FreezeRules>([until_a_condition(), once.clone()])
            .when(once)
            .then_refused(Refusal::AlreadyExempted { at: given_time(1) });
    }
    let life = [until_a_condition(), project("phase-2"), change("brent")];
    for other in [project("phase-3"), change("shared")] {
        given::<FreezeRules>(life.clone())
            .when(other)
            .then_recorded();
    }
}

#[test]
fn an_exemption_may_be_granted_before_the_freeze_begins() {
    let FreezeFact::FreezeDeclared(declared) = until_a_condition() else {
        unreachable!()
    };
    let later = FreezeFact::FreezeDeclared(FreezeDeclared {
        from: given_time(5),
        ..declared
    });
    given::<FreezeRules>([later])
        .when(project("phase-2"))
        .then_recorded();
}

#[test]
fn a_freeze_takes_at_most_256_exemptions() {
    let exemptions = |count: usize| (0..count).map(|number| project(&format!("project-{number}")));
    let life = |count| std::iter::once(until_a_condition()).chain(exemptions(count));
    given::<FreezeRules>(life(EXEMPTIONS_MAX - 1))
        .when(project("the-last"))
        .then_recorded();
    given::<FreezeRules>(life(EXEMPTIONS_MAX))
        .when(project("one-more"))
        .then_refused(Refusal::TooManyExemptions);
}

#[test]
fn a_freeze_is_lifted_between_its_beginning_and_its_end() {
    let from = given_time(0);
    // Declared before it begins.
    let early = from - SignedDuration::from_hours(48);
    let declared_early = |at| {
        let state = FreezeRules::evolve(None, &until_a_time(), early);
        let home = LogName::new("brent").unwrap();
        let occasion = crate::decider::Occasion {
            home: &home,
            happened: at,
            now: given_time(1_000),
        };
        FreezeRules::decide(&state, &lifted(), occasion)
    };
    let too_early = from - SignedDuration::from_secs(1);
    assert_eq!(
        declared_early(too_early),
        Err(Refusal::LiftedBeforeItBegins { from })
    );
    for at in [from, given_time(1), given_time(TO)] {
        assert_eq!(declared_early(at), Ok(()), "{at}");
    }
    assert_eq!(
        declared_early(given_time(TO + 1)),
        Err(Refusal::LiftedAfterItsEnd { to: given_time(TO) })
    );
}

#[test]
fn a_late_lifting_must_leave_recorded_exemptions_possible() {
    let half_past = given_time(0) + SignedDuration::from_mins(30);
    given::<FreezeRules>([until_a_condition(), project("phase-2")])
        .when_late(half_past, lifted())
        .then_rejected(Rejection::ContradictsLater {
            happened: given_time(1),
            refusal: Refusal::ExemptedAfterItsEnd { ended: half_past },
        });
}

#[test]
fn a_freeze_holds_from_its_beginning_to_its_end_and_not_at_its_end() {
    let after = |facts: &[FreezeFact]| {
        (0..)
            .zip(facts)
            .fold(None, |freeze, (index, fact)| {
                FreezeRules::evolve(freeze, fact, given_time(index))
            })
            .unwrap()
    };
    let second = SignedDuration::from_secs(1);
    let by_itself = after(&[until_a_time()]);
    assert_eq!(by_itself.ends(), Some(given_time(TO)));
    assert!(!by_itself.holds_at(given_time(0) - second));
    assert!(by_itself.holds_at(given_time(0)));
    assert!(by_itself.holds_at(given_time(TO) - second));
    assert!(!by_itself.holds_at(given_time(TO)));
    let early = after(&[until_a_time(), lifted()]);
    assert_eq!(early.ends(), Some(given_time(1)));
    assert!(!early.holds_at(given_time(1)));
    let open = after(&[until_a_condition()]);
    assert_eq!(open.ends(), None);
    assert!(open.holds_at(given_time(1_000)));
}

#[test]
fn a_new_value_is_an_instant_as_in_a_new_fact_and_a_recorded_one_is_read_as_before() {
    let was = given_time(TO).to_string();
    let local = "2021-06-15T09:00:00+01:00[Europe/London]";
    for (field, was) in [
        ("to", was.as_str()),
        ("happened", &given_time(0).to_string()),
    ] {
        let outcome = given::<FreezeRules>([until_a_time()]).when_corrected(0, field, was, local);
        let rejection = outcome.rejection();
        assert!(
            matches!(&rejection, Some(Rejection::BadCorrection { why }) if why.contains("names a time zone")),
            "{field}: {rejection:?}"
        );
    }
    let entry = |sequence, what| crate::timeline::Entry {
        happened: given_time(0),
        known: given_time(0),
        sequence,
        id: given_id(0).short(),
        what,
    };
    let corrected = crate::amendment::Correction {
        event: given_id(0),
        field: "to".to_owned(),
        was,
        is: local.to_owned(),
        reason: code("mistyped"),
    };
    let recorded = crate::timeline::Timeline {
        entries: vec![
            entry(1, Recordable::Fact(until_a_time())),
            entry(2, Recordable::Corrected(corrected)),
        ],
    };
    let standing = recorded.standing(None).unwrap().unwrap();
    let FreezeFact::FreezeDeclared(declared) = &standing[0].fact else {
        panic!("{standing:?}")
    };
    assert_eq!(declared.to, "2021-06-15T08:00:00Z".parse().ok());
}
