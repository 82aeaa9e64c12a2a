//! HTTP commands for the life of a ticket.

use std::sync::Arc;

use townclerk_app::access::{Guarded, Need, Role};
use townclerk_app::command::Handlers;
use townclerk_app::http::commands::Commands;
use townclerk_domain::ticket::{TicketFact, TicketRules};

#[cfg(test)]
mod tests;

/// The name of this service in the source of its events.
pub const SYSTEM: &str = "ticket-service";

const TICKETS: &str = "/v1/logs/{log}/tickets";

const DESK: Need = Need::command(&[Role::ServiceDesk]);

/// Adds the commands of tickets.
#[must_use]
pub fn routes(guarded: Guarded, handlers: Arc<Handlers<TicketRules>>) -> Guarded {
    let desk = Commands::new(handlers, SYSTEM);
    let on_one = |command: &str| format!("{TICKETS}/{{id}}/{command}");
    guarded
        .post(TICKETS, DESK, desk.creating(TicketFact::Logged))
        .post(
            &on_one("triage"),
            DESK,
            desk.on_existing(TicketFact::Triaged),
        )
        .post(
            &on_one("start"),
            DESK,
            desk.on_existing(TicketFact::Started),
        )
        .post(&on_one("hold"), DESK, desk.on_existing(TicketFact::Held))
        .post(
            &on_one("resolve"),
            DESK,
            desk.on_existing(TicketFact::Resolved),
        )
        .post(
            &on_one("reopen"),
            DESK,
            desk.on_existing(TicketFact::Reopened),
        )
        .post(&on_one("close"), DESK, desk.on_existing(TicketFact::Closed))
        .post(
            &on_one("cancel"),
            DESK,
            desk.on_existing(TicketFact::Cancelled),
        )
        .post(
            &on_one("reinstate"),
            DESK,
            desk.on_existing(TicketFact::Reinstated),
        )
        .post(
            &on_one("assign"),
            DESK,
            desk.on_existing(TicketFact::Assigned),
        )
        .post(
            &on_one("recategorise"),
            DESK,
            desk.on_existing(TicketFact::Recategorised),
        )
        .post(
            &on_one("reprioritise"),
            DESK,
            desk.on_existing(TicketFact::Reprioritised),
        )
        .post(&on_one("link"), DESK, desk.on_existing(TicketFact::Linked))
        .post(&on_one("correct"), DESK, desk.correcting())
        .post(&on_one("void"), DESK, desk.voiding())
}
