//! What is ours, what is unreadable and what is foreign.

use proptest::prelude::*;
use townclerk_domain::amendment::Recordable;
use townclerk_domain::event::Event;
use townclerk_domain::freeze::{FreezeFact, FreezeLifted};
use townclerk_domain::identity::AggregateKind;
use townclerk_domain::names::LogName;
use townclerk_domain::ticket::{Started, TicketFact};

use crate::envelope::{Envelope, Message};
use crate::golden_tests::sample;
use crate::reading::{RawMessage, Reading, read};

fn envelope() -> Envelope {
    let started = Recordable::Fact(TicketFact::Started(Started {}));
    sample(AggregateKind::Ticket, Event::Ticket(started))
}

fn reading(subject: &str, id: &str, payload: &[u8]) -> Reading {
    read(&RawMessage {
        log: &LogName::new("brent").unwrap(),
        sequence: 1,
        subject,
        id: Some(id),
        payload,
    })
}

/// Reads the sample with one part of its JSON replaced.
fn reading_with(from: &str, to: &str) -> Reading {
    let Message {
        subject,
        id,
        payload,
    } = envelope().encode().unwrap();
    let text = String::from_utf8(payload.to_vec()).unwrap();
    assert!(text.contains(from), "{text}");
    reading(&subject, &id.to_string(), text.replace(from, to).as_bytes())
}

fn is_foreign(reading: &Reading) -> bool {
    matches!(reading, Reading::Foreign { .. })
}

fn is_unreadable(reading: &Reading) -> bool {
    matches!(reading, Reading::Unreadable { .. })
}

#[test]
fn a_message_that_disagrees_with_itself_is_foreign() {
    let Message {
        subject,
        id,
        payload,
    } = envelope().encode().unwrap();
    let id = id.to_string();
    assert!(matches!(
        reading(&subject, &id, &payload),
        Reading::Event(_)
    ));
    let elsewhere = subject.replace("0001", "0002");
    let lewisham = subject.replace("brent", "lewisham");
    assert!(is_foreign(&reading(&elsewhere, &id, &payload)));
    assert!(is_foreign(&reading(&lewisham, &id, &payload)));
    let other = "00000000-0000-5000-8000-000000000000";
    assert!(is_foreign(&reading(&subject, other, &payload)));
    assert!(is_foreign(&reading_with(
        "\"authid\":\"desk",
        "\"authid\":\"desc"
    )));
    assert!(is_foreign(&reading_with("key-1", "key-2")));
    assert!(is_foreign(&reading_with(
        "/councils/brent/",
        "/councils/lewisham/"
    )));
}

#[test]
fn what_a_later_version_writes_is_unreadable_not_foreign() {
    assert!(is_unreadable(&reading_with(
        "ticket.started.v1",
        "ticket.started.v2"
    )));
    assert!(is_unreadable(&reading_with(
        "ticket.started.v1",
        "ticket.merged.v1"
    )));
    assert!(is_unreadable(&reading_with("\"data\":{}", "\"data\":7")));
    assert!(is_unreadable(&reading_with(
        "\"specversion\":\"1.0\"",
        "\"specversion\":\"2.0\""
    )));
    assert!(is_unreadable(&reading_with("\"time\"", "\"tame\"")));
}

#[test]
fn fields_of_a_later_version_are_ignored() {
    let with_more = reading_with("\"data\":{}", "\"data\":{\"mood\":\"good\"},\"later\":1");
    assert!(matches!(with_more, Reading::Event(_)));
}

#[test]
fn events_that_may_carry_text_are_classified_and_are_read_without_it_too() {
    let lifted = Recordable::Fact(FreezeFact::FreezeLifted(FreezeLifted {}));
    let envelope = sample(AggregateKind::Freeze, Event::Freeze(lifted));
    let message = envelope.encode().unwrap();
    let text = String::from_utf8(message.payload.to_vec()).unwrap();
    let classified = ",\"dataclassification\":\"official\"";
    assert_eq!(text.matches(classified).count(), 1, "{text}");
    for text in [text.clone(), text.replace(classified, "")] {
        let reading = read(&RawMessage {
            log: &envelope.source.log,
            sequence: 1,
            subject: &message.subject,
            id: Some(&message.id.to_string()),
            payload: text.as_bytes(),
        });
        let Reading::Event(event) = reading else {
            panic!("{reading:?}");
        };
        assert_eq!(event.recorded.event, envelope.event);
    }
}

proptest! {
    #[test]
    fn no_payload_makes_the_reader_panic(payload in proptest::collection::vec(any::<u8>(), 0..400)) {
        let Message { subject, id, .. } = envelope().encode().unwrap();
        let event = matches!(reading(&subject, &id.to_string(), &payload), Reading::Event(_));
        prop_assert!(!event);
    }

    #[test]
    fn a_damaged_payload_is_never_read_as_another_event(at in 0_usize..600, byte in any::<u8>()) {
        let Message { subject, id, payload } = envelope().encode().unwrap();
        let mut damaged = payload.to_vec();
        let at = at % damaged.len();
        damaged[at] = byte;
        if let Reading::Event(event) = reading(&subject, &id.to_string(), &damaged) {
            prop_assert_eq!(event.recorded.id, id);
            prop_assert_eq!(event.recorded.event, envelope().event);
        }
    }
}
