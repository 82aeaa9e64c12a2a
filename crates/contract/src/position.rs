//! A place in a log, written `brent:123`.

use std::fmt;

use serde::{Deserialize, Serialize};
use townclerk_domain::names::LogName;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Position {
    pub log: LogName,
    pub sequence: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is not a position: write <log>:<sequence>, such as brent:123")]
pub struct InvalidPosition {
    pub found: String,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.log, self.sequence)
    }
}

impl std::str::FromStr for Position {
    type Err = InvalidPosition;

    fn from_str(text: &str) -> Result<Self, InvalidPosition> {
        let read = || {
            let (log, sequence) = text.split_once(':')?;
            Some(Self {
                log: LogName::new(log).ok()?,
                sequence: sequence.parse().ok()?,
            })
        };
        read().ok_or_else(|| InvalidPosition {
            found: text.chars().take(80).collect(),
        })
    }
}

impl TryFrom<String> for Position {
    type Error = InvalidPosition;

    fn try_from(text: String) -> Result<Self, InvalidPosition> {
        text.parse()
    }
}

impl From<Position> for String {
    fn from(position: Position) -> Self {
        position.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_reads_back_as_written() {
        let position: Position = "brent:123".parse().unwrap();
        assert_eq!(position.to_string(), "brent:123");
        for bad in ["brent", "brent:", ":1", "joint:1", "brent:-1"] {
            assert!(bad.parse::<Position>().is_err(), "{bad}");
        }
    }
}
