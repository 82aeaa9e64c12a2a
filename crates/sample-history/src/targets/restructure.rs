//! Published numbers of the restructure of 2018.

use jiff::civil::{Date, date};
use townclerk_domain::names::{LogName, Scope};

use super::{Claim, Paper, Table, breakdown};
use crate::spelling::Spelt;

/// Vacant posts before it (paragraph 3.1), and after it (paragraph 3.15).
pub const VACANCIES_BEFORE: usize = 41;
pub const VACANCIES_AFTER: usize = 22;

/// Posts that were filled internally (paragraph 3.14), and in which month (paragraph 3.4).
pub const FILLED_INTERNALLY: usize = 29;
pub const FILLED_INTERNALLY_IN: Date = date(2018, 5, 1);

/// From when on the new structure held (paragraph 3.4).
pub const STRUCTURE_EFFECTIVE: Date = date(2018, 6, 4);

pub fn claims() -> Spelt<Vec<Claim>> {
    let table = |measure, pairs, paragraph| {
        Ok::<_, serde_json::Error>(Table {
            measure,
            scope: Scope::Log(LogName::shared()),
            breakdown: breakdown(pairs)?,
            as_at: None,
            paper: Paper::July2018,
            paragraph,
        })
    };
    let (before, after) = (VACANCIES_BEFORE.to_string(), VACANCIES_AFTER.to_string());
    let filled = FILLED_INTERNALLY.to_string();
    let effective = STRUCTURE_EFFECTIVE.to_string();
    let internal: &[_] = &[("appointment", "internal")];
    Ok(vec![
        table("vacancies", &[], "3.1")?.claim_as_written("2018-04", &before)?,
        table("vacancies", &[], "3.15")?.claim_as_written(&effective, &after)?,
        table("vacancies", &[], "3.15")?.claim_as_written("2018-06", &after)?,
        table("posts_filled", internal, "3.14")?.claim_as_written("2018-05", &filled)?,
    ])
}
