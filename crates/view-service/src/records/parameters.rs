//! Query parameters of records. Each read takes some of them; the others are refused by name, so
//! that nobody takes a list for narrower than it is.

use std::collections::BTreeMap;
use std::fmt::Display;

use serde_json::json;
use townclerk_app::http::Problem;
use townclerk_app::http::described::Parameter;
use townclerk_domain::outage::Nature;
use townclerk_domain::ticket::Logged;
use townclerk_views::basis::Basis;
use townclerk_views::dimension::Dimension;
use townclerk_views::kinds::ticket::value_of;
use townclerk_views::lists::{Listed, PAGE_MAX};
use townclerk_views::service_levels::Risk;

use super::page_end::{self, After};
use crate::described::{MIN_POSITION, once, parameter};
use crate::query::{Params, instant, value_fits};

/// How much of a value is repeated, in characters.
const FOUND_CHARS_MAX: usize = 80;

/// Records on a page where nothing else is asked for.
const PAGE_DEFAULT: usize = 50;

/// Which parameters a read takes beside `min_position`, and what holds where they are absent.
#[derive(Clone, Copy)]
pub(super) struct Takes {
    pub names: &'static [&'static str],
    pub listed: Listed,
    pub limit: usize,
    pub limit_max: usize,
}

impl Takes {
    /// A list that is read page by page, on any basis.
    pub const PAGES: Self = Self {
        names: &["as_at", "known_at", "limit", "after"],
        listed: Listed::All,
        limit: PAGE_DEFAULT,
        limit_max: PAGE_MAX,
    };

    /// As [`Self::PAGES`], of records that are open until they are closed.
    pub const PAGES_BY_STATUS: Self = Self {
        names: &["as_at", "known_at", "status", "limit", "after"],
        ..Self::PAGES
    };

    /// One record.
    pub const ONE: Self = Self {
        names: &["as_at", "known_at"],
        ..Self::PAGES
    };

    /// What is published of them.
    pub fn parameters(&self) -> Vec<Parameter> {
        let names = self.names.iter().copied().chain([MIN_POSITION]);
        names.map(|name| self.parameter(name)).collect()
    }

    fn parameter(&self, name: &'static str) -> Parameter {
        match name {
            "limit" => {
                let (limit, most) = (self.limit, self.limit_max);
                let about = "How many at most.";
                let schema = json!({
                    "type": "integer", "minimum": 1, "maximum": most, "default": limit,
                });
                once(name, about, schema)
            }
            "status" => {
                let unless_said = match self.listed {
                    Listed::Open => OPEN,
                    Listed::All => ALL,
                };
                let schema = json!({
                    "type": "string", "enum": [OPEN, ALL], "default": unless_said,
                });
                once(name, "Which of them.", schema)
            }
            BAND => {
                let codes = Risk::ALL.map(Risk::code);
                let schema = json!({ "type": "string", "enum": codes });
                once(name, "Only those in this band.", schema)
            }
            NATURE => {
                let codes = Nature::ALL.map(Nature::code);
                let schema = json!({ "type": "string", "enum": codes });
                once(name, "Only those of this nature.", schema)
            }
            WITHIN_DAYS => {
                let about = "Only those whose last day is that near, or over.";
                let schema = json!({ "type": "integer", "minimum": 0, "maximum": WITHIN_DAYS_MAX });
                once(name, about, schema)
            }
            name => parameter(name),
        }
    }
}

/// The parameter that leaves out the interims whose last day is further away.
const WITHIN_DAYS: &str = "within_days";

const WITHIN_DAYS_MAX: i32 = 3_660;

/// The parameter that takes outages of one nature.
pub(super) const NATURE: &str = "nature";

const OPEN: &str = "open";

const ALL: &str = "all";

const BAND: &str = "band";

/// What was asked for.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub basis: Basis,
    pub listed: Listed,
    pub limit: usize,
    pub after: Option<After>,
    pub band: Option<Risk>,
    pub nature: Option<Nature>,
    /// Of tickets: by dimension the value that they have, as figures are filtered.
    pub filters: BTreeMap<Dimension, String>,
    /// Of interims, how many days are left to them at most.
    pub within_days: Option<i32>,
}

