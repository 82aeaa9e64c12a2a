//! Gates: what must be complete before the changes of a project may be implemented.

mod fact;
mod rules;
#[cfg(test)]
mod tests;

pub use fact::{GateFact, GateLifted, GateRequirementMet, GateSet, Requirement};
pub use rules::{Gate, GateRules, REQUIREMENTS_MAX, Refusal};
