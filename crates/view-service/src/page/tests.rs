//! Pages of a small record: a view over logs in memory, read as a browser reads them.

mod levels;
mod like_for_like;
mod models;
mod moment;
mod problems;
mod record;
mod rendered;
mod services;
mod topics;
