//! Reads `proto/asyncapi.yaml` with the parser of the AsyncAPI initiative, which is the judge of
//! whether strangers' tools can read it. It is written in JavaScript; its lock file pins all of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};

use anyhow::{Context, bail, ensure};

use crate::setup::remove;
use crate::workspace;

const FOLDER: &str = "deploy/asyncapi-parser";
const LOCK: &str = "package-lock.json";
const MANIFEST: &str = "package.json";
const SCRIPT: &str = "read.mjs";
const DESCRIPTION: &str = "proto/asyncapi.yaml";

/// The oldest major version of node that the parser runs on.
const OLDEST_NODE: u32 = 18;

/// The command that reads the description. Installs the parser under the target directory unless
/// what is there is what the lock file says.
pub fn reading() -> anyhow::Result<Command> {
    require_node()?;
    let place = workspace::target_directory()?.join("asyncapi-parser");
    let ours = workspace::root().join(FOLDER);
    if !is_installed(&ours, &place)? {
        install(&ours, &place)?;
    }
    copy(&ours, &place, SCRIPT)?;
    let mut read = Command::new("node");
    read.arg(place.join(SCRIPT)).arg(DESCRIPTION);
    read.current_dir(workspace::root());
    Ok(read)
}

fn require_node() -> anyhow::Result<()> {
    let instead = "install node 18 or newer with npm (`apt install nodejs npm`), or run the tests \
                   without --all, which leaves out the AsyncAPI parser";
    let node = version("node").with_context(|| format!("node is not installed: {instead}"))?;
    ensure!(
        node >= OLDEST_NODE,
        "node {node} is too old for the AsyncAPI parser: {instead}"
    );
    version("npm").with_context(|| format!("npm is not installed: {instead}"))?;
    Ok(())
}

/// The major version that a program says it has.
fn version(program: &str) -> anyhow::Result<u32> {
    let output = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot run {program}"))?;
    let said = String::from_utf8_lossy(&output.stdout);
    let major = said.trim().trim_start_matches('v').split('.').next();
    major
        .and_then(|major| major.parse().ok())
        .with_context(|| format!("{program} --version said {:?}", said.trim()))
}

fn is_installed(ours: &Path, place: &Path) -> anyhow::Result<bool> {
    let lock = fs::read(ours.join(LOCK)).with_context(|| format!("cannot read {FOLDER}/{LOCK}"))?;
    match fs::read(place.join(LOCK)) {
        Ok(installed) => Ok(installed == lock),
        // Not there, or not readable: installed again.
        Err(_) => Ok(false),
    }
}

/// Installs beside its place and renames, so that what is there is always whole.
fn install(ours: &Path, place: &Path) -> anyhow::Result<()> {
    let fresh = place.with_extension(process::id().to_string());
    eprintln!("installing the AsyncAPI parser under {}", place.display());
    let installed = fill(ours, &fresh).and_then(|()| {
        remove(place)?;
        fs::rename(&fresh, place).with_context(|| format!("cannot make {}", place.display()))
    });
    remove(&fresh)?;
    installed
}

fn fill(ours: &Path, fresh: &PathBuf) -> anyhow::Result<()> {
    fs::create_dir_all(fresh).with_context(|| format!("cannot make {}", fresh.display()))?;
    copy(ours, fresh, MANIFEST)?;
    copy(ours, fresh, LOCK)?;
    let status = Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .args(["--no-update-notifier", "--loglevel=error"])
        .current_dir(fresh)
        .stdin(Stdio::null())
        .stdout(Stdio::from(std::io::stderr()))
        .status()
        .context("cannot run npm")?;
    if !status.success() {
        bail!(
            "npm could not install what {FOLDER}/{LOCK} says (its words are above). Is the \
             network up? The tests without --all leave it out"
        );
    }
    Ok(())
}

fn copy(from: &Path, to: &Path, name: &str) -> anyhow::Result<()> {
    let copied = fs::copy(from.join(name), to.join(name));
    copied.with_context(|| format!("cannot copy {FOLDER}/{name} to {}", to.display()))?;
    Ok(())
}
