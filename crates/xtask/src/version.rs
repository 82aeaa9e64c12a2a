//! The version of a nats-server: what its `--version` says, and whether that is new enough.

use std::fmt;
use std::str::FromStr;

/// The oldest nats-server that Townclerk runs on.
pub const OLDEST: Version = Version {
    numbers: [2, 12, 5],
    released: true,
};

/// A version; one before its release (`2.12.5-RC.1`) is older than the release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    numbers: [u32; 3],
    released: bool,
}

impl FromStr for Version {
    type Err = ();

    /// Reads `nats-server: v2.15.1`, `v2.15.1` or `2.15.1`.
    fn from_str(text: &str) -> Result<Self, ()> {
        let word = text.split_whitespace().last().ok_or(())?;
        let word = word.strip_prefix('v').unwrap_or(word);
        let (numbers, suffix) = word.split_once('-').unwrap_or((word, ""));
        let numbers = numbers
            .split('.')
            .map(|number| number.parse().map_err(drop))
            .collect::<Result<Vec<u32>, ()>>()?;
        Ok(Version {
            numbers: numbers.try_into().map_err(drop)?,
            released: suffix.is_empty(),
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.numbers;
        write!(formatter, "{major}.{minor}.{patch}")?;
        formatter.write_str(if self.released {
            ""
        } else {
            " (before its release)"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn reads_what_nats_server_says() {
        assert_eq!(version("nats-server: v2.15.1\n").to_string(), "2.15.1");
        assert_eq!(version("v2.12.5"), OLDEST);
        assert_eq!(version("2.12.5"), OLDEST);
    }

    #[test]
    fn compares_numbers_and_not_letters() {
        assert!(version("2.9.10") < OLDEST);
        assert!(version("2.12.4") < OLDEST);
        assert!(version("2.12.10") > OLDEST);
        assert!(version("3.0.0") > OLDEST);
    }

    #[test]
    fn a_candidate_is_older_than_its_release() {
        assert!(version("v2.12.5-RC.1") < OLDEST);
        assert!(version("v2.15.0-RC.1") > OLDEST);
    }

    #[test]
    fn refuses_what_is_no_version() {
        for text in ["", "nats-server", "2.12", "2.12.5.1", "2.x.1", "v"] {
            assert_eq!(text.parse::<Version>(), Err(()), "{text:?}");
        }
    }
}
