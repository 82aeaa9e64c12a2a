//! The append-only log: JetStream and nothing else, and an in-memory twin for tests.
//!
//! Both pass the same suite, [`conformance`].

mod log;
pub use log::{
    AppendError, Appended, ContinueError, EventLog, Expected, Head, LogError, StoredMessage, Tail,
    Verbatim,
};

mod ends;
pub use ends::{Ends, SeenEnd, Shortened};

mod end_checked;
pub use end_checked::EndChecked;

mod room;
pub use room::{DiskFull, Room, RoomLevel};

mod writes;
pub use writes::{FAILED_COUNTS, Measure, Says, Watched, Writes};

mod read_through;
pub use read_through::{Pace, ReadThrough, is_missing, missing, read_through};

mod partner;
pub use partner::{AnswerTo, DurableState, PartnerAsk, PartnerDesk, PartnerRequest, StartOutcome};

mod grouped;
pub use grouped::Grouped;

pub mod import;

pub mod memory;

pub mod jetstream;

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
