//! `townclerk ticket`.

mod correction;
mod life;

use serde_json::{Value, json};

pub use self::life::Step as TicketStep;

use super::send::record;
use super::{Outcome, show};
use crate::cli::{Ticket, TicketLog, TicketShow};
use crate::client::Client;

pub async fn ticket(command: Ticket) -> anyhow::Result<Outcome> {
    match command {
        Ticket::Log(options) => log(options).await,
        Ticket::Show(options) => show_one(options).await,
        Ticket::ServiceLevel(options) => service_level(options).await,
        Ticket::Step(step) => life::take(step).await,
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

/// Reads something of a ticket: itself, or what `of` names.
async fn read(options: &TicketShow, of: &str) -> anyhow::Result<Value> {
    let services = &options.services;
    let token = services.token.clone();
    let client = Client::new(&services.url, token, services.token_file.as_ref())?;
    let mut query = Vec::new();
    query.extend(options.as_at.clone().map(|value| ("as_at", value)));
    query.extend(options.known_at.clone().map(|value| ("known_at", value)));
    let path = format!("/v1/views/{}/tickets/{}{of}", options.log, options.id);
    client.get(&path, &query).await
}

async fn show_one(options: TicketShow) -> anyhow::Result<Outcome> {
    let ticket = read(&options, "").await?;
    let output = options.services.output;
    if output.is_json() {
        show::json(&ticket)?;
        return Ok(Outcome::Good);
    }
    show::beside(
        output,
        format!(
            "ticket {} of {}: {}",
            options.id,
            options.log,
            show::cell(&ticket["status"])
        ),
    );
    if ticket["void"] == true {
        show::beside(output, "  void: voided, or nothing was known of it then");
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
        show::beside(output, format!("  {name:12} {}", show::cell(&ticket[name])));
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
        output,
        &["sequence", "happened", "known", "event", "data", "by"],
        rows,
    );
    Ok(Outcome::Good)
}

async fn service_level(options: TicketShow) -> anyhow::Result<Outcome> {
    let level = read(&options, "/service-level").await?;
    let output = options.services.output;
    if output.is_json() {
        show::json(&level)?;
        return Ok(Outcome::Good);
    }
    let (id, log) = (&options.id, &options.log);
    if level["void"] == true {
        show::beside(
            output,
            format!("ticket {id} of {log}: voided, or nothing was known of it then"),
        );
        return Ok(Outcome::Good);
    }
    let cell = |name: &str| show::cell(&level[name]);
    let (standing, as_at) = (cell("standing"), cell("as_at"));
    show::beside(
        output,
        format!("ticket {id} of {log}: {standing}, as at {as_at}"),
    );
    for name in [
        "kind",
        "priority",
        "user_class",
        "status",
        "band",
        "target_minutes",
        "counted_minutes",
        "left_minutes",
        "due",
        "aged_from",
    ] {
        show::beside(output, format!("  {name:16} {}", cell(name)));
    }
    for line in agreed(&level["terms"]) {
        show::beside(output, line);
    }
    let steps = level["trail"].as_array().into_iter().flatten();
    show::table(
        output,
        &["at", "what", "minutes counted", "due then"],
        steps.map(|step| {
            let counted = show::cell(&step["counted_minutes"]);
            vec![
                show::cell(&step["at"]),
                said(step),
                counted,
                show::cell(&step["due"]),
            ]
        }),
    );
    Ok(Outcome::Good)
}

/// What governs the ticket, line by line, each with the event by which it was recorded.
fn agreed(terms: &Value) -> Vec<String> {
    let hours = terms["hours"].as_array().into_iter().flatten();
    let named = [("targets", &terms["targets"])]
        .into_iter()
        .chain(hours.map(|hours| ("hours", hours)))
        .chain([("pauses", &terms["pauses"])]);
    let mut lines: Vec<String> = named
        .filter(|(_, by)| by.is_object())
        .map(|(name, by)| {
            let (from, position) = (show::cell(&by["from"]), show::cell(&by["position"]));
            format!("  {name:16} agreed from {from} by {position}")
        })
        .collect();
    let holidays = terms["holidays"].as_array().into_iter().flatten();
    lines.extend(holidays.map(|holiday| {
        let (day, position) = (
            show::cell(&holiday["day"]),
            show::cell(&holiday["position"]),
        );
        format!("  {:16} {day}, declared by {position}", "holiday")
    }));
    lines
}

/// What happened to the clock, in words.
fn said(step: &Value) -> String {
    let what = show::cell(&step["what"]);
    let target = || match step["target_minutes"].as_i64() {
        Some(minutes) => format!("target {minutes} minutes"),
        None => "no target".to_owned(),
    };
    match what.as_str() {
        "started" | "retargeted" => {
            format!("{what}: {}, {}", show::cell(&step["priority"]), target())
        }
        "held" => {
            let goes_on = match step["pauses"] == true {
                true => "the clock is stopped",
                false => "the clock goes on",
            };
            format!("{what}: {}, {goes_on}", show::cell(&step["reason"]))
        }
        "resolved" => match step["result"].as_str() {
            Some(result) => format!("{what}: {result}, {}", target()),
            None => format!("{what}: {}", target()),
        },
        _ => what,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_a_trail_says_why_the_clock_stands_or_goes_on() {
        let held = json!({"what": "held", "reason": "change", "pauses": false});
        assert_eq!(said(&held), "held: change, the clock goes on");
        let held = json!({"what": "held", "reason": "customer", "pauses": true});
        assert_eq!(said(&held), "held: customer, the clock is stopped");
        let raised = json!({"what": "retargeted", "priority": "p1", "target_minutes": 240});
        assert_eq!(said(&raised), "retargeted: p1, target 240 minutes");
        let started = json!({"what": "started", "priority": "p5", "target_minutes": null});
        assert_eq!(said(&started), "started: p5, no target");
        assert_eq!(said(&json!({"what": "resumed"})), "resumed");
        let resolved = json!({"what": "resolved", "result": "met", "target_minutes": 240});
        assert_eq!(said(&resolved), "resolved: met, target 240 minutes");
        let resolved = json!({"what": "resolved", "result": null, "target_minutes": null});
        assert_eq!(said(&resolved), "resolved: no target");
    }

    #[test]
    fn what_governs_a_ticket_is_named_with_its_events() {
        let by = |position: &str| json!({"from": "2020-01-01", "position": position});
        let terms = json!({
            "targets": by("brent:1"), "hours": [by("brent:4"), by("brent:9")], "pauses": null,
            "holidays": [{"day": "2020-05-08", "position": "brent:5"}],
        });
        let expected = [
            "  targets          agreed from 2020-01-01 by brent:1",
            "  hours            agreed from 2020-01-01 by brent:4",
            "  hours            agreed from 2020-01-01 by brent:9",
            "  holiday          2020-05-08, declared by brent:5",
        ];
        assert_eq!(agreed(&terms), expected);
        assert!(agreed(&Value::Null).is_empty());
    }
}
