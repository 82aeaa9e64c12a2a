//! What is wrong with the files of a history, with where it stands and what to do.

use std::fmt;

use serde::Serialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// A line or a whole file is not there.
    Missing,
    /// A line says something else than what was exported.
    Changed,
    /// A line stands there again.
    Doubled,
    /// A line stands in another place.
    Reordered,
    /// The last line is not whole.
    Truncated,
    /// There are lines beyond those that the manifest counts.
    Surplus,
    /// A line of another log.
    OtherLog,
    /// Something that is no line of a history.
    Unreadable,
    /// The manifest is not there, cannot be read, or does not belong to the files.
    Manifest,
    /// The signature cannot be read, or is not one of this manifest.
    Signature,
    /// In the place of a file there is something else.
    NoFile,
}

/// The first thing that is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
pub struct Fault {
    pub file: String,
    /// Counted from 1; none where the whole file is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    pub kind: FaultKind,
    pub found: String,
    pub remedy: String,
}

/// What helps against most of it.
pub(super) const EXPORT_AGAIN: &str =
    "take the file from another copy of this export, or export again";

/// Something else in the place of a file.
pub(super) fn no_file(name: &str, found: &str) -> Fault {
    Fault {
        file: name.to_owned(),
        line: None,
        kind: FaultKind::NoFile,
        found: format!("it is {found}, and is not opened"),
        remedy: "a regular file of an export is taken, or a link to one".to_owned(),
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}; {}", self.found, self.remedy)
    }
}
