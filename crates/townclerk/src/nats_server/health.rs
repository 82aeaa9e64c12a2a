//! Whether nats-server can write. A write that failed freezes a stream, or all of JetStream, until the
//! server is started again, although there may be room by then: it is restarted once there is.
//!
//! Nothing of this records an event: the server is asked how it is, and a small file is written beside
//! its store and removed.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use super::credentials::{Credentials, SYS_INBOX_PREFIX};
use super::supervisor::Order;

/// What the user of the system account may ask beside the settings: how the server is.
pub const HEALTHZ_SUBJECT: &str = "$SYS.REQ.SERVER.PING.HEALTHZ";

/// How often the server is asked.
const LOOK_EVERY: Duration = Duration::from_secs(3);

/// How long an answer, or the disk, may take.
const LOOK_WITHIN: Duration = Duration::from_secs(2);

/// Looks in a row at a server that cannot write before it is restarted.
const SICK_LOOKS: u32 = 2;

/// The first and the longest pause between two restarts.
const RESTART_PAUSES: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(600));

/// A server that was well for this long is restarted as quickly as the first time.
const STEADY: Duration = Duration::from_secs(60);

/// What a look writes.
const LOOK_BYTES: usize = 4 * 1024;

/// What the disk must take before a restart: less would fill it again at once.
const RESTART_BYTES: usize = 4 * 1024 * 1024;

/// How a server was found.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    Well,
    /// It answers, and says that it cannot write.
    Sick(String),
    /// It answers, and says that it lacks what it ought to have. A restart brings nothing of it back.
    Damaged(String),
    Silent(String),
}

/// How nats-server says that a stream or consumer, or an account, is not what its files and its
/// settings name.
const DAMAGE: [&str; 2] = ["could not be recovered", "could not be resolved"];

/// Looks after a server that a supervisor keeps alive.
pub(super) struct Health {
    pub url: String,
    pub credentials: Arc<Credentials>,
    /// Of the server; what JetStream stores is in a folder of it.
    pub data_dir: PathBuf,
    pub orders: mpsc::Sender<Order>,
    pub says: watch::Sender<Option<String>>,
    pub stop: CancellationToken,
}

impl Health {
    /// Looks until told to stop.
    pub async fn run(self) {
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut client = None;
        let mut restarts = Restarts::default();
        while self.stop.run_until_cancelled(looks.tick()).await.is_some() {
            let looked = self.stop.run_until_cancelled(self.look(&mut client)).await;
            let Some((found, room)) = looked else {
                return;
            };
            self.say(&found, &room);
            if restarts.is_due(&found, Instant::now()) && self.has_room_to_restart().await {
                tracing::warn!(
                    next_at_the_earliest = ?restarts.pause,
                    "nats-server cannot write although its disk takes data: restarting it"
                );
                restarts.restarted(Instant::now());
                if self.orders.send(Order::Restart).await.is_err() {
                    return;
                }
            }
        }
    }

    /// Asks the server, and writes to its disk.
    async fn look(&self, client: &mut Option<async_nats::Client>) -> (Found, io::Result<()>) {
        let asked = timeout(LOOK_WITHIN, self.ask(client)).await;
        let found = asked.unwrap_or_else(|_| Found::Silent("no answer in time".to_owned()));
        (found, self.write(LOOK_BYTES).await)
    }

    async fn ask(&self, client: &mut Option<async_nats::Client>) -> Found {
        let connected = match client.take() {
            Some(connected) => connected,
            None => {
                let connecting =
                    async_nats::ConnectOptions::with_nkey(self.credentials.sys().seed().to_owned())
                        .custom_inbox_prefix(SYS_INBOX_PREFIX)
                        .connect(&self.url);
                match connecting.await {
                    Ok(connected) => connected,
                    Err(error) => return Found::Silent(error.to_string()),
                }
            }
        };
        let answer = connected.request(HEALTHZ_SUBJECT, "{}".into()).await;
        match answer {
            Ok(answer) => {
                *client = Some(connected);
                read(&answer.payload)
            }
            Err(error) => Found::Silent(error.to_string()),
        }
    }

