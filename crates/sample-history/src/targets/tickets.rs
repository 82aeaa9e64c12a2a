//! Published numbers of tickets.

use jiff::civil::{Date, date};
use townclerk_domain::decimal::Decimal;
use townclerk_domain::names::Scope;
use townclerk_domain::period::{Month, Period, end_of_day};

use super::{Claim, Paper, Table, breakdown, publisher};
use crate::spelling::Spelt;

/// The application whose tickets are published.
pub const CSCCM: &str = "csccm";

/// The share of P3 tickets to be resolved within two working days, in percent, as the committee's
/// minutes quote its performance pack.
pub const P3_PERCENT: i64 = 90;

/// The first day of the published tables.
const FIRST_DAY: Date = date(2019, 1, 1);

/// Until when the P1 table counts: its last month is July 2020.
const P1_LAST_DAY: Date = date(2020, 7, 31);

/// Until when the table of the application counts: "to 21 August".
const CSCCM_LAST_DAY: Date = date(2020, 8, 21);

/// P1 incidents of the whole estate per month from January 2019 (paragraph 6.7).
const P1_MONTHS: [u32; 19] = [
    3, 1, 0, 7, 0, 4, 8, 3, 2, 1, 2, 2, // 2019
    9, 1, 2, 4, 0, 3, 1, // 2020
];

/// The same per financial-year quarter from 18/19 Q4, as published: the months of 19/20 Q4 add up to
/// 12, the paper says 13.
const P1_QUARTERS: [u32; 6] = [4, 11, 13, 5, 13, 7];

/// Incidents and requests on the application per financial-year quarter from 18/19 Q4, the last one
/// to 21 August (paragraph 5.6).
const CSCCM_QUARTERS: [u32; 7] = [332, 225, 243, 216, 239, 189, 98];

/// P1 incidents to be logged in each month, over all logs together.
pub fn p1_months() -> impl Iterator<Item = (Month, u32)> {
    months(1).zip(P1_MONTHS)
}

/// Tickets on the application to be logged in each quarter, in the publisher's log.
pub fn csccm_quarters() -> impl Iterator<Item = (Period, u32)> {
    quarters().zip(CSCCM_QUARTERS)
}

fn months(step: usize) -> impl Iterator<Item = Month> {
    (Month::of_day(FIRST_DAY).number()..)
        .step_by(step)
        .map(Month::from_number)
}

fn quarters() -> impl Iterator<Item = Period> {
    months(3).map(Period::quarter_of)
}

/// What the paper says, one claim for each value.
pub fn claims() -> Spelt<Vec<Claim>> {
    let p1 = Table {
        measure: "tickets_logged",
        scope: Scope::Joint,
        breakdown: breakdown(&[("kind", "incident"), ("priority", "p1")])?,
        as_at: Some(end_of_day(P1_LAST_DAY)),
        paper: Paper::September2020,
        paragraph: "6.7",
    };
    let csccm = Table {
        measure: "tickets_logged",
        scope: publisher()?,
        breakdown: breakdown(&[("service", CSCCM)])?,
        as_at: Some(end_of_day(CSCCM_LAST_DAY)),
        paper: Paper::September2020,
        paragraph: "5.6",
    };
    let whole = |value: u32| Decimal::whole(i64::from(value));
    let monthly = p1_months().map(|(month, value)| p1.claim(Period::Month(month), whole(value)));
    let quarterly = quarters()
        .zip(P1_QUARTERS)
        .map(|(quarter, value)| p1.claim(quarter, whole(value)));
    let application = csccm_quarters().map(|(quarter, value)| csccm.claim(quarter, whole(value)));
    Ok(monthly.chain(quarterly).chain(application).collect())
}
