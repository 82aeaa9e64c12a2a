//! Reading the body of a command: bounded, well-formed, and nothing in it that is not understood.

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use futures::StreamExt;
use jiff::Timestamp;
use serde::de::{DeserializeOwned, Error, IgnoredAny};
use serde::{Deserialize, Deserializer};

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

/// Reads the body of a command whose payload is a `P`.
///
/// # Errors
/// The problem with it.
pub async fn read<P: DeserializeOwned>(
    headers: &HeaderMap,
    body: Body,
) -> Result<Said<P>, Problem> {
    declared_as_json(headers)?;
    let bytes = collect(headers, body, BODY_BYTES_MAX).await?;
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        let at = error.valid_up_to();
        Problem::malformed_json(format!("the body is not UTF-8: see its byte {at}"))
    })?;
    parse(text)
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
    #[serde(default, deserialize_with = "instant")]
    happened: Option<Timestamp>,
}

/// An instant is told by its offset alone. A time on a clock in London may be one that clocks skip or
/// show twice, and a zone beside an offset may contradict it.
fn instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else {
        return Ok(None);
    };
    let wrong = |why: &dyn std::fmt::Display| {
        D::Error::custom(format_args!(
            "{text:?} is no instant with an offset, such as 2020-03-29T00:30:00Z: {why}"
        ))
    };
    if text.contains('[') {
        return Err(wrong(&"it names a time zone"));
    }
    text.parse().map(Some).map_err(|error| wrong(&error))
}

/// Reads the text thrice: is it JSON, when did it happen, and what. Reading the types from the
/// text itself, rather than from a tree, keeps a field that stands twice from passing unseen.
fn parse<P: DeserializeOwned>(text: &str) -> Result<Said<P>, Problem> {
    let IgnoredAny = serde_json::from_str(text).map_err(Problem::malformed_json)?;
    // Serde would also take the fields of a struct from an array, by their order.
    if !text.trim_start().starts_with('{') {
        return Err(Problem::malformed_json("the body must be a JSON object"));
    }
    let (Happened { happened }, _) = typed(text)?;
    let (payload, mut ignored) = typed(text)?;
    ignored.retain(|field| field != HAPPENED);
    if ignored.is_empty() {
        Ok(Said { happened, payload })
    } else {
        Err(Problem::unknown_fields(&ignored))
    }
}

/// Reads a `P`, and which fields it does not know.
fn typed<P: DeserializeOwned>(text: &str) -> Result<(P, Vec<String>), Problem> {
    let mut ignored = Vec::new();
    let mut track = serde_path_to_error::Track::new();
    let mut json = serde_json::Deserializer::from_str(text);
    let tracked = serde_path_to_error::Deserializer::new(&mut json, &mut track);
    let read = serde_ignored::deserialize(tracked, |path| ignored.push(path.to_string()));
    match read {
        Ok(payload) => Ok((payload, ignored)),
        Err(error) if error.is_data() => {
            let path = track.path().to_string();
            let path = if path == "." { "" } else { path.as_str() };
            Err(Problem::invalid_field(path, error))
        }
        Err(error) => Err(Problem::malformed_json(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::kind::Kind;
    use townclerk_domain::ticket::{Closed, Held, Linked};

    fn refused<P: DeserializeOwned + std::fmt::Debug>(text: &str) -> Problem {
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
            problem.detail().contains("cause.colour, note"),
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
                "missing field `kind`",
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
            ("{}", "missing field `cause`"),
        ] {
            let problem = refused::<Linked>(text);
            assert_eq!(problem.kind(), Kind::INVALID_FIELD, "{text}");
            assert!(
                problem.detail().contains(says),
                "{text}: {}",
                problem.detail()
            );
        }
        let twice = refused::<Held>(r#"{"reason":"a","reason":"b"}"#);
        assert!(
            twice.detail().contains("duplicate field"),
            "{}",
            twice.detail()
        );
    }
}
