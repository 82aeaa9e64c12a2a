//! The headers of a command.

use axum::http::HeaderMap;
use townclerk_domain::identity::{CommandId, Token};

use super::problem::Problem;

pub(super) const IDEMPOTENCY_KEY: &str = "idempotency-key";

pub(super) const CORRELATION_ID: &str = "x-correlation-id";

pub(super) const TRACEPARENT: &str = "traceparent";

/// What the headers of a command say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandHeaders {
    pub key: CommandId,
    /// The key itself where the caller ties nothing together.
    pub correlation: Token,
    pub traceparent: Option<String>,
}

/// # Errors
/// A key that is missing, stands twice or is no key. What only helps to trace is passed over
/// where it is not valid.
pub fn read(headers: &HeaderMap) -> Result<CommandHeaders, Problem> {
    let mut keys = headers.get_all(IDEMPOTENCY_KEY).into_iter();
    let key = keys.next().ok_or_else(Problem::missing_key)?;
    if keys.next().is_some() {
        return Err(Problem::bad_key("send one, not several"));
    }
    let key = String::from_utf8_lossy(key.as_bytes()).into_owned();
    let key = Token::new(key).map_err(Problem::bad_key)?;
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let correlation = text(CORRELATION_ID).and_then(|text| Token::new(text).ok());
    Ok(CommandHeaders {
        correlation: correlation.unwrap_or_else(|| key.clone()),
        key,
        traceparent: text(TRACEPARENT)
            .filter(|text| is_traceparent(text))
            .map(str::to_owned),
    })
}

/// W3C Trace Context, version 00: `00-<trace id>-<parent id>-<flags>`, ids not all zero.
fn is_traceparent(text: &str) -> bool {
    let hex = |part: &str, length| {
        let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        part.len() == length && part.bytes().all(digit)
    };
    let id = |part: &str, length| hex(part, length) && part.bytes().any(|byte| byte != b'0');
    let parts: Vec<&str> = text.split('-').collect();
    matches!(parts[..], ["00", trace, parent, flags]
        if id(trace, 32) && id(parent, 16) && hex(flags, 2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::kind::Kind;

    const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
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
    fn only_a_well_formed_traceparent_is_passed_on() {
        assert!(is_traceparent(TRACE));
        for bad in [
            "",
            &TRACE[1..],
            &TRACE.to_uppercase(),
            &TRACE.replace("00-4", "ff-4"),
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        ] {
            assert!(!is_traceparent(bad), "{bad}");
        }
    }
}
