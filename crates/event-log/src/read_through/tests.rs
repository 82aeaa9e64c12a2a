//! What a reading of a whole log finds.

use std::sync::Arc;

use townclerk_domain::names::LogName;

use super::*;
use crate::memory::MemoryLog;

const AT_ONCE: Pace = Pace {
    messages: 1_000,
    pause: Duration::ZERO,
};

fn log_of(messages: u8) -> Arc<MemoryLog> {
    let log = MemoryLog::new(LogName::new("brent").unwrap());
    for number in 0..messages {
        log.put("tc.brent.ticket.ticket-1", None, &[number]);
    }
    Arc::new(log)
}

async fn read(log: &MemoryLog, before: Option<&ReadThrough>) -> ReadThrough {
    read_through(log, before, AT_ONCE).await.unwrap()
}

#[tokio::test]
async fn a_hole_is_found_and_named() {
    let log = log_of(9);
    let whole = read(&log, None).await;
    assert_eq!((whole.sequence, &whole.damage), (9, &None));
    log.lose_message(4);
    let damaged = read(&log, Some(&whole)).await;
    assert_eq!((damaged.sequence, damaged.chain), (9, whole.chain));
    assert_eq!(damaged.damage, Some(missing(4)));
    assert_eq!(read(&log, None).await.sequence, 3);
    log.lose_message(1);
    assert_eq!(read(&log, None).await.damage, Some(missing(1)));
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_missing_at_the_end_is_found_too() {
    let log = log_of(3);
    log.lose_message(3);
    assert_eq!(read(&log, None).await.damage, Some(missing(3)));
}

#[tokio::test]
async fn a_history_that_is_not_the_one_of_the_last_time_is_damage() {
    let before = read(&log_of(3), None).await;
    let other = log_of(2);
    other.put("tc.brent.ticket.ticket-1", None, b"another");
    other.put("tc.brent.ticket.ticket-1", None, b"later");
    let damage = read(&other, Some(&before)).await.damage.unwrap();
    assert!(damage.contains("up to brent:3 are not those"), "{damage}");
    let short = read(&log_of(2), Some(&before)).await.damage.unwrap();
    assert!(short.contains("ends at brent:2"), "{short}");
}

#[tokio::test]
async fn damage_is_told_again_by_every_reading_until_the_log_is_that_of_the_last_good_one() {
    let good = log_of(3);
    let before = read(&good, None).await;
    let replaced = log_of(2);
    replaced.put("tc.brent.ticket.ticket-1", None, b"another");
    let holed = log_of(5);
    holed.lose_message(2);
    for damaged in [replaced, holed, log_of(1)] {
        let mut last = before.clone();
        for _ in 0..3 {
            last = read(&damaged, Some(&last)).await;
            assert!(last.damage.is_some());
            assert_eq!((last.sequence, last.chain), (3, before.chain));
        }
        assert_eq!(read(&good, Some(&last)).await.damage, None);
    }
}
