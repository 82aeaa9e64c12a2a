//! The reader's chain over a log: two readers that agree on a chain have read the same bytes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// chain(n) = SHA-256(chain(n-1), subject, payload); chain(0) is all zeros.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Chain([u8; 32]);

impl Chain {
    pub fn next(self, subject: &str, payload: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update(self.0);
        hash.update(subject.as_bytes());
        hash.update(payload);
        Self(hash.finalize().into())
    }
}

/// What is no chain: 64 hexadecimal digits are.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no chain: give 64 hexadecimal digits")]
pub struct InvalidChain(pub String);

impl FromStr for Chain {
    type Err = InvalidChain;

    fn from_str(text: &str) -> Result<Self, InvalidChain> {
        let mut bytes = [0; 32];
        let read = hex::decode_to_slice(text, &mut bytes);
        read.map_err(|_| InvalidChain(text.to_owned()))?;
        Ok(Self(bytes))
    }
}

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}
