//! The room on the disk of the record: measured where the store is known, and told before it runs out.

use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use townclerk_event_log::{Room, RoomLevel, Writes};

/// How often it is looked how much room there is. Each append looks for itself.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// How often it is said again that the room is low.
const SAID_EVERY: Duration = Duration::from_secs(3600);

/// The room on the disk that holds the store of nats-server in `data_dir`; `None` where that cannot
/// be found out.
pub(super) fn of_the_store(data_dir: &Path) -> Option<Room> {
    let store = data_dir.join("jetstream");
    // Before the first start there is none, and it is made on the disk of the data directory.
    Room::at(&store).or_else(|| Room::at(data_dir))
}

/// Says in the log that the room runs low or is at its end: as it changes, and once an hour while it
/// lasts.
///
/// # Errors
/// None.
pub(super) async fn watch(writes: Arc<Writes>, stop: CancellationToken) -> Result<(), Infallible> {
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut said = Said::default();
    while stop.run_until_cancelled(looks.tick()).await.is_some() {
        let Some(room) = writes.room() else { continue };
        if !said.again(room.level(), Instant::now()) {
            continue;
        }
        match room.level() {
            RoomLevel::Enough => tracing::info!(%room, "the disk of the record has room again"),
            RoomLevel::Low => tracing::warn!(
                %room,
                "the disk of the record runs low: make room before nothing is recorded any more"
            ),
            RoomLevel::Full => tracing::error!(
                %room,
                "the disk of the record is full: nothing is recorded until there is room"
            ),
        }
    }
    Ok(())
}

/// What was said last, and when.
struct Said {
    level: RoomLevel,
    at: Option<Instant>,
}

impl Default for Said {
    /// That there is enough room need not be said.
    fn default() -> Self {
        Self {
            level: RoomLevel::Enough,
            at: None,
        }
    }
}

impl Said {
    /// Whether the level is to be said now.
    fn again(&mut self, level: RoomLevel, now: Instant) -> bool {
        let is_long_ago = self.at.is_some_and(|at| now - at >= SAID_EVERY);
        let lasts = level != RoomLevel::Enough && is_long_ago;
        let says = level != self.level || lasts;
        if says {
            *self = Self {
                level,
                at: Some(now),
            };
        }
        says
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_room_of_a_store_that_is_not_made_yet_is_that_of_its_folder() {
        let dir = tempfile::tempdir().unwrap();
        let before = of_the_store(dir.path()).unwrap();
        assert!(before.total > 0 && before.free <= before.total, "{before}");
        std::fs::create_dir(dir.path().join("jetstream")).unwrap();
        assert_eq!(of_the_store(dir.path()).unwrap().total, before.total);
        assert_eq!(of_the_store(&dir.path().join("nowhere")), None);
    }

    #[test]
    fn a_level_is_said_as_it_changes_and_once_an_hour_while_it_lasts() {
        let start = Instant::now();
        let after = |seconds: u64| start + Duration::from_secs(seconds);
        let mut said = Said::default();
        for (second, level, says) in [
            (0, RoomLevel::Enough, false),
            (10, RoomLevel::Low, true),
            (20, RoomLevel::Low, false),
            (3_609, RoomLevel::Low, false),
            (3_610, RoomLevel::Low, true),
            (3_620, RoomLevel::Full, true),
            (3_630, RoomLevel::Low, true),
            (3_640, RoomLevel::Enough, true),
            (9_999, RoomLevel::Enough, false),
        ] {
            assert_eq!(said.again(level, after(second)), says, "{second}");
        }
    }
}
