//! Formatting, clippy, what else judges the sources, and all tests, in that order; the first that
//! fails stops.

use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

use crate::tally::Tally;
use crate::{asyncapi, partner_recipe, setup, workspace};

#[derive(clap::Args)]
pub struct Arguments {
    /// Also run what is slow.
    #[arg(long)]
    all: bool,
}

const TESTS: &str = "tests";

struct Step {
    name: &'static str,
    command: Command,
}

/// Runs the steps. Ends with how long each took and, on the last line, how many tests ran.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let begin = Instant::now();
    let nats_server = setup::nats_server()?;
    let reading = match arguments.all {
        true => Some(asyncapi::reading()?),
        false => {
            eprintln!("left out without --all: reading proto/asyncapi.yaml with its parser");
            None
        }
    };
    let python = match arguments.all {
        true => Some(partner_recipe::python()?),
        false => {
            eprintln!("left out without --all: running the recipe for partners");
            None
        }
    };
    let mut took = vec![("setup", begin.elapsed())];
    let mut tally = Tally::default();
    let mut outcome = Ok(());
    for step in steps(&nats_server, reading, python.as_deref()) {
        eprintln!("--- {}", step.name);
        let begin = Instant::now();
        outcome = perform(step.command, &mut tally)
            .with_context(|| format!("the step `{}` failed", step.name));
        took.push((step.name, begin.elapsed()));
        if outcome.is_err() {
            break;
        }
    }
    report(&took, &tally);
    outcome
}

/// `reading` is what only `--all` runs before the tests.
fn steps(nats_server: &Path, reading: Option<Command>, python: Option<&Path>) -> Vec<Step> {
    let mut format = workspace::cargo();
    format.args(["fmt", "--all", "--check"]);
    let mut clippy = workspace::cargo();
    clippy.args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--",
        "-D",
        "warnings",
    ]);
    let mut test = workspace::cargo();
    test.args(["test", "--workspace", "--locked", "--no-fail-fast"]);
    test.env(setup::VARIABLE, nats_server);
    if reading.is_some() {
        test.env("TOWNCLERK_TEST_ALL", "1");
    }
    if let Some(python) = python {
        test.env(partner_recipe::VARIABLE, python);
    }
    let step = |name, command| Step { name, command };
    let reading = reading.map(|reading| step("asyncapi", reading));
    [step("format", format), step("clippy", clippy)]
        .into_iter()
        .chain(reading)
        .chain([step(TESTS, test)])
        .collect()
}

/// Runs a command, passes its stdout on line by line and tallies what it says of tests.
fn perform(mut command: Command, tally: &mut Tally) -> anyhow::Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run {program}"))?;
    let mut output = BufReader::new(
        child
            .stdout
            .take()
            .with_context(|| format!("{program} has no stdout"))?,
    );
    let mut line = Vec::new();
    while output
        .read_until(b'\n', &mut line)
        .with_context(|| format!("cannot read what {program} says"))?
        > 0
    {
        let mut stdout = io::stdout().lock();
        stdout
            .write_all(&line)
            .and_then(|()| stdout.flush())
            .context("cannot write to stdout")?;
        tally.add(&String::from_utf8_lossy(&line));
        line.clear();
    }
    let status = child
        .wait()
        .with_context(|| format!("cannot wait for {program}"))?;
    ensure!(status.success(), "{program}: {status}");
    Ok(())
}

fn report(took: &[(&str, Duration)], tally: &Tally) {
    println!();
    for (name, duration) in took {
        println!("{name:<8}{:>8.1} s", duration.as_secs_f64());
    }
    // No total where a step before the tests failed: it would look like a success.
    if took.iter().any(|(name, _)| *name == TESTS) {
        println!("ignored {:>8}", tally.ignored);
        println!("{tally}");
    }
}
