//! The dimensions by which figures are broken down, and the values that there can be of each.

use crate::change::{ChangeType, Outcome};
use crate::outage::{Party, Severity};
use crate::post::Appointment;
use crate::ticket::{Channel, Priority, TicketKind, UserClass};

/// The value of a dimension that is not known of a record yet, such as the cause of an outage.
pub const UNKNOWN: &str = "unknown";

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    Kind,
    Priority,
    Service,
    Category,
    Channel,
    Outcome,
    ChangeType,
    Appointment,
    /// What failed in an outage.
    Component,
    /// In which way it failed.
    Class,
    /// Whose the cause was.
    Party,
    /// Who deals with a ticket: the shared technology service, or a council's own application team.
    Provider,
    /// Whether a ticket was an aged one when it was resolved.
    Age,
    UserClass,
    Directorate,
    /// The team that a post belongs to.
    Team,
    /// What the holder of a post does.
    Role,
    /// The worst that an outage did to a service.
    Severity,
}

/// The code of who deals with a ticket.
pub const fn provider(sts: bool) -> &'static str {
    match sts {
        true => "sts",
        false => "council",
    }
}

/// Whether a ticket was an aged one when it was resolved, by what was agreed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    Recent,
    Aged,
    /// No age limit governs it.
    Unknown,
}

impl Age {
    pub const ALL: [Self; 3] = [Self::Recent, Self::Aged, Self::Unknown];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Recent => "recent",
            Self::Aged => "aged",
            Self::Unknown => UNKNOWN,
        }
    }
}

impl Dimension {
    pub const ALL: [Self; 18] = [
        Self::Kind,
        Self::Priority,
        Self::Service,
        Self::Category,
        Self::Channel,
        Self::Outcome,
        Self::ChangeType,
        Self::Appointment,
        Self::Component,
        Self::Class,
        Self::Party,
        Self::Provider,
        Self::Age,
        Self::UserClass,
        Self::Directorate,
        Self::Team,
        Self::Role,
        Self::Severity,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Kind => "kind",
            Self::Priority => "priority",
            Self::Service => "service",
            Self::Category => "category",
            Self::Channel => "channel",
            Self::Outcome => "outcome",
            Self::ChangeType => "change_type",
            Self::Appointment => "appointment",
            Self::Component => "component",
            Self::Class => "class",
            Self::Party => "party",
            Self::Provider => "provider",
            Self::Age => "age",
            Self::UserClass => "user_class",
            Self::Directorate => "directorate",
            Self::Team => "team",
            Self::Role => "role",
            Self::Severity => "severity",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|dimension| dimension.name() == name)
    }

    /// All values there can be; `None` where they are data.
    pub fn values(self) -> Option<Vec<&'static str>> {
        match self {
            Self::Kind => Some(TicketKind::ALL.iter().map(|kind| kind.code()).collect()),
            Self::Priority => Some(Priority::ALL.iter().map(|p| p.code()).collect()),
            Self::Channel => Some(Channel::ALL.iter().map(|c| c.code()).collect()),
            Self::Outcome => Some(Outcome::ALL.iter().map(|o| o.code()).collect()),
            Self::ChangeType => Some(ChangeType::ALL.iter().map(|t| t.code()).collect()),
            Self::Appointment => Some(Appointment::ALL.iter().map(|a| a.code()).collect()),
            Self::Party => {
                let known = Party::ALL.iter().map(|party| party.code());
                Some(known.chain([UNKNOWN]).collect())
            }
            Self::Severity => {
                let known = Severity::ALL.iter().map(|severity| severity.code());
                Some(known.chain([UNKNOWN]).collect())
            }
            Self::Provider => Some([true, false].map(provider).to_vec()),
            Self::Age => Some(Age::ALL.map(Age::code).to_vec()),
            Self::UserClass => Some(UserClass::ALL.iter().map(|c| c.code()).collect()),
            Self::Service
            | Self::Category
            | Self::Component
            | Self::Class
            | Self::Directorate
            | Self::Team
            | Self::Role => None,
        }
    }
}
