//! What is down, for whom: effects, widening and narrowing, the share of users.

use super::*;
use crate::decider::FUTURE_TOLERANCE;
use crate::testing::NOW;

fn degraded(service: &str, council: &str) -> Effect {
    Effect {
        severity: Severity::Degraded,
        ..down(service, council)
    }
}

fn taken(severity: Severity) -> Refusal {
    Refusal::AlreadyAffected {
        service: code("email"),
        council: code("brent"),
        severity,
    }
}

#[test]
fn an_effect_is_on_one_of_the_councils_as_known_by_then() {
    let elsewhere = Refusal::EffectOnAnotherCouncil {
        service: code("email"),
        council: code("southwark"),
        councils: codes(&["brent", "lewisham"]),
    };
    let effect = [down("email", "southwark")];
    given::<OutageRules>([])
        .in_log("shared")
        .when(of_two(&effect))
        .then_refused(elsewhere.clone());
    given::<OutageRules>([of_two(&[])])
        .in_log("shared")
        .when(affected(&effect))
        .then_refused(elsewhere);
    given::<OutageRules>([of_two(&[])])
        .in_log("shared")
        .when(widened(&["southwark"], &effect))
        .then_recorded();
    given::<OutageRules>([of_two(&[]), widened(&["southwark"], &[])])
        .in_log("shared")
        .when(affected(&effect))
        .then_recorded();
}

#[test]
fn an_effect_begins_with_the_outage_or_later_and_ends_after_it_begins() {
    let effect = |from, to| timed("email", "brent", from, to);
    let early = |from, began| Refusal::EffectBeforeOutage {
        service: code("email"),
        council: code("brent"),
        from: at(from),
        began: at(began),
    };
    let backwards = |from, to| Refusal::EffectEndsBeforeItBegins {
        service: code("email"),
        council: code("brent"),
        from: at(from),
        to: at(to),
    };
    for (from, to, refusal) in [
        (None, None, None),
        (Some(0), None, None),
        (Some(0), Some(1), None),
        (None, Some(90), None),
        (Some(-1), None, Some(early(-1, 0))),
        (Some(30), Some(30), Some(backwards(30, 30))),
        (None, Some(0), Some(backwards(0, 0))),
    ] {
        let asked = [
            given::<OutageRules>([]).when(of_brent(&[effect(from, to)])),
            given::<OutageRules>([of_brent(&[])]).when(affected(&[effect(from, to)])),
        ];
        for outcome in asked {
            match &refusal {
                None => outcome.then_recorded(),
                Some(refusal) => outcome.then_refused(refusal.clone()),
            }
        }
    }
}

#[test]
fn what_was_planned_is_not_down_before_it_has_begun() {
    let noticed = OutageFact::MaintenancePlanned(maintenance());
    given::<OutageRules>([noticed])
        .in_log("shared")
        .when(of_two(&[timed("email", "brent", Some(59), None)]))
        .then_refused(Refusal::EffectBeforeOutage {
            service: code("email"),
            council: code("brent"),
            from: at(59),
            began: at(60),
        });
}

#[test]
fn what_is_down_is_not_down_twice_at_one_time() {
    let open = || timed("email", "brent", Some(30), None);
    for (next, refused) in [
        (timed("email", "brent", Some(30), None), true),
        (timed("email", "brent", Some(50), Some(60)), true),
        (timed("email", "brent", Some(10), Some(31)), true),
        (timed("email", "brent", Some(10), Some(30)), false),
        (degraded("email", "brent"), false),
        (down("telephony", "brent"), false),
    ] {
        let asked = [
            given::<OutageRules>([]).when(of_brent(&[open(), next.clone()])),
            given::<OutageRules>([of_brent(&[open()])]).when(affected(&[next])),
        ];
        for outcome in asked {
            if refused {
                outcome.then_refused(taken(Severity::Down));
            } else {
                outcome.then_recorded();
            }
        }
    }
}

#[test]
fn what_fails_again_says_from_when_on() {
    let life = || {
        [
            of_brent(&[down("email", "brent")]),
            restored("email", &["brent"]),
        ]
    };
    given::<OutageRules>(life())
        .when(affected(&[timed("email", "brent", Some(60), None)]))
        .then_recorded();
    // Absent means since the outage began, and the restoration says otherwise.
    given::<OutageRules>(life())
        .when(affected(&[down("email", "brent")]))
        .then_refused(taken(Severity::Down));
    // What has ended may overlap what has ended: it counts once.
    given::<OutageRules>(life())
        .when(affected(&[timed("email", "brent", Some(30), Some(70))]))
        .then_recorded();
}

