//! `townclerk history`: logs into files, files checked, files into logs.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};
use townclerk_domain::names::LogName;
use townclerk_event_log::EventLog;
use townclerk_event_log::jetstream::Role;

use super::audit::Action;
use super::show::Output;
use super::{Outcome, show};
use crate::history::{
    self, Comparison, Exported, Fault, LogEnds, LogFile, Manifest, PublicKey, SignedManifest,
    SigningKey,
};
use crate::system::{Opened, Reach};

mod check;
mod key;
mod report;
mod trust;
use check::{Check, checked};
use key::Key;
use report::{ExportReport, LogReport, Report};

#[derive(Debug, Subcommand)]
pub enum History {
    /// Write logs into a folder: a file of lines for each, and a signed manifest
    Export(Export),
    /// Read an exported folder, and name the first wrong line of each file
    Check(Check),
    /// Continue logs with an exported folder; repeat it after an interruption
    Import(Import),
    /// Print the public key by which exports of this installation are known
    Key(Key),
}

#[derive(Debug, Args)]
#[command(after_help = "Example: townclerk history export --out brent-2026 --logs brent")]
pub struct Export {
    /// The folder to write into; made if absent, refused if it is not empty
    #[arg(long)]
    pub out: PathBuf,
    /// Only these logs; may be repeated
    #[arg(long, value_delimiter = ',')]
    pub logs: Vec<LogName>,
    #[command(flatten)]
    pub reach: Reach,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Args)]
#[command(after_help = IMPORT_HELP)]
pub struct Import {
    /// The exported folder
    pub folder: PathBuf,
    /// Only these logs; may be repeated
    #[arg(long, value_delimiter = ',')]
    pub logs: Vec<LogName>,
    /// Who must have signed it, if not this installation: a public key, or a file that holds one
    #[arg(long, value_name = "KEY|FILE", value_parser = PublicKey::given)]
    pub key: Option<PublicKey>,
    /// Take an export that nobody signed
    #[arg(long, conflicts_with = "key")]
    pub unsigned: bool,
    #[command(flatten)]
    pub reach: Reach,
    #[command(flatten)]
    pub output: Output,
}

const IMPORT_HELP: &str = "A log is imported if it is empty or holds the beginning of the file, byte for byte. Files and \
     logs are all looked at before anything is appended: what does not fit is refused with 3.";

pub async fn history(options: History) -> anyhow::Result<Outcome> {
    townclerk_app::telemetry::start(false);
    match options {
        History::Export(options) => {
            let what = format!("history export --out {}", options.out.display());
            let action = Action::begin(&options.reach.data, with_logs(what, &options.logs));
            let outcome = export(options).await;
            action.end(&outcome);
            outcome
        }
        History::Check(options) => check::check(options).await,
        History::Import(options) => {
            // Read first, so that the audit log has from the begin who signed it.
            let read = Manifest::read(&options.folder);
            let what = format!("history import {}", options.folder.display());
            let what = with_signer(with_logs(what, &options.logs), &read);
            let action = Action::begin(&options.reach.data, what);
            let outcome = import(options, read).await;
            action.end(&outcome);
            outcome
        }
        History::Key(options) => key::key(&options).await,
    }
}

/// What is done, with the logs to which it is confined.
fn with_logs(what: String, logs: &[LogName]) -> String {
    if logs.is_empty() {
        return what;
    }
    let logs: Vec<&str> = logs.iter().map(LogName::as_str).collect();
    format!("{what} --logs {}", logs.join(","))
}

/// What was read of a folder.
type Read = anyhow::Result<Result<SignedManifest, Fault>>;

/// What is done, with who signed what it is done with.
fn with_signer(what: String, read: &Read) -> String {
    match read {
        Ok(Ok(read)) => format!("{what} ({})", trust::signed(&read.signed)),
        Ok(Err(_)) | Err(_) => what,
    }
}

async fn export(options: Export) -> anyhow::Result<Outcome> {
    let opened = Opened::on(&options.reach).await?;
    let exported = export_from(&opened, &options).await;
    opened.close().await?;
    match exported? {
        Ok(exported) => {
            show_exported(&exported, &options)?;
            Ok(Outcome::Good)
        }
        Err(why) => refuse(&Report::refused(why), options.output),
    }
}

