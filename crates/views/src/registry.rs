//! What is known of coverages, members, agreements and claims: the inputs of figures beside the
//! records that they count. All of it counts as known, whatever moment a figure is as at.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use townclerk_domain::availability::{Agreements, AvailabilityRules};
use townclerk_domain::claim::{ClaimRules, Published};
use townclerk_domain::coverage::{Coverage, CoverageRules};
use townclerk_domain::holidays::HolidaysRules;
use townclerk_domain::names::LogName;
use townclerk_domain::partnership::{Membership, PartnershipRules};

use crate::agreed::{AgreedService, every_agreed_service};
use crate::basis::Basis;
use crate::kept::{Kept, every};
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
    pub members: Vec<Membership>,
    pub claims: Vec<Published>,
    /// What each council agreed on availability, by its log.
    pub agreements: BTreeMap<LogName, Kept<Agreements>>,
    /// The holidays of each log.
    pub holidays: BTreeMap<LogName, Kept<BTreeSet<Date>>>,
    /// What each log agreed on the service level of its tickets.
    pub service: BTreeMap<LogName, AgreedService>,
}

impl Registry {
    pub fn read(rows: &impl Rows, known_at: Option<Timestamp>) -> Result<Self, RowsError> {
        let basis = Basis {
            as_at: None,
            known_at,
        };
        let coverages = every::<CoverageRules>(rows, basis)?.into_iter();
        let coverages = coverages.filter_map(Kept::there).map(|kept| KnownCoverage {
            log: kept.log,
            coverage: kept.stands,
            sample: kept.sample,
        });
        let members = every::<PartnershipRules>(rows, basis)?;
        let mut members: Vec<Membership> =
            members.into_iter().filter_map(|kept| kept.stands).collect();
        members.sort_by(|a, b| a.joined.council.cmp(&b.joined.council));
        let claims = every::<ClaimRules>(rows, basis)?.into_iter();
        let agreements = every::<AvailabilityRules>(rows, basis)?.into_iter();
        let holidays = every::<HolidaysRules>(rows, basis)?.into_iter();
        Ok(Self {
            coverages: coverages.collect(),
            members,
            claims: claims.filter_map(|kept| kept.stands).collect(),
            agreements: agreements.map(|kept| (kept.log.clone(), kept)).collect(),
            holidays: holidays.map(|kept| (kept.log.clone(), kept)).collect(),
            service: every_agreed_service(rows, known_at)?,
        })
    }
}
