//! What a newcomer and CI call: `cargo xtask setup`, `cargo xtask demo`, `cargo xtask test`.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool: results go to stdout, progress to stderr"
)]

mod asyncapi;
mod bench;
mod demo;
mod gate;
mod partner_recipe;
mod setup;
mod tally;
mod version;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "What a newcomer and CI call.")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make sure of nats-server and print its path.
    Setup,
    /// Build Townclerk and run its demonstration until Ctrl-C.
    Demo(demo::Arguments),
    /// Measure Townclerk beside its bare parts, built for release.
    Bench(bench::Arguments),
    /// Formatting, clippy and all tests; says how many ran.
    Test(gate::Arguments),
}

fn main() -> ExitCode {
    match run(&Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The whole chain on one line; never a backtrace, whatever the environment says.
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Setup => {
            println!("{}", setup::nats_server()?.display());
            Ok(())
        }
        Command::Demo(arguments) => demo::run(arguments),
        Command::Bench(arguments) => bench::run(arguments),
        Command::Test(arguments) => gate::run(arguments),
    }
}
