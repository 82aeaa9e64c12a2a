//! Specifications of a post: created, held by an interim or by permanent staff, vacated, deleted.

use jiff::Timestamp;
use jiff::civil::Date;

use super::*;
use crate::amendment::HAPPENED;
use crate::decider::{Decider, Rejection};
use crate::names::Code;
use crate::testing::{given, given_time};

fn code(text: &str) -> Code {
    Code::new(text).unwrap()
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn created() -> PostFact {
    PostFact::PostCreated(PostCreated {
        role: code("team-manager"),
        team: code("service-desk"),
        under: None,
    })
}

fn ringfenced() -> PostFact {
    PostFact::PostRingfenced(PostRingfenced {
        group: code("at-risk"),
    })
}

fn filled(appointment: Appointment, until: Option<&str>) -> PostFact {
    PostFact::PostFilled(PostFilled {
        appointment,
        until: until.map(date),
        under: None,
    })
}

fn by_permanent_staff() -> PostFact {
    filled(Appointment::Internal, None)
}

fn by_an_interim() -> PostFact {
    filled(Appointment::Interim, Some("2020-03-31"))
}

fn extended(until: &str) -> PostFact {
    PostFact::InterimExtended(InterimExtended { until: date(until) })
}

fn interim_ended() -> PostFact {
    PostFact::InterimEnded(InterimEnded {})
}

fn vacated() -> PostFact {
    PostFact::PostVacated(PostVacated {
        reason: code("resigned"),
    })
}

fn deleted() -> PostFact {
    PostFact::PostDeleted(PostDeleted { under: None })
}

/// The holder since the `index`-th given fact.
fn holder(appointment: Appointment, index: usize, until: Option<&str>) -> Holder {
    Holder {
        appointment,
        since: given_time(index),
        until: until.map(date),
    }
}

fn post(facts: &[PostFact]) -> Post {
    let numbered = facts.iter().enumerate();
    let post = numbered.fold(None, |state, (index, fact)| {
        PostRules::evolve(state, fact, given_time(index))
    });
    post.unwrap()
}

/// Asks each fact of a post in this order after these, and expects its refusal, or `None`: recorded.
#[track_caller]
fn after(facts: &[PostFact], refusals: [Option<Refusal>; 8]) {
    let every_fact = [
        created(),
        ringfenced(),
        by_permanent_staff(),
        by_an_interim(),
        extended("2020-05-31"),
        interim_ended(),
        vacated(),
        deleted(),
    ];
    for (fact, refusal) in every_fact.into_iter().zip(refusals) {
        let asked = given::<PostRules>(facts.iter().cloned()).when(fact);
        match refusal {
            None => asked.then_recorded(),
            Some(refusal) => asked.then_refused(refusal),
        }
    }
}

#[test]
fn before_it_is_created_a_post_takes_nothing_else() {
    let mut refusals = [(); 8].map(|()| Some(Refusal::NotCreated));
    refusals[0] = None;
    after(&[], refusals);
}

#[test]
fn a_post_that_nobody_holds_is_ringfenced_filled_or_deleted() {
    for life in [vec![created()], vec![created(), ringfenced()]] {
        let refusals = [
            Some(Refusal::AlreadyCreated),
            None,
            None,
            None,
            Some(Refusal::NoInterim),
            Some(Refusal::NoInterim),
            Some(Refusal::NothingToVacate),
            None,
        ];
        after(&life, refusals);
    }
}

#[test]
fn a_post_that_an_interim_holds_is_extended_or_ended() {
    let holder = holder(Appointment::Interim, 1, Some("2020-03-31"));
    let refusals = [
        Some(Refusal::AlreadyCreated),
        Some(Refusal::RingfencedWhileHeld { holder }),
        Some(Refusal::AlreadyFilled { holder }),
        Some(Refusal::AlreadyFilled { holder }),
        None,
        None,
        Some(Refusal::VacatedByInterim { holder }),
        Some(Refusal::DeletedWhileFilled { holder }),
    ];
    after(&[created(), by_an_interim()], refusals);
}

#[test]
fn a_post_that_permanent_staff_hold_is_vacated() {
    let holder = holder(Appointment::Internal, 1, None);
    let refusals = [
        Some(Refusal::AlreadyCreated),
        Some(Refusal::RingfencedWhileHeld { holder }),
        Some(Refusal::AlreadyFilled { holder }),
        Some(Refusal::AlreadyFilled { holder }),
        Some(Refusal::HeldPermanently { holder }),
        Some(Refusal::HeldPermanently { holder }),
        None,
        Some(Refusal::DeletedWhileFilled { holder }),
    ];
    after(&[created(), by_permanent_staff()], refusals);
}

#[test]
fn a_deleted_post_takes_nothing_more() {
    let refusals = [(); 8].map(|()| Some(Refusal::Deleted { at: given_time(1) }));
    after(&[created(), deleted()], refusals);
}

#[test]
fn a_post_filled_twice_is_refused_and_told_how_it_is_held() {
    let external = holder(Appointment::External, 1, None);
    let refusal = Refusal::AlreadyFilled { holder: external };
    assert_eq!(
        refusal.to_string(),
        "this post is held already, by external appointment since 2020-01-01; record first how \
         that ended"
    );
    given::<PostRules>([created(), filled(Appointment::External, None)])
        .when(by_permanent_staff())
        .then_refused(refusal);
    let interim = holder(Appointment::Interim, 1, Some("2020-03-31"));
    assert_eq!(
        interim.to_string(),
        "by an interim from 2020-01-01 until 2020-03-31"
    );
}

#[test]
fn a_post_is_filled_again_once_it_is_vacated_or_the_interim_ended() {
    given::<PostRules>([created(), by_permanent_staff(), vacated()])
        .when(by_an_interim())
        .then_recorded();
    given::<PostRules>([created(), by_an_interim(), interim_ended()])
        .when(by_permanent_staff())
        .then_recorded();
    given::<PostRules>([created(), by_permanent_staff(), vacated()])
        .when(deleted())
        .then_recorded();
}

#[test]
fn an_interim_is_appointed_until_a_day_and_permanent_staff_may_be() {
    given::<PostRules>([created()])
        .when(filled(Appointment::Interim, None))
        .then_refused(Refusal::InterimWithoutEnd);
    for appointment in [Appointment::Internal, Appointment::External] {
        for until in [None, Some("2020-03-31")] {
            given::<PostRules>([created()])
                .when(filled(appointment, until))
                .then_recorded();
        }
    }
}

#[test]
fn who_holds_a_post_for_a_fixed_term_is_no_interim() {
    let fixed_term = filled(Appointment::Internal, Some("2020-03-31"));
    let life = [created(), fixed_term];
    let holder = holder(Appointment::Internal, 1, Some("2020-03-31"));
    assert!(!post(&life).is_vacant());
    assert_eq!(
        holder.to_string(),
        "by internal appointment since 2020-01-01 until 2020-03-31"
    );
    for fact in [extended("2020-05-31"), interim_ended()] {
        given::<PostRules>(life.clone())
            .when(fact)
            .then_refused(Refusal::HeldPermanently { holder });
    }
    given::<PostRules>(life).when(vacated()).then_recorded();
}

#[test]
fn appointment_and_last_day_are_corrected_one_after_the_other() {
    let life = |appointment, until| given::<PostRules>([created(), filled(appointment, until)]);
    let held = |post: Option<Post>| post.unwrap().holder.unwrap();
    let permanent = life(Appointment::Interim, Some("2020-03-31"))
        .corrected(1, "appointment", "interim", "internal")
        .corrected(1, "until", "2020-03-31", "");
    assert_eq!(
        held(permanent.state()),
        holder(Appointment::Internal, 1, None)
    );
    let interim = life(Appointment::Internal, None)
        .corrected(1, "until", "", "2020-03-31")
        .corrected(1, "appointment", "internal", "interim");
    assert_eq!(
        held(interim.state()),
        holder(Appointment::Interim, 1, Some("2020-03-31"))
    );
    life(Appointment::Interim, Some("2020-03-31"))
        .when_corrected(1, "until", "2020-03-31", "")
        .then_rejected(Rejection::ContradictsLater {
            happened: given_time(1),
            refusal: Refusal::InterimWithoutEnd,
        });
}

#[test]
fn an_appointment_does_not_end_before_it_begins_in_london() {
    for appointment in [Appointment::Interim, Appointment::External] {
        given::<PostRules>([created()])
            .when(filled(appointment, Some("2020-01-01")))
            .then_recorded();
        given::<PostRules>([created()])
            .when(filled(appointment, Some("2019-12-31")))
            .then_refused(Refusal::AppointmentEndsBeforeItBegins {
                day: date("2020-01-01"),
                until: date("2019-12-31"),
            });
    }
    // In summer the day begins in London while it is still the day before in UTC.
    let midnight: Timestamp = "2020-06-30T23:00:00Z".parse().unwrap();
    given::<PostRules>([created()])
        .when_late(midnight, filled(Appointment::Interim, Some("2020-06-30")))
        .then_refused(Refusal::AppointmentEndsBeforeItBegins {
            day: date("2020-07-01"),
            until: date("2020-06-30"),
        });
}

#[test]
fn an_interim_is_extended_to_a_later_day_than_the_present_one() {
    let life = || vec![created(), by_an_interim(), extended("2020-05-31")];
    given::<PostRules>(life())
        .when(extended("2020-06-01"))
        .then_recorded();
    for until in ["2020-05-31", "2020-04-30"] {
        given::<PostRules>(life())
            .when(extended(until))
            .then_refused(Refusal::NotLater {
                present: date("2020-05-31"),
                until: date(until),
            });
    }
    assert_eq!(
        post(&life()).holder,
        Some(holder(Appointment::Interim, 1, Some("2020-05-31")))
    );
}

#[test]
fn who_asks_to_vacate_an_interim_is_told_to_end_it() {
    let interim = holder(Appointment::Interim, 1, Some("2020-03-31"));
    let told = Refusal::VacatedByInterim { holder: interim }.to_string();
    assert!(told.ends_with("it ends: end the interim"), "{told}");
}

#[test]
fn a_late_deletion_must_not_lie_before_what_happened_to_the_post() {
    let between = given_time(0) + jiff::SignedDuration::from_mins(30);
    given::<PostRules>([created(), by_permanent_staff()])
        .when_late(between, deleted())
        .then_rejected(Rejection::ContradictsLater {
            happened: given_time(1),
            refusal: Refusal::Deleted { at: between },
        });
    given::<PostRules>([created(), by_an_interim(), interim_ended()])
        .when_corrected(
            2,
            HAPPENED,
            &given_time(2).to_string(),
            &between.to_string(),
        )
        .then_rejected(Rejection::ContradictsLater {
            happened: between,
            refusal: Refusal::NoInterim,
        });
}

#[test]
fn an_interim_holds_a_post_and_leaves_it_vacant() {
    assert!(post(&[created()]).is_vacant());
    assert!(post(&[created(), by_an_interim()]).is_vacant());
    assert!(!post(&[created(), by_permanent_staff()]).is_vacant());
    assert!(post(&[created(), by_permanent_staff(), vacated()]).is_vacant());
    assert!(!post(&[created(), deleted()]).is_vacant());
}

#[test]
fn a_ringfence_ends_when_the_post_is_filled() {
    let ringfence = |facts: &[PostFact]| post(facts).ringfenced;
    assert_eq!(ringfence(&[created(), ringfenced()]), Some(code("at-risk")));
    assert_eq!(
        ringfence(&[created(), ringfenced(), by_permanent_staff(), vacated()]),
        None
    );
}
