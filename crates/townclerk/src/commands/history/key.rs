//! `townclerk history key`: the public key by which others know the exports of this installation.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::commands::show::{self, Output};
use crate::commands::{Outcome, audit};
use crate::history::{PublicKey, SigningKey};
use crate::system::Reach;
use crate::town::Town;

#[derive(Debug, Args)]
#[command(after_help = "Keep the key apart from the exports: who can change both can sign again.")]
pub struct Key {
    /// The data directory; its key pair is made if there is none yet
    #[arg(long, env = "TOWNCLERK_DATA", default_value = "townclerk-data")]
    pub data: PathBuf,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Serialize)]
struct KeyReport {
    key: PublicKey,
}

pub(super) async fn key(options: &Key) -> anyhow::Result<Outcome> {
    // A folder that others get at is refused, also where its key is made.
    Town::load(&options.data)?;
    let key = match SigningKey::of(&options.data)? {
        Some(key) => key,
        None => made(options).await?,
    };
    let key = key.public();
    if !show::for_programs(options.output, &KeyReport { key: key.clone() })? {
        show::line(key.to_string());
    }
    Ok(Outcome::Good)
}

async fn made(options: &Key) -> anyhow::Result<SigningKey> {
    // A mistyped folder gets no key.
    Reach::data(&options.data).town()?;
    let made = SigningKey::of_or_made(&options.data).await;
    let outcome = made.as_ref().map(|_| Outcome::Good);
    let outcome = outcome.map_err(|error| anyhow::anyhow!("{error:#}"));
    audit::action(&options.data, "history key", &outcome);
    made
}
