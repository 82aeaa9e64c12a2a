//! All that one process can serve, on logs in memory and without a network.

use std::sync::Arc;

use axum::Router;
use tempfile::TempDir;
use townclerk::system::{EndsFile, Means, QuotaFile, Roles, compose};
use townclerk_app::access::RouteNeed;
use townclerk_app::audit::AuditLog;
use townclerk_app::clock;
use townclerk_app::http::testing::{NOT_REACHED, REACHED, token_book};
use townclerk_app::lifecycle::Parts;
use townclerk_domain::names::{JOINT, SHARED};
use townclerk_event_log::EventLog;
use townclerk_event_log::memory::MemoryLog;

use crate::town::folder;

/// Every role in one process.
pub struct Composition {
    pub router: Router,
    pub routes: Vec<RouteNeed>,
    pub logs: Vec<Arc<dyn EventLog>>,
    parts: Parts,
    /// Gone with this.
    _dir: TempDir,
}

impl Composition {
    pub async fn of_everything() -> Self {
        let log =
            |name: &str| -> Arc<dyn EventLog> { Arc::new(MemoryLog::new(name.parse().unwrap())) };
        let logs: Vec<_> = [REACHED, NOT_REACHED, SHARED].map(log).to_vec();
        let dir = folder();
        let roles = Roles {
            tickets: true,
            changes: true,
            outages: true,
            registry: true,
            restructure: true,
            partners: true,
            views: [REACHED, NOT_REACHED, JOINT]
                .map(|scope| scope.parse().unwrap())
                .into(),
        };
        let mut parts = Parts::new();
        let means = Means {
            writers: &logs,
            readers: &logs,
            desks: &[],
            views_dir: dir.path(),
            open_views: Vec::new(),
            open_gateway: None,
            quotas: Arc::new(QuotaFile::load(dir.path(), clock::system())),
            tokens: token_book(),
            ends: Arc::new(EndsFile::load(dir.path(), &Arc::default()).unwrap()),
            writes: Arc::default(),
            audit: Arc::new(AuditLog::none()),
            sessions: Arc::default(),
            codes: Arc::default(),
            clock: clock::system(),
        };
        let parted = compose(&roles, means, &mut parts).await.unwrap();
        Self {
            router: parted.router,
            routes: parted.needs,
            logs,
            parts,
            _dir: dir,
        }
    }

    pub async fn stop(self) {
        self.parts.drain().await.unwrap();
    }
}
