//! Reading records over HTTP: lists of a scope's tickets, outages, changes and so on, and one of
//! them with its recorded events.
//!
//! Tickets are many and listed by an index of one log. The others are few: a scope lists those of
//! all its logs from the ledger that figures are computed from, newest first.

mod agreements;
mod changes;
mod claims;
mod events;
mod findings;
mod freezes;
mod gates;
mod interims;
mod list;
mod members;
mod one;
mod outages;
mod page_end;
mod parameters;
mod posts;
mod programmes;
mod recovery_tests;
mod routes;
mod service_agreements;
mod service_level;
mod service_levels;
mod tickets;

#[cfg(test)]
mod tests;

pub(crate) use interims::days_left;
pub(crate) use routes::routes;
pub(crate) use service_level::{Found, begun_minutes, found, minutes};

use townclerk_app::http::Problem;
use townclerk_views::rows::RowsError;

use crate::view::ViewError;

/// Why a read has no answer: what was asked, or what failed.
pub(crate) enum ReadError {
    Problem(Problem),
    Failed(ViewError),
}

impl From<Problem> for ReadError {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<ViewError> for ReadError {
    fn from(error: ViewError) -> Self {
        Self::Failed(error)
    }
}

impl From<RowsError> for ReadError {
    fn from(error: RowsError) -> Self {
        Self::Failed(error.into())
    }
}
