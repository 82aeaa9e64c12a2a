//! The description of the HTTP interface in `proto/openapi.json`: made of the table of routes, and
//! whole.
//!
//! It is written again with `TOWNCLERK_BLESS=1 cargo test -p townclerk-tests openapi`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use townclerk_app::access::RouteNeed;
use townclerk_app::http::described::Described;
use townclerk_app::http::openapi::document;
use townclerk_tests::composition::Composition;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

async fn routes() -> Vec<RouteNeed> {
    let composition = Composition::of_everything().await;
    let routes = composition.routes.clone();
    composition.stop().await;
    routes
}

/// Every operation of a description, with its method and path.
fn operations(document: &Value) -> Vec<(String, &Map<String, Value>)> {
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, at_path)| {
            let methods = at_path.as_object().unwrap().iter();
            methods.map(move |(method, operation)| {
                let operation = operation.as_object().unwrap();
                (format!("{} {path}", method.to_uppercase()), operation)
            })
        })
        .collect()
}

/// Every value of a document, however deep it stands.
fn all_values(value: &Value) -> Vec<&Value> {
    let inside: Vec<&Value> = match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(members) => members.values().collect(),
        _ => Vec::new(),
    };
    let deeper = inside.into_iter().flat_map(all_values);
    std::iter::once(value).chain(deeper).collect()
}

/// What a reference leads to, or the value itself.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let Some(reference) = value.get("$ref") else {
        return value;
    };
    let pointer = reference.as_str().unwrap().trim_start_matches('#');
    let target = document.pointer(pointer);
    target.unwrap_or_else(|| panic!("{reference} leads nowhere"))
}

/// The parameters of an operation that stand in one place, and whether each is required.
fn parameters(
    document: &Value,
    operation: &Map<String, Value>,
    place: &str,
) -> BTreeSet<(String, bool)> {
    let parameters = operation["parameters"].as_array().unwrap().iter();
    parameters
        .map(|parameter| resolved(document, parameter))
        .filter(|parameter| parameter["in"] == place)
        .map(|parameter| {
            let name = parameter["name"].as_str().unwrap().to_owned();
            (name, parameter["required"] == true)
        })
        .collect()
}

/// The names in braces of a path.
fn names_in(path: &str) -> BTreeSet<(String, bool)> {
    let names = path.split('{').skip(1);
    let names = names.filter_map(|rest| rest.split('}').next());
    names.map(|name| (name.to_owned(), true)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_description_is_that_of_the_routes() {
    let described = format!("{:#}\n", document(&routes().await));
    let path = root().join("proto/openapi.json");
    if std::env::var_os("TOWNCLERK_BLESS").is_some() {
        std::fs::write(&path, &described).unwrap();
    }
    let published = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        published == described,
        "proto/openapi.json is not what the routes say: \
         TOWNCLERK_BLESS=1 cargo test -p townclerk-tests openapi"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_is_described_once_under_a_name_of_its_own() {
    let routes = routes().await;
    let document = document(&routes);
    let served: BTreeSet<String> = routes
        .iter()
        .map(|route| format!("{} {}", route.method, route.path))
        .collect();
    let operations = operations(&document);
    let described: BTreeSet<String> = operations.iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(described, served);
    assert_eq!(operations.len(), routes.len(), "a route is there twice");
    let ids: BTreeSet<&str> = operations
        .iter()
        .map(|(_, operation)| operation["operationId"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), operations.len(), "an operationId is there twice");
    for route in &routes {
        let unsaid = matches!(route.described, Described::Unsaid);
        assert!(!unsaid, "{} says nothing of itself", route.path);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_parameter_of_a_path_is_declared_and_every_reference_leads_somewhere() {
    let document = document(&routes().await);
    for (name, operation) in operations(&document) {
        let declared = parameters(&document, operation, "path");
        assert_eq!(declared, names_in(&name), "{name}");
        let query = parameters(&document, operation, "query");
        assert!(query.iter().all(|(_, required)| !required), "{name}");
    }
    let mut references = 0;
    for value in all_values(&document) {
        if value.get("$ref").is_some() {
            resolved(&document, value);
            references += 1;
        }
    }
    assert!(references > 100, "only {references} references");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_takes_a_body_and_a_key_and_says_who_may() {
    let routes = routes().await;
    let document = document(&routes);
    let mut commands = 0;
    for route in &routes {
        if !matches!(route.described, Described::Command { .. }) {
            continue;
        }
        assert!(route.path.starts_with("/v1/logs/"), "{}", route.path);
        commands += 1;
        let operation = document["paths"][&route.path]["post"].as_object().unwrap();
        let body = &operation["requestBody"]["content"]["application/json"]["schema"];
        assert_eq!(body["type"], "object", "{}", route.path);
        let happened = &body["properties"]["happened"];
        assert_eq!(happened["format"], "date-time", "{}", route.path);
        let headers = parameters(&document, operation, "header");
        let key = ("idempotency-key".to_owned(), true);
        assert!(headers.contains(&key), "{}", route.path);
        for status in [
            "200", "201", "400", "401", "403", "404", "409", "413", "415", "422", "503",
        ] {
            let answer = &operation["responses"][status];
            assert!(
                answer.is_object(),
                "{} does not answer {status}",
                route.path
            );
        }
        // A cookie is taken for reading only.
        assert_eq!(
            operation["security"],
            json!([{ "bearer": [] }]),
            "{}",
            route.path
        );
        let roles = operation["x-roles"].as_array().unwrap();
        assert!(!roles.is_empty(), "{}", route.path);
    }
    assert!(commands > 70, "only {commands} commands");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_stands_in_the_document_for_people_with_its_method() {
    let page = std::fs::read_to_string(root().join("docs/API.md")).unwrap();
    let missing: Vec<String> = routes()
        .await
        .iter()
        .map(|route| format!("| {} `{}` ", route.method, route.path))
        .filter(|row| !page.contains(row))
        .collect();
    assert_eq!(missing, [""; 0], "rows that docs/API.md lacks");
}
