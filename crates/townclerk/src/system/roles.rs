//! Which roles a process plays: its routes, and the parts that run beside them.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use tokio_util::sync::CancellationToken;
use townclerk_app::access::{Guarded, RouteNeed, Sessions, TokenBook, session};
use townclerk_app::audit::AuditLog;
use townclerk_app::clock::Clock;
use townclerk_app::command::{CodesInUse, Handlers};
use townclerk_app::http::health::{self, Readiness};
use townclerk_app::http::problem_page::ProblemPages;
use townclerk_app::lifecycle::Parts;
use townclerk_app::projector::follow;
use townclerk_domain::event::Recording;
use townclerk_domain::names::{LogName, Scope};
use townclerk_event_log::{EventLog, PartnerDesk, Writes};
use townclerk_partner_gateway::facts::{Gateway, HoldLimits};
use townclerk_partner_gateway::{events, facts};
use townclerk_registry_service::ServiceLevelHandlers;
use townclerk_view_service::{View, Views};

use super::ends::{EndsFile, hear, keep, read_all_through};
use super::quotas::{QuotaFile, keep_quotas};
use super::room;

/// What one process serves.
#[derive(Clone, Debug, Default)]
pub struct Roles {
    pub tickets: bool,
    pub changes: bool,
    pub outages: bool,
    pub registry: bool,
    pub restructure: bool,
    /// Facts in and events out, for the tools of councils.
    pub partners: bool,
    pub views: BTreeSet<Scope>,
}

/// What the roles of a process work with.
pub struct Means<'a> {
    pub writers: &'a [Arc<dyn EventLog>],
    pub readers: &'a [Arc<dyn EventLog>],
    /// Where partners are heard.
    pub desks: &'a [Arc<dyn PartnerDesk>],
    pub views_dir: &'a Path,
    /// Views that are open already, from a composition before.
    pub open_views: Vec<Arc<View>>,
    /// The partners' gateway of a composition before: facts wait in it for others.
    pub open_gateway: Option<OpenGateway>,
    /// What partners may tell, and have told today.
    pub quotas: Arc<QuotaFile>,
    pub tokens: Arc<TokenBook>,
    /// How far the logs were seen.
    pub ends: Arc<EndsFile>,
    /// What became of the appends to them.
    pub writes: Arc<Writes>,
    pub audit: Arc<AuditLog>,
    /// Who is signed in, from a composition before.
    pub sessions: Arc<Sessions>,
    /// Which codes are in use, for warnings of those that are not.
    pub codes: Arc<CodesInUse>,
    pub clock: Clock,
}

/// A composed process: what it serves, and what runs beside it.
pub struct Parted {
    pub router: Router,
    /// Of the problems that people meet at it.
    pub pages: ProblemPages,
    pub needs: Vec<RouteNeed>,
    pub views: Views,
    pub gateway: Option<OpenGateway>,
}

/// A gateway of partners, and the councils into whose logs it writes.
#[derive(Clone)]
pub struct OpenGateway {
    councils: BTreeSet<LogName>,
    gateway: Arc<Gateway>,
}

/// The logs that a view of `scope` reads, out of those there are.
pub(super) fn logs_of(scope: &Scope, readers: &[Arc<dyn EventLog>]) -> Vec<Arc<dyn EventLog>> {
    readers
        .iter()
        .filter(|log| scope.reads(log.name()))
        .cloned()
        .collect()
}

/// Opens the views, builds the routes, and starts following the logs.
///
/// # Errors
/// A view that cannot be opened.
pub async fn compose(roles: &Roles, means: Means<'_>, parts: &mut Parts) -> anyhow::Result<Parted> {
    let views = views(roles, &means, parts).await?;
    let mut guarded = Guarded::audited(Arc::clone(&means.tokens), Arc::clone(&means.audit))
        .with_sessions(Arc::clone(&means.sessions));
    keep_ends(&means, &views, parts);
    let watching = room::watch(Arc::clone(&means.writes), parts.stop_token());
    parts.run("the room on the disk", watching);
    guarded = health::routes(guarded, readiness(&views, &means));
    means
        .codes
        .read_by(townclerk_view_service::codes_of(&views));
    guarded = commands(guarded, roles, &means);
    let mut gateway = None;
    if roles.partners {
        let open = open_gateway(&means);
        guarded = partners(guarded, &means, &open.gateway, parts);
        gateway = Some(open);
    }
    if !roles.views.is_empty() {
        guarded = session::routes(guarded);
        guarded = townclerk_view_service::routes(guarded, &views);
    }
    let (router, needs) = guarded.into_parts();
    Ok(Parted {
        router,
        pages: townclerk_view_service::problem_pages(&views),
        needs,
        views,
        gateway,
    })
}

/// What must be so before the process can do all of its work.
fn readiness(views: &Views, means: &Means<'_>) -> Readiness {
    let (views, ends) = (views.clone(), Arc::clone(means.ends.ends()));
    let writes = Arc::clone(&means.writes);
    Arc::new(move || {
        let reasons = in_order(writes.trouble(), ends.trouble(), views.unready());
        match reasons.is_empty() {
            true => Ok(()),
            false => Err(reasons),
        }
    })
}

/// What cannot be written comes first: where nats-server is gone, all else follows from that.
fn in_order(writes: Vec<String>, ends: Vec<String>, views: Vec<String>) -> Vec<String> {
    [writes, ends, views].concat()
}

