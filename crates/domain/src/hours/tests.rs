//! Specifications of service hours.

use super::*;
use crate::decider::Rejection;
use crate::service_time::{Weekday, Window};
use crate::testing::{given, given_time};

fn hours(day: Weekday, from: &str, to: &str) -> ServiceTime {
    ServiceTime::Weekly(vec![Window {
        day,
        from: from.parse().unwrap(),
        to: to.parse().unwrap(),
    }])
}

fn agreed(from: &str) -> HoursFact {
    agreed_hours(hours(Weekday::Monday, "08:40", "17:00"), from)
}

fn agreed_hours(hours: ServiceTime, from: &str) -> HoursFact {
    HoursFact::HoursAgreed(HoursAgreed {
        hours,
        from: from.parse().unwrap(),
        applies_to_existing: false,
    })
}

#[test]
fn hours_follow_each_other_and_two_never_begin_on_one_day() {
    given::<HoursRules>([])
        .when(agreed("2018-04-01"))
        .then_recorded();
    given::<HoursRules>([agreed("2018-04-01")])
        .when(agreed_hours(ServiceTime::Always, "2019-04-01"))
        .then_recorded();
    let refusal = Refusal::AlreadyAgreed {
        from: "2018-04-01".parse().unwrap(),
    };
    given::<HoursRules>([agreed("2018-04-01")])
        .when(agreed_hours(ServiceTime::Always, "2018-04-01"))
        .then_refused(refusal.clone());
    given::<HoursRules>([agreed("2018-04-01"), agreed("2019-04-01")])
        .when_corrected(1, "from", "2019-04-01", "2018-04-01")
        .then_rejected(Rejection::ContradictsLater {
            happened: given_time(1),
            refusal,
        });
}

#[test]
fn both_a_councils_own_log_and_the_shared_one_have_hours() {
    for log in ["brent", "shared"] {
        given::<HoursRules>([])
            .in_log(log)
            .when(agreed("2018-04-01"))
            .then_recorded();
    }
}

#[test]
fn a_day_that_ends_before_it_starts_is_refused() {
    let hours = hours(Weekday::Friday, "16:30", "08:40");
    let ServiceTime::Weekly(windows) = hours.clone() else {
        unreachable!("it was made so")
    };
    let window = windows[0].clone();
    given::<HoursRules>([])
        .when(agreed_hours(hours, "2018-04-01"))
        .then_refused(Refusal::Hours(Unsound::EndsBeforeItStarts { window }));
    given::<HoursRules>([])
        .when(agreed_hours(ServiceTime::Weekly(vec![]), "2018-04-01"))
        .then_refused(Refusal::Hours(Unsound::WindowCount { found: 0 }));
}

#[test]
fn no_more_agreements_are_taken_than_a_command_can_replay() {
    let first: Date = "2000-01-01".parse().unwrap();
    let days = first.series(jiff::ToSpan::days(1));
    let many = days.map(|day| agreed_hours(ServiceTime::Always, &day.to_string()));
    given::<HoursRules>(many.take(AGREEMENTS_MAX))
        .when(agreed("2018-04-01"))
        .then_refused(Refusal::TooMany);
}
