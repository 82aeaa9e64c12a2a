//! The pages that each view has, and what they are called.

use townclerk_app::access::Need;
use townclerk_domain::identity::Family;
use townclerk_domain::names::Scope;
use townclerk_views::basis::Basis;
use townclerk_views::measure::Measure;

use crate::routes::{FIGURES, RECORDS};

/// What a page of a view is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    Tickets,
    ServiceLevels,
    Backlog,
    Availability,
    Outages,
    Changes,
    Posts,
    Findings,
}

impl Topic {
    /// In the order in which pages link to each other.
    pub const ALL: [Self; 8] = [
        Self::Tickets,
        Self::ServiceLevels,
        Self::Backlog,
        Self::Availability,
        Self::Outages,
        Self::Changes,
        Self::Posts,
        Self::Findings,
    ];

    pub fn title(self) -> &'static str {
        match self {
            Self::Tickets => "Tickets",
            Self::ServiceLevels => "Service levels",
            Self::Backlog => "Backlog",
            Self::Availability => "Availability",
            Self::Outages => "Outages",
            Self::Changes => "Changes",
            Self::Posts => "Posts",
            Self::Findings => "Findings",
        }
    }

    /// The measure whose record says up to which moment the page is shown; findings have none.
    pub fn counted_first(self) -> Option<Measure> {
        match self {
            Self::Tickets | Self::ServiceLevels | Self::Backlog => Some(Measure::TicketsLogged),
            Self::Availability => Some(Measure::Availability),
            Self::Outages => Some(Measure::Outages),
            Self::Changes => Some(Measure::ChangesClosed),
            Self::Posts => Some(Measure::Establishment),
            Self::Findings => None,
        }
    }

    /// What the page shows, as the beginning of a sentence.
    pub fn lead(self) -> &'static str {
        match self {
            Self::Tickets => "Tickets of the shared IT service.",
            Self::ServiceLevels => "Tickets against the targets that were agreed.",
            Self::Backlog => "Open tickets, how they came and went, and the aged ones among them.",
            Self::Availability => "Availability of services, against what was agreed.",
            Self::Outages => "Outages of services, planned maintenance and tests of recovery.",
            Self::Changes => "Changes to services, with the freezes and gates that hold them.",
            Self::Posts => "Posts of the establishment, and the phases in which they changed.",
            Self::Findings => "What was recorded and does not fit together.",
        }
    }

    /// What the page says instead of the moment that it is as at, where there is none.
    pub fn as_at_nothing(self) -> &'static str {
        match self {
            Self::Findings => "everything that is recorded",
            _ => "the record is not complete up to any moment",
        }
    }

    /// The address of the page, as routes and links write it.
    pub fn path(self, view: &str) -> String {
        match self {
            Self::Tickets => format!("/{view}"),
            Self::ServiceLevels => format!("/{view}/service-levels"),
            Self::Backlog => format!("/{view}/backlog"),
            Self::Availability => format!("/{view}/availability"),
            Self::Outages => format!("/{view}/outages"),
            Self::Changes => format!("/{view}/changes"),
            Self::Posts => format!("/{view}/posts"),
            Self::Findings => format!("/{view}/findings"),
        }
    }

    /// Findings are records; the other pages show figures to everybody who may read those.
    pub fn need(self) -> Need {
        match self {
            Self::Findings => RECORDS,
            _ => FIGURES,
        }
    }

    /// Whose coverage the page rests on.
    pub fn families(self) -> &'static [Family] {
        match self {
            Self::Tickets | Self::ServiceLevels | Self::Backlog => &[Family::Ticket],
            Self::Availability => &[Family::Outage],
            Self::Outages => &[Family::Outage],
            Self::Changes => &[Family::Change],
            Self::Posts => &[Family::Restructure],
            Self::Findings => &[
                Family::Ticket,
                Family::Change,
                Family::Outage,
                Family::Restructure,
            ],
        }
    }
}

/// The moments as the part of an address that begins with `first`; empty where none is asked for.
pub fn basis_query(first: char, asked: Basis) -> String {
    let pairs = [("as_at", asked.as_at), ("known_at", asked.known_at)];
    let pairs = pairs
        .into_iter()
        .filter_map(|(name, moment)| moment.map(|moment| format!("{name}={moment}")));
    let joined = pairs.collect::<Vec<_>>().join("&");
    match joined.is_empty() {
        true => joined,
        false => format!("{first}{joined}"),
    }
}

/// A page with the moments that another one was asked for.
pub fn address(topic: Topic, scope: &Scope, asked: Basis) -> String {
    format!("{}{}", topic.path(scope.as_str()), basis_query('?', asked))
}
