//! The keys by which exports are signed and known.

use std::fmt;
use std::io;
use std::path::Path;

use anyhow::{Context, bail};
use nkeys::{KeyPair, KeyPairType};
use serde::Serialize;
use townclerk_app::private_file;

use super::regular::{self, Short};
use crate::system::begin_editing;

/// The file of an installation's key pair, in its data folder.
const KEY_FILE: &str = "signing.nk";

/// A kind of nkey that nobody can connect to nats-server with: a key serves one purpose.
const KIND: KeyPairType = KeyPairType::Service;

/// Longest file that is taken for one with a public key: a line, and room for a remark after it.
const PUBLIC_FILE_MAX: u64 = 4 * 1024;

/// Characters of the text form of a public key.
const TEXT_LEN: usize = 56;

/// The public half: an Ed25519 key in the text form of nkeys, 56 capitals and digits with a checksum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct PublicKey(String);

impl PublicKey {
    /// Reads the text form.
    ///
    /// # Errors
    /// What it is instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() != TEXT_LEN {
            return Err(format!(
                "it has {} characters, not {TEXT_LEN}",
                text.chars().count()
            ));
        }
        let pair = KeyPair::from_public_key(text).map_err(|error| error.to_string())?;
        match pair.key_pair_type() == KIND {
            true => Ok(Self(text.to_owned())),
            false => Err("it is the key of something else than exports".to_owned()),
        }
    }

    /// The key that a user names: itself, or a file whose first word it is.
    ///
    /// # Errors
    /// What was found, and what would be taken.
    pub fn given(named: &str) -> Result<Self, String> {
        let why = match Self::parse(named) {
            Ok(key) => return Ok(key),
            Err(why) => why,
        };
        let taken = "name a key as `townclerk history key` prints it, or a file that holds one";
        let found = match regular::read(Path::new(named), PUBLIC_FILE_MAX) {
            Ok(Short::Text(text)) => {
                let text = String::from_utf8_lossy(&text);
                let word = text.split_whitespace().next().unwrap_or_default();
                match Self::parse(word) {
                    Ok(key) => return Ok(key),
                    Err(why) => format!("the file holds no public key ({why})"),
                }
            }
            Ok(Short::Missing) => format!("it is no public key ({why}), and there is no such file"),
            Ok(Short::TooLong) => format!("the file has more than {PUBLIC_FILE_MAX} bytes"),
            Ok(Short::Other(other)) => format!("it is {other}"),
            Err(error) => format!("it is no public key ({why}), and no file to be read ({error})"),
        };
        Err(format!("{found}: {taken}"))
    }

    pub(super) fn verifies(&self, signed: &[u8], signature: &[u8]) -> bool {
        KeyPair::from_public_key(&self.0).is_ok_and(|pair| pair.verify(signed, signature).is_ok())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The key pair of an installation.
pub struct SigningKey(KeyPair);

impl SigningKey {
    /// A new one.
    pub fn generate() -> Self {
        Self(KeyPair::new(KIND))
    }

    /// That of a data folder, if one was made.
    ///
    /// # Errors
    /// A file that cannot be read, that others can read, or that holds something else.
    pub fn of(data: &Path) -> anyhow::Result<Option<Self>> {
        let path = data.join(KEY_FILE);
        let at = || format!("cannot use {}", path.display());
        let seed = match private_file::read_text(&path) {
            Ok(seed) => seed,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(at),
        };
        let pair = KeyPair::from_seed(seed.trim()).with_context(at)?;
        if pair.key_pair_type() != KIND {
            bail!(
                "{} holds a key of something else than exports: restore it, or delete it to have a new one made",
                path.display()
            );
        }
        Ok(Some(Self(pair)))
    }

    /// That of a data folder; makes it where there is none yet.
    ///
    /// # Errors
    /// As [`SigningKey::of`], and a folder that cannot be written.
    pub async fn of_or_made(data: &Path) -> anyhow::Result<Self> {
        if let Some(key) = Self::of(data)? {
            return Ok(key);
        }
        private_file::create_folder(data)
            .with_context(|| format!("cannot make {}", data.display()))?;
        // Two commands that make one at a time would each sign with their own.
        let _editing = begin_editing(data).await?;
        if let Some(key) = Self::of(data)? {
            return Ok(key);
        }
        let key = Self::generate();
        let path = data.join(KEY_FILE);
        private_file::write(&path, format!("{}\n", key.0.seed()?))
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(key)
    }

    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.public_key())
    }

    pub(super) fn sign(&self, text: &[u8]) -> anyhow::Result<Vec<u8>> {
        Ok(self.0.sign(text)?)
    }
}
