//! Outages and planned maintenance: what was down, for whom, from when to when, and why.

mod effects;
mod fact;
mod refusal;
mod rules;
mod state;
#[cfg(test)]
mod tests;

pub use fact::{
    ActionAgreed, ActionCompleted, Affected, CauseFound, Closed, Declared, Effect, Escalated,
    Linked, MaintenanceCancelled, MaintenancePlanned, Narrowed, OutageFact, Party, Recurred,
    Resolved, Reviewed, ServiceRestored, Severity, UsersAffected, Widened, WorkedAround,
};
pub use refusal::{ACTIONS_MAX, COUNCILS_MAX, EFFECTS_MAX, NOTICES_MAX, Refusal, SERVICES_MAX};
pub use rules::OutageRules;
pub use state::{Action, Begun, Nature, Notice, Outage, Status};
