//! The dimensions by which figures are broken down.

use townclerk_domain::change::{ChangeType, Outcome};
use townclerk_domain::identity::AggregateKind;
use townclerk_domain::outage::{Party, Severity};
use townclerk_domain::post::Appointment;
use townclerk_domain::ticket::{Channel, Priority, TicketKind, UserClass};

use crate::attributes::{Age, Attributes};

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
    /// What whoever holds a post does.
    Role,
    /// The worst that an outage did to a service.
    Severity,
}

/// The code of who deals with a ticket.
pub(crate) const fn provider(sts: bool) -> &'static str {
    match sts {
        true => "sts",
        false => "council",
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

    /// Persisted in keys: append, never reorder.
    fn bit(self) -> u32 {
        match self {
            Self::Kind => 1,
            Self::Priority => 1 << 1,
            Self::Service => 1 << 2,
            Self::Category => 1 << 3,
            Self::Channel => 1 << 4,
            Self::Outcome => 1 << 5,
            Self::ChangeType => 1 << 6,
            Self::Appointment => 1 << 7,
            Self::Component => 1 << 8,
            Self::Class => 1 << 9,
            Self::Party => 1 << 10,
            Self::Provider => 1 << 11,
            Self::Age => 1 << 12,
            Self::UserClass => 1 << 15,
            Self::Directorate => 1 << 16,
            Self::Team => 1 << 13,
            Self::Role => 1 << 14,
            Self::Severity => 1 << 17,
        }
    }
}

/// A set of dimensions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mask(u32);

impl Mask {
    pub const NONE: Self = Self(0);

    pub fn of(dimensions: impl IntoIterator<Item = Dimension>) -> Self {
        let bits = dimensions.into_iter().fold(0, |bits, d| bits | d.bit());
        Self(bits)
    }

    /// The masks that counters of a kind of aggregate are kept for: none, single dimensions, and some
    /// pairs: of tickets kind by priority, of changes what shares are taken of. Others take a pass
    /// over all rows: by user class and directorate tickets are looked at seldom, and each counter
    /// costs every event.
    pub fn counted(kind: AggregateKind) -> Vec<Self> {
        use Dimension::{
            Age, Appointment, Category, ChangeType, Channel, Kind, Outcome, Priority, Provider,
            Role, Service, Team,
        };
        let (singles, pairs): (&[Dimension], &[[Dimension; 2]]) = match kind {
            AggregateKind::Ticket => (
                &[Kind, Priority, Service, Category, Channel, Provider, Age],
                &[[Kind, Priority]],
            ),
            AggregateKind::Change => (&[Outcome, ChangeType], &[[Outcome, ChangeType]]),
            AggregateKind::Post => (&[Appointment, Team, Role], &[]),
            _ => return Vec::new(),
        };
        let singles = singles.iter().map(|dimension| Self::of([*dimension]));
        let pairs = pairs.iter().map(|pair| Self::of(*pair));
        std::iter::once(Self::NONE)
            .chain(singles)
            .chain(pairs)
            .collect()
    }

    /// The masks by which everything is given that can be: none, each dimension, kind by priority.
    pub fn everything() -> Vec<Self> {
        let singles = Dimension::ALL.into_iter().map(|d| Self::of([d]));
        let pair = Self::of([Dimension::Kind, Dimension::Priority]);
        std::iter::once(Self::NONE)
            .chain(singles)
            .chain([pair])
            .collect()
    }

    pub fn is_counted(self, kind: AggregateKind) -> bool {
        Self::counted(kind).contains(&self)
    }

    pub fn bits(self) -> u32 {
        self.0
    }

    pub fn len(self) -> usize {
        self.dimensions().count()
    }

    pub fn is_empty(self) -> bool {
        self == Self::NONE
    }

    pub fn dimensions(self) -> impl Iterator<Item = Dimension> {
        Dimension::ALL
            .into_iter()
            .filter(move |dimension| self.0 & dimension.bit() != 0)
    }

    /// The values of a record with these attributes, in the order of the dimensions; `None` where
    /// it lacks one of them.
    pub fn values(self, attributes: &Attributes) -> Option<Vec<String>> {
        self.dimensions()
            .map(|dimension| attributes.value(dimension).map(str::to_owned))
            .collect()
    }
}
