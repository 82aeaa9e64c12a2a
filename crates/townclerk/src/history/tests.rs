//! A history goes out and comes in byte for byte; what is wrong with a file is named by its line.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt;
use tempfile::TempDir;
use townclerk_domain::names::LogName;
use townclerk_event_log::import::Refusal;
use townclerk_event_log::memory::MemoryLog;
use townclerk_event_log::{EventLog, Verbatim};
use uuid::Uuid;

use super::*;

mod hostile;
mod signing;

const TICKET: &str = "00000000-0000-0000-0000-000000000007";

fn name(log: &str) -> LogName {
    LogName::new(log).unwrap()
}

/// An event as services write it, as far as the files look into it.
fn event(log: &str, number: u128) -> Verbatim {
    let id = Uuid::from_u128(number).to_string();
    let event = format!(r#"{{"id":"{id}","subject":"ticket/{TICKET}","data":{{"n":{number}}}}}"#);
    Verbatim {
        subject: format!("tc.{log}.ticket.ticket-{TICKET}"),
        id: Some(id),
        payload: event.into(),
    }
}

/// What others may have written: each a case in which a line needs more than the event.
fn foreign(log: &str) -> Vec<Verbatim> {
    let subject = format!("tc.{log}.ticket.ticket-{TICKET}");
    let make = |subject: &str, id: Option<&str>, payload: &'static [u8]| Verbatim {
        subject: subject.to_owned(),
        id: id.map(str::to_owned),
        payload: Bytes::from_static(payload),
    };
    let own = event(log, 99);
    vec![
        make(&subject, None, b"\xff\x00 no text\n"),
        make(&subject, Some("own-id"), b""),
        make(&subject, None, b"null"),
        make(&subject, None, b" {\"a\": 1.0} "),
        make(&subject, None, b"{\"a\":\n1}"),
        make(
            &subject,
            Some("x"),
            b"{\"id\":\"a\",\"id\":\"b\",\"subject\":7}",
        ),
        make(
            &format!("tc.{log}.anything"),
            Some("y"),
            b"{\"n\": 1e3, \"z\":\"\\u00e9\"}",
        ),
        Verbatim {
            id: None,
            ..own.clone()
        },
        Verbatim {
            subject: format!("tc.{log}.legal.lawsuit-{TICKET}"),
            ..own
        },
    ]
}

fn messages(log: &str) -> Vec<Verbatim> {
    let mut all: Vec<Verbatim> = (1..=6).map(|number| event(log, number)).collect();
    all.extend(foreign(log));
    all
}

async fn log_of(log: &str, messages: &[Verbatim]) -> Arc<MemoryLog> {
    let made = Arc::new(MemoryLog::new(name(log)));
    if !messages.is_empty() {
        made.append_after(0, messages).await.unwrap();
    }
    made
}

async fn exported(logs: &[Arc<MemoryLog>]) -> (TempDir, Manifest) {
    exported_by(None, logs).await
}

async fn exported_by(key: Option<&SigningKey>, logs: &[Arc<MemoryLog>]) -> (TempDir, Manifest) {
    let dir = tempfile::tempdir().unwrap();
    let mut export = export(dir.path()).unwrap().unwrap();
    for log in logs {
        let head = log.head().await.unwrap().sequence;
        export.log(&**log, head, |_| {}).await.unwrap();
    }
    let all = ["brent", "lewisham", "shared"].map(name);
    let manifest = export.finish("2026-11-22T12:00:00Z".to_owned(), &all, key);
    (dir, manifest.unwrap())
}

/// An export of brent alone.
async fn brent() -> (TempDir, Manifest) {
    exported(&[log_of("brent", &messages("brent")).await]).await
}

fn both_ends(log: &Arc<MemoryLog>) -> LogEnds {
    LogEnds {
        reader: Arc::clone(log) as Arc<dyn EventLog>,
        writer: Arc::clone(log) as Arc<dyn EventLog>,
    }
}

