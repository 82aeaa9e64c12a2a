//! What was released stays true: `proto/released` holds the schemas and the digests of the golden
//! samples as they were released last, and today's must keep what they promised.
//!
//! A release is made with `TOWNCLERK_RELEASE=<name> cargo test -p townclerk-contract released`.

mod compatibility;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use townclerk_domain::identity::AggregateId;
use townclerk_domain::names::LogName;

use self::compatibility::breaks;
use crate::reading::{RawMessage, Reading, read};
use crate::schema::{FACT_SCHEMA, all_event_types, fact_schema, schema_path};

fn proto() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto")
}

fn released() -> PathBuf {
    proto().join("released")
}

/// The schemas of today, by their path within `proto`.
fn todays_schemas() -> BTreeMap<String, Value> {
    let events = all_event_types().into_iter().map(|described| {
        (
            schema_path(described.kind, &described.what),
            described.schema,
        )
    });
    let fact = (FACT_SCHEMA.to_owned(), fact_schema());
    events.chain([fact]).collect()
}

/// All files under a folder, by their path within it.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(&next).unwrap_or_else(|e| panic!("{next:?}: {e}")) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap();
                found.insert(name.to_owned(), std::fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// Digests in the form of `sha256sum`.
fn digests(golden: &BTreeMap<String, Vec<u8>>) -> String {
    golden
        .iter()
        .map(|(name, bytes)| format!("{}  {name}\n", hex::encode(Sha256::digest(bytes))))
        .collect()
}

/// Makes what is there today the last release, if the environment names one. What stands there as
/// the release before must be kept: a release cannot make a broken promise good.
fn released_if_asked() {
    let Ok(name) = std::env::var("TOWNCLERK_RELEASE") else {
        return;
    };
    if released().join("version").exists() {
        assert_eq!(broken_promises(), Vec::<String>::new());
        assert_eq!(changed_samples(), Vec::<String>::new());
    }
    for (path, schema) in todays_schemas() {
        let path = released().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        std::fs::write(path, text).unwrap();
    }
    let golden = digests(&files(&proto().join("golden")));
    std::fs::write(released().join("golden.sha256"), golden).unwrap();
    std::fs::write(released().join("version"), format!("{name}\n")).unwrap();
}

fn broken_promises() -> Vec<String> {
    let today = todays_schemas();
    let then = files(&released().join("schemas"));
    assert!(!then.is_empty());
    let mut broken = Vec::new();
    for (name, bytes) in then {
        let path = format!("schemas/{name}");
        let schema: Value = serde_json::from_slice(&bytes).unwrap();
        match today.get(&path) {
            // A new type of event is one more alternative of a fact, and harms no sender.
            Some(today) if path == FACT_SCHEMA => {
                let (then, now) = (without_types(&schema), without_types(today));
                broken.extend(
                    breaks(&then, &now)
                        .into_iter()
                        .map(|why| format!("{path}{why}")),
                );
                broken.extend(gone_types(&schema, today));
            }
            Some(today) => {
                let found = breaks(&schema, today).into_iter();
                broken.extend(found.map(|why| format!("{path}{why}")));
            }
            None => broken.push(format!("{path} is gone")),
        }
    }
    broken
}

fn without_types(fact: &Value) -> Value {
    let mut fact = fact.clone();
    fact.as_object_mut().unwrap().remove("oneOf");
    fact
}

fn gone_types(then: &Value, today: &Value) -> Vec<String> {
    let today = today["oneOf"].as_array().unwrap();
    let then = then["oneOf"].as_array().unwrap().iter();
    let kept = |alternative: &&Value| {
        let mut same = today.iter();
        !same.any(|today| breaks(alternative, today).is_empty())
    };
    then.filter(kept)
        .map(|gone| format!("{FACT_SCHEMA}: {} is gone or differs", gone["title"]))
        .collect()
}

/// The released golden samples that are not byte for byte what they were.
fn changed_samples() -> Vec<String> {
    let golden = files(&proto().join("golden"));
    let list = std::fs::read_to_string(released().join("golden.sha256")).unwrap();
    assert!(!list.is_empty());
    let differs = |(digest, name): &(&str, &str)| {
        let found = golden.get(*name);
        found.is_none_or(|bytes| hex::encode(Sha256::digest(bytes)) != *digest)
    };
    list.lines()
        .map(|line| line.split_once("  ").unwrap())
        .filter(differs)
        .map(|(_, name)| name.to_owned())
        .collect()
}

#[test]
fn what_was_released_is_kept() {
    released_if_asked();
    assert_eq!(
        broken_promises(),
        Vec::<String>::new(),
        "what differs breaks readers or the record: make it a new version of the type"
    );
    assert_eq!(
        changed_samples(),
        Vec::<String>::new(),
        "a released sample is never edited and never deleted"
    );
}

#[test]
fn released_samples_are_read_and_fit_todays_schemas() {
    let schemas = todays_schemas();
    for (name, payload) in files(&proto().join("golden")) {
        let sample: Value = serde_json::from_slice(&payload).unwrap();
        let text = |key: &str| sample[key].as_str().unwrap();
        let log = text("source").split('/').nth(2).unwrap();
        let log = LogName::new(log).unwrap();
        let aggregate: AggregateId = text("subject").parse().unwrap();
        let reading = read(&RawMessage {
            log: &log,
            sequence: 1,
            subject: &crate::subject::subject_of(&log, aggregate),
            id: Some(text("id")),
            payload: &payload,
        });
        assert!(matches!(reading, Reading::Event(_)), "{name}: {reading:?}");
        let what = name.split(['/', '.']).nth(1).unwrap();
        let schema = &schemas[&schema_path(aggregate.kind, what)];
        if let Err(fault) = jsonschema::validate(schema, &sample) {
            panic!("{name}: {}: {fault}", fault.instance_path());
        }
    }
}

/// The schema of a logged ticket, and what is found when it is changed.
fn found_after(change: impl FnOnce(&mut Value)) -> Vec<String> {
    let path = "schemas/ticket/logged.v1.json";
    let released = todays_schemas().remove(path).unwrap();
    let mut changed = released.clone();
    change(&mut changed);
    assert_ne!(changed, released, "the change changed something");
    breaks(&released, &changed)
}

#[test]
fn a_schema_that_breaks_a_promise_is_found() {
    type Change = fn(&mut Value);
    let data = "/properties/data";
    let changes: [(&str, Change); 8] = [
        ("a required field added", |schema| {
            schema["properties"]["data"]["properties"]["colour"] = json!({"type": "string"});
            let required = schema["properties"]["data"]["required"].as_array_mut();
            required.unwrap().push(json!("colour"));
        }),
        ("a field no longer required", |schema| {
            let required = schema["properties"]["data"]["required"].as_array_mut();
            required.unwrap().remove(0);
        }),
        ("a field removed", |schema| {
            let fields = schema["properties"]["data"]["properties"].as_object_mut();
            fields.unwrap().remove("sts");
        }),
        ("a value removed", |schema| {
            let values = &mut schema["properties"]["data"]["properties"]["channel"]["enum"];
            values.as_array_mut().unwrap().remove(0);
        }),
        ("a value added", |schema| {
            let values = &mut schema["properties"]["data"]["properties"]["channel"]["enum"];
            values.as_array_mut().unwrap().push(json!("pigeon"));
        }),
        ("another type", |schema| {
            schema["properties"]["data"]["properties"]["sts"]["type"] = json!("string");
        }),
        ("a pattern tightened", |schema| {
            schema["properties"]["data"]["properties"]["service"]["pattern"] = json!("^[a-z]+$");
        }),
        ("a field closed to others", |schema| {
            schema["properties"]["data"]["additionalProperties"] = json!(false);
        }),
    ];
    for (name, change) in changes {
        let found = found_after(change);
        assert_eq!(found.len(), 1, "{name}: {found:?}");
        assert!(found[0].starts_with(data), "{name}: {found:?}");
    }
}

#[test]
fn a_new_optional_field_and_other_words_break_nothing() {
    let found = found_after(|schema| {
        let data = &mut schema["properties"]["data"];
        data["properties"]["colour"] = json!({"type": ["string", "null"], "default": null});
        data["description"] = json!("Somebody asked for help.");
        data["properties"]["sts"]["description"] = json!("Whose it is.");
    });
    assert_eq!(found, Vec::<String>::new());
}
