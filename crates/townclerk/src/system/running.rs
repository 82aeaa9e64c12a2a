//! What runs, and how it follows its files: on a change nats-server is told, missing streams are
//! made, and the services are composed anew behind the same listening socket.
//!
//! *Invariant*: rows are opened by one composition at a time, and no two followers fold one log
//! into one view. So the parts of a composition end before those of the next begin, and a view
//! whose logs change is closed before it is opened again.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use axum::Router;
use axum::routing::any;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use townclerk_app::access::{Guarded, TokenBook};
use townclerk_app::audit::AuditLog;
use townclerk_app::clock;
use townclerk_app::http::serve::dressed;
use townclerk_app::http::{Problem, health};
use townclerk_app::lifecycle::Parts;
use townclerk_domain::names::{LogName, Scope};
use townclerk_event_log::jetstream::{PartnerDoor, Role};
use townclerk_event_log::{EventLog, PartnerDesk};
use townclerk_view_service::{View, Views};

use super::files::{Editing, Looked, token_book_file};
use super::logs::{Logs, initialise};
use super::reach::tenants;
use super::roles::{Means, Parted, Roles, compose, logs_of};
use super::server::Server;
use crate::town::Town;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// When a state that could not be taken up is tried again: the nats-server of somebody else may
/// have been reloaded meanwhile.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(5);

/// How long requests that still read a view may hold up its change.
const CLOSE_WAIT: Duration = Duration::from_secs(10);

const CLOSE_POLL: Duration = Duration::from_millis(20);

/// Why a change did not come about.
enum Unchanged {
    /// The state before is in force.
    Kept(anyhow::Error),
    /// Nothing can be served any more.
    Lost(anyhow::Error),
}

impl From<anyhow::Error> for Unchanged {
    fn from(error: anyhow::Error) -> Self {
        Self::Kept(error)
    }
}

/// What the files say, made so.
pub(super) struct Running {
    data_dir: PathBuf,
    server: Server,
    logs: Logs,
    town: Town,
    tokens: Arc<TokenBook>,
    audit: Arc<AuditLog>,
    looked: Looked,
    writers: BTreeMap<LogName, Arc<dyn EventLog>>,
    readers: BTreeMap<LogName, Arc<dyn EventLog>>,
    doors: BTreeMap<LogName, Arc<PartnerDoor>>,
    parts: Parts,
    stop: CancellationToken,
    served: watch::Sender<Arc<Parted>>,
    routers: watch::Sender<Router>,
}

/// What a composition starts from.
pub(super) struct Ground {
    pub data_dir: PathBuf,
    pub server: Server,
    pub logs: Logs,
    pub town: Town,
    pub tokens: TokenBook,
    pub looked: Looked,
}

impl Running {
    /// Composes everything for the first time.
    ///
    /// # Errors
    /// A log or a view that cannot be opened.
    pub(super) async fn start(ground: Ground, stop: &CancellationToken) -> anyhow::Result<Self> {
        let paused = paused();
        let router = dressed(paused.router.clone());
        let Ground {
            data_dir,
            server,
            logs,
            town,
            tokens,
            looked,
        } = ground;
        let audit = AuditLog::open(&data_dir, clock::system())
            .with_context(|| format!("cannot write the audit log in {}", data_dir.display()))?;
        let mut running = Self {
            audit: Arc::new(audit),
            data_dir,
            server,
            logs,
            tokens: Arc::new(tokens),
            looked,
            writers: BTreeMap::new(),
            readers: BTreeMap::new(),
            doors: BTreeMap::new(),
            parts: Parts::under(stop),
            stop: stop.clone(),
            served: watch::Sender::new(Arc::new(paused)),
            routers: watch::Sender::new(router),
            town: Town::default(),
        };
        let composed = match running.open(&town).await {
            Ok(()) => running.compose(&town, Vec::new()).await,
            Err(error) => Err(error),
        };
        if let Err(error) = composed {
            // What failed first is what matters; the rest is only stopped.
            if let Err(stopping) = running.parts.drain().await {
                tracing::warn!(%stopping, "while stopping");
            }
            return Err(error);
        }
        running.town = town;
        Ok(running)
    }

