//! Reading the body of a command: bounded, well-formed, and nothing in it that is not understood.

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use futures::StreamExt;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use townclerk_domain::fields::{self, FieldFault, FieldFaultKind};
use townclerk_domain::instant;

use super::problem::Problem;

/// Largest body of any request, in bytes.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// The field of every command that says when it happened.
pub(super) const HAPPENED: &str = "happened";

/// What a body says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said<P> {
    /// When it happened; absent where the moment of recording is meant.
    pub happened: Option<Timestamp>,
    pub payload: P,
}

/// What is wrong with a payload beyond what its schema says.
pub type Beyond = fn(&Value) -> Vec<FieldFault>;

/// Reads the body of a command whose payload is a `P`, whose schema this is.
///
/// # Errors
/// The problem with it.
pub async fn read<P: DeserializeOwned>(
    headers: &HeaderMap,
    body: Body,
    schema: &Value,
    beyond: Beyond,
) -> Result<Said<P>, Problem> {
    declared_as_json(headers)?;
    let bytes = collect(headers, body, BODY_BYTES_MAX).await?;
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        let at = error.valid_up_to();
        Problem::malformed_json(format!("the body is not UTF-8: see its byte {at}"))
    })?;
    parse(text, schema, beyond)
}

/// A browser's form cannot declare JSON, so this also keeps other sites' forms out.
fn declared_as_json(headers: &HeaderMap) -> Result<(), Problem> {
    let Some(declared) = headers.get(CONTENT_TYPE) else {
        return Ok(());
    };
    let declared = String::from_utf8_lossy(declared.as_bytes());
    let media = declared.split(';').next().unwrap_or_default().trim();
    let is_json = media.eq_ignore_ascii_case("application/json");
    is_json
        .then_some(())
        .ok_or_else(|| Problem::not_json(&declared))
}

