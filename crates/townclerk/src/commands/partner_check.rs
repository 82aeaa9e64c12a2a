//! `townclerk partner check`: what is wrong in a feed, before anything is sent.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use townclerk_domain::names::Code;

use super::show::Output;
use super::{Outcome, show};
use crate::check::{Expectations, Report, check};

/// How much of a file is read at a time.
const READ_BYTES: usize = 256 * 1024;

#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct Arguments {
    /// A file of facts as they would be sent: one a line, one JSON array, or one fact over several
    /// lines; - for the standard input
    pub file: PathBuf,
    /// The council that every fact must name; else that of the first
    #[arg(long)]
    pub council: Option<Code>,
    /// The system that every fact must name; else that of the first
    #[arg(long)]
    pub system: Option<Code>,
    /// The feed continues earlier ones: records may have begun before it
    #[arg(long)]
    pub continues: bool,
    /// After how many days an open ticket that was never on hold is remarkable
    #[arg(long, default_value_t = 5)]
    pub open_days: u32,
    /// How many findings of each kind to show; all are counted
    #[arg(long, default_value_t = 20)]
    pub show: usize,
    #[command(flatten)]
    pub output: Output,
}

const EXAMPLE: &str = "Example: townclerk partner check feed.ndjson --council brent --system hornbill
Ends with 0 if there are no errors (warnings may be), 4 if there are, 1 if the file cannot be read.";

pub async fn partner_check(arguments: Arguments) -> anyhow::Result<Outcome> {
    let output = arguments.output;
    // Reading and deciding keep a thread busy for as long as the file is.
    let report = tokio::task::spawn_blocking(move || checked(&arguments))
        .await
        .context("the check ended unexpectedly")??;
    if !show::for_programs(output, &report.json())? {
        report.lines().iter().for_each(show::line);
    }
    Ok(match report.has_errors() {
        true => Outcome::Differences,
        false => Outcome::Good,
    })
}

fn checked(arguments: &Arguments) -> anyhow::Result<Report> {
    let expectations = Expectations {
        council: arguments.council.clone(),
        system: arguments.system.clone(),
        continues: arguments.continues,
        open_days: arguments.open_days,
        told_of_each: arguments.show,
        now: townclerk_app::clock::system()(),
    };
    let file = &arguments.file;
    let report = match file.as_os_str() == "-" {
        true => check(io::stdin().lock(), &expectations),
        false => File::open(file)
            .and_then(|feed| check(BufReader::with_capacity(READ_BYTES, feed), &expectations)),
    };
    report.with_context(|| format!("cannot read {}", file.display()))
}
