//! What is taken as a fact, and how each fault is named.

use serde_json::{Value, json};
use townclerk_domain::amendment::Recordable;
use townclerk_domain::ticket::TicketFact;

use super::*;

fn held() -> Value {
    json!({
        "specversion": "1.0",
        "id": "f7",
        "source": "/councils/brent/hornbill",
        "type": "org.townclerk.ticket.held.v1",
        "subject": "ticket/IN-1",
        "time": "2021-03-01T09:30:00Z",
        "datacontenttype": "application/json",
        "data": {"reason": "supplier"},
    })
}

fn with(field: &str, value: Value) -> Value {
    let mut fact = held();
    fact[field] = value;
    fact
}

fn faults(fact: &Value) -> Faults {
    read(&fact.to_string()).unwrap_err()
}

fn fault(fact: &Value) -> Fault {
    only(faults(fact))
}

fn only(Faults { mut all, .. }: Faults) -> Fault {
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

#[test]
fn a_fact_names_its_record_and_its_command() {
    let fact = read(&held().to_string()).unwrap();
    assert_eq!(fact.council.as_str(), "brent");
    assert_eq!(fact.system.as_str(), "hornbill");
    assert_eq!(fact.source(), "/councils/brent/hornbill");
    assert_eq!(
        fact.aggregate(),
        referenced_aggregate(
            &fact.council,
            AggregateKind::Ticket,
            &fact.system,
            &Token::new("IN-1").unwrap()
        )
    );
    assert!(matches!(
        fact.event,
        Event::Ticket(Recordable::Fact(TicketFact::Held(_)))
    ));
    assert!(!fact.begins());
    let again = read(&with("subject", json!("ticket/IN-2")).to_string()).unwrap();
    assert_eq!(again.command(), fact.command());
    assert_ne!(again.aggregate(), fact.aggregate());
}

#[test]
fn an_amendment_is_a_fact_too() {
    let mut fact = with("type", json!("org.townclerk.ticket.voided.v1"));
    fact["data"] = json!({"reason": "duplicate"});
    let read = read(&fact.to_string()).unwrap();
    assert!(matches!(read.event, Event::Ticket(Recordable::Voided(_))));
}

#[test]
fn every_fault_names_the_field_and_what_to_do() {
    for (fact, field, says) in [
        (with("specversion", json!("0.3")), "specversion", "1.0"),
        (with("id", json!("")), "id", "1 to 200"),
        (
            with("traceparent", json!("00-4bf9-\u{202e}-01")),
            "traceparent",
            "W3C Trace Context",
        ),
        (with("id", json!(7)), "id", "no text"),
        (
            with("source", json!("/councils/brent")),
            "source",
            "/councils/<council>/<system>",
        ),
        (
            with("source", json!("/councils/joint/hornbill")),
            "source",
            "is no source",
        ),
        (
            with("subject", json!("IN-1")),
            "subject",
            "ticket, change, outage",
        ),
        (
            with("subject", json!("claim/1")),
            "subject",
            "ticket, change, outage",
        ),
        (
            with("type", json!("org.townclerk.outage.declared.v1")),
            "type",
            "org.townclerk.ticket.",
        ),
        (
            with("type", json!("org.townclerk.ticket.held.v9")),
            "type",
            "version 9",
        ),
        (
            with("type", json!("org.townclerk.ticket.eaten.v1")),
            "type",
            "there are assigned",
        ),
        (with("time", json!("yesterday")), "time", "RFC 3339"),
        (with("time", Value::Null), "time", "missing"),
        (
            with("datacontenttype", json!("text/xml")),
            "datacontenttype",
            "application/json",
        ),
        (with("data", json!([])), "data", "no JSON object"),
        (with("data", Value::Null), "data", "missing"),
        (
            with("data", json!({"reason": "Sup Plier"})),
            "data.reason",
            "is not a code",
        ),
        (with("data", json!({})), "data.reason", "missing"),
    ] {
        let fault = fault(&fact);
        assert_eq!(fault.field, field, "{fault}");
        assert!(fault.to_string().contains(says), "{fault}");
    }
}

#[test]
fn what_is_not_known_is_no_part_of_a_fact() {
    let attribute = fault(&with("colour", json!("red")));
    assert_eq!(
        (attribute.kind, attribute.field.as_str()),
        (FaultKind::UnknownField, "colour")
    );
    let named = faults(&with("colour", json!("red"))).id;
    assert_eq!(named.as_deref(), Some("f7"));
    let field = fault(&with("data", json!({"reason": "supplier", "note": "x"})));
    assert_eq!(
        (field.kind, field.field.as_str()),
        (FaultKind::UnknownField, "data.note")
    );
}

#[test]
fn escaped_characters_are_read_as_what_they_stand_for() {
    let text = held().to_string().replace('/', "\\/");
    assert!(text.contains("\\/councils\\/brent"), "{text}");
    assert_eq!(read(&text), read(&held().to_string()));
}

#[test]
fn an_attribute_that_stands_twice_is_seen() {
    let text = held().to_string().replacen('{', r#"{"id":"f8","#, 1);
    let Faults { all, .. } = read(&text).unwrap_err();
    let [fault] = all.as_slice() else {
        panic!("{all:?}")
    };
    assert_eq!(fault.kind, FaultKind::Malformed);
    assert!(fault.to_string().contains("id is there twice"), "{fault}");
}

#[test]
fn a_request_holds_one_fact_or_an_array_of_a_bounded_number() {
    let one = held().to_string();
    assert_eq!(split(one.as_bytes()).unwrap().len(), 1);
    assert_eq!(split(format!("[{one},{one}]").as_bytes()).unwrap().len(), 2);
    assert!(split(b"[]").unwrap().is_empty());
    assert_eq!(
        only(split(b"hello").unwrap_err()).kind,
        FaultKind::Malformed
    );
    let many = format!("[{}]", vec!["{}"; 10_000].join(","));
    let fault = only(split(many.as_bytes()).unwrap_err());
    assert_eq!(fault.kind, FaultKind::TooLarge);
    assert!(fault.to_string().contains("10000 facts"), "{fault}");
    let large = vec![b' '; BATCH_BYTES_MAX + 1];
    assert_eq!(only(split(&large).unwrap_err()).kind, FaultKind::TooLarge);
    let long = with("data", json!({"reason": "x".repeat(FACT_BYTES_MAX)}));
    assert_eq!(fault_kind(&long), FaultKind::TooLarge);
}

fn fault_kind(fact: &Value) -> FaultKind {
    fault(fact).kind
}

#[test]
fn what_begins_a_record_is_a_type_of_its_kind() {
    let known = crate::schema::all_event_types();
    for kind in KINDS {
        let beginnings = known
            .iter()
            .filter(|described| described.kind == kind && begins(kind, &described.what));
        assert!(beginnings.count() >= 1, "{kind}");
    }
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let mut fact = with("time", json!("2021-03-01T09:30Z"));
    for (name, value) in [("traceid", "00-1"), ("topic", "t"), ("pubsubname", "p")] {
        fact[name] = json!(value);
    }
    fact["source"] = json!("brent");
    fact["data"] = json!({"reason": "Sup Plier", "note": "x"});
    let faults = faults(&fact);
    let fields: Vec<&str> = faults
        .all
        .iter()
        .map(|fault| fault.field.as_str())
        .collect();
    let mut sorted = fields.clone();
    sorted.sort_unstable();
    assert_eq!(
        sorted,
        [
            "data.note",
            "data.reason",
            "pubsubname",
            "source",
            "time",
            "topic",
            "traceid"
        ]
    );
    let told = faults.to_string();
    assert_eq!(
        told.matches("this attribute is not known").count(),
        1,
        "{told}"
    );
    assert!(told.contains("pubsubname"), "{told}");
}

#[test]
fn json_is_json_in_capitals_and_with_its_character_set() {
    for media in [
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        "Application/JSON",
        "application/json; charset=\"utf-8\"",
    ] {
        read(&with("datacontenttype", json!(media)).to_string()).unwrap();
    }
    for media in [
        "application/json; charset=latin1",
        "application/xml",
        "application/json+x",
    ] {
        assert_eq!(
            fault(&with("datacontenttype", json!(media))).field,
            "datacontenttype"
        );
    }
}

#[test]
fn a_time_has_one_form() {
    for time in [
        "2026-06-15T08:00:00",
        "2026-06-15T09:00:00+01:00[Europe/London]",
        "20260615T080000Z",
        "2026-06-15T08Z",
        "2026-06-15T08:00Z",
        "2026-06-15 08:00:00Z",
        "+002026-06-15T08:00:00Z",
        "2026-06-15T08:00:00,5Z",
    ] {
        assert_eq!(fault(&with("time", json!(time))).field, "time", "{time}");
    }
    assert_eq!(fault(&with("time", json!(1_781_510_400))).field, "time");
    read(&with("time", json!("2026-06-15t08:00:00z")).to_string()).unwrap();
}
