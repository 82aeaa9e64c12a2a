//! Figures: from rows, coverages and members to what people read.

mod cells;
mod evaluate;
mod query;

pub use cells::{PassCache, Positions};
pub use evaluate::{Reading, figures};
pub use query::{Breakdown, Home, Periods, Query};
