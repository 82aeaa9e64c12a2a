//! Pure projections and figures: recorded events in, row changes out; rows in, figures out.
//!
//! A row of an aggregate is its timeline. Counters and indexes follow from the timelines; all rows
//! are a pure function of the logs' content and of [`FOLD_VERSION`].

pub mod rows;

pub mod key;

pub mod dimension;

pub mod measure;

pub mod definition;

pub mod basis;

pub mod contribution;

pub mod row;

pub mod kept;

pub mod agreed;

pub mod kinds;

pub mod tally;

pub mod fold;

mod counting;

mod open_row;

pub mod registry;

pub mod membership;

pub mod lists;

pub mod ledger;

pub mod availability;

pub mod failures;

pub mod change_control;

pub mod findings;

pub mod service_levels;

pub mod phases;

pub mod completeness;

pub mod quantity;

pub mod public;

pub mod figure;

pub mod figures;

/// Changes with every change of what rows look like or how they follow from events: rows of
/// another version are rebuilt.
pub const FOLD_VERSION: u32 = 5;

#[cfg(test)]
mod tests;
