//! The book of tokens: a file that holds only the SHA-256 of each, with whose it is.
//!
//! A token is 32 random bytes, so its plain hash is safe to keep: there is nothing to guess.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use townclerk_domain::identity::CallerId;
use townclerk_domain::names::{Code, InvalidCode};

use super::caller::{Caller, Councils, Role};
use crate::private_file::{self, ReadError};

/// What every token begins with, so that one that leaked is recognised as ours.
const TOKEN_PREFIX: &str = "tc_";

const TOKEN_RANDOM_BYTES: usize = 32;

pub(super) type TokenHash = [u8; 32];

/// Whose tokens are known here.
#[derive(Clone, Debug, Default)]
pub struct TokenBook {
    pub(super) callers: HashMap<TokenHash, Caller>,
}

/// A token in plain text, right after it was made. It is stored nowhere.
pub struct IssuedToken {
    pub subject: CallerId,
    pub role: Role,
    pub token: String,
}

impl fmt::Debug for IssuedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuedToken")
            .field("subject", &self.subject)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    #[error("the token file {} cannot be {did}", path.display())]
    File {
        path: PathBuf,
        did: &'static str,
        #[source]
        source: std::io::Error,
    },
    #[error(
        "the token file {} has mode {mode:04o}, so others get at it: see that nobody changed it, \
         then run `chmod 600` on it",
        path.display()
    )]
    TooWide { path: PathBuf, mode: u32 },
    #[error(
        "the token file {} is not a list of {{subject, roles, councils, system, sha256}}: {why}; \
         mend it, or move it away and start again to get new tokens",
        path.display()
    )]
    Unreadable { path: PathBuf, why: String },
    #[error("the operating system gives no random bytes for a token: {0}")]
    NoRandomness(getrandom::Error),
    #[error("a new entry cannot be written: {0}")]
    Entry(String),
}

