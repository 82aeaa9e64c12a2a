//! Builds Townclerk and becomes its demonstration.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};

use crate::{setup, workspace};

#[derive(clap::Args)]
pub struct Arguments {
    /// Load the history, wait for all views, print their figures as JSON and leave.
    #[arg(long)]
    once: bool,
    /// Passed on to `townclerk demo`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Replaces this process by the demonstration: its stdout, its signals and its exit code are
/// then nobody else's. Returns only if that fails.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let nats_server = setup::nats_server()?;
    eprintln!("building townclerk");
    let townclerk = build()?;
    let error = Command::new(&townclerk)
        .arg("demo")
        .args(arguments.once.then_some("--once"))
        .args(&arguments.rest)
        .env(setup::VARIABLE, nats_server)
        .exec();
    Err(error).with_context(|| format!("cannot run {}", townclerk.display()))
}

/// Builds the executable and returns the path that cargo says it has.
fn build() -> anyhow::Result<PathBuf> {
    let mut child = workspace::cargo()
        .args([
            "build",
            "--locked",
            "--package",
            "townclerk",
            "--bin",
            "townclerk",
        ])
        .arg("--message-format=json-render-diagnostics")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot run cargo")?;
    let stdout = child.stdout.take().context("cargo has no stdout")?;
    let mut executable = None;
    for line in BufReader::new(stdout).lines() {
        let line = line.context("cannot read what cargo says")?;
        executable = executable_in(&line).or(executable);
    }
    let status = child.wait().context("cannot wait for cargo")?;
    ensure!(status.success(), "townclerk does not build");
    executable.context("cargo did not say where townclerk is")
}

fn executable_in(line: &str) -> Option<PathBuf> {
    let message: serde_json::Value = serde_json::from_str(line).ok()?;
    let ours = message["reason"] == "compiler-artifact" && message["target"]["name"] == "townclerk";
    let path = message["executable"].as_str().filter(|_| ours)?;
    Some(PathBuf::from(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_executable_among_what_cargo_says() {
        let artifact = r#"{"reason":"compiler-artifact","target":{"name":"townclerk"},"executable":"/t/townclerk"}"#;
        assert_eq!(executable_in(artifact), Some(PathBuf::from("/t/townclerk")));
        for other in [
            r#"{"reason":"compiler-artifact","target":{"name":"townclerk"},"executable":null}"#,
            r#"{"reason":"compiler-artifact","target":{"name":"other"},"executable":"/t/other"}"#,
            r#"{"reason":"build-finished","success":true}"#,
            "not JSON",
        ] {
            assert_eq!(executable_in(other), None, "{other}");
        }
    }
}
