//! The published values that the history reproduces, and the claims made from them.
//!
//! The only place where published values are typed: no rule, view or figure knows them.

mod availability;
mod outages;
mod restructure;
mod tickets;

use std::collections::BTreeMap;

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use townclerk_domain::claim::{ClaimKind, Precision, Published};
use townclerk_domain::decimal::Decimal;
use townclerk_domain::names::{Code, LogName, Scope};
use townclerk_domain::period::{Period, london_midnight};

pub use availability::{CHILDRENS_SOCIAL_CARE, EDUCATION, TARGET_PERCENT, downtime_months};
pub use outages::{DISKS_REPLACED, INTERCONNECT_DAYS, INTERCONNECT_INCIDENTS, NAMED, Named};
pub use restructure::{
    FILLED_INTERNALLY, FILLED_INTERNALLY_IN, STRUCTURE_EFFECTIVE, VACANCIES_AFTER, VACANCIES_BEFORE,
};
pub use tickets::{CSCCM, P3_PERCENT, csccm_quarters, p1_months};

use crate::malformed;
use crate::spelling::{Spelt, code};

/// The council that published in 2020: its log has the tickets on [`CSCCM`], and its availability
/// is the published one.
pub const PUBLISHER: &str = "lewisham";

/// The papers that the claims come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paper {
    July2018,
    September2020,
}

impl Paper {
    /// When what it says was recorded: on its day.
    pub fn recorded(self) -> Timestamp {
        london_midnight(self.day()) + SignedDuration::from_hours(10)
    }

    fn day(self) -> Date {
        match self {
            Self::July2018 => date(2018, 7, 4),
            Self::September2020 => date(2020, 9, 16),
        }
    }

    fn source(self, paragraph: &str) -> String {
        let paper = match self {
            Self::July2018 => "Joint Committee of Brent, Lewisham and Southwark, 4 July 2018",
            Self::September2020 => "Lewisham, Mayor and Cabinet, 16 September 2020",
        };
        format!("{paper}, paragraph {paragraph}")
    }
}

/// What a paper says.
pub struct Claim {
    pub paper: Paper,
    pub published: Published,
}

/// What the papers say, one claim for each value.
///
/// # Errors
/// None for the tables of this crate; the type of the error is the serialiser's.
pub fn claims() -> Spelt<Vec<Claim>> {
    let mut claims = tickets::claims()?;
    claims.extend(availability::claims()?);
    claims.extend(outages::claims()?);
    claims.extend(restructure::claims()?);
    Ok(claims)
}

/// What the values of one published table have in common.
struct Table {
    measure: &'static str,
    scope: Scope,
    breakdown: BTreeMap<String, Code>,
    as_at: Option<Timestamp>,
    paper: Paper,
    paragraph: &'static str,
}

impl Table {
    fn claim(&self, period: Period, value: Decimal) -> Claim {
        Claim {
            paper: self.paper,
            published: Published {
                measure: self.measure.to_owned(),
                scope: self.scope.clone(),
                period,
                breakdown: self.breakdown.clone(),
                value,
                as_at: self.as_at,
                source: self.paper.source(self.paragraph),
                kind: ClaimKind::Figure,
                unit: None,
                precision: Precision::Exact,
            },
        }
    }

    /// The period and the value as they are written.
    fn claim_as_written(&self, period: &str, value: &str) -> Spelt<Claim> {
        let period = period.parse().map_err(malformed)?;
        Ok(self.claim(period, value.parse().map_err(malformed)?))
    }
}

fn breakdown(pairs: &[(&str, &str)]) -> Spelt<BTreeMap<String, Code>> {
    pairs
        .iter()
        .map(|(dimension, value)| Ok(((*dimension).to_owned(), code(value)?)))
        .collect()
}

fn publisher() -> Spelt<Scope> {
    let log = LogName::new(PUBLISHER).map_err(malformed)?;
    Ok(Scope::Log(log))
}