/// The whole of a body.
///
/// # Errors
/// A body that has more than `bytes_max` bytes or that broke off.
pub async fn collect(
    headers: &HeaderMap,
    body: Body,
    bytes_max: usize,
) -> Result<Vec<u8>, Problem> {
    let too_large = || Problem::body_too_large(bytes_max);
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok());
    let announced = announced.and_then(|length| length.parse::<usize>().ok());
    if announced.is_some_and(|length| length > bytes_max) {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Problem::malformed_json("the body broke off"))?;
        if bytes.len() + chunk.len() > bytes_max {
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

#[derive(Deserialize)]
struct Happened {
    #[serde(default)]
    happened: Option<String>,
}

/// Looks at the text by its schema, so that every fault is told, then reads it twice: when did it
/// happen, and what. Reading the types from the text itself, rather than from a tree, keeps a field
/// that is there twice from passing unseen.
fn parse<P: DeserializeOwned>(
    text: &str,
    schema: &Value,
    beyond: Beyond,
) -> Result<Said<P>, Problem> {
    let said: Value = serde_json::from_str(text).map_err(Problem::malformed_json)?;
    // Serde would also take the fields of a struct from an array, by their order.
    let Value::Object(mut said) = said else {
        return Err(Problem::malformed_json("the body must be a JSON object"));
    };
    said.remove(HAPPENED);
    let said = Value::Object(said);
    let mut found = fields::faults(schema, &said);
    found.extend(beyond(&said));
    let happened = happened(text).map_err(|fault| found.insert(0, fault)).ok();
    let payload = match typed(text)? {
        Ok((payload, mut ignored)) => {
            ignored.retain(|field| field != HAPPENED);
            // The schema told of them already, unless it takes every name there.
            if found.is_empty() {
                found.extend(ignored.iter().map(|path| unknown(path)));
            }
            Some(payload)
        }
        Err(fault) => {
            fields::add_unread(&mut found, fault);
            None
        }
    };
    match (happened, payload) {
        (Some(happened), Some(payload)) if found.is_empty() => Ok(Said { happened, payload }),
        _ => Err(Problem::faulty_fields(&found)),
    }
}

/// When it happened, if that is said. An instant is told by its offset alone: a time on a clock in
/// London may be one that clocks skip or show twice, and a zone beside an offset may contradict it.
fn happened(text: &str) -> Result<Option<Timestamp>, FieldFault> {
    let fault = |why: String| FieldFault {
        path: HAPPENED.to_owned(),
        kind: FieldFaultKind::Invalid,
        why,
    };
    let Happened { happened } = serde_json::from_str(text).map_err(|why| fault(why.to_string()))?;
    let instant = happened.map(|text| instant::parse(&text)).transpose();
    instant.map_err(|why| fault(why.to_string()))
}

fn unknown(path: &str) -> FieldFault {
    FieldFault {
        path: path.to_owned(),
        kind: FieldFaultKind::Unknown,
        why: "this field is not known".to_owned(),
    }
}

/// A `P` and which fields it does not know, or the first field that it cannot be read from.
type Typed<P> = Result<(P, Vec<String>), FieldFault>;

fn typed<P: DeserializeOwned>(text: &str) -> Result<Typed<P>, Problem> {
    let mut ignored = Vec::new();
    let mut track = serde_path_to_error::Track::new();
    let mut json = serde_json::Deserializer::from_str(text);
    let tracked = serde_path_to_error::Deserializer::new(&mut json, &mut track);
    let read = serde_ignored::deserialize(tracked, |path| ignored.push(path.to_string()));
    match read {
        Ok(payload) => Ok(Ok((payload, ignored))),
        Err(error) if error.is_data() => {
            let path = track.path().to_string();
            Ok(Err(FieldFault {
                path: if path == "." { String::new() } else { path },
                kind: FieldFaultKind::Invalid,
                why: error.to_string(),
            }))
        }
        Err(error) => Err(Problem::malformed_json(error)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use schemars::JsonSchema;

    use super::*;
    use crate::http::kind::Kind;
    use townclerk_domain::ticket::{Closed, Held, Linked};

    fn parse<P: DeserializeOwned + JsonSchema>(text: &str) -> Result<Said<P>, Problem> {
        super::parse(text, &fields::schema_of::<P>(), |_| Vec::new())
    }

    fn refused<P: DeserializeOwned + JsonSchema + std::fmt::Debug>(text: &str) -> Problem {
        parse::<P>(text).unwrap_err()
    }

    #[test]
    fn happened_is_taken_out_and_the_rest_is_the_payload() {
        let said: Said<Held> =
            parse(r#" {"reason":"supplier","happened":"2020-01-01T09:00:00Z"}"#).unwrap();
        assert_eq!(said.happened, "2020-01-01T09:00:00Z".parse().ok());
        assert_eq!(said.payload.reason.as_str(), "supplier");
        assert_eq!(parse::<Closed>("{}").unwrap().happened, None);
    }

    #[test]
    fn what_is_no_json_object_is_malformed() {
        let cut = refused::<Held>("{\"reason\":\n \"supp");
        assert_eq!(cut.kind(), Kind::MALFORMED_JSON);
        assert!(cut.detail().contains("line 2 column"), "{}", cut.detail());
        for text in [
            "",
            "[\"supplier\"]",
            "null",
            "{} {}",
            "{\"reason\":\"\\ud800\"}",
        ] {
            assert_eq!(refused::<Held>(text).kind(), Kind::MALFORMED_JSON, "{text}");
        }
    }

    #[test]
    fn an_unknown_field_is_named_wherever_it_stands() {
        let nested = r#"{"cause":{"log":"brent","kind":"ticket","id":
            "00000000-0000-0000-0000-000000000007","colour":"red"},"note":"x"}"#;
        let problem = refused::<Linked>(nested);
        assert_eq!(problem.kind(), Kind::UNKNOWN_FIELD);
        assert!(
            problem.detail().contains("cause.colour") && problem.detail().contains("note"),
            "{}",
            problem.detail()
        );
    }

    #[test]
    fn a_wrong_value_is_named_by_its_path() {
        for (text, says) in [
            (r#"{"cause":{"log":"joint"}}"#, "cause.log: "),
            (
                r#"{"cause":{"log":"brent"},"cause":{}}"#,
                "cause.kind: this field is missing",
            ),
            (r#"{"happened":"yesterday"}"#, "happened: "),
            // Clocks in London skip this one, and show the next one twice.
            (
                r#"{"happened":"2020-03-29T01:30:00"}"#,
                "\"2020-03-29T01:30:00\" is no instant",
            ),
            (
                r#"{"happened":"2020-10-25T01:30:00"}"#,
                "\"2020-10-25T01:30:00\" is no instant",
            ),
            (
                r#"{"happened":"2020-03-29T01:30:00+01:00[Europe/London]"}"#,
                "it names a time zone",
            ),
            (
                r#"{"happened":"2020-01-01T00:00:00Z","happened":null}"#,
                "duplicate field",
            ),
            ("{}", "cause: this field is missing"),
            (
                r#"{"happened":"2020-03-29T01:30Z"}"#,
                "hours, minutes and seconds",
            ),
        ] {
            let problem = refused::<Linked>(text);
            assert_eq!(problem.kind(), Kind::INVALID_FIELD, "{text}");
            assert!(
                problem.detail().contains(says),
                "{text}: {}",
                problem.detail()
            );
        }
        let all = refused::<Linked>(r#"{"happened":"now","cause":{"log":"a b"},"note":"x"}"#);
        let all = all.to_json();
        let named = all["fields"].as_array().unwrap().iter();
        let named: BTreeSet<&str> = named.filter_map(Value::as_str).collect();
        let wrong = ["happened", "cause.log", "cause.id", "cause.kind", "note"];
        assert_eq!(named, BTreeSet::from(wrong));
        let twice = refused::<Held>(r#"{"reason":"a","reason":"b"}"#);
        assert!(
            twice.detail().contains("duplicate field"),
            "{}",
            twice.detail()
        );
    }
}
