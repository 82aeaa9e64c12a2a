//! Where the workspace and its target directory are, and the cargo that called us.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};

/// The workspace's root: two folders above this crate.
pub fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.ancestors().nth(2).unwrap_or(manifest).to_owned()
}

/// A call of cargo, of the same toolchain as ours, in the workspace's root.
pub fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// The target directory, wherever the environment or a configuration puts it.
pub fn target_directory() -> anyhow::Result<PathBuf> {
    let output = cargo()
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run `cargo metadata`")?;
    ensure!(output.status.success(), "`cargo metadata` failed");
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).context("cannot read what `cargo metadata` said")?;
    let directory = metadata["target_directory"]
        .as_str()
        .context("`cargo metadata` named no target directory")?;
    Ok(PathBuf::from(directory))
}
