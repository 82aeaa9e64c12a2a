//! The commands for the life of one ticket, each as the service takes it.

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};
use townclerk_domain::names::LogName;

use super::correction::{Named, id_of};
use crate::cli::{Services, instant};
use crate::commands::Outcome;
use crate::commands::send::record;

#[derive(Debug, Subcommand)]
pub enum Step {
    /// Confirm what a ticket is, once somebody has looked at it
    Triage(On),
    /// Begin work on a ticket, or go on after a hold
    Start(On),
    /// Put a ticket on hold
    Hold {
        /// What it waits for, such as customer, supplier, change or problem
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        on: On,
    },
    /// Resolve a ticket: the service is restored, or the request fulfilled
    Resolve {
        /// How, as a code, such as reset-password
        #[arg(long)]
        resolution: Option<String>,
        #[command(flatten)]
        on: On,
    },
    /// Reopen a ticket that turned out not to be resolved
    Reopen {
        /// Why, as a code, such as came-back
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        on: On,
    },
    /// Close a resolved ticket: the resolution is accepted
    Close(On),
    /// Cancel a ticket that is not to be dealt with
    Cancel {
        /// Why, such as duplicate, unnecessary or not-an-incident
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        on: On,
    },
    /// Take up a cancelled ticket after all
    Reinstate {
        /// Why, such as cancelled-in-error, not-a-duplicate or needed-after-all
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        on: On,
    },
    /// Give a ticket to a team
    Assign {
        /// The team's code
        #[arg(long)]
        team: String,
        #[command(flatten)]
        on: On,
    },
    /// Change what a ticket is about; what is not named stays
    #[command(group(clap::ArgGroup::new("what").required(true).multiple(true)))]
    Recategorise {
        /// The code of what it is about, such as software-error
        #[arg(long, group = "what")]
        category: Option<String>,
        /// The code of the service that it is about, such as email
        #[arg(long, group = "what")]
        service: Option<String>,
        /// The code of the directorate whose work it touches
        #[arg(long, group = "what")]
        directorate: Option<String>,
        #[command(flatten)]
        on: On,
    },
    /// Change the priority of a ticket
    Reprioritise {
        /// p1 to p5
        #[arg(long)]
        priority: String,
        #[command(flatten)]
        on: On,
    },
    /// Say what caused a ticket
    Link {
        /// The cause, such as shared/outage/cd76cca2-2502-5be4-b1cf-2aef2eb6cffe
        #[arg(long, value_name = "LOG/KIND/ID", value_parser = cause)]
        cause: Cause,
        #[command(flatten)]
        on: On,
    },
    /// Correct what an event of a ticket says
    Correct {
        /// Which event: its sequence, as `townclerk ticket show` lists it, or its id
        #[arg(long, value_name = "SEQUENCE|ID")]
        event: Named,
        /// happened, or a field of the event
        #[arg(long)]
        field: String,
        /// The value that it has now; empty where it has none
        #[arg(long)]
        was: String,
        /// The right value; empty for none
        #[arg(long)]
        is: String,
        /// Why, as a code, such as typing-error
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        on: On,
    },
    /// Void a ticket that was recorded in error: it leaves all figures and stays in the history
    Void {
        /// Why, as a code, such as recorded-twice
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        on: On,
    },
}

/// Which ticket, when, and as which command.
#[derive(Debug, Args)]
pub struct On {
    /// The council whose log it is in, or shared
    pub log: LogName,
    /// Its id
    pub id: String,
    /// When it happened, such as 2026-11-20T09:00:00Z; else now
    #[arg(long, value_name = "TIME", visible_alias = "happened", value_parser = instant)]
    pub at: Option<String>,
    /// The idempotency key: repeat the command with it and it is still recorded once
    #[arg(long)]
    pub key: Option<String>,
    #[command(flatten)]
    pub services: Services,
}

/// A ticket, change or outage of any log. Whether there is one of that kind, the service says.
#[derive(Clone, Debug)]
pub struct Cause {
    log: String,
    kind: String,
    id: String,
}

fn cause(text: &str) -> Result<Cause, String> {
    let parts: Vec<&str> = text.split('/').collect();
    match parts[..] {
        [log, kind, id] => Ok(Cause {
            log: log.to_owned(),
            kind: kind.to_owned(),
            id: id.to_owned(),
        }),
        _ => Err("write LOG/KIND/ID: a log, then ticket, change or outage, then its id".to_owned()),
    }
}

/// Sends one step of a ticket's life.
pub async fn take(step: Step) -> anyhow::Result<Outcome> {
    let step = with_id(step).await?;
    let (command, mut body, on) = asked(step);
    if let Some(at) = on.at {
        body.insert("happened".to_owned(), Value::String(at));
    }
    let path = format!("/v1/logs/{}/tickets/{}/{command}", on.log, on.id);
    record(on.services, &path, on.key, &body).await
}

