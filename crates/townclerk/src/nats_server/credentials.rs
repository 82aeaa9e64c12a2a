//! Who may connect: for each log an operator, a writer, a reader and a gateway; each partner; and
//! one user of the system account. Their nkey seeds are files of mode 0600; the server is told the
//! public keys only.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fmt, io};

use nkeys::{KeyPair, KeyPairType};
use townclerk_app::private_file::{self, ReadError};
use townclerk_event_log::jetstream::Role;

use crate::town::Partner;

/// Where the user of the system account receives answers.
pub const SYS_INBOX_PREFIX: &str = "_INBOX_sys";

pub(super) const SYS_ACCOUNT: &str = "SYS";

/// The NATS account of a log: `north-brent` has `NORTH_BRENT`.
pub fn account_name(log: &str) -> String {
    log.to_ascii_uppercase().replace('-', "_")
}

/// A user of nats-server, known by an nkey.
#[derive(Clone)]
pub struct User {
    seed: String,
    public_key: String,
}

impl User {
    /// The secret by which a client proves to be this user.
    pub fn seed(&self) -> &str {
        &self.seed
    }

    pub fn public_key(&self) -> &str {
        &self.public_key
    }

    fn from_seed(seed: &str) -> Result<Self, nkeys::error::Error> {
        let pair = KeyPair::from_seed(seed)?;
        if pair.key_pair_type() != KeyPairType::User {
            return Err(nkeys::error::Error::new(
                nkeys::error::ErrorKind::IncorrectKeyType,
                Some("not the seed of a user"),
            ));
        }
        Ok(Self {
            seed: pair.seed()?,
            public_key: pair.public_key(),
        })
    }
}

impl fmt::Debug for User {
    /// Shows the public key alone, so that no seed reaches a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("User").field(&self.public_key).finish()
    }
}

/// All users of the nats-server of one data directory.
#[derive(Clone, Debug)]
pub struct Credentials {
    logs: BTreeMap<String, BTreeMap<Role, User>>,
    partners: BTreeMap<Partner, User>,
    sys: User,
}

#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    #[error(
        "{log:?} cannot name a log: use 1 to 63 of a-z, 0-9 and '-', beginning and ending with a \
         letter or digit, and not `sys`"
    )]
    InvalidLog { log: String },
    #[error(
        "{} has mode {mode:04o}, so others can read the secret in it: run `chmod 600` on it, and \
         if others were on this machine, delete it to have a new one made",
        path.display()
    )]
    TooOpen { path: PathBuf, mode: u32 },
    #[error(
        "{} does not hold the nkey seed of a user: restore it, or delete it to have a new one made",
        path.display()
    )]
    Damaged {
        path: PathBuf,
        #[source]
        source: nkeys::error::Error,
    },
    #[error("{} cannot be used", path.display())]
    File {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("cannot make an nkey")]
    Key(#[source] nkeys::error::Error),
}

impl Credentials {
    /// Reads the seeds under `directory` and makes those that are not there yet.
    pub fn load_or_create(
        directory: &Path,
        logs: &[String],
        partners: &[Partner],
    ) -> Result<Self, CredentialsError> {
        for log in logs {
            check_log(log)?;
        }
        create_directory(directory)?;
        let sys = load_or_create_user(&directory.join("sys.nk"))?;
        let mut users_by_log = BTreeMap::new();
        for log in logs {
            let directory = directory.join(log);
            create_directory(&directory)?;
            let mut users = BTreeMap::new();
            for role in Role::ALL {
                let path = directory.join(format!("{}.nk", role.as_str()));
                users.insert(role, load_or_create_user(&path)?);
            }
            users_by_log.insert(log.clone(), users);
        }
        let mut users_by_partner = BTreeMap::new();
        for partner in partners {
            let path = partner_seed_file(directory, partner);
            create_directory(path.parent().unwrap_or(directory))?;
            users_by_partner.insert(partner.clone(), load_or_create_user(&path)?);
        }
        Ok(Self {
            logs: users_by_log,
            partners: users_by_partner,
            sys,
        })
    }

    pub fn user(&self, log: &str, role: Role) -> Option<&User> {
        self.logs.get(log)?.get(&role)
    }

    pub fn partners(&self) -> impl Iterator<Item = (&Partner, &User)> {
        self.partners.iter()
    }

    /// The user of the system account, who may ask for the server's settings.
    pub fn sys(&self) -> &User {
        &self.sys
    }

    pub fn logs(&self) -> impl Iterator<Item = &str> {
        self.logs.keys().map(String::as_str)
    }
}

/// The file with a partner's seed, which it is given.
pub fn partner_seed_file(credentials: &Path, partner: &Partner) -> PathBuf {
    credentials.join(partner.name()).join("partner.nk")
}

fn check_log(log: &str) -> Result<(), CredentialsError> {
    let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = log.as_bytes();
    let valid = bytes.len() <= 63
        && edge(bytes.first())
        && edge(bytes.last())
        && bytes
            .iter()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
        && account_name(log) != SYS_ACCOUNT;
    if valid {
        Ok(())
    } else {
        let log = log.chars().take(80).collect();
        Err(CredentialsError::InvalidLog { log })
    }
}

fn load_or_create_user(path: &Path) -> Result<User, CredentialsError> {
    match read_seed(path)? {
        Some(seed) => User::from_seed(seed.trim()).map_err(|source| CredentialsError::Damaged {
            path: path.to_owned(),
            source,
        }),
        None => create_user(path),
    }
}

fn read_seed(path: &Path) -> Result<Option<String>, CredentialsError> {
    let at = |source| CredentialsError::File {
        path: path.to_owned(),
        source,
    };
    let seed = match private_file::read(path) {
        Ok(seed) => seed,
        Err(ReadError::Io(error)) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(ReadError::TooWide { mode }) => {
            let path = path.to_owned();
            return Err(CredentialsError::TooOpen { path, mode });
        }
        Err(error @ (ReadError::Io(_) | ReadError::TooLong)) => return Err(at(error.into())),
    };
    let no_text = |error| at(io::Error::new(io::ErrorKind::InvalidData, error));
    String::from_utf8(seed).map(Some).map_err(no_text)
}

fn create_user(path: &Path) -> Result<User, CredentialsError> {
    let pair = KeyPair::new_user();
    let seed = pair.seed().map_err(CredentialsError::Key)?;
    private_file::write(path, format!("{seed}\n")).map_err(|source| CredentialsError::File {
        path: path.to_owned(),
        source,
    })?;
    Ok(User {
        seed,
        public_key: pair.public_key(),
    })
}

fn create_directory(path: &Path) -> Result<(), CredentialsError> {
    private_file::create_folder(path).map_err(|source| CredentialsError::File {
        path: path.to_owned(),
        source,
    })
}
