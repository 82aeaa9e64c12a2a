//! One route as an operation: its name, its parameters, its body, and who may call it.

use axum::http::Method;
use serde_json::{Value, json};
use townclerk_domain::decider::FUTURE_TOLERANCE;

use super::components::{
    BEARER, COMMAND_HEADERS, COOKIE, IF_NONE_MATCH, LAST_EVENT_ID, PATH_PARAMETERS,
};
use super::facts;
use super::responses::{Shared, responses};
use crate::access::{Anonymous, Need, RouteNeed, ScopeNeed};
use crate::http::body::HAPPENED;
use crate::http::described::{Answers, Described, Parameter};

pub(super) fn operation(route: &RouteNeed, shared: &mut Shared) -> Value {
    let mut operation = json!({
        "operationId": operation_id(route),
        "tags": [tag(route)],
        "description": who(&route.need),
        "security": security(route),
        "parameters": parameters(route),
        "responses": responses(route, shared),
    });
    if !route.need.roles.is_empty() {
        let roles: Vec<&str> = route.need.roles.iter().map(|role| role.code()).collect();
        operation["x-roles"] = json!(roles);
    }
    if let Some(body) = body(&route.described) {
        operation["requestBody"] = body;
    }
    operation
}

/// Method and path, in characters that every programming language takes for a name.
fn operation_id(route: &RouteNeed) -> String {
    let method = route.method.as_str().to_ascii_lowercase();
    let words = route.path.split(|c: char| !c.is_ascii_alphanumeric());
    let words = words.filter(|word| !word.is_empty());
    let words: Vec<&str> = std::iter::once(method.as_str()).chain(words).collect();
    match words.as_slice() {
        [method] => format!("{method}_root"),
        words => words.join("_"),
    }
}

/// What an operation is about.
pub(super) fn tag(route: &RouteNeed) -> String {
    let of_scope = [
        "/v1/logs/{log}/",
        "/v1/councils/{log}/",
        "/v1/views/{view}/",
    ];
    let of_scope = of_scope
        .iter()
        .find_map(|prefix| route.path.strip_prefix(prefix));
    let resource = of_scope.and_then(|rest| rest.split('/').next());
    let tag = match (&route.described, resource) {
        (Described::Form { .. }, _) => "session",
        (Described::Read { answers, .. }, resource) => match answers {
            Answers::Page | Answers::Csv => "pages",
            Answers::Text(_) => "health",
            Answers::Lines => "views",
            Answers::Json(_) | Answers::Tagged(_) | Answers::Events => resource.unwrap_or("views"),
        },
        (Described::Command { .. } | Described::Facts { .. } | Described::Unsaid, resource) => {
            resource.unwrap_or("others")
        }
    };
    tag.to_owned()
}

fn who(need: &Need) -> String {
    if need.anonymous == Anonymous::Always {
        return "Everybody may.".to_owned();
    }
    let roles: Vec<String> = need.roles.iter().map(|role| format!("`{role}`")).collect();
    let roles = roles.join(", ");
    let reach = match need.scope {
        ScopeNeed::PathLog => " that reaches the log",
        ScopeNeed::PathLogToRead => " that reaches the log; a partner's also reads `shared`",
        ScopeNeed::PathView => " that reaches the view",
        ScopeNeed::Nothing => "",
    };
    let without = match need.anonymous {
        Anonymous::JointWithoutSplit => {
            " `joint` needs none, where nothing is split or filtered by `home` or like for like."
        }
        Anonymous::Never | Anonymous::Always => "",
    };
    format!("Needs a token with a role of {roles}{reach}.{without}")
}

/// Any one of these will do.
fn security(route: &RouteNeed) -> Value {
    let token = json!({ BEARER: [] });
    // A browser sends its cookie along with forms of other sites too.
    let cookie = (route.method == Method::GET).then(|| json!({ COOKIE: [] }));
    let nothing = match route.need.anonymous {
        Anonymous::Always => return json!([]),
        Anonymous::JointWithoutSplit => Some(json!({})),
        Anonymous::Never => None,
    };
    let ways: Vec<Value> = nothing.into_iter().chain([token]).chain(cookie).collect();
    Value::Array(ways)
}

fn parameters(route: &RouteNeed) -> Vec<Value> {
    let shared = |name: &str| json!({ "$ref": format!("#/components/parameters/{name}") });
    let of_path = PATH_PARAMETERS
        .into_iter()
        .filter(|name| route.path.contains(&format!("{{{name}}}")));
    let headers = match route.described {
        Described::Command { .. } => COMMAND_HEADERS.as_slice(),
        Described::Read {
            answers: Answers::Events,
            ..
        } => &[LAST_EVENT_ID],
        Described::Read {
            answers: Answers::Tagged(_),
            ..
        } => &[IF_NONE_MATCH],
        _ => &[],
    };
    let query = match &route.described {
        Described::Read { query, .. } => query.as_slice(),
        _ => &[],
    };
    of_path
        .chain(headers.iter().copied())
        .map(shared)
        .chain(query.iter().map(in_query))
        .collect()
}

fn in_query(parameter: &Parameter) -> Value {
    let schema = match parameter.repeats {
        true => json!({ "type": "array", "items": parameter.schema }),
        false => parameter.schema.clone(),
    };
    json!({
        "name": parameter.name,
        "in": "query",
        "description": parameter.about,
        "schema": schema,
    })
}

fn body(described: &Described) -> Option<Value> {
    let (media, schema) = match described {
        Described::Command { body } => ("application/json", with_happened(body())),
        Described::Form { fields } => ("application/x-www-form-urlencoded", (*fields)?()),
        Described::Facts { .. } => return Some(facts::body()),
        Described::Read { .. } | Described::Unsaid => return None,
    };
    Some(json!({ "required": true, "content": { media: { "schema": schema } } }))
}

/// The body of a command: its payload, and when it happened.
fn with_happened(mut schema: Value) -> Value {
    let ahead = FUTURE_TOLERANCE.as_mins();
    schema["properties"][HAPPENED] = json!({
        "type": ["string", "null"],
        "format": "date-time",
        "description": format!("When it was so, at most {ahead} minutes ahead; absent for now."),
    });
    // Also where the payload is one of several alternatives.
    schema["unevaluatedProperties"] = json!(false);
    schema
}
