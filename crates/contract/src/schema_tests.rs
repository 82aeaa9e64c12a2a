//! The schemas say what the reader does: every golden sample fits its own, and the schema of a fact
//! agrees with the strict reading of facts.

use std::path::{Path, PathBuf};

use jsonschema::{Registry, Validator};
use serde_json::{Value, json};
use townclerk_domain::plain_text;

use crate::fact;
use crate::payload::{decode, decode_strictly};
use crate::schema::{FACT_SCHEMA, all_event_types, fact_schema, schema_path};

fn proto() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto")
}

#[test]
fn the_pattern_of_plain_text_takes_exactly_what_is_not_hidden() {
    let schema = json!({ "pattern": plain_text::PATTERN });
    let schema = jsonschema::validator_for(&schema).unwrap();
    for c in (0..=0x1_1000).filter_map(char::from_u32) {
        let plain = c == '\n' || !plain_text::is_hidden(c);
        assert_eq!(schema.is_valid(&json!(format!("a{c}b"))), plain, "{c:?}");
    }
}

/// The golden samples of a kind and what happened, with their paths.
pub fn golden(kind: &str, what: &str) -> Vec<(PathBuf, Value)> {
    let folder = proto().join("golden").join(kind);
    let mut samples = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name.starts_with(&format!("{what}.v1.")) {
            let text = std::fs::read_to_string(&path).unwrap();
            samples.push((path, serde_json::from_str(&text).unwrap()));
        }
    }
    samples
}

/// Validates facts; the schemas that it refers to are at hand.
fn fact_validator() -> Validator {
    const BASE: &str = "https://townclerk.test/";
    let mut registry = Registry::new();
    for described in all_event_types() {
        let uri = format!("{BASE}{}", schema_path(described.kind, &described.what));
        registry = registry.add(uri, described.schema).unwrap();
    }
    let registry = registry.prepare().unwrap();
    jsonschema::options()
        .with_registry(&registry)
        .with_base_uri(format!("{BASE}{FACT_SCHEMA}"))
        .should_validate_formats(true)
        .build(&fact_schema())
        .unwrap()
}

/// The fact that a tool would send so that `event` be recorded.
fn as_fact(event: &Value) -> Value {
    let subject = event["subject"].as_str().unwrap();
    let kind = subject.split('/').next().unwrap();
    json!({
        "specversion": "1.0",
        "id": "f1",
        "source": "/councils/brent/hornbill",
        "type": event["type"],
        "subject": format!("{kind}/IN-1"),
        "time": event["time"],
        "data": event["data"],
    })
}

fn fact_samples() -> Vec<Value> {
    let described = all_event_types().into_iter();
    let of_facts = described.filter(|described| fact::KINDS.contains(&described.kind));
    of_facts
        .flat_map(|described| golden(described.kind.token(), &described.what))
        .map(|(_, event)| as_fact(&event))
        .collect()
}

#[test]
fn every_golden_sample_fits_the_schema_of_its_type() {
    for described in all_event_types() {
        let schema = jsonschema::options()
            .should_validate_formats(true)
            .build(&described.schema)
            .unwrap();
        let samples = golden(described.kind.token(), &described.what);
        assert!(!samples.is_empty(), "{}", described.event_type);
        for (path, sample) in samples {
            let faults: Vec<String> = schema
                .iter_errors(&sample)
                .map(|fault| format!("{}: {fault}", fault.instance_path()))
                .collect();
            assert!(faults.is_empty(), "{path:?}: {faults:?}");
        }
    }
}

#[test]
fn the_committed_schema_of_a_fact_is_that_of_the_types() {
    let path = proto().join(FACT_SCHEMA);
    let text = serde_json::to_string_pretty(&fact_schema()).unwrap() + "\n";
    if std::env::var_os("TOWNCLERK_BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path:?}: {e}"));
    assert_eq!(committed, text, "{path:?}: bless it if the change is meant");
}

#[test]
fn what_the_schema_of_a_fact_takes_is_read_as_a_fact() {
    let schema = fact_validator();
    let samples = fact_samples();
    assert!(samples.len() > 20);
    for sample in samples {
        if let Some(fault) = schema.iter_errors(&sample).next() {
            panic!("{sample}: {}: {fault}", fault.instance_path());
        }
        fact::read(&sample.to_string()).unwrap_or_else(|fault| panic!("{sample}: {fault}"));
    }
}

