//! The nats-server configuration of one server on one data directory: an account for each log,
//! and for each user just the subjects that it needs.
//!
//! *Invariant*: nobody may delete or purge a stream or a message, and only the operator may make
//! or change the stream. Whoever is in an account is still trusted with that log: NATS lets a
//! reader name any subject of its account as the place for an answer.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use townclerk_contract::subject::STREAM;
use townclerk_event_log::jetstream::{Role, inbox_prefix};

use super::account_name;
use super::credentials::{Credentials, SYS_ACCOUNT, SYS_INBOX_PREFIX};

/// What the user of the system account may ask: the server's settings, sync interval included.
pub const VARZ_SUBJECT: &str = "$SYS.REQ.SERVER.PING.VARZ";

/// What differs between servers.
pub(super) struct Settings<'a> {
    pub server_name: &'a str,
    pub port: u16,
    /// nats-server makes the folder `jetstream` in it.
    pub data_dir: &'a Path,
}

/// The data directory's path cannot be written into a configuration.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{path:?} cannot be a data directory of nats-server: its name must be UTF-8 without control characters"
)]
pub struct UnusablePath {
    pub path: PathBuf,
}

pub(super) fn render(
    settings: &Settings<'_>,
    credentials: &Credentials,
) -> Result<String, UnusablePath> {
    let store = quote_path(settings.data_dir)?;
    let name = settings.server_name;
    let port = settings.port;
    let mut text = format!(
        r#"# Written by townclerk at every start: changes made here are lost.
server_name: {name}
host: 127.0.0.1
port: {port}
max_payload: 1MB
jetstream {{
  store_dir: {store}
  sync_interval: always
  # Room is what the disk has: on a full disk the server refuses writes, whatever stands here.
  max_file_store: 1TB
  max_memory_store: 16MB
}}
system_account: {SYS_ACCOUNT}
accounts {{
  {SYS_ACCOUNT} {{
    users: [
"#
    );
    push_user(
        &mut text,
        credentials.sys().public_key(),
        &[VARZ_SUBJECT.to_owned()],
        SYS_INBOX_PREFIX,
    );
    text.push_str("    ]\n  }\n");
    for log in credentials.logs() {
        push_account(&mut text, log, credentials);
    }
    text.push_str("}\n");
    Ok(text)
}

fn push_account(text: &mut String, log: &str, credentials: &Credentials) {
    let account = account_name(log);
    push(
        text,
        format_args!("  {account} {{\n    jetstream: enabled\n    users: [\n"),
    );
    for role in Role::ALL {
        if let Some(user) = credentials.user(log, role) {
            push_user(
                text,
                user.public_key(),
                &may_publish(log, role),
                &inbox_prefix(log, role),
            );
        }
    }
    text.push_str("    ]\n  }\n");
}

fn push_user(text: &mut String, public_key: &str, publish: &[String], inbox: &str) {
    push(
        text,
        format_args!(
            "      {{ nkey: {public_key}, permissions: {{\n        publish: {{ allow: [\n"
        ),
    );
    for subject in publish {
        push(text, format_args!("          \"{subject}\"\n"));
    }
    push(
        text,
        format_args!(
            "        ] }}\n        subscribe: {{ allow: [\"{inbox}.>\"] }}\n      }} }}\n"
        ),
    );
}

/// The subjects that a user may send to. All that is not here is refused.
fn may_publish(log: &str, role: Role) -> Vec<String> {
    let subjects: &[&str] = match role {
        Role::Operator => &[
            "$JS.API.INFO",
            "$JS.API.STREAM.NAMES",
            "$JS.API.STREAM.CREATE.{stream}",
            "$JS.API.STREAM.UPDATE.{stream}",
            "$JS.API.STREAM.INFO.{stream}",
            "$JS.API.STREAM.MSG.GET.{stream}",
        ],
        Role::Writer => &[
            "tc.{log}.>",
            "$JS.API.INFO",
            "$JS.API.STREAM.INFO.{stream}",
            "$JS.API.STREAM.MSG.GET.{stream}",
        ],
        Role::Reader => &[
            "$JS.API.INFO",
            "$JS.API.STREAM.INFO.{stream}",
            "$JS.API.STREAM.MSG.GET.{stream}",
            "$JS.API.CONSUMER.CREATE.{stream}",
            "$JS.API.CONSUMER.CREATE.{stream}.>",
            "$JS.API.CONSUMER.INFO.{stream}.>",
            "$JS.API.CONSUMER.DELETE.{stream}.>",
            "$JS.API.CONSUMER.MSG.NEXT.{stream}.>",
            // An acknowledgement in the old form, and with domain and account before the stream.
            "$JS.ACK.{stream}.>",
            "$JS.ACK.*.*.{stream}.>",
            "$JS.FC.{stream}.>",
        ],
    };
    subjects
        .iter()
        .map(|subject| subject.replace("{log}", log).replace("{stream}", STREAM))
        .collect()
}

fn quote_path(path: &Path) -> Result<String, UnusablePath> {
    let text = path
        .to_str()
        .filter(|text| !text.chars().any(char::is_control))
        .ok_or_else(|| UnusablePath {
            path: path.to_owned(),
        })?;
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    Ok(format!("\"{escaped}\""))
}

fn push(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    let written = text.write_fmt(arguments);
    debug_assert!(written.is_ok(), "a String takes all that is written to it");
}
