//! Text that events about services may carry. Ticket events carry none: codes and ids only.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Longest text, in characters.
pub const TEXT_CHARS_MAX: usize = 2_000;

/// 1 to 2,000 characters about services, without control characters other than line breaks, and
/// not only white space. It never names a person.
///
/// This is what is read, also from events that were recorded long ago. What is asked to be recorded
/// is also [`crate::plain_text`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Text(String);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a text of 1 to {TEXT_CHARS_MAX} characters, found {found}")]
pub struct InvalidText {
    pub found: String,
}

impl Text {
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidText> {
        let text = text.into();
        let length = text.chars().count();
        let invalid = |found: String| Err(InvalidText { found });
        if text.trim().is_empty() {
            return invalid("none".to_owned());
        }
        if length > TEXT_CHARS_MAX {
            return invalid(format!("{length} characters"));
        }
        if text.chars().any(|c| c.is_control() && c != '\n') {
            return invalid("control characters".to_owned());
        }
        Ok(Self(text))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Text {
    type Error = InvalidText;

    fn try_from(text: String) -> Result<Self, InvalidText> {
        Self::new(text)
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.0
    }
}

impl schemars::JsonSchema for Text {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Text".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "minLength": 1,
            "maxLength": TEXT_CHARS_MAX,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_says_something_and_is_bounded() {
        for good in ["Power was lost.", "two\nlines", "Größe", &"x".repeat(2_000)] {
            assert!(Text::new(good).is_ok(), "{good:?}");
        }
        for bad in ["", "  \n", "a\u{7}b", &"x".repeat(2_001)] {
            assert!(Text::new(bad).is_err(), "{bad:?}");
        }
    }
}
