//! Programmes of restructuring: phases, pauses, functions that move, completion.

mod elapsed;
mod fact;
mod rules;

#[cfg(test)]
mod tests;

pub use elapsed::{Elapsed, Plan};
pub use fact::{
    FunctionTransferred, PhaseCompleted, PhaseStarted, PlannedPhase, ProgrammeCompleted,
    ProgrammeFact, ProgrammeOpened, ProgrammePaused, ProgrammeResumed,
};
pub use rules::{PHASES_MAX, Phase, Programme, ProgrammeRules, Refusal};