impl From<InvalidCode> for TokenError {
    fn from(invalid: InvalidCode) -> Self {
        Self::Entry(invalid.to_string())
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    subject: CallerId,
    roles: BTreeSet<Role>,
    councils: Councils,
    /// What a partner's token stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    system: Option<Code>,
    sha256: String,
}

impl TokenBook {
    /// A book of known callers and their plain tokens.
    pub fn of<'a>(entries: impl IntoIterator<Item = (Caller, &'a str)>) -> Self {
        let hashed = |(caller, token): (Caller, &str)| (hash(token), caller);
        Self {
            callers: entries.into_iter().map(hashed).collect(),
        }
    }

    /// # Errors
    /// A file that is missing, that others may write or read, or that is not a book of tokens.
    pub fn load(path: &Path) -> Result<Self, TokenError> {
        let unreadable = |why: String| TokenError::Unreadable {
            path: path.to_owned(),
            why,
        };
        let entries = read_entries(path)?;
        let mut callers = HashMap::new();
        for entry in entries {
            let mut hash = TokenHash::default();
            hex::decode_to_slice(&entry.sha256, &mut hash)
                .map_err(|error| unreadable(format!("sha256 of {}: {error}", entry.subject)))?;
            let subject = entry.subject.clone();
            let caller = Caller {
                subject: entry.subject,
                roles: entry.roles,
                councils: entry.councils,
                system: entry.system,
            };
            if callers.insert(hash, caller).is_some() {
                return Err(unreadable(format!(
                    "the sha256 of {subject} is there twice"
                )));
            }
        }
        Ok(Self { callers })
    }

    /// Loads the book, or at the first start makes one with a token for each role. The new tokens
    /// are returned once and written to `first_tokens_path`, a line for each; the operator's is also
    /// written to `operator_token_path`.
    ///
    /// # Errors
    /// As [`Self::load`], and when the files cannot be written.
    pub fn load_or_create(
        path: &Path,
        operator_token_path: &Path,
        first_tokens_path: &Path,
    ) -> Result<(Self, Vec<IssuedToken>), TokenError> {
        let exists = path.try_exists().map_err(|source| TokenError::File {
            path: path.to_owned(),
            did: "looked for",
            source,
        })?;
        if exists {
            return Ok((Self::load(path)?, Vec::new()));
        }
        let issued = issue()?;
        // The book comes last: a crash before it leaves a start that issues all tokens again.
        if let Some(operator) = issued.iter().find(|token| token.role == Role::Operator) {
            write_file(operator_token_path, operator.token.as_bytes())?;
        }
        let lines = issued.iter();
        let lines = lines.map(|token| format!("{:13} {}\n", token.role.code(), token.token));
        write_file(first_tokens_path, lines.collect::<String>().as_bytes())?;
        let entries: Result<Vec<Entry>, _> = issued.iter().map(entry).collect();
        write_entries(path, &entries?)?;
        Ok((Self::load(path)?, issued))
    }

    /// Puts a new token for `caller` into the book at `path`, in place of all that its subject has.
    /// It is returned once. The writer sees to it that nobody else writes to the book meanwhile.
    ///
    /// # Errors
    /// As [`Self::load`], and when the file cannot be written.
    pub fn issue(path: &Path, caller: &Caller) -> Result<String, TokenError> {
        let mut entries = read_entries(path)?;
        entries.retain(|entry| entry.subject != caller.subject);
        let token = new_token()?;
        entries.push(Entry {
            subject: caller.subject.clone(),
            roles: caller.roles.clone(),
            councils: caller.councils.clone(),
            system: caller.system.clone(),
            sha256: hex::encode(hash(&token)),
        });
        write_entries(path, &entries)?;
        Ok(token)
    }

    /// Takes every token of `subject` out of the book at `path`; says whether there was any.
    ///
    /// # Errors
    /// As [`Self::load`], and when the file cannot be written.
    pub fn revoke(path: &Path, subject: &CallerId) -> Result<bool, TokenError> {
        let mut entries = read_entries(path)?;
        let before = entries.len();
        entries.retain(|entry| entry.subject != *subject);
        if entries.len() == before {
            return Ok(false);
        }
        write_entries(path, &entries)?;
        Ok(true)
    }

    /// Whether `subject` has a token.
    pub fn knows(&self, subject: &CallerId) -> bool {
        self.callers_of(subject).next().is_some()
    }

    /// Everybody who has a token, by name.
    pub fn callers(&self) -> Vec<Caller> {
        let mut callers: Vec<Caller> = self.callers.values().cloned().collect();
        callers.sort_by(|one, other| one.subject.as_str().cmp(other.subject.as_str()));
        callers
    }

    /// What each token of `subject` stands for: entries that are written by hand may differ.
    pub fn callers_of<'a>(&'a self, subject: &'a CallerId) -> impl Iterator<Item = &'a Caller> {
        self.callers
            .values()
            .filter(move |caller| caller.subject == *subject)
    }

    /// As [`Self::caller`], with what the token is known by.
    pub(super) fn known(&self, token: &str) -> Option<(TokenHash, &Caller)> {
        let hash = hash(token);
        self.caller_of(&hash).map(|caller| (hash, caller))
    }

    /// Whose token has this hash.
    pub(super) fn caller_of(&self, hash: &TokenHash) -> Option<&Caller> {
        self.callers.get(hash)
    }

    /// Whose token this is. Found by its hash, so how long it takes tells nothing about a token.
    pub fn caller(&self, token: &str) -> Option<&Caller> {
        self.callers.get(&hash(token))
    }
}

fn hash(token: &str) -> TokenHash {
    Sha256::digest(token.as_bytes()).into()
}