/// A correction by an event's sequence becomes one by its id, which the service takes.
async fn with_id(step: Step) -> anyhow::Result<Step> {
    match step {
        Step::Correct {
            event: Named::Sequence(sequence),
            field,
            was,
            is,
            reason,
            on,
        } => Ok(Step::Correct {
            event: Named::Id(id_of(sequence, &on).await?),
            field,
            was,
            is,
            reason,
            on,
        }),
        other => Ok(other),
    }
}

/// The last part of the command's path and what it says.
fn asked(step: Step) -> (&'static str, Map<String, Value>, On) {
    let of = |pairs: Value| match pairs {
        Value::Object(pairs) => pairs
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .collect(),
        _ => Map::new(),
    };
    let nothing = Map::new;
    match step {
        Step::Triage(on) => ("triage", nothing(), on),
        Step::Start(on) => ("start", nothing(), on),
        Step::Hold { reason, on } => ("hold", of(json!({"reason": reason})), on),
        Step::Resolve { resolution, on } => ("resolve", of(json!({"resolution": resolution})), on),
        Step::Reopen { reason, on } => ("reopen", of(json!({"reason": reason})), on),
        Step::Close(on) => ("close", nothing(), on),
        Step::Cancel { reason, on } => ("cancel", of(json!({"reason": reason})), on),
        Step::Reinstate { reason, on } => ("reinstate", of(json!({"reason": reason})), on),
        Step::Assign { team, on } => ("assign", of(json!({"team": team})), on),
        Step::Recategorise {
            category,
            service,
            directorate,
            on,
        } => (
            "recategorise",
            of(json!({"category": category, "service": service, "directorate": directorate})),
            on,
        ),
        Step::Reprioritise { priority, on } => {
            ("reprioritise", of(json!({"priority": priority})), on)
        }
        Step::Link { cause, on } => {
            let Cause { log, kind, id } = cause;
            (
                "link",
                of(json!({"cause": {"log": log, "kind": kind, "id": id}})),
                on,
            )
        }
        Step::Correct {
            event,
            field,
            was,
            is,
            reason,
            on,
        } => (
            "correct",
            of(
                json!({"event": event.to_string(), "field": field, "was": was, "is": is, "reason": reason}),
            ),
            on,
        ),
        Step::Void { reason, on } => ("void", of(json!({"reason": reason})), on),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(subcommand)]
        step: Step,
    }

    fn read(words: &[&str]) -> Result<(&'static str, Value), String> {
        let line = std::iter::once("ticket").chain(words.iter().copied());
        let line = Line::try_parse_from(line).map_err(|why| why.to_string())?;
        let (command, body, on) = asked(line.step);
        assert_eq!((on.log.as_str(), on.id.as_str()), ("brent", "T"));
        Ok((command, Value::Object(body)))
    }

    #[test]
    fn every_command_of_a_ticket_has_a_verb_and_no_verb_is_without_a_command() {
        let described = include_str!("../../../../../proto/openapi.json");
        let described: Value = serde_json::from_str(described).unwrap();
        let paths = described["paths"].as_object().unwrap().keys();
        let commands: BTreeSet<&str> = paths
            .filter_map(|path| path.strip_prefix("/v1/logs/{log}/tickets/{id}/"))
            .collect();
        let verbs = Step::augment_subcommands(clap::Command::new("ticket"));
        let verbs: BTreeSet<&str> = verbs
            .get_subcommands()
            .map(clap::Command::get_name)
            .collect();
        assert_eq!(verbs, commands);
    }

    #[test]
    fn a_step_says_what_was_given_and_nothing_else() {
        for (words, body) in [
            (vec!["close"], json!({})),
            (vec!["resolve"], json!({})),
            (
                vec!["resolve", "--resolution", "fixed"],
                json!({"resolution": "fixed"}),
            ),
            (
                vec!["hold", "--reason", "customer"],
                json!({"reason": "customer"}),
            ),
            (
                vec!["recategorise", "--service", "hr"],
                json!({"service": "hr"}),
            ),
            (
                vec!["link", "--cause", "shared/outage/O"],
                json!({"cause": {"log": "shared", "kind": "outage", "id": "O"}}),
            ),
        ] {
            let line = [words.as_slice(), &["brent", "T"]].concat();
            assert_eq!(read(&line).unwrap(), (words[0], body));
        }
        let event = ["--event", "08Z", "--field", "f", "--was", "", "--is", ""];
        let correct = [&["correct", "brent", "T", "--reason", "r"][..], &event].concat();
        let refused = read(&correct).unwrap_err();
        assert!(refused.contains("sequence of an event"), "{refused}");
        let missing = read(&["hold", "brent", "T"]).unwrap_err();
        assert!(missing.contains("--reason"), "{missing}");
        let nothing = read(&["recategorise", "brent", "T"]).unwrap_err();
        assert!(nothing.contains("--category"), "{nothing}");
        let cause = read(&["link", "brent", "T", "--cause", "O"]).unwrap_err();
        assert!(cause.contains("LOG/KIND/ID"), "{cause}");
    }
}