    pub(super) fn served(&self) -> watch::Receiver<Arc<Parted>> {
        self.served.subscribe()
    }

    pub(super) fn routers(&self) -> watch::Receiver<Router> {
        self.routers.subscribe()
    }

    /// Looks at the files until told to stop.
    ///
    /// # Errors
    /// A part that failed, or a change after which nothing can be served.
    pub(super) async fn follow_files(mut self) -> anyhow::Result<()> {
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut refused: Option<Refused> = None;
        let ended = loop {
            tokio::select! {
                // Parts end because of it too, and are then no failure.
                biased;
                () = self.stop.cancelled() => break Ok(()),
                failure = self.parts.first_failure() => break Err(failure.into()),
                _ = looks.tick() => {}
            }
            let looked = Looked::at(&self.data_dir).await;
            let again = refused
                .as_ref()
                .is_some_and(|refused| refused.waits(&looked));
            if looked == self.looked || again {
                continue;
            }
            match self.change().await {
                Ok(()) => {
                    tracing::info!("councils, partners and tokens are as the files say");
                    self.looked = looked;
                    refused = None;
                }
                Err(Unchanged::Kept(why)) => {
                    let why = format!("{why:#}");
                    if refused.as_ref().is_none_or(|before| before.why != why) {
                        tracing::warn!(why, "the files changed; the state before stays in force");
                    }
                    refused = Some(Refused::now(looked, why));
                }
                Err(Unchanged::Lost(why)) => break Err(why),
            }
        };
        let drained = self.parts.drain().await;
        ended.and(drained.map_err(Into::into))
    }

    async fn change(&mut self) -> Result<(), Unchanged> {
        let load = || -> anyhow::Result<(Town, TokenBook)> {
            let town = Town::load(&self.data_dir)?.context("town.json is gone: put it back")?;
            let book = TokenBook::load(&token_book_file(&self.data_dir))?;
            let gone = self.town.councils.difference(&town.councils).next();
            if let Some(gone) = gone {
                bail!(
                    "{gone} is missing in town.json, but what it recorded is part of the joint \
                     figures: put it back; a council leaves the partnership by recording so"
                );
            }
            Ok((town, book))
        };
        // No command edits them while they are read and credentials are made.
        let editing = Editing::begin(&self.data_dir).await?;
        let (town, tokens) = load()?;
        if town != self.town {
            let (logs, partners) = tenants(&town);
            self.server.admit(&self.data_dir, &logs, &partners).await?;
        }
        drop(editing);
        if town != self.town {
            self.open(&town).await?;
        }
        let before = std::mem::replace(&mut self.tokens, Arc::new(tokens));
        match self.compose_again(&town).await {
            Ok(()) => {
                self.town = town;
                Ok(())
            }
            Err(error) => {
                self.tokens = before;
                Err(error)
            }
        }
    }

    /// Makes the streams and durables that are missing, and connects to the logs that are new.
    async fn open(&mut self, town: &Town) -> anyhow::Result<()> {
        let names = town.logs();
        let new = names
            .into_iter()
            .filter(|log| !self.doors.contains_key(log));
        let new: Vec<LogName> = new.collect();
        for (log, initialised) in initialise(&self.logs, &new).await? {
            tracing::debug!(%log, ?initialised, "stream");
        }
        for log in new {
            let one = std::slice::from_ref(&log);
            let writers = self.logs.open(one, Role::Writer).await?;
            let readers = self.logs.open(one, Role::Reader).await?;
            let door = PartnerDoor::open(&self.logs.access(&log, Role::Gateway)?).await?;
            self.writers.extend(named(writers));
            self.readers.extend(named(readers));
            self.doors.insert(log, Arc::new(door));
        }
        for (log, door) in &self.doors {
            for partner in town.partners_of(log) {
                door.ensure_durable(&partner.id()).await?;
            }
        }
        Ok(())
    }

