//! What one aggregate adds to each counted measure, as of a moment and as known then. Pure: the
//! one place where lives of records become numbers.

mod change;
mod post;
mod ticket;

pub(crate) use change::of as of_change;
pub(crate) use post::of as of_post;
pub(crate) use ticket::of as of_ticket;

use jiff::Timestamp;

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
) -> Result<Vec<Contribution>, RowsError> {
    Ok(P::contributions(&facts(row, basis)?))
}
