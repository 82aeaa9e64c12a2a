//! Which roles a process plays: its routes, and the parts that run beside them.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use townclerk_app::access::{Guarded, RouteNeed, TokenBook, session};
use townclerk_app::clock::Clock;
use townclerk_app::command::Handlers;
use townclerk_app::http::health;
use townclerk_app::lifecycle::Parts;
use townclerk_app::projector::follow;
use townclerk_domain::names::Scope;
use townclerk_event_log::EventLog;
use townclerk_view_service::{View, Views};

/// What one process serves.
#[derive(Clone, Debug, Default)]
pub struct Roles {
    pub tickets: bool,
    pub changes: bool,
    pub outages: bool,
    pub registry: bool,
    pub restructure: bool,
    pub views: BTreeSet<Scope>,
}

/// A composed process: what it serves, and what runs beside it.
pub struct Parted {
    pub router: Router,
    pub needs: Vec<RouteNeed>,
    pub views: Views,
}

/// The logs that a view of `scope` reads, out of those there are.
fn logs_of(scope: &Scope, readers: &[Arc<dyn EventLog>]) -> Vec<Arc<dyn EventLog>> {
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
pub async fn compose(
    roles: &Roles,
    writers: &[Arc<dyn EventLog>],
    readers: &[Arc<dyn EventLog>],
    views_dir: &Path,
    tokens: Arc<TokenBook>,
    clock: Clock,
    parts: &mut Parts,
) -> anyhow::Result<Parted> {
    let mut open = Vec::new();
    for scope in &roles.views {
        let dir = views_dir.join(scope.as_str());
        let view = View::open(scope.clone(), &dir, logs_of(scope, readers)).await?;
        for log in view.logs() {
            let following = follow(Arc::clone(log), Arc::clone(&view), parts.stop_token());
            parts.run("a view", following);
        }
        open.push(view);
    }
    let views = Views::new(open);
    let mut guarded = Guarded::new(tokens);
    let readiness = views.clone();
    let ready = move || match readiness.unready() {
        reasons if reasons.is_empty() => Ok(()),
        reasons => Err(reasons),
    };
    guarded = health::routes(guarded, Arc::new(ready));
    guarded = commands(guarded, roles, writers, clock);
    if !roles.views.is_empty() {
        guarded = session::routes(guarded);
        guarded = townclerk_view_service::routes(guarded, &views);
    }
    let (router, needs) = guarded.into_parts();
    Ok(Parted {
        router,
        needs,
        views,
    })
}

/// Adds the commands of the roles that write.
fn commands(
    mut guarded: Guarded,
    roles: &Roles,
    writers: &[Arc<dyn EventLog>],
    clock: Clock,
) -> Guarded {
    if roles.tickets {
        let handlers = Arc::new(Handlers::new(writers, Arc::clone(&clock)));
        guarded = townclerk_ticket_service::routes(guarded, handlers);
    }
    if roles.changes {
        let changes = Arc::new(Handlers::new(writers, Arc::clone(&clock)));
        let freezes = Arc::new(Handlers::new(writers, Arc::clone(&clock)));
        let gates = Arc::new(Handlers::new(writers, Arc::clone(&clock)));
        guarded = townclerk_change_service::routes(guarded, changes, freezes, gates);
    }
    if roles.outages {
        let handlers = Arc::new(Handlers::new(writers, Arc::clone(&clock)));
        guarded = townclerk_outage_service::routes(guarded, handlers);
    }
    if roles.registry {
        let coverages = Arc::new(Handlers::new(writers, Arc::clone(&clock)));
        let claims = Arc::new(Handlers::new(writers, Arc::clone(&clock)));
        let availability = Arc::new(Handlers::new(writers, Arc::clone(&clock)));
        guarded = townclerk_registry_service::routes(guarded, coverages, claims, availability);
    }
    if roles.restructure {
        let partnerships = Arc::new(Handlers::new(writers, Arc::clone(&clock)));
        let programmes = Arc::new(Handlers::new(writers, Arc::clone(&clock)));
        let posts = Arc::new(Handlers::new(writers, Arc::clone(&clock)));
        guarded = townclerk_restructure_service::routes(guarded, partnerships, programmes, posts);
    }
    guarded
}