    /// Ends the parts that run and composes anew; views whose logs stay are kept open.
    async fn compose_again(&mut self, town: &Town) -> Result<(), Unchanged> {
        let parts = std::mem::replace(&mut self.parts, Parts::under(&self.stop));
        if let Err(error) = parts.drain().await {
            return Err(Unchanged::Lost(error.into()));
        }
        let views: Vec<Arc<View>> = self.served.borrow().views.iter().cloned().collect();
        let readers: Vec<_> = self.readers.values().cloned().collect();
        let stays = |view: &Arc<View>| view.logs().count() == logs_of(view.scope(), &readers).len();
        let (mut kept, closing): (Vec<_>, Vec<_>) = views.into_iter().partition(stays);
        if !closing.is_empty() {
            self.put(paused());
            if let Err(still_read) = closed(closing).await {
                kept.extend(still_read);
                let before = self.town.clone();
                self.compose(&before, kept).await.map_err(Unchanged::Lost)?;
                let why = "requests still read a view that the change concerns; it is tried again";
                return Err(Unchanged::Kept(anyhow::anyhow!(why)));
            }
        }
        self.compose(town, kept).await.map_err(Unchanged::Lost)
    }

    async fn compose(&mut self, town: &Town, open_views: Vec<Arc<View>>) -> anyhow::Result<()> {
        let councils = town.logs().into_iter().filter(|log| !log.is_shared());
        let roles = Roles {
            tickets: true,
            changes: true,
            outages: true,
            registry: true,
            restructure: true,
            partners: true,
            views: councils.map(Scope::Log).chain([Scope::Joint]).collect(),
        };
        let writers: Vec<_> = self.writers.values().cloned().collect();
        let readers: Vec<_> = self.readers.values().cloned().collect();
        let doors = self.doors.values();
        let desks: Vec<_> = doors
            .map(|door| -> Arc<dyn PartnerDesk> { Arc::<PartnerDoor>::clone(door) })
            .collect();
        let means = Means {
            writers: &writers,
            readers: &readers,
            desks: &desks,
            views_dir: &self.data_dir.join("views"),
            open_views,
            tokens: Arc::clone(&self.tokens),
            audit: Arc::clone(&self.audit),
            clock: clock::system(),
        };
        let parted = compose(&roles, means, &mut self.parts).await?;
        self.put(parted);
        Ok(())
    }

    /// Serves this from now on.
    fn put(&self, parted: Parted) {
        self.routers
            .send_modify(|router| *router = dressed(parted.router.clone()));
        self.served.send_replace(Arc::new(parted));
    }
}

/// A state of the files that could not be taken up.
struct Refused {
    looked: Looked,
    why: String,
    again: Instant,
}

impl Refused {
    fn now(looked: Looked, why: String) -> Self {
        Self {
            looked,
            why,
            again: Instant::now() + TRY_AGAIN_AFTER,
        }
    }

    /// Whether this state is not to be tried again yet.
    fn waits(&self, looked: &Looked) -> bool {
        self.looked == *looked && Instant::now() < self.again
    }
}

fn named(logs: Vec<Arc<dyn EventLog>>) -> impl Iterator<Item = (LogName, Arc<dyn EventLog>)> {
    logs.into_iter().map(|log| (log.name().clone(), log))
}

/// Waits until nobody else holds the views, and closes them; gives them back if that takes long.
async fn closed(views: Vec<Arc<View>>) -> Result<(), Vec<Arc<View>>> {
    let deadline = Instant::now() + CLOSE_WAIT;
    let mut looks = interval(CLOSE_POLL);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        if views.iter().all(|view| Arc::strong_count(view) == 1) {
            return Ok(());
        }
        if Instant::now() >= deadline {
            return Err(views);
        }
    }
}

/// What is served while views are closed: that it lives, and that it is to be asked again.
fn paused() -> Parted {
    const WHY: &str = "councils are being changed; ask again in a second";
    let not_ready = Arc::new(|| Err(vec![WHY.to_owned()]));
    let (router, needs) = health::routes(Guarded::new(Arc::default()), not_ready).into_parts();
    let wait = || any(async || Problem::not_ready(vec![WHY.to_owned()]));
    Parted {
        router: router.route("/", wait()).route("/{*path}", wait()),
        needs,
        views: Views::new([]),
    }
}
