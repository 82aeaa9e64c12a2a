//! `townclerk log init`.

use townclerk_event_log::jetstream::Initialised;

use super::{Outcome, show};
use crate::cli::Log;
use crate::system::{Logs, initialise};

pub async fn log(options: Log) -> anyhow::Result<Outcome> {
    townclerk_app::telemetry::start(false);
    let Log::Init(nats) = options;
    let logs = Logs {
        url: nats.nats_url,
        credentials: nats.credentials,
        server_name: None,
    };
    for (log, initialised) in initialise(&logs, &nats.logs).await? {
        show::line(match initialised {
            Initialised::Made => format!("{log}: made"),
            Initialised::WasThere => format!("{log}: was there, as it must be"),
        });
    }
    Ok(Outcome::Good)
}