/// Keeps what was seen of the logs, and reads them through.
fn keep_ends(means: &Means<'_>, views: &Views, parts: &mut Parts) {
    let file = Arc::clone(&means.ends);
    let read: Vec<Arc<View>> = views.iter().cloned().collect();
    for view in &read {
        hear(view, file.ends());
    }
    let ends = Arc::clone(file.ends());
    let reading = read_all_through(means.readers.to_vec(), ends, parts.stop_token());
    parts.run("the reading of whole logs", reading);
    let keeping = keep(file, read, parts.stop_token());
    parts.run("how far the logs were seen", keeping);
}

/// Opens the views that are not open yet, and follows the logs of all.
async fn views(roles: &Roles, means: &Means<'_>, parts: &mut Parts) -> anyhow::Result<Views> {
    let mut open = Vec::new();
    for scope in &roles.views {
        let before = means.open_views.iter().find(|view| view.scope() == scope);
        let view = match before {
            Some(view) => Arc::clone(view),
            None => {
                let dir = means.views_dir.join(scope.as_str());
                View::open(scope.clone(), &dir, logs_of(scope, means.readers)).await?
            }
        };
        open.push(view);
    }
    for view in &open {
        for log in view.logs() {
            let (log, view, stop) = (Arc::clone(log), Arc::clone(view), parts.stop_token());
            parts.run("a view", made_and_followed(log, view, stop));
        }
    }
    Ok(Views::new(open))
}

/// Follows a log once the rows of its view are made; until then the other routes answer already.
async fn made_and_followed(
    log: Arc<dyn EventLog>,
    view: Arc<View>,
    stop: CancellationToken,
) -> Result<(), Infallible> {
    match stop.run_until_cancelled(view.make()).await {
        None => Ok(()),
        Some(()) => follow(log, view, stop).await,
    }
}

/// The gateway of before where the same councils write here; else a new one.
fn open_gateway(means: &Means<'_>) -> OpenGateway {
    // A tool tells of its own council; what several share is told by the shared service.
    let logs = means.writers.iter().filter(|log| !log.name().is_shared());
    let logs: Vec<_> = logs.cloned().collect();
    let councils: BTreeSet<_> = logs.iter().map(|log| log.name().clone()).collect();
    let before = means.open_gateway.clone();
    // What waits in it would be lost with it.
    before
        .filter(|before| before.councils == councils)
        .unwrap_or_else(|| {
            let clock = Arc::clone(&means.clock);
            let quotas = Arc::clone(means.quotas.quotas());
            let limits = HoldLimits::default();
            let gateway = Gateway::new(&logs, clock, limits, quotas, &means.codes);
            let gateway = Arc::new(gateway);
            OpenGateway { councils, gateway }
        })
}

/// Adds facts in and events out, and answers partners at their desks.
fn partners(
    guarded: Guarded,
    means: &Means<'_>,
    gateway: &Arc<Gateway>,
    parts: &mut Parts,
) -> Guarded {
    let desks = means.desks.to_vec();
    let serving = facts::serve(Arc::clone(gateway), desks, parts.stop_token());
    parts.run("the partners' gateway", serving);
    let keeping = keep_quotas(Arc::clone(&means.quotas), parts.stop_token());
    parts.run("the quotas of partners", keeping);
    let guarded = facts::routes(guarded, Arc::clone(gateway));
    events::routes(guarded, means.readers, parts.stop_token())
}

fn handlers<R: Recording>(means: &Means<'_>) -> Arc<Handlers<R>> {
    let handlers = Handlers::new(means.writers, Arc::clone(&means.clock));
    Arc::new(handlers.warning_of(Arc::clone(&means.codes)))
}

/// Adds the commands of the roles that write.
fn commands(mut guarded: Guarded, roles: &Roles, means: &Means<'_>) -> Guarded {
    if roles.tickets {
        let handlers = handlers(means);
        guarded = townclerk_ticket_service::routes(guarded, handlers);
    }
    if roles.changes {
        let changes = handlers(means);
        let freezes = handlers(means);
        let gates = handlers(means);
        guarded = townclerk_change_service::routes(guarded, changes, freezes, gates);
    }
    if roles.outages {
        let outages = handlers(means);
        let tests = handlers(means);
        guarded = townclerk_outage_service::routes(guarded, outages, tests);
    }
    if roles.registry {
        let coverages = handlers(means);
        let claims = handlers(means);
        let availability = handlers(means);
        let service_level = ServiceLevelHandlers {
            targets: handlers(means),
            hours: handlers(means),
            holidays: handlers(means),
        };
        guarded = townclerk_registry_service::routes(
            guarded,
            coverages,
            claims,
            availability,
            service_level,
        );
    }
    if roles.restructure {
        let partnerships = handlers(means);
        let programmes = handlers(means);
        let posts = handlers(means);
        guarded = townclerk_restructure_service::routes(guarded, partnerships, programmes, posts);
    }
    guarded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn that_nats_server_is_gone_is_said_before_what_follows_from_it() {
        let of = |why: &str| vec![why.to_owned()];
        let reasons = in_order(
            of("nats-server does not answer"),
            of("the log brent has a hole"),
            of("view brent: nothing was read for 30 s"),
        );
        assert_eq!(reasons[0], "nats-server does not answer");
        assert_eq!(reasons.len(), 3);
    }
}
