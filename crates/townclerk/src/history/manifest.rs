//! What an export holds.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use anyhow::Context;
use serde::{Deserialize, Serialize};
use townclerk_domain::names::LogName;

use super::fault::{EXPORT_AGAIN, Fault, FaultKind, no_file};
use super::regular::{self, Short};
use super::signature::{self, Signed};

/// The manifest's name in the folder.
pub const MANIFEST: &str = "manifest.json";

const FORMAT: &str = "townclerk-history";
const VERSION: u32 = 1;

/// Far more than a manifest of a thousand logs.
const MANIFEST_MAX: u64 = 1 << 20;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub format: String,
    pub version: u32,
    /// The program that wrote it, with its version.
    pub tool: String,
    pub exported: String,
    /// Every log of the system, also those that are not in this export.
    pub partnership: Vec<LogName>,
    pub logs: Vec<LogFile>,
}

/// One log up to its head when the export began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogFile {
    pub log: LogName,
    pub file: String,
    pub messages: u64,
    /// The chain over all messages.
    pub head: String,
    pub sha256: String,
    pub bytes: u64,
}

/// The file of a log in an export.
pub(super) fn file_of(log: &LogName) -> String {
    format!("{log}.ndjson")
}

impl Manifest {
    pub(super) fn new(exported: String, partnership: &[LogName], logs: Vec<LogFile>) -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            tool: format!("townclerk {}", env!("CARGO_PKG_VERSION")),
            exported,
            partnership: partnership.to_vec(),
            logs,
        }
    }

    /// Reads the manifest of a folder, and who signed it.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub fn read(dir: &Path) -> anyhow::Result<Result<SignedManifest, Fault>> {
        let text = match text(dir)? {
            Ok(text) => text,
            Err(fault) => return Ok(Err(fault)),
        };
        let manifest = match Self::parse(&text) {
            Ok(manifest) => manifest,
            Err(fault) => return Ok(Err(fault)),
        };
        // The same bytes are parsed and compared with the signature.
        let signed = signature::read(dir, &text)?;
        Ok(signed.map(|signed| SignedManifest { manifest, signed }))
    }

    fn parse(text: &[u8]) -> Result<Self, Fault> {
        #[derive(Deserialize)]
        struct Head {
            format: String,
            version: u32,
        }
        let unreadable =
            |error: serde_json::Error| fault(&format!("it cannot be read: {error}"), EXPORT_AGAIN);
        let head: Head = serde_json::from_slice(text).map_err(unreadable)?;
        if head.format != FORMAT {
            let found = format!("it is of the format {:?}, not {FORMAT}", head.format);
            return Err(fault(&found, "name the folder of an export"));
        }
        if head.version != VERSION {
            let found = format!(
                "it has version {}, this program reads {VERSION}",
                head.version
            );
            return Err(fault(&found, "use a townclerk that is at least as new"));
        }
        let manifest: Self = serde_json::from_slice(text).map_err(unreadable)?;
        let mut logs = BTreeSet::new();
        for LogFile { log, file, .. } in &manifest.logs {
            if !logs.insert(log) || *file != file_of(log) {
                let found = format!("it names {file:?} for the log {log}, or names the log twice");
                return Err(fault(&found, EXPORT_AGAIN));
            }
        }
        Ok(manifest)
    }

    /// The entry of a log.
    pub fn log(&self, log: &LogName) -> Option<&LogFile> {
        self.logs.iter().find(|entry| entry.log == *log)
    }
}

/// A manifest as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedManifest {
    pub manifest: Manifest,
    pub signed: Signed,
}

/// The bytes of the manifest.
fn text(dir: &Path) -> anyhow::Result<Result<Vec<u8>, Fault>> {
    let at = |path: &Path| format!("cannot read {}", path.display());
    match std::fs::metadata(dir) {
        Ok(found) if found.is_dir() => {}
        Ok(found) => {
            let what = regular::other(&found).unwrap_or("a file");
            return Ok(Err(Fault {
                file: dir.display().to_string(),
                line: None,
                kind: FaultKind::NoFile,
                found: format!("it is {what}"),
                remedy: "name the folder of an export".to_owned(),
            }));
        }
        // Its manifest is missing, too.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(|| at(dir)),
    }
    let path = dir.join(MANIFEST);
    let read = regular::read(&path, MANIFEST_MAX).with_context(|| at(&path))?;
    Ok(match read {
        Short::Text(text) => Ok(text),
        Short::Missing => Err(fault(
            "it is not there: this is no export, or one that did not end",
            "name the folder of a finished export, or export again",
        )),
        Short::TooLong => Err(fault(
            &format!("it has more than {MANIFEST_MAX} bytes"),
            EXPORT_AGAIN,
        )),
        Short::Other(other) => Err(no_file(MANIFEST, other)),
    })
}

fn fault(found: &str, remedy: &str) -> Fault {
    Fault {
        file: MANIFEST.to_owned(),
        line: None,
        kind: FaultKind::Manifest,
        found: found.to_owned(),
        remedy: remedy.to_owned(),
    }
}
