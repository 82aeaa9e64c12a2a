//! Changes: from requested to closed, by the states of IT service management.

mod fact;
mod rules;
#[cfg(test)]
mod tests;

pub use fact::{
    Assessed, Authorised, Cancelled, Caused, ChangeFact, ChangeType, Closed, Implemented, Outcome,
    Rejected, Requested, ReviewDue, Reviewed, Risk, Scheduled, Started,
};
pub use rules::{Change, ChangeRules, NAMED_MAX, Refusal, Status, Transition};