impl Wanted {
    /// Reads the parameters that are left after those that were waited for.
    ///
    /// # Errors
    /// Names the parameter and says what it may be.
    pub fn read(takes: &Takes, params: &Params) -> Result<Self, Problem> {
        let mut wanted = Self {
            basis: Basis::default(),
            listed: takes.listed,
            limit: takes.limit,
            after: None,
            band: None,
            nature: None,
            filters: BTreeMap::new(),
            within_days: None,
        };
        for (name, value) in params {
            if !takes.names.contains(&name.as_str()) {
                return Err(unknown(takes, name));
            }
            match name.as_str() {
                "as_at" => wanted.basis.as_at = Some(instant(name, value)?),
                "known_at" => wanted.basis.known_at = Some(instant(name, value)?),
                "status" => wanted.listed = listed(value)?,
                "limit" => wanted.limit = limit(takes, value)?,
                BAND => wanted.band = Some(band(value)?),
                NATURE => wanted.nature = Some(nature(value)?),
                "after" => wanted.after = Some(page_end::read(value)?),
                WITHIN_DAYS => wanted.within_days = Some(within_days(value)?),
                _ => {
                    let dimension = Dimension::from_name(name);
                    let dimension = dimension.ok_or_else(|| unknown(takes, name))?;
                    value_fits(dimension, value)?;
                    wanted.filters.insert(dimension, value.clone());
                }
            }
        }
        Ok(wanted)
    }

    /// Whether a ticket has all values that are asked for.
    pub fn fits(&self, ticket: &Logged) -> bool {
        let mut filters = self.filters.iter();
        filters.all(|(dimension, value)| value_of(ticket, *dimension) == Some(value.as_str()))
    }
}

fn unknown(takes: &Takes, name: &str) -> Problem {
    let names = takes.names.join(", ");
    let why = format!("not a parameter here; there are {names} and min_position");
    Problem::bad_query(name, why)
}

fn listed(value: &str) -> Result<Listed, Problem> {
    match value {
        OPEN => Ok(Listed::Open),
        ALL => Ok(Listed::All),
        _ => Err(not_taken("status", value, "open or all")),
    }
}

/// What was found, and what would be taken.
fn not_taken(name: &str, value: &str, taken: impl Display) -> Problem {
    let found: String = value.chars().take(FOUND_CHARS_MAX).collect();
    Problem::bad_query(name, format!("{found:?} is not taken; write {taken}"))
}

fn band(value: &str) -> Result<Risk, Problem> {
    let codes = || Risk::ALL.map(Risk::code).join(", ");
    Risk::from_code(value).ok_or_else(|| not_taken(BAND, value, codes()))
}

fn nature(value: &str) -> Result<Nature, Problem> {
    let codes = || Nature::ALL.map(Nature::code).join(", ");
    let mut all = Nature::ALL.into_iter();
    let found = all.find(|nature| nature.code() == value);
    found.ok_or_else(|| not_taken(NATURE, value, codes()))
}

fn within_days(value: &str) -> Result<i32, Problem> {
    let days = value.parse().ok();
    days.filter(|days| (0..=WITHIN_DAYS_MAX).contains(days))
        .ok_or_else(|| not_taken(WITHIN_DAYS, value, format!("0 to {WITHIN_DAYS_MAX}")))
}

