//! How an outage begins: with notice or without, for whom, and when.

use super::*;
use crate::decider::Rejection;
use crate::testing::FIRST;

fn planned(maintenance: MaintenancePlanned) -> OutageFact {
    OutageFact::MaintenancePlanned(maintenance)
}

/// Asks in `shared` for what nothing was recorded before.
#[track_caller]
fn refused_in_shared(fact: OutageFact, refusal: Refusal) {
    given::<OutageRules>([])
        .in_log("shared")
        .when(fact)
        .then_refused(refusal);
}

#[test]
fn maintenance_is_announced_before_it_begins() {
    let announced_at = |time: &str| {
        given::<OutageRules>([])
            .in_log("shared")
            .when_late(instant(time), planned(maintenance()))
    };
    announced_at("2020-01-03T23:59:59Z").then_recorded();
    let from = maintenance().from;
    announced_at("2020-01-04T00:00:00Z").then_refused(Refusal::NoticeTooLate {
        noticed: from,
        from,
    });
}

#[test]
fn maintenance_ends_after_it_begins() {
    let from = maintenance().from;
    let backwards = MaintenancePlanned {
        to: from,
        ..maintenance()
    };
    let refusal = Refusal::MaintenanceEndsBeforeItBegins { from, to: from };
    refused_in_shared(planned(backwards), refusal);
}

#[test]
fn maintenance_names_1_to_64_services() {
    for (count, fits) in [(0, false), (1, true), (64, true), (65, false)] {
        let outcome = given::<OutageRules>([])
            .in_log("shared")
            .when(planned(MaintenancePlanned {
                services: many(count),
                ..maintenance()
            }));
        if fits {
            outcome.then_recorded();
        } else {
            outcome.then_refused(Refusal::ServiceCount { found: count });
        }
    }
}

#[test]
fn planned_maintenance_begins_when_it_is_declared_whenever_that_is() {
    for begin in [
        "2020-01-03T22:00:00Z",
        "2020-01-04T00:00:00Z",
        "2020-02-01T00:00:00Z",
    ] {
        given::<OutageRules>([planned(maintenance())])
            .in_log("shared")
            .when_late(instant(begin), of_two(&[down("email", "lewisham")]))
            .then_recorded();
    }
}

#[test]
fn notice_that_was_given_in_time_may_be_recorded_late() {
    let earlier = given_time(0) - SignedDuration::from_hours(72);
    given::<OutageRules>([of_two(&[])])
        .in_log("shared")
        .when_late(earlier, planned(maintenance()))
        .then_recorded();
    given::<OutageRules>([of_two(&[])])
        .in_log("shared")
        .when(planned(maintenance()))
        .then_refused(Refusal::NoticeNotFirst {
            status: Status::Open,
        });
}

#[test]
fn nothing_is_restored_before_the_outage_is_declared() {
    let before = given_time(0) - SignedDuration::from_mins(1);
    given::<OutageRules>([of_brent(&[down("email", "brent")])])
        .when_late(before, restored("email", &[]))
        .then_refused(Refusal::NotDeclared);
    given::<OutageRules>([planned(maintenance())])
        .in_log("shared")
        .when(restored("email", &[]))
        .then_refused(Refusal::NotDeclared);
    given::<OutageRules>([])
        .when(restored("email", &[]))
        .then_refused(Refusal::NotDeclared);
}

#[test]
fn an_outage_of_several_councils_lives_in_shared_and_only_there() {
    for councils in [&[] as &[&str], &["brent"]] {
        let found = councils.len();
        let refusal = Refusal::SharedNeedsCouncils { found };
        refused_in_shared(OutageFact::Declared(hits(councils, &[])), refusal.clone());
        let announced = MaintenancePlanned {
            councils: codes(councils),
            ..maintenance()
        };
        refused_in_shared(planned(announced), refusal);
    }
    given::<OutageRules>([]).when(of_brent(&[])).then_recorded();
    for councils in [&[] as &[&str], &["lewisham"], &["brent", "lewisham"]] {
        let refusal = Refusal::OwnLogNamesItsCouncil {
            home: LogName::new("brent").unwrap(),
            councils: codes(councils),
        };
        given::<OutageRules>([])
            .when(OutageFact::Declared(hits(councils, &[])))
            .then_refused(refusal.clone());
        given::<OutageRules>([])
            .when(planned(MaintenancePlanned {
                councils: codes(councils),
                ..maintenance()
            }))
            .then_refused(refusal);
    }
}

#[test]
fn an_outage_hits_at_most_64_councils_counting_those_that_were_only_announced() {
    let hitting = |councils| {
        OutageFact::Declared(Declared {
            councils,
            ..hits(&[], &[])
        })
    };
    let refusal = Refusal::TooManyCouncils { found: 65 };
    given::<OutageRules>([])
        .in_log("shared")
        .when(hitting(many(64)))
        .then_recorded();
    refused_in_shared(hitting(many(65)), refusal.clone());
    let announced = planned(MaintenancePlanned {
        councils: codes(&["c0", "brent"]),
        ..maintenance()
    });
    given::<OutageRules>([announced])
        .in_log("shared")
        .when(hitting(many(64)))
        .then_refused(refusal);
}

#[test]
fn a_roughly_known_outage_happened_at_the_first_moment_of_its_days() {
    let in_january = |within| {
        OutageFact::Declared(Declared {
            when: Some(within),
            ..hits(&["brent"], &[down("email", "brent")])
        })
    };
    let january = some_day_in_january();
    given::<OutageRules>([])
        .when_late(january.start(), in_january(january))
        .then_recorded();
    given::<OutageRules>([])
        .when(in_january(january))
        .then_refused(Refusal::WhenBeginsElsewhere {
            expected: january.start(),
            found: instant(FIRST),
        });
    let unsound = Within {
        to: "2020-01-30".parse().unwrap(),
        ..january
    };
    given::<OutageRules>([])
        .when_late(january.start(), in_january(unsound))
        .then_refused(Refusal::WhenUnsound { within: unsound });
}

#[test]
fn a_begin_that_is_corrected_to_lie_after_an_effect_is_refused() {
    let life = [
        of_brent(&[]),
        affected(&[timed("email", "brent", Some(30), None)]),
    ];
    let time = given_time(0).to_string();
    given::<OutageRules>(life.clone())
        .when_corrected(0, "happened", &time, &at(30).to_string())
        .then_recorded();
    given::<OutageRules>(life)
        .when_corrected(0, "happened", &time, &at(31).to_string())
        .then_rejected(Rejection::ContradictsLater {
            happened: given_time(1),
            refusal: Refusal::EffectBeforeOutage {
                service: code("email"),
                council: code("brent"),
                from: at(30),
                began: at(31),
            },
        });
}

#[test]
fn what_was_announced_stays_known_when_it_has_begun() {
    let outage = after(&[planned(maintenance()), of_two(&[])]);
    let notice = outage.planned.unwrap();
    assert_eq!(notice.noticed, given_time(0));
    assert_eq!(outage.begun.unwrap().at, given_time(1));
}
