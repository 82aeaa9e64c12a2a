//! `townclerk list`.

mod columns;

use anyhow::Context;
use serde_json::{Map, Value};

use self::columns::{Column, columns};
use super::figures::filters;
use super::show::Output;
use super::{Outcome, show};
use crate::cli::{List, Sort, WrongUsage};
use crate::client::Client;

pub async fn list(options: List) -> anyhow::Result<Outcome> {
    let sort = options.sort;
    let query = query(&options)?;
    let services = &options.services;
    let token = services.token.clone();
    let client = Client::new(&services.url, token, services.token_file.as_ref())?;
    let name = key(sort).replace('_', "-");
    let path = format!("/v1/views/{}/{name}", options.scope);
    let answer = client.get(&path, &query).await?;
    if services.output.is_json() {
        show::json(&answer)?;
        return Ok(Outcome::Good);
    }
    let records = answer[key(sort)].as_array();
    let records = records.context("the service answered without a list")?;
    print(services.output, sort, records);
    if let Some(why) = more(&answer, records.len()) {
        show::note(why);
    }
    if let Some(counted) = answer["bands"].as_object() {
        show::note(bands(counted));
    }
    if let Some(most) = answer["cut_at"].as_u64() {
        show::note(format!(
            "there are more than the {most} open tickets that are counted"
        ));
    }
    Ok(Outcome::Good)
}

/// What the service is asked. What an option asks, `--where` does not ask otherwise; where it names
/// a status, that one is meant.
fn query(options: &List) -> Result<Vec<(&str, String)>, WrongUsage> {
    let mut asked: Vec<(&str, String)> = Vec::new();
    asked.extend(options.as_at.clone().map(|value| ("as_at", value)));
    asked.extend(options.known_at.clone().map(|value| ("known_at", value)));
    asked.extend(options.open.then(|| ("status", "open".to_owned())));
    asked.extend(options.band.clone().map(|value| ("band", value)));
    asked.extend(options.priority.clone().map(|value| ("priority", value)));
    asked.extend(options.nature.clone().map(|value| ("nature", value)));
    let within = options.within_days;
    asked.extend(within.map(|value| ("within_days", value.to_string())));
    asked.extend(options.limit.map(|value| ("limit", value.to_string())));
    asked.extend(options.after.clone().map(|value| ("after", value)));
    for (dimension, value) in filters(&options.filters)? {
        if asked.iter().any(|(name, _)| *name == dimension) {
            let option = match dimension {
                "status" => "open".to_owned(),
                name => name.replace('_', "-"),
            };
            return Err(WrongUsage(format!(
                "--where {dimension}={value} and --{option} ask for the same: give one of them"
            )));
        }
        asked.push((dimension, value));
    }
    if !asked.iter().any(|(name, _)| *name == "status") {
        asked.extend(all_of(options.sort).map(|all| ("status", all.to_owned())));
    }
    Ok(asked)
}

/// The list's name in the answer; in the path with hyphens.
fn key(sort: Sort) -> &'static str {
    match sort {
        Sort::ServiceLevels => "service_levels",
        Sort::Tickets => "tickets",
        Sort::Changes => "changes",
        Sort::Outages => "outages",
        Sort::Freezes => "freezes",
        Sort::Gates => "gates",
        Sort::Programmes => "programmes",
        Sort::Posts => "posts",
        Sort::RecoveryTests => "recovery_tests",
        Sort::Interims => "interims",
        Sort::Agreements => "agreements",
        Sort::Findings => "findings",
        Sort::Claims => "claims",
    }
}

/// Without `--open` all are meant, of tickets too, whatever the service lists where it is not told.
fn all_of(sort: Sort) -> Option<&'static str> {
    match sort {
        Sort::Tickets | Sort::Changes | Sort::Outages => Some("all"),
        Sort::Freezes
        | Sort::Gates
        | Sort::Programmes
        | Sort::Posts
        | Sort::RecoveryTests
        | Sort::Interims
        | Sort::Agreements
        | Sort::Findings
        | Sort::Claims
        | Sort::ServiceLevels => None,
    }
}

/// How many open tickets there are in each band that has any.
fn bands(counted: &Map<String, Value>) -> String {
    let some = counted.iter().filter(|(_, count)| **count != 0);
    let some: Vec<String> = some
        .map(|(band, count)| format!("{band} {count}"))
        .collect();
    match some.is_empty() {
        true => "no ticket is open".to_owned(),
        false => format!("open tickets by band: {}", some.join(", ")),
    }
}

/// What is said where the list is longer than what is shown of it.
fn more(answer: &Value, shown: usize) -> Option<String> {
    if let Some(next) = answer["next"].as_str() {
        // Only the list of what is urgent has a moment of its own, and goes on from that alone.
        let as_at = answer["as_at"].as_str();
        let as_at = as_at.map_or_else(String::new, |as_at| format!(" --as-at {as_at}"));
        return Some(format!("there are more: go on with --after {next}{as_at}"));
    }
    let total = answer["total"].as_u64()?;
    let shown = u64::try_from(shown).ok()?;
    (shown < total).then(|| format!("these are the first {shown} of {total}"))
}

