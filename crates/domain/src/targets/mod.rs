//! What was agreed on how long tickets may take: targets, what stops the clock, what share of tickets
//! must meet their target, and from which age on a ticket is an aged one.

mod fact;
mod rules;

#[cfg(test)]
mod tests;

pub use fact::{
    AgeLimitAgreed, AttainmentAgreed, PausesAgreed, Target, TargetsAgreed, TargetsEnded,
    TargetsFact,
};
pub use rules::{
    AGREEMENTS_MAX, MINUTES_MAX, REASONS_MAX, Refusal, Subject, TargetAgreements, TargetsRules,
    ended_by, targets_of,
};
