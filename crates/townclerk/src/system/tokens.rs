//! Tokens of people and scripts: given out and taken away in the book of a data directory. Tokens of
//! partners' tools go with the tool, see `admission`.

use std::path::{Path, PathBuf};

use townclerk_app::access::{Caller, Councils, Role, TokenBook};
use townclerk_domain::identity::CallerId;
use townclerk_domain::names::{Code, SHARED};

use super::files::{begin_editing, first_tokens_file, operator_token_file, token_book_file};
use super::reach::Reach;
use crate::town::{Partner, Town};

/// Why a token is not given out or taken away; nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenRefusal {
    #[error("{subject} has a token already: --new-token makes another and ends that one")]
    HasOne { subject: CallerId },
    #[error("{subject} has no token: `townclerk token list` names those that there are")]
    HasNone { subject: CallerId },
    #[error(
        "no token was made here yet, so there is no {}: the first start of `townclerk up` makes one \
         for each role",
        file.display()
    )]
    NoneMade { file: PathBuf },
    #[error("--councils takes the names of councils, or {ALL} alone, not both")]
    AllAndOthers,
    #[error("no such council here: {unknown}; there are {known}, or {ALL}")]
    UnknownCouncils { unknown: String, known: String },
    #[error(
        "a partner's token comes with its account: use `townclerk partner add SYSTEM --council \
         COUNCIL`"
    )]
    PartnersRole,
    #[error(
        "{} is the token of {partner}: use `townclerk partner add {} --council {} --new-token`, \
         or `townclerk partner remove`",
        partner.id(),
        partner.system,
        partner.council
    )]
    PartnersToken { partner: Partner },
}

/// What stands for every council and `shared`.
const ALL: &str = "all";

/// The councils of a token, as they are named on the command line.
///
/// # Errors
/// `all` beside others.
pub(crate) fn reached(named: &[Code]) -> Result<Councils, TokenRefusal> {
    match named.iter().any(|code| code.as_str() == ALL) {
        true if named.len() == 1 => Ok(Councils::All),
        true => Err(TokenRefusal::AllAndOthers),
        false => Ok(Councils::Only(named.iter().cloned().collect())),
    }
}

/// Gives `caller` a token, in place of the one it has where `renew` says so.
///
/// # Errors
/// A [`TokenRefusal`], a folder that holds no Townclerk, or files that cannot be used.
pub(crate) async fn issue_token(
    data: &Path,
    caller: &Caller,
    renew: bool,
) -> anyhow::Result<String> {
    let reach = Reach::data(data);
    reach.town()?;
    let _editing = begin_editing(data).await?;
    let town = reach.town()?;
    may_be_issued(&town, caller)?;
    let book = token_book_file(data);
    let (known, _) =
        TokenBook::load_or_create(&book, &operator_token_file(data), &first_tokens_file(data))?;
    if known.knows(&caller.subject) && !renew {
        let subject = caller.subject.clone();
        return Err(TokenRefusal::HasOne { subject }.into());
    }
    Ok(TokenBook::issue(&book, caller)?)
}

/// Takes the token of `subject` away.
///
/// # Errors
/// A [`TokenRefusal`], a folder that holds no Townclerk, or files that cannot be used.
pub(crate) async fn revoke_token(data: &Path, subject: &CallerId) -> anyhow::Result<()> {
    let reach = Reach::data(data);
    reach.town()?;
    let _editing = begin_editing(data).await?;
    is_no_partners(&reach.town()?, subject)?;
    let book = token_book_file(data);
    if !book.exists() {
        return Err(TokenRefusal::NoneMade { file: book }.into());
    }
    match TokenBook::revoke(&book, subject)? {
        true => Ok(()),
        false => {
            let subject = subject.clone();
            Err(TokenRefusal::HasNone { subject }.into())
        }
    }
}

/// Everybody who has a token, by name.
///
/// # Errors
/// A folder that holds no Townclerk, or a book that cannot be read.
pub(crate) fn tokens(data: &Path) -> anyhow::Result<Vec<Caller>> {
    Reach::data(data).town()?;
    let book = token_book_file(data);
    if !book.exists() {
        return Err(TokenRefusal::NoneMade { file: book }.into());
    }
    Ok(TokenBook::load(&book)?.callers())
}

fn may_be_issued(town: &Town, caller: &Caller) -> Result<(), TokenRefusal> {
    is_no_partners(town, &caller.subject)?;
    if caller.roles.contains(&Role::Partner) {
        return Err(TokenRefusal::PartnersRole);
    }
    let Councils::Only(named) = &caller.councils else {
        return Ok(());
    };
    let unknown = named.iter();
    let unknown = unknown.filter(|code| code.as_str() != SHARED && !town.councils.contains(code));
    let unknown: Vec<&Code> = unknown.collect();
    match unknown.is_empty() {
        true => Ok(()),
        false => Err(TokenRefusal::UnknownCouncils {
            unknown: listed(unknown),
            known: listed(town.logs()),
        }),
    }
}

