//! How what was down ends: service by service, and with the whole outage.

use super::*;

/// `affected` is what is down or degraded there instead.
fn nothing_to_restore(service: &str, councils: &[&str], affected: &[&str]) -> Refusal {
    Refusal::NothingToRestore {
        service: code(service),
        councils: codes(councils),
        affected: codes(affected),
    }
}

#[test]
fn what_is_down_instead_is_named() {
    let says = |refusal: Refusal| refusal.to_string();
    assert_eq!(
        says(nothing_to_restore("emial", &["brent"], &["email"])),
        "emial is not down or degraded any more, or never was, for brent; down or degraded for it \
         is email"
    );
    assert_eq!(
        says(nothing_to_restore("email", &["brent", "lewisham"], &[])),
        "email is not down or degraded any more, or never was, for brent, lewisham; down or degraded \
         for them is nothing"
    );
}

fn email_of_both() -> OutageFact {
    of_two(&[down("email", "brent"), down("email", "lewisham")])
}

#[test]
fn a_service_is_restored_where_it_is_down() {
    let asked = |service: &str, councils: &[&str]| {
        given::<OutageRules>([of_two(&[down("email", "brent")])])
            .in_log("shared")
            .when(restored(service, councils))
    };
    asked("email", &[]).then_recorded();
    asked("email", &["brent"]).then_recorded();
    asked("email", &["lewisham"]).then_refused(nothing_to_restore("email", &["lewisham"], &[]));
    asked("email", &["brent", "lewisham"]).then_refused(nothing_to_restore(
        "email",
        &["lewisham"],
        &[],
    ));
    asked("telephony", &[]).then_refused(nothing_to_restore(
        "telephony",
        &["brent", "lewisham"],
        &["email"],
    ));
    asked("email", &["brent", "southwark"]).then_refused(Refusal::NotHit {
        councils: codes(&["southwark"]),
        hit: codes(&["brent", "lewisham"]),
    });
}

#[test]
fn what_is_restored_is_not_restored_again() {
    given::<OutageRules>([email_of_both(), restored("email", &["brent"])])
        .in_log("shared")
        .when(restored("email", &["brent"]))
        .then_refused(nothing_to_restore("email", &["brent"], &[]));
    given::<OutageRules>([email_of_both(), restored("email", &["brent"])])
        .in_log("shared")
        .when(restored("email", &[]))
        .then_recorded();
    given::<OutageRules>([email_of_both(), restored("email", &[])])
        .in_log("shared")
        .when(restored("email", &[]))
        .then_refused(nothing_to_restore("email", &["brent", "lewisham"], &[]));
}

#[test]
fn a_council_that_is_hit_no_longer_has_nothing_to_be_restored() {
    given::<OutageRules>([email_of_both(), narrowed(&["lewisham"])])
        .in_log("shared")
        .when(restored("email", &["lewisham"]))
        .then_refused(Refusal::NotHit {
            councils: codes(&["lewisham"]),
            hit: codes(&["brent"]),
        });
}

#[test]
fn nothing_is_restored_before_it_was_hit() {
    let life = || [of_brent(&[timed("email", "brent", Some(60), None)])];
    given::<OutageRules>(life())
        .when_late(at(59), restored("email", &[]))
        .then_refused(Refusal::EndsBeforeEffect {
            service: code("email"),
            council: code("brent"),
            from: at(60),
        });
    given::<OutageRules>(life())
        .when_late(at(60), restored("email", &[]))
        .then_recorded();
}

#[test]
fn a_restoration_ends_each_effect_that_it_means_at_its_time() {
    let effects = [
        down("email", "brent"),
        down("email", "lewisham"),
        down("telephony", "brent"),
        timed("email", "brent", Some(1), Some(2)),
    ];
    let outage = after(&[of_two(&effects), restored("email", &["brent"])]);
    let ends: Vec<_> = outage.effects.iter().map(|effect| effect.to).collect();
    assert_eq!(ends, [Some(given_time(1)), None, None, Some(at(2))]);
    let begins = outage.effects.iter().map(|effect| effect.from);
    assert_eq!(begins.flatten().count(), 4, "each knows when it began");
}

#[test]
fn resolving_restores_what_is_not_restored_yet() {
    let outage = after(&[email_of_both(), restored("email", &["brent"]), resolved()]);
    let ends: Vec<_> = outage.effects.iter().map(|effect| effect.to).collect();
    assert_eq!(ends, [Some(given_time(1)), Some(given_time(2))]);
    assert_eq!(outage.open_effects().count(), 0);
    assert_eq!(outage.status(), Status::Resolved);
}

