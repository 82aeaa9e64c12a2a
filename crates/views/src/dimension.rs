//! Sets of dimensions.

pub use townclerk_domain::dimension::{Dimension, UNKNOWN, provider};

/// The bit of a dimension in a mask. Persisted in keys: append, never reorder.
fn bit(dimension: Dimension) -> u32 {
    match dimension {
        Dimension::Kind => 1,
        Dimension::Priority => 1 << 1,
        Dimension::Service => 1 << 2,
        Dimension::Category => 1 << 3,
        Dimension::Channel => 1 << 4,
        Dimension::Outcome => 1 << 5,
        Dimension::ChangeType => 1 << 6,
        Dimension::Appointment => 1 << 7,
        Dimension::Component => 1 << 8,
        Dimension::Class => 1 << 9,
        Dimension::Party => 1 << 10,
        Dimension::Provider => 1 << 11,
        Dimension::Age => 1 << 12,
        Dimension::UserClass => 1 << 15,
        Dimension::Directorate => 1 << 16,
        Dimension::Team => 1 << 13,
        Dimension::Role => 1 << 14,
        Dimension::Severity => 1 << 17,
    }
}

/// A set of dimensions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mask(u32);

impl Mask {
    pub const NONE: Self = Self(0);

    pub fn of(dimensions: impl IntoIterator<Item = Dimension>) -> Self {
        let bits = dimensions.into_iter().fold(0, |bits, d| bits | bit(d));
        Self(bits)
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
            .filter(move |dimension| self.0 & bit(*dimension) != 0)
    }
}
