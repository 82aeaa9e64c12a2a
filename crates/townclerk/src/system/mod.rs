//! The whole system in one process: nats-server, services and views, started in order, following
//! the files that say who takes part, and stopped in reverse.

mod admission;
mod descriptors;
mod ends;
mod files;
mod logs;
mod quotas;
mod reach;
mod roles;
mod room;
mod running;
mod server;
mod tokens;
mod up;

pub(crate) use admission::{
    Admitted, QuotaChange, add_council, add_partner, council_ready, partner_gone, partner_ready,
    remove_partner,
};
pub use descriptors::connection_limits;
pub use ends::EndsFile;
pub(crate) use ends::accept_end;
pub(crate) use files::begin_editing;
pub use files::{first_tokens_file, operator_token_file, token_book_file};
pub use logs::{Logs, initialise};
pub use quotas::QuotaFile;
pub(crate) use quotas::used_today;
pub use reach::{Opened, Reach};
pub use roles::{Means, OpenGateway, Parted, Roles, compose};
pub(crate) use tokens::{TokenRefusal, issue_token, reached, revoke_token, tokens};
pub use up::{Prepared, System, UpOptions};
