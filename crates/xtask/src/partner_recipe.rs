//! A Python that can run the recipe for partners: an environment of its own under the target
//! directory, with what `deploy/partner-recipe` pins by hash.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};

use anyhow::{Context, bail, ensure};

use crate::setup::remove;
use crate::workspace;

/// The variable by which the tests are told which Python runs the recipe.
pub const VARIABLE: &str = "TOWNCLERK_PARTNER_PYTHON";

const FOLDER: &str = "deploy/partner-recipe";

/// What is installed, in this order.
const WHEELS: &str = "requirements.txt";
const FROM_SOURCE: &str = "nkeys.txt";

/// The Python of the environment, which is made again unless it is what the files say.
pub fn python() -> anyhow::Result<PathBuf> {
    let place = workspace::target_directory()?.join("partner-recipe");
    let python = place.join("bin/python");
    if !is_made(&place)? {
        let fresh = place.with_extension(process::id().to_string());
        eprintln!("installing nats-py under {}", place.display());
        let made = make(&fresh).and_then(|()| {
            remove(&place)?;
            fs::rename(&fresh, &place).with_context(|| format!("cannot make {}", place.display()))
        });
        remove(&fresh)?;
        made?;
    }
    Ok(python)
}

fn is_made(place: &Path) -> anyhow::Result<bool> {
    for file in [WHEELS, FROM_SOURCE] {
        let path = workspace::root().join(FOLDER).join(file);
        let ours = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        // Not there, or not readable: made again.
        if fs::read(place.join(file)).ok() != Some(ours) {
            return Ok(false);
        }
    }
    Ok(place.join("bin/python").exists())
}

fn make(place: &Path) -> anyhow::Result<()> {
    let venv = Command::new("python3")
        .args(["-m", "venv"])
        .arg(place)
        .stdin(Stdio::null())
        .stdout(Stdio::from(std::io::stderr()))
        .status();
    let made = venv.is_ok_and(|status| status.success());
    ensure!(
        made,
        "python3 cannot make an environment for the recipe of partners: run `apt install python3 \
         python3-venv`, or run the tests without --all, which leaves it out"
    );
    pip(place, WHEELS, &["--only-binary=:all:"])?;
    // There as source alone; what builds it is one of the wheels.
    pip(place, FROM_SOURCE, &["--no-build-isolation"])?;
    for file in [WHEELS, FROM_SOURCE] {
        let ours = workspace::root().join(FOLDER).join(file);
        fs::copy(&ours, place.join(file))
            .with_context(|| format!("cannot copy {}", ours.display()))?;
    }
    Ok(())
}

fn pip(place: &Path, requirements: &str, options: &[&str]) -> anyhow::Result<()> {
    let status = Command::new(place.join("bin/python"))
        .args(["-m", "pip", "install", "--quiet", "--no-deps"])
        .args(["--require-hashes", "--no-cache-dir", "--no-input"])
        .arg("--disable-pip-version-check")
        .args(options)
        .arg("-r")
        .arg(Path::new(FOLDER).join(requirements))
        .current_dir(workspace::root())
        // What a user's configuration may say about other installations.
        .env("PIP_USER", "0")
        .env("PIP_REQUIRE_VIRTUALENV", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::from(std::io::stderr()))
        .status()
        .context("cannot run the python of the environment")?;
    if !status.success() {
        bail!(
            "pip could not install what {FOLDER}/{requirements} names (its words are above): is \
             the network up, and python3 between 3.10 and 3.14? Else run the tests without --all"
        );
    }
    Ok(())
}
