//! The nats-server configuration of one server on one data directory. The accounts in it are those
//! of [`super::accounts`].

use std::path::{Path, PathBuf};

use super::accounts::{self, Allowed, push_user};
use super::credentials::{Credentials, SYS_ACCOUNT, SYS_INBOX_PREFIX};
use super::health::HEALTHZ_SUBJECT;

/// What the user of the system account may ask: the server's settings, sync interval included.
pub const VARZ_SUBJECT: &str = "$SYS.REQ.SERVER.PING.VARZ";

/// What differs between servers.
#[derive(Debug)]
pub(super) struct Settings<'a> {
    pub server_name: &'a str,
    pub port: u16,
    /// nats-server makes the folder `jetstream` in it.
    pub data_dir: &'a Path,
    pub log: &'a Path,
}

/// At this size the server puts its log aside, and begins another.
pub(super) const LOG_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Logs that are kept, with the one that is written.
pub(super) const LOGS_KEPT: u32 = 4;

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
    let log = quote_path(settings.log)?;
    let name = settings.server_name;
    let port = settings.port;
    let mut text = format!(
        r#"# Written by townclerk at every start and every change: changes made here are lost.
server_name: {name}
host: 127.0.0.1
port: {port}
max_payload: 1MB
# Who is refused is logged each time: the log is put aside at this size, and so many are kept.
log_file: {log}
logfile_size_limit: {LOG_BYTES_MAX}
logfile_max_num: {LOGS_KEPT}
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
    let allowed = Allowed {
        publish: vec![VARZ_SUBJECT.to_owned(), HEALTHZ_SUBJECT.to_owned()],
        listen: vec![format!("{SYS_INBOX_PREFIX}.>")],
        answers: false,
    };
    push_user(&mut text, credentials.sys().public_key(), &allowed);
    text.push_str("    ]\n  }\n");
    text.push_str(&accounts::render(credentials));
    text.push_str("}\n");
    Ok(text)
}

/// The accounts alone, for the configuration of a server that somebody else runs.
pub(super) fn fragment(credentials: &Credentials) -> String {
    format!(
        "# Written by townclerk at every change: changes made here are lost.\n\
         # Include it between the braces of `accounts`, and reload nats-server afterwards.\n{}",
        accounts::render(credentials)
    )
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
