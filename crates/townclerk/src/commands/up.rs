//! `townclerk up`.

use std::path::Path;
use std::sync::Arc;

use super::{Outcome, show};
use crate::cli::Up;
use crate::system::{Logs, Prepared, System, UpOptions, first_tokens_file, operator_token_file};

pub async fn up(options: Up) -> anyhow::Result<Outcome> {
    townclerk_app::telemetry::start(options.log_json);
    let data = options.data.clone();
    let elsewhere = options.nats_url.zip(options.credentials);
    let prepared = Prepared::start(UpOptions {
        data_dir: options.data,
        councils: options.councils.map(|named| named.into_iter().collect()),
        listen: options.listen,
        nats_server: options.nats_server,
        nats_port: options.nats_port,
        elsewhere: elsewhere.map(|(url, credentials)| Logs {
            url,
            credentials,
            server_name: None,
            ends: Arc::default(),
            writes: Arc::default(),
        }),
    })
    .await?;
    if !prepared.issued.is_empty() {
        first_tokens(&data);
    }
    let system = prepared.serve().await?;
    addresses(&system);
    let operator = operator_token_file(&system.data_dir);
    show::note(format!(
        "The command line finds its token with --token-file {}",
        operator.display()
    ));
    system.until_stopped().await?;
    Ok(Outcome::Good)
}

/// Says where tokens are that were just made. What a service prints ends in logs, so they are in a
/// file instead.
pub(super) fn first_tokens(data: &Path) {
    show::note(format!(
        "\nTokens, one for each role, are in {}: hand them over, then delete the file (only their \
         hashes are kept elsewhere). More with `townclerk token add`",
        first_tokens_file(data).display()
    ));
}

pub(super) fn addresses(system: &System) {
    show::note("\nPages:");
    for view in system.views().iter() {
        show::note(format!(
            "  {:13} {}/{}",
            view.scope(),
            system.url(),
            view.scope()
        ));
    }
}