    /// Says what was found, in the log once as it changes.
    fn say(&self, found: &Found, room: &io::Result<()>) {
        let says = told(found, room);
        if *self.says.borrow() == says {
            return;
        }
        match (&says, found) {
            (None, _) => tracing::info!("nats-server is well again"),
            (Some(says), Found::Sick(why) | Found::Damaged(why) | Found::Silent(why)) => {
                tracing::error!(why, "{says}");
            }
            (Some(says), Found::Well) => tracing::error!("{says}"),
        }
        self.says.send_replace(says);
    }

    async fn has_room_to_restart(&self) -> bool {
        self.write(RESTART_BYTES).await.is_ok()
    }

    /// Writes a file beside the store, and removes it again.
    async fn write(&self, bytes: usize) -> io::Result<()> {
        let dir = self.data_dir.join("jetstream");
        let written = tokio::task::spawn_blocking(move || try_to_write(&dir, bytes));
        let late = || io::Error::new(io::ErrorKind::TimedOut, "it does not answer");
        match timeout(LOOK_WITHIN * 5, written).await {
            Ok(Ok(written)) => written,
            Ok(Err(panicked)) => Err(io::Error::other(panicked)),
            Err(_) => Err(late()),
        }
    }
}

/// How people are told what was found; nothing where all is well.
fn told(found: &Found, room: &io::Result<()>) -> Option<String> {
    match (found, room) {
        (_, Err(error)) => Some(format!("the disk of the record takes nothing: {error}")),
        (Found::Well, Ok(())) => None,
        (Found::Sick(_), Ok(())) => Some(
            "nats-server cannot write what is recorded; it is restarted when its disk takes data"
                .to_owned(),
        ),
        (Found::Damaged(why), Ok(())) => Some(format!("nats-server is damaged; it says: {why}")),
        (Found::Silent(_), Ok(())) => Some("nats-server does not answer".to_owned()),
    }
}

/// Writes so many bytes to a file in `dir`, waits until they are on the disk, and removes it.
fn try_to_write(dir: &Path, bytes: usize) -> io::Result<()> {
    let path = dir.join("try");
    let written = std::fs::write(&path, vec![0xa5; bytes])
        .and_then(|()| std::fs::File::open(&path)?.sync_all());
    let removed = match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    };
    written.and(removed)
}

/// Reads what the server says of itself.
fn read(answer: &[u8]) -> Found {
    let answer: Value = match serde_json::from_slice(answer) {
        Ok(answer) => answer,
        Err(error) => return Found::Silent(format!("its answer cannot be read: {error}")),
    };
    let health = &answer["data"];
    if health["status"] == "ok" {
        return Found::Well;
    }
    let why = health["error"].as_str();
    let why = why.map_or_else(|| answer.to_string(), str::to_owned);
    match DAMAGE.iter().any(|damage| why.contains(damage)) {
        true => Found::Damaged(why),
        false => Found::Sick(why),
    }
}

/// When a server that cannot write is restarted: at growing pauses, never in a tight loop.
#[derive(Debug)]
struct Restarts {
    sick: u32,
    well_since: Option<Instant>,
    last: Option<Instant>,
    /// Between the last restart and the next.
    pause: Duration,
}

impl Default for Restarts {
    fn default() -> Self {
        Self {
            sick: 0,
            well_since: None,
            last: None,
            pause: RESTART_PAUSES.0,
        }
    }
}

impl Restarts {
    /// Takes in a look, and says whether a restart is due, as far as time goes.
    fn is_due(&mut self, found: &Found, now: Instant) -> bool {
        match found {
            Found::Well => {
                let since = *self.well_since.get_or_insert(now);
                self.sick = 0;
                if now - since >= STEADY {
                    self.pause = RESTART_PAUSES.0;
                    self.last = None;
                }
            }
            Found::Sick(_) => {
                self.well_since = None;
                self.sick += 1;
            }
            // Another start would find the same files.
            Found::Damaged(_) => {
                self.well_since = None;
                self.sick = 0;
            }
            // One that does not answer may be starting; if it died, the supervisor knows.
            Found::Silent(_) => self.well_since = None,
        }
        self.sick >= SICK_LOOKS && self.last.is_none_or(|last| now - last >= self.pause)
    }

