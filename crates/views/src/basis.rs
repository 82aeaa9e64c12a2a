//! On what a figure or list rests.

use jiff::Timestamp;

/// A moment in the world and a moment of knowledge; `None` is "all that there is".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Basis {
    /// What happened at this instant or later does not count.
    pub as_at: Option<Timestamp>,
    /// What became known after this instant does not count.
    pub known_at: Option<Timestamp>,
}
