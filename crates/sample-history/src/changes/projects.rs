//! Changes that are told elsewhere: of the two projects, of the storage update of April 2019, and
//! those that ordinary outages were caused by.

use std::collections::BTreeSet;

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use townclerk_domain::change::{ChangeType, Outcome, Requested, Risk};
use townclerk_domain::names::LogName;
use townclerk_domain::period::london_midnight;

use super::freezes::{NEW_PROJECT, PHASE_2, SOUTHWARK, TELEPHONY};
use super::{Fate, Plan, Recorded};
use crate::chronicle::Recorder;
use crate::malformed;
use crate::outages::named::{everybody, reference};
use crate::outages::numbered::Culprit;
use crate::outages::storage;
use crate::spelling::{Spelt, code, codes, moment, text};

/// Days on which servers of Southwark were moved; most while other new projects were held.
const MOVES: [Date; 11] = [
    date(2018, 4, 21),
    date(2018, 5, 12),
    date(2018, 6, 2),
    date(2018, 6, 16),
    date(2018, 6, 30),
    date(2018, 7, 14),
    date(2018, 7, 28),
    date(2018, 8, 18),
    date(2018, 9, 8),
    date(2018, 9, 22),
    date(2018, 9, 29),
];

/// Buildings of Southwark's telephony, all after the gate was open.
const BUILDINGS: [(&str, Date); 5] = [
    ("the first two buildings", date(2019, 6, 22)),
    ("the town hall", date(2019, 7, 13)),
    ("the libraries", date(2019, 8, 10)),
    ("the depots", date(2019, 9, 14)),
    ("the contact centre", date(2019, 11, 16)),
];

pub fn plans(recorder: &Recorder, culprits: &[Culprit]) -> Spelt<Vec<Plan>> {
    let mut plans = vec![storage_update(recorder)?, held_by_the_gate()?];
    for (number, day) in (1..).zip(MOVES) {
        let title = format!("Move servers of Southwark to the shared data centres, wave {number}");
        let mut plan = of_southwark(PHASE_2, &title, &["network", "housing", "email"], day, 24)?;
        plan.name = format!("phase-2-wave-{number:02}");
        plan.authority = "management-board";
        plan.risk = Risk::High;
        if number % 5 == 0 {
            plan.fate = Fate::Implemented(Outcome::WithIssues);
        }
        plans.push(plan);
    }
    for (number, (buildings, day)) in (1..).zip(BUILDINGS) {
        let title = format!("New telephones for {buildings}");
        let mut plan = of_southwark(TELEPHONY, &title, &["telephony"], day, 33)?;
        plan.name = format!("telephony-{number}");
        plans.push(plan);
    }
    for culprit in culprits {
        plans.push(caused_outage(culprit)?);
    }
    Ok(plans)
}

/// A change of the project that was asked for before the gate was set.
fn held_by_the_gate() -> Spelt<Plan> {
    let title = "New telephones for the first two buildings";
    let mut plan = of_southwark(TELEPHONY, title, &["telephony"], date(2018, 7, 21), 68)?;
    plan.name = "telephony-0".to_owned();
    plan.fate = Fate::Refused("gate");
    Ok(plan)
}

fn of_southwark(
    project: &str,
    title: &str,
    services: &[&str],
    day: Date,
    days_ahead: i64,
) -> Spelt<Plan> {
    let at = |hours| london_midnight(day) + SignedDuration::from_hours(hours);
    Ok(Plan {
        log: LogName::new(SOUTHWARK).map_err(malformed)?,
        name: String::new(),
        requested: Requested {
            change_type: ChangeType::Normal,
            title: text(title)?,
            category: code(NEW_PROJECT)?,
            project: Some(code(project)?),
            services: codes(services)?,
            councils: BTreeSet::new(),
        },
        at: at(10 - 24 * days_ahead),
        window: (at(8), at(14)),
        first_window: None,
        authority: "change-board",
        risk: Risk::Medium,
        assessed_twice: false,
        fate: Fate::Implemented(Outcome::Successful),
        findings: None,
        caused: Vec::new(),
        recorded: Recorded::Soon,
    })
}

/// The storage outage of April 2019 happened in it.
fn storage_update(recorder: &Recorder) -> Spelt<Plan> {
    let (from, to) = storage::WINDOW;
    let found = moment("2019-05-01T08:30:00Z")?;
    Ok(Plan {
        log: LogName::shared(),
        name: storage::CHANGE.to_owned(),
        requested: Requested {
            change_type: ChangeType::Normal,
            title: text("Update the operating system of the storage controllers")?,
            category: code("maintenance")?,
            project: None,
            services: codes(&["email", "finance", "housing"])?,
            councils: everybody()?,
        },
        at: moment("2019-03-18T09:40:00Z")?,
        window: (moment(from)?, moment(to)?),
        first_window: None,
        authority: "change-board",
        risk: Risk::Medium,
        assessed_twice: false,
        fate: Fate::Implemented(Outcome::Unsuccessful),
        findings: Some("A controller failed in the midst of it; there was no quick way back"),
        caused: vec![(found, reference(recorder, storage::OUTAGE)?)],
        recorded: Recorded::Soon,
    })
}

fn caused_outage(culprit: &Culprit) -> Spelt<Plan> {
    let from = culprit.at - SignedDuration::from_mins(25);
    let service = culprit
        .services
        .first()
        .map_or("a system", |one| one.as_str());
    let found: Timestamp = culprit.at + SignedDuration::from_mins(160);
    let outcome = match culprit.name.bytes().last() {
        Some(b'0' | b'3' | b'6' | b'9') => Outcome::BackedOut,
        Some(b'1' | b'4' | b'7') => Outcome::Unsuccessful,
        _ => Outcome::WithIssues,
    };
    Ok(Plan {
        log: culprit.log.clone(),
        name: culprit.name.clone(),
        requested: Requested {
            change_type: ChangeType::Normal,
            title: text(format!("Update {}", service.replace('-', " ")))?,
            category: code("maintenance")?,
            project: None,
            services: culprit.services.clone(),
            councils: culprit.councils.clone(),
        },
        at: from - SignedDuration::from_hours(11 * 24),
        window: (from, from + SignedDuration::from_mins(110)),
        first_window: None,
        authority: "change-board",
        risk: Risk::Medium,
        assessed_twice: false,
        fate: Fate::Implemented(outcome),
        findings: Some("It was not tried before with as many users"),
        caused: vec![(found, culprit.outage.clone())],
        recorded: Recorded::Soon,
    })
}
