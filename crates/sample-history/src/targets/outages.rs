//! Published outages: those that are named, and how many there are said to have been.

use jiff::civil::{Date, date};
use townclerk_domain::names::Scope;
use townclerk_domain::period::end_of_day;

use super::{Claim, Paper, Table, breakdown};
use crate::spelling::Spelt;

/// A named outage: its name here, its day, or its month where the day was not published.
pub struct Named {
    pub name: &'static str,
    pub day: Date,
    pub whole_month: bool,
}

/// Paragraphs 6.10 to 6.14, in the order of time.
pub const NAMED: [Named; 5] = [
    Named {
        name: "storage-controller",
        day: date(2019, 4, 1),
        whole_month: true,
    },
    Named {
        name: "core-power",
        day: date(2019, 6, 1),
        whole_month: false,
    },
    Named {
        name: "disk-in-june",
        day: date(2019, 6, 8),
        whole_month: false,
    },
    Named {
        name: "disk-in-july",
        day: date(2019, 7, 23),
        whole_month: false,
    },
    Named {
        name: "power-phase",
        day: date(2019, 10, 14),
        whole_month: false,
    },
];

/// Disks that were replaced after two had failed (paragraph 6.14).
pub const DISKS_REPLACED: u32 = 96;

/// Incidents of the interconnect up to the paper's day, without dates (paragraph 3.10 of 2018).
pub const INTERCONNECT_INCIDENTS: usize = 3;

/// Some time within these days, both inclusive.
pub const INTERCONNECT_DAYS: (Date, Date) = (date(2018, 1, 1), date(2018, 7, 4));

/// The state of the world that the paper of 2020 meant.
const AS_AT: Date = date(2020, 7, 31);

/// Component, period, number, paragraph. Of the five outages of the core network two are described.
const COUNTED: [(&str, &str, &str, &str); 2] = [
    ("core-network", "2019-04/2019-10", "5", "6.10"),
    ("storage", "2019-04/2019-10", "3", "6.13"),
];

pub fn claims() -> Spelt<Vec<Claim>> {
    let table = |component, as_at, paper, paragraph| {
        Ok(Table {
            measure: "outages",
            scope: Scope::Joint,
            breakdown: breakdown(&[("component", component)])?,
            as_at,
            paper,
            paragraph,
        })
    };
    let as_at = Some(end_of_day(AS_AT));
    let counted = COUNTED.iter().map(|(component, period, value, paragraph)| {
        table(component, as_at, Paper::September2020, paragraph)?.claim_as_written(period, value)
    });
    let (first, last) = INTERCONNECT_DAYS;
    let interconnect = table("interconnect", None, Paper::July2018, "3.10")?.claim_as_written(
        &format!("{first}/{last}"),
        &INTERCONNECT_INCIDENTS.to_string(),
    );
    counted.chain([interconnect]).collect()
}
