//! What any recorded event can be amended by: a correction of one field, or voiding the aggregate.
//!
//! Amendments act by when they became known, never by when they happened: the past as it was
//! known on any day stays reproducible.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::fields::{faults, listed, schema_of};
use crate::identity::EventId;
use crate::names::Code;
use crate::plain_text::{HiddenCharacter, hidden_in};

#[cfg(test)]
mod tests;

/// Longest text form of a corrected value, in bytes: a list of effects is one value, and both the old
/// and the new one fit into a command.
pub const VALUE_BYTES_MAX: usize = 30_000;

/// The field name that corrects when an event happened.
pub const HAPPENED: &str = "happened";

/// Says that one field of one recorded event was wrong.
///
/// Values stand in their text form: a string as it is, an absent value as the empty string,
/// anything else as its JSON text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Correction {
    /// The event that is corrected, always the original one, never an earlier correction.
    pub event: EventId,
    /// `happened`, or a field of that event's payload.
    pub field: String,
    /// The value that is current before this correction.
    pub was: String,
    pub is: String,
    pub reason: Code,
}

/// Says that the whole aggregate was recorded in error: it leaves all figures and stays in the
/// history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Voiding {
    pub reason: Code,
}

/// An event of an aggregate: a fact of its own, or an amendment of what is recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Recordable<F> {
    Fact(F),
    Corrected(Correction),
    Voided(Voiding),
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    #[error("there is no field {field:?} here; it has {}", known.join(", "))]
    Unknown { field: String, known: Vec<String> },
    #[error("{value:?} is not a value of {field:?}: {why}")]
    NotAValue {
        field: String,
        value: String,
        why: String,
    },
}

/// The current text form of `field` in `fact`.
pub fn field_text<F: Serialize>(fact: &F, field: &str) -> Result<String, FieldError> {
    let (_, fields) = payload(fact)?;
    fields
        .get(field)
        .map(text_form)
        .ok_or_else(|| unknown(field, &fields))
}

/// `fact` with `field` set to the value whose text form is `text`.
pub fn with_field<F: Serialize + DeserializeOwned>(
    fact: &F,
    field: &str,
    text: &str,
) -> Result<F, FieldError> {
    let (_, fields) = payload(fact)?;
    let current = fields.get(field);
    let mut refusal = String::new();
    for candidate in candidates(current.unwrap_or(&Value::Null), text) {
        let why = match with_value(fact, field, candidate.clone()) {
            Ok(fact) => {
                let (_, understood) = payload::<F>(&fact)?;
                let understood = understood.get(field);
                // What is ignored is no field; one that has its default now may be unwritten then.
                if current.or(understood).is_none() {
                    return Err(unknown(field, &fields));
                }
                match lost(&candidate, understood) {
                    None => return Ok(fact),
                    Some(key) => format!("it has no {key:?}"),
                }
            }
            Err(error) => error,
        };
        // Who wrote JSON is told what is wrong with it, not that it is no string.
        if refusal.is_empty() || !candidate.is_string() {
            refusal = why;
        }
    }
    Err(FieldError::NotAValue {
        field: field.to_owned(),
        value: text.chars().take(80).collect(),
        why: refusal,
    })
}

/// Whether the text of a new value of `field` is what the schema of the fact's type takes.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn told_in_full<F: Serialize + DeserializeOwned + schemars::JsonSchema>(
    fact: &F,
    field: &str,
    text: &str,
) -> Result<(), FieldError> {
    let (what, fields) = payload(fact)?;
    // One that has its default is not written; whether there is such a field was looked at before.
    let current = fields.get(field).unwrap_or(&Value::Null);
    let schema = schema_of::<F>();
    let variants = schema.get("oneOf").and_then(Value::as_array);
    let mut of_field = variants
        .into_iter()
        .flatten()
        .filter_map(|variant| variant["properties"].get(&what)?["properties"].get(field));
    let Some(schema) = of_field.next() else {
        return Ok(());
    };
    let of_each = candidates(current, text).into_iter();
    let fewest = of_each
        .map(|said| faults(schema, &said))
        .min_by_key(Vec::len);
    let fewest = fewest.unwrap_or_default();
    if fewest.is_empty() {
        return Ok(());
    }
    Err(FieldError::NotAValue {
        field: field.to_owned(),
        value: text.chars().take(80).collect(),
        why: listed(&fewest),
    })
}

/// The first key of `said` that `understood` does not have: a mistyped one would be lost in silence.
fn lost<'a>(said: &'a Value, understood: Option<&Value>) -> Option<&'a str> {
    match (said, understood) {
        (Value::Object(said), Some(Value::Object(understood))) => {
            said.iter().find_map(|(key, value)| {
                let found = understood.get(key);
                match found {
                    None => Some(key.as_str()),
                    found => lost(value, found),
                }
            })
        }
        (Value::Array(said), Some(Value::Array(understood))) => {
            let pairs = said.iter().zip(understood);
            pairs
                .into_iter()
                .find_map(|(said, understood)| lost(said, Some(understood)))
        }
        _ => None,
    }
}

