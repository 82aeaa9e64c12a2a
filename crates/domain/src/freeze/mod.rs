//! Freezes: times in which changes of a scope need an exemption.

mod fact;
mod rules;
#[cfg(test)]
mod tests;

pub use fact::{
    ChangeReference, Exempt, FreezeDeclared, FreezeExempted, FreezeFact, FreezeLifted, FreezeScope,
};
pub use rules::{EXEMPTIONS_MAX, Freeze, FreezeRules, NAMED_MAX, Refusal};
