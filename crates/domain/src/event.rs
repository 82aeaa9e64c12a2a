//! A recorded event of any family.

use jiff::Timestamp;

use crate::amendment::Recordable;
use crate::decider::Decider;
use crate::identity::{AggregateId, EventId};
use crate::names::LogName;

/// An event as a log holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded<E> {
    pub log: LogName,
    /// Its position in the log, from 1.
    pub sequence: u64,
    pub id: EventId,
    pub aggregate: AggregateId,
    /// When it happened in the world.
    pub happened: Timestamp,
    /// When the service recorded it.
    pub recorded: Timestamp,
    /// Whether it was made up for a demonstration.
    pub sample: bool,
    pub event: E,
}

/// Ties the rules of one kind to its variant of [`Event`].
pub trait Recording: Decider {
    fn into_event(what: Recordable<Self::Fact>) -> Event;

    /// `None` where `event` is of another kind.
    fn from_event(event: Event) -> Option<Recordable<Self::Fact>>;
}

macro_rules! events {
    ($($kind:ident, $rules:ty, $token:literal, $family:ident, $byte:literal, $says:ident;)+) => {
        /// What happened to an aggregate of any kind.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Event {
            $($kind(Recordable<<$rules as Decider>::Fact>),)+
        }

        $(impl Recording for $rules {
            fn into_event(what: Recordable<Self::Fact>) -> Event {
                Event::$kind(what)
            }

            fn from_event(event: Event) -> Option<Recordable<Self::Fact>> {
                match event {
                    Event::$kind(what) => Some(what),
                    _ => None,
                }
            }
        })+
    };
}

crate::for_each_kind!([events]);
