//! Importing a history beside publishing the same messages in bare atomic batches.

use std::time::Instant;

use townclerk_contract::envelope::Message;
use townclerk_domain::names::LogName;
use townclerk_event_log::import::import;
use townclerk_event_log::jetstream::Role;
use townclerk_sample_history::volume;

use crate::bare::batch_rate;
use crate::machine::per_second;
use crate::report::{Line, Unit};
use crate::sample::median;
use crate::servers::{Places, Server};
use crate::town::SEED;

const RUNS: usize = 3;
const BATCH: usize = 1_000;

/// Most messages of one run.
const MESSAGES_MAX: u64 = 100_000;

/// Line e.
pub async fn lines(places: &Places, events: u64) -> anyhow::Result<Vec<Line>> {
    let home = LogName::new("brent")?;
    let messages = messages_of(&home, events.min(MESSAGES_MAX))?;
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for run in 0..RUNS {
        // A log can be filled once: each run has servers of its own, one after the other.
        for ours_first in [run % 2 == 0, run % 2 != 0] {
            let folder = places.folder_for(&format!("import-{run}-{ours_first}"))?;
            let logs = [home.clone()];
            let server = Server::start(&folder, &places.nats_server, &logs).await?;
            if ours_first {
                let log = server.log(&home, Role::Writer).await?;
                let began = Instant::now();
                let done = import(&*log, &messages, |_| {}).await??;
                ours.push(per_second(done, began.elapsed()));
            } else {
                let client = server.client(&home, Role::Writer).await?;
                bare.push(batch_rate(&client, &messages, BATCH).await?);
            }
            server.stop().await?;
            std::fs::remove_dir_all(&folder)?;
        }
    }
    let what = format!("import of {} events into an empty log", messages.len());
    let line = Line::alone('e', what, Unit::EventsPerSecond, median(ours));
    Ok(vec![line.beside(
        median(bare),
        "the same messages in atomic batches of 1,000",
    )])
}

/// The messages of one log of the history.
fn messages_of(home: &LogName, events: u64) -> anyhow::Result<Vec<Message>> {
    let mut messages = Vec::new();
    for told in volume(SEED, events * 3)? {
        let (log, message) = told?;
        if log == *home {
            messages.push(message);
        }
        if messages.len() as u64 == events {
            break;
        }
    }
    Ok(messages)
}
