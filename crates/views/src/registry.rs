//! What is known of coverages, members and claims: the inputs of figures beside tickets.

use std::ops::ControlFlow;

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use townclerk_domain::claim::{ClaimFact, ClaimRules, Published};
use townclerk_domain::coverage::{Coverage, CoverageFact, CoverageRules};
use townclerk_domain::decider::Decider;
use townclerk_domain::names::LogName;
use townclerk_domain::partnership::{Joined, PartnershipFact, PartnershipRules};
use townclerk_domain::period::Period;

use crate::key::timeline;
use crate::row::Row;
use crate::rows::{Rows, RowsError};

/// A coverage as known.
#[derive(Clone, Debug)]
pub struct KnownCoverage {
    pub log: LogName,
    pub coverage: Coverage,
    pub sample: bool,
}

/// Everything that figures take from the registry, as known at one moment.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    pub coverages: Vec<KnownCoverage>,
    pub members: Vec<Joined>,
    pub claims: Vec<Published>,
}

impl Registry {
    pub fn read(rows: &impl Rows, known_at: Option<Timestamp>) -> Result<Self, RowsError> {
        let coverages = standing::<CoverageRules, CoverageFact>(rows, known_at)?;
        let members = standing::<PartnershipRules, PartnershipFact>(rows, known_at)?;
        let claims = standing::<ClaimRules, ClaimFact>(rows, known_at)?;
        let mut members: Vec<Joined> = members.into_iter().filter_map(|(_, _, m)| m).collect();
        members.sort_by(|a, b| a.council.cmp(&b.council));
        Ok(Self {
            coverages: coverages
                .into_iter()
                .filter_map(|(log, sample, coverage)| {
                    let coverage = coverage?;
                    Some(KnownCoverage {
                        log,
                        coverage,
                        sample,
                    })
                })
                .collect(),
            members,
            claims: claims.into_iter().filter_map(|(_, _, c)| c).collect(),
        })
    }

    /// The logs of the councils that were members on some day of `period`.
    pub fn members_during(&self, period: &Period) -> Vec<LogName> {
        self.members
            .iter()
            .filter(|member| member.from <= period.last_day())
            .filter_map(|member| LogName::new(member.council.as_str()).ok())
            .collect()
    }
}

type Stood<S> = Vec<(LogName, bool, S)>;

/// Each aggregate of one kind as it stood.
fn standing<D, F>(
    rows: &impl Rows,
    known_at: Option<Timestamp>,
) -> Result<Stood<D::State>, RowsError>
where
    D: Decider<Fact = F>,
    F: Clone + Serialize + DeserializeOwned,
{
    let prefix = timeline::of_kind(D::KIND);
    let mut stood = Vec::new();
    rows.scan(&prefix, &prefix, &mut |key, value| {
        let (log, _) = timeline::read(D::KIND, key)?;
        let row: Row<F> = Row::decode(value)?;
        let facts = row.timeline.standing(known_at)?;
        let state = facts
            .iter()
            .flatten()
            .fold(D::State::default(), |state, standing| {
                D::evolve(state, &standing.fact)
            });
        stood.push((log, row.sample, state));
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(stood)
}
