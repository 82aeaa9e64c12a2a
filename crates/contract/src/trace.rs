//! W3C Trace Context, as it comes with commands and facts and is kept with events.

use std::fmt;

/// What is taken, as a JSON Schema pattern.
pub const PATTERN: &str = "^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$";

/// A `traceparent` of version 00: `00-<trace id>-<parent id>-<flags>`, ids not all zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traceparent(String);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{found:?} is no traceparent: 00-<32 hexadecimal digits>-<16>-<2> in lower case, the first two not all 0"
)]
pub struct InvalidTraceparent {
    pub found: String,
}

impl Traceparent {
    /// # Errors
    /// What was found, cut to 80 characters.
    pub fn new(text: &str) -> Result<Self, InvalidTraceparent> {
        let hex = |part: &str, length| {
            let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            part.len() == length && part.bytes().all(digit)
        };
        let id = |part: &str, length| hex(part, length) && part.bytes().any(|byte| byte != b'0');
        let parts: Vec<&str> = text.splitn(5, '-').collect();
        match parts[..] {
            ["00", trace, parent, flags] if id(trace, 32) && id(parent, 16) && hex(flags, 2) => {
                Ok(Self(text.to_owned()))
            }
            _ => Err(InvalidTraceparent {
                found: text.chars().take(80).collect(),
            }),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Traceparent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn only_what_the_schema_takes_is_a_traceparent() {
        let schema = serde_json::json!({ "pattern": PATTERN });
        let schema = jsonschema::validator_for(&schema).unwrap();
        let upper = TRACE.to_uppercase();
        let zero_trace = format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32));
        let zero_parent = TRACE.replace("00f067aa0ba902b7", &"0".repeat(16));
        let later = TRACE.replacen("00-", "01-", 1);
        let longer = format!("{TRACE}-00");
        for (text, good) in [
            (TRACE, true),
            ("", false),
            (&TRACE[1..], false),
            (&upper, false),
            (&zero_trace, false),
            (&zero_parent, false),
            (&later, false),
            (&longer, false),
            ("01\u{202e}", false),
        ] {
            assert_eq!(Traceparent::new(text).is_ok(), good, "{text}");
            assert_eq!(schema.is_valid(&text.into()), good, "{text}");
        }
    }
}
