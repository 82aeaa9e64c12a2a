//! What is written, turned over, counted, and never lost in silence.

use std::os::unix::fs::PermissionsExt;
use std::sync::Mutex;

use super::refusals::REFUSALS_PER_MINUTE;
use super::*;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// A clock that a test sets.
fn clock() -> (Clock, Arc<Mutex<Timestamp>>) {
    let time = Arc::new(Mutex::new(at(0)));
    let shown = Arc::clone(&time);
    (Arc::new(move || *shown.lock().unwrap()), time)
}

fn said(subject: &str, stranger: bool) -> Said {
    Said {
        subject: subject.to_owned(),
        method: "POST".to_owned(),
        path: "/v1/views/brent/rebuild".to_owned(),
        status: Some(403),
        outcome: "refused".to_owned(),
        stranger,
        address: Some("192.0.2.7".parse().unwrap()),
    }
}

fn written(folder: &Path) -> Vec<AuditEntry> {
    let files = AuditFile::in_folder(folder).files().unwrap();
    files
        .iter()
        .flat_map(|file| {
            let text = std::fs::read_to_string(file).unwrap();
            let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
            lines.collect::<Vec<AuditEntry>>()
        })
        .collect()
}

#[tokio::test]
async fn a_line_stands_in_a_private_file_before_the_request_is_answered() {
    let folder = folder();
    let (clock, _) = clock();
    let log = AuditLog::open(folder.path(), clock).unwrap();
    log.record(said("local-operator", false)).await;
    let entry = AuditEntry {
        time: at(0),
        subject: "local-operator".to_owned(),
        method: "POST".to_owned(),
        path: "/v1/views/brent/rebuild".to_owned(),
        status: Some(403),
        outcome: "refused".to_owned(),
        address: Some("192.0.2.7".parse().unwrap()),
    };
    assert_eq!(written(folder.path()), [entry]);
    let file = folder.path().join("audit.ndjson");
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);
    assert_eq!(log.lost(), 0);
}

#[tokio::test]
async fn what_was_written_before_a_start_is_kept() {
    let folder = folder();
    for _ in 0..2 {
        let log = AuditLog::open(folder.path(), clock().0).unwrap();
        log.record(said("local-operator", false)).await;
    }
    assert_eq!(written(folder.path()).len(), 2);
}

#[tokio::test]
async fn strangers_fill_no_more_than_a_part_of_the_log_and_the_rest_is_counted() {
    let folder = folder();
    let (clock, time) = clock();
    let log = AuditLog::open(folder.path(), clock).unwrap();
    for _ in 0..REFUSALS_PER_MINUTE + 7 {
        log.record(said("nobody", true)).await;
    }
    log.record(said("local-operator", false)).await;
    *time.lock().unwrap() = at(60);
    log.record(said("nobody", true)).await;
    let lines = written(folder.path());
    let by = |subject: &str| lines.iter().filter(|line| line.subject == subject).count();
    assert_eq!(by("nobody") as u64, REFUSALS_PER_MINUTE + 1);
    assert_eq!(by("local-operator"), 1);
    let told: Vec<&str> = lines
        .iter()
        .filter(|line| line.subject == "townclerk")
        .map(|line| line.outcome.as_str())
        .collect();
    let says = "7 more refused within a minute, without a known token";
    assert_eq!(told, [says]);
}

#[tokio::test]
async fn refusals_of_one_token_are_bounded_too_and_what_an_operator_did_is_not() {
    let folder = folder();
    let log = AuditLog::open(folder.path(), clock().0).unwrap();
    for _ in 0..REFUSALS_PER_MINUTE * 3 {
        log.record(said("brent-hornbill", false)).await;
        log.record(Said {
            outcome: "answered".to_owned(),
            ..said("local-operator", false)
        })
        .await;
    }
    log.record(said("lewisham-glpi", false)).await;
    drop(log);
    let lines = written(folder.path());
    let by = |subject: &str| lines.iter().filter(|line| line.subject == subject).count();
    assert_eq!(by("brent-hornbill") as u64, REFUSALS_PER_MINUTE);
    assert_eq!(by("local-operator") as u64, REFUSALS_PER_MINUTE * 3);
    assert_eq!(by("lewisham-glpi"), 1);
    let passed = REFUSALS_PER_MINUTE * 2;
    let says = format!("{passed} more refused within a minute, of brent-hornbill");
    assert_eq!(lines.last().unwrap().outcome, says);
}

