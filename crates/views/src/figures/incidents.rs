//! Incidents beside the changes that caused them, and changes beside the incidents they caused.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use townclerk_domain::change::Change;
use townclerk_domain::names::LogName;
use townclerk_domain::period::{Period, london_day};
use townclerk_domain::reference::{Reference, ReferenceKind};
use townclerk_domain::ticket::{Priority, TicketKind};
use uuid::Uuid;

use super::changes::has;
use super::computed::Computing;
use super::evaluate::Evaluation;
use crate::kept::Kept;
use crate::ledger::{Ledger, LinkedTicket};
use crate::quantity::Quantity;
use crate::rows::Rows;

impl<R: Rows> Evaluation<'_, R> {
    /// Whole days from the latest major incident that a change caused to the period's last day.
    pub(super) fn days_since_incident(&self, of: &Computing<'_>) -> Option<Quantity> {
        let seen = of.asked.period.end().min(of.as_at);
        // What there is at the end is looked at with the councils of that day.
        let last = Period::Day(of.asked.period.last_day());
        let of_scope = |ticket: &&LinkedTicket| {
            self.is_affected(&ticket.log, &ticket.ticket.attributes.councils, &last)
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

    /// Of the changes closed in the period, how many caused an incident.
    pub(super) fn incident_rate(&self, of: &Computing<'_>) -> Option<Quantity> {
        let period = &of.asked.period;
        let closed = of.ledger.changes.iter().filter(|change| {
            let closed = change.stands.closed.map(|(at, _)| at);
            closed
                .filter(|at| period.start() <= *at && *at < period.end().min(of.as_at))
                .is_some_and(|at| {
                    let councils = &change.stands.requested.councils;
                    has(&change.stands, of.asked.values)
                        && self.is_of_home(of.asked, change, at, councils)
                })
        });
        let closed: Vec<&Kept<Change>> = closed.collect();
        if closed.is_empty() {
            return None;
        }
        let tickets = of.ledger.tickets.values();
        let incidents = tickets
            .filter(|ticket| is_incident(ticket) && self.takes_part(&ticket.log, ticket.logged));
        let causing: BTreeSet<(&LogName, Uuid)> = incidents
            .flat_map(|ticket| changes_behind(of.ledger, ticket))
            .collect();
        let caused = closed
            .iter()
            .filter(|change| causing.contains(&(&change.log, change.id)));
        let sample = closed.iter().any(|change| change.sample);
        let [caused, closed] = [caused.count(), closed.len()].map(i64::try_from);
        Quantity::percent(caused.ok()?, closed.ok()?, sample)
    }
}

fn is_incident(ticket: &LinkedTicket) -> bool {
    ticket.ticket.attributes.kind == TicketKind::Incident
}

/// A major incident is one of the highest priority.
fn is_major(ticket: &LinkedTicket) -> bool {
    is_incident(ticket) && ticket.ticket.attributes.priority == Priority::P1
}

/// Whether a change caused the incident.
fn is_change_related(ledger: &Ledger, ticket: &LinkedTicket) -> bool {
    changes_behind(ledger, ticket).next().is_some()
}

/// The changes that caused an incident: linked by either side, or by way of an outage.
fn changes_behind<'a>(
    ledger: &'a Ledger,
    ticket: &'a LinkedTicket,
) -> impl Iterator<Item = (&'a LogName, Uuid)> {
    let outages = ticket.causes.iter();
    let outages = outages.filter(|cause| cause.kind == ReferenceKind::Outage);
    let linked = outages.clone().filter_map(|cause| {
        let outage = ledger.outage(&cause.log, cause.id)?;
        Some(&outage.stands.linked)
    });
    let named = std::iter::once(&ticket.causes).chain(linked).flatten();
    let named = named.filter(|cause| cause.kind == ReferenceKind::Change);
    let named = named.map(|cause| (&cause.log, cause.id));
    let itself = Reference {
        log: ticket.log.clone(),
        kind: ReferenceKind::Ticket,
        id: ticket.id,
    };
    let effects = std::iter::once(itself).chain(outages.cloned());
    let causing = effects.flat_map(|effect| ledger.causing(&effect));
    named.chain(causing)
}
