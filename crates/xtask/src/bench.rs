//! Builds Townclerk and its measurements for release, and measures.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};

use crate::{setup, workspace};

const MEASURES: &str = "townclerk-bench";
const MEASURED: &str = "townclerk";

#[derive(clap::Args)]
pub struct Arguments {
    /// Passed on to the measurements, such as --events 1000000, --only a,f, --json or --write FILE.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Replaces this process by the measurements: their stdout and exit code are nobody else's.
/// Returns only if that fails.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let nats_server = setup::nats_server()?;
    eprintln!("building for release");
    let built = build()?;
    let path_of = |name: &str| {
        let found = built.iter().find(|(built, _)| built == name);
        let (_, path) = found.with_context(|| format!("cargo did not say where {name} is"))?;
        anyhow::Ok(path.clone())
    };
    let measures = path_of(MEASURES)?;
    let error = Command::new(&measures)
        .arg("--townclerk")
        .arg(path_of(MEASURED)?)
        .args(&arguments.rest)
        .env(setup::VARIABLE, nats_server)
        .exec();
    Err(error).with_context(|| format!("cannot run {}", measures.display()))
}

/// Builds both executables and returns their names and paths, as cargo says.
fn build() -> anyhow::Result<Vec<(String, PathBuf)>> {
    let mut child = workspace::cargo()
        .args(["build", "--locked", "--release"])
        .args(["--package", MEASURED, "--package", MEASURES, "--bins"])
        .arg("--message-format=json-render-diagnostics")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot run cargo")?;
    let stdout = child.stdout.take().context("cargo has no stdout")?;
    let mut built = Vec::new();
    for line in BufReader::new(stdout).lines() {
        built.extend(executable_in(&line.context("cannot read what cargo says")?));
    }
    let status = child.wait().context("cannot wait for cargo")?;
    ensure!(status.success(), "the release does not build");
    Ok(built)
}

fn executable_in(line: &str) -> Option<(String, PathBuf)> {
    let message: serde_json::Value = serde_json::from_str(line).ok()?;
    let name = message["target"]["name"].as_str()?;
    let path = message["executable"].as_str()?;
    Some((name.to_owned(), PathBuf::from(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_executables_by_their_names_among_what_cargo_says() {
        let artifact = r#"{"reason":"compiler-artifact","target":{"name":"townclerk-bench"},"executable":"/t/townclerk-bench"}"#;
        let expected = (MEASURES.to_owned(), PathBuf::from("/t/townclerk-bench"));
        assert_eq!(executable_in(artifact), Some(expected));
        let library =
            r#"{"reason":"compiler-artifact","target":{"name":"townclerk"},"executable":null}"#;
        for other in [
            library,
            r#"{"reason":"build-finished","success":true}"#,
            "no JSON",
        ] {
            assert_eq!(executable_in(other), None, "{other}");
        }
    }
}