#[test]
fn what_is_no_fact_is_none_by_schema_and_by_reading() {
    let schema = fact_validator();
    let good = fact_samples().remove(0);
    let broken = |field: &str, value: Value| {
        let mut fact = good.clone();
        fact[field] = value;
        fact
    };
    let mut unknown_field = good.clone();
    unknown_field["data"]["colour"] = json!("red");
    for fact in [
        broken("id", json!("")),
        broken("id", json!("x".repeat(201))),
        broken("source", json!("/councils/brent")),
        broken("type", json!("org.townclerk.ticket.eaten.v1")),
        broken("subject", json!("outage/IN-1")),
        broken("time", json!("yesterday")),
        broken("colour", json!("red")),
        broken("data", json!(null)),
        unknown_field,
    ] {
        assert!(!schema.is_valid(&fact), "{fact}");
        assert!(fact::read(&fact.to_string()).is_err(), "{fact}");
    }
}

/// The paths of all instants of a schema, by their format alone.
fn instants(schema: &Value, path: &[String], found: &mut Vec<Vec<String>>) {
    if schema["format"] == "date-time" {
        found.push(path.to_vec());
    }
    let below = |step: &str| [path, &[step.to_owned()]].concat();
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        instants(field, &below(name), found);
    }
    instants_of_items(schema, &below("0"), found);
    let alternatives = schema["oneOf"].as_array().into_iter().flatten();
    alternatives.for_each(|alternative| instants(alternative, path, found));
}

fn instants_of_items(schema: &Value, path: &[String], found: &mut Vec<Vec<String>>) {
    if schema["items"].is_object() {
        instants(&schema["items"], path, found);
    }
}

/// `data` with another instant at `path`; none where it has nothing there.
fn with_instant(mut data: Value, path: &[String], instant: &str) -> Option<Value> {
    let (last, before) = path.split_last()?;
    let pointer: String = before.iter().map(|step| format!("/{step}")).collect();
    let place = data.pointer_mut(&pointer)?.as_object_mut()?;
    place.insert(last.clone(), json!(instant));
    Some(data)
}

/// A new instant of a payload is found by its schema: nobody has to think of it.
#[test]
fn every_instant_of_every_payload_is_told_strictly_and_read_leniently() {
    let mut looked_at = 0;
    for described in all_event_types() {
        let (kind, what) = (described.kind, described.what.as_str());
        let mut paths = Vec::new();
        instants(&described.schema["properties"]["data"], &[], &mut paths);
        for path in paths {
            let samples = golden(kind.token(), what);
            let mut told = 0;
            for (_, sample) in samples {
                let local = "2020-06-15T09:00:00+01:00[Europe/London]";
                let Some(data) = with_instant(sample["data"].clone(), &path, local) else {
                    continue;
                };
                let data = serde_json::value::to_raw_value(&data).unwrap();
                let refused = decode_strictly(kind, what, &data).unwrap_err();
                let dotted = path.join(".").replace(".0.", "[0].");
                assert!(
                    refused.iter().any(|fault| fault.path == dotted),
                    "{kind} {what}: {refused:?}"
                );
                decode(kind, what, &data).unwrap();
                told += 1;
            }
            assert!(told > 0, "{kind} {what}: no sample has {path:?}");
            looked_at += told;
        }
    }
    assert!(looked_at >= 13);
}

/// What no schema of ours may say, because looking at fields would not heed it.
#[test]
fn looking_at_fields_knows_every_word_of_the_schemas() {
    const KNOWN: [&str; 17] = [
        "type",
        "format",
        "pattern",
        "const",
        "enum",
        "oneOf",
        "items",
        "properties",
        "required",
        "additionalProperties",
        "default",
        "description",
        "title",
        "minLength",
        "maxLength",
        "minimum",
        "uniqueItems",
    ];
    fn look(schema: &Value, within: &str) {
        let Some(words) = schema.as_object() else {
            return;
        };
        for (word, value) in words {
            assert!(KNOWN.contains(&word.as_str()), "{within}: {word}");
            match word.as_str() {
                "properties" => {
                    let fields = value.as_object().into_iter().flatten();
                    fields.for_each(|(name, field)| look(field, &format!("{within}.{name}")));
                }
                "oneOf" => {
                    let several = value.as_array().into_iter().flatten();
                    several.for_each(|one| look(one, within));
                }
                "items" | "additionalProperties" => look(value, within),
                _ => {}
            }
        }
    }
    for described in all_event_types() {
        look(
            &described.schema["properties"]["data"],
            &described.event_type,
        );
    }
}

#[test]
fn what_is_recorded_by_our_own_schemas_has_no_fault() {
    for described in all_event_types() {
        let (kind, what) = (described.kind, described.what.as_str());
        for (path, sample) in golden(kind.token(), what) {
            let data = serde_json::value::to_raw_value(&sample["data"]).unwrap();
            let read = decode_strictly(kind, what, &data);
            assert!(read.is_ok(), "{path:?}: {read:?}");
        }
    }
}
