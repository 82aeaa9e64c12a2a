//! Names that appear in subjects, keys and addresses: codes, logs, councils.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Longest code in bytes: it must fit a NATS subject token and a row key.
pub const CODE_BYTES_MAX: usize = 63;

/// A code: 1 to 63 of `a`-`z`, `0`-`9` and `-`, beginning and ending with a letter or digit.
///
/// Codes stand for services, categories, councils and reasons, so that no free text (and no
/// personal data) can enter a ticket event.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Code(String);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{found:?} is not a code: 1 to 63 of a-z, 0-9 and '-', beginning and ending with a letter or digit"
)]
pub struct InvalidCode {
    pub found: String,
}

impl Code {
    /// Its form as a regular expression, for schemas.
    pub const PATTERN: &str = "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$";

    pub fn new(text: impl Into<String>) -> Result<Self, InvalidCode> {
        let text = text.into();
        let bytes = text.as_bytes();
        let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        let valid = bytes.len() <= CODE_BYTES_MAX
            && edge(bytes.first())
            && edge(bytes.last())
            && bytes
                .iter()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        if valid {
            Ok(Self(text))
        } else {
            let found = text.chars().take(80).collect();
            Err(InvalidCode { found })
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Code {
    type Error = InvalidCode;

    fn try_from(text: String) -> Result<Self, InvalidCode> {
        Self::new(text)
    }
}

impl std::str::FromStr for Code {
    type Err = InvalidCode;

    fn from_str(text: &str) -> Result<Self, InvalidCode> {
        Self::new(text)
    }
}

impl From<Code> for String {
    fn from(code: Code) -> Self {
        code.0
    }
}

impl schemars::JsonSchema for Code {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Code".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "minLength": 1,
            "maxLength": CODE_BYTES_MAX,
            "pattern": Self::PATTERN,
        })
    }
}

/// The name of a log: a council's code, or `shared` for what concerns several councils.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "Code")]
pub struct LogName(Code);

/// The log of what concerns several councils.
pub const SHARED: &str = "shared";

/// The scope that sums all members and the shared log; never the name of a log.
pub const JOINT: &str = "joint";

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLogName {
    #[error(transparent)]
    Code(#[from] InvalidCode),
    #[error("\"joint\" names the consolidated view, not a log")]
    Joint,
}

impl LogName {
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidLogName> {
        let code = Code::new(text)?;
        if code.as_str() == JOINT {
            return Err(InvalidLogName::Joint);
        }
        Ok(Self(code))
    }

    pub fn shared() -> Self {
        Self(Code(SHARED.to_owned()))
    }

    pub fn is_shared(&self) -> bool {
        self.0.as_str() == SHARED
    }

    /// The council whose log this is; none for `shared`.
    pub fn council(&self) -> Option<&Code> {
        (!self.is_shared()).then_some(&self.0)
    }

    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for LogName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<String> for LogName {
    type Error = InvalidLogName;

    fn try_from(text: String) -> Result<Self, InvalidLogName> {
        Self::new(text)
    }
}

impl std::str::FromStr for LogName {
    type Err = InvalidLogName;

    fn from_str(text: &str) -> Result<Self, InvalidLogName> {
        Self::new(text)
    }
}

impl From<LogName> for String {
    fn from(log: LogName) -> Self {
        log.0.into()
    }
}

/// What figures are about: one log, or all members of the partnership together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Scope {
    Log(LogName),
    Joint,
}

impl Scope {
    pub fn new(text: &str) -> Result<Self, InvalidCode> {
        match LogName::new(text) {
            Ok(log) => Ok(Self::Log(log)),
            Err(InvalidLogName::Joint) => Ok(Self::Joint),
            Err(InvalidLogName::Code(invalid)) => Err(invalid),
        }
    }

    pub fn as_str(&self) -> &str {
        match self {
            Self::Log(log) => log.as_str(),
            Self::Joint => JOINT,
        }
    }

    /// Whether what is said of this scope is made from a log: a council's is made from its own and
    /// the shared one.
    pub fn reads(&self, log: &LogName) -> bool {
        match self {
            Self::Joint => true,
            Self::Log(own) => log == own || log.is_shared(),
        }
    }

    /// Whether a record of a log belongs to this scope: a council has its own, and the shared ones
    /// that touch it.
    pub fn has(&self, log: &LogName, touches: impl FnOnce(&Code) -> bool) -> bool {
        match self {
            Self::Joint => true,
            Self::Log(own) if log == own => true,
            Self::Log(own) => log.is_shared() && own.council().is_some_and(touches),
        }
    }

    /// The log in which a record about this scope lives.
    pub fn home(&self) -> LogName {
        match self {
            Self::Log(log) => log.clone(),
            Self::Joint => LogName::shared(),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Scope {
    type Err = InvalidCode;

    fn from_str(text: &str) -> Result<Self, InvalidCode> {
        Self::new(text)
    }
}

impl TryFrom<String> for Scope {
    type Error = InvalidCode;

    fn try_from(text: String) -> Result<Self, InvalidCode> {
        Self::new(&text)
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.as_str().to_owned()
    }
}

impl schemars::JsonSchema for Scope {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Scope".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        generator.subschema_for::<Code>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_short_plain_and_never_empty() {
        for good in ["a", "csccm", "childrens-social-care", "7", &"x".repeat(63)] {
            assert!(Code::new(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "a-", "A", "a b", "a.b", "é", &"x".repeat(64)] {
            assert!(Code::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn joint_is_a_scope_and_no_log() {
        assert_eq!(LogName::new("joint"), Err(InvalidLogName::Joint));
        assert_eq!(Scope::new("joint"), Ok(Scope::Joint));
        assert_eq!(Scope::Joint.home(), LogName::shared());
    }

    #[test]
    fn a_council_has_its_own_records_and_the_shared_ones_that_touch_it() {
        let log = |name: &str| LogName::new(name).unwrap();
        let (brent, lewisham, shared) = (log("brent"), log("lewisham"), LogName::shared());
        let scope = Scope::Log(brent.clone());
        assert!(scope.reads(&brent) && scope.reads(&shared) && !scope.reads(&lewisham));
        assert!(scope.has(&brent, |_| false));
        assert!(scope.has(&shared, |council| council.as_str() == "brent"));
        assert!(!scope.has(&shared, |council| council.as_str() == "lewisham"));
        assert!(!scope.has(&lewisham, |_| true));
        let of_shared = Scope::Log(shared.clone());
        assert!(of_shared.has(&shared, |_| false) && !of_shared.reads(&brent));
        assert!(Scope::Joint.reads(&lewisham) && Scope::Joint.has(&lewisham, |_| false));
    }
}
