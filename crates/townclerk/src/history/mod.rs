//! The history of logs as a folder of files: one line for each message, byte for byte as it stands
//! in its log, with its position and the chain up to it; and a manifest, written last.
//!
//! *Invariant*: what is read from a file is checked against position and chain, whoever reads it.

mod check;
mod export;
mod fault;
mod feed;
mod import;
mod line;
mod lines;
mod manifest;

pub use check::check;
pub use export::{Exported, NotEmpty, export};
pub use fault::{Fault, FaultKind};
pub use import::{Comparison, Imported, LogEnds, compare};
pub use manifest::{LogFile, MANIFEST, Manifest};

#[cfg(test)]
mod tests;