async fn all_of(log: &MemoryLog) -> Vec<Verbatim> {
    let head = log.head().await.unwrap().sequence;
    let count = usize::try_from(head).unwrap();
    let read = log.tail(0).await.unwrap().take(count);
    read.map(|message| message.unwrap().into()).collect().await
}

/// What is found after the lines of brent's file were changed.
async fn found(change: impl FnOnce(&mut Vec<String>)) -> Fault {
    let (dir, manifest) = brent().await;
    rewrite(dir.path(), change);
    let entry = manifest.log(&name("brent")).unwrap();
    check(dir.path(), entry, |_| {}).unwrap().unwrap_err()
}

/// Changes the lines of brent's file, each with its end.
fn rewrite(dir: &Path, change: impl FnOnce(&mut Vec<String>)) {
    let path = dir.join("brent.ndjson");
    let text = std::fs::read_to_string(&path).unwrap();
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    change(&mut lines);
    std::fs::write(&path, lines.concat()).unwrap();
}

#[tokio::test]
async fn what_was_exported_comes_in_byte_for_byte_foreign_messages_too() {
    let (brent, lewisham) = (messages("brent"), messages("lewisham"));
    let empty = log_of("shared", &[]).await;
    let logs = [
        log_of("brent", &brent).await,
        log_of("lewisham", &lewisham).await,
        empty,
    ];
    let (dir, manifest) = exported(&logs).await;
    let read = Manifest::read(dir.path()).unwrap().unwrap();
    assert_eq!(read.manifest, manifest);
    assert_eq!(read.signed, Signed::Unsigned);
    let expected = BTreeMap::from([("brent", brent), ("lewisham", lewisham), ("shared", vec![])]);
    for (log, expected) in expected {
        let entry = manifest.log(&name(log)).unwrap();
        assert_eq!(entry.messages, expected.len() as u64);
        check(dir.path(), entry, |_| {}).unwrap().unwrap();
        let new = log_of(log, &[]).await;
        let compared = compare(dir.path(), entry, both_ends(&new), |_| {}).await;
        let imported = compared.unwrap().unwrap().import(|_| {}).await;
        assert_eq!(imported.unwrap().unwrap().imported, entry.messages);
        assert_eq!(all_of(&new).await, expected);
    }
}

