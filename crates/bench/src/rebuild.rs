//! Making the joint view again beside one ordered consumer that only reads and decodes; the memory
//! that it takes, and the room that rows and events take on the disk.

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::Context;
use bytes::Bytes;
use futures::future::try_join_all;
use serde_json::Value;
use townclerk_event_log::jetstream::Role;

use crate::bare::read_and_decode;
use crate::connection::Connection;
use crate::machine::{kibibytes_of, per_second};
use crate::report::{Line, Unit};
use crate::sample::median;
use crate::town::{Loaded, Town};

const RUNS: usize = 3;

/// Lines a and f.
pub async fn lines(town: &Town, loaded: &Loaded) -> anyhow::Result<Vec<Line>> {
    let events = loaded.events();
    let (mut ours, mut one, mut at_once) = (Vec::new(), Vec::new(), Vec::new());
    let mut peak = 0;
    for _ in 0..RUNS {
        forget_peak(town)?;
        let report = rebuild(town).await?;
        let took = report["milliseconds"]
            .as_u64()
            .context("no time in the report")?;
        ours.push(events * 1_000 / took.max(1));
        peak = peak.max(status_of(town, "VmHWM")?);
        one.push(read_one_after_the_other(town, loaded).await?);
        at_once.push(read_all_at_once(town, loaded).await?);
    }
    let (ours, one, at_once) = (median(ours), median(one), median(at_once));
    let unit = Unit::EventsPerSecond;
    let what = "rebuild of the joint view: read, decode, fold, compare, write, digest";
    let each = peak * 1_024 / loaded.aggregates.max(1);
    Ok(vec![
        Line::alone('a', what, unit, ours)
            .beside(one, "one ordered consumer after the other, read and decode"),
        Line::alone('a', "the same", unit, ours).beside(
            at_once,
            "one ordered consumer for each log at once, read and decode",
        ),
        Line::alone(
            'f',
            "peak memory of the process with all views, while it rebuilds",
            Unit::Mebibytes,
            peak / 1_024,
        ),
        Line::alone(
            'f',
            "the same for each of its aggregates",
            Unit::Bytes,
            each,
        ),
    ])
}

async fn rebuild(town: &Town) -> anyhow::Result<Value> {
    let mut connection = Connection::open(&town.operator).await?;
    let lines = connection
        .post("/v1/views/joint/rebuild", None, Bytes::new())
        .await?;
    connection.close().await?;
    let last = lines
        .split(|byte| *byte == b'\n')
        .rfind(|line| !line.is_empty());
    let last: Value = serde_json::from_slice(last.context("no answer")?)?;
    last.get("report")
        .cloned()
        .with_context(|| format!("the rebuild failed: {last}"))
}

async fn read_one_after_the_other(town: &Town, loaded: &Loaded) -> anyhow::Result<u64> {
    let mut took = std::time::Duration::ZERO;
    for (log, end) in &loaded.ends {
        let client = town.client(log, Role::Reader).await?;
        let began = Instant::now();
        read_and_decode(&client, log, *end).await?;
        took += began.elapsed();
    }
    Ok(per_second(loaded.events(), took))
}

async fn read_all_at_once(town: &Town, loaded: &Loaded) -> anyhow::Result<u64> {
    let mut clients = Vec::new();
    for (log, end) in &loaded.ends {
        clients.push((log.clone(), *end, town.client(log, Role::Reader).await?));
    }
    let began = Instant::now();
    let reading = clients.into_iter().map(|(log, end, client)| {
        tokio::spawn(async move { read_and_decode(&client, &log, end).await })
    });
    for read in try_join_all(reading).await? {
        read?;
    }
    Ok(per_second(loaded.events(), began.elapsed()))
}

fn status_of(town: &Town, name: &str) -> anyhow::Result<u64> {
    Ok(kibibytes_of(&format!("/proc/{}/status", town.pid()?), name))
}

/// Lets the kernel count the peak again.
fn forget_peak(town: &Town) -> anyhow::Result<()> {
    let file = format!("/proc/{}/clear_refs", town.pid()?);
    fs::write(&file, "5").with_context(|| format!("cannot write {file}"))
}

/// Line g.
pub fn sizes(data: &Path, loaded: &Loaded) -> anyhow::Result<Vec<Line>> {
    let events = loaded.events().max(1);
    let payload = loaded.bytes / events;
    let joint = newest_generation(&data.join("views/joint"))?;
    let log = size_of(&data.join("jetstream"))? / events;
    Ok(vec![
        Line::alone(
            'g',
            "bytes of sled for each event in the joint view",
            Unit::Bytes,
            joint / events,
        )
        .beside(payload, "the event's own JSON"),
        Line::alone('g', "bytes of the log for each event", Unit::Bytes, log)
            .beside(payload, "the event's own JSON"),
    ])
}

/// The generation before is kept beside the one that is served.
fn newest_generation(view: &Path) -> anyhow::Result<u64> {
    let current = fs::canonicalize(view.join("current"));
    match current {
        Ok(current) if current.is_dir() => size_of(&current),
        _ => {
            let mut generations = Vec::new();
            for entry in fs::read_dir(view)? {
                let entry = entry?;
                if entry.file_type()?.is_dir() {
                    generations.push((entry.metadata()?.modified()?, entry.path()));
                }
            }
            let newest = generations.into_iter().max();
            let (_, newest) = newest.with_context(|| format!("no rows in {}", view.display()))?;
            size_of(&newest)
        }
    }
}

fn size_of(folder: &Path) -> anyhow::Result<u64> {
    let mut size = 0;
    let listed = fs::read_dir(folder);
    for entry in listed.with_context(|| format!("cannot list {}", folder.display()))? {
        let entry = entry?;
        let kind = entry.file_type()?;
        size += if kind.is_dir() {
            size_of(&entry.path())?
        } else {
            entry.metadata()?.len()
        };
    }
    Ok(size)
}
