//! Where a stream is to begin, and whether it goes on.

use std::fmt::Display;

use axum::http::HeaderMap;
use serde_json::json;
use townclerk_app::http::Problem;
use townclerk_app::http::described::Parameter;
use townclerk_contract::position::Position;
use townclerk_domain::names::LogName;

const LAST_EVENT_ID: &str = "last-event-id";

const AFTER: &str = "after";
const LAST: &str = "last";
const FOLLOW: &str = "follow";

/// What a reader asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    pub begin: Begin,
    /// Whether it waits for what is recorded later.
    pub follow: bool,
}

/// Where a stream begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// After this sequence; `named` is the header or parameter that said so.
    After { sequence: u64, named: &'static str },
    /// With the last so many messages.
    Last(u64),
}

/// What the query takes, for the published description.
pub fn parameters() -> Vec<Parameter> {
    let once = |name, about: &str, schema| Parameter {
        name,
        about: about.to_owned(),
        repeats: false,
        schema,
    };
    vec![
        once(
            AFTER,
            "Begins after this sequence or position; absent for the whole log.",
            json!({ "type": "string", "pattern": "^([a-z0-9-]+:)?[0-9]+$" }),
        ),
        once(
            LAST,
            "Begins with the last so many messages; not together with `after`.",
            json!({ "type": "integer", "minimum": 0 }),
        ),
        once(
            FOLLOW,
            "`false` ends the stream, with `event: end`, where the log ended when it was asked.",
            json!({ "type": "boolean", "default": true }),
        ),
    ]
}

impl Asked {
    /// # Errors
    /// A parameter that is not known or has no valid value; each is given once when this is asked.
    pub fn read(
        log: &LogName,
        headers: &HeaderMap,
        query: &[(String, String)],
    ) -> Result<Self, Problem> {
        let (mut after, mut last, mut follow) = (None, None, None);
        for (name, value) in query {
            match name.as_str() {
                AFTER => after = Some(sequence(log, AFTER, value)?),
                LAST => last = Some(read_as(LAST, value, "a number")?),
                FOLLOW => follow = Some(read_as(FOLLOW, value, "true or false")?),
                other => {
                    let why = format!("there are {AFTER}, {LAST} and {FOLLOW}");
                    return Err(Problem::bad_query(other, why));
                }
            }
        }
        if after.is_some() && last.is_some() {
            let why = format!("say {AFTER} or {LAST}, not both");
            return Err(Problem::bad_query(LAST, why));
        }
        let asked = match last {
            Some(count) => Begin::Last(count),
            None => Begin::After {
                sequence: after.unwrap_or(0),
                named: AFTER,
            },
        };
        // A client that connects again sends the same query, so the header is the later word.
        let begin = match last_event(log, headers)? {
            Some(sequence) => Begin::After {
                sequence,
                named: LAST_EVENT_ID,
            },
            None => asked,
        };
        let follow = follow.unwrap_or(true);
        Ok(Self { begin, follow })
    }

    /// The sequence after which the stream begins.
    ///
    /// # Errors
    /// One beyond the end: a reader that came that far read another log.
    pub fn after(&self, log: &LogName, head: u64) -> Result<u64, Problem> {
        match self.begin {
            Begin::Last(count) => Ok(head.saturating_sub(count)),
            Begin::After { sequence, .. } if sequence <= head => Ok(sequence),
            Begin::After { sequence, named } => {
                let why = format!(
                    "the log ends at {log}:{head}, before {log}:{sequence}: if you have read that \
                     far, it was another log; read this one from the beginning"
                );
                let head = Position {
                    log: log.clone(),
                    sequence: head,
                };
                Err(Problem::bad_query(named, why).with("position", head.to_string()))
            }
        }
    }
}

/// What a reader says that it read last. Browsers send an empty one for none.
fn last_event(log: &LogName, headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(value) = headers.get(LAST_EVENT_ID) else {
        return Ok(None);
    };
    let text = String::from_utf8_lossy(value.as_bytes());
    match text.trim() {
        "" => Ok(None),
        text => sequence(log, LAST_EVENT_ID, text).map(Some),
    }
}

/// A sequence of `log`, written alone or as a position.
fn sequence(log: &LogName, name: &'static str, text: &str) -> Result<u64, Problem> {
    if !text.contains(':') {
        return read_as(
            name,
            text,
            "a sequence such as 123, or a position such as brent:123",
        );
    }
    let position: Position = text.parse().map_err(|why| Problem::bad_query(name, why))?;
    if position.log != *log {
        let why = format!("{position} is a position of another log than {log}");
        return Err(Problem::bad_query(name, why));
    }
    Ok(position.sequence)
}

fn read_as<T: std::str::FromStr>(
    name: &'static str,
    text: &str,
    expected: impl Display,
) -> Result<T, Problem> {
    let found: String = text.chars().take(80).collect();
    let why = || format!("write {expected}, not {found:?}");
    text.parse().map_err(|_| Problem::bad_query(name, why()))
}