#[tokio::test]
async fn a_line_of_our_own_event_says_nothing_twice() {
    let (dir, _) = brent().await;
    let text = std::fs::read_to_string(dir.path().join("brent.ndjson")).unwrap();
    let own = event("brent", 1);
    let line = text.lines().next().unwrap();
    let event = std::str::from_utf8(&own.payload).unwrap();
    assert!(
        line.starts_with(r#"{"position":"brent:1","chain":""#),
        "{line}"
    );
    assert!(line.ends_with(&format!(r#"","event":{event}}}"#)), "{line}");
    assert!(!line.contains(&own.subject), "{line}");
}

#[tokio::test]
async fn a_folder_in_use_is_left_alone() {
    let (dir, _) = brent().await;
    let refused = export(dir.path()).unwrap();
    assert!(refused.err().unwrap().to_string().contains("is not empty"));
    // A file that was begun but not finished is none of an export.
    let begun = tempfile::tempdir().unwrap();
    export(begun.path()).unwrap().unwrap();
    let missing = Manifest::read(begun.path()).unwrap().unwrap_err();
    assert_eq!(missing.kind, FaultKind::Manifest);
}

#[tokio::test]
async fn the_first_wrong_line_is_named_with_what_is_wrong() {
    let at = |fault: &Fault| (fault.line, fault.kind);
    let missing = found(|lines| drop(lines.remove(2))).await;
    assert_eq!(at(&missing), (Some(3), FaultKind::Missing));
    assert!(missing.found.contains("brent:3 is missing"), "{missing}");
    let several = found(|lines| drop(lines.drain(2..5))).await;
    assert!(several.found.contains("brent:3 to brent:5"), "{several}");
    let last = found(|lines| drop(lines.pop())).await;
    assert_eq!(at(&last), (Some(15), FaultKind::Missing));
    let changed = found(|lines| lines[3] = lines[3].replace("\"n\":4", "\"n\":5")).await;
    assert_eq!(at(&changed), (Some(4), FaultKind::Changed));
    let doubled = found(|lines| lines.insert(2, lines[1].clone())).await;
    assert_eq!(at(&doubled), (Some(3), FaultKind::Doubled));
    assert!(doubled.found.contains("in line 2 before"), "{doubled}");
    let reordered = found(|lines| lines.swap(1, 4)).await;
    assert_eq!(at(&reordered), (Some(2), FaultKind::Reordered));
    assert!(reordered.found.contains("only in line 5"), "{reordered}");
    let truncated = found(|lines| lines[14].truncate(40)).await;
    assert_eq!(at(&truncated), (Some(15), FaultKind::Truncated));
    let unended = found(|lines| assert_eq!(lines[14].pop(), Some('\n'))).await;
    assert_eq!(at(&unended), (Some(15), FaultKind::Truncated));
    let unreadable = found(|lines| lines[0] = "anything\n".to_owned()).await;
    assert_eq!(at(&unreadable), (Some(1), FaultKind::Unreadable));
    let surplus = found(|lines| lines.push(lines[0].replace("brent:1\"", "brent:16\""))).await;
    assert_eq!(at(&surplus), (Some(16), FaultKind::Surplus));
    let empty = found(Vec::clear).await;
    assert_eq!(at(&empty), (Some(1), FaultKind::Missing));
    let text = missing.to_string();
    assert!(text.starts_with("brent.ndjson:3: "), "{text}");
    assert!(text.contains("export again"), "{text}");
}

#[tokio::test]
async fn a_line_of_another_log_is_named() {
    let (other, _) = exported(&[log_of("lewisham", &messages("lewisham")).await]).await;
    let other = std::fs::read_to_string(other.path().join("lewisham.ndjson")).unwrap();
    let line = other.split_inclusive('\n').nth(1).unwrap().to_owned();
    let fault = found(|lines| lines[1] = line).await;
    assert_eq!((fault.line, fault.kind), (Some(2), FaultKind::OtherLog));
    assert!(fault.found.contains("lewisham:2"), "{fault}");
    // Named brent's, with a chain that is right, the subject is still another log's.
    let astray = log_of("brent", &[event("lewisham", 1)]).await;
    let (dir, manifest) = exported(&[astray]).await;
    let fault = check(dir.path(), &manifest.logs[0], |_| {}).unwrap();
    assert_eq!(fault.unwrap_err().kind, FaultKind::OtherLog);
}

#[tokio::test]
async fn what_the_chain_does_not_hold_is_found_by_the_hash() {
    let other_id = found(|lines| lines[7] = lines[7].replace("own-id", "our-id")).await;
    assert_eq!((other_id.line, other_id.kind), (None, FaultKind::Changed));
    let other_ends = found(|lines| {
        for line in lines {
            line.insert(line.len() - 1, '\r');
        }
    });
    assert_eq!(other_ends.await.kind, FaultKind::Changed);
}

#[tokio::test]
async fn a_manifest_that_does_not_belong_is_named() {
    let (dir, mut manifest) = brent().await;
    let mut entry = manifest.logs[0].clone();
    entry.head = "0".repeat(64);
    let fault = check(dir.path(), &entry, |_| {}).unwrap().unwrap_err();
    assert_eq!((fault.line, fault.kind), (None, FaultKind::Manifest));
    entry.file = "gone.ndjson".to_owned();
    let fault = check(dir.path(), &entry, |_| {}).unwrap().unwrap_err();
    assert_eq!((fault.line, fault.kind), (None, FaultKind::Missing));
    let put = |manifest: &Manifest| {
        let text = serde_json::to_vec(manifest).unwrap();
        std::fs::write(dir.path().join(MANIFEST), text).unwrap();
        Manifest::read(dir.path()).unwrap().unwrap_err().to_string()
    };
    manifest.logs[0].file = "../brent.ndjson".to_owned();
    assert!(put(&manifest).contains("../brent.ndjson"));
    manifest.version = 2;
    assert!(put(&manifest).contains("at least as new"));
    manifest.format = "photographs".to_owned();
    assert!(put(&manifest).contains("photographs"));
    std::fs::write(dir.path().join(MANIFEST), "{").unwrap();
    let broken = Manifest::read(dir.path()).unwrap().unwrap_err();
    assert_eq!(broken.kind, FaultKind::Manifest);
}

#[tokio::test]
async fn a_log_that_has_gone_on_or_holds_another_history_is_left_as_it_is() {
    let (dir, manifest) = brent().await;
    let mut more = messages("brent");
    more.push(event("brent", 500));
    let gone_on = log_of("brent", &more).await;
    let refused = compare(dir.path(), &manifest.logs[0], both_ends(&gone_on), |_| {}).await;
    let longer = matches!(
        refused.unwrap().err(),
        Some(Refusal::Longer {
            found: 16,
            given: 15,
            ..
        })
    );
    assert!(longer);
    assert_eq!(gone_on.head().await.unwrap().sequence, 16);
    let other = log_of("brent", &[event("brent", 1), event("brent", 500)]).await;
    let refused = compare(dir.path(), &manifest.logs[0], both_ends(&other), |_| {}).await;
    let differs = matches!(
        refused.unwrap().err(),
        Some(Refusal::Differs { sequence: 2, .. })
    );
    assert!(differs);
    assert_eq!(other.head().await.unwrap().sequence, 2);
}

#[tokio::test]
async fn an_import_that_ended_anywhere_goes_on_from_there() {
    let (dir, manifest) = brent().await;
    let all = messages("brent");
    for held in 0..=all.len() {
        let log = log_of("brent", &all[..held]).await;
        let compared = compare(dir.path(), &manifest.logs[0], both_ends(&log), |_| {}).await;
        let comparison = compared.unwrap().unwrap();
        assert_eq!(comparison.held(), held as u64);
        let imported = comparison.import(|_| {}).await.unwrap().unwrap();
        let rest = (all.len() - held) as u64;
        assert_eq!((imported.imported, imported.now_at), (rest, 15));
        assert_eq!(all_of(&log).await, all);
    }
}

#[tokio::test]
async fn an_import_that_is_given_up_in_the_middle_ends_its_reading() {
    let (dir, manifest) = brent().await;
    let log = log_of("brent", &messages("brent")[..4]).await;
    let compared = compare(dir.path(), &manifest.logs[0], both_ends(&log), |_| {}).await;
    compared.unwrap().unwrap().close().await.unwrap();
    assert_eq!(log.head().await.unwrap().sequence, 4);
}

#[tokio::test]
async fn a_file_that_changes_after_it_was_checked_leaves_a_prefix() {
    let (dir, manifest) = brent().await;
    rewrite(dir.path(), |lines| lines[9] = lines[8].clone());
    let log = log_of("brent", &[]).await;
    let compared = compare(dir.path(), &manifest.logs[0], both_ends(&log), |_| {}).await;
    let failed = compared.unwrap().unwrap().import(|_| {}).await.unwrap_err();
    assert!(
        format!("{failed:#}").contains("brent.ndjson:10"),
        "{failed:#}"
    );
    let held = all_of(&log).await;
    assert_eq!(held, messages("brent")[..held.len()]);
}

#[tokio::test]
async fn an_export_that_failed_leaves_no_folder_and_takes_nothing_of_others() {
    let above = tempfile::tempdir().unwrap();
    let log = log_of("brent", &messages("brent")).await;
    let head = log.head().await.unwrap().sequence;
    let made = above.path().join("out");
    let mut failed = export(&made).unwrap().unwrap();
    failed.log(&*log, head, |_| {}).await.unwrap();
    failed.take_back().unwrap();
    assert!(!made.exists());
    let mut failed = export(above.path()).unwrap().unwrap();
    failed.log(&*log, head, |_| {}).await.unwrap();
    let others = above.path().join("notes.txt");
    std::fs::write(&others, "mine").unwrap();
    failed.take_back().unwrap();
    let left = std::fs::read_dir(above.path()).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().path()).collect();
    assert_eq!(left, [others]);
}
