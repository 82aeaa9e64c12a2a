//! Who takes part: the councils, each with a log of its own, and their partners' tools.
//!
//! It is one file, `town.json` in the data directory. NATS accounts, streams, views and services
//! follow from it; a running system looks at it, so that nobody need restart to join.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use townclerk_app::private_file;
use townclerk_contract::subject::partner_id;
use townclerk_domain::names::{Code, JOINT, LogName, SHARED};
use townclerk_partner_gateway::facts::Quota;

#[cfg(test)]
pub(crate) mod tests;

/// The file in the data directory.
const FILE: &str = "town.json";

/// What the accounts and folders of partners begin with, so no council may be called so.
const PARTNER: &str = "partner";

/// The account of the server itself.
const SYS: &str = "sys";

/// A council's tool that tells facts and reads events.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Partner {
    pub council: Code,
    pub system: Code,
}

impl Partner {
    /// Its caller, the name of its durables, and the last token of its subjects.
    pub fn id(&self) -> String {
        partner_id(&self.council, &self.system)
    }

    /// What its account and its folder are called. No council has a name like it.
    pub fn name(&self) -> String {
        format!("{PARTNER}-{}", self.id())
    }

    /// The logs that it may read.
    pub fn logs(&self) -> Result<[LogName; 2], TownRefusal> {
        let own = LogName::new(self.council.as_str());
        let own = own.map_err(|_| TownRefusal::ReservedName {
            council: self.council.clone(),
        })?;
        Ok([own, LogName::shared()])
    }
}

impl fmt::Display for Partner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.system, self.council)
    }
}

/// All who take part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Town {
    pub councils: BTreeSet<Code>,
    #[serde(default)]
    pub partners: BTreeSet<Partner>,
    /// By the id of a partner; those that are not named have the default.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub quotas: BTreeMap<String, Quota>,
}

/// Who cannot take part.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TownRefusal {
    #[error(
        "no council can be called {council}: {SHARED}, {JOINT}, {SYS}, {PARTNER} and all that \
         begins with {PARTNER}- have another meaning; choose another code"
    )]
    ReservedName { council: Code },
    #[error("{council} is no council here: add it first with `townclerk council add {council}`")]
    NoSuchCouncil { council: Code },
    #[error(
        "{one} and {other} would both be {}: give one of the two systems another code",
        one.id()
    )]
    SameId { one: Partner, other: Partner },
    #[error(
        "the id {id} of a partner has more than {PARTNER_ID_BYTES_MAX} characters: give the system a shorter code"
    )]
    LongId { id: String },
    #[error(
        "a quota is set for {id}, and no partner is called that: mend its name, or take it out"
    )]
    NobodysQuota { id: String },
    #[error(
        "the book of tokens has an entry {} that is not the one of {partner}: call that entry \
         otherwise in tokens.json, or give the system another code; nothing was changed",
        partner.id()
    )]
    OthersToken { partner: Partner },
    #[error(
        "{partner} is not there, or was removed before: look at `townclerk partner list`; nothing \
         was changed"
    )]
    NoSuchPartner { partner: Partner },
}

/// Longest id of a partner: its account and its durables are named after it.
const PARTNER_ID_BYTES_MAX: usize = 63;

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TownError {
    #[error("cannot use the data directory")]
    Folder(#[source] io::Error),
    #[error("{} cannot be used", path.display())]
    File {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error(
        "{} does not say who takes part: {why}; mend it, the last state stays in force meanwhile",
        path.display()
    )]
    Unusable { path: PathBuf, why: String },
}

impl Town {
    /// Councils without partners.
    ///
    /// # Errors
    /// A name that has another meaning.
    pub fn of(councils: impl IntoIterator<Item = Code>) -> Result<Self, TownRefusal> {
        let town = Self {
            councils: councils.into_iter().collect(),
            ..Self::default()
        };
        town.check()?;
        Ok(town)
    }

    /// Where the file of a data directory is.
    pub fn file(data_dir: &Path) -> PathBuf {
        data_dir.join(FILE)
    }

    /// Who takes part in the system of a data directory; `None` where that is not written yet.
    ///
    /// # Errors
    /// A folder that is not ours alone; a file that cannot be read, that others can read, or that names
    /// the impossible.
    pub fn load(data_dir: &Path) -> Result<Option<Self>, TownError> {
        let path = Self::file(data_dir);
        // A folder that is no Townclerk's need not be its owner's alone.
        if path.exists() || data_dir.is_file() {
            private_file::look_at_folder(data_dir).map_err(TownError::Folder)?;
        }
        let unusable = |why: String| TownError::Unusable {
            path: path.clone(),
            why,
        };
        let text = match private_file::read_text(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(TownError::File { path, source }),
            Ok(text) => text,
        };
        let town: Self = serde_json::from_str(&text).map_err(|why| unusable(why.to_string()))?;
        town.check().map_err(|why| unusable(why.to_string()))?;
        Ok(Some(town))
    }

    /// Writes the file: all of it or nothing.
    ///
    /// # Errors
    /// A disk that refuses.
    pub fn save(&self, data_dir: &Path) -> Result<(), TownError> {
        let path = Self::file(data_dir);
        let write = || -> io::Result<()> {
            let text = serde_json::to_string_pretty(self)?;
            private_file::create_folder(data_dir)?;
            private_file::write(&path, format!("{text}\n"))
        };
        write().map_err(|source| TownError::File {
            path: path.clone(),
            source,
        })
    }

    /// What a partner may tell.
    pub fn quota(&self, partner: &Partner) -> Quota {
        let own = self.quotas.get(&partner.id());
        own.copied().unwrap_or(Quota::DEFAULT)
    }

    /// Every log: one for each council, and the shared one.
    pub fn logs(&self) -> Vec<LogName> {
        // Checked: every council names a log.
        let own = self.councils.iter();
        let own = own.filter_map(|council| LogName::new(council.as_str()).ok());
        let mut logs: Vec<LogName> = own.chain([LogName::shared()]).collect();
        logs.sort();
        logs
    }

    /// The partners that may read a log: every one reads `shared`.
    pub fn partners_of<'a>(&'a self, log: &'a LogName) -> impl Iterator<Item = &'a Partner> {
        let reads = |partner: &&Partner| log.council().is_none_or(|own| *own == partner.council);
        self.partners.iter().filter(reads)
    }

    /// # Errors
    /// The first that cannot take part.
    pub fn check(&self) -> Result<(), TownRefusal> {
        for council in &self.councils {
            let name = council.as_str();
            let is_partner = name
                .strip_prefix(PARTNER)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
            if is_partner || [SHARED, JOINT, SYS].contains(&name) {
                let council = council.clone();
                return Err(TownRefusal::ReservedName { council });
            }
        }
        let mut seen: Vec<&Partner> = Vec::with_capacity(self.partners.len());
        for partner in &self.partners {
            if !self.councils.contains(&partner.council) {
                let council = partner.council.clone();
                return Err(TownRefusal::NoSuchCouncil { council });
            }
            let id = partner.id();
            if id.len() > PARTNER_ID_BYTES_MAX {
                return Err(TownRefusal::LongId { id });
            }
            if let Some(other) = seen.iter().find(|other| other.id() == id) {
                return Err(TownRefusal::SameId {
                    one: partner.clone(),
                    other: (*other).clone(),
                });
            }
            seen.push(partner);
        }
        let is_partner = |id: &&String| seen.iter().any(|partner| partner.id() == **id);
        match self.quotas.keys().find(|id| !is_partner(id)) {
            Some(id) => Err(TownRefusal::NobodysQuota { id: id.clone() }),
            None => Ok(()),
        }
    }
}
