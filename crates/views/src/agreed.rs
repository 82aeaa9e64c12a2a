//! What logs agreed on the service level of their tickets, as known: read from the same log as the
//! tickets, so that counters may rest on it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use serde::de::DeserializeOwned;
use townclerk_domain::holidays::{HolidaysFact, holidays_of};
use townclerk_domain::hours::{HoursFact, hours_of};
use townclerk_domain::identity::{AggregateId, AggregateKind};
use townclerk_domain::names::LogName;
use townclerk_domain::service_terms::ServiceAgreements;
use townclerk_domain::targets::{TargetsFact, targets_of};
use townclerk_domain::ticket::TicketKind;
use townclerk_domain::timeline::Standing;

use crate::basis::Basis;
use crate::definition::Agreement;
use crate::kept::facts;
use crate::key::timeline;
use crate::row::Row;
use crate::rows::{Rows, RowsError};

/// The kinds of records that hold them.
const KINDS: [AggregateKind; 3] = [
    AggregateKind::Targets,
    AggregateKind::Hours,
    AggregateKind::Holidays,
];

/// What one log agreed on, event by event, and whether any of it was made up for a demonstration.
#[derive(Clone, Debug, Default)]
pub struct AgreedFacts {
    pub targets: Vec<Standing<TargetsFact>>,
    pub hours: Vec<Standing<HoursFact>>,
    pub holidays: Vec<Standing<HolidaysFact>>,
    pub sample: bool,
}

impl AgreedFacts {
    pub fn agreements(&self) -> ServiceAgreements {
        ServiceAgreements::new(&self.targets, &self.hours, &self.holidays)
    }
}

/// The agreements of one log, and whether any of them was made up for a demonstration.
#[derive(Clone, Debug, Default)]
pub struct AgreedService {
    pub agreements: ServiceAgreements,
    pub sample: bool,
}

impl AgreedService {
    /// The first day of which a measure that rests on an agreement on tickets of a kind (of any, if
    /// `None`) can be told.
    pub fn measured_from(&self, agreement: Agreement, kind: Option<TicketKind>) -> Option<Date> {
        let targets = || self.agreements.targets_from(kind);
        let age_limit = || self.agreements.age_limit_from();
        match agreement {
            Agreement::Targets => targets(),
            Agreement::AgeLimit => age_limit(),
            Agreement::TargetsAndAgeLimit => Some(targets()?.max(age_limit()?)),
            Agreement::Availability => None,
        }
    }
}

/// Whether what tickets add to counters rests on records of this kind.
pub(crate) fn is_service_agreement(kind: AggregateKind) -> bool {
    KINDS.contains(&kind)
}

/// What one log agreed on. All of it counts as known, whatever moment a figure is as at.
///
/// # Errors
/// Only what is wrong with the rows.
pub fn agreed_service(
    rows: &impl Rows,
    log: &LogName,
    known_at: Option<Timestamp>,
) -> Result<AgreedService, RowsError> {
    agreed_by(&|key| rows.get(key), log, known_at)
}

/// A look at the row of a key.
type Get<'a> = dyn Fn(&[u8]) -> Result<Option<Vec<u8>>, RowsError> + 'a;

/// The same, event by event.
///
/// # Errors
/// Only what is wrong with the rows.
pub fn agreed_facts(
    rows: &impl Rows,
    log: &LogName,
    known_at: Option<Timestamp>,
) -> Result<AgreedFacts, RowsError> {
    facts_by(&|key| rows.get(key), log, known_at)
}

/// As [`agreed_service`], for rows of which some are not written yet.
pub(crate) fn agreed_by(
    get: &Get<'_>,
    log: &LogName,
    known_at: Option<Timestamp>,
) -> Result<AgreedService, RowsError> {
    let facts = facts_by(get, log, known_at)?;
    Ok(AgreedService {
        agreements: facts.agreements(),
        sample: facts.sample,
    })
}

fn facts_by(
    get: &Get<'_>,
    log: &LogName,
    known_at: Option<Timestamp>,
) -> Result<AgreedFacts, RowsError> {
    let mut sample = false;
    Ok(AgreedFacts {
        targets: known(get, log, targets_of(log), known_at, &mut sample)?,
        hours: known(get, log, hours_of(log), known_at, &mut sample)?,
        holidays: known(get, log, holidays_of(log), known_at, &mut sample)?,
        sample,
    })
}

/// What each log agreed on that agreed on anything.
///
/// # Errors
/// Only what is wrong with the rows.
pub fn every_agreed_service(
    rows: &impl Rows,
    known_at: Option<Timestamp>,
) -> Result<BTreeMap<LogName, AgreedService>, RowsError> {
    let mut logs = BTreeSet::new();
    for kind in KINDS {
        let prefix = timeline::of_kind(kind);
        rows.scan(&prefix, &prefix, &mut |key, _| {
            logs.insert(timeline::read(kind, key)?.0);
            Ok(ControlFlow::Continue(()))
        })?;
    }
    let found = logs.into_iter().map(|log| {
        let agreed = agreed_service(rows, &log, known_at)?;
        Ok((log, agreed))
    });
    found.collect()
}

fn known<F: Clone + Serialize + DeserializeOwned>(
    get: &Get<'_>,
    log: &LogName,
    record: AggregateId,
    known_at: Option<Timestamp>,
    sample: &mut bool,
) -> Result<Vec<Standing<F>>, RowsError> {
    let Some(value) = get(&timeline::key(log, record))? else {
        return Ok(Vec::new());
    };
    let row: Row<F> = Row::decode(&value)?;
    let basis = Basis {
        as_at: None,
        known_at,
    };
    let facts = facts(&row, basis)?;
    *sample |= row.sample && !facts.is_empty();
    Ok(facts)
}
