//! Who asks: a subject with roles, for some councils or for all.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use townclerk_domain::identity::CallerId;
use townclerk_domain::names::{Code, LogName};

/// What somebody is here for. A token may carry several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    ServiceDesk,
    Change,
    Officer,
    Operator,
    Partner,
    Committee,
}

impl Role {
    pub const ALL: [Self; 6] = [
        Self::ServiceDesk,
        Self::Change,
        Self::Officer,
        Self::Operator,
        Self::Partner,
        Self::Committee,
    ];

    pub fn code(self) -> &'static str {
        match self {
            Self::ServiceDesk => "service-desk",
            Self::Change => "change",
            Self::Officer => "officer",
            Self::Operator => "operator",
            Self::Partner => "partner",
            Self::Committee => "committee",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is not a role; there are {}", listed(Role::ALL))]
pub struct UnknownRole {
    pub found: String,
}

impl std::str::FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        let found = || UnknownRole {
            found: text.chars().take(80).collect(),
        };
        let role = Self::ALL.into_iter().find(|role| role.code() == text);
        role.ok_or_else(found)
    }
}

/// Names separated by commas, for messages.
pub(super) fn listed<T: fmt::Display>(names: impl IntoIterator<Item = T>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| name.to_string()).collect();
    names.join(", ")
}

/// Whose logs a token reaches: `"all"`, or a list in which `shared` may stand like a council.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "CouncilsText", into = "CouncilsText")]
pub enum Councils {
    All,
    Only(BTreeSet<Code>),
}

const ALL_COUNCILS: &str = "all";

#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "\"all\" or a list of councils")]
enum CouncilsText {
    Word(String),
    List(BTreeSet<Code>),
}

impl TryFrom<CouncilsText> for Councils {
    type Error = String;

    fn try_from(text: CouncilsText) -> Result<Self, String> {
        match text {
            CouncilsText::Word(word) if word == ALL_COUNCILS => Ok(Self::All),
            CouncilsText::Word(word) => Err(format!("\"all\" or a list of councils, not {word:?}")),
            CouncilsText::List(councils) => Ok(Self::Only(councils)),
        }
    }
}

impl From<Councils> for CouncilsText {
    fn from(councils: Councils) -> Self {
        match councils {
            Councils::All => Self::Word(ALL_COUNCILS.to_owned()),
            Councils::Only(only) => Self::List(only),
        }
    }
}

impl fmt::Display for Councils {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str(ALL_COUNCILS),
            Self::Only(only) if only.is_empty() => f.write_str("none"),
            Self::Only(only) => f.write_str(&listed(only)),
        }
    }
}

/// Somebody whose token is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    pub subject: CallerId,
    pub roles: BTreeSet<Role>,
    pub councils: Councils,
    /// The system that a partner's token stands for: it tells facts of no other.
    pub system: Option<Code>,
}

impl Caller {
    pub fn reaches(&self, log: &LogName) -> bool {
        self.reaches_named(log.as_str())
    }

    /// As [`Self::reaches`], for a name that may be no log's: that one only `all` reaches.
    pub(super) fn reaches_named(&self, name: &str) -> bool {
        match &self.councils {
            Councils::All => true,
            Councils::Only(only) => only.iter().any(|council| council.as_str() == name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_read_as_it_is_written() {
        for role in Role::ALL {
            assert_eq!(role.code().parse(), Ok(role));
            assert_eq!(serde_json::to_value(role).unwrap(), role.code());
        }
        let unknown = "mayor".parse::<Role>().unwrap_err().to_string();
        assert!(unknown.contains("committee"), "{unknown}");
    }

    #[test]
    fn councils_are_all_or_a_list() {
        let read = |text: &str| serde_json::from_str::<Councils>(text);
        assert_eq!(read("\"all\"").unwrap(), Councils::All);
        let only = Councils::Only(BTreeSet::from([Code::new("brent").unwrap()]));
        assert_eq!(read("[\"brent\"]").unwrap(), only);
        assert_eq!(serde_json::to_string(&only).unwrap(), "[\"brent\"]");
        for bad in ["\"brent\"", "[\"Brent\"]", "3"] {
            let error = read(bad).unwrap_err().to_string();
            assert!(error.contains("\"all\" or a list"), "{bad}: {error}");
        }
    }

    #[test]
    fn a_caller_reaches_its_councils_and_shared_only_where_it_is_listed() {
        let log = |name| LogName::new(name).unwrap();
        let caller = |councils| Caller {
            subject: CallerId::new("x").unwrap(),
            roles: BTreeSet::new(),
            councils,
            system: None,
        };
        let brent = caller(Councils::Only(BTreeSet::from(
            [Code::new("brent").unwrap()],
        )));
        assert!(brent.reaches(&log("brent")));
        assert!(!brent.reaches(&log("lewisham")));
        assert!(!brent.reaches(&LogName::shared()));
        assert!(caller(Councils::All).reaches(&LogName::shared()));
    }
}