/// Whether `text` says the present value of `field`, in whatever order its keys stand.
pub fn is_current<F: Serialize + DeserializeOwned>(
    fact: &F,
    field: &str,
    text: &str,
) -> Result<bool, FieldError> {
    let current = field_text(fact, field)?;
    let same = || {
        let said = with_field(fact, field, text);
        said.and_then(|said| field_text(&said, field))
    };
    Ok(current == text || same().is_ok_and(|said| said == current))
}

/// The hidden characters in the texts of what is asked to be recorded; those of the fields
/// `one_line` have no line breaks either.
pub(crate) fn hidden_characters<F: Serialize>(
    what: &Recordable<F>,
    one_line: &[&str],
) -> Vec<HiddenCharacter> {
    match what {
        Recordable::Fact(fact) => {
            let fields = payload(fact).map_or_else(|_| Fields::new(), |(_, fields)| fields);
            let texts = fields.iter();
            let found = texts.flat_map(|(field, value)| hidden_in(field, value, one_line));
            found.collect()
        }
        Recordable::Corrected(Correction { field, is, .. }) => {
            // A text, or the JSON text of something that may have texts in it.
            let value = match serde_json::from_str(is) {
                Ok(value @ (Value::Array(_) | Value::Object(_) | Value::String(_))) => value,
                Ok(_) | Err(_) => Value::String(is.clone()),
            };
            hidden_in(field, &value, one_line)
        }
        Recordable::Voided(Voiding { reason: _ }) => Vec::new(),
    }
}

/// The text form of the present value of `field`, and whether `was` says it, where it is to become
/// `is`. A field that is not written where it has its default shows that it exists by taking `is`.
pub fn compared<F: Serialize + DeserializeOwned>(
    fact: &F,
    field: &str,
    was: &str,
    is: &str,
) -> Result<(String, bool), FieldError> {
    let (_, fields) = payload(fact)?;
    if fields.contains_key(field) {
        return Ok((field_text(fact, field)?, is_current(fact, field, was)?));
    }
    with_field(fact, field, is)?;
    let changes_nothing = |candidate| {
        let said = with_value(fact, field, candidate);
        said.is_ok_and(|said: F| payload(&said).is_ok_and(|(_, said)| said == fields))
    };
    let is_default = candidates(&Value::Null, was)
        .into_iter()
        .any(changes_nothing);
    Ok((String::new(), was.is_empty() || is_default))
}

/// What `text` may stand for: a string is preferred unless the field holds something else now.
fn candidates(current: &Value, text: &str) -> Vec<Value> {
    let string = Value::String(text.to_owned());
    let json = serde_json::from_str(text).ok();
    let absent = text.is_empty().then_some(Value::Null);
    match current {
        Value::String(_) | Value::Null => absent.into_iter().chain([string]).chain(json).collect(),
        _ => absent.into_iter().chain(json).chain([string]).collect(),
    }
}

fn text_form(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

type Fields = serde_json::Map<String, Value>;

/// `fact` with `field` set to a value, or ignored where there is none of that name.
fn with_value<F: Serialize + DeserializeOwned>(
    fact: &F,
    field: &str,
    value: Value,
) -> Result<F, String> {
    let (what, mut fields) = payload(fact).map_err(|error| error.to_string())?;
    fields.insert(field.to_owned(), value);
    let tagged = [(what, Value::Object(fields))].into_iter().collect();
    serde_json::from_value(Value::Object(tagged)).map_err(|error| error.to_string())
}

/// The fields of a fact as they are written; null where it has none.
pub(crate) fn fields_of<F: Serialize>(fact: &F) -> Value {
    payload(fact).map_or(Value::Null, |(_, fields)| Value::Object(fields))
}

/// A fact serialises as `{what: {fields}}`, serde's own form of an enum.
fn payload<F: Serialize>(fact: &F) -> Result<(String, Fields), FieldError> {
    if let Ok(Value::Object(tagged)) = serde_json::to_value(fact)
        && let Some((what, Value::Object(fields))) = tagged.into_iter().next()
    {
        return Ok((what, fields));
    }
    Err(FieldError::Unknown {
        field: String::new(),
        known: Vec::new(),
    })
}

fn unknown(field: &str, fields: &Fields) -> FieldError {
    let known = std::iter::once(HAPPENED)
        .chain(fields.keys().map(String::as_str))
        .map(str::to_owned)
        .collect();
    FieldError::Unknown {
        field: field.chars().take(80).collect(),
        known,
    }
}