#[tokio::test]
async fn what_is_passed_over_in_the_last_minute_is_told_at_the_end() {
    let folder = folder();
    let log = AuditLog::open(folder.path(), clock().0).unwrap();
    for _ in 0..REFUSALS_PER_MINUTE + 2 {
        log.record(said("unknown token", true)).await;
    }
    drop(log);
    let last = written(folder.path()).pop().unwrap();
    assert!(last.outcome.starts_with("2 more refused"), "{last:?}");
}

#[tokio::test]
async fn lines_that_cannot_be_written_are_counted_and_the_file_tells_of_the_gap() {
    let folder = folder();
    let inner = folder.path().join("data");
    let log = AuditLog::open(&inner, clock().0).unwrap();
    // A folder stands where the file was: nobody can append to that, not even root.
    std::fs::remove_file(inner.join("audit.ndjson")).unwrap();
    std::fs::create_dir(inner.join("audit.ndjson")).unwrap();
    log.record(said("local-operator", false)).await;
    log.record(said("local-operator", false)).await;
    assert_eq!(log.lost(), 2);
    std::fs::remove_dir(inner.join("audit.ndjson")).unwrap();
    log.record(said("local-operator", false)).await;
    let lines = written(&inner);
    assert_eq!(lines.len(), 2, "{lines:?}");
    let says = "2 lines before this one could not be written";
    assert_eq!(lines[0].outcome, says);
    assert_eq!(lines[1].subject, "local-operator");
    assert_eq!(log.lost(), 2);
}

#[test]
fn a_file_is_turned_over_by_size_and_a_bounded_number_is_kept() {
    let folder = folder();
    let file = AuditFile::turned_over_at(folder.path(), 20);
    for number in 0..30 {
        file.append(format!("line {number:04}\n").as_bytes())
            .unwrap();
    }
    let files = file.files().unwrap();
    assert_eq!(files.len(), 1 + FILES_KEPT as usize);
    let text: String = files
        .iter()
        .map(|file| std::fs::read_to_string(file).unwrap())
        .collect();
    let last: Vec<String> = (12..30).map(|number| format!("line {number:04}")).collect();
    assert_eq!(text.lines().collect::<Vec<_>>(), last, "two to a file");
}

#[test]
fn several_writers_turn_one_file_over_without_losing_a_line() {
    let folder = folder();
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let file = AuditFile::turned_over_at(folder.path(), 600);
            scope.spawn(move || {
                for number in 0..100 {
                    file.append(format!("{writer} {number:03}\n").as_bytes())
                        .unwrap();
                }
            });
        }
    });
    let files = AuditFile::in_folder(folder.path()).files().unwrap();
    let text: String = files
        .iter()
        .map(|file| std::fs::read_to_string(file).unwrap())
        .collect();
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines.len(), 400);
}

#[test]
fn a_writer_that_finds_the_file_held_gives_up_and_says_so() {
    let folder = folder();
    let file = AuditFile::in_folder(folder.path());
    file.append(b"one\n").unwrap();
    let held = std::fs::File::open(file.path()).unwrap();
    held.lock().unwrap();
    let refused = file.append(b"two\n").unwrap_err();
    assert!(refused.to_string().contains("another process"), "{refused}");
    held.unlock().unwrap();
    file.append(b"three\n").unwrap();
    assert_eq!(
        std::fs::read_to_string(file.path()).unwrap(),
        "one\nthree\n"
    );
}