/// What was written, or why it is refused.
async fn export_from(
    opened: &Opened,
    options: &Export,
) -> anyhow::Result<Result<ExportReport, String>> {
    let names = match chosen(&options.logs, &opened.names) {
        Ok(names) => names,
        Err(why) => return Ok(Err(why)),
    };
    // What can fail without it comes before the folder.
    let key = SigningKey::of_or_made(&options.reach.data).await?;
    let readers = opened.logs.open(&names, Role::Reader).await?;
    let mut export = match history::export(&options.out)? {
        Ok(export) => export,
        Err(refusal) => return Ok(Err(refusal.to_string())),
    };
    let began = townclerk_app::clock::system()();
    if let Err(error) = write_logs(&mut export, &readers).await {
        if let Err(left) = export.take_back() {
            tracing::warn!(error = format!("{left:#}"), "a part of the export is left");
        }
        return Err(error);
    }
    Ok(Ok(ExportReport {
        manifest: export.finish(began.to_string(), &opened.names, Some(&key))?,
        signed_by: key.public(),
    }))
}

async fn write_logs(export: &mut Exported, readers: &[Arc<dyn EventLog>]) -> anyhow::Result<()> {
    // All heads first: the export is of one moment, as far as several logs have one.
    let mut heads = Vec::with_capacity(readers.len());
    for log in readers {
        heads.push(log.head().await?.sequence);
    }
    for (log, head) in readers.iter().zip(heads) {
        let bar = show::bar(&format!("exporting {}", log.name()), head);
        export
            .log(&**log, head, |done| bar.set_position(done))
            .await?;
        show::finish(&bar);
    }
    Ok(())
}

fn show_exported(exported: &ExportReport, options: &Export) -> anyhow::Result<()> {
    if options.output.is_json() {
        return show::json(exported);
    }
    let ExportReport {
        manifest,
        signed_by,
    } = exported;
    let headers = ["log", "messages", "bytes", "chain"];
    let rows = manifest.logs.iter().map(|entry| {
        let LogFile {
            log,
            messages,
            bytes,
            head,
            ..
        } = entry;
        vec![
            log.to_string(),
            messages.to_string(),
            bytes.to_string(),
            head.clone(),
        ]
    });
    show::table(options.output, &headers, rows);
    show::beside(
        options.output,
        format!(
            "Exported into {}, signed by {signed_by}",
            options.out.display()
        ),
    );
    Ok(())
}

async fn import(options: Import, read: Read) -> anyhow::Result<Outcome> {
    let SignedManifest { manifest, signed } = match read? {
        Ok(read) => read,
        Err(fault) => return refuse(&Report::faulty(vec![fault]), options.output),
    };
    let own = SigningKey::of(&options.reach.data)?;
    let own = own.as_ref().map(SigningKey::public);
    if let Err(why) = trust::admit(&signed, own.as_ref(), &options) {
        return refuse(&Report::refused(why).signed(&signed), options.output);
    }
    let held: Vec<LogName> = manifest
        .logs
        .iter()
        .map(|entry| entry.log.clone())
        .collect();
    let names = match chosen(&options.logs, &held) {
        Ok(names) => names,
        Err(why) => return refuse(&Report::refused(why), options.output),
    };
    let entries = names.iter().filter_map(|name| manifest.log(name).cloned());
    let entries: Vec<LogFile> = entries.collect();
    let checked = checked(&options.folder, &entries).await?;
    if !checked.ok {
        let report = Report::faulty(checked.faults).signed(&signed);
        return refuse(&report, options.output);
    }
    let opened = Opened::on(&options.reach).await?;
    let imported = import_into(&opened, &options.folder, &entries).await;
    let closed = opened.close().await;
    // What was appended stands, so it is said first, whatever failed after it.
    let (report, failure) = imported?;
    let report = report.signed(&signed);
    report.show(options.output)?;
    if let Some(error) = failure {
        return Err(error);
    }
    closed?;
    Ok(match report.ok {
        true => Outcome::Good,
        false => Outcome::Refused,
    })
}

/// What became of each log, and the failure that ended an import in the middle.
type Ended = (Report, Option<anyhow::Error>);

