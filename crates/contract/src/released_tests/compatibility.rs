//! Whether a schema of today keeps what a released one promised.
//!
//! Two sides rely on it: readers, who know the released schema and meet what is written today; and
//! the record, which holds what was written then and is read by today's. What suits both is narrow:
//! words for people may change, and a field may be added that nobody must write. Anything else is
//! a new version. (Wider promises, such as a longer text, would suit only one side.)
//!
//! The crate jsoncompat, asked for both sides, judges the changes of the tests alike. It is not used
//! here because it turns on `arbitrary_precision` of serde_json, and with it for all tests of the
//! workspace: they would read numbers otherwise than what is shipped.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// Keywords that promise nothing.
const FOR_PEOPLE: [&str; 6] = [
    "description",
    "title",
    "default",
    "examples",
    "$comment",
    "deprecated",
];

/// Each difference that breaks a promise, with the path at which it stands.
pub fn breaks(released: &Value, today: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare(released, today, "", &mut found);
    found
}

fn compare(released: &Value, today: &Value, path: &str, found: &mut Vec<String>) {
    let (Value::Object(released), Value::Object(today)) = (released, today) else {
        if released != today {
            found.push(format!("{path}: it was {released} and is {today}"));
        }
        return;
    };
    let keywords: BTreeSet<&String> = released.keys().chain(today.keys()).collect();
    for keyword in keywords {
        if FOR_PEOPLE.contains(&keyword.as_str()) {
            continue;
        }
        let path = format!("{path}/{keyword}");
        match (released.get(keyword), today.get(keyword)) {
            (Some(was), Some(is)) => compare_keyword(keyword, was, is, released, &path, found),
            // All that was not said of fields before: they may all be new ones.
            (None, Some(Value::Object(_))) if keyword == "properties" && open(released) => {}
            (Some(was), None) => found.push(format!("{path}: it was {was} and is gone")),
            (None, Some(is)) => found.push(format!("{path}: it was not there and is {is}")),
            (None, None) => {}
        }
    }
}

/// Whether fields may come that a schema does not name.
fn open(schema: &Map<String, Value>) -> bool {
    let closed = |keyword: &str| schema.get(keyword) == Some(&Value::Bool(false));
    !closed("additionalProperties") && !closed("unevaluatedProperties")
}

fn compare_keyword(
    keyword: &str,
    was: &Value,
    is: &Value,
    released: &Map<String, Value>,
    path: &str,
    found: &mut Vec<String>,
) {
    match (keyword, was, is) {
        ("properties", Value::Object(was), Value::Object(is)) => {
            for (name, schema) in was {
                let path = format!("{path}/{name}");
                match is.get(name) {
                    Some(today) => compare(schema, today, &path, found),
                    None => found.push(format!("{path}: this field is gone")),
                }
            }
            let new = is.keys().filter(|name| !was.contains_key(*name));
            for name in new.filter(|_| !open(released)) {
                found.push(format!("{path}/{name}: new, where no field could be added"));
            }
        }
        ("required" | "enum" | "type", Value::Array(was), Value::Array(is)) => {
            same_members(was, is, path, found);
        }
        ("oneOf" | "anyOf" | "allOf" | "prefixItems", Value::Array(was), Value::Array(is)) => {
            if was.len() != is.len() {
                let (was, is) = (was.len(), is.len());
                found.push(format!("{path}: it had {was} alternatives and has {is}"));
            }
            for (index, (was, is)) in was.iter().zip(is).enumerate() {
                compare(was, is, &format!("{path}/{index}"), found);
            }
        }
        ("$defs", Value::Object(was), Value::Object(is)) => {
            for (name, schema) in was {
                let today = is.get(name).unwrap_or(&Value::Null);
                compare(schema, today, &format!("{path}/{name}"), found);
            }
        }
        _ => compare(was, is, path, found),
    }
}

fn same_members(was: &[Value], is: &[Value], path: &str, found: &mut Vec<String>) {
    for gone in was.iter().filter(|value| !is.contains(value)) {
        found.push(format!("{path}: {gone} is gone"));
    }
    for new in is.iter().filter(|value| !was.contains(value)) {
        found.push(format!("{path}: {new} is new"));
    }
}
