//! What several processes know of one data directory, and when a log is read through.

use townclerk_contract::chain::Chain;

use super::*;

fn name(log: &str) -> LogName {
    LogName::new(log).unwrap()
}

fn file(dir: &Path) -> EndsFile {
    EndsFile::load(dir, &Arc::default()).unwrap()
}

fn seen(sequence: u64) -> SeenEnd {
    SeenEnd::of(sequence, "tc.brent.ticket.1", b"payload")
}

fn reading(at: &str, damage: Option<&str>) -> ReadThrough {
    ReadThrough {
        at: at.parse().unwrap(),
        sequence: 1,
        chain: Chain::default().next("tc.brent.ticket.1", b"payload"),
        damage: damage.map(str::to_owned),
    }
}

#[test]
fn two_that_save_at_once_lose_nothing_and_never_fail() {
    const SAVES: u64 = 50;
    let dir = tempfile::tempdir().unwrap();
    let logs = ["brent", "camden"].map(name);
    std::thread::scope(|threads| {
        for log in &logs {
            let file = file(dir.path());
            threads.spawn(move || {
                for sequence in 1..=SAVES {
                    file.ends().seen_elsewhere(log, seen(sequence));
                    file.save().unwrap();
                    let kept = read(&file.data_dir.join(FILE)).unwrap();
                    assert_eq!(kept[log].sequence, sequence, "{log}");
                }
            });
        }
    });
    let both = file(dir.path());
    for log in &logs {
        assert_eq!(both.ends().seen(log), seen(SAVES), "{log}");
    }
}

#[test]
fn a_later_reading_stays_when_another_process_has_seen_further() {
    let dir = tempfile::tempdir().unwrap();
    let brent = name("brent");
    let first = file(dir.path());
    first.ends().seen_elsewhere(&brent, seen(1));
    let earlier = reading("2026-01-05T10:00:00Z", None);
    first.ends().set_read_through(&brent, earlier);
    first.save().unwrap();
    let second = file(dir.path());
    let later = reading("2026-01-06T10:00:00Z", Some("message 2 is missing"));
    first.ends().set_read_through(&brent, later.clone());
    first.save().unwrap();
    second.ends().seen_elsewhere(&brent, seen(9));
    second.save().unwrap();
    assert_eq!(second.ends().read_through(&brent), Some(later.clone()));
    let both = file(dir.path());
    assert_eq!(both.ends().seen(&brent), seen(9));
    assert_eq!(both.ends().read_through(&brent), Some(later));
}

#[test]
fn a_whole_log_is_read_once_a_day_and_a_damaged_one_at_the_start_and_every_hour() {
    let read_at = "2026-01-05T10:00:00Z";
    let (whole, damaged) = (
        reading(read_at, None),
        reading(read_at, Some("message 2 is missing")),
    );
    let after = |minutes| whole.at + SignedDuration::from_mins(minutes);
    assert!(is_due(None, true, after(0)));
    for is_first in [true, false] {
        assert!(!is_due(Some(&whole), is_first, after(24 * 60 - 1)));
        assert!(is_due(Some(&whole), is_first, after(24 * 60)));
    }
    assert!(is_due(Some(&damaged), true, after(0)));
    assert!(!is_due(Some(&damaged), false, after(59)));
    assert!(is_due(Some(&damaged), false, after(60)));
}