fn limit(takes: &Takes, value: &str) -> Result<usize, Problem> {
    let most = takes.limit_max;
    let limit = value.parse().ok();
    limit
        .filter(|limit| (1..=most).contains(limit))
        .ok_or_else(|| not_taken("limit", value, format!("1 to {most}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::list::Listable;

    fn read(takes: &Takes, name: &str, value: &str) -> Result<Wanted, Problem> {
        Wanted::read(takes, &vec![(name.to_owned(), value.to_owned())])
    }

    #[test]
    fn what_is_absent_is_as_the_list_has_it() {
        let wanted = Wanted::read(&Takes::PAGES_BY_STATUS, &Vec::new()).unwrap();
        assert_eq!((wanted.listed, wanted.limit), (Listed::All, PAGE_DEFAULT));
        assert_eq!(wanted.basis, Basis::default());
    }

    #[test]
    fn every_published_parameter_is_taken_and_told_about() {
        let urgent = super::super::service_levels::TAKES;
        for takes in [
            Takes::PAGES,
            Takes::PAGES_BY_STATUS,
            Takes::ONE,
            crate::records::interims::TAKES,
            crate::records::tickets::TAKES,
            urgent,
        ] {
            for published in takes.parameters() {
                assert_ne!(published.about, "", "{}", published.name);
                // It was waited for before.
                if published.name == MIN_POSITION {
                    continue;
                }
                let refused = read(&takes, published.name, "%").unwrap_err();
                let why = refused.detail();
                assert!(!why.contains("not a parameter"), "{why}");
            }
        }
    }

    /// What tickets are broken down by in figures filters their lists.
    #[test]
    fn lists_of_tickets_take_the_filters_of_figures() {
        use townclerk_views::measure::Measure;

        let urgent = super::super::service_levels::TAKES;
        for takes in [crate::records::tickets::TAKES, urgent] {
            for dimension in Measure::TicketsOpen.definition().measured.dimensions {
                assert!(takes.names.contains(&dimension.name()), "{dimension:?}");
            }
            let wanted = read(&takes, "priority", "p1").unwrap();
            assert_eq!(
                wanted.filters,
                [(Dimension::Priority, "p1".to_owned())].into()
            );
        }
    }

    #[test]
    fn what_is_said_is_read() {
        let takes = Takes::PAGES_BY_STATUS;
        let wanted = read(&takes, "status", "open").unwrap();
        assert_eq!(wanted.listed, Listed::Open);
        assert_eq!(read(&takes, "limit", "500").unwrap().limit, 500);
        let moment = "2020-08-21T23:00:00Z";
        let as_at = read(&takes, "as_at", moment).unwrap().basis.as_at;
        assert_eq!(as_at, Some(moment.parse().unwrap()));
    }

    #[test]
    fn what_is_not_taken_or_makes_no_sense_is_named_with_what_there_is() {
        let all = Takes::PAGES_BY_STATUS;
        let urgent = super::super::service_levels::TAKES;
        let outages = <townclerk_domain::outage::OutageRules as Listable>::TAKES;
        for (takes, name, value, says) in [
            (all, "colour", "red", "there are as_at, known_at, status"),
            (Takes::ONE, "limit", "5", "as_at, known_at and min_position"),
            (Takes::PAGES, "status", "open", "not a parameter here"),
            (
                all,
                "status",
                "closed",
                "\"closed\" is not taken; write open or all",
            ),
            (all, "limit", "0", "\"0\" is not taken; write 1 to 500"),
            (all, "limit", "501", "1 to 500"),
            (
                all,
                "limit",
                "many",
                "\"many\" is not taken; write 1 to 500",
            ),
            (
                urgent,
                "band",
                "60",
                "\"60\" is not taken; write overdue, 95, 85",
            ),
            (
                outages,
                "nature",
                "failur",
                "\"failur\" is not taken; write failure",
            ),
            (urgent, "priority", "p9", "p1, p2"),
            (all, "within_days", "30", "not a parameter here"),
            (
                crate::records::interims::TAKES,
                "within_days",
                "-1",
                "\"-1\" is not taken; write 0 to 3660",
            ),
            (all, "after", "x", "take it from `next`"),
            (all, "known_at", "yesterday", "is no instant"),
        ] {
            let problem = read(&takes, name, value).unwrap_err();
            let detail = problem.detail();
            assert!(detail.starts_with(&format!("{name}: ")), "{detail}");
            assert!(detail.contains(says), "{detail}");
        }
    }
}
