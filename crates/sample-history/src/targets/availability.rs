//! Published availability of two of the publisher's services, and the downtime that gives it.

use jiff::civil::{Date, date};
use townclerk_domain::names::Scope;
use townclerk_domain::period::{Month, end_of_day};

use super::{Claim, Paper, Table, breakdown, publisher};
use crate::spelling::Spelt;

pub const CHILDRENS_SOCIAL_CARE: &str = "childrens-social-care";
pub const EDUCATION: &str = "education";

/// What was agreed (paragraph 6.1).
pub const TARGET_PERCENT: i64 = 99;

/// The first month of the tables below, and the last day that was published about.
const FIRST_DAY: Date = date(2019, 7, 1);
const LAST_DAY: Date = date(2020, 7, 31);

/// Minutes down in each month from July 2019. The minutes are sample data; all published
/// percentages, of months and of twelve months, follow from them.
const DOWNTIME: [(&str, [i64; 13]); 2] = [
    (
        CHILDRENS_SOCIAL_CARE,
        [
            1161, 164, 129, 536, 235, 203, 408, 209, 221, 349, 0, 226, 114,
        ],
    ),
    (
        EDUCATION,
        [94, 1875, 0, 1341, 51, 0, 88, 0, 40, 60, 0, 30, 48],
    ),
];

/// Service, month, value: the months that missed the target.
const MONTHS: [(&str, &str, &str); 4] = [
    (CHILDRENS_SOCIAL_CARE, "2019-07", "97.4"),
    (CHILDRENS_SOCIAL_CARE, "2019-10", "98.8"),
    (EDUCATION, "2019-08", "95.8"),
    (EDUCATION, "2019-10", "97.0"),
];

/// The average of twelve months (paragraph 6.2).
const ROLLING: [(&str, &str, &str); 2] = [
    (CHILDRENS_SOCIAL_CARE, "2020-07", "99.47"),
    (EDUCATION, "2020-07", "99.34"),
];

/// How many months missed the target. July 2019 is listed among them, beside an
/// average of twelve months that begin in August: both readings of the period are claimed.
const MISSED: [(&str, &str, &str); 3] = [
    (CHILDRENS_SOCIAL_CARE, "2019-08/2020-07", "2"),
    (CHILDRENS_SOCIAL_CARE, "2019-07/2020-07", "2"),
    (EDUCATION, "2019-08/2020-07", "2"),
];

/// No two months in a row missed it (paragraph 6.4).
const LONGEST_RUN: [(&str, &str, &str); 2] = [
    (CHILDRENS_SOCIAL_CARE, "2019-07/2020-07", "1"),
    (EDUCATION, "2019-07/2020-07", "1"),
];

/// Service, month, minutes down in the publisher's scope.
pub fn downtime_months() -> impl Iterator<Item = (&'static str, Month, i64)> {
    DOWNTIME.iter().flat_map(|(service, minutes)| {
        let first = Month::of_day(FIRST_DAY).number();
        let months = (first..).map(Month::from_number);
        months
            .zip(minutes)
            .map(move |(month, minutes)| (*service, month, *minutes))
    })
}

pub fn claims() -> Spelt<Vec<Claim>> {
    let scope = publisher()?;
    let mut claims = Vec::new();
    claims.extend(told(&scope, "availability", missed, &MONTHS)?);
    claims.extend(told(
        &scope,
        "availability_rolling_12",
        |_| "6.2",
        &ROLLING,
    )?);
    claims.extend(told(&scope, "months_below_target", missed, &MISSED)?);
    let none_in_a_row = |_: &str| "6.4";
    claims.extend(told(
        &scope,
        "longest_run_below_target",
        none_in_a_row,
        &LONGEST_RUN,
    )?);
    Ok(claims)
}

/// The paragraph that lists the months in which a service missed the target.
fn missed(service: &str) -> &'static str {
    match service {
        CHILDRENS_SOCIAL_CARE => "6.2",
        _ => "6.3",
    }
}

fn told(
    scope: &Scope,
    measure: &'static str,
    paragraph: impl Fn(&str) -> &'static str,
    values: &[(&str, &str, &str)],
) -> Spelt<Vec<Claim>> {
    values
        .iter()
        .map(|(service, period, value)| {
            let table = Table {
                measure,
                scope: scope.clone(),
                breakdown: breakdown(&[("service", service)])?,
                as_at: Some(end_of_day(LAST_DAY)),
                paper: Paper::September2020,
                paragraph: paragraph(service),
            };
            table.claim_as_written(period, value)
        })
        .collect()
}
