//! Specifications of corrected values in their text form.

use std::collections::BTreeMap;

use super::*;

/// A payload with one field of each kind of value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Inspected {
    place: String,
    rooms: u32,
    note: Option<String>,
    doors: Vec<Door>,
    lock: Option<Lock>,
    by_floor: BTreeMap<String, u32>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    listed: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Door {
    name: String,
    #[serde(default)]
    lock: Option<Lock>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Lock {
    key: String,
    #[serde(default)]
    turns: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Fact {
    Inspected(Inspected),
}

fn fact() -> Fact {
    let lock = |key: &str| {
        let key = key.to_owned();
        Some(Lock { key, turns: 2 })
    };
    Fact::Inspected(Inspected {
        place: "cellar".to_owned(),
        rooms: 3,
        note: None,
        doors: vec![Door {
            name: "north".to_owned(),
            lock: lock("a"),
        }],
        lock: lock("b"),
        by_floor: BTreeMap::from([("ground".to_owned(), 3)]),
        listed: false,
    })
}

/// The text of the field after it was corrected to `text`.
fn corrected(field: &str, text: &str) -> Result<String, FieldError> {
    field_text(&with_field(&fact(), field, text)?, field)
}

fn why(field: &str, text: &str) -> String {
    match corrected(field, text) {
        Err(FieldError::NotAValue { why, .. }) => why,
        other => panic!("{field} = {text}: {other:?}"),
    }
}

#[test]
fn a_value_is_text_and_what_it_means_depends_on_the_field() {
    for (field, was, is) in [
        ("place", "cellar", "7"),
        ("rooms", "3", "7"),
        ("note", "", "damp"),
        ("lock", r#"{"key":"b","turns":2}"#, ""),
    ] {
        assert_eq!(field_text(&fact(), field).unwrap(), was);
        assert_eq!(corrected(field, is).unwrap(), is);
    }
}

#[test]
fn a_field_that_is_not_there_is_told_with_those_that_are() {
    let error = corrected("colour", "red").unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no field \"colour\" here; it has happened, by_floor, doors, lock, note, place, rooms"
    );
}

#[test]
fn a_key_that_the_payload_does_not_have_is_refused_however_deep_it_stands() {
    for (field, text, key) in [
        ("lock", r#"{"key":"b","turn":3}"#, "turn"),
        ("doors", r#"[{"name":"north","locked":true}]"#, "locked"),
        (
            "doors",
            r#"[{"name":"north"},{"name":"south","lock":{"key":"c","turn":3}}]"#,
            "turn",
        ),
    ] {
        assert_eq!(why(field, text), format!("it has no {key:?}"), "{text}");
    }
}

#[test]
fn a_key_that_may_be_left_out_is_left_out_and_keys_that_are_data_are_kept() {
    for (field, text, is) in [
        (
            "doors",
            r#"[{"name":"south"}]"#,
            r#"[{"lock":null,"name":"south"}]"#,
        ),
        ("lock", r#"{"key":"c"}"#, r#"{"key":"c","turns":0}"#),
        ("by_floor", r#"{"attic":1}"#, r#"{"attic":1}"#),
        ("doors", "[]", "[]"),
    ] {
        assert_eq!(corrected(field, text).unwrap(), is);
    }
}

#[test]
fn a_value_of_another_kind_is_refused_with_the_reason() {
    assert!(why("rooms", "many").contains("invalid type"));
    assert!(why("doors", r#"[{"lock":null}]"#).contains("missing field `name`"));
}

#[test]
fn the_present_value_may_be_said_in_whatever_order_its_keys_stand() {
    let current = |field, text| is_current(&fact(), field, text).unwrap();
    for text in [
        r#"{"key":"b","turns":2}"#,
        r#"{"turns":2,"key":"b"}"#,
        r#"{ "turns": 2, "key": "b" }"#,
    ] {
        assert!(current("lock", text), "{text}");
    }
    assert!(current(
        "doors",
        r#"[{"name":"north","lock":{"turns":2,"key":"a"}}]"#
    ));
    assert!(current("note", ""));
}

#[test]
fn another_value_or_one_with_a_key_too_many_is_not_the_present_one() {
    let current = |field, text| is_current(&fact(), field, text).unwrap();
    for text in [
        r#"{"key":"b","turns":3}"#,
        r#"{"key":"b","turns":2,"colour":"red"}"#,
        r#"{"key":"b"}"#,
        "{",
        "",
    ] {
        assert!(!current("lock", text), "{text}");
    }
    assert!(!current("place", "attic"));
    assert!(is_current(&fact(), "colour", "red").is_err());
}

#[test]
fn a_field_that_is_written_only_where_it_differs_from_its_default_is_corrected_both_ways() {
    let said = |field, was, is| compared(&fact(), field, was, is);
    let current = Ok((String::new(), true));
    assert_eq!(said("listed", "false", "true"), current);
    assert_eq!(said("listed", "", "true"), current);
    assert_eq!(said("listed", "true", "true"), Ok((String::new(), false)));
    let listed = with_field(&fact(), "listed", "true").unwrap();
    assert_eq!(field_text(&listed, "listed").unwrap(), "true");
    let back = compared(&listed, "listed", "true", "false").unwrap();
    assert_eq!(back, ("true".to_owned(), true));
    assert_eq!(with_field(&listed, "listed", "false").unwrap(), fact());
    assert!(why("listed", "perhaps").contains("invalid type"));
    // A name that is ignored is no field, whatever is said of it.
    assert!(said("colour", "red", "blue").is_err());
}
