//! The dimensions by which tickets are broken down.

use townclerk_domain::ticket::{Channel, Logged, Priority, TicketKind};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    Kind,
    Priority,
    Service,
    Category,
    Channel,
}

impl Dimension {
    pub const ALL: [Self; 5] = [
        Self::Kind,
        Self::Priority,
        Self::Service,
        Self::Category,
        Self::Channel,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Kind => "kind",
            Self::Priority => "priority",
            Self::Service => "service",
            Self::Category => "category",
            Self::Channel => "channel",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|dimension| dimension.name() == name)
    }

    /// The value of a ticket that has these attributes.
    pub fn value(self, attributes: &Logged) -> &str {
        match self {
            Self::Kind => attributes.kind.code(),
            Self::Priority => attributes.priority.code(),
            Self::Service => attributes.service.as_str(),
            Self::Category => attributes.category.as_str(),
            Self::Channel => attributes.channel.code(),
        }
    }

    /// All values there can be; `None` where they are data.
    pub fn values(self) -> Option<Vec<&'static str>> {
        match self {
            Self::Kind => Some(TicketKind::ALL.iter().map(|kind| kind.code()).collect()),
            Self::Priority => Some(Priority::ALL.iter().map(|p| p.code()).collect()),
            Self::Channel => Some(Channel::ALL.iter().map(|c| c.code()).collect()),
            Self::Service | Self::Category => None,
        }
    }

    /// Persisted in keys: append, never reorder.
    fn bit(self) -> u8 {
        match self {
            Self::Kind => 1,
            Self::Priority => 2,
            Self::Service => 4,
            Self::Category => 8,
            Self::Channel => 16,
        }
    }
}

/// A set of dimensions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mask(u8);

impl Mask {
    pub const NONE: Self = Self(0);

    pub fn of(dimensions: impl IntoIterator<Item = Dimension>) -> Self {
        let bits = dimensions.into_iter().fold(0, |bits, d| bits | d.bit());
        Self(bits)
    }

    /// The masks that counters are kept for: none, each single dimension, kind by priority.
    pub fn counted() -> Vec<Self> {
        let singles = Dimension::ALL.into_iter().map(|d| Self::of([d]));
        let pair = Self::of([Dimension::Kind, Dimension::Priority]);
        std::iter::once(Self::NONE)
            .chain(singles)
            .chain([pair])
            .collect()
    }

    pub fn is_counted(self) -> bool {
        Self::counted().contains(&self)
    }

    pub fn bits(self) -> u8 {
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

    /// The values of a ticket with these attributes, in the order of the dimensions.
    pub fn values(self, attributes: &Logged) -> Vec<String> {
        self.dimensions()
            .map(|dimension| dimension.value(attributes).to_owned())
            .collect()
    }
}
