//! Councils that have no log here: most likely mistyped, and then the record is about nobody. They are
//! recorded all the same, because a process may serve a part of the logs, and the answer says so.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;
use townclerk_domain::amendment::{Correction, Recordable};
use townclerk_domain::identity::AggregateKind;
use townclerk_domain::names::LogName;

use super::codes::meant;

/// Fields that name councils, wherever they are.
const FIELDS: [&str; 2] = ["council", "councils"];

/// Councils of one command that are warned of.
const WARNINGS_MAX: usize = 20;

/// What is to be said of the councils that a command names and that have none of `logs`.
///
/// # Errors
/// What is to be recorded has no JSON form.
pub(super) fn unknown_councils<'a, F: Serialize>(
    kind: AggregateKind,
    what: &Recordable<F>,
    logs: impl IntoIterator<Item = &'a LogName>,
) -> Result<Vec<String>, serde_json::Error> {
    // A council that joins may have its log later.
    if kind == AggregateKind::Partnership {
        return Ok(Vec::new());
    }
    let known: BTreeSet<String> = logs
        .into_iter()
        .filter_map(|log| Some(log.council()?.to_string()))
        .collect();
    let value = match what {
        Recordable::Fact(fact) => serde_json::to_value(fact)?,
        Recordable::Corrected(Correction { field, is, .. }) => corrected(field, is),
        Recordable::Voided(_) => return Ok(Vec::new()),
    };
    if known.is_empty() {
        return Ok(Vec::new());
    }
    let unknown = named(&value).into_iter();
    let unknown = unknown.filter(|council| !known.contains(council));
    let warnings = unknown.take(WARNINGS_MAX).map(|council| {
        let there: Vec<&str> = known.iter().map(String::as_str).collect();
        let there = there.join(", ");
        let meant = meant(&council, &known);
        format!("no log here is of a council {council}; there are {there}{meant}")
    });
    Ok(warnings.collect())
}

/// A corrected field with its new value, which is a text or JSON.
fn corrected(field: &str, is: &str) -> Value {
    let value = serde_json::from_str(is).unwrap_or_else(|_| Value::from(is));
    Value::Object([(field.to_owned(), value)].into_iter().collect())
}

fn named(value: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut left = vec![(false, value)];
    while let Some((names, value)) = left.pop() {
        match value {
            Value::String(council) if names => {
                found.insert(council.clone());
            }
            Value::Array(values) => left.extend(values.iter().map(|value| (names, value))),
            Value::Object(fields) => {
                let within = fields.iter();
                left.extend(within.map(|(name, value)| (FIELDS.contains(&name.as_str()), value)));
            }
            Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use townclerk_domain::identity::EventId;
    use townclerk_domain::names::Code;
    use uuid::Uuid;

    use super::*;

    fn told(kind: AggregateKind, what: &Recordable<Value>) -> Vec<String> {
        let logs = ["brent", "lewisham", "shared"].map(|log| LogName::new(log).unwrap());
        unknown_councils(kind, what, &logs).unwrap()
    }

    #[test]
    fn a_council_without_a_log_is_told_of_wherever_it_is_named() {
        let outage = Recordable::Fact(json!({"declared": {
            "councils": ["brent", "atlantis"], "effects": [{"council": "lewishan"}],
        }}));
        let expected = [
            "no log here is of a council atlantis; there are brent, lewisham",
            "no log here is of a council lewishan; there are brent, lewisham; did you mean lewisham?",
        ];
        assert_eq!(told(AggregateKind::Outage, &outage), expected);
        let known = Recordable::Fact(json!({"logged": {"councils": ["brent"], "service": "x"}}));
        assert!(told(AggregateKind::Ticket, &known).is_empty());
        let joins = Recordable::Fact(json!({"council_joined": {"council": "camden"}}));
        assert!(told(AggregateKind::Partnership, &joins).is_empty());
    }

    #[test]
    fn a_correction_is_looked_at_as_well() {
        let correction = Recordable::Corrected(Correction {
            event: EventId(Uuid::nil()),
            field: "councils".to_owned(),
            was: "[\"brent\"]".to_owned(),
            is: "[\"brent\", \"atlantis\"]".to_owned(),
            reason: Code::new("typing-error").unwrap(),
        });
        let told = told(AggregateKind::Ticket, &correction);
        assert_eq!(told.len(), 1);
        assert!(told[0].contains("atlantis"), "{told:?}");
    }

    #[test]
    fn where_no_council_has_a_log_nothing_is_known_of_any() {
        let outage = Recordable::Fact(json!({"councils": ["atlantis"]}));
        let shared = [LogName::shared()];
        let told = unknown_councils(AggregateKind::Outage, &outage, &shared).unwrap();
        assert!(told.is_empty());
    }
}