#[test]
fn effects_of_a_roughly_known_outage_carry_no_times_and_are_named_once() {
    let january = some_day_in_january();
    let roughly = |effects: &[Effect]| {
        OutageFact::Declared(Declared {
            when: Some(january),
            ..hits(&["brent"], effects)
        })
    };
    let asked =
        |effects: &[Effect]| given::<OutageRules>([]).when_late(january.start(), roughly(effects));
    asked(&[down("email", "brent"), degraded("email", "brent")]).then_recorded();
    asked(&[down("email", "brent"), down("email", "brent")]).then_refused(taken(Severity::Down));
    for effect in [
        timed("email", "brent", Some(0), None),
        timed("email", "brent", None, Some(60)),
    ] {
        asked(&[effect]).then_refused(Refusal::EffectTimeUnknown {
            service: code("email"),
            council: code("brent"),
        });
    }
}

#[test]
fn further_effects_are_at_least_one_and_256_in_all() {
    given::<OutageRules>([of_brent(&[])])
        .when(affected(&[]))
        .then_refused(Refusal::NoEffects);
    let effects = |count| -> Vec<Effect> {
        let services = many(count);
        let services = services.iter();
        services
            .map(|service| down(service.as_str(), "brent"))
            .collect()
    };
    let one = [down("email", "brent")];
    given::<OutageRules>([of_brent(&effects(255))])
        .when(affected(&one))
        .then_recorded();
    given::<OutageRules>([of_brent(&effects(256))])
        .when(affected(&one))
        .then_refused(Refusal::TooManyEffects { found: 257 });
    given::<OutageRules>([])
        .when(of_brent(&effects(257)))
        .then_refused(Refusal::TooManyEffects { found: 257 });
}

#[test]
fn only_an_outage_in_shared_is_widened_and_narrowed() {
    let refusal = Refusal::OnlyInShared {
        home: LogName::new("brent").unwrap(),
    };
    for fact in [widened(&["lewisham"], &[]), narrowed(&["brent"])] {
        given::<OutageRules>([of_brent(&[])])
            .when(fact)
            .then_refused(refusal.clone());
    }
}

#[test]
fn it_is_widened_to_councils_that_it_does_not_hit_yet() {
    let asked = |councils: &[&str]| {
        given::<OutageRules>([of_two(&[])])
            .in_log("shared")
            .when(widened(councils, &[]))
    };
    asked(&["southwark"]).then_recorded();
    asked(&[]).then_refused(Refusal::NoCouncils);
    asked(&["brent", "southwark"]).then_refused(Refusal::AlreadyHit {
        councils: codes(&["brent"]),
    });
    let further = OutageFact::Widened(Widened {
        councils: many(63),
        effects: Vec::new(),
    });
    given::<OutageRules>([of_two(&[])])
        .in_log("shared")
        .when(further)
        .then_refused(Refusal::TooManyCouncils { found: 65 });
}

#[test]
fn it_is_narrowed_from_councils_that_it_hits_and_one_remains() {
    let asked = |councils: &[&str]| {
        given::<OutageRules>([of_two(&[])])
            .in_log("shared")
            .when(narrowed(councils))
    };
    asked(&["lewisham"]).then_recorded();
    asked(&[]).then_refused(Refusal::NoCouncils);
    asked(&["brent", "southwark"]).then_refused(Refusal::NotHit {
        councils: codes(&["southwark"]),
        hit: codes(&["brent", "lewisham"]),
    });
    asked(&["brent", "lewisham"]).then_refused(Refusal::NoneWouldRemain);
    given::<OutageRules>([of_two(&[]), narrowed(&["lewisham"])])
        .in_log("shared")
        .when(narrowed(&["brent"]))
        .then_refused(Refusal::NoneWouldRemain);
}

#[test]
fn narrowing_ends_what_was_down_for_those_councils() {
    let effects = [down("email", "brent"), down("email", "lewisham")];
    let outage = after(&[of_two(&effects), narrowed(&["lewisham"])]);
    assert_eq!(outage.hit(), codes(&["brent"]));
    assert_eq!(outage.councils, codes(&["brent", "lewisham"]));
    let ends: Vec<_> = outage.effects.iter().map(|effect| effect.to).collect();
    assert_eq!(ends, [None, Some(given_time(1))]);
}