async fn import_into(opened: &Opened, folder: &Path, entries: &[LogFile]) -> anyhow::Result<Ended> {
    let names: Vec<LogName> = entries.iter().map(|entry| entry.log.clone()).collect();
    let absent: Vec<&str> = names
        .iter()
        .filter(|name| !opened.names.contains(name))
        .map(LogName::as_str)
        .collect();
    if !absent.is_empty() {
        let why = format!(
            "there is no log {}: add the council first with `townclerk council add --without-membership` (a membership recorded here would be one that the history does not have, and `shared` could not be imported any more), or with `townclerk up --councils` at the first start; or name with --logs what is to be imported",
            absent.join(", ")
        );
        return Ok((Report::refused(why), None));
    }
    let readers = opened.logs.open(&names, Role::Reader).await?;
    let writers = opened.logs.open(&names, Role::Writer).await?;
    let ends = readers
        .into_iter()
        .zip(writers)
        .map(|(reader, writer)| LogEnds { reader, writer });
    let logs = entries.iter().zip(ends).collect();
    let (fitting, refused) = compare_all(folder, logs).await?;
    if refused.is_empty() {
        return Ok(import_all(fitting).await);
    }
    let mut logs = refused;
    logs.extend(
        fitting
            .iter()
            .map(|(entry, comparison)| LogReport::left_as_it_is(entry, comparison)),
    );
    close_all(fitting).await?;
    Ok((Report::of(logs), None))
}

/// The logs that hold the beginning of their file.
type Fitting<'a> = Vec<(&'a LogFile, Comparison)>;

/// Compares every log with its file: those that fit, and what is said of those that do not.
async fn compare_all<'a>(
    folder: &Path,
    logs: Vec<(&'a LogFile, LogEnds)>,
) -> anyhow::Result<(Fitting<'a>, Vec<LogReport>)> {
    let mut fitting = Vec::with_capacity(logs.len());
    let mut refused = Vec::new();
    for (entry, ends) in logs {
        let bar = show::bar(&format!("comparing {}", entry.log), entry.messages);
        let compared = history::compare(folder, entry, ends, |done| bar.set_position(done)).await;
        bar.finish_and_clear();
        match compared {
            Ok(Ok(comparison)) => fitting.push((entry, comparison)),
            Ok(Err(refusal)) => refused.push(LogReport::refused(entry, &refusal)),
            Err(error) => {
                close_all(fitting).await?;
                return Err(error);
            }
        }
    }
    Ok((fitting, refused))
}

/// Imports log after log, to the first that fails.
async fn import_all(fitting: Fitting<'_>) -> Ended {
    let mut logs = Vec::with_capacity(fitting.len());
    let mut waiting = fitting.into_iter();
    while let Some((entry, comparison)) = waiting.next() {
        let bar = show::bar(&format!("importing {}", entry.log), entry.messages);
        bar.set_position(comparison.held());
        bar.reset_eta();
        let (held, mut reached) = (comparison.held(), comparison.held());
        let progress = |done| {
            reached = done;
            bar.set_position(done);
        };
        match comparison.import(progress).await {
            Ok(Ok(imported)) => {
                show::finish(&bar);
                logs.push(LogReport::imported(entry, imported));
            }
            Ok(Err(refusal)) => {
                bar.abandon();
                logs.push(LogReport::refused_at(entry, held, &refusal));
            }
            Err(error) => {
                bar.abandon();
                logs.push(LogReport::failed(entry, held, reached, &error));
                let rest: Fitting<'_> = waiting.collect();
                let left = rest.iter();
                logs.extend(left.map(|(entry, held)| LogReport::left_as_it_is(entry, held)));
                if let Err(also) = close_all(rest).await {
                    tracing::warn!(error = format!("{also:#}"), "a file could not be closed");
                }
                let error = error.context(format!("the import into {} failed", entry.log));
                return (Report::of(logs), Some(error));
            }
        }
    }
    (Report::of(logs), None)
}

async fn close_all(fitting: Fitting<'_>) -> anyhow::Result<()> {
    for (_, comparison) in fitting {
        comparison.close().await?;
    }
    Ok(())
}

/// The named ones of those that there are; all, where none is named.
fn chosen(named: &[LogName], there: &[LogName]) -> Result<Vec<LogName>, String> {
    if named.is_empty() {
        return Ok(there.to_vec());
    }
    let mut names = named.to_vec();
    names.sort();
    names.dedup();
    match names.iter().find(|name| !there.contains(name)) {
        None => Ok(names),
        Some(absent) => {
            let there: Vec<&str> = there.iter().map(LogName::as_str).collect();
            Err(format!(
                "there is no log {absent} here, only {}: name those with --logs, or none for all",
                there.join(", ")
            ))
        }
    }
}

fn refuse(report: &Report, output: Output) -> anyhow::Result<Outcome> {
    report.show(output)?;
    Ok(Outcome::Refused)
}
