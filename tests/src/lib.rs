//! What the system tests share: a running system, its clients, and processes that can be killed.

pub mod composition;
pub mod executable;
pub mod lives;
pub mod town;
