//! The committed description is that of the code, and whole. That the AsyncAPI initiative's own
//! parser takes it is a step of `cargo xtask test --all`.
//!
//! It is written again with `TOWNCLERK_BLESS=1 cargo test -p townclerk-contract`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::document;
use crate::schema::all_event_types;

fn proto() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto")
}

fn as_json() -> Value {
    serde_json::to_value(document()).unwrap()
}

/// Every reference of a document, however deep it stands.
fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                found.insert(reference.clone());
            }
            members
                .values()
                .for_each(|member| references(member, found));
        }
        _ => {}
    }
}

#[test]
fn the_committed_description_is_that_of_the_code() {
    let options = serde_saphyr::ser_options! { indent_step: 2 };
    let yaml = serde_saphyr::to_string_with_options(&document(), options).unwrap();
    let text = format!("{HEAD}{yaml}");
    let path = proto().join("asyncapi.yaml");
    if std::env::var_os("TOWNCLERK_BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path:?}: {e}"));
    assert_eq!(committed, text, "{path:?}: bless it if the change is meant");
}

const HEAD: &str = "\
# What goes over NATS. Made of the code by `TOWNCLERK_BLESS=1 cargo test -p townclerk-contract`;
# do not edit it. README.md beside it says what is what.
";

#[test]
fn every_reference_leads_somewhere() {
    let document = as_json();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() > all_event_types().len());
    for reference in found {
        match reference.strip_prefix('#') {
            Some(pointer) => assert!(document.pointer(pointer).is_some(), "{reference}"),
            None => assert!(proto().join(&reference).is_file(), "{reference}"),
        }
    }
}

#[test]
fn every_event_type_has_a_message_on_the_channel_of_its_kind() {
    let document = as_json();
    for described in all_event_types() {
        let name = format!("{}.{}", described.kind, described.what);
        assert_eq!(
            document["components"]["messages"][&name]["name"],
            described.event_type
        );
        let channel = &document["channels"][described.kind.token()];
        assert!(channel["messages"].get(&name).is_some(), "{name}");
        assert!(
            document["channels"]["delivered"]["messages"]
                .get(&name)
                .is_some()
        );
    }
}
