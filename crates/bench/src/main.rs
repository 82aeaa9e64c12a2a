//! Measures Townclerk beside its bare parts, in one run on one machine: `cargo xtask bench`.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool: the table goes to stdout, progress to stderr"
)]

mod bare;
mod commands;
mod connection;
mod figures;
mod importing;
mod machine;
mod rebuild;
mod report;
mod sample;
mod servers;
mod service_clock;
mod town;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context;
use clap::Parser;
use mimalloc::MiMalloc;
use townclerk_contract::envelope::Message;
use townclerk_contract::subject::subject_of;
use townclerk_domain::identity::{AggregateId, AggregateKind, EventId};
use townclerk_domain::names::LogName;
use townclerk_sample_history::volume;
use uuid::Uuid;

use machine::Machine;
use report::{Line, Report};
use servers::Places;
use town::{Loaded, SEED, Town};

/// What Townclerk has, so that the bare numbers have it too.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[derive(Parser)]
#[command(
    name = "cargo xtask bench",
    about = "Measures Townclerk beside its bare parts."
)]
struct Arguments {
    /// Events of the history that everything is measured on
    #[arg(long, default_value_t = 1_000_000)]
    events: u64,
    /// Only these lines, such as a,f
    #[arg(long, value_delimiter = ',')]
    only: Vec<char>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Put the table into this document, between its marks
    #[arg(long)]
    write: Option<PathBuf>,
    /// The executable to measure
    #[arg(long)]
    townclerk: PathBuf,
    #[arg(long, env = "TOWNCLERK_NATS_SERVER")]
    nats_server: PathBuf,
    /// Where to make the throw-away folder; it lies on the disk that is measured
    #[arg(long)]
    dir: Option<PathBuf>,
}

/// The table of a document stands between these.
const BEGIN: &str = "<!-- measured: begin -->";
const END: &str = "<!-- measured: end -->";

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn progress(what: impl std::fmt::Display) {
    eprintln!("{what}");
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let began = Instant::now();
    let mut builder = tempfile::Builder::new();
    builder.prefix("townclerk-bench-");
    let folder = match &arguments.dir {
        Some(dir) => builder.tempdir_in(dir),
        None => builder.tempdir(),
    }?;
    let places = Places {
        townclerk: arguments.townclerk.clone(),
        nats_server: arguments.nats_server.clone(),
        folder: folder.path().to_owned(),
    };
    let machine = Machine::look(folder.path(), &places.townclerk, &places.nats_server)?;
    progress(format_args!("{machine}"));
    let wanted = Wanted(arguments.only.iter().copied().collect());
    let lines = measure(&arguments, &places, &wanted).await?;
    let report = Report {
        machine,
        events: arguments.events,
        seconds: began.elapsed().as_secs(),
        lines,
    };
    match arguments.json {
        true => println!("{}", serde_json::to_string_pretty(&report)?),
        false => print!("{}", report.text()),
    }
    if let Some(path) = &arguments.write {
        write(path, &report.markdown())?;
    }
    Ok(())
}

/// The letters of the lines that are asked for; all where none is named.
struct Wanted(BTreeSet<char>);

impl Wanted {
    fn any(&self, letters: &str) -> bool {
        self.0.is_empty() || letters.chars().any(|letter| self.0.contains(&letter))
    }

    fn only(&self, lines: Vec<Line>) -> impl Iterator<Item = Line> {
        lines
            .into_iter()
            .filter(|line| self.any(&line.letter.to_string()))
    }
}

async fn measure(
    arguments: &Arguments,
    places: &Places,
    wanted: &Wanted,
) -> anyhow::Result<Vec<Line>> {
    let mut lines = Vec::new();
    let mut messages = new_tickets()?;
    if wanted.any("e") {
        progress("e: importing");
        lines.extend(importing::lines(places, arguments.events).await?);
    }
    if wanted.any("h") {
        progress("h: the service clock");
        lines.extend(service_clock::lines()?);
    }
    if wanted.any("abcdfg") {
        let data = places.folder_for("town")?;
        progress(format_args!(
            "telling and storing {} events",
            arguments.events
        ));
        let loaded = town::load(places, &data, arguments.events).await?;
        progress(format_args!(
            "{} aggregates; making the views",
            loaded.aggregates
        ));
        let began = Instant::now();
        let town = Town::start(places, &data).await?;
        progress(format_args!("ready after {} s", began.elapsed().as_secs()));
        let measured = of_town(&town, &loaded, places, &data, wanted, &mut messages).await;
        let stopped = town.stop().await;
        lines.extend(measured?);
        stopped?;
    }
    lines.sort_by_key(|line| line.letter);
    Ok(lines)
}

async fn of_town(
    town: &Town,
    loaded: &Loaded,
    places: &Places,
    data: &Path,
    wanted: &Wanted,
    messages: &mut impl Iterator<Item = Message>,
) -> anyhow::Result<Vec<Line>> {
    let mut lines = Vec::new();
    if wanted.any("af") {
        progress("a, f: rebuilding, and reading alone");
        lines.extend(wanted.only(rebuild::lines(town, loaded).await?));
    }
    if wanted.any("g") {
        lines.extend(rebuild::sizes(data, loaded)?);
    }
    if wanted.any("d") {
        progress("d: reading figures");
        lines.extend(figures::queries(town).await?);
    }
    if wanted.any("c") {
        progress("c: from command to figure");
        lines.extend(figures::readable(town, places, messages).await?);
    }
    if wanted.any("b") {
        progress("b: commands, and publishing alone");
        lines.extend(commands::lines(town, places, messages).await?);
    }
    Ok(lines)
}

/// Messages as large as those of the record, each on a subject of its own: made from one, so that
/// making them takes no time from what is measured.
fn new_tickets() -> anyhow::Result<impl Iterator<Item = Message>> {
    let home = LogName::new("brent")?;
    let mut told = volume(SEED, 1_000)?;
    let model = told.find_map(|told| {
        let (log, message) = told.ok()?;
        (log == home && message.payload.len() >= MODEL_BYTES).then_some(message)
    });
    let payload = model.context("the history has no such message")?.payload;
    Ok((1..).map(move |number| {
        let id = Uuid::from_u128(number);
        let aggregate = AggregateId {
            kind: AggregateKind::Ticket,
            id,
        };
        Message {
            subject: subject_of(&home, aggregate),
            id: EventId(id),
            payload: payload.clone(),
        }
    }))
}

/// The average size of an event of the record.
const MODEL_BYTES: usize = 640;

/// Replaces what stands between the marks of a document.
fn write(path: &Path, table: &str) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(path);
    let text = text.with_context(|| format!("cannot read {}", path.display()))?;
    let marks = || format!("{} lacks the marks {BEGIN} and {END}", path.display());
    let (before, rest) = text.split_once(BEGIN).with_context(marks)?;
    let (_, after) = rest.split_once(END).with_context(marks)?;
    let whole = format!("{before}{BEGIN}\n\n{table}\n{END}{after}");
    std::fs::write(path, whole).with_context(|| format!("cannot write {}", path.display()))
}
