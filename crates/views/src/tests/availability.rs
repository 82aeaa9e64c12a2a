//! What availability rests on: the target of a month's last day, and time that was agreed.

use townclerk_domain::availability::{
    AvailabilityAgreed, AvailabilityFact, AvailabilityRules, availability_of,
};
use townclerk_domain::service_time::{ServiceTime, Weekday, Window};

use super::families::{EMAIL, EVERYTHING, declares, down, of, outage, overlapping, shown};
use super::history::{History, code, log};
use crate::measure::Measure;

#[test]
fn each_month_is_judged_by_the_target_of_its_last_day() {
    let mut history = overlapping();
    let stricter = AvailabilityFact::AvailabilityAgreed(AvailabilityAgreed {
        service: code("email"),
        service_time: ServiceTime::Always,
        target: "99.9".parse().unwrap(),
        notice_hours: 24,
        from: "2019-04-01".parse().unwrap(),
    });
    let id = availability_of(&log("brent"));
    history.tell::<AvailabilityRules>("brent", id, "2019-03-20T00:00:00Z", stricter.clone());
    // March reached 99.60: above the 99 of its own days, below what is agreed from April on.
    let below = |history: &History| {
        let query = of("brent", Measure::MonthsBelowTarget, "2019-03", &EMAIL);
        shown(history, &query)
    };
    assert_eq!(below(&history), "0");
    let mut earlier = overlapping();
    let AvailabilityFact::AvailabilityAgreed(mut agreed) = stricter else {
        unreachable!("it was agreed");
    };
    agreed.from = "2019-03-31".parse().unwrap();
    let fact = AvailabilityFact::AvailabilityAgreed(agreed);
    earlier.tell::<AvailabilityRules>("brent", id, "2019-03-20T00:00:00Z", fact);
    assert_eq!(below(&earlier), "1");
}

/// On a day without agreed time there is nothing that could be up or down.
#[test]
fn a_day_without_agreed_time_has_no_figure() {
    let mut history = History::covering(&EVERYTHING);
    let weekdays = AvailabilityFact::AvailabilityAgreed(AvailabilityAgreed {
        service: code("email"),
        service_time: ServiceTime::Weekly(vec![Window {
            day: Weekday::Monday,
            from: "09:00:00".parse().unwrap(),
            to: "17:00:00".parse().unwrap(),
        }]),
        target: "99".parse().unwrap(),
        notice_hours: 24,
        from: "2019-02-01".parse().unwrap(),
    });
    let id = availability_of(&log("brent"));
    history.tell::<AvailabilityRules>("brent", id, "2019-01-02T00:00:00Z", weekdays);
    let lost = down("brent", "2019-03-03T10:00:00Z", "2019-03-04T10:00:00Z");
    declares(
        &mut history,
        "brent",
        1,
        "2019-03-03T10:00:00Z",
        outage(&["brent"], vec![lost]),
    );
    let on = |measure, day| shown(&history, &of("brent", measure, day, &EMAIL));
    let sunday = "2019-03-03";
    assert_eq!(on(Measure::DowntimeMinutes, sunday), "");
    assert_eq!(on(Measure::Availability, sunday), "");
    let monday = "2019-03-04";
    assert_eq!(on(Measure::DowntimeMinutes, monday), "60");
    assert_eq!(on(Measure::Availability, monday), "87.50");
}
