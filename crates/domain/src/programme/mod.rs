//! Programmes of restructuring: phases, pauses, completion.

mod fact;
mod rules;

#[cfg(test)]
mod tests;

pub use fact::{
    PhaseCompleted, PhaseStarted, PlannedPhase, ProgrammeCompleted, ProgrammeFact, ProgrammeOpened,
    ProgrammePaused, ProgrammeResumed,
};
pub use rules::{PHASES_MAX, Phase, Programme, ProgrammeRules, Refusal};
