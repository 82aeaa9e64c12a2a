//! Who may do what: tokens, roles, and the one place where access is checked.

pub mod caller;

pub mod tokens;

mod token_changes;

pub mod need;

pub mod guard;

mod sessions;

mod failures;

pub mod session;

#[cfg(test)]
mod audit_tests;

#[cfg(test)]
mod tests;

pub(crate) use failures::TooMany;

pub use caller::{Caller, Councils, Role};
pub use guard::{Guarded, RouteNeed};
pub use need::{Anonymous, Need, ScopeNeed};
pub use sessions::Sessions;
pub use token_changes::TokenChange;
pub use tokens::{IssuedToken, TokenBook, TokenError};
