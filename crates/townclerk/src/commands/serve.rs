//! `townclerk serve`: one role as a process of its own, on a NATS given by URL.

use std::sync::Arc;

use anyhow::Context;
use tokio::net::TcpListener;
use townclerk_app::access::TokenBook;
use townclerk_app::audit::AuditLog;
use townclerk_app::clock;
use townclerk_app::lifecycle::Parts;
use townclerk_event_log::jetstream::Role;

use super::{Outcome, show};
use crate::cli::{Serve, ServedRole};
use crate::system::{EndsFile, Logs, Means, Parted, QuotaFile, Roles, compose, connection_limits};
use crate::town::Town;

pub async fn serve(options: Serve) -> anyhow::Result<Outcome> {
    townclerk_app::telemetry::start(options.log_json);
    townclerk_app::private_file::make_nothing_for_others();
    let roles = roles(&options);
    let logs = Logs {
        url: options.nats.nats_url,
        credentials: options.nats.credentials,
        server_name: None,
        ends: Arc::default(),
        writes: Arc::default(),
    };
    let ends = Arc::new(EndsFile::load(&options.data, &logs.ends)?);
    let names = &options.nats.logs;
    // A service gets no more than it needs: views read, the gateway also writes and hears partners,
    // the others write.
    let (mut writers, mut readers, mut desks) = (Vec::new(), Vec::new(), Vec::new());
    if options.role != ServedRole::ViewService {
        writers = logs.open(names, Role::Writer).await?;
    }
    if matches!(
        options.role,
        ServedRole::ViewService | ServedRole::PartnerGateway
    ) {
        readers = logs.open(names, Role::Reader).await?;
    }
    if options.role == ServedRole::PartnerGateway {
        desks = logs.desks(names).await?;
    }
    let tokens = Arc::new(TokenBook::load(&options.tokens)?);
    let listener = TcpListener::bind(options.listen)
        .await
        .with_context(|| format!("cannot listen on {}", options.listen))?;
    let limits = connection_limits()?;
    let audit = AuditLog::open(&options.data, clock::system())
        .with_context(|| format!("cannot write the audit log in {}", options.data.display()))?;
    let quotas = QuotaFile::load(&options.data, clock::system());
    if let Some(town) = Town::load(&options.data)? {
        quotas.quotas().set(town.quotas);
    }
    let mut parts = Parts::new();
    let views_dir = options.data.join("views");
    let means = Means {
        writers: &writers,
        readers: &readers,
        desks: &desks,
        views_dir: &views_dir,
        open_views: Vec::new(),
        open_gateway: None,
        quotas: Arc::new(quotas),
        tokens,
        ends,
        writes: Arc::clone(&logs.writes),
        audit: Arc::new(audit),
        sessions: Arc::default(),
        codes: Arc::default(),
        clock: clock::system(),
    };
    let parted = compose(&roles, means, &mut parts).await?;
    show::note(format!("Serving on http://{}", listener.local_addr()?));
    let Parted { router, pages, .. } = parted;
    let stop = parts.stop_token();
    let serving = townclerk_app::http::serve::serve(listener, router, pages, limits, stop);
    parts.run("the HTTP server", serving);
    parts.until_stopped().await?;
    Ok(Outcome::Good)
}

/// What a process of this role plays.
fn roles(options: &Serve) -> Roles {
    let mut roles = Roles::default();
    match options.role {
        ServedRole::TicketService => roles.tickets = true,
        ServedRole::ChangeService => roles.changes = true,
        ServedRole::OutageService => roles.outages = true,
        ServedRole::RegistryService => roles.registry = true,
        ServedRole::RestructureService => roles.restructure = true,
        ServedRole::PartnerGateway => roles.partners = true,
        ServedRole::ViewService => roles.views.extend(options.scope.iter().cloned()),
    }
    roles
}
