//! The published values that the history reproduces, and the claims made from them.
//!
//! The only place where published values are typed: no rule, view or figure knows them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::{Date, date};
use townclerk_domain::claim::Published;
use townclerk_domain::decimal::Decimal;
use townclerk_domain::names::{Code, LogName, Scope};
use townclerk_domain::period::{Month, Period, end_of_day};

use crate::malformed;

/// The application whose tickets are published.
pub const CSCCM: &str = "csccm";

/// The council that published, and in whose log the tickets on [`CSCCM`] are.
pub const PUBLISHER: &str = "lewisham";

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

/// The same per council-year quarter from 18/19 Q4, as published: the months of 19/20 Q4 add up to
/// 12, the paper says 13.
const P1_QUARTERS: [u32; 6] = [4, 11, 13, 5, 13, 7];

/// Incidents and requests on the application per council-year quarter from 18/19 Q4, the last one
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
pub fn claims() -> Result<Vec<Published>, serde_json::Error> {
    let p1 = Table {
        scope: Scope::Joint,
        breakdown: breakdown(&[("kind", "incident"), ("priority", "p1")])?,
        as_at: end_of_day(P1_LAST_DAY),
        paragraph: "6.7",
    };
    let csccm = Table {
        scope: Scope::Log(LogName::new(PUBLISHER).map_err(malformed)?),
        breakdown: breakdown(&[("service", CSCCM)])?,
        as_at: end_of_day(CSCCM_LAST_DAY),
        paragraph: "5.6",
    };
    let monthly = p1_months().map(|(month, value)| p1.claim(Period::Month(month), value));
    let quarterly = quarters()
        .zip(P1_QUARTERS)
        .map(|(quarter, value)| p1.claim(quarter, value));
    let application = csccm_quarters().map(|(quarter, value)| csccm.claim(quarter, value));
    Ok(monthly.chain(quarterly).chain(application).collect())
}

/// What the values of one published table have in common.
struct Table {
    scope: Scope,
    breakdown: BTreeMap<String, Code>,
    as_at: Timestamp,
    paragraph: &'static str,
}

impl Table {
    fn claim(&self, period: Period, value: u32) -> Published {
        let paragraph = self.paragraph;
        Published {
            measure: "tickets_logged".to_owned(),
            scope: self.scope.clone(),
            period,
            breakdown: self.breakdown.clone(),
            value: Decimal::whole(i64::from(value)),
            as_at: Some(self.as_at),
            source: format!(
                "Lewisham, Mayor and Cabinet, 16 September 2020, paragraph {paragraph}"
            ),
        }
    }
}

fn breakdown(pairs: &[(&str, &str)]) -> Result<BTreeMap<String, Code>, serde_json::Error> {
    pairs
        .iter()
        .map(|(dimension, value)| {
            let code = Code::new(*value).map_err(malformed)?;
            Ok(((*dimension).to_owned(), code))
        })
        .collect()
}