/// A partner's token goes with its account: one without the other would be half a partner.
fn is_no_partners(town: &Town, subject: &CallerId) -> Result<(), TokenRefusal> {
    let partner = town.partners.iter();
    let mut partner = partner.filter(|partner| partner.id() == subject.as_str());
    match partner.next() {
        Some(partner) => Err(TokenRefusal::PartnersToken {
            partner: partner.clone(),
        }),
        None => Ok(()),
    }
}

fn listed(names: impl IntoIterator<Item = impl ToString>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| name.to_string()).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn code(name: &str) -> Code {
        Code::new(name).unwrap()
    }

    /// A Townclerk of two councils, with a tool of one.
    fn folder() -> tempfile::TempDir {
        let dir = crate::town::tests::folder();
        let mut town = Town::of([code("brent"), code("lewisham")]).unwrap();
        town.partners.insert(Partner {
            council: code("brent"),
            system: code("hornbill"),
        });
        town.save(dir.path()).unwrap();
        dir
    }

    fn caller(subject: &str, role: Role, councils: Councils) -> Caller {
        Caller {
            subject: CallerId::new(subject).unwrap(),
            roles: BTreeSet::from([role]),
            councils,
            system: None,
        }
    }

    fn refused(error: anyhow::Error) -> TokenRefusal {
        error.downcast().unwrap()
    }

    #[tokio::test]
    async fn a_token_is_given_out_replaced_on_request_and_taken_away() {
        let dir = folder();
        let mary = caller(
            "mary",
            Role::ServiceDesk,
            reached(&[code("brent")]).unwrap(),
        );
        let first = issue_token(dir.path(), &mary, false).await.unwrap();
        let subject = mary.subject.clone();
        let again = issue_token(dir.path(), &mary, false).await.unwrap_err();
        assert_eq!(refused(again), TokenRefusal::HasOne { subject });
        let second = issue_token(dir.path(), &mary, true).await.unwrap();
        let book = TokenBook::load(&token_book_file(dir.path())).unwrap();
        assert_eq!(book.caller(&first), None);
        assert_eq!(book.caller(&second), Some(&mary));
        assert!(tokens(dir.path()).unwrap().contains(&mary));
        revoke_token(dir.path(), &mary.subject).await.unwrap();
        let subject = mary.subject.clone();
        let gone = revoke_token(dir.path(), &mary.subject).await.unwrap_err();
        assert_eq!(refused(gone), TokenRefusal::HasNone { subject });
    }

    #[tokio::test]
    async fn before_the_first_start_it_is_said_that_no_token_was_made() {
        let dir = folder();
        let mary = CallerId::new("mary").unwrap();
        for error in [
            tokens(dir.path()).unwrap_err(),
            revoke_token(dir.path(), &mary).await.unwrap_err(),
        ] {
            let said = error.to_string();
            assert!(said.contains("no token was made here yet"), "{said}");
            assert!(said.contains("townclerk up"), "{said}");
        }
    }

    #[tokio::test]
    async fn what_is_a_partners_goes_with_its_account() {
        let dir = folder();
        let role = caller("somebody", Role::Partner, Councils::All);
        let by_role = issue_token(dir.path(), &role, false).await.unwrap_err();
        assert_eq!(refused(by_role), TokenRefusal::PartnersRole);
        let named = caller("brent-hornbill", Role::Officer, Councils::All);
        let by_name = issue_token(dir.path(), &named, true).await.unwrap_err();
        assert!(matches!(
            refused(by_name),
            TokenRefusal::PartnersToken { .. }
        ));
        let taken = revoke_token(dir.path(), &named.subject).await.unwrap_err();
        assert!(matches!(refused(taken), TokenRefusal::PartnersToken { .. }));
        assert!(!token_book_file(dir.path()).exists(), "nothing was changed");
    }

    #[tokio::test]
    async fn every_council_that_is_not_there_is_named() {
        let dir = folder();
        let named = ["brent", "camden", "shared", "ealing"].map(code);
        let asked = caller("mary", Role::Officer, reached(&named).unwrap());
        let error = issue_token(dir.path(), &asked, false).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "no such council here: camden, ealing; there are brent, lewisham, shared, or all"
        );
        let both = reached(&["all", "brent"].map(code)).unwrap_err();
        assert_eq!(both, TokenRefusal::AllAndOthers);
        assert_eq!(reached(&[code("all")]).unwrap(), Councils::All);
    }

    #[tokio::test]
    async fn a_folder_that_is_not_there_is_not_made() {
        let dir = tempfile::tempdir().unwrap();
        let missing = dir.path().join("mistyped");
        let mary = caller("mary", Role::Officer, Councils::All);
        for error in [
            issue_token(&missing, &mary, false).await.unwrap_err(),
            revoke_token(&missing, &mary.subject).await.unwrap_err(),
            tokens(&missing).unwrap_err(),
        ] {
            assert!(error.to_string().contains("holds no Townclerk"), "{error}");
        }
        assert!(!missing.exists());
    }
}
