//! The published description of the HTTP interface: OpenAPI 3.1, made of the table of routes.
//!
//! Nothing is spelt here that a route says of itself, so a description that differs from what is
//! served is one that was not made again.

mod components;
mod facts;
mod operation;
mod responses;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::body::BODY_BYTES_MAX;
use crate::access::RouteNeed;
use responses::Shared;

/// Describes `routes`. Objects are sorted by key, so that the same routes give the same bytes.
pub fn document(routes: &[RouteNeed]) -> Value {
    let mut shared = Shared::default();
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    let mut tags = BTreeSet::new();
    for route in routes {
        let method = route.method.as_str().to_ascii_lowercase();
        let operation = operation::operation(route, &mut shared);
        tags.insert(operation::tag(route));
        let at_path = paths.entry(&route.path).or_default();
        at_path.insert(method, operation);
    }
    let tags: Vec<Value> = tags.into_iter().map(|tag| json!({ "name": tag })).collect();
    let about = format!(
        "Commands go to logs, reads to views. docs/API.md tells it with examples, docs/PROBLEMS.md \
         explains the problems. The body of a command is an object of at most {BODY_BYTES_MAX} \
         bytes; unknown fields are refused wherever they stand."
    );
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Townclerk",
            "description": about,
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache License 2.0", "identifier": "Apache-2.0" },
        },
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "servers": [{ "url": "http://127.0.0.1:8600", "description": "as `townclerk up` serves it" }],
        "tags": tags,
        "paths": paths,
        "components": components::components(shared),
    });
    document.sort_all_objects();
    document
}
