//! Tickets: an incident or a service request through its whole life.

mod fact;
mod rules;
#[cfg(test)]
mod tests;

pub use fact::{
    Assigned, Cancelled, Channel, Closed, Held, Linked, Logged, Priority, Recategorised,
    Reinstated, Reopened, Reprioritised, Resolved, Started, TicketFact, TicketKind, Triaged,
    UserClass,
};
pub use rules::{Refusal, Status, Ticket, TicketRules, Transition};
