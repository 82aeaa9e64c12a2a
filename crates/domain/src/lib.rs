//! Every rule of the record: what may be recorded, in which order, and what it means.
//!
//! Pure: no I/O, no clock, no randomness. The time arrives inside a command or a recorded event.
//! Event types carry serde and schemars derives and are the payloads on the wire.

pub mod names;

mod codes;

pub mod plain_text;

pub mod text;

pub mod kinds;

pub mod identity;

pub mod period;

pub mod imprecise;

pub mod instant;

pub mod fields;

pub mod reference;

pub mod decimal;

pub mod amendment;

pub mod timeline;

pub mod decider;

pub mod ticket;

pub mod change;

pub mod freeze;

pub mod gate;

pub mod outage;

pub mod recovery;

pub mod programme;

pub mod post;

pub mod service_time;

pub mod availability;

pub mod targets;

pub mod hours;

pub mod holidays;

pub mod service_clock;

pub mod service_level;

pub mod service_terms;

pub mod coverage;

pub mod dimension;

pub mod measured;

pub mod claim;

pub mod partnership;

pub mod event;

#[cfg(any(test, feature = "testing"))]
pub mod testing;
