//! What is wrong with the fields of something that is told to us, all of it at once, by the JSON
//! Schema of its type.
//!
//! Serde ends at the first fault, and takes more forms of an instant than the schema has: the schema
//! is looked at first, then serde reads. A new field is looked at because its type has a schema.

use std::fmt;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::decimal::Decimal;
use crate::instant;
use crate::names::Code;
use crate::period::Period;

/// How many faults are told of one text.
const FAULTS_MAX: usize = 20;

/// How much of a value is repeated, in characters.
const FOUND_CHARS_MAX: usize = 80;

/// What kind of fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldFaultKind {
    /// The field is not known.
    Unknown,
    Missing,
    /// Its value is none of those that it can have.
    NotOneOf,
    /// Its value is no value of its type.
    Invalid,
}

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldFault {
    /// Its path, such as `effects[0].from`; empty for the whole.
    pub path: String,
    pub kind: FieldFaultKind,
    /// What was found, and what would be taken.
    pub why: String,
}

impl fmt::Display for FieldFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => f.write_str(&self.why),
            path => write!(f, "{path}: {}", self.why),
        }
    }
}

/// All of them, one after the other.
pub fn listed(faults: &[FieldFault]) -> String {
    let all: Vec<String> = faults.iter().map(ToString::to_string).collect();
    all.join("; ")
}

/// The JSON Schema (2020-12) of a `T` as it is read, with nothing to be looked up elsewhere.
pub fn schema_of<T: JsonSchema>() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    settings.meta_schema = None;
    settings
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value()
}

/// Everything that `schema` finds wrong with `said`; of a hopeless text the first faults.
pub fn faults(schema: &Value, said: &Value) -> Vec<FieldFault> {
    let mut found = Faults(Vec::new());
    found.look(schema, said, "");
    found.0
}

/// Adds what serde, which reads afterwards, ended at; unless the schema told of it already.
pub fn add_unread(found: &mut Vec<FieldFault>, unread: FieldFault) {
    // No schema says that a field is there twice.
    let twice = unread.why.contains("duplicate field");
    let told = found
        .iter()
        .any(|known| known.path.starts_with(&unread.path));
    if twice || !told {
        found.push(unread);
    }
}

struct Faults(Vec<FieldFault>);

impl Faults {
    fn add(&mut self, path: &str, kind: FieldFaultKind, why: String) {
        if self.0.len() < FAULTS_MAX {
            self.0.push(FieldFault {
                path: path.to_owned(),
                kind,
                why,
            });
        }
    }

