//! How far a view may be behind its logs and still be relied on. A view that was read to its end once
//! may fall back later: a disk gets slow, or more is recorded than can be folded.

use std::time::Duration;

use tokio::time::Instant;

/// Events that may be unread.
pub(crate) const EVENTS_MAX: u64 = 1_000;

/// How long an event may be unread, and a log not looked at.
pub(crate) const UNREAD_MAX: Duration = Duration::from_secs(30);

/// What is known of the end of one log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lag {
    looked: Instant,
    head: u64,
    /// The earliest end that is not reached yet, and when it was seen.
    unread: Option<(u64, Instant)>,
}

impl Lag {
    /// After the first look.
    pub fn first(head: u64, checkpoint: u64, now: Instant) -> Self {
        Self {
            looked: now,
            head,
            unread: (checkpoint < head).then_some((head, now)),
        }
    }

    /// After a look that found the log to end at `head`, with `checkpoint` folded.
    pub fn again(self, head: u64, checkpoint: u64, now: Instant) -> Self {
        let waits = self.unread.filter(|(end, _)| checkpoint < *end);
        Self {
            unread: waits.or(Self::first(head, checkpoint, now).unread),
            looked: now,
            head,
        }
    }

    /// What is too far behind, in words; `None` while nothing is.
    pub fn too_far(&self, checkpoint: u64, now: Instant) -> Option<String> {
        let most = UNREAD_MAX.as_secs();
        let events = self.head.saturating_sub(checkpoint);
        if events > EVENTS_MAX {
            return Some(format!(
                "{events} events behind, read up to {checkpoint} of {}; more than {EVENTS_MAX} are too \
                 many",
                self.head
            ));
        }
        let waits = self.unread.filter(|(end, _)| checkpoint < *end);
        let unread = waits.map(|(_, since)| now.duration_since(since));
        if let Some(unread) = unread.filter(|unread| *unread > UNREAD_MAX) {
            return Some(format!(
                "{} seconds behind, read up to {checkpoint} of {}; more than {most} are too many",
                unread.as_secs(),
                self.head
            ));
        }
        let alone = now.duration_since(self.looked);
        (alone > UNREAD_MAX).then(|| {
            let alone = alone.as_secs();
            format!("not looked at for {alone} seconds; more than {most} are too many")
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use townclerk_app::projector::Projector;
    use townclerk_domain::names::{LogName, Scope};
    use townclerk_event_log::EventLog;
    use townclerk_event_log::memory::MemoryLog;

    use super::*;
    use crate::view::View;

    fn after(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_view_that_follows_is_near_enough_however_much_is_recorded() {
        let start = Instant::now();
        let mut lag = Lag::first(10, 10, start);
        // Each look finds something new, and what the look before found is folded.
        for second in 1..200 {
            let now = start + after(second);
            lag = lag.again(10 + second * 100, second * 100, now);
            assert_eq!(lag.too_far(second * 100, now), None, "{second}");
        }
    }

    #[test]
    fn too_many_events_are_too_far() {
        let now = Instant::now();
        let lag = Lag::first(5_000, 100, now);
        let says = "4900 events behind, read up to 100 of 5000; more than 1000 are too many";
        assert_eq!(lag.too_far(100, now).as_deref(), Some(says));
        assert_eq!(lag.too_far(4_000, now), None, "a thousand are not");
    }

    #[test]
    fn one_event_that_stays_unread_is_too_far_after_a_while() {
        let start = Instant::now();
        let mut lag = Lag::first(10, 10, start);
        lag = lag.again(11, 10, start + after(1));
        lag = lag.again(12, 10, start + after(30));
        assert_eq!(lag.too_far(10, start + after(31)), None);
        let said = lag.too_far(10, start + after(32)).unwrap();
        let says = "31 seconds behind, read up to 10 of 12; more than 30 are too many";
        assert_eq!(said, says);
        assert_eq!(lag.too_far(11, start + after(32)), None, "folded meanwhile");
    }

    #[test]
    fn a_log_that_is_not_looked_at_is_too_far() {
        let start = Instant::now();
        let lag = Lag::first(10, 10, start);
        assert_eq!(lag.too_far(10, start + after(30)), None);
        let said = lag.too_far(10, start + after(31)).unwrap();
        assert!(said.starts_with("not looked at for 31 seconds"), "{said}");
    }
    #[tokio::test(flavor = "multi_thread")]
    async fn a_view_that_was_read_once_and_falls_back_cannot_be_relied_on() {
        let folder = tempfile::tempdir().unwrap();
        let name: LogName = "brent".parse().unwrap();
        let log = Arc::new(MemoryLog::new(name.clone()));
        let logs: Vec<Arc<dyn EventLog>> = vec![Arc::<MemoryLog>::clone(&log)];
        let view = View::open(Scope::Log(name.clone()), folder.path(), logs);
        let view = view.await.unwrap();
        view.make().await;
        let more = async |count: usize| {
            let from = log.head().await.unwrap().sequence;
            for _ in 0..count {
                log.put("tc.brent.others", None, b"written by others");
            }
            let mut messages = Vec::new();
            for sequence in from + 1..=from + count as u64 {
                messages.push(log.read_one(sequence).await.unwrap().unwrap());
            }
            messages
        };
        view.project(&name, more(100).await).await.unwrap();
        view.caught_up(&name, log.head().await.unwrap());
        assert_eq!(view.unready(), Vec::<String>::new());
        let unread = more(1_100).await;
        view.behind(&name, log.head().await.unwrap());
        let says = "view brent: log brent is 1100 events behind, read up to 100 of 1200; more than \
                    1000 are too many";
        assert_eq!(view.unready(), [says]);
        view.project(&name, unread).await.unwrap();
        assert_eq!(view.unready(), Vec::<String>::new());
    }
}
