//! `townclerk token`: who may ask what.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};
use serde_json::json;
use townclerk_app::access::{Caller, Role};
use townclerk_app::private_file;
use townclerk_domain::identity::CallerId;
use townclerk_domain::names::Code;

use super::council::or_refused;
use super::show::Output;
use super::{Outcome, audit, show};
use crate::cli::WrongUsage;
use crate::system::{issue_token, reached, revoke_token, tokens};

#[derive(Debug, Subcommand)]
pub enum Token {
    /// Make a token for a person or a script; it is shown once, only its hash is kept
    Add(Add),
    /// List who has a token, and what each may do
    List(Listing),
    /// Take a token away; it is worth nothing within a second
    Revoke(Revoke),
}

#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct Add {
    /// Who it is for, such as mary-jones: the name by which events and the audit log know them
    #[arg(value_parser = new_subject)]
    pub subject: CallerId,
    /// service-desk, change, officer, operator or committee; may be repeated, or
    /// separated by commas
    #[arg(long = "role", required = true, value_delimiter = ',')]
    pub roles: Vec<Role>,
    /// The councils that it reaches, and shared like a council; or all; may be repeated
    #[arg(long, required = true, value_delimiter = ',')]
    pub councils: Vec<Code>,
    /// Make another where there is one already: the old one is worth nothing then
    #[arg(long)]
    pub new_token: bool,
    /// Write it to a file that only you can read, instead of showing it; one that is there is
    /// replaced with --new-token only
    #[arg(long, value_name = "FILE")]
    pub to_file: Option<PathBuf>,
    #[command(flatten)]
    pub of: Of,
}

const EXAMPLE: &str = "Example: townclerk token add mary-jones --role service-desk --councils \
                       brent,shared";

#[derive(Debug, Args)]
pub struct Listing {
    #[command(flatten)]
    pub of: Of,
}

#[derive(Debug, Args)]
pub struct Revoke {
    /// Whose token, as `townclerk token list` names them
    #[arg(value_parser = subject)]
    pub subject: CallerId,
    #[command(flatten)]
    pub of: Of,
}

/// Whose book of tokens.
#[derive(Debug, Args)]
pub struct Of {
    /// The data directory
    #[arg(long, env = "TOWNCLERK_DATA", default_value = "townclerk-data")]
    pub data: PathBuf,
    #[command(flatten)]
    pub output: Output,
}

fn subject(text: &str) -> Result<CallerId, String> {
    CallerId::new(text).map_err(|why| why.to_string())
}

/// A name as it is given out: of one word, so that it is not two on a line of the audit log.
fn new_subject(text: &str) -> Result<CallerId, String> {
    match text.contains(char::is_whitespace) {
        true => Err(format!(
            "{text:?} has a space: write a name of one word, such as mary-jones"
        )),
        false => subject(text),
    }
}

pub async fn token(options: Token) -> anyhow::Result<Outcome> {
    match options {
        Token::Add(options) => {
            let outcome = or_refused(add(&options).await);
            audit::action(&options.of.data, &described(&options), &outcome);
            outcome
        }
        Token::List(options) => or_refused(list(&options.of)),
        Token::Revoke(options) => {
            let outcome = or_refused(revoke(&options).await);
            let what = format!("token revoke {}", options.subject);
            audit::action(&options.of.data, &what, &outcome);
            outcome
        }
    }
}

/// The command as the audit log keeps it.
fn described(options: &Add) -> String {
    let roles: Vec<&str> = options.roles.iter().map(|role| role.code()).collect();
    let councils: Vec<&str> = options.councils.iter().map(Code::as_str).collect();
    format!(
        "token add {} --role {} --councils {}",
        options.subject,
        roles.join(","),
        councils.join(",")
    )
}

async fn add(options: &Add) -> anyhow::Result<Outcome> {
    let data = &options.of.data;
    let caller = Caller {
        subject: options.subject.clone(),
        roles: options.roles.iter().copied().collect(),
        councils: reached(&options.councils)?,
        system: None,
    };
    if let Some(file) = &options.to_file {
        may_be_written(file, options.new_token)?;
    }
    let token = issue_token(data, &caller, options.new_token).await?;
    if let Some(file) = &options.to_file {
        private_file::write(file, token.as_bytes()).with_context(|| {
            format!(
                "the token was made, but cannot be written to {}; make another with --new-token",
                file.display()
            )
        })?;
    }
    let shown = options.to_file.is_none().then_some(&token);
    let report = json!({
        "subject": caller.subject,
        "roles": caller.roles,
        "councils": caller.councils,
        "token": shown,
        "file": options.to_file,
    });
    if show::for_programs(options.of.output, &report)? {
        return Ok(Outcome::Good);
    }
    match (&options.to_file, shown) {
        (Some(file), _) => show::line(format!("the token is in {}", file.display())),
        (None, Some(token)) => show::line(format!("token  {token}   (shown this once)")),
        (None, None) => {}
    }
    Ok(Outcome::Good)
}

/// What is in the file may be a token that is still good, and kept nowhere else.
fn may_be_written(file: &Path, new_token: bool) -> Result<(), WrongUsage> {
    if new_token || file.symlink_metadata().is_err() {
        return Ok(());
    }
    Err(WrongUsage(format!(
        "{} is there already, and no token was made: name another file, or add --new-token to \
         replace both the file and the token",
        file.display()
    )))
}

fn list(of: &Of) -> anyhow::Result<Outcome> {
    let callers = tokens(&of.data)?;
    if of.output.is_json() {
        let entries: Vec<_> = callers
            .iter()
            .map(|caller| {
                json!({
                    "subject": caller.subject,
                    "roles": caller.roles,
                    "councils": caller.councils,
                    "system": caller.system,
                })
            })
            .collect();
        show::json(&entries)?;
        return Ok(Outcome::Good);
    }
    let rows = callers.into_iter().map(|caller| {
        let roles: Vec<&str> = caller.roles.iter().map(|role| role.code()).collect();
        vec![
            caller.subject.to_string(),
            roles.join(", "),
            caller.councils.to_string(),
            caller
                .system
                .map_or("–".to_owned(), |code| code.to_string()),
        ]
    });
    show::table(
        of.output,
        &["who", "roles", "councils", "partner's tool"],
        rows,
    );
    Ok(Outcome::Good)
}

async fn revoke(options: &Revoke) -> anyhow::Result<Outcome> {
    revoke_token(&options.of.data, &options.subject).await?;
    let report = json!({"subject": options.subject, "revoked": true});
    if !show::for_programs(options.of.output, &report)? {
        show::line(format!("{}: has no token any more", options.subject));
    }
    Ok(Outcome::Good)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_may_hold_the_only_copy_of_a_token_is_not_replaced_unasked() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("f1");
        may_be_written(&file, false).unwrap();
        private_file::write(&file, "tc_0123").unwrap();
        let refused = may_be_written(&file, false).unwrap_err().to_string();
        assert!(refused.contains("f1 is there already"), "{refused}");
        assert!(refused.contains("--new-token"), "{refused}");
        may_be_written(&file, true).unwrap();
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(dir.path().join("nowhere"), &link).unwrap();
        assert!(may_be_written(&link, false).is_err(), "a link is there too");
    }

    #[test]
    fn a_new_name_is_one_word_and_an_older_one_can_still_be_taken_away() {
        let refused = new_subject("bad name").unwrap_err();
        assert!(refused.contains("\"bad name\" has a space"), "{refused}");
        assert!(new_subject("mary-jones").is_ok());
        assert!(subject("bad name").is_ok());
    }
}
