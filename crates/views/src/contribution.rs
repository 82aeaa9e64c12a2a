//! What records add to counted measures.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use townclerk_domain::names::Code;
use townclerk_domain::service_terms::ServiceAgreements;

use crate::dimension::{Dimension, Mask};
use crate::measure::Measure;

/// What the lives of records are measured by.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// What the log of the record agreed on the service level of its tickets, as known.
    pub agreements: &'a ServiceAgreements,
    /// What happens at this instant or later does not count.
    pub as_at: Option<Timestamp>,
}

impl Circumstances<'_> {
    /// Whether what happens at an instant counts.
    pub(crate) fn counts(&self, at: Timestamp) -> bool {
        self.as_at.is_none_or(|as_at| at < as_at)
    }
}

/// What a record was when it was counted: what it is broken down by, and whom it hit.
pub trait Attributes: fmt::Debug + Send + Sync {
    /// `None` where such a record has no such dimension.
    fn value(&self, dimension: Dimension) -> Option<&str>;

    /// The councils that a shared record hits.
    fn councils(&self) -> Box<dyn Iterator<Item = &Code> + '_>;
}

impl dyn Attributes {
    /// The values in the order of the dimensions; `None` where one of them is missing.
    pub fn values(&self, mask: Mask) -> Option<Vec<String>> {
        mask.dimensions()
            .map(|dimension| self.value(dimension).map(str::to_owned))
            .collect()
    }
}

/// One thing that a record adds to one measure.
#[derive(Clone, Debug)]
pub struct Contribution {
    pub measure: Measure,
    pub at: Timestamp,
    pub delta: i64,
    /// The attributes that it had then, by which it is broken down.
    pub attributes: Arc<dyn Attributes>,
    /// For a move: the attributes on the other side. It counts only under breakdowns by which
    /// the two differ.
    pub other_side: Option<Arc<dyn Attributes>>,
}

impl Contribution {
    pub(crate) fn plain(
        measure: Measure,
        at: Timestamp,
        delta: i64,
        attributes: Arc<dyn Attributes>,
    ) -> Self {
        Self {
            measure,
            at,
            delta,
            attributes,
            other_side: None,
        }
    }

    /// Whether it changes nothing under a breakdown: both sides of a move have the same values.
    pub(crate) fn stays(&self, mask: Mask) -> bool {
        self.other_side.as_ref().is_some_and(|other| {
            let values = self.attributes.values(mask);
            values.is_some() && other.values(mask) == values
        })
    }
}
