//! Who may do what: tokens, roles, and the one place where access is checked.

pub mod caller;

mod private_file;

pub mod tokens;

pub mod need;

pub mod guard;

pub mod session;

#[cfg(test)]
mod audit_tests;

#[cfg(test)]
mod tests;

pub use caller::{Caller, Councils, Role};
pub use guard::{Guarded, RouteNeed};
pub use need::{Anonymous, Need, ScopeNeed};
pub use tokens::{IssuedToken, TokenBook, TokenError};
