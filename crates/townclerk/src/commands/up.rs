//! `townclerk up`.

use townclerk_app::access::IssuedToken;

use super::{Outcome, show};
use crate::cli::Up;
use crate::system::{Logs, Prepared, System, UpOptions, operator_token_file};

pub async fn up(options: Up) -> anyhow::Result<Outcome> {
    townclerk_app::telemetry::start(options.log_json);
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
        }),
    })
    .await?;
    tokens_once(&prepared.issued);
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

/// Shows tokens that were just made: only their hashes are kept.
pub(super) fn tokens_once(issued: &[IssuedToken]) {
    if issued.is_empty() {
        return;
    }
    show::note("\nTokens, shown this once (only their hashes are kept):");
    for token in issued {
        show::note(format!("  {:13} {}", token.role.code(), token.token));
    }
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
