//! `townclerk rebuild` and `townclerk verify`.

use std::collections::BTreeMap;

use indicatif::ProgressBar;
use serde::Deserialize;
use serde_json::Value;
use townclerk_domain::names::Scope;

use super::show::Format;
use super::{Outcome, show};
use crate::cli::{Rebuild, Services, Verify};
use crate::client::Client;

pub async fn rebuild(options: Rebuild) -> anyhow::Result<Outcome> {
    let client = client(&options.services)?;
    let report = replay(&client, &options.view, "rebuild").await?;
    if !show::for_programs(options.services.output, &report)? {
        show::line(format!(
            "{}: {} events into {} rows in {} ms, serving generation {}, digest {}",
            options.view,
            report["events"],
            report["rows"],
            report["milliseconds"],
            report["generation"],
            show::cell(&report["digest"]),
        ));
        differences(&report);
    }
    Ok(match report["identical"] == true {
        true => Outcome::Good,
        false => Outcome::Differences,
    })
}

/// The views that a service has.
#[derive(Deserialize)]
struct Served {
    views: Vec<Scope>,
}

pub async fn verify(options: Verify) -> anyhow::Result<Outcome> {
    let client = client(&options.services)?;
    let mut views = each_once(options.views);
    if views.is_empty() {
        views = client.get_as::<Served>("/v1/views", &[]).await?.views;
    }
    let mut reports = Vec::with_capacity(views.len());
    for view in &views {
        let report = replay(&client, view, "verify").await?;
        if options.services.output.format() == Format::Table {
            print(view, &report);
        }
        reports.push(report);
    }
    show::for_programs(options.services.output, &reports)?;
    Ok(match reports.iter().all(|report| report["ok"] == true) {
        true => Outcome::Good,
        false => Outcome::Differences,
    })
}

/// A view that is named twice is compared once.
fn each_once(named: Vec<Scope>) -> Vec<Scope> {
    let mut views = Vec::with_capacity(named.len());
    for view in named {
        if !views.contains(&view) {
            views.push(view);
        }
    }
    views
}

fn client(services: &Services) -> anyhow::Result<Client> {
    let (token, file) = (services.token.clone(), services.token_file.as_ref());
    Client::new(&services.url, token, file)
}

/// Asks for a replay and shows how it goes.
async fn replay(client: &Client, view: &Scope, what: &str) -> anyhow::Result<Value> {
    let mut bars: BTreeMap<String, ProgressBar> = BTreeMap::new();
    let path = format!("/v1/views/{view}/{what}");
    let report = client
        .replay(&path, |step| {
            let name = match step["step"].as_str() {
                Some("reading") => format!("{view}: reading {}", show::cell(&step["log"])),
                Some("writing") => format!("{view}: writing rows"),
                _ => return,
            };
            let total = step["total"].as_u64().unwrap_or(0);
            let done = step["done"].as_u64().unwrap_or(0);
            let bar = bars
                .entry(name.clone())
                .or_insert_with(|| show::bar(&name, total));
            bar.set_length(total);
            bar.set_position(done);
            if done >= total && !bar.is_finished() {
                show::finish(bar);
            }
        })
        .await;
    for bar in bars.values().filter(|bar| !bar.is_finished()) {
        bar.abandon();
    }
    report
}

fn print(view: &Scope, report: &Value) {
    let verdict = match report["ok"] == true {
        true => "live equals rebuilt",
        false => "DIFFERENCES",
    };
    show::line(format!(
        "{view}: {verdict}; {} events, digest {}",
        report["events"],
        show::cell(&report["digest"])
    ));
    differences(report);
    for (kind, text) in [("foreign", "foreign"), ("held", "held")] {
        for (log, messages) in report[kind].as_object().into_iter().flatten() {
            for message in messages.as_array().into_iter().flatten() {
                let reason = show::cell(&message["reason"]);
                show::line(format!("  {text}: {log}:{}: {reason}", message["sequence"]));
            }
        }
    }
}

fn differences(report: &Value) {
    for difference in report["differences"].as_array().into_iter().flatten() {
        show::line(format!("  difference: {}", show::cell(difference)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_that_is_named_twice_is_compared_once() {
        let named = ["brent", "joint", "brent"].map(|view| Scope::new(view).unwrap());
        let once: Vec<String> = each_once(named.to_vec())
            .iter()
            .map(Scope::to_string)
            .collect();
        assert_eq!(
            once,
            ["brent", "joint"],
            "in the order in which they are named"
        );
    }
}
