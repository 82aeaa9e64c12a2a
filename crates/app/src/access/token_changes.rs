//! Whose tokens changed between two books: the audit log tells it.

use std::collections::{BTreeMap, BTreeSet};

use townclerk_domain::identity::CallerId;

use super::caller::Caller;
use super::tokens::{TokenBook, TokenHash};

/// What became of the tokens of one subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenChange {
    Issued,
    Replaced,
    /// The same tokens stand for other roles or councils.
    RightsChanged,
    Revoked,
}

impl TokenChange {
    /// As the audit log says it.
    pub fn outcome(self) -> &'static str {
        match self {
            Self::Issued => "token issued",
            Self::Replaced => "token replaced",
            Self::RightsChanged => "rights changed",
            Self::Revoked => "token revoked",
        }
    }
}

impl TokenBook {
    /// What differs in `after`, by subject: what the audit log says when tokens change.
    pub fn changes(&self, after: &Self) -> Vec<(CallerId, TokenChange)> {
        let (before, after) = (self.by_subject(), after.by_subject());
        let subjects: BTreeSet<&CallerId> = before.keys().chain(after.keys()).copied().collect();
        let change = |subject: &CallerId| match (before.get(subject), after.get(subject)) {
            (None, None) => None,
            (None, Some(_)) => Some(TokenChange::Issued),
            (Some(_), None) => Some(TokenChange::Revoked),
            (Some(before), Some(after)) if before == after => None,
            (Some(before), Some(after)) if before.keys().eq(after.keys()) => {
                Some(TokenChange::RightsChanged)
            }
            (Some(_), Some(_)) => Some(TokenChange::Replaced),
        };
        let changes = subjects.into_iter();
        changes
            .filter_map(|subject| Some((subject.clone(), change(subject)?)))
            .collect()
    }

    fn by_subject(&self) -> BTreeMap<&CallerId, BTreeMap<&TokenHash, &Caller>> {
        let mut subjects: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
        for (hash, caller) in &self.callers {
            subjects
                .entry(&caller.subject)
                .or_default()
                .insert(hash, caller);
        }
        subjects
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Councils, Role};

    #[test]
    fn what_changed_between_two_books_is_told_by_subject() {
        let caller = |subject: &str, role: Role| Caller {
            subject: CallerId::new(subject).unwrap(),
            roles: BTreeSet::from([role]),
            councils: Councils::All,
            system: None,
        };
        let before = TokenBook::of([
            (caller("same", Role::Officer), "a"),
            (caller("gone", Role::Officer), "b"),
            (caller("promoted", Role::Officer), "c"),
            (caller("renewed", Role::Officer), "d"),
        ]);
        let after = TokenBook::of([
            (caller("same", Role::Officer), "a"),
            (caller("promoted", Role::Operator), "c"),
            (caller("renewed", Role::Officer), "e"),
            (caller("new", Role::Officer), "f"),
        ]);
        let changes = before.changes(&after).into_iter();
        let changes: Vec<(String, TokenChange)> = changes
            .map(|(subject, change)| (subject.to_string(), change))
            .collect();
        let expected = [
            ("gone", TokenChange::Revoked),
            ("new", TokenChange::Issued),
            ("promoted", TokenChange::RightsChanged),
            ("renewed", TokenChange::Replaced),
        ];
        assert_eq!(
            changes,
            expected.map(|(subject, change)| (subject.to_owned(), change))
        );
        assert!(after.changes(&after).is_empty());
    }
}
