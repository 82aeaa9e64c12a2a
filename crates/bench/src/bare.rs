//! What the parts reach alone: publishing to JetStream one by one and in batches, and reading.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use async_nats::jetstream::consumer::DeliverPolicy;
use async_nats::jetstream::consumer::push::OrderedConfig;
use async_nats::{Client, HeaderMap, header};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use serde::Deserialize;
use townclerk_contract::envelope::Message;
use townclerk_contract::reading::{RawMessage, Reading, read};
use townclerk_contract::subject::STREAM;
use townclerk_domain::names::LogName;

use crate::machine::per_second;

#[derive(Deserialize)]
struct Acknowledged {
    #[serde(default)]
    seq: u64,
}

fn acknowledged(payload: &[u8]) -> anyhow::Result<u64> {
    let answer: Acknowledged = serde_json::from_slice(payload)?;
    let said = || String::from_utf8_lossy(payload).into_owned();
    ensure!(answer.seq > 0, "nats-server refused: {}", said());
    Ok(answer.seq)
}

/// Publishes messages, each the first on its subject, with so many in flight, for a while; how many
/// were acknowledged in a second.
pub async fn publish_rate(
    client: &Client,
    messages: &mut impl Iterator<Item = Message>,
    in_flight: usize,
    length: Duration,
) -> anyhow::Result<u64> {
    let began = Instant::now();
    let mut open = FuturesUnordered::new();
    let mut done = 0;
    loop {
        while open.len() < in_flight && began.elapsed() < length {
            let message = messages.next().context("too few messages to publish")?;
            let mut headers = HeaderMap::new();
            headers.insert(header::NATS_MESSAGE_ID, message.id.to_string().as_str());
            headers.insert(header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, "0");
            let subject = message.subject;
            open.push(client.request_with_headers(subject, headers, message.payload));
        }
        let Some(answer) = open.next().await else {
            break;
        };
        acknowledged(&answer?.payload)?;
        done += 1;
    }
    Ok(per_second(done, began.elapsed()))
}

/// Publishes all messages in atomic batches; how many in a second.
pub async fn batch_rate(client: &Client, messages: &[Message], size: usize) -> anyhow::Result<u64> {
    let began = Instant::now();
    let mut end = 0;
    for batch in messages.chunks(size) {
        end = publish_batch(client, batch, end).await?;
    }
    Ok(per_second(messages.len() as u64, began.elapsed()))
}

/// Continues a stream after the sequence `end`; the new end.
pub async fn publish_batch(client: &Client, batch: &[Message], end: u64) -> anyhow::Result<u64> {
    let last = batch.last().context("a batch without messages")?;
    let id = last.id.to_string();
    for (number, message) in (1..).zip(batch) {
        let mut headers = HeaderMap::new();
        headers.insert(header::NATS_MESSAGE_ID, message.id.to_string().as_str());
        headers.insert(header::NATS_BATCH_ID, id.as_str());
        headers.insert(header::NATS_BATCH_SEQUENCE, number.to_string().as_str());
        if number == 1 {
            let expected = end.to_string();
            headers.insert(header::NATS_EXPECTED_LAST_SEQUENCE, expected.as_str());
        }
        let (subject, payload) = (message.subject.clone(), message.payload.clone());
        if number < batch.len() {
            client
                .publish_with_headers(subject, headers, payload)
                .await?;
            continue;
        }
        headers.insert(header::NATS_BATCH_COMMIT, "1");
        let answer = client
            .request_with_headers(subject, headers, payload)
            .await?;
        let sequence = acknowledged(&answer.payload)?;
        ensure!(sequence == end + batch.len() as u64, "a batch was torn");
        return Ok(sequence);
    }
    Ok(end)
}

/// Reads the messages 1 to `end` of a log by one ordered consumer and decodes each.
pub async fn read_and_decode(client: &Client, log: &LogName, end: u64) -> anyhow::Result<()> {
    let context = async_nats::jetstream::new(client.clone());
    let stream = context.get_stream_no_info(STREAM).await?;
    let config = OrderedConfig {
        deliver_subject: client.new_inbox(),
        deliver_policy: DeliverPolicy::All,
        ..OrderedConfig::default()
    };
    let consumer = stream.create_consumer(config).await?;
    let mut messages = consumer.messages().await?;
    let mut sequence = 0;
    let name: &str = header::NATS_MESSAGE_ID.as_ref();
    while sequence < end {
        let message = messages.next().await.context("the consumer ended")??;
        let found = message
            .info()
            .map_err(anyhow::Error::from_boxed)?
            .stream_sequence;
        ensure!(
            found == sequence + 1,
            "{log}: {found} came after {sequence}"
        );
        sequence = found;
        let id = message
            .headers
            .as_ref()
            .and_then(|headers| headers.get(name));
        let raw = RawMessage {
            log,
            sequence,
            subject: message.subject.as_str(),
            id: id.map(|id| id.as_str()),
            payload: &message.payload,
        };
        let reading = read(&raw);
        ensure!(
            matches!(reading, Reading::Event(_)),
            "{log}:{sequence}: {reading:?}"
        );
    }
    Ok(())
}
