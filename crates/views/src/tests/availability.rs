//! What availability rests on: the target of a month's last day, and time that was agreed.

use townclerk_domain::availability::{
    AvailabilityAgreed, AvailabilityFact, AvailabilityRules, availability_of,
};
use townclerk_domain::holidays::{HolidaysDeclared, HolidaysFact, HolidaysRules, holidays_of};
use townclerk_domain::outage::{OutageFact, Resolved};
use townclerk_domain::service_time::{ServiceTime, Weekday, Window};

use super::families::{
    EMAIL, EVERYTHING, agrees, announced, declares, down, figure, of, outage, overlapping, shown,
};
use super::history::{History, code, log};
use crate::basis::Basis;
use crate::figures::Query;
use crate::measure::Measure;

#[test]
fn each_month_is_judged_by_the_target_of_its_last_day() {
    let mut history = overlapping();
    let stricter = AvailabilityFact::AvailabilityAgreed(AvailabilityAgreed {
        service: code("email"),
        service_time: ServiceTime::Always,
        target: "99.9".parse().unwrap(),
        notice_hours: 24,
        except_holidays: false,
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
        except_holidays: false,
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

/// Minutes of mail that was down for Brent from 22:00 to 23:30, after these notices of the windows that
/// each of them names; a day's notice is agreed.
fn down_after(notices: &[(&str, &str, &str, bool)]) -> String {
    let mut history = History::covering(&EVERYTHING);
    agrees(&mut history, "brent", "email", "2019-02-01");
    for (noticed, from, to, cancels_earlier) in notices {
        let window = announced(from, to, *cancels_earlier);
        declares(&mut history, "brent", 1, noticed, window);
    }
    let took = down("brent", "2019-03-05T22:00:00Z", "2019-03-05T23:30:00Z");
    let begun = outage(&["brent"], vec![took]);
    declares(&mut history, "brent", 1, "2019-03-05T22:00:00Z", begun);
    let query = of("brent", Measure::DowntimeMinutes, "2019-03", &EMAIL);
    shown(&history, &query)
}

#[test]
fn a_minute_is_excused_where_any_notice_that_was_given_in_time_covers_it() {
    let (three_days, two_days) = ("2019-03-02T22:00:00Z", "2019-03-03T22:00:00Z");
    let an_hour = "2019-03-05T21:00:00Z";
    let (ten, half_past) = ("2019-03-05T22:00:00Z", "2019-03-05T22:30:00Z");
    let (eleven, midnight) = ("2019-03-05T23:00:00Z", "2019-03-06T00:00:00Z");
    let in_time = (three_days, ten, eleven, false);
    assert_eq!(down_after(&[in_time]), "30");
    // One that comes too late adds nothing, and takes nothing.
    assert_eq!(
        down_after(&[in_time, (an_hour, ten, midnight, false)]),
        "30"
    );
    // A shorter one takes nothing either.
    assert_eq!(
        down_after(&[in_time, (two_days, ten, half_past, false)]),
        "30"
    );
    // What two of them announce in time is excused together.
    assert_eq!(
        down_after(&[in_time, (two_days, eleven, midnight, false)]),
        "0"
    );
    // One that says so takes back what was announced before it, whether or not it is in time.
    assert_eq!(
        down_after(&[in_time, (two_days, ten, half_past, true)]),
        "60"
    );
    assert_eq!(down_after(&[in_time, (an_hour, ten, midnight, true)]), "90");
}

#[test]
fn an_outage_of_no_length_has_no_downtime_whatever_its_second() {
    let query = of("brent", Measure::DowntimeMinutes, "2019-03", &EMAIL);
    for (at, lasting_until, minutes) in [
        ("2019-03-05T10:00:00Z", "2019-03-05T10:00:00Z", "0"),
        ("2019-03-05T10:00:30Z", "2019-03-05T10:00:30Z", "0"),
        ("2019-03-05T10:00:30Z", "2019-03-05T10:00:31Z", "1"),
        ("2019-03-05T10:00:59Z", "2019-03-05T10:01:01Z", "2"),
    ] {
        let mut history = History::covering(&EVERYTHING);
        agrees(&mut history, "brent", "email", "2019-02-01");
        let mut lost = down("brent", at, at);
        lost.to = None;
        declares(&mut history, "brent", 1, at, outage(&["brent"], vec![lost]));
        let resolved = OutageFact::Resolved(Resolved {});
        declares(&mut history, "brent", 1, lasting_until, resolved);
        assert_eq!(shown(&history, &query), minutes, "{at} to {lasting_until}");
    }
}

fn holidays(history: &mut History, name: &str, at: &str, day: &str) {
    let declared = HolidaysFact::HolidaysDeclared(HolidaysDeclared {
        days: [day.parse().unwrap()].into(),
        applies_to_existing: false,
    });
    let id = holidays_of(&log(name));
    history.tell::<HolidaysRules>(name, id, at, declared);
}

/// Around the clock in February, and from March on without the holidays.
fn but_on_holidays() -> History {
    let mut history = History::covering(&EVERYTHING);
    agrees(&mut history, "brent", "email", "2019-02-01");
    let except = AvailabilityFact::AvailabilityAgreed(AvailabilityAgreed {
        service: code("email"),
        service_time: ServiceTime::Always,
        target: "99".parse().unwrap(),
        notice_hours: 24,
        except_holidays: true,
        from: "2019-03-01".parse().unwrap(),
    });
    let id = availability_of(&log("brent"));
    history.tell::<AvailabilityRules>("brent", id, "2019-01-03T00:00:00Z", except);
    history
}

#[test]
fn holidays_of_the_councils_own_log_are_left_out_where_that_is_agreed() {
    let agreed = |history: &History, period| {
        let query = of("brent", Measure::Availability, period, &EMAIL);
        figure(history, &query).denominator
    };
    let mut history = but_on_holidays();
    let [february, march] = [28 * 1_440, 44_580];
    assert_eq!(
        agreed(&history, "2019-03"),
        Some(march),
        "no holiday is declared"
    );
    // The day on which clocks go forward has 23 hours.
    for day in ["2019-02-14", "2019-03-05", "2019-03-31"] {
        holidays(&mut history, "brent", "2019-01-04T00:00:00Z", day);
    }
    holidays(
        &mut history,
        "lewisham",
        "2019-01-04T00:00:00Z",
        "2019-03-06",
    );
    assert_eq!(
        agreed(&history, "2019-02"),
        Some(february),
        "agreed from March on"
    );
    assert_eq!(agreed(&history, "2019-03"), Some(march - 1_440 - 23 * 60));
    assert_eq!(agreed(&history, "2019-03-05"), None);
    // What is down from the eve until the morning after counts on both sides of the holiday.
    let lost = down("brent", "2019-03-04T23:00:00Z", "2019-03-06T01:00:00Z");
    let begun = outage(&["brent"], vec![lost]);
    declares(&mut history, "brent", 1, "2019-03-04T23:00:00Z", begun);
    let downtime = of("brent", Measure::DowntimeMinutes, "2019-03", &EMAIL);
    assert_eq!(shown(&history, &downtime), "120");
}

#[test]
fn a_holiday_that_is_declared_afterwards_restates_the_day_from_when_it_is_known() {
    let mut history = but_on_holidays();
    holidays(&mut history, "brent", "2019-04-02T00:00:00Z", "2019-03-05");
    let day = of("brent", Measure::Availability, "2019-03-05", &EMAIL);
    assert_eq!(shown(&history, &day), "");
    let before = Query {
        basis: Basis {
            known_at: Some("2019-04-01T00:00:00Z".parse().unwrap()),
            ..day.basis
        },
        ..day
    };
    assert_eq!(shown(&history, &before), "100.00");
}
