//! Every fault of a payload is told at once, in the words of its type.

use serde_json::json;

use super::*;
use crate::freeze::FreezeFact;
use crate::outage::OutageFact;
use crate::ticket::Logged;

fn told<T: JsonSchema>(said: &Value) -> Vec<(String, FieldFaultKind, String)> {
    let faults = faults(&schema_of::<T>(), said);
    faults
        .into_iter()
        .map(|fault| (fault.path, fault.kind, fault.why))
        .collect()
}

fn logged() -> Value {
    json!({
        "kind": "incident", "priority": "p3", "user_class": "standard", "channel": "phone",
        "service": "email", "category": "software-error", "sts": true, "directorate": null,
    })
}

#[test]
fn what_is_right_has_no_fault() {
    assert_eq!(told::<Logged>(&logged()), []);
}

#[test]
fn all_faults_are_told_at_once_with_what_would_be_taken() {
    let mut said = logged();
    said["priority"] = json!("p9");
    said["service"] = json!("E Mail");
    said["category"] = json!("Software Error");
    said["sts"] = json!("yes");
    said["colour"] = json!("red");
    said["councils"] = json!(["brent", 7]);
    said.as_object_mut().unwrap().remove("channel");
    let told = told::<Logged>(&said);
    for (path, kind, says) in [
        (
            "priority",
            FieldFaultKind::NotOneOf,
            "\"p9\" is none of p1, p2, p3, p4, p5",
        ),
        (
            "service",
            FieldFaultKind::Invalid,
            "\"E Mail\" is not a code",
        ),
        (
            "category",
            FieldFaultKind::Invalid,
            "\"Software Error\" is not a code",
        ),
        ("sts", FieldFaultKind::Invalid, "\"yes\" is no boolean"),
        ("colour", FieldFaultKind::Unknown, "there are category"),
        ("councils[1]", FieldFaultKind::Invalid, "7 is no string"),
        ("channel", FieldFaultKind::Missing, "missing"),
    ] {
        let found = told.iter().find(|(found, ..)| found == path);
        let (_, found, why) = found.unwrap_or_else(|| panic!("{path}: {told:?}"));
        assert_eq!(*found, kind, "{path}");
        assert!(why.contains(says), "{path}: {why}");
    }
    assert_eq!(told.len(), 7, "{told:?}");
}

#[test]
fn instants_are_found_within_lists_and_alternatives() {
    let bad = "2021-03-01T09:30Z";
    let effect = json!({"service": "email", "council": "brent", "severity": "down", "from": bad});
    let said = json!({"widened": {"councils": ["brent"], "effects": [effect]}});
    let told_of = told::<OutageFact>(&said);
    assert_eq!(told_of.len(), 1, "{told_of:?}");
    assert_eq!(told_of[0].0, "widened.effects[0].from");
    assert!(
        told_of[0].2.contains("hours, minutes and seconds"),
        "{told_of:?}"
    );
    let freeze = json!({"freeze-declared": {"from": "2021-03-01 09:30:00Z"}});
    let freeze = told::<FreezeFact>(&freeze);
    assert!(
        freeze
            .iter()
            .any(|(path, ..)| path == "freeze-declared.from"),
        "{freeze:?}"
    );
}

#[test]
fn an_id_is_told_in_plain_words() {
    use crate::amendment::Correction;
    let mut said = json!({
        "event": "cd76cca2-2502-5be4-b1cf-2aef2eb6cffe", "field": "priority", "was": "p1",
        "is": "p2", "reason": "typing-error",
    });
    assert_eq!(told::<Correction>(&said), []);
    said["event"] = json!("zz");
    let why = "\"zz\" is no id: an id is a UUID in lower case".to_owned();
    let expected = ("event".to_owned(), FieldFaultKind::Invalid, why);
    assert_eq!(told::<Correction>(&said), [expected]);
}

#[test]
fn a_day_is_a_day_and_no_instant() {
    let schema = json!({"type": "string", "format": "date"});
    assert_eq!(faults(&schema, &json!("2021-03-01")), []);
    for other in ["20210301", "2021-03-01T09:30:00Z", "2021-02-29", "1 March"] {
        assert_eq!(faults(&schema, &json!(other)).len(), 1, "{other}");
    }
}

#[test]
fn a_hopeless_text_is_told_its_first_faults() {
    let many: Map<String, Value> = (0..100).map(|n| (format!("f{n}"), json!(n))).collect();
    assert_eq!(told::<Logged>(&Value::Object(many)).len(), FAULTS_MAX);
}
