//! The headers of a command.

use std::fmt::Display;

use axum::http::HeaderMap;
use townclerk_contract::trace::Traceparent;
use townclerk_domain::identity::{CommandId, Token};

use super::problem::Problem;

pub(super) const IDEMPOTENCY_KEY: &str = "idempotency-key";

pub(super) const CORRELATION_ID: &str = "x-correlation-id";

pub(super) const TRACEPARENT: &str = "traceparent";

/// Longest piece of a value that a refusal repeats, in characters.
const FOUND_CHARS_MAX: usize = 80;

/// What the headers of a command say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandHeaders {
    pub key: CommandId,
    /// The key itself where the caller ties nothing together.
    pub correlation: Token,
    pub traceparent: Option<Traceparent>,
}

/// # Errors
/// A key that is missing, and every header that is there twice or has no valid value.
pub fn read(headers: &HeaderMap) -> Result<CommandHeaders, Problem> {
    let key = once(headers, IDEMPOTENCY_KEY, |text| Token::new(text));
    let correlation = once(headers, CORRELATION_ID, |text| Token::new(text));
    let traceparent = once(headers, TRACEPARENT, Traceparent::new);
    match (key, correlation, traceparent) {
        (Ok(key), Ok(correlation), Ok(traceparent)) => {
            let key = key.ok_or_else(Problem::missing_key)?;
            Ok(CommandHeaders {
                correlation: correlation.unwrap_or_else(|| key.clone()),
                key,
                traceparent,
            })
        }
        (Err(why), Ok(_), Ok(_)) => Err(Problem::bad_key(why)),
        (key, correlation, traceparent) => {
            let missing = matches!(key, Ok(None)).then(|| "it is missing".to_owned());
            let faults = [
                (IDEMPOTENCY_KEY, missing.or(key.err())),
                (CORRELATION_ID, correlation.err()),
                (TRACEPARENT, traceparent.err()),
            ];
            let faults = faults.into_iter();
            let faults = faults.filter_map(|(name, why)| why.map(|why| (name, why)));
            Err(Problem::bad_headers(&faults.collect::<Vec<_>>()))
        }
    }
}

/// The value of a header that stands at most once; else what was found and would be taken.
fn once<T, E: Display>(
    headers: &HeaderMap,
    name: &str,
    read: impl FnOnce(&str) -> Result<T, E>,
) -> Result<Option<T>, String> {
    let mut values = headers.get_all(name).into_iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err("it is there several times; send one".to_owned());
    }
    let text = String::from_utf8_lossy(value.as_bytes());
    read(&text).map(Some).map_err(|why| {
        let found: String = text.chars().take(FOUND_CHARS_MAX).collect();
        format!("found {found:?}; {why}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::kind::Kind;
    use axum::http::HeaderValue;
    use serde_json::json;

    const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        headers
    }

    #[test]
    fn a_key_is_required_and_is_the_correlation_unless_another_is_given() {
        let read_pairs = |pairs: &[(&'static str, &str)]| read(&headers(pairs));
        assert_eq!(
            read_pairs(&[]).unwrap_err().kind(),
            Kind::MISSING_IDEMPOTENCY_KEY
        );
        let long = "x".repeat(201);
        for bad in [
            &[(IDEMPOTENCY_KEY, "")][..],
            &[(IDEMPOTENCY_KEY, "é")],
            &[(IDEMPOTENCY_KEY, "a"), (IDEMPOTENCY_KEY, "b")],
            &[(IDEMPOTENCY_KEY, &long)],
        ] {
            assert_eq!(
                read_pairs(bad).unwrap_err().kind(),
                Kind::BAD_IDEMPOTENCY_KEY
            );
        }
        let plain = read_pairs(&[(IDEMPOTENCY_KEY, "k")]).unwrap();
        assert_eq!(plain.correlation.as_str(), "k");
        let tied = read_pairs(&[(IDEMPOTENCY_KEY, "k"), (CORRELATION_ID, "c")]).unwrap();
        assert_eq!(tied.correlation.as_str(), "c");
    }

    #[test]
    fn a_header_with_no_valid_value_is_refused_by_name_and_so_are_all_others() {
        let tied = |name, value: &str| {
            let pairs = [(IDEMPOTENCY_KEY, "k"), (name, value)];
            read(&headers(&pairs)).map_err(|problem| problem.to_json())
        };
        for (name, value) in [
            (CORRELATION_ID, ""),
            (CORRELATION_ID, "a\tb"),
            (CORRELATION_ID, "a\u{202e}b"),
            (CORRELATION_ID, &"x".repeat(201)),
            (TRACEPARENT, ""),
            (TRACEPARENT, "trace"),
            (TRACEPARENT, &TRACE.to_uppercase()),
        ] {
            let problem = tied(name, value).unwrap_err();
            assert_eq!(problem["type"], Kind::BAD_HEADER.urn(), "{problem}");
            assert_eq!(problem["fields"], json!([name]), "{problem}");
        }
        assert_eq!(
            tied(TRACEPARENT, TRACE)
                .unwrap()
                .traceparent
                .unwrap()
                .as_str(),
            TRACE
        );
        let all = [
            (CORRELATION_ID, "a"),
            (CORRELATION_ID, "b"),
            (TRACEPARENT, "t"),
        ];
        let problem = read(&headers(&all)).unwrap_err().to_json();
        assert_eq!(
            problem["fields"],
            json!([IDEMPOTENCY_KEY, CORRELATION_ID, TRACEPARENT])
        );
    }
}
