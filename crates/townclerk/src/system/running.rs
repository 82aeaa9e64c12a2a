//! What runs, and how it follows its files: on a change nats-server is told, missing streams are
//! made, and the services are composed again behind the same listening socket.
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
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;
use townclerk_app::access::{Guarded, Sessions, TokenBook};
use townclerk_app::audit::{AuditLog, Said};
use townclerk_app::clock;
use townclerk_app::command::CodesInUse;
use townclerk_app::http::serve::dressed;
use townclerk_app::http::{Problem, health};
use townclerk_app::lifecycle::Parts;
use townclerk_domain::names::{LogName, Scope};
use townclerk_event_log::jetstream::{PartnerDoor, Role};
use townclerk_event_log::{EventLog, PartnerDesk};
use townclerk_view_service::{View, ViewError, Views};

use super::ends::EndsFile;
use super::files::{Looked, begin_editing, token_book_file};
use super::logs::{Logs, initialise};
use super::quotas::QuotaFile;
use super::reach::tenants;
use super::roles::{Means, OpenGateway, Parted, Roles, compose, logs_of};
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

/// How long a moment is waited for in which nobody reads the views that a change concerns.
const FREE_WAIT: Duration = Duration::from_secs(1);

/// How long a change gives way to their readers. Then it is tried all the same: where requests
/// follow each other without a gap no such moment comes by itself.
const GIVES_WAY_FOR: Duration = Duration::from_secs(10 * 60);

/// How long composing again is tried where it fails for something that may pass.
const COMPOSE_WITHIN: Duration = Duration::from_secs(5 * 60);

/// The first and the longest pause before the next try.
const COMPOSE_PAUSES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(10));

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
    ends: Arc<EndsFile>,
    town: Town,
    tokens: Arc<TokenBook>,
    audit: Arc<AuditLog>,
    /// Kept from one composition to the next: nobody is signed out by a change of the files.
    sessions: Arc<Sessions>,
    looked: Looked,
    writers: BTreeMap<LogName, Arc<dyn EventLog>>,
    readers: BTreeMap<LogName, Arc<dyn EventLog>>,
    doors: BTreeMap<LogName, Arc<PartnerDoor>>,
    parts: Parts,
    stop: CancellationToken,
    served: watch::Sender<Arc<Parted>>,
    routers: watch::Sender<Router>,
    /// Kept from one composition to the next: facts wait in it.
    gateway: Option<OpenGateway>,
    quotas: Arc<QuotaFile>,
    codes: Arc<CodesInUse>,
    /// Since when a change gives way to those who read the views that it concerns.
    gives_way_since: Option<Instant>,
    not_taken_up: watch::Sender<Option<String>>,
}

/// What a composition starts from.
pub(super) struct Ground {
    pub data_dir: PathBuf,
    pub server: Server,
    pub logs: Logs,
    pub ends: Arc<EndsFile>,
    pub town: Town,
    pub tokens: TokenBook,
    /// Whether the tokens were made at this start.
    pub tokens_are_new: bool,
    pub looked: Looked,
}

