//! JSON Schemas of every event type, generated from the domain's types.

use serde_json::{Value, json};
use townclerk_domain::amendment::{Correction, Voiding};
use townclerk_domain::decider::Decider;
use townclerk_domain::fields::schema_of;
use townclerk_domain::identity::AggregateKind;
use townclerk_domain::with_rules;

use crate::classification::data_classification;
use crate::event_type::{VERSION, event_type};
use crate::fact::{KINDS, begins};
use crate::payload::{CORRECTED, VOIDED};

/// Where the schema of a fact stands within `proto`.
pub const FACT_SCHEMA: &str = "schemas/fact.v1.json";

/// Where the schema of an event type stands within `proto`.
pub fn schema_path(kind: AggregateKind, what: &str) -> String {
    format!("schemas/{kind}/{what}.v{VERSION}.json")
}

/// One event type of one kind of aggregate.
#[derive(Clone, Debug)]
pub struct DescribedType {
    pub kind: AggregateKind,
    /// What happened, such as `logged`.
    pub what: String,
    pub event_type: String,
    /// The JSON Schema (2020-12) of the whole CloudEvent.
    pub schema: Value,
}

/// Every event type that this version writes.
pub fn all_event_types() -> Vec<DescribedType> {
    AggregateKind::ALL
        .into_iter()
        .flat_map(|kind| {
            let facts = with_rules!(kind, Rules => variants::<<Rules as Decider>::Fact>());
            let amendments = [
                (CORRECTED.to_owned(), schema_of::<Correction>()),
                (VOIDED.to_owned(), schema_of::<Voiding>()),
            ];
            facts
                .into_iter()
                .chain(amendments)
                .map(move |(what, data)| described(kind, what, data))
        })
        .collect()
}

fn described(kind: AggregateKind, what: String, data: Value) -> DescribedType {
    let event_type = event_type(kind, &what);
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": event_type,
        "type": "object",
        "properties": {
            "specversion": { "const": "1.0" },
            "id": { "type": "string", "format": "uuid" },
            "source": { "type": "string", "pattern": "^/councils/[a-z0-9-]+/[a-z0-9-]+(/sample)?$" },
            "type": { "const": event_type },
            "subject": { "type": "string", "pattern": format!("^{kind}/[0-9a-f-]{{36}}$") },
            "time": { "type": "string", "format": "date-time", "description": "when it happened" },
            "datacontenttype": { "const": "application/json" },
            "recordedtime": { "type": "string", "format": "date-time" },
            "correlationid": { "type": "string" },
            "causationid": { "type": "string", "description": "the id of the command" },
            "traceparent": { "type": "string" },
            "commanddigest": { "type": "string", "pattern": "^[0-9a-f]{64}$" },
            "authtype": { "type": "string" },
            "authid": { "type": "string" },
            "data": data,
        },
        "required": [
            "specversion", "id", "source", "type", "subject", "time", "recordedtime",
            "correlationid", "causationid", "commanddigest", "authtype", "authid", "data",
        ],
    });
    // Kinds without text are written without it.
    if let Some(classification) = data_classification(kind) {
        schema["properties"]["dataclassification"] = json!({ "const": classification });
        if let Some(required) = schema["required"].as_array_mut() {
            required.push(json!("dataclassification"));
        }
    }
    DescribedType {
        kind,
        what,
        event_type,
        schema,
    }
}

/// The JSON Schema of a fact, as a partner's tool sends it: fewer attributes than a recorded event
/// has, the same data, and nothing that is not known.
pub fn fact_schema() -> Value {
    let types = all_event_types();
    let facts = types
        .iter()
        .filter(|described| KINDS.contains(&described.kind));
    let alternatives: Vec<Value> = facts.map(fact_of_type).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A fact: what a partner's tool says happened",
        "type": "object",
        "properties": {
            "specversion": { "const": "1.0" },
            "id": {
                "type": "string",
                "pattern": PRINTABLE,
                "description": "the tool's own id of this fact, unique within its source",
            },
            "source": {
                "type": "string",
                "pattern": "^/councils/[a-z0-9]([a-z0-9-]*[a-z0-9])?/[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
                "description": "/councils/<council>/<system>",
            },
            "type": { "type": "string" },
            "subject": {
                "type": "string",
                "description": "<kind>/<the tool's own reference of the record>",
            },
            "time": { "type": "string", "format": "date-time", "description": "when it happened" },
            "datacontenttype": { "const": "application/json" },
            "dataschema": { "type": "string" },
            "correlationid": { "type": "string", "pattern": PRINTABLE },
            "traceparent": {
                "type": "string",
                "description": "W3C Trace Context, version 00; others are refused",
            },
            "data": { "type": "object" },
        },
        "required": ["specversion", "id", "source", "type", "subject", "time", "data"],
        "additionalProperties": false,
        "oneOf": alternatives,
    })
}

/// A token: 1 to 200 printable ASCII characters.
const PRINTABLE: &str = "^[ -~]{1,200}$";

fn fact_of_type(described: &DescribedType) -> Value {
    let DescribedType {
        kind,
        what,
        event_type,
        ..
    } = described;
    let path = schema_path(*kind, what);
    let within = path.strip_prefix("schemas/").unwrap_or(&path);
    let does = match begins(*kind, what) {
        true => "makes its record",
        false => "continues its record",
    };
    json!({
        "title": format!("{kind}: {what} ({does})"),
        "properties": {
            "type": { "const": event_type },
            "subject": { "pattern": format!("^{kind}/[ -~]{{1,200}}$") },
            "data": {
                "$ref": format!("{within}#/properties/data"),
                "unevaluatedProperties": false,
            },
        },
    })
}

/// The payload's schema of each variant of an enum of facts.
fn variants<F: schemars::JsonSchema>() -> Vec<(String, Value)> {
    let schema = schema_of::<F>();
    let variants = schema["oneOf"].as_array().cloned().unwrap_or_default();
    variants
        .iter()
        .filter_map(|variant| variant["properties"].as_object())
        .flatten()
        .map(|(what, data)| (what.clone(), data.clone()))
        .collect()
}