    fn restarted(&mut self, now: Instant) {
        if self.last.is_some() {
            self.pause = RESTART_PAUSES.1.min(self.pause * 2);
        }
        self.last = Some(now);
        self.sick = 0;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sick() -> Found {
        Found::Sick("write error".to_owned())
    }

    #[test]
    fn a_server_that_stays_sick_is_restarted_at_growing_pauses() {
        let start = Instant::now();
        let mut restarts = Restarts::default();
        let mut at = Vec::new();
        for second in (0..4_000).step_by(3) {
            let now = start + Duration::from_secs(second);
            if restarts.is_due(&sick(), now) {
                restarts.restarted(now);
                at.push(second);
            }
        }
        let pauses: Vec<u64> = at.windows(2).map(|two| two[1] - two[0]).collect();
        assert!(pauses.is_sorted(), "{pauses:?}");
        assert!((10..15).contains(&pauses[0]), "{pauses:?}");
        assert!((600..610).contains(pauses.last().unwrap()), "{pauses:?}");
    }

    #[test]
    fn a_server_that_is_well_or_silent_is_not_restarted_and_after_a_while_well_begins_again() {
        let start = Instant::now();
        let after = |seconds: u64| start + Duration::from_secs(seconds);
        let mut restarts = Restarts::default();
        assert!(!restarts.is_due(&sick(), start), "once is not enough");
        assert!(!restarts.is_due(&Found::Well, after(3)));
        assert!(!restarts.is_due(&sick(), after(6)));
        for second in 7..60 {
            let silent = Found::Silent("away".to_owned());
            assert!(!restarts.is_due(&silent, after(second)));
        }
        assert!(restarts.is_due(&sick(), after(60)));
        restarts.restarted(after(60));
        restarts.restarted(after(80));
        assert_eq!(restarts.pause, RESTART_PAUSES.0 * 2);
        assert!(!restarts.is_due(&Found::Well, after(90)));
        assert!(!restarts.is_due(&Found::Well, after(150)));
        assert_eq!(restarts.pause, RESTART_PAUSES.0);
    }

    #[test]
    fn what_a_server_says_of_itself_is_read() {
        assert_eq!(read(br#"{"data":{"status":"ok"}}"#), Found::Well);
        let sick = br#"{"data":{"status":"unavailable","status_code":503,"error":"write error"}}"#;
        assert_eq!(read(sick), Found::Sick("write error".to_owned()));
        assert!(matches!(read(b"nonsense"), Found::Silent(_)));
    }

    #[test]
    fn damage_is_told_in_the_words_of_the_server_and_never_restarted() {
        for why in [
            "JetStream stream 'BRENT > EVENTS' could not be recovered",
            "JetStream account 'BRENT' could not be resolved",
        ] {
            let health =
                json!({"data": {"status": "unavailable", "status_code": 503, "error": why}});
            let found = read(health.to_string().as_bytes());
            assert_eq!(found, Found::Damaged(why.to_owned()));
            assert!(told(&found, &Ok(())).unwrap().contains(why));
            let start = Instant::now();
            let mut restarts = Restarts::default();
            for second in (0..4_000).step_by(3) {
                let now = start + Duration::from_secs(second);
                assert!(!restarts.is_due(&found, now), "{why}, after {second} s");
            }
        }
    }

    #[test]
    fn a_disk_that_takes_nothing_is_found_out_and_nothing_is_left_behind() {
        let dir = tempfile::tempdir().unwrap();
        try_to_write(dir.path(), LOOK_BYTES).unwrap();
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        std::os::unix::fs::symlink("/dev/full", dir.path().join("try")).unwrap();
        let refused = try_to_write(dir.path(), LOOK_BYTES).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::StorageFull);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
