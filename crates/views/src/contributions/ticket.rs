//! What a ticket adds.

use jiff::Timestamp;
use townclerk_domain::decider::Decider;
use townclerk_domain::ticket::{Logged, Status, TicketFact, TicketRules};
use townclerk_domain::timeline::Standing;

use super::Contribution;
use crate::attributes::Attributes;
use crate::measure::Measure;

/// What the facts of one ticket add.
pub(crate) fn of(facts: &[Standing<TicketFact>]) -> Vec<Contribution> {
    let mut found = Vec::new();
    let mut ticket = None;
    let mut latest_resolution = None;
    for standing in facts {
        let at = standing.happened;
        let before = match &standing.fact {
            TicketFact::Recategorised(_) | TicketFact::Reprioritised(_) => ticket.clone(),
            _ => None,
        };
        ticket = TicketRules::evolve(ticket, &standing.fact, at);
        let Some(after) = &ticket else { continue };
        let attributes = &after.attributes;
        let mut add = |measure, delta| found.push(plain(measure, at, delta, attributes));
        match &standing.fact {
            TicketFact::Logged(_) => {
                add(Measure::TicketsLogged, 1);
                add(Measure::TicketsOpen, 1);
            }
            TicketFact::Resolved(_) => {
                add(Measure::TicketResolutions, 1);
                add(Measure::TicketsOpen, -1);
                latest_resolution = Some((at, attributes.clone()));
            }
            TicketFact::Reopened(_) => {
                add(Measure::TicketsReopened, 1);
                add(Measure::TicketsOpen, 1);
            }
            TicketFact::Cancelled(_) => {
                add(Measure::TicketsCancelled, 1);
                add(Measure::TicketsOpen, -1);
            }
            TicketFact::Recategorised(_) | TicketFact::Reprioritised(_) => {
                if let Some(before) = before.filter(|before| before.attributes != *attributes) {
                    found.extend(moved(at, &before.attributes, attributes));
                }
            }
            TicketFact::Triaged(_)
            | TicketFact::Started(_)
            | TicketFact::Held(_)
            | TicketFact::Closed(_)
            | TicketFact::Assigned(_)
            | TicketFact::Linked(_) => {}
        }
    }
    let status = ticket.map(|ticket| ticket.status);
    if let (Some(Status::Resolved | Status::Closed), Some((at, attributes))) =
        (status, latest_resolution)
    {
        found.push(plain(Measure::TicketsResolved, at, 1, &attributes));
    }
    found
}

fn plain(measure: Measure, at: Timestamp, delta: i64, attributes: &Logged) -> Contribution {
    Contribution::plain(measure, at, delta, Attributes::Ticket(attributes.clone()))
}

/// An open ticket that changes its attributes leaves one part of the backlog and joins another.
fn moved(at: Timestamp, from: &Logged, to: &Logged) -> [Contribution; 4] {
    let side = |measure, delta, here: &Logged, there: &Logged| Contribution {
        other_side: Some(Attributes::Ticket(there.clone())),
        ..plain(measure, at, delta, here)
    };
    [
        side(Measure::TicketsMovedOut, 1, from, to),
        side(Measure::TicketsOpen, -1, from, to),
        side(Measure::TicketsMovedIn, 1, to, from),
        side(Measure::TicketsOpen, 1, to, from),
    ]
}
