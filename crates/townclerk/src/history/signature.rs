//! Who vouches for an export: a signature over the manifest's bytes, in a file beside it.
//!
//! The manifest names of each log its first to its last position, the chain, size and SHA-256 of its
//! file, and format and version of the whole. So nothing can be left out, cut, moved within a log or
//! taken from another export without a change of the manifest.

use std::path::Path;

use anyhow::Context;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};

use super::fault::{EXPORT_AGAIN, Fault, FaultKind, no_file};
use super::key::{PublicKey, SigningKey};
use super::manifest::MANIFEST;
use super::regular::{self, Short};

/// The signature's name in the folder.
pub const SIGNATURE: &str = "manifest.sig";

const FORMAT: &str = "townclerk-history-signature";
const VERSION: u32 = 1;

/// Far more than one needs.
const SIGNATURE_MAX: u64 = 4 * 1024;

/// What stands before the manifest in what is signed: a signature for one purpose is none for another.
const PURPOSE: &[u8] = b"townclerk-history-signature 1\n";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    format: String,
    version: u32,
    key: String,
    /// Base64.
    signature: String,
}

/// Who signed an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signed {
    /// Nobody: it was made before exports were signed, or the signature was taken away.
    Unsigned,
    /// Anyone who has the secret of this key. Whether that is somebody to be trusted is not looked at.
    By(PublicKey),
}

impl Signed {
    pub fn key(&self) -> Option<&PublicKey> {
        match self {
            Self::Unsigned => None,
            Self::By(key) => Some(key),
        }
    }
}

/// The content of the signature's file.
pub(super) fn of(manifest: &[u8], key: &SigningKey) -> anyhow::Result<Vec<u8>> {
    let wire = Wire {
        format: FORMAT.to_owned(),
        version: VERSION,
        key: key.public().to_string(),
        signature: BASE64_STANDARD.encode(key.sign(&signed(manifest))?),
    };
    let mut text = serde_json::to_vec_pretty(&wire)?;
    text.push(b'\n');
    Ok(text)
}

fn signed(manifest: &[u8]) -> Vec<u8> {
    [PURPOSE, manifest].concat()
}

/// Who signed the manifest of a folder.
///
/// # Errors
/// A file that cannot be read.
pub(super) fn read(dir: &Path, manifest: &[u8]) -> anyhow::Result<Result<Signed, Fault>> {
    let path = dir.join(SIGNATURE);
    let read = regular::read(&path, SIGNATURE_MAX);
    let text = match read.with_context(|| format!("cannot read {}", path.display()))? {
        Short::Text(text) => text,
        Short::Missing => return Ok(Ok(Signed::Unsigned)),
        Short::TooLong => {
            let found = format!("it has more than {SIGNATURE_MAX} bytes");
            return Ok(Err(fault(found)));
        }
        Short::Other(other) => return Ok(Err(no_file(SIGNATURE, other))),
    };
    Ok(verified(&text, manifest).map(Signed::By))
}

fn verified(text: &[u8], manifest: &[u8]) -> Result<PublicKey, Fault> {
    let wire: Wire = serde_json::from_slice(text)
        .map_err(|error| fault(format!("it cannot be read: {error}")))?;
    if wire.format != FORMAT || wire.version != VERSION {
        return Err(Fault {
            remedy: "use a townclerk that is at least as new".to_owned(),
            ..fault(format!(
                "it is {:?} of version {}, this program reads {FORMAT} of version {VERSION}",
                wire.format, wire.version
            ))
        });
    }
    let key = PublicKey::parse(&wire.key)
        .map_err(|why| fault(format!("{:?} is no public key: {why}", wire.key)))?;
    let signature = BASE64_STANDARD
        .decode(&wire.signature)
        .map_err(|error| fault(format!("the signature is no base64: {error}")))?;
    match key.verifies(&signed(manifest), &signature) {
        true => Ok(key),
        false => Err(fault(format!(
            "it says that {key} signed {MANIFEST}, but that is not what {key} signed: one of the two files was changed, or comes from another export"
        ))),
    }
}

fn fault(found: String) -> Fault {
    Fault {
        file: SIGNATURE.to_owned(),
        line: None,
        kind: FaultKind::Signature,
        found,
        remedy: EXPORT_AGAIN.to_owned(),
    }
}
