//! The attributes of counted records: what they are broken down by, and whom they hit.

use std::collections::BTreeSet;
use std::sync::Arc;

use townclerk_domain::change::{ChangeType, Outcome};
use townclerk_domain::names::Code;
use townclerk_domain::post::Appointment;
use townclerk_domain::ticket::Logged;

use crate::dimension::{Dimension, UNKNOWN, provider};

pub use townclerk_domain::dimension::Age;

/// What a record was when it was counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attributes {
    Ticket {
        logged: Arc<Logged>,
        /// For a resolution.
        age: Option<Age>,
    },
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
            (Self::Ticket { logged, age }, _) => of_ticket(logged, *age, dimension),
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
            Self::Ticket { logged, .. } => Some(&logged.councils),
            Self::Change { councils, .. } => Some(councils),
            Self::Post { .. } => None,
        };
        councils.into_iter().flatten()
    }
}

fn of_ticket(logged: &Logged, age: Option<Age>, dimension: Dimension) -> Option<&str> {
    let directorate = || logged.directorate.as_ref().map_or(UNKNOWN, Code::as_str);
    match dimension {
        Dimension::Kind => Some(logged.kind.code()),
        Dimension::Priority => Some(logged.priority.code()),
        Dimension::Service => Some(logged.service.as_str()),
        Dimension::Category => Some(logged.category.as_str()),
        Dimension::Channel => Some(logged.channel.code()),
        Dimension::UserClass => Some(logged.user_class.code()),
        Dimension::Directorate => Some(directorate()),
        Dimension::Provider => Some(provider(logged.sts)),
        Dimension::Age => age.map(Age::code),
        _ => None,
    }
}