    fn look(&mut self, schema: &Value, said: &Value, path: &str) {
        if let Some(alternatives) = schema.get("oneOf").or_else(|| schema.get("anyOf")) {
            return self.look_at_alternatives(alternatives, said, path);
        }
        let taken = constants(schema);
        if !taken.is_empty() {
            if !taken.contains(&said) {
                self.add(path, FieldFaultKind::NotOneOf, none_of(said, &taken));
            }
            return;
        }
        let types = types(schema);
        if !types.is_empty() && !types.iter().any(|wanted| is_a(said, wanted)) {
            let why = format!("{} is no {}", shown(said), types.join(" or "));
            return self.add(path, FieldFaultKind::Invalid, why);
        }
        match said {
            Value::Object(fields) => self.look_at_fields(schema, fields, path),
            Value::Array(items) => {
                if let Some(schema) = schema.get("items") {
                    for (index, item) in items.iter().enumerate() {
                        self.look(schema, item, &format!("{path}[{index}]"));
                    }
                }
            }
            Value::String(text) => {
                if let Err(why) = read_as(schema, text) {
                    self.add(path, FieldFaultKind::Invalid, why);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn look_at_fields(&mut self, schema: &Value, fields: &Map<String, Value>, path: &str) {
        let known = schema.get("properties").and_then(Value::as_object);
        let others = schema.get("additionalProperties");
        let names: Vec<&str> = known
            .into_iter()
            .flat_map(Map::keys)
            .map(String::as_str)
            .collect();
        for (name, value) in fields {
            let path = within(path, name);
            match (known.and_then(|known| known.get(name)), others) {
                (Some(schema), _) => self.look(schema, value, &path),
                (None, Some(schema @ Value::Object(_))) => self.look(schema, value, &path),
                (None, Some(Value::Bool(true))) => {}
                (None, _) => {
                    let why = match names.is_empty() {
                        true => "this field is not known".to_owned(),
                        false => format!("this field is not known; there are {}", names.join(", ")),
                    };
                    self.add(&path, FieldFaultKind::Unknown, why);
                }
            }
        }
        let required = schema.get("required").and_then(Value::as_array);
        for name in required.into_iter().flatten().filter_map(Value::as_str) {
            if !fields.contains_key(name) {
                let why = "this field is missing".to_owned();
                self.add(&within(path, name), FieldFaultKind::Missing, why);
            }
        }
    }

    /// What fits none of the alternatives is told by the one that it fits best: that knows its fields,
    /// and then that has the fewest faults.
    fn look_at_alternatives(&mut self, alternatives: &Value, said: &Value, path: &str) {
        let alternatives = alternatives
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let words: Vec<&Value> = alternatives.iter().flat_map(constants).collect();
        if said.is_string() && !words.is_empty() {
            if !words.contains(&said) {
                self.add(path, FieldFaultKind::NotOneOf, none_of(said, &words));
            }
            return;
        }
        let of_each = alternatives.iter().map(|schema| {
            let mut found = Self(Vec::new());
            found.look(schema, said, path);
            found.0
        });
        let is_strange = |fault: &&FieldFault| {
            let parent = fault.path.rsplit_once('.').map_or("", |(parent, _)| parent);
            fault.kind == FieldFaultKind::Unknown && parent == path
        };
        let fits = |found: &Vec<FieldFault>| (found.iter().filter(is_strange).count(), found.len());
        for fault in of_each.min_by_key(fits).into_iter().flatten() {
            self.add(&fault.path, fault.kind, fault.why);
        }
    }
}

fn within(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    }
}

/// The only values that a schema takes; none where it takes more.
fn constants(schema: &Value) -> Vec<&Value> {
    let one = schema.get("const");
    let several = schema.get("enum").and_then(Value::as_array);
    one.into_iter()
        .chain(several.into_iter().flatten())
        .collect()
}

fn none_of(said: &Value, taken: &[&Value]) -> String {
    let words: Vec<String> = taken
        .iter()
        .map(|value| value.as_str().map_or(value.to_string(), str::to_owned))
        .collect();
    match words.as_slice() {
        [one] => format!("{} is not {one}", shown(said)),
        _ => format!("{} is none of {}", shown(said), words.join(", ")),
    }
}

fn types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn is_a(said: &Value, wanted: &str) -> bool {
    match said {
        Value::Null => wanted == "null",
        Value::Bool(_) => wanted == "boolean",
        Value::Number(number) => wanted == "number" || (wanted == "integer" && !number.is_f64()),
        Value::String(_) => wanted == "string",
        Value::Array(_) => wanted == "array",
        Value::Object(_) => wanted == "object",
    }
}

/// Reads a text as the type that published this schema. What has neither format nor pattern is left
/// to its type.
fn read_as(schema: &Value, text: &str) -> Result<(), String> {
    let format = schema.get("format").and_then(Value::as_str);
    let pattern = schema.get("pattern").and_then(Value::as_str);
    let title = schema.get("title").and_then(Value::as_str);
    match (format, pattern) {
        (Some("date-time"), _) => said(instant::parse(text)),
        (Some("date"), _) => match text.parse::<jiff::civil::Date>() {
            Ok(day) if day.to_string() == text => Ok(()),
            _ => Err(format!("{} is no day such as 2021-03-01", cut(text))),
        },
        (Some("uuid"), _) => match text.parse::<Uuid>() {
            Ok(_) => Ok(()),
            Err(_) => Err(format!(
                "{} is no id: an id is a UUID in lower case",
                cut(text)
            )),
        },
        (_, Some(Code::PATTERN)) => said(Code::new(text)),
        (_, Some(Decimal::PATTERN)) => said(text.parse::<Decimal>()),
        _ if title == Some(Period::TITLE) => said(text.parse::<Period>()),
        _ => Ok(()),
    }
}

fn said<T, E: std::fmt::Display>(read: Result<T, E>) -> Result<(), String> {
    read.map(drop).map_err(|why| why.to_string())
}

fn shown(said: &Value) -> String {
    match said {
        Value::Object(_) => "an object".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        other => other.to_string().chars().take(FOUND_CHARS_MAX).collect(),
    }
}

fn cut(text: &str) -> String {
    let found: String = text.chars().take(FOUND_CHARS_MAX).collect();
    format!("{found:?}")
}

#[cfg(test)]
mod tests;
