//! Kinds of which counters are kept, and lists by when their records began: what follows from a row.

use std::marker::PhantomData;

use jiff::Timestamp;
use townclerk_domain::amendment::Recordable;
use townclerk_domain::decider::Decider;
use townclerk_domain::identity::AggregateId;
use townclerk_domain::names::LogName;
use townclerk_domain::service_terms::ServiceAgreements;
use townclerk_domain::timeline::Standing;
use uuid::Uuid;

use crate::basis::Basis;
use crate::contribution::{Circumstances, Contribution};
use crate::dimension::{Dimension, Mask};
use crate::kept::{evolved, facts};
use crate::key::index::{self, Listed};
use crate::measure::Measure;
use crate::row::Row;
use crate::rows::RowsError;

/// By what counters of a kind are kept. Other breakdowns take a pass over all rows: each counter
/// costs every event.
#[derive(Clone, Copy, Debug)]
pub struct Counters {
    pub by: &'static [Dimension],
    pub by_pairs: &'static [[Dimension; 2]],
    /// The measures that grow when a record comes to have a value: by being made, by moving in, or by
    /// going on with one that it was given after its end. Of those together no value cancels out that a
    /// record has or had.
    pub arrivals: &'static [Measure],
}

impl Counters {
    /// None, each single dimension, and the pairs.
    pub fn masks(&self) -> Vec<Mask> {
        let singles = self.by.iter().map(|dimension| Mask::of([*dimension]));
        let pairs = self.by_pairs.iter().map(|pair| Mask::of(*pair));
        std::iter::once(Mask::NONE)
            .chain(singles)
            .chain(pairs)
            .collect()
    }
}

/// The rules of a kind of which counters are kept.
pub trait Counted: Decider<State = Option<<Self as Counted>::Stands>> {
    /// The state of such an aggregate.
    type Stands: Clone;

    const COUNTERS: Counters;

    /// What its facts, in order, add to counted measures.
    fn contributions(
        facts: &[Standing<Self::Fact>],
        circumstances: &Circumstances<'_>,
    ) -> Vec<Contribution>;

    /// Whether it is still open; `None` for a kind of which no lists are kept.
    fn is_open(stands: &Self::Stands) -> Option<bool>;

    /// Whether a fact links it to other records.
    fn links(fact: &Self::Fact) -> bool;
}

/// What follows from the rows of one counted kind.
pub trait CountedRows: Sync {
    fn counters(&self) -> Counters;

    /// Everything that follows from a row.
    ///
    /// # Errors
    /// Only what is wrong with the row.
    fn projection(
        &self,
        log: &LogName,
        aggregate: AggregateId,
        value: &[u8],
        agreements: &ServiceAgreements,
    ) -> Result<Projection, RowsError>;

    /// What a row adds on a basis, and whether it is a sample.
    ///
    /// # Errors
    /// Only what is wrong with the row.
    fn contributions(
        &self,
        value: &[u8],
        basis: Basis,
        agreements: &ServiceAgreements,
    ) -> Result<(Vec<Contribution>, bool), RowsError>;
}

/// What a row gives beside itself.
pub struct Projection {
    pub contributions: Vec<Contribution>,
    pub sample: bool,
    pub index_keys: Vec<Vec<u8>>,
}

/// The rows of the kind of these rules.
pub struct RowsOf<P>(PhantomData<fn() -> P>);

impl<P: Counted + 'static> RowsOf<P> {
    pub const READER: &'static dyn CountedRows = &Self(PhantomData);
}

impl<P: Counted> CountedRows for RowsOf<P> {
    fn counters(&self) -> Counters {
        P::COUNTERS
    }

    fn projection(
        &self,
        log: &LogName,
        aggregate: AggregateId,
        value: &[u8],
        agreements: &ServiceAgreements,
    ) -> Result<Projection, RowsError> {
        let row: Row<P::Fact> = Row::decode(value)?;
        let facts = facts(&row, Basis::default())?;
        let circumstances = Circumstances {
            agreements,
            as_at: None,
        };
        let contributions = P::contributions(&facts, &circumstances);
        let index_keys = index_keys::<P>(log, aggregate, &row, &facts, &contributions);
        Ok(Projection {
            contributions,
            sample: row.sample,
            index_keys,
        })
    }

    fn contributions(
        &self,
        value: &[u8],
        basis: Basis,
        agreements: &ServiceAgreements,
    ) -> Result<(Vec<Contribution>, bool), RowsError> {
        let row: Row<P::Fact> = Row::decode(value)?;
        let circumstances = Circumstances {
            agreements,
            as_at: basis.as_at,
        };
        let found = P::contributions(&facts(&row, basis)?, &circumstances);
        Ok((found, row.sample))
    }
}

fn index_keys<P: Counted>(
    log: &LogName,
    AggregateId { kind, id }: AggregateId,
    row: &Row<P::Fact>,
    facts: &[Standing<P::Fact>],
    contributions: &[Contribution],
) -> Vec<Vec<u8>> {
    let mut keys = Vec::new();
    let last = row.timeline.last_happened();
    keys.extend(last.map(|last| index::last_happened(kind, last, log, id)));
    // A ticket becomes an aged one without an event, after all that happened to it.
    let ages = contributions.iter().map(|contribution| contribution.at);
    let ages = ages.max().filter(|at| Some(*at) > last);
    keys.extend(ages.map(|at| index::ageing(kind, at, log, id)));
    keys.extend(places_in_lists::<P>(log, id, facts));
    // Whatever was known of links at any time: what was voided since linked before.
    let links = row.timeline.entries.iter().any(|entry| match &entry.what {
        Recordable::Fact(fact) => P::links(fact),
        Recordable::Corrected(_) | Recordable::Voided(_) => false,
    });
    keys.extend(links.then(|| index::linked(kind, log, id)));
    keys
}

fn places_in_lists<P: Counted>(
    log: &LogName,
    id: Uuid,
    facts: &[Standing<P::Fact>],
) -> Vec<Vec<u8>> {
    let stands = evolved::<P>(facts);
    let (Some(open), Some(first)) = (stands.as_ref().and_then(P::is_open), facts.first()) else {
        return Vec::new();
    };
    let place = |listed| index::listed(listed, P::KIND, log, first.happened, id);
    let mut places = vec![place(Listed::All)];
    places.extend(open.then(|| place(Listed::Open)));
    places
}

/// An aggregate as it stood, and when its first fact happened; `None` if nothing was known of it.
///
/// # Errors
/// Only what is wrong with the rows.
pub fn stand<P: Counted>(
    row: &Row<P::Fact>,
    basis: Basis,
) -> Result<Option<(P::Stands, Timestamp)>, RowsError> {
    let facts = facts(row, basis)?;
    let first = facts.first().map(|first| first.happened);
    let stands = evolved::<P>(&facts);
    Ok(stands.zip(first))
}
