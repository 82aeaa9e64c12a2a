//! What one aggregate adds to each counted measure, as of a moment and as known then. Pure: the
//! one place where lives of records become numbers.

mod change;
mod post;
mod ticket;

pub(crate) use change::of as of_change;
pub(crate) use post::of as of_post;
pub(crate) use ticket::of as of_ticket;

use jiff::Timestamp;

use townclerk_domain::service_terms::ServiceAgreements;

use crate::attributes::Attributes;
use crate::kept::facts;
use crate::measure::Measure;
use crate::projected::Projected;
use crate::row::Row;
use crate::rows::RowsError;

/// A moment in the world and a moment of knowledge; `None` is "all that there is".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Basis {
    /// What happened at this instant or later does not count.
    pub as_at: Option<Timestamp>,
    /// What became known after this instant does not count.
    pub known_at: Option<Timestamp>,
}

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

/// One thing that an aggregate adds to one measure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contribution {
    pub measure: Measure,
    pub at: Timestamp,
    pub delta: i64,
    /// The attributes that it had then, by which it is broken down.
    pub attributes: Attributes,
    /// For a move: the attributes on the other side. It counts only under breakdowns by which
    /// the two differ.
    pub other_side: Option<Attributes>,
}

impl Contribution {
    fn plain(measure: Measure, at: Timestamp, delta: i64, attributes: Attributes) -> Self {
        Self {
            measure,
            at,
            delta,
            attributes,
            other_side: None,
        }
    }
}

/// Everything that an aggregate adds to measures.
///
/// # Errors
/// Only what is wrong with the rows.
pub fn contributions<P: Projected>(
    row: &Row<P::Fact>,
    basis: Basis,
    agreements: &ServiceAgreements,
) -> Result<Vec<Contribution>, RowsError> {
    let circumstances = Circumstances {
        agreements,
        as_at: basis.as_at,
    };
    Ok(P::contributions(&facts(row, basis)?, &circumstances))
}
