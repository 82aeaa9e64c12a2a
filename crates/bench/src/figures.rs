//! How soon a figure says what was acknowledged, and how many figures a view answers.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use bytes::Bytes;
use futures::StreamExt;
use futures::future::try_join_all;
use serde::Deserialize;
use serde_json::Value;
use townclerk_contract::envelope::Message;
use townclerk_domain::names::LogName;
use townclerk_event_log::Expected;
use townclerk_event_log::jetstream::Role;

use crate::commands::{TICKET, TICKETS};
use crate::connection::{Caller, Connection};
use crate::machine::per_second;
use crate::report::{Line, Unit};
use crate::sample::{Sample, median};
use crate::servers::{Places, Server, run_name};
use crate::town::Town;

const COMMANDS: usize = 300;

const CONNECTIONS: usize = 64;
const RUNS: usize = 3;
const LENGTH: Duration = Duration::from_secs(2);

/// A month in which the history has records of every log.
const FIGURE: &str = "/v1/views/joint/figures?measure=tickets_logged&period=2010-02";

#[derive(Deserialize)]
struct Answer {
    log: LogName,
    sequence: u64,
}

/// Line c.
pub async fn readable(
    town: &Town,
    places: &Places,
    messages: &mut impl Iterator<Item = Message>,
) -> anyhow::Result<Vec<Line>> {
    let run = run_name();
    let mut desk = Connection::open(&town.desk).await?;
    let mut reader = Connection::open(&town.operator).await?;
    let month = jiff::Timestamp::now().strftime("%Y-%m").to_string();
    let (mut times, mut reads) = (Vec::new(), Vec::new());
    for number in 0..COMMANDS {
        let key = format!("{run}-readable-{number}");
        let answer = desk
            .post(TICKETS, Some(&key), Bytes::from_static(TICKET))
            .await?;
        let acknowledged = Instant::now();
        let Answer { log, sequence } = serde_json::from_slice(&answer)?;
        let path = format!(
            "/v1/views/joint/figures?measure=tickets_logged&period={month}&min_position={log}:{sequence}"
        );
        reader.get(&path).await?;
        times.push(acknowledged.elapsed());
        let asked = Instant::now();
        reader.get(&path).await?;
        reads.push(asked.elapsed());
    }
    desk.close().await?;
    reader.close().await?;
    let (ours, read) = (Sample::of(times), Sample::of(reads));
    let bare = delivered(places, messages).await?;
    let of = "delivered to an ordered consumer, and a figure read that waits for nothing";
    let line = |percent: usize| {
        let what = format!("command acknowledged, then its figure readable, p{percent}");
        Line::alone('c', what, Unit::Microseconds, ours.percentile(percent))
            .beside(bare.percentile(percent) + read.percentile(percent), of)
    };
    Ok(vec![line(50), line(99)])
}

/// From the acknowledgement of a message until an ordered consumer has it.
async fn delivered(
    places: &Places,
    messages: &mut impl Iterator<Item = Message>,
) -> anyhow::Result<Sample> {
    let home = LogName::new("brent")?;
    let folder = places.folder_for("delivered")?;
    let server = Server::start(&folder, &places.nats_server, std::slice::from_ref(&home)).await?;
    let writer = server.log(&home, Role::Writer).await?;
    let reader = server.log(&home, Role::Reader).await?;
    let mut tail = reader.tail(0).await?;
    let mut times = Vec::with_capacity(COMMANDS);
    for _ in 0..COMMANDS {
        let message = messages.next().context("too few messages")?;
        let appended = writer.append(&Expected { message, last: 0 }).await?;
        let acknowledged = Instant::now();
        let next = tail.next().await.context("the consumer ended")??;
        times.push(acknowledged.elapsed());
        ensure!(
            next.sequence == appended.sequence,
            "a message was passed over"
        );
    }
    drop(tail);
    server.stop().await?;
    Ok(Sample::of(times))
}

/// Line d.
pub async fn queries(town: &Town) -> anyhow::Result<Vec<Line>> {
    let mut connection = Connection::open(&town.operator).await?;
    let answer: Value = serde_json::from_slice(&connection.get(FIGURE).await?)?;
    connection.close().await?;
    let value = &answer["figures"][0]["value"];
    ensure!(
        !value.is_null(),
        "the figure that is asked for has no value: {answer}"
    );
    let (mut ours, mut bare, mut latency) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let (rate, sample) = asked(&town.operator, FIGURE).await?;
        ours.push(rate);
        latency.push((sample.percentile(50), sample.percentile(99)));
        let (rate, sample) = asked(&town.operator, "/livez").await?;
        bare.push(rate);
        latency.push((sample.percentile(50), sample.percentile(99)));
    }
    let of = |place: usize| latency.iter().skip(place).step_by(2);
    let p99 = |place| median(of(place).map(|(_, p99)| *p99).collect());
    let beside = "the same server answering `alive`";
    let what = format!("figures read over {CONNECTIONS} connections");
    Ok(vec![
        Line::alone('d', what, Unit::QueriesPerSecond, median(ours)).beside(median(bare), beside),
        Line::alone(
            'd',
            "the same, time of an answer, p99",
            Unit::Microseconds,
            p99(0),
        )
        .beside(p99(1), beside),
    ])
}

/// Asks one path over many connections for a while.
async fn asked(caller: &Caller, path: &'static str) -> anyhow::Result<(u64, Sample)> {
    let mut connections = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        connections.push(Connection::open(caller).await?);
    }
    let began = Instant::now();
    let askers = connections.into_iter().map(|mut connection| {
        tokio::spawn(async move {
            let mut times = Vec::new();
            while began.elapsed() < LENGTH {
                let asked = Instant::now();
                connection.get(path).await?;
                times.push(asked.elapsed());
            }
            connection.close().await?;
            Ok::<_, anyhow::Error>(times)
        })
    });
    let mut times = Vec::new();
    for asker in try_join_all(askers).await? {
        times.extend(asker?);
    }
    Ok((
        per_second(times.len() as u64, began.elapsed()),
        Sample::of(times),
    ))
}