impl Running {
    /// Composes everything for the first time.
    ///
    /// # Errors
    /// A log or a view that cannot be opened.
    pub(super) async fn start(ground: Ground, stop: &CancellationToken) -> anyhow::Result<Self> {
        let paused = paused();
        let router = dressed(paused.router.clone(), Arc::clone(&paused.pages));
        let Ground {
            data_dir,
            server,
            logs,
            ends,
            town,
            tokens,
            tokens_are_new,
            looked,
        } = ground;
        let audit = AuditLog::open(&data_dir, clock::system())
            .with_context(|| format!("cannot write the audit log in {}", data_dir.display()))?;
        let mut running = Self {
            audit: Arc::new(audit),
            quotas: Arc::new(QuotaFile::load(&data_dir, clock::system())),
            codes: Arc::default(),
            sessions: Arc::default(),
            data_dir,
            server,
            logs,
            ends,
            tokens: Arc::new(tokens),
            looked,
            writers: BTreeMap::new(),
            readers: BTreeMap::new(),
            doors: BTreeMap::new(),
            parts: Parts::under(stop),
            stop: stop.clone(),
            served: watch::Sender::new(Arc::new(paused)),
            routers: watch::Sender::new(router),
            gateway: None,
            gives_way_since: None,
            not_taken_up: watch::Sender::new(None),
            town: Town::default(),
        };
        if tokens_are_new {
            running.audit_tokens(&TokenBook::default()).await;
        }
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

    /// Why what stands in the files is not in force; `None` where it is.
    pub(super) fn not_taken_up(&self) -> watch::Receiver<Option<String>> {
        self.not_taken_up.subscribe()
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
            if looked == self.looked && refused.take().is_some() {
                // What could not be taken up was taken back.
                self.not_taken_up.send_replace(None);
                self.gives_way_since = None;
            }
            if looked == self.looked || again {
                continue;
            }
            match self.change().await {
                Ok(()) => {
                    tracing::info!("councils, partners and tokens are as the files say");
                    self.looked = looked;
                    refused = None;
                    self.not_taken_up.send_replace(None);
                }
                Err(Unchanged::Kept(why)) => {
                    let why = format!("{why:#}");
                    if refused.as_ref().is_none_or(|before| before.why != why) {
                        tracing::warn!(why, "the files changed; the state before stays in force");
                    }
                    self.not_taken_up.send_replace(Some(why.clone()));
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
        let editing = begin_editing(&self.data_dir).await?;
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
                self.audit_tokens(&before).await;
                self.town = town;
                Ok(())
            }
            Err(error) => {
                self.tokens = before;
                Err(error)
            }
        }
    }

    /// Says in the audit log whose tokens are others than in the book before.
    async fn audit_tokens(&self, before: &TokenBook) {
        for (subject, change) in before.changes(&self.tokens) {
            let said = Said::of_tokens(subject.as_str(), change.outcome());
            self.audit.record(said).await;
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

    /// Ends the parts that run and composes again; views whose logs stay are kept open.
    async fn compose_again(&mut self, town: &Town) -> Result<(), Unchanged> {
        self.wait_for_readers().await?;
        let parts = std::mem::replace(&mut self.parts, Parts::under(&self.stop));
        if let Err(error) = parts.drain().await {
            // None of them runs any more, however it ended; a fault that lasts shows again.
            tracing::warn!(%error, "while stopping what was composed before");
        }
        let views: Vec<Arc<View>> = self.served.borrow().views.iter().cloned().collect();
        let (mut kept, closing): (Vec<_>, Vec<_>) =
            views.into_iter().partition(|view| self.stays(view));
        if !closing.is_empty() {
            self.put(paused());
            if let Err(still_read) = closed(closing).await {
                kept.extend(still_read);
                let before = self.town.clone();
                self.compose_in_time(&before, &kept).await?;
                let why = "requests still read a view that the change concerns; it is tried again";
                return Err(Unchanged::Kept(anyhow::anyhow!(why)));
            }
        }
        self.compose_in_time(town, &kept).await
    }

    /// Whether a view reads what it has to read by now.
    fn stays(&self, view: &View) -> bool {
        let readers: Vec<_> = self.readers.values().cloned().collect();
        view.logs().count() == logs_of(view.scope(), &readers).len()
    }

    /// Waits for a moment in which nobody reads a view that has to be closed. A rebuild holds its
    /// view to its end: what is served is not stopped for a change that has to wait for that.
    async fn wait_for_readers(&mut self) -> Result<(), Unchanged> {
        let is_read = |running: &Self| {
            let served = running.served.borrow();
            let mut views = served.views.iter();
            views.any(|view| !running.stays(view) && is_read_by_others(view))
        };
        let deadline = Instant::now() + FREE_WAIT;
        let mut looks = interval(CLOSE_POLL);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            if !is_read(self) {
                self.gives_way_since = None;
                return Ok(());
            }
            if Instant::now() >= deadline {
                break;
            }
        }
        let since = *self.gives_way_since.get_or_insert_with(Instant::now);
        if since.elapsed() >= GIVES_WAY_FOR {
            self.gives_way_since = None;
            return Ok(());
        }
        let why = "a rebuild, a verification or another long read is under way; the change \
                   follows after it";
        Err(Unchanged::Kept(anyhow::anyhow!(why)))
    }

    /// Composes; where it fails for something that may pass, again, while requests are told to wait.
    async fn compose_in_time(
        &mut self,
        town: &Town,
        open_views: &[Arc<View>],
    ) -> Result<(), Unchanged> {
        let deadline = Instant::now() + COMPOSE_WITHIN;
        let (mut pause, longest) = COMPOSE_PAUSES;
        loop {
            let Err(error) = self.compose(town, open_views.to_vec()).await else {
                return Ok(());
            };
            if !may_pass(&error) || Instant::now() >= deadline {
                return Err(Unchanged::Lost(error));
            }
            let why = format!("{error:#}");
            tracing::warn!(why, "what is to be served cannot be composed; trying again");
            self.put(paused());
            let waited = self.stop.run_until_cancelled(sleep(pause)).await;
            if waited.is_none() {
                return Err(Unchanged::Kept(error.context("stopped meanwhile")));
            }
            pause = longest.min(pause * 2);
        }
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
        self.quotas.quotas().set(town.quotas.clone());
        let means = Means {
            writers: &writers,
            readers: &readers,
            desks: &desks,
            views_dir: &self.data_dir.join("views"),
            open_views,
            open_gateway: self.gateway.clone(),
            quotas: Arc::clone(&self.quotas),
            tokens: Arc::clone(&self.tokens),
            ends: Arc::clone(&self.ends),
            writes: Arc::clone(&self.logs.writes),
            audit: Arc::clone(&self.audit),
            sessions: Arc::clone(&self.sessions),
            codes: Arc::clone(&self.codes),
            clock: clock::system(),
        };
        let parted = compose(&roles, means, &mut self.parts).await?;
        self.gateway.clone_from(&parted.gateway);
        self.put(parted);
        Ok(())
    }

    /// Serves this from now on.
    fn put(&self, parted: Parted) {
        let dressed = dressed(parted.router.clone(), Arc::clone(&parted.pages));
        self.routers.send_modify(|router| *router = dressed);
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

/// Whether others than its composition hold a view: that holds it once to serve it, once to hear how
/// far it has read, and once for each log to follow.
fn is_read_by_others(view: &Arc<View>) -> bool {
    Arc::strong_count(view) > 2 + view.logs().count()
}

/// Whether composing may work a little later: a log may answer again. What is wrong with the rows
/// of a view must be looked at by people.
fn may_pass(error: &anyhow::Error) -> bool {
    let lasts = |error: &ViewError| {
        matches!(
            error,
            ViewError::Store(_) | ViewError::Rows(_) | ViewError::Gap { .. }
        )
    };
    !error.downcast_ref::<ViewError>().is_some_and(lasts)
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
    let views = Views::new([]);
    Parted {
        pages: townclerk_view_service::problem_pages(&views),
        router: router.route("/", wait()).route("/{*path}", wait()),
        needs,
        views,
        gateway: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use townclerk_event_log::LogError;
    use townclerk_event_log::memory::MemoryLog;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_view_is_read_by_others_as_long_as_somebody_holds_it_beside_its_composition() {
        let folder = tempfile::tempdir().unwrap();
        let log = |name: &str| -> Arc<dyn EventLog> {
            Arc::new(MemoryLog::new(LogName::new(name).unwrap()))
        };
        let logs = vec![log("brent"), log("shared")];
        let served = View::open(Scope::Joint, folder.path(), logs).await.unwrap();
        let mut followers: Vec<_> = served.logs().map(|_| Arc::clone(&served)).collect();
        followers.push(Arc::clone(&served));
        assert!(!is_read_by_others(&served));
        let replay = Arc::clone(&served);
        assert!(is_read_by_others(&served));
        drop(replay);
        assert!(!is_read_by_others(&served));
        drop(followers);
    }

    #[test]
    fn a_log_that_does_not_answer_may_pass_and_a_damaged_view_does_not() {
        let log = LogName::new("brent").unwrap();
        let why = "no answer".to_owned();
        let away = ViewError::Log(LogError::Unavailable { log, why });
        assert!(may_pass(&anyhow::Error::from(away).context("opening")));
        let log = LogName::new("brent").unwrap();
        let gap = ViewError::Gap {
            log,
            found: 3,
            wanted: 2,
        };
        assert!(!may_pass(&anyhow::Error::from(gap).context("opening")));
    }
}
