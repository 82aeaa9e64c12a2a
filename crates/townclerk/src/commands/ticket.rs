//! `townclerk ticket log` and `townclerk ticket show`.

use serde_json::{Value, json};

use super::send::record;
use super::{Outcome, show};
use crate::cli::{Ticket, TicketLog, TicketShow};
use crate::client::Client;

pub async fn ticket(command: Ticket) -> anyhow::Result<Outcome> {
    match command {
        Ticket::Log(options) => log(options).await,
        Ticket::Show(options) => show_one(options).await,
    }
}

async fn log(options: TicketLog) -> anyhow::Result<Outcome> {
    let mut body = json!({
        "kind": options.kind,
        "priority": options.priority,
        "user_class": options.user_class,
        "channel": options.channel,
        "service": options.service,
        "category": options.category,
        "directorate": options.directorate,
        "sts": !options.local_team,
        "councils": options.councils,
    });
    if let Some(at) = options.at {
        body["happened"] = Value::String(at);
    }
    let path = format!("/v1/logs/{}/tickets", options.log);
    record(options.services, &path, options.key, &body).await
}

async fn show_one(options: TicketShow) -> anyhow::Result<Outcome> {
    let services = options.services;
    let client = Client::new(&services.url, services.token, services.token_file.as_ref())?;
    let mut query = Vec::new();
    query.extend(options.as_at.map(|value| ("as_at", value)));
    query.extend(options.known_at.map(|value| ("known_at", value)));
    let path = format!("/v1/views/{}/tickets/{}", options.log, options.id);
    let ticket = client.get(&path, &query).await?;
    if services.json {
        show::json(&ticket)?;
        return Ok(Outcome::Good);
    }
    show::line(format!(
        "ticket {} of {}: {}",
        options.id,
        options.log,
        show::cell(&ticket["status"])
    ));
    if ticket["void"] == true {
        show::line("  void: voided, or nothing was known of it then");
    }
    let attributes = [
        "kind",
        "priority",
        "service",
        "category",
        "channel",
        "user_class",
        "directorate",
        "sts",
    ];
    for name in attributes {
        show::line(format!("  {name:12} {}", show::cell(&ticket[name])));
    }
    let rows = ticket["events"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|entry| {
            let event = &entry["event"];
            let what = show::cell(&event["type"]);
            let what = what.trim_start_matches("org.townclerk.").to_owned();
            vec![
                entry["sequence"].to_string(),
                show::cell(&event["time"]),
                show::cell(&entry["known"]),
                what,
                show::cell(&event["data"]),
                show::cell(&event["authid"]),
            ]
        });
    show::table(
        &["sequence", "happened", "known", "event", "data", "by"],
        rows,
    );
    Ok(Outcome::Good)
}
