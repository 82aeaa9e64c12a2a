//! `townclerk audit`, and how operators' actions on the command line come into the audit log.

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use jiff::Timestamp;
use townclerk_app::audit::{AuditEntry, AuditFile};
use townclerk_app::private_file;
use townclerk_domain::plain_text::on_one_line;

use super::show::{Format, Output};
use super::{Outcome, show};
use crate::town::Town;

#[derive(Debug, Args)]
pub struct Audit {
    /// The data directory
    #[arg(long, env = "TOWNCLERK_DATA", default_value = "townclerk-data")]
    pub data: PathBuf,
    /// Only what was at this time or later, such as 2026-11-20T09:00:00Z
    #[arg(long, value_name = "TIME", value_parser = townclerk_domain::instant::parse)]
    pub since: Option<Timestamp>,
    #[command(flatten)]
    pub output: Output,
}

/// How the audit log calls what was done on the command line.
const COMMAND: &str = "command";

/// Shows the audit log, the oldest line first.
pub fn audit(options: &Audit) -> anyhow::Result<Outcome> {
    let data = options.data.display();
    let files = AuditFile::in_folder(&options.data).files();
    let files = files.with_context(|| format!("cannot look into {data}"))?;
    if files.is_empty() {
        bail!("there is no audit log in {data} (--data)");
    }
    private_file::look_at_folder(&options.data).context("cannot use the data directory")?;
    for path in files {
        match print(&path, options) {
            // Its reader has read enough.
            Err(error) if is_broken_pipe(&error) => break,
            printed => printed.with_context(|| format!("cannot read {}", path.display()))?,
        }
    }
    Ok(Outcome::Good)
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<std::io::Error>();
    error.is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

fn print(path: &Path, options: &Audit) -> anyhow::Result<()> {
    let file = match File::open(path) {
        // Turned over since it was listed: what it held is in the next one by now.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        opened => opened?,
    };
    for (number, line) in (1..).zip(BufReader::new(file).lines()) {
        let line = line?;
        let Ok(entry) = serde_json::from_str::<AuditEntry>(&line) else {
            let path = path.display();
            show::note(format!("{path}:{number} is no line of an audit log"));
            continue;
        };
        if options.since.is_some_and(|since| entry.time < since) {
            continue;
        }
        match options.output.format() {
            // As it is kept.
            Format::Json => show::line_at_once(&line)?,
            Format::Tsv => show::line_at_once(&show::tsv(&columns(&entry)))?,
            Format::Table => show::line_at_once(&text(&entry))?,
        }
    }
    Ok(())
}

/// Time, who, status, outcome, method, path.
fn columns(entry: &AuditEntry) -> [String; 6] {
    [
        entry.time.to_string(),
        entry.subject.clone(),
        entry
            .status
            .map_or_else(String::new, |status| status.to_string()),
        entry.outcome.clone(),
        entry.method.clone(),
        entry.path.clone(),
    ]
}

fn text(entry: &AuditEntry) -> String {
    let AuditEntry {
        time,
        subject,
        method,
        path,
        status,
        outcome,
        address,
    } = entry;
    let status = status.map_or("–".to_owned(), |status| status.to_string());
    let address = address.map_or("–".to_owned(), |address| address.to_string());
    let text =
        format!("{time:.0}  {subject:20} {address:15} {status:4} {outcome:10} {method} {path}");
    // One line each, whatever others sent.
    on_one_line(&text).into_owned()
}

/// Puts what an operator did on the command line into the audit log of a data directory.
pub(super) fn action(data: &Path, what: &str, outcome: &anyhow::Result<Outcome>) {
    match is_kept(data) {
        true => put(data, what, ended(outcome)),
        false => not_kept(data, what, outcome),
    }
}

/// An action that takes its time: it stands in the audit log as soon as it begins, so also where it
/// is killed.
#[must_use]
pub(super) struct Action {
    data: PathBuf,
    kept: bool,
    what: String,
}

impl Action {
    pub fn begin(data: &Path, what: String) -> Self {
        let (data, kept) = (data.to_owned(), is_kept(data));
        if kept {
            put(&data, &what, "begun".to_owned());
        }
        Self { data, kept, what }
    }

    pub fn end(self, outcome: &anyhow::Result<Outcome>) {
        match self.kept {
            true => put(&self.data, &self.what, ended(outcome)),
            false => not_kept(&self.data, &self.what, outcome),
        }
    }
}

/// Whether there is a Townclerk to keep an audit log of.
fn is_kept(data: &Path) -> bool {
    Town::file(data).is_file()
}

/// Says that what was done is in no audit log. What was not done need not be.
fn not_kept(data: &Path, what: &str, outcome: &anyhow::Result<Outcome>) {
    if let Some(said) = unkept(data, what, outcome) {
        show::note(said);
    }
}

fn unkept(data: &Path, what: &str, outcome: &anyhow::Result<Outcome>) -> Option<String> {
    let data = data.display();
    match outcome {
        Ok(Outcome::Good | Outcome::Differences) => Some(format!(
            "\"{what}\" is kept in no audit log: {data} holds no Townclerk (--data)"
        )),
        Ok(Outcome::Refused) | Err(_) => None,
    }
}

fn ended(outcome: &anyhow::Result<Outcome>) -> String {
    match outcome {
        Ok(Outcome::Good) => "done".to_owned(),
        Ok(Outcome::Differences) => "differences".to_owned(),
        Ok(Outcome::Refused) => "refused".to_owned(),
        Err(error) => format!("failed: {error:#}"),
    }
}

/// Writes one line. One that cannot be written is said, and the action stands.
fn put(data: &Path, what: &str, outcome: String) {
    let entry = AuditEntry {
        time: Timestamp::now(),
        subject: format!("uid {}", rustix::process::getuid().as_raw()),
        method: COMMAND.to_owned(),
        path: what.to_owned(),
        status: None,
        outcome,
        address: None,
    };
    let written = serde_json::to_vec(&entry).map_err(std::io::Error::from);
    let written = written.and_then(|mut line| {
        line.push(b'\n');
        AuditFile::in_folder(data).append(&line)
    });
    if let Err(error) = written {
        let data = data.display();
        show::note(format!(
            "the audit log in {data} could not be written: {error}"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder that holds a Townclerk.
    fn folder() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        Town::default().save(dir.path()).unwrap();
        dir
    }

    #[test]
    fn what_was_done_on_the_command_line_stands_in_the_audit_log() {
        let dir = folder();
        action(dir.path(), "partner add hornbill", &Ok(Outcome::Good));
        let failed = Err(anyhow::anyhow!("no such council"));
        action(dir.path(), "partner add glpi", &failed);
        let file = dir.path().join("audit.ndjson");
        let text = std::fs::read_to_string(file).unwrap();
        let entries: Vec<AuditEntry> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let said: Vec<(&str, &str)> = entries
            .iter()
            .map(|entry| (entry.path.as_str(), entry.outcome.as_str()))
            .collect();
        let expected = [
            ("partner add hornbill", "done"),
            ("partner add glpi", "failed: no such council"),
        ];
        assert_eq!(said, expected);
        assert!(entries.iter().all(|entry| entry.method == COMMAND));
    }

    #[test]
    fn what_takes_its_time_stands_there_from_its_begin() {
        let dir = folder();
        let outcomes = || -> Vec<String> {
            let text = std::fs::read_to_string(dir.path().join("audit.ndjson")).unwrap();
            let entries = text.lines().map(serde_json::from_str::<AuditEntry>);
            entries.map(|entry| entry.unwrap().outcome).collect()
        };
        let action = Action::begin(dir.path(), "history import out".to_owned());
        assert_eq!(outcomes(), ["begun"]);
        action.end(&Ok(Outcome::Refused));
        assert_eq!(outcomes(), ["begun", "refused"]);
    }

    #[test]
    fn without_a_data_directory_nothing_is_kept_or_made() {
        let dir = tempfile::tempdir().unwrap();
        let absent = dir.path().join("absent");
        assert!(!is_kept(&absent));
        Action::begin(&absent, "history export".to_owned()).end(&Ok(Outcome::Good));
        assert!(!absent.exists());
        assert!(!is_kept(dir.path()), "nor in any folder");
    }

    #[test]
    fn that_no_audit_log_is_kept_is_said_of_what_was_done_alone() {
        let folder = Path::new("nowhere");
        let said = unkept(folder, "history export", &Ok(Outcome::Good));
        assert!(said.unwrap().contains("nowhere holds no Townclerk"));
        for undone in [Ok(Outcome::Refused), Err(anyhow::anyhow!("no Townclerk"))] {
            assert_eq!(unkept(folder, "history export", &undone), None);
        }
    }

    #[test]
    fn a_folder_without_an_audit_log_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let options = |data: &Path| Audit {
            data: data.to_owned(),
            since: None,
            output: Output::default(),
        };
        let none = audit(&options(dir.path())).map(|_| ()).unwrap_err();
        assert!(none.to_string().contains("there is no audit log"), "{none}");
        let absent = dir.path().join("absent");
        assert!(audit(&options(&absent)).is_err());
    }

    #[test]
    fn a_line_for_people_has_everything_and_steers_no_terminal() {
        let entry = AuditEntry {
            time: "2026-11-20T09:15:00.25Z".parse().unwrap(),
            subject: "unknown token".to_owned(),
            method: "GET".to_owned(),
            path: "/v1/\u{1b}[2J".to_owned(),
            status: Some(401),
            outcome: "refused".to_owned(),
            address: Some("192.0.2.7".parse().unwrap()),
        };
        let text = text(&entry);
        for part in [
            "2026-11-20T09:15:00Z",
            "unknown token",
            "192.0.2.7",
            "401",
            "refused",
            "GET /v1/",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains(char::is_control), "{text:?}");
    }
}
