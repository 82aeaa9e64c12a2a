//! Tests of recovery: how long a group of services took to come back, beside what was aimed at.
//!
//! Epping Forest, Stronger Council Select Committee, 14 July 2020: a full restore took about 5 hours
//! 45 minutes, and critical services are listed in the order in which they come back.

mod fact;
mod rules;
#[cfg(test)]
mod tests;

pub use fact::{RecoveryTestFact, RecoveryTested};
pub use rules::{MINUTES_MAX, RecoveryTest, RecoveryTestRules, Refusal};
