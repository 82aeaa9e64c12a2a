//! Commands over HTTP beside bare publishing with as many messages in flight.

use std::time::{Duration, Instant};

use async_nats::Client;
use bytes::Bytes;
use futures::future::try_join_all;
use serde::Deserialize;
use townclerk_contract::envelope::Message;
use townclerk_domain::names::LogName;
use townclerk_event_log::jetstream::Role;

use crate::bare::publish_rate;
use crate::connection::Connection;
use crate::machine::per_second;
use crate::report::{Line, Unit};
use crate::sample::median;
use crate::servers::{LazyServer, Places, Server, run_name};
use crate::town::Town;

const CLIENTS: [usize; 3] = [1, 16, 64];
const RUNS: usize = 3;
const LENGTH: Duration = Duration::from_millis(1_500);

pub const TICKETS: &str = "/v1/logs/brent/tickets";

pub const TICKET: &[u8] = br#"{"kind":"incident","priority":"p3","user_class":"standard","channel":"phone","service":"email","category":"other","sts":true}"#;

const START: &[u8] = b"{}";
const HOLD: &[u8] = br#"{"reason":"customer"}"#;

#[derive(Deserialize)]
struct Made {
    id: String,
}

/// Line b.
pub async fn lines(
    town: &Town,
    places: &Places,
    messages: &mut impl Iterator<Item = Message>,
) -> anyhow::Result<Vec<Line>> {
    let mut load = Load {
        town,
        run: run_name(),
        calls: 0,
    };
    let bare = Bare::start(places).await?;
    let mut rates = Vec::new();
    for clients in CLIENTS {
        let (mut cold, mut warm) = (Vec::new(), Vec::new());
        let (mut always, mut lazy) = (Vec::new(), Vec::new());
        // In turn, so that what else the machine does falls on all of them.
        for _ in 0..RUNS {
            let (rate, made) = load.cold(clients).await?;
            cold.push(rate);
            warm.push(load.warm(made).await?);
            always.push(publish_rate(&bare.flushing, messages, clients, LENGTH).await?);
            let rate = publish_rate(&bare.lazy.client, messages, clients, LENGTH / 3).await?;
            lazy.push(rate);
        }
        rates.push((
            clients,
            median(cold),
            median(warm),
            median(always),
            median(lazy),
        ));
    }
    bare.stop().await?;
    let mut lines = Vec::new();
    for (clients, cold, warm, always, lazy) in rates {
        let unit = Unit::CommandsPerSecond;
        let line = |what: &str, rate| {
            let what = format!("{clients} clients, {what}");
            let of = format!("publishing with {clients} in flight, flushed before acknowledged");
            Line::alone('b', what, unit, rate).beside(always, of)
        };
        lines.push(line("each command a new ticket", cold));
        lines.push(line("each command on a known ticket", warm));
        let what = format!("{clients} clients, each command a new ticket (for information)");
        let of = format!("publishing with {clients} in flight, acknowledged before flushed");
        lines.push(Line::alone('b', what, unit, cold).beside(lazy, of));
    }
    Ok(lines)
}

/// Clients that each wait for an answer before they ask again.
struct Load<'a> {
    town: &'a Town,
    run: String,
    /// So that no key is used twice.
    calls: usize,
}

/// The tickets of one client.
type Tickets = Vec<String>;

impl Load<'_> {
    async fn connections(&mut self, clients: usize) -> anyhow::Result<Vec<(Connection, String)>> {
        self.calls += 1;
        let mut connections = Vec::with_capacity(clients);
        for client in 0..clients {
            let connection = Connection::open(&self.town.desk).await?;
            connections.push((connection, format!("{}-{}-{client}", self.run, self.calls)));
        }
        Ok(connections)
    }

    async fn cold(&mut self, clients: usize) -> anyhow::Result<(u64, Vec<Tickets>)> {
        let connections = self.connections(clients).await?;
        let began = Instant::now();
        let asking = connections.into_iter().map(|(mut connection, name)| {
            tokio::spawn(async move {
                let mut made = Tickets::new();
                while began.elapsed() < LENGTH {
                    let key = format!("{name}-{}", made.len());
                    let body = Bytes::from_static(TICKET);
                    let answer = connection.post(TICKETS, Some(&key), body).await?;
                    made.push(serde_json::from_slice::<Made>(&answer)?.id);
                }
                connection.close().await?;
                Ok::<_, anyhow::Error>(made)
            })
        });
        let made = try_join_all(asking).await?;
        let took = began.elapsed();
        let made = made.into_iter().collect::<Result<Vec<_>, _>>()?;
        let count: usize = made.iter().map(Vec::len).sum();
        Ok((per_second(count as u64, took), made))
    }

    /// Starts and holds the tickets in turn, each client its own.
    async fn warm(&mut self, tickets: Vec<Tickets>) -> anyhow::Result<u64> {
        let connections = self.connections(tickets.len()).await?;
        let began = Instant::now();
        let asking = connections.into_iter().zip(tickets);
        let asking = asking.map(|((mut connection, name), tickets)| {
            tokio::spawn(async move {
                let mut done: u64 = 0;
                'asking: for round in 0_u64.. {
                    let (command, body) = match round % 2 {
                        0 => ("start", START),
                        _ => ("hold", HOLD),
                    };
                    for ticket in &tickets {
                        if began.elapsed() >= LENGTH {
                            break 'asking;
                        }
                        let path = format!("{TICKETS}/{ticket}/{command}");
                        let key = format!("{name}-{done}");
                        let body = Bytes::from_static(body);
                        connection.post(&path, Some(&key), body).await?;
                        done += 1;
                    }
                }
                connection.close().await?;
                Ok::<_, anyhow::Error>(done)
            })
        });
        let done = try_join_all(asking).await?;
        let took = began.elapsed();
        let done: u64 = done.into_iter().sum::<Result<u64, _>>()?;
        Ok(per_second(done, took))
    }
}

/// Servers for bare publishing: one flushes before it acknowledges, the other afterwards.
struct Bare {
    twin: Server,
    flushing: Client,
    lazy: LazyServer,
}

impl Bare {
    async fn start(places: &Places) -> anyhow::Result<Self> {
        let home = LogName::new("brent")?;
        let folder = places.folder_for("twin")?;
        let logs = std::slice::from_ref(&home);
        let twin = Server::start(&folder, &places.nats_server, logs).await?;
        let folder = places.folder_for("lazy")?;
        Ok(Self {
            flushing: twin.client(&home, Role::Writer).await?,
            lazy: LazyServer::start(&folder, &places.nats_server, &home).await?,
            twin,
        })
    }

    async fn stop(self) -> anyhow::Result<()> {
        self.twin.stop().await?;
        self.lazy.stop().await
    }
}
