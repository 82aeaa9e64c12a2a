//! How an outage begins: with notice or without, for whom, and when.

use super::*;
use crate::decider::Rejection;

fn planned(maintenance: MaintenancePlanned) -> OutageFact {
    OutageFact::MaintenancePlanned(maintenance)
}

/// Of brent, at some time within these days.
fn roughly(within: Within) -> OutageFact {
    OutageFact::Declared(Declared {
        when: Some(within),
        ..hits(&["brent"], &[down("email", "brent")])
    })
}

fn the_17th_of_january() -> Within {
    let day = "2020-01-17".parse().unwrap();
    Within {
        from: day,
        to: day,
        precision: Precision::Day,
    }
}

/// When it began, and within which days that is known to have been.
fn begun(outage: Option<Outage>) -> (Timestamp, Option<Within>) {
    let begun = outage.unwrap().begun.unwrap();
    (begun.at, begun.declared.when)
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
        .then_refused(Refusal::NoticeAfterBegin {
            status: Status::Open,
        });
}

/// Moved by a week, to other services of other councils.
fn a_week_later() -> MaintenancePlanned {
    MaintenancePlanned {
        councils: codes(&["brent", "southwark"]),
        services: codes(&["telephony"]),
        from: instant("2020-01-11T00:00:00Z"),
        to: instant("2020-01-11T04:00:00Z"),
        ..maintenance()
    }
}

#[test]
fn a_notice_that_is_given_again_takes_nothing_from_the_one_before() {
    let first = planned(maintenance());
    let second = planned(a_week_later());
    given::<OutageRules>([first.clone()])
        .in_log("shared")
        .when(second.clone())
        .then_recorded();
    let outage = after(&[first.clone(), second]);
    assert_eq!(outage.status(), Status::Planned);
    assert_eq!(outage.councils, codes(&["brent", "lewisham", "southwark"]));
    let notices = [(maintenance(), 0), (a_week_later(), 1)].map(|(maintenance, index)| Notice {
        maintenance,
        noticed: given_time(index),
    });
    assert_eq!(outage.notices, notices);
    // The later one is a notice too: it comes before what it announces.
    let from = maintenance().from;
    given::<OutageRules>([first])
        .in_log("shared")
        .when_late(from, planned(maintenance()))
        .then_refused(Refusal::NoticeTooLate {
            noticed: from,
            from,
        });
}

#[test]
fn a_notice_that_cancels_the_earlier_ones_holds_alone() {
    let moved = MaintenancePlanned {
        cancels_earlier: true,
        ..a_week_later()
    };
    let outage = after(&[planned(maintenance()), planned(moved.clone())]);
    assert_eq!(outage.councils, codes(&["brent", "southwark"]));
    assert_eq!(outage.notices.len(), 1);
    assert_eq!(
        outage.notice().map(|notice| &notice.maintenance),
        Some(&moved)
    );
    // It cancels what was said before it, and nothing that is said afterwards.
    let outage = after(&[planned(moved), planned(maintenance())]);
    assert_eq!(outage.notices.len(), 2);
}

#[test]
fn whether_a_notice_cancels_the_earlier_ones_can_be_corrected() {
    let given_two = || given::<OutageRules>([planned(maintenance()), planned(a_week_later())]);
    let corrected = given_two()
        .in_log("shared")
        .corrected(1, "cancels_earlier", "false", "true");
    assert_eq!(corrected.state().unwrap().notices.len(), 1);
}

#[test]
fn of_one_maintenance_64_notices_hold_at_most() {
    let given_many = |count| given::<OutageRules>(vec![planned(a_week_later()); count]);
    given_many(63)
        .in_log("shared")
        .when(planned(a_week_later()))
        .then_recorded();
    given_many(64)
        .in_log("shared")
        .when(planned(a_week_later()))
        .then_refused(Refusal::TooManyNotices);
    let alone = MaintenancePlanned {
        cancels_earlier: true,
        ..a_week_later()
    };
    given_many(64)
        .in_log("shared")
        .when(planned(alone))
        .then_recorded();
}