fn read_entries(path: &Path) -> Result<Vec<Entry>, TokenError> {
    let bytes = private_file::read(path).map_err(|error| match error {
        ReadError::TooWide { mode } => TokenError::TooWide {
            path: path.to_owned(),
            mode,
        },
        error @ (ReadError::Io(_) | ReadError::TooLong) => TokenError::File {
            path: path.to_owned(),
            did: "read",
            source: error.into(),
        },
    })?;
    serde_json::from_slice(&bytes).map_err(|error| TokenError::Unreadable {
        path: path.to_owned(),
        why: error.to_string(),
    })
}

fn write_entries(path: &Path, entries: &[Entry]) -> Result<(), TokenError> {
    let text =
        serde_json::to_vec_pretty(entries).map_err(|error| TokenError::Entry(error.to_string()))?;
    write_file(path, &text)
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<(), TokenError> {
    private_file::write(path, bytes).map_err(|source| TokenError::File {
        path: path.to_owned(),
        did: "written",
        source,
    })
}

fn entry(issued: &IssuedToken) -> Result<Entry, TokenError> {
    // The local partner tells facts of a system that bears its name.
    let system = match issued.role {
        Role::Partner => Some(Code::new(issued.subject.as_str())?),
        _ => None,
    };
    Ok(Entry {
        subject: issued.subject.clone(),
        roles: BTreeSet::from([issued.role]),
        councils: Councils::All,
        system,
        sha256: hex::encode(hash(&issued.token)),
    })
}

fn new_token() -> Result<String, TokenError> {
    let mut random = [0; TOKEN_RANDOM_BYTES];
    getrandom::fill(&mut random).map_err(TokenError::NoRandomness)?;
    Ok(format!("{TOKEN_PREFIX}{}", hex::encode(random)))
}

/// One new token for each role, for all councils.
fn issue() -> Result<Vec<IssuedToken>, TokenError> {
    let token = |role: Role| {
        Ok(IssuedToken {
            subject: CallerId::new(format!("local-{role}"))
                .map_err(|error| TokenError::Entry(error.to_string()))?,
            role,
            token: new_token()?,
        })
    };
    Role::ALL.into_iter().map(token).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    struct Files {
        _folder: tempfile::TempDir,
        book: PathBuf,
        operator: PathBuf,
        first: PathBuf,
    }

    fn files() -> Files {
        let folder = tempfile::tempdir().unwrap();
        Files {
            book: folder.path().join("secrets/tokens.json"),
            operator: folder.path().join("secrets/operator.token"),
            first: folder.path().join("secrets/first-tokens.txt"),
            _folder: folder,
        }
    }

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn the_first_start_issues_a_token_for_each_role_and_later_ones_none() {
        let files = files();
        let (book, issued) =
            TokenBook::load_or_create(&files.book, &files.operator, &files.first).unwrap();
        assert_eq!(issued.len(), Role::ALL.len());
        for token in &issued {
            assert_eq!(token.token.len(), TOKEN_PREFIX.len() + 64);
            let caller = book.caller(&token.token).unwrap();
            assert_eq!(caller.subject.as_str(), format!("local-{}", token.role));
            assert_eq!(caller.roles, BTreeSet::from([token.role]));
            assert_eq!(caller.councils, Councils::All);
            let system = caller.system.as_ref().map(Code::as_str);
            let partners = token.role == Role::Partner;
            assert_eq!(system, partners.then_some("local-partner"));
        }
        let (again, none) =
            TokenBook::load_or_create(&files.book, &files.operator, &files.first).unwrap();
        assert!(none.is_empty());
        assert!(again.caller(&issued[0].token).is_some());
        assert!(again.caller("tc_wrong").is_none());
    }

    #[test]
    fn the_files_are_private_and_the_book_holds_no_token() {
        let files = files();
        let (book, issued) =
            TokenBook::load_or_create(&files.book, &files.operator, &files.first).unwrap();
        assert_eq!(mode(&files.book), 0o600);
        assert_eq!(mode(&files.operator), 0o600);
        assert_eq!(mode(&files.first), 0o600);
        assert_eq!(mode(files.book.parent().unwrap()), 0o700);
        let operator = std::fs::read_to_string(&files.operator).unwrap();
        let text = std::fs::read_to_string(&files.book).unwrap();
        let first = std::fs::read_to_string(&files.first).unwrap();
        for token in &issued {
            let line = format!("{:13} {}", token.role.code(), token.token);
            assert!(first.lines().any(|found| found == line), "{line}");
            assert_eq!(operator == token.token, token.role == Role::Operator);
            assert!(!text.contains(&token.token));
            assert!(!format!("{issued:?}{book:?}").contains(&token.token));
        }
        let names: Vec<_> = std::fs::read_dir(files.book.parent().unwrap())
            .unwrap()
            .collect();
        assert_eq!(names.len(), 3, "nothing else is left behind: {names:?}");
    }

    #[test]
    fn a_token_is_issued_into_the_book_and_revoked_by_its_subject() {
        let files = files();
        let (_, first) =
            TokenBook::load_or_create(&files.book, &files.operator, &files.first).unwrap();
        let caller = Caller {
            subject: CallerId::new("brent-hornbill").unwrap(),
            roles: BTreeSet::from([Role::Partner]),
            councils: Councils::Only(BTreeSet::from([Code::new("brent").unwrap()])),
            system: Some(Code::new("hornbill").unwrap()),
        };
        let token = TokenBook::issue(&files.book, &caller).unwrap();
        let again = TokenBook::issue(&files.book, &caller).unwrap();
        let book = TokenBook::load(&files.book).unwrap();
        assert_eq!(book.caller(&again), Some(&caller));
        assert_eq!(book.caller(&token), None, "a subject has one token");
        assert!(book.caller(&first[0].token).is_some(), "others keep theirs");
        assert_eq!(mode(&files.book), 0o600);
        assert!(TokenBook::revoke(&files.book, &caller.subject).unwrap());
        assert!(!TokenBook::revoke(&files.book, &caller.subject).unwrap());
        let book = TokenBook::load(&files.book).unwrap();
        assert!(!book.knows(&caller.subject));
        assert_eq!(book.caller(&again), None);
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let files = files();
        TokenBook::load_or_create(&files.book, &files.operator, &files.first).unwrap();
        for wide in [0o640, 0o604, 0o620, 0o700] {
            let permissions = std::fs::Permissions::from_mode(wide);
            std::fs::set_permissions(&files.book, permissions).unwrap();
            let refused = TokenBook::load(&files.book).unwrap_err();
            let TokenError::TooWide { mode, .. } = &refused else {
                panic!("{refused:?}");
            };
            assert_eq!(*mode, wide);
            assert!(refused.to_string().contains("chmod 600"), "{refused}");
        }
    }

    #[test]
    fn a_file_that_is_no_book_is_refused_with_the_reason() {
        let files = files();
        let hash = "a".repeat(64);
        let entry = |extra: &str, hash: &str| {
            format!(
                r#"{{"subject":"x","roles":["partner"],"councils":[],"sha256":"{hash}"{extra}}}"#
            )
        };
        let good = entry("", &hash);
        for (text, reason) in [
            (
                format!("[{}]", entry(r#","admin":true"#, &hash)),
                "unknown field `admin`",
            ),
            (format!("[{good},{good}]"), "is there twice"),
            (format!("[{}]", entry("", "abc")), "sha256 of x"),
            (good.replace("partner", "mayor"), "invalid type: map"),
            (
                format!("[{}]", good.replace("partner", "mayor")),
                "unknown variant `mayor`",
            ),
        ] {
            private_file::write(&files.book, text.as_bytes()).unwrap();
            let refused = TokenBook::load(&files.book).unwrap_err().to_string();
            assert!(refused.contains(reason), "{reason}: {refused}");
        }
        private_file::write(&files.book, format!("[{good}]").as_bytes()).unwrap();
        assert!(TokenBook::load(&files.book).is_ok());
    }
}
