//! Facts in: each becomes a command, and is answered for itself.
//!
//! A fact comes over HTTP or over NATS and is treated alike. It is recorded, or it was already; it
//! is refused for what it says; it comes too early and is held for a while; or it could not be
//! decided, and is to be sent again. Only the first three are final.

mod answer;

mod deciding;

mod early;

mod gateway;

mod http;

mod held;

mod in_turn;

mod nats;

mod quota;

mod requests;

#[cfg(test)]
mod tests;

pub use early::{MayPass, may_pass};
pub use gateway::{Gateway, HoldLimits};
pub use http::routes;
pub use nats::serve;
pub use quota::{DayCounts, Quota, Quotas};
