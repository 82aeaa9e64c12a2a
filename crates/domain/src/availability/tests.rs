//! Specifications of agreements on availability.

use jiff::civil::Date;

use super::*;
use crate::amendment::HAPPENED;
use crate::decider::{Decider, Rejection};
use crate::names::{Code, LogName};
use crate::service_time::{ServiceTime, Unsound, Weekday, Window};
use crate::testing::{given, given_time};

fn code(text: &str) -> Code {
    Code::new(text).unwrap()
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

/// Email, at 99 percent of every minute.
fn agreement(from: &str) -> AvailabilityAgreed {
    AvailabilityAgreed {
        service: code("email"),
        service_time: ServiceTime::Always,
        target: "99".parse().unwrap(),
        notice_hours: 0,
        except_holidays: false,
        from: date(from),
    }
}

fn agreed(from: &str) -> AvailabilityFact {
    AvailabilityFact::AvailabilityAgreed(agreement(from))
}

fn agreed_on(service: &str, from: &str) -> AvailabilityFact {
    AvailabilityFact::AvailabilityAgreed(AvailabilityAgreed {
        service: code(service),
        ..agreement(from)
    })
}

fn agreed_target(target: &str) -> AvailabilityFact {
    AvailabilityFact::AvailabilityAgreed(AvailabilityAgreed {
        target: target.parse().unwrap(),
        ..agreement("2019-01-01")
    })
}

fn agreed_notice(notice_hours: u32) -> AvailabilityFact {
    AvailabilityFact::AvailabilityAgreed(AvailabilityAgreed {
        notice_hours,
        ..agreement("2019-01-01")
    })
}

fn agreed_weekly(windows: &[Window]) -> AvailabilityFact {
    AvailabilityFact::AvailabilityAgreed(AvailabilityAgreed {
        service_time: ServiceTime::Weekly(windows.to_vec()),
        ..agreement("2019-01-01")
    })
}

fn ended(through: &str) -> AvailabilityFact {
    ended_on("email", through)
}

fn ended_on(service: &str, through: &str) -> AvailabilityFact {
    AvailabilityFact::AvailabilityEnded(AvailabilityEnded {
        service: code(service),
        through: date(through),
    })
}

fn window(day: Weekday, from: &str, to: &str) -> Window {
    Window {
        day,
        from: from.parse().unwrap(),
        to: to.parse().unwrap(),
    }
}

/// All that is agreed after these facts.
fn agreements(facts: &[AvailabilityFact]) -> Agreements {
    facts.iter().fold(Agreements::default(), |state, fact| {
        AvailabilityRules::evolve(state, fact, given_time(0))
    })
}

#[test]
fn each_service_has_agreements_of_its_own_one_after_the_other() {
    given::<AvailabilityRules>([])
        .when(agreed("2019-01-01"))
        .then_recorded();
    given::<AvailabilityRules>([agreed("2019-01-01")])
        .when(agreed("2020-01-01"))
        .then_recorded();
    // Recorded after a later one, and effective before it.
    given::<AvailabilityRules>([agreed("2019-01-01")])
        .when(agreed("2018-01-01"))
        .then_recorded();
    given::<AvailabilityRules>([agreed("2019-01-01")])
        .when(agreed_on("housing", "2019-01-01"))
        .then_recorded();
}

#[test]
fn the_same_service_and_first_day_are_agreed_once() {
    let refusal = Refusal::AlreadyAgreed {
        service: code("email"),
        from: date("2019-01-01"),
    };
    given::<AvailabilityRules>([agreed("2019-01-01")])
        .when(agreed_target("95"))
        .then_refused(refusal.clone());
    given::<AvailabilityRules>([agreed("2019-01-01"), ended("2019-12-31")])
        .when(agreed("2019-01-01"))
        .then_refused(refusal.clone());
    given::<AvailabilityRules>([agreed("2019-01-01")])
        .when_corrected(0, "target", "99", "95.5")
        .then_recorded();
    given::<AvailabilityRules>([agreed("2019-01-01"), agreed("2020-01-01")])
        .when_corrected(1, "from", "2020-01-01", "2019-01-01")
        .then_rejected(Rejection::ContradictsLater {
            happened: given_time(1),
            refusal,
        });
}

#[test]
fn agreements_are_recorded_in_a_councils_own_log() {
    for fact in [agreed("2019-01-01"), ended("2019-12-31")] {
        given::<AvailabilityRules>([])
            .in_log("shared")
            .when(fact)
            .then_refused(Refusal::NotInACouncilsLog {
                home: LogName::shared(),
            });
    }
}

#[test]
fn a_target_is_more_than_0_and_at_most_100_percent() {
    for target in ["0.000001", "99", "99.5", "100", "100.000000"] {
        given::<AvailabilityRules>([])
            .when(agreed_target(target))
            .then_recorded();
    }
    for target in ["0", "0.0", "-1", "100.000001", "101"] {
        given::<AvailabilityRules>([])
            .when(agreed_target(target))
            .then_refused(Refusal::TargetOutOfRange {
                target: target.parse().unwrap(),
            });
    }
}

#[test]
fn notice_is_at_most_a_year() {
    given::<AvailabilityRules>([])
        .when(agreed_notice(8_760))
        .then_recorded();
    given::<AvailabilityRules>([])
        .when(agreed_notice(8_761))
        .then_refused(Refusal::NoticeTooLong { hours: 8_761 });
}

#[test]
fn a_week_has_1_to_64_windows() {
    let quarters = |count: i8| -> Vec<Window> {
        let quarter = |number: i8| {
            let minute = number % 4 * 15;
            Window {
                day: Weekday::Monday,
                from: jiff::civil::time(number / 4, minute, 0, 0),
                to: jiff::civil::time(number / 4, minute + 14, 0, 0),
            }
        };
        (0..count).map(quarter).collect()
    };
    given::<AvailabilityRules>([])
        .when(agreed_weekly(&quarters(64)))
        .then_recorded();
    for count in [0, 65] {
        given::<AvailabilityRules>([])
            .when(agreed_weekly(&quarters(count)))
            .then_refused(Refusal::ServiceTime(Unsound::WindowCount {
                found: usize::try_from(count).unwrap(),
            }));
    }
}

#[test]
fn an_agreed_service_time_that_ends_before_it_starts_is_refused() {
    let backwards = window(Weekday::Friday, "17:00", "09:00");
    let refusal = Refusal::ServiceTime(Unsound::EndsBeforeItStarts {
        window: backwards.clone(),
    });
    assert_eq!(
        refusal.to_string(),
        "the window Friday 17:00:00 to 09:00:00 ends before it starts; one that goes on after \
         midnight is two windows"
    );
    given::<AvailabilityRules>([])
        .when(agreed_weekly(&[
            window(Weekday::Monday, "09:00", "17:00"),
            backwards,
        ]))
        .then_refused(refusal);
}

#[test]
fn an_empty_window_is_refused_and_a_whole_day_is_none() {
    let empty = window(Weekday::Monday, "09:00", "09:00");
    given::<AvailabilityRules>([])
        .when(agreed_weekly(std::slice::from_ref(&empty)))
        .then_refused(Refusal::ServiceTime(Unsound::EmptyWindow { window: empty }));
    given::<AvailabilityRules>([])
        .when(agreed_weekly(&[window(Weekday::Monday, "00:00", "00:00")]))
        .then_recorded();
}

#[test]
fn windows_of_one_day_do_not_overlap() {
    let morning = window(Weekday::Monday, "09:00", "13:00");
    let afternoon = window(Weekday::Monday, "12:59:59", "17:00");
    given::<AvailabilityRules>([])
        .when(agreed_weekly(&[afternoon.clone(), morning.clone()]))
        .then_refused(Refusal::ServiceTime(Unsound::WindowsOverlap {
            earlier: morning.clone(),
            later: afternoon,
        }));
    let evening = window(Weekday::Monday, "18:00", "00:00");
    let late = window(Weekday::Monday, "23:00", "23:30");
    given::<AvailabilityRules>([])
        .when(agreed_weekly(&[late.clone(), evening.clone()]))
        .then_refused(Refusal::ServiceTime(Unsound::WindowsOverlap {
            earlier: evening,
            later: late,
        }));
    given::<AvailabilityRules>([])
        .when(agreed_weekly(&[
            morning,
            window(Weekday::Monday, "13:00", "00:00"),
            window(Weekday::Tuesday, "09:00", "13:00"),
        ]))
        .then_recorded();
}

#[test]
fn there_are_at_most_a_thousand_agreements() {
    let many = |count: i64| {
        (0..count).map(|number| {
            let first = date("2019-01-01");
            let from = first + jiff::SignedDuration::from_hours(24 * number);
            AvailabilityFact::AvailabilityAgreed(AvailabilityAgreed {
                from,
                ..agreement("2019-01-01")
            })
        })
    };
    given::<AvailabilityRules>(many(999))
        .when(agreed_on("housing", "2019-01-01"))
        .then_recorded();
    given::<AvailabilityRules>(many(1_000))
        .when(agreed_on("housing", "2019-01-01"))
        .then_refused(Refusal::TooMany);
}

#[test]
fn what_is_in_force_ends_once() {
    given::<AvailabilityRules>([])
        .when(ended("2019-12-31"))
        .then_refused(Refusal::NotAgreed {
            service: code("email"),
        });
    given::<AvailabilityRules>([agreed("2019-01-01")])
        .when(ended_on("housing", "2019-12-31"))
        .then_refused(Refusal::NotAgreed {
            service: code("housing"),
        });
    given::<AvailabilityRules>([agreed("2019-01-01")])
        .when(ended("2019-01-01"))
        .then_recorded();
    for through in ["2019-06-30", "2019-12-31", "2020-06-30"] {
        given::<AvailabilityRules>([agreed("2019-01-01"), ended("2019-12-31")])
            .when(ended(through))
            .then_refused(Refusal::AlreadyEnded {
                service: code("email"),
                from: date("2019-01-01"),
                through: date("2019-12-31"),
            });
    }
    given::<AvailabilityRules>([
        agreed("2019-01-01"),
        ended("2019-12-31"),
        agreed("2020-04-01"),
    ])
    .when(ended("2020-06-30"))
    .then_recorded();
}

#[test]
fn an_agreement_begins_after_what_was_ended_on_the_service() {
    let refusal = |from: &str| Refusal::BeginsBeforeAnEnd {
        service: code("email"),
        from: date(from),
        through: date("2019-12-31"),
    };
    let ended = || [agreed("2019-01-01"), ended("2019-12-31")];
    for from in ["2019-06-01", "2019-12-31"] {
        given::<AvailabilityRules>(ended())
            .when(agreed(from))
            .then_refused(refusal(from));
    }
    given::<AvailabilityRules>(ended())
        .when(agreed("2020-01-01"))
        .then_recorded();
    given::<AvailabilityRules>(ended())
        .when(agreed_on("housing", "2019-06-01"))
        .then_recorded();
    let [first, end] = ended();
    let again = || [first.clone(), end.clone(), agreed("2020-01-01")];
    given::<AvailabilityRules>(again())
        .when_corrected(2, "from", "2020-01-01", "2019-12-31")
        .then_rejected(Rejection::ContradictsLater {
            happened: given_time(2),
            refusal: refusal("2019-12-31"),
        });
    given::<AvailabilityRules>(again())
        .when_corrected(1, "through", "2019-12-31", "2020-01-01")
        .then_rejected(Rejection::ContradictsLater {
            happened: given_time(2),
            refusal: Refusal::BeginsBeforeAnEnd {
                service: code("email"),
                from: date("2020-01-01"),
                through: date("2020-01-01"),
            },
        });
    // Once the end is corrected, what it stood in the way of may be agreed.
    given::<AvailabilityRules>(ended())
        .corrected(1, "through", "2019-12-31", "2019-05-31")
        .when(agreed("2019-06-01"))
        .then_recorded();
}

#[test]
fn an_agreement_does_not_end_before_it_starts() {
    let refusal = |through: &str| Refusal::AgreementEndsBeforeItStarts {
        service: code("email"),
        from: date("2019-01-01"),
        through: date(through),
    };
    given::<AvailabilityRules>([agreed("2020-01-01"), agreed("2019-01-01")])
        .when(ended("2018-12-31"))
        .then_refused(refusal("2018-12-31"));
    given::<AvailabilityRules>([agreed("2019-01-01"), ended("2019-12-31")])
        .when_corrected(1, "through", "2019-12-31", "2018-12-31")
        .then_rejected(Rejection::ContradictsLater {
            happened: given_time(1),
            refusal: refusal("2018-12-31"),
        });
}

#[test]
fn an_end_cannot_have_happened_before_what_it_ends_was_agreed() {
    given::<AvailabilityRules>([agreed("2019-01-01"), ended("2019-12-31")])
        .when_corrected(
            1,
            HAPPENED,
            &given_time(1).to_string(),
            "2020-01-01T08:00:00Z",
        )
        .then_rejected(Rejection::ContradictsLater {
            happened: "2020-01-01T08:00:00Z".parse().unwrap(),
            refusal: Refusal::NotAgreed {
                service: code("email"),
            },
        });
}

#[test]
fn in_force_is_what_began_last_unless_it_ended() {
    let agreements = agreements(&[
        agreed("2020-01-01"),
        agreed("2019-01-01"),
        ended("2020-06-30"),
        agreed("2020-10-01"),
        agreed_on("housing", "2018-01-01"),
    ]);
    for (day, from) in [
        ("2018-12-31", None),
        ("2019-01-01", Some("2019-01-01")),
        ("2019-12-31", Some("2019-01-01")),
        ("2020-01-01", Some("2020-01-01")),
        ("2020-06-30", Some("2020-01-01")),
        ("2020-07-01", None),
        ("2020-09-30", None),
        ("2020-10-01", Some("2020-10-01")),
        ("2030-01-01", Some("2020-10-01")),
    ] {
        let found = agreements.in_force(&code("email"), date(day));
        assert_eq!(found.map(|agreed| agreed.from), from.map(date), "{day}");
    }
    let services: Vec<_> = agreements.services().into_iter().cloned().collect();
    assert_eq!(services, [code("email"), code("housing")]);
}
