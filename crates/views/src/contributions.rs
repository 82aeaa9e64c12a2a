//! What one ticket adds to each measure, as of a moment and as known then. Pure: the one place
//! where the lives of tickets become numbers.

use jiff::Timestamp;
use townclerk_domain::decider::Decider;
use townclerk_domain::ticket::{Logged, Status, TicketFact, TicketRules};
use townclerk_domain::timeline::CorrectionError;

use crate::measure::Measure;
use crate::row::Row;

/// A moment in the world and a moment of knowledge; `None` is "all that there is".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Basis {
    /// What happened at this instant or later does not count.
    pub as_at: Option<Timestamp>,
    /// What became known after this instant does not count.
    pub known_at: Option<Timestamp>,
}

/// One thing that a ticket adds to one measure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contribution {
    pub measure: Measure,
    pub at: Timestamp,
    pub delta: i64,
    /// The attributes that the ticket had then, by which it is broken down.
    pub attributes: Logged,
    /// For a move: the attributes on the other side. It counts only under breakdowns by which
    /// the two differ.
    pub other_side: Option<Logged>,
}

/// Everything that a ticket adds to measures.
///
/// # Errors
/// A correction that does not fit; no fold lets one into a row.
pub fn contributions(
    row: &Row<TicketFact>,
    basis: Basis,
) -> Result<Vec<Contribution>, CorrectionError> {
    let mut found = Vec::new();
    let Some(facts) = row.timeline.standing(basis.known_at)? else {
        return Ok(found);
    };
    let mut ticket = None;
    let mut latest_resolution = None;
    let counts = |at: Timestamp| basis.as_at.is_none_or(|as_at| at < as_at);
    for standing in facts.iter().filter(|standing| counts(standing.happened)) {
        let at = standing.happened;
        let before = ticket.clone();
        ticket = TicketRules::evolve(ticket, &standing.fact);
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
    Ok(found)
}

fn plain(measure: Measure, at: Timestamp, delta: i64, attributes: &Logged) -> Contribution {
    Contribution {
        measure,
        at,
        delta,
        attributes: attributes.clone(),
        other_side: None,
    }
}

/// An open ticket that changes its attributes leaves one part of the backlog and joins another.
fn moved(at: Timestamp, from: &Logged, to: &Logged) -> [Contribution; 4] {
    let side = |measure, delta, here: &Logged, there: &Logged| Contribution {
        other_side: Some(there.clone()),
        ..plain(measure, at, delta, here)
    };
    [
        side(Measure::TicketsMovedOut, 1, from, to),
        side(Measure::TicketsOpen, -1, from, to),
        side(Measure::TicketsMovedIn, 1, to, from),
        side(Measure::TicketsOpen, 1, to, from),
    ]
}
