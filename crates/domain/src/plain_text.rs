//! Plain text: what a reader sees is what is there.
//!
//! No text that is asked to be recorded has control characters, or characters that change the
//! direction of writing. Events recorded before this rule stay readable: it holds for what is asked,
//! not for what is read, and what is shown on a terminal is escaped.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;
use serde_json::Value;

/// A JSON Schema pattern of [`is_hidden`]: texts without such characters, but with line breaks.
pub const PATTERN: &str = "^[^\\u0000-\\u0009\\u000B-\\u001F\\u007F-\\u009F\\u061C\\u200E\\u200F\
                           \\u2028-\\u202E\\u2066-\\u2069]*$";

/// Most hidden characters that one refusal names.
const NAMED_MAX: usize = 20;

/// Whether a character steers how others are shown rather than being shown: control characters,
/// line and paragraph separators, and all with Unicode's property `Bidi_Control`.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// `text` with hidden characters written as JSON escapes such as `\u202e`; line breaks and tabs stay.
/// JSON means the same afterwards.
pub fn visible(text: &str) -> Cow<'_, str> {
    escaped(text, |c| is_hidden(c) && !matches!(c, '\n' | '\t'))
}

/// As [`visible`], on one line: line breaks and tabs are escaped too.
pub fn on_one_line(text: &str) -> Cow<'_, str> {
    escaped(text, is_hidden)
}

fn escaped(text: &str, hides: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&hides) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' if hides(c) => shown.push_str("\\n"),
            '\t' if hides(c) => shown.push_str("\\t"),
            c if hides(c) => shown.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// The first hidden character of one text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HiddenCharacter {
    /// The field, with `.` and the place or name of what is within it.
    pub field: String,
    /// As Unicode writes it, such as `U+202E`.
    pub character: String,
    /// Which character of the text it is, from 1.
    pub place: usize,
}

impl fmt::Display for HiddenCharacter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            field,
            character,
            place,
        } = self;
        write!(f, "{field} has {character} as character {place}")
    }
}

/// The hidden characters in the texts of `value`, which stands in the field `field`. Texts of the
/// fields `one_line` have no line breaks either.
pub fn hidden_in(field: &str, value: &Value, one_line: &[&str]) -> Vec<HiddenCharacter> {
    let mut found = Vec::new();
    look(field, value, !one_line.contains(&field), &mut found);
    found.truncate(NAMED_MAX);
    found
}

fn look(field: &str, value: &Value, several_lines: bool, found: &mut Vec<HiddenCharacter>) {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
        Value::String(text) => found.extend(first_hidden(field, text, several_lines)),
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                look(&format!("{field}.{index}"), value, several_lines, found);
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                found.extend(first_hidden(&format!("a name in {field}"), name, false));
                let inside = format!("{field}.{}", on_one_line(name));
                look(&inside, value, several_lines, found);
            }
        }
    }
}

fn first_hidden(field: &str, text: &str, several_lines: bool) -> Option<HiddenCharacter> {
    let mut characters = text.chars().enumerate();
    let (index, c) = characters.find(|(_, c)| is_hidden(*c) && !(several_lines && *c == '\n'))?;
    Some(HiddenCharacter {
        field: field.to_owned(),
        character: format!("U+{:04X}", u32::from(c)),
        place: index + 1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn what_steers_a_terminal_or_turns_the_direction_of_writing_is_hidden() {
        let hidden = "\0\u{7}\u{1b}\r\n\t\u{7f}\u{9b}\u{61c}\u{200e}\u{200f}\u{2028}\u{202e}\u{2066}\u{2069}";
        for hidden in hidden.chars() {
            assert!(is_hidden(hidden), "{hidden:?}");
        }
        for shown in "aé€ \u{a0}שלום\u{200d}🏳\u{2027}\u{202f}\u{206a}".chars() {
            assert!(!is_hidden(shown), "{shown:?}");
        }
    }

    #[test]
    fn every_text_is_looked_at_however_deep_it_lies() {
        let value = json!({"a": ["x", {"b": "y\u{202e}z"}], "c\u{1b}": "two\nlines"});
        let found: Vec<String> = hidden_in("data", &value, &[])
            .iter()
            .map(ToString::to_string)
            .collect();
        let expected = [
            "data.a.1.b has U+202E as character 2",
            "a name in data has U+001B as character 2",
        ];
        assert_eq!(found, expected);
        assert_eq!(hidden_in("name", &json!("two\nlines"), &["name"]).len(), 1);
    }

    proptest! {
        #[test]
        fn escaped_json_is_the_same_json_and_hides_nothing(
            text in any::<String>(),
            more in "[\u{1b}\u{7f}-\u{9f}\u{202a}-\u{202e}\u{2066}a\"\\\\]{0,8}",
        ) {
            let value = json!({ "text": text + &more });
            let json = serde_json::to_string(&value).unwrap();
            let shown = visible(&json);
            prop_assert!(!shown.contains(is_hidden), "{shown:?}");
            prop_assert_eq!(serde_json::from_str::<Value>(&shown).unwrap(), value);
        }
    }
}