#[test]
fn a_council_is_not_spared_before_what_it_suffers_has_begun_or_ended() {
    for (from, to, refusal) in [
        (
            61,
            None,
            Refusal::EndsBeforeEffect {
                service: code("email"),
                council: code("lewisham"),
                from: at(61),
            },
        ),
        (
            10,
            Some(61),
            Refusal::EffectLastsLonger {
                service: code("email"),
                council: code("lewisham"),
                to: at(61),
            },
        ),
    ] {
        let effect = timed("email", "lewisham", Some(from), to);
        given::<OutageRules>([of_two(&[effect])])
            .in_log("shared")
            .when(narrowed(&["lewisham"]))
            .then_refused(refusal);
    }
}

#[test]
fn a_council_that_is_hit_no_longer_takes_only_effects_that_ended_when_it_went_or_before() {
    // It went 60 minutes after the first fact.
    let asked = |to| {
        given::<OutageRules>([of_two(&[]), narrowed(&["lewisham"])])
            .in_log("shared")
            .when(affected(&[timed("email", "lewisham", None, to)]))
    };
    asked(Some(59)).then_recorded();
    asked(Some(60)).then_recorded();
    for later in [Some(61), None] {
        asked(later).then_refused(Refusal::NotHit {
            councils: codes(&["lewisham"]),
            hit: codes(&["brent"]),
        });
    }
}

#[test]
fn a_council_that_is_hit_again_takes_effects_after_it_went() {
    given::<OutageRules>([
        of_two(&[]),
        narrowed(&["lewisham"]),
        widened(&["lewisham"], &[]),
    ])
    .in_log("shared")
    .when(affected(&[timed("email", "lewisham", Some(120), None)]))
    .then_recorded();
}

#[test]
fn an_effect_does_not_lie_after_the_clock() {
    let clock = instant(NOW) + FUTURE_TOLERANCE;
    let ahead = clock + SignedDuration::from_secs(1);
    let email = |from, to| Effect {
        from,
        to,
        ..down("email", "brent")
    };
    let two = || given::<OutageRules>([of_two(&[])]).in_log("shared");
    for (effect, time) in [
        (email(Some(clock), None), None),
        (email(None, Some(clock)), None),
        (email(Some(ahead), None), Some(ahead)),
        (email(None, Some(ahead)), Some(ahead)),
        (email(Some(clock), Some(ahead)), Some(ahead)),
    ] {
        let abroad = Effect {
            council: code("southwark"),
            ..effect.clone()
        };
        let (effect, abroad) = (&[effect], &[abroad]);
        for (outcome, council) in [
            (given([]).when(of_brent(effect)), "brent"),
            (two().when(affected(effect)), "brent"),
            (two().when(widened(&["southwark"], abroad)), "southwark"),
        ] {
            match time {
                None => outcome.then_recorded(),
                Some(time) => outcome.then_refused(Refusal::LiesAhead {
                    service: code("email"),
                    council: code(council),
                    time,
                }),
            }
        }
    }
}

#[test]
fn it_may_hit_again_a_council_that_it_was_narrowed_from() {
    let first = [down("email", "lewisham")];
    let life = || [of_two(&first), narrowed(&["lewisham"])];
    let again = [timed("email", "lewisham", Some(120), None)];
    given::<OutageRules>(life())
        .in_log("shared")
        .when(widened(&["lewisham"], &again))
        .then_recorded();
    let [begin, end] = life();
    let outage = after(&[begin, end, widened(&["lewisham"], &again)]);
    assert_eq!(outage.hit(), codes(&["brent", "lewisham"]));
    assert_eq!(outage.open_effects().count(), 1);
}

#[test]
fn a_share_of_users_is_between_0_and_100_percent() {
    for (percent, fits) in [
        ("0", true),
        ("12.5", true),
        ("100", true),
        ("100.00", true),
        ("100.000001", false),
        ("101", false),
        ("-1", false),
    ] {
        let outcome = given::<OutageRules>([of_brent(&[])]).when(users(percent));
        if fits {
            outcome.then_recorded();
        } else {
            outcome.then_refused(Refusal::NotAShare {
                percent: percent.parse().unwrap(),
            });
        }
    }
}
