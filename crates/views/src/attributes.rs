//! The attributes of counted records: what they are broken down by, and whom they hit.

use std::collections::BTreeSet;

use townclerk_domain::change::{ChangeType, Outcome};
use townclerk_domain::names::Code;
use townclerk_domain::post::Appointment;
use townclerk_domain::ticket::Logged;

use crate::dimension::Dimension;

/// What a record was when it was counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attributes {
    Ticket(Logged),
    Change {
        outcome: Outcome,
        change_type: ChangeType,
        councils: BTreeSet<Code>,
    },
    Post {
        team: Code,
        role: Code,
        /// For a filling.
        appointment: Option<Appointment>,
    },
}

impl Attributes {
    /// `None` where such a record has no such dimension.
    pub fn value(&self, dimension: Dimension) -> Option<&str> {
        match (self, dimension) {
            (Self::Ticket(ticket), Dimension::Kind) => Some(ticket.kind.code()),
            (Self::Ticket(ticket), Dimension::Priority) => Some(ticket.priority.code()),
            (Self::Ticket(ticket), Dimension::Service) => Some(ticket.service.as_str()),
            (Self::Ticket(ticket), Dimension::Category) => Some(ticket.category.as_str()),
            (Self::Ticket(ticket), Dimension::Channel) => Some(ticket.channel.code()),
            (Self::Change { outcome, .. }, Dimension::Outcome) => Some(outcome.code()),
            (Self::Change { change_type, .. }, Dimension::ChangeType) => Some(change_type.code()),
            (Self::Post { appointment, .. }, Dimension::Appointment) => {
                appointment.map(Appointment::code)
            }
            (Self::Post { team, .. }, Dimension::Team) => Some(team.as_str()),
            (Self::Post { role, .. }, Dimension::Role) => Some(role.as_str()),
            _ => None,
        }
    }

    /// The councils that a shared record hits.
    pub fn councils(&self) -> impl Iterator<Item = &Code> {
        let councils = match self {
            Self::Ticket(ticket) => Some(&ticket.councils),
            Self::Change { councils, .. } => Some(councils),
            Self::Post { .. } => None,
        };
        councils.into_iter().flatten()
    }
}
