//! `townclerk log`: making streams, and deciding on a log that has lost its end.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use townclerk_domain::names::{LogName, Scope};
use townclerk_event_log::jetstream::{Initialised, Role};
use townclerk_event_log::{EventLog, SeenEnd};

use super::audit::Action;
use super::{Outcome, show};
use crate::cli::{AcceptShortened, Log, Nats};
use crate::nats_server::DataDirLock;
use crate::system::{Logs, Opened, accept_end, initialise};

pub async fn log(options: Log) -> anyhow::Result<Outcome> {
    townclerk_app::telemetry::start(false);
    match options {
        Log::Init(nats) => init(nats).await,
        Log::AcceptShortened(options) => {
            let AcceptShortened { log, ends_at, .. } = &options;
            let what = format!("log accept-shortened {log} --ends-at {ends_at}");
            let action = Action::begin(&options.reach.data, what);
            let outcome = accept_shortened(&options).await;
            action.end(&outcome);
            outcome
        }
    }
}

async fn init(nats: Nats) -> anyhow::Result<Outcome> {
    let logs = Logs {
        url: nats.nats_url,
        credentials: nats.credentials,
        server_name: None,
        ends: Arc::default(),
        writes: Arc::default(),
    };
    for (log, initialised) in initialise(&logs, &nats.logs).await? {
        show::line(match initialised {
            Initialised::Made => format!("{log}: made"),
            Initialised::WasThere => format!("{log}: was there, as it must be"),
        });
    }
    Ok(Outcome::Good)
}

async fn accept_shortened(options: &AcceptShortened) -> anyhow::Result<Outcome> {
    let data = &options.reach.data;
    if let Some(pid) = DataDirLock::worker_on(data)? {
        bail!(
            "process {pid} works on {}: stop it first, for what it knows of the log would come back",
            data.display()
        );
    }
    let opened = Opened::on(&options.reach).await?;
    let found = found_end(&opened, &options.log).await;
    // Closing writes down what was seen; what is accepted comes after it.
    opened.close().await?;
    let (seen, end) = found?;
    let AcceptShortened { log, ends_at, .. } = options;
    ensure!(
        end.sequence == *ends_at,
        "the log {log} ends at {}, not at {ends_at}: nothing was changed",
        end.sequence
    );
    let views = put_views_aside(data, log)?;
    accept_end(data, log, end)?;
    show::line(format!(
        "{log}: goes on after {log}:{ends_at}; it was seen up to {log}:{seen}"
    ));
    for view in views {
        show::line(format!(
            "view {view}: put aside, it is read again at the next start"
        ));
    }
    Ok(Outcome::Good)
}

/// How far the log was seen, and its last message now.
async fn found_end(opened: &Opened, log: &LogName) -> anyhow::Result<(u64, SeenEnd)> {
    let one = std::slice::from_ref(log);
    let reader = opened.logs.open(one, Role::Reader).await?;
    let reader: &Arc<dyn EventLog> = reader.first().context("no log was opened")?;
    let head = reader.head().await?.sequence;
    let end = match head {
        0 => SeenEnd::default(),
        head => {
            let last = reader.read_one(head).await?;
            let last = last.with_context(|| {
                format!("the last message of {log}, {head}, cannot be read: restore the log")
            })?;
            SeenEnd::of(head, &last.subject, &last.payload)
        }
    };
    Ok((opened.logs.ends.seen(log).sequence, end))
}

/// Renames the folders of the views that read the log: they hold what it has lost.
fn put_views_aside(data: &Path, log: &LogName) -> anyhow::Result<Vec<Scope>> {
    let views = data.join("views");
    if !views.is_dir() {
        return Ok(Vec::new());
    }
    let mut aside = Vec::new();
    let looked = |path: &Path| format!("cannot look into {}", path.display());
    for entry in std::fs::read_dir(&views).with_context(|| looked(&views))? {
        let folder = entry.with_context(|| looked(&views))?.path();
        let name = folder.file_name().and_then(|name| name.to_str());
        let scope: Option<Scope> = name.and_then(|name| name.parse().ok());
        let Some(scope) = scope.filter(|scope| scope.reads(log)) else {
            continue;
        };
        let kept_at = (1..)
            .map(|number: u32| folder.with_extension(format!("before-loss-{number}")))
            .find(|path| !path.exists())
            .context("there is no free name to put a view aside")?;
        std::fs::rename(&folder, &kept_at)
            .with_context(|| format!("cannot put {} aside", folder.display()))?;
        aside.push(scope);
    }
    Ok(aside)
}
