//! What `proto/PROFILE.md` shows is so: its example is run, and says what it is said to say.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::json;
use townclerk_domain::identity::{Token, event_id};

use crate::fact::{self, BATCH_BYTES_MAX, BATCH_FACTS_MAX, FACT_BYTES_MAX};
use crate::subject::subject_of;

const PROFILE: &str = include_str!("../../../proto/PROFILE.md");

/// What stands between a fence of this language and its end.
fn block(language: &str) -> &'static str {
    let (_, after) = PROFILE.split_once(&format!("```{language}\n")).unwrap();
    after.split_once("```").unwrap().0
}

/// The example's words, by the name before each.
fn said() -> BTreeMap<String, String> {
    let lines = block("text").lines();
    let pairs = lines.map(|line| line.rsplit_once(' ').unwrap());
    pairs
        .map(|(name, value)| (name.trim().to_owned(), value.to_owned()))
        .collect()
}

#[test]
fn the_example_says_what_the_page_says() {
    let run = Command::new("python3")
        .args(["-c", block("python")])
        .output();
    let run = run.expect("python3 must be installed to run the example");
    let errors = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{errors}");
    assert_eq!(String::from_utf8(run.stdout).unwrap(), block("text"));
}

#[test]
fn the_example_computes_what_is_recorded() {
    let fact = json!({
        "specversion": "1.0",
        "id": "f1",
        "source": "/councils/brent/hornbill",
        "type": "org.townclerk.ticket.started.v1",
        "subject": "ticket/IN-1",
        "time": "2026-03-02T09:30:00Z",
        "data": {},
    });
    let fact = fact::read(&fact.to_string()).unwrap();
    let caller = Token::new("brent-hornbill").unwrap();
    let (aggregate, command) = (fact.aggregate(), fact.command());
    let event = event_id(&fact.council, aggregate, &caller, &command);
    let said = said();
    assert_eq!(said["subject"], aggregate.to_string());
    assert_eq!(said["causationid"], command.to_string());
    assert_eq!(said["id"], event.to_string());
    assert_eq!(said["on NATS"], subject_of(&fact.council, aggregate));
}

#[test]
fn the_limits_of_the_page_are_those_of_the_code() {
    assert_eq!(FACT_BYTES_MAX, 64 * 1024);
    assert_eq!((BATCH_FACTS_MAX, BATCH_BYTES_MAX), (1_000, 1_000_000));
    let limits = "At most 64 KiB a fact, 1,000 facts and 1,000,000 bytes a request.";
    assert!(PROFILE.contains(limits));
}
