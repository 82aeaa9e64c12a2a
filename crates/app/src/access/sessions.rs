//! Who is signed in with a browser: a random number in a cookie stands for a token, until somebody
//! signs out, the session is too old, or the token is taken away. Sessions are kept in memory only: a
//! start ends them all.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::tokens::TokenHash;
use crate::clock::{self, Clock};

/// How long a session lasts: a working day.
pub const LIFETIME: SignedDuration = SignedDuration::from_hours(12);

/// Sessions of one token, and in all. One more ends the oldest.
const OF_ONE_TOKEN_MAX: usize = 32;
const IN_ALL_MAX: usize = 10_000;

const RANDOM_BYTES: usize = 32;

/// Of the number in the cookie: nobody who reads memory or a crash can go on with it.
type SessionHash = [u8; 32];

struct Session {
    token: TokenHash,
    began: Timestamp,
}

/// The sessions of one process.
pub struct Sessions {
    clock: Clock,
    open: Mutex<BTreeMap<SessionHash, Session>>,
}

impl Default for Sessions {
    fn default() -> Self {
        Self::new(clock::system())
    }
}

impl Sessions {
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            open: Mutex::default(),
        }
    }

    /// Begins a session of a token that is known; returns what goes into the cookie.
    ///
    /// # Errors
    /// No random bytes.
    pub(super) fn begin(&self, token: TokenHash) -> Result<String, getrandom::Error> {
        let mut random = [0; RANDOM_BYTES];
        getrandom::fill(&mut random)?;
        let id = hex::encode(random);
        let began = (self.clock)();
        let mut open = self.lock();
        open.retain(|_, session| is_young(session, began));
        end_oldest(&mut open, OF_ONE_TOKEN_MAX, |session| {
            session.token == token
        });
        end_oldest(&mut open, IN_ALL_MAX, |_| true);
        open.insert(hash(&id), Session { token, began });
        Ok(id)
    }

    /// The token for which a session stands; `None` for one that has ended or never was.
    pub(super) fn token(&self, id: &str) -> Option<TokenHash> {
        let open = self.lock();
        let session = open.get(&hash(id))?;
        is_young(session, (self.clock)()).then_some(session.token)
    }

    /// Ends a session; says for which token it stood.
    pub(super) fn end(&self, id: &str) -> Option<TokenHash> {
        let session = self.lock().remove(&hash(id))?;
        is_young(&session, (self.clock)()).then_some(session.token)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<SessionHash, Session>> {
        // A panic left a map of sessions behind, and nothing half done.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hash(id: &str) -> SessionHash {
    Sha256::digest(id.as_bytes()).into()
}

fn is_young(session: &Session, now: Timestamp) -> bool {
    now.duration_since(session.began) < LIFETIME
}

/// Makes room for one more of these.
fn end_oldest(
    open: &mut BTreeMap<SessionHash, Session>,
    most: usize,
    of: impl Fn(&Session) -> bool,
) {
    let these = open.iter().filter(|(_, session)| of(session));
    if these.clone().count() < most {
        return;
    }
    let oldest = these.min_by_key(|(_, session)| session.began);
    if let Some(id) = oldest.map(|(id, _)| *id) {
        open.remove(&id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn at_hours() -> (Sessions, Arc<Mutex<i64>>) {
        let hours = Arc::new(Mutex::new(0));
        let shown = Arc::clone(&hours);
        let clock: Clock =
            Arc::new(move || Timestamp::from_second(*shown.lock().unwrap() * 3_600).unwrap());
        (Sessions::new(clock), hours)
    }

    #[test]
    fn a_session_ends_when_it_is_ended_or_too_old() {
        let (sessions, hours) = at_hours();
        let (first, second) = (
            sessions.begin([1; 32]).unwrap(),
            sessions.begin([1; 32]).unwrap(),
        );
        assert_eq!(first.len(), 64);
        assert_ne!(first, second);
        assert_eq!(sessions.token(&first), Some([1; 32]));
        assert_eq!(sessions.end(&first), Some([1; 32]));
        assert_eq!((sessions.token(&first), sessions.end(&first)), (None, None));
        *hours.lock().unwrap() = 11;
        assert_eq!(sessions.token(&second), Some([1; 32]));
        *hours.lock().unwrap() = 12;
        assert_eq!(sessions.token(&second), None);
        assert_eq!(sessions.token("0".repeat(64).as_str()), None);
    }

    #[test]
    fn one_token_has_a_bounded_number_and_ends_no_session_of_others() {
        let (sessions, hours) = at_hours();
        let others = sessions.begin([2; 32]).unwrap();
        *hours.lock().unwrap() = 1;
        let oldest = sessions.begin([1; 32]).unwrap();
        *hours.lock().unwrap() = 2;
        let later: Vec<String> = (0..OF_ONE_TOKEN_MAX)
            .map(|_| sessions.begin([1; 32]).unwrap())
            .collect();
        assert_eq!(sessions.token(&oldest), None);
        assert!(later.iter().all(|id| sessions.token(id).is_some()));
        assert_eq!(sessions.token(&others), Some([2; 32]));
    }
}
