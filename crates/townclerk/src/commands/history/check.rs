//! `townclerk history check`: an exported folder looked through by itself.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;

use super::report::CheckReport;
use crate::commands::show::Output;
use crate::commands::{Outcome, show};
use crate::history::{self, LogFile, Manifest, PublicKey, SignedManifest};

#[derive(Debug, Args)]
#[command(
    after_help = "Ends with 0 if everything is as it was exported and, with --key, signed by that key; else with 4."
)]
pub struct Check {
    /// The exported folder
    pub folder: PathBuf,
    /// Who must have signed it: a public key, or a file that holds one
    #[arg(long, value_name = "KEY|FILE", value_parser = PublicKey::given)]
    pub key: Option<PublicKey>,
    #[command(flatten)]
    pub output: Output,
}

pub(super) async fn check(options: Check) -> anyhow::Result<Outcome> {
    let SignedManifest { manifest, signed } = match Manifest::read(&options.folder)? {
        Ok(read) => read,
        Err(fault) => {
            CheckReport::faulty(fault).show(options.output)?;
            return Ok(Outcome::Differences);
        }
    };
    let mut report = checked(&options.folder, &manifest.logs).await?;
    report.judge(&signed, options.key.as_ref());
    report.show(options.output)?;
    Ok(match report.ok {
        true => Outcome::Good,
        false => Outcome::Differences,
    })
}

/// Checks the files of some logs, each to its first fault.
pub(super) async fn checked(folder: &Path, entries: &[LogFile]) -> anyhow::Result<CheckReport> {
    let mut report = CheckReport::default();
    for entry in entries {
        let bar = show::bar(&format!("checking {}", entry.log), entry.messages);
        let (heard, folder, file) = (bar.clone(), folder.to_owned(), entry.clone());
        let check = move || history::check(&folder, &file, |done| heard.set_position(done));
        let found = tokio::task::spawn_blocking(check)
            .await
            .context("the check broke down")?
            .with_context(|| format!("cannot read {}", entry.file))?;
        match found {
            Ok(()) => {
                show::finish(&bar);
                report.right.push(entry.clone());
            }
            Err(fault) => {
                bar.abandon();
                report.faults.push(fault);
            }
        }
    }
    report.ok = report.faults.is_empty();
    Ok(report)
}
