//! Which event of a ticket a correction is of.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;
use uuid::Uuid;

use super::life::On;
use crate::cli::WrongUsage;
use crate::client::Client;

/// How many sequences of events are named where another one was.
const NAMED_MAX: usize = 20;

/// An event as a clerk names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// Its place in the log, which the list of a ticket's events shows.
    Sequence(u64),
    /// Its id, which every answer of a command shows.
    Id(Uuid),
}

impl FromStr for Named {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(sequence) = text.parse() {
            return Ok(Self::Sequence(sequence));
        }
        let id = text.parse().map(Self::Id);
        id.map_err(|_| "write the sequence of an event, such as 3, or its id")
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sequence(sequence) => sequence.fmt(f),
            Self::Id(id) => id.fmt(f),
        }
    }
}

/// The id of the event of a ticket that has this sequence, as the view of its log shows it.
///
/// # Errors
/// An unreachable service, its refusal, or a ticket that has no such event.
pub async fn id_of(sequence: u64, on: &On) -> anyhow::Result<Uuid> {
    let services = &on.services;
    let (token, file) = (services.token.clone(), services.token_file.as_ref());
    let client = Client::new(&services.url, token, file)?;
    let path = format!("/v1/views/{}/tickets/{}", on.log, on.id);
    let ticket = client.get(&path, &[]).await?;
    Ok(found(sequence, &ticket)?)
}

fn found(sequence: u64, ticket: &Value) -> Result<Uuid, WrongUsage> {
    let events = ticket["events"].as_array().into_iter().flatten();
    let known = events.filter_map(|entry| {
        let id = entry["event"]["id"].as_str()?.parse().ok()?;
        Some((entry["sequence"].as_u64()?, id))
    });
    let known: Vec<(u64, Uuid)> = known.collect();
    if let Some((_, id)) = known.iter().find(|(of, _)| *of == sequence) {
        return Ok(*id);
    }
    let shown = known.iter().take(NAMED_MAX);
    let mut shown: Vec<String> = shown.map(|(of, _)| of.to_string()).collect();
    if known.len() > NAMED_MAX {
        shown.push("…".to_owned());
    }
    Err(WrongUsage(format!(
        "the ticket has no event with the sequence {sequence}: it has {}",
        shown.join(", ")
    )))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const LOGGED: &str = "4383ab6c-59fd-53ce-9049-2d0c440bcea6";
    const CLOSED: &str = "cd76cca2-2502-5be4-b1cf-2aef2eb6cffe";

    #[test]
    fn an_event_is_named_by_its_sequence_or_its_id() {
        assert_eq!("3".parse(), Ok(Named::Sequence(3)));
        assert_eq!(LOGGED.parse(), Ok(Named::Id(LOGGED.parse().unwrap())));
        for neither in ["", "brent:3", "-1", "4383ab6c-59fd"] {
            let refused = neither.parse::<Named>().unwrap_err();
            assert!(refused.contains("such as 3, or its id"), "{neither}");
        }
    }

    #[test]
    fn a_sequence_leads_to_the_event_or_to_those_that_there_are() {
        let ticket = json!({"events": [
            {"sequence": 3, "event": {"id": LOGGED}}, {"sequence": 9, "event": {"id": CLOSED}},
        ]});
        assert_eq!(found(9, &ticket).unwrap().to_string(), CLOSED);
        let absent = found(4, &ticket).unwrap_err().to_string();
        let says = "the ticket has no event with the sequence 4: it has 3, 9";
        assert_eq!(absent, says);
    }
}