#[test]
fn maintenance_that_was_cancelled_never_begins_and_nothing_is_planned_of_it_again() {
    let called_off = [planned(maintenance()), cancelled()];
    let outage = after(&called_off);
    assert_eq!(outage.status(), Status::Cancelled);
    assert_eq!(outage.cancelled, Some(given_time(1)));
    for fact in [of_two(&[]), planned(a_week_later()), cancelled(), closed()] {
        given::<OutageRules>(called_off.clone())
            .in_log("shared")
            .when(fact)
            .then_refused(Refusal::MaintenanceCancelled { at: given_time(1) });
    }
    // What has begun by then is not undone by what is said late.
    let before_its_begin = given_time(0) + SignedDuration::from_mins(1);
    given::<OutageRules>([planned(maintenance()), of_two(&[])])
        .in_log("shared")
        .when_late(before_its_begin, cancelled())
        .then_rejected(Rejection::ContradictsLater {
            happened: given_time(1),
            refusal: Refusal::MaintenanceCancelled {
                at: before_its_begin,
            },
        });
}

#[test]
fn no_notice_follows_the_begin_in_whatever_status() {
    let life = [planned(maintenance()), of_two(&[]), resolved(), closed()];
    for (begun, status) in [
        (2, Status::Open),
        (3, Status::Resolved),
        (4, Status::Closed),
    ] {
        given::<OutageRules>(life[..begun].to_vec())
            .in_log("shared")
            .when(planned(maintenance()))
            .then_refused(Refusal::NoticeAfterBegin { status });
    }
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
fn a_roughly_known_outage_happened_in_its_days() {
    let in_january = roughly;
    let january = some_day_in_january();
    let second = SignedDuration::from_secs(1);
    for happened in [january.start(), given_time(0), january.end() - second] {
        given::<OutageRules>([])
            .when_late(happened, in_january(january))
            .then_recorded();
    }
    for found in [january.start() - second, january.end()] {
        given::<OutageRules>([])
            .when_late(found, in_january(january))
            .then_refused(Refusal::HappenedElsewhere {
                within: january,
                found,
            });
    }
    let unsound = Within {
        to: "2020-01-30".parse().unwrap(),
        ..january
    };
    given::<OutageRules>([])
        .when_late(january.start(), in_january(unsound))
        .then_refused(Refusal::WhenUnsound { within: unsound });
}

#[test]
fn when_the_day_and_then_the_time_of_an_outage_become_known_it_is_never_taken_for_exact_before() {
    let (month, day) = (some_day_in_january(), the_17th_of_january());
    let json = |within: Within| serde_json::to_string(&within).unwrap();
    let first = given_time(0).to_string();
    let in_the_month = given::<OutageRules>([roughly(month)]);
    let moved = in_the_month.corrected(0, "happened", &first, "2020-01-17T00:00:00Z");
    assert_eq!(begun(moved.state()), (day.start(), Some(month)));
    let on_the_day = moved.corrected(0, "when", &json(month), &json(day));
    assert_eq!(begun(on_the_day.state()), (day.start(), Some(day)));
    let (midnight, exact) = ("2020-01-17T00:00:00Z", "2020-01-17T08:40:00Z");
    let timed = on_the_day.corrected(0, "happened", midnight, exact);
    assert_eq!(begun(timed.state()), (instant(exact), Some(day)));
    let known = timed.corrected(0, "when", &json(day), "");
    assert_eq!(begun(known.state()), (instant(exact), None));
    // The other way round it would have happened outside its day.
    given::<OutageRules>([roughly(month)])
        .when_corrected(0, "when", &json(month), &json(day))
        .then_rejected(Rejection::ContradictsLater {
            happened: given_time(0),
            refusal: Refusal::HappenedElsewhere {
                within: day,
                found: given_time(0),
            },
        });
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
    let notice = outage.notice().unwrap();
    assert_eq!(notice.noticed, given_time(0));
    assert_eq!(outage.begun.unwrap().at, given_time(1));
}
