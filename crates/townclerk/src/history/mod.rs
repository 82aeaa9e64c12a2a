//! The history of logs as a folder of files: one line for each message, byte for byte as it stands
//! in its log, with its position and the chain up to it; and a manifest, written last.
//!
//! *Invariant*: what is read from a file is checked against position and chain, for every reader.
//!
//! A signature over the manifest says who vouches for all of it.

mod check;
mod export;
mod fault;
mod feed;
mod import;
mod key;
mod line;
mod lines;
mod manifest;
mod regular;
mod signature;

pub use check::check;
pub use export::{Exported, NotEmpty, export};
pub use fault::{Fault, FaultKind};
pub use import::{Comparison, Imported, LogEnds, compare};
pub use key::{PublicKey, SigningKey};
pub use manifest::{LogFile, MANIFEST, Manifest, SignedManifest};
pub use signature::{SIGNATURE, Signed};

#[cfg(test)]
mod tests;
