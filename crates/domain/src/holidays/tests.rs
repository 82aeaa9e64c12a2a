//! Specifications of holidays.

use super::*;
use crate::testing::given;

fn days(days: &[&str]) -> BTreeSet<Date> {
    days.iter().map(|day| day.parse().unwrap()).collect()
}

fn declared(named: &[&str]) -> HolidaysFact {
    HolidaysFact::HolidaysDeclared(HolidaysDeclared {
        days: days(named),
        applies_to_existing: false,
    })
}

fn withdrawn(named: &[&str]) -> HolidaysFact {
    HolidaysFact::HolidaysWithdrawn(HolidaysWithdrawn {
        days: days(named),
        applies_to_existing: false,
    })
}

fn day(day: &str) -> Date {
    day.parse().unwrap()
}

/// The bank holiday for the state funeral of 2022 was declared nine days before.
const FUNERAL: &str = "2022-09-19";

#[test]
fn a_day_becomes_a_holiday_and_may_cease_to_be_one() {
    let given = given::<HolidaysRules>([
        declared(&["2022-12-26", "2022-12-27"]),
        declared(&[FUNERAL]),
        withdrawn(&["2022-12-27"]),
    ]);
    assert_eq!(given.state(), days(&["2022-12-26", FUNERAL]));
    given.when(declared(&["2022-12-27"])).then_recorded();
}

#[test]
fn a_holiday_is_declared_once_and_only_one_that_there_is_is_withdrawn() {
    given::<HolidaysRules>([declared(&[FUNERAL])])
        .when(declared(&["2022-12-26", FUNERAL]))
        .then_refused(Refusal::AlreadyAHoliday { day: day(FUNERAL) });
    given::<HolidaysRules>([declared(&[FUNERAL])])
        .when(withdrawn(&[FUNERAL, "2022-12-26"]))
        .then_refused(Refusal::NotAHoliday {
            day: day("2022-12-26"),
        });
    given::<HolidaysRules>([])
        .when(withdrawn(&[FUNERAL]))
        .then_refused(Refusal::NotAHoliday { day: day(FUNERAL) });
}

#[test]
fn an_event_names_some_days_and_a_log_has_no_more_than_can_be_replayed() {
    given::<HolidaysRules>([])
        .when(declared(&[]))
        .then_refused(Refusal::DayCount { found: 0 });
    let series = |count: usize| {
        let all = day("2000-01-01").series(jiff::ToSpan::days(1));
        all.take(count).collect::<Vec<Date>>()
    };
    let of = |days: &[Date]| {
        HolidaysFact::HolidaysDeclared(HolidaysDeclared {
            days: days.iter().copied().collect(),
            applies_to_existing: false,
        })
    };
    given::<HolidaysRules>([])
        .when(of(&series(DAYS_MAX + 1)))
        .then_refused(Refusal::DayCount {
            found: DAYS_MAX + 1,
        });
    let full = series(HOLIDAYS_MAX);
    given::<HolidaysRules>(full.chunks(DAYS_MAX).map(of))
        .when(declared(&[FUNERAL]))
        .then_refused(Refusal::TooMany);
}
