//! Incidents beside the changes that caused them.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use townclerk_domain::names::{LogName, Scope};
use townclerk_domain::period::london_day;
use townclerk_domain::reference::{Reference, ReferenceKind};
use townclerk_domain::ticket::{Priority, TicketKind};

use super::computed::Computing;
use super::evaluate::Evaluation;
use crate::ledger::{Ledger, LinkedTicket};
use crate::quantity::Quantity;
use crate::rows::Rows;

impl<R: Rows> Evaluation<'_, R> {
    /// Whole days from the latest major incident that a change caused to the period's last day.
    pub(super) fn days_since_incident(&self, of: &Computing<'_>) -> Option<Quantity> {
        let seen = of.asked.period.end().min(of.as_at);
        let members = self.councils(&of.asked.period);
        let of_scope = |ticket: &&LinkedTicket| match self.scope {
            Scope::Joint => ticket.log.is_shared() || members.contains(&ticket.log),
            Scope::Log(log) if log.is_shared() => ticket.log.is_shared(),
            Scope::Log(log) => {
                let hit = log.council().map(|council| {
                    ticket.log.is_shared() && ticket.ticket.attributes.councils.contains(council)
                });
                ticket.log == *log || hit.unwrap_or(false)
            }
        };
        let latest = of
            .ledger
            .tickets
            .values()
            .filter(|ticket| ticket.logged < seen)
            .filter(|ticket| is_major(ticket) && is_change_related(of.ledger, ticket))
            .filter(of_scope)
            .max_by_key(|ticket| ticket.logged)?;
        let today = london_day(seen - SignedDuration::from_micros(1));
        let span = today.since(london_day(latest.logged)).ok()?;
        Some(Quantity::count(span.get_days().into(), latest.sample))
    }
}

/// A major incident is one of the highest priority.
fn is_major(ticket: &LinkedTicket) -> bool {
    let attributes = &ticket.ticket.attributes;
    attributes.kind == TicketKind::Incident && attributes.priority == Priority::P1
}

/// Whether a change caused the incident: linked by either side, or by way of an outage.
fn is_change_related(ledger: &Ledger, ticket: &LinkedTicket) -> bool {
    let by_change = |causes: &BTreeSet<Reference>| {
        let mut kinds = causes.iter().map(|cause| cause.kind);
        kinds.any(|kind| kind == ReferenceKind::Change)
    };
    let caused = |log: &LogName, kind, id| {
        ledger.caused.contains(&Reference {
            log: log.clone(),
            kind,
            id,
        })
    };
    let by_outage = |cause: &Reference| {
        cause.kind == ReferenceKind::Outage
            && (caused(&cause.log, ReferenceKind::Outage, cause.id)
                || ledger
                    .outage(&cause.log, cause.id)
                    .is_some_and(|outage| by_change(&outage.stands.linked)))
    };
    by_change(&ticket.causes)
        || caused(&ticket.log, ReferenceKind::Ticket, ticket.id)
        || ticket.causes.iter().any(by_outage)
}
