//! The history for measurements: legal, the same every time, in the order of its recording.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use townclerk_contract::envelope::Message;
use townclerk_contract::reading::{RawMessage, Reading, read};
use townclerk_domain::event::{Event, Recorded};
use townclerk_domain::identity::AggregateKind;
use townclerk_domain::names::LogName;

use super::judged_records;
use crate::volume;

const SEED: u64 = 7;
const EVENTS: u64 = 40_000;

fn told(events: u64) -> Vec<(LogName, Message)> {
    volume(SEED, events)
        .unwrap()
        .map(|message| message.unwrap())
        .collect()
}

/// As a reader of the logs sees them.
fn read_back(told: &[(LogName, Message)]) -> Vec<Recorded<Event>> {
    let mut sequences: BTreeMap<&LogName, u64> = BTreeMap::new();
    let read_one = |(log, message): &'_ (LogName, Message), sequence: u64| {
        let id = message.id.to_string();
        let raw = RawMessage {
            log,
            sequence,
            subject: &message.subject,
            id: Some(&id),
            payload: &message.payload,
        };
        match read(&raw) {
            Reading::Event(event) => event.recorded,
            other => panic!("{log}:{sequence}: {other:?}"),
        }
    };
    told.iter()
        .map(|entry| {
            let sequence = sequences.entry(&entry.0).or_default();
            *sequence += 1;
            read_one(entry, *sequence)
        })
        .collect()
}

#[test]
fn every_event_of_a_measured_history_is_one_that_the_rules_let_in() {
    let told = told(EVENTS);
    let events = read_back(&told);
    let records = judged_records(&events);
    let ids: BTreeSet<_> = events.iter().map(|event| event.id).collect();
    assert_eq!(ids.len() as u64, EVENTS);
    assert_eq!(records[&AggregateKind::Partnership], 3);
    // Three families in four logs.
    assert_eq!(records[&AggregateKind::Coverage], 12);
    assert!(records[&AggregateKind::Outage] > 10);
    assert!(records[&AggregateKind::Change] > 60);
}

#[test]
fn the_logs_grow_side_by_side_in_the_order_of_recording() {
    let events = read_back(&told(EVENTS));
    let mut last = Timestamp::MIN;
    for event in &events {
        assert!(last <= event.recorded, "{event:?}");
        last = event.recorded;
    }
    for log in ["brent", "lewisham", "southwark", "shared"] {
        let count = events.iter().filter(|event| event.log.as_str() == log);
        let least = if log == "shared" { 200 } else { 10_000 };
        assert!(count.count() >= least, "{log}");
    }
}

#[test]
fn a_shorter_history_is_the_beginning_of_a_longer_one() {
    let longer = told(3_000);
    assert_eq!(told(2_000), longer[..2_000]);
    assert_eq!(longer, told(3_000));
}

#[test]
fn a_year_has_about_a_hundred_and_fifty_thousand_tickets_of_some_seven_events() {
    let events = read_back(&told(EVENTS));
    let tickets = |event: &&Recorded<Event>| event.aggregate.kind == AggregateKind::Ticket;
    let logged: BTreeSet<_> = events.iter().filter(tickets).map(|e| e.aggregate).collect();
    let first = events[0].recorded;
    let last = events[events.len() - 1].recorded;
    let days = last.duration_since(first).as_hours() / 24;
    let a_year = i64::try_from(logged.len()).unwrap() * 365 / days;
    assert!((120_000..180_000).contains(&a_year), "{a_year}");
    let each = 10 * events.len() / logged.len();
    assert!((45..85).contains(&each), "{each} tenths");
}
