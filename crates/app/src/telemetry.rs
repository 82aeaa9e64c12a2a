//! Logs go to stderr: as text for people, as JSON where a collector reads them. How much they grow in
//! a minute is bounded.

mod bounded;

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use self::bounded::Bounded;
use crate::clock;

/// What is logged unless `RUST_LOG` says otherwise.
const DEFAULT_FILTER: &str = "info,async_nats=warn,sled=warn";

/// Starts logging to stderr, so that stdout stays for data. Does nothing when it has started.
pub fn start(json: bool) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| DEFAULT_FILTER.into());
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(Bounded::new(std::io::stderr, clock::system(), json));
    let started = if json {
        builder.json().try_init()
    } else {
        builder.try_init()
    };
    if let Err(already) = started {
        tracing::debug!(%already, "logging was started before");
    }
}
