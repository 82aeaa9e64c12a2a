//! Rows in sled: the only crate that names sled. Everything here can be thrown away and rebuilt.
//!
//! A *generation* is a sled directory of its own. Rows, checkpoints, digest and fold version stand
//! in one tree, so that one batch moves them together.

pub mod checkpoint;

pub mod digest;

pub mod store;

pub mod generations;

#[cfg(any(test, feature = "testing"))]
pub mod testing;
