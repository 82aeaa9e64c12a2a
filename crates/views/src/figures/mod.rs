//! Figures: from rows, coverages and members to what people read.

mod additive;
mod asked;
mod backlog;
mod cells;
mod changes;
mod claims;
mod computed;
mod counted;
mod evaluate;
mod failures;
mod incidents;
mod like_for_like;
mod outages;
mod query;
mod recovery;
mod scope;
mod services;
mod suppression;
mod unseen;

pub use additive::{additive_differences, additive_query};
pub use backlog::{FLOWS, MOVES, backlog_differences, backlog_query};
pub use cells::{PassCache, Positions};
pub use claims::beside;
pub use evaluate::{Audience, Reading, count, each_figure, figures};
pub use query::{Breakdown, Home, Periods, Query};
pub use unseen::recorded_codes;