fn print(output: Output, sort: Sort, records: &[Value]) {
    let columns = columns(sort);
    let mut headers: Vec<&str> = columns.iter().map(|(header, _)| *header).collect();
    headers.push("remarks");
    let rows = records.iter().map(|record| {
        // What lies within something absent is absent too.
        let value = |(_, path): &Column| {
            let value = record.pointer(path).unwrap_or(&Value::Null);
            match *path {
                columns::BREAKDOWN => show::breakdown(value),
                _ => show::cell(value),
            }
        };
        let mut row: Vec<String> = columns.iter().map(value).collect();
        row.push(remarks(record));
        row
    });
    show::table(output, &headers, rows);
}

/// What must be known of a record beside its columns.
fn remarks(record: &Value) -> String {
    let mut remarks = Vec::new();
    let when = &record["when"];
    if when.is_object() {
        let days = format!(
            "{} to {}",
            show::cell(&when["from"]),
            show::cell(&when["to"])
        );
        remarks.push(format!("some time from {days}"));
    }
    let planned = &record["planned"];
    if planned.is_object() {
        let window = format!(
            "{} to {}",
            show::cell(&planned["from"]),
            show::cell(&planned["to"])
        );
        remarks.push(format!("planned for {window}"));
    }
    if record["held"] == true {
        remarks.push("a later event cannot be read".to_owned());
    }
    if record["sample"] == true {
        remarks.push("sample data".to_owned());
    }
    remarks.join("; ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::{Cli, Command};

    /// What is asked for a line of options.
    fn asked(line: &str) -> Result<Vec<(String, String)>, String> {
        use clap::Parser;
        let words = ["townclerk", "list"].into_iter();
        let words = words.chain(line.split_whitespace());
        let Command::List(options) = Cli::try_parse_from(words).unwrap().command else {
            panic!("{line} is no list");
        };
        let query = query(&options).map_err(|why| why.to_string())?;
        let named = query.into_iter();
        Ok(named
            .map(|(name, value)| (name.to_owned(), value))
            .collect())
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        pairs.iter().map(owned).collect()
    }

    #[test]
    fn all_are_meant_unless_open_ones_are_asked_for() {
        for (line, status) in [
            ("tickets --scope brent", Some("all")),
            ("outages --scope brent --open", Some("open")),
            (
                "tickets --scope brent --where status=closed",
                Some("closed"),
            ),
            ("posts --scope joint", None),
            // For the service to refuse.
            ("posts --scope joint --open", Some("open")),
        ] {
            let expected: Vec<_> = status
                .map(|status| ("status", status))
                .into_iter()
                .collect();
            assert_eq!(asked(line).unwrap(), pairs(&expected), "{line}");
        }
    }

    #[test]
    fn what_an_option_asks_is_not_asked_by_where_too() {
        let refused = asked("tickets --scope brent --open --where status=open").unwrap_err();
        let says = "--where status=open and --open ask for the same: give one of them";
        assert_eq!(refused, says);
        let levels = "service-levels --scope brent --priority p1 --where priority=p2";
        assert!(asked(levels).unwrap_err().contains("--priority ask for"));
        let dates = "tickets --scope brent --known-at 2026-01-01T00:00:00Z --where known_at=x";
        assert!(asked(dates).unwrap_err().contains("--known-at ask for"));
    }

    #[test]
    fn a_list_that_goes_on_says_how() {
        let next = more(&json!({"next": "12_ab"}), 50);
        assert_eq!(next.unwrap(), "there are more: go on with --after 12_ab");
        let latest = more(&json!({"total": 120}), 100);
        assert_eq!(latest.unwrap(), "these are the first 100 of 120");
        assert_eq!(more(&json!({"next": null}), 3), None);
        assert_eq!(more(&json!({"total": 3}), 3), None);
    }

    #[test]
    fn bands_that_are_empty_are_not_told() {
        let counted = json!({"overdue": 2, "95": 0, "paused": 1});
        let said = bands(counted.as_object().unwrap());
        assert!(said.contains("overdue 2") && said.contains("paused 1") && !said.contains("95"));
        assert_eq!(bands(&Map::new()), "no ticket is open");
    }

    #[test]
    fn what_is_known_only_roughly_is_a_remark() {
        let rough = json!({"when": {"from": "2019-04-01", "to": "2019-04-30"}, "sample": true});
        assert_eq!(
            remarks(&rough),
            "some time from 2019-04-01 to 2019-04-30; sample data"
        );
        assert_eq!(
            remarks(&json!({"planned": null, "sample": false, "held": false})),
            ""
        );
        assert_eq!(
            remarks(&json!({"held": true})),
            "a later event cannot be read"
        );
    }
}
