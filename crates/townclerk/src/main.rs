//! The one executable.

use std::process::ExitCode;

use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    townclerk::run(townclerk::cli::Cli::parse()).await
}