#[test]
fn an_outage_is_not_over_before_its_effects_have_begun_and_ended() {
    let open = timed("email", "brent", Some(90), None);
    let ended = timed("email", "brent", None, Some(90));
    let begins_later = Refusal::EndsBeforeEffect {
        service: code("email"),
        council: code("brent"),
        from: at(90),
    };
    let ends_later = Refusal::EffectLastsLonger {
        service: code("email"),
        council: code("brent"),
        to: at(90),
    };
    for (effect, refusal) in [(open, begins_later), (ended, ends_later)] {
        given::<OutageRules>([of_brent(std::slice::from_ref(&effect))])
            .when_late(at(89), resolved())
            .then_refused(refusal);
        given::<OutageRules>([of_brent(&[effect])])
            .when_late(at(90), resolved())
            .then_recorded();
    }
}

/// An outage of some day of January, recorded at its first moment, and what follows an hour apart.
fn roughly_known(effects: &[Effect], facts: &[OutageFact]) -> Vec<(Timestamp, OutageFact)> {
    let january = some_day_in_january();
    let declared = OutageFact::Declared(Declared {
        when: Some(january),
        ..hits(&["brent", "lewisham"], effects)
    });
    let first = (january.start(), declared);
    let rest = facts.iter().cloned().enumerate();
    let rest = rest.map(|(index, fact)| (given_time(index), fact));
    [first].into_iter().chain(rest).collect()
}

fn judged(life: &[(Timestamp, OutageFact)]) -> (Outage, Result<(), Refusal>) {
    use crate::decider::Occasion;
    let home = LogName::shared();
    let mut state = None;
    let mut verdict = Ok(());
    for (happened, fact) in life {
        let happened = *happened;
        let occasion = Occasion {
            home: &home,
            happened,
            now: given_time(1_000),
        };
        verdict = OutageRules::decide(&state, fact, occasion);
        state = OutageRules::evolve(state, fact, happened);
    }
    (state.unwrap(), verdict)
}

#[test]
fn in_a_roughly_known_outage_each_service_is_restored_once_and_no_duration_is_known() {
    let effects = [down("email", "brent"), down("email", "lewisham")];
    let brent = || restored("email", &["brent"]);
    let all = || restored("email", &[]);
    for (facts, expected) in [
        (vec![brent()], Ok(())),
        (vec![all()], Ok(())),
        (vec![brent(), all()], Ok(())),
        (
            vec![brent(), brent()],
            Err(nothing_to_restore("email", &["brent"], &[])),
        ),
        (
            vec![all(), all()],
            Err(nothing_to_restore("email", &["brent", "lewisham"], &[])),
        ),
        (
            vec![restored("telephony", &[])],
            Err(nothing_to_restore(
                "telephony",
                &["brent", "lewisham"],
                &["email"],
            )),
        ),
        (vec![narrowed(&["brent"]), all()], Ok(())),
        (
            vec![narrowed(&["brent"]), brent()],
            Err(Refusal::NotHit {
                councils: codes(&["brent"]),
                hit: codes(&["lewisham"]),
            }),
        ),
        (vec![all(), resolved()], Ok(())),
    ] {
        let (outage, verdict) = judged(&roughly_known(&effects, &facts));
        assert_eq!(verdict, expected, "{facts:?}");
        let times = outage.effects.iter().map(|effect| (effect.from, effect.to));
        assert!(times.eq([(None, None), (None, None)]));
    }
}

#[test]
fn in_a_roughly_known_outage_what_fails_again_can_be_restored_again() {
    let effects = [down("email", "brent")];
    let again = || affected(&effects);
    let all = || restored("email", &[]);
    let (outage, verdict) = judged(&roughly_known(&effects, &[all(), again()]));
    assert_eq!(verdict, Ok(()));
    assert_eq!(outage.open_effects().count(), 2);
    let (outage, verdict) = judged(&roughly_known(&effects, &[all(), again(), all()]));
    assert_eq!(verdict, Ok(()));
    assert_eq!(outage.open_effects().count(), 0);
    let (_, verdict) = judged(&roughly_known(&effects, &[again()]));
    let taken = Refusal::AlreadyAffected {
        service: code("email"),
        council: code("brent"),
        severity: Severity::Down,
    };
    assert_eq!(verdict, Err(taken));
}
