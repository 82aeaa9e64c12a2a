//! How a stream must be configured so that nothing recorded can be lost, changed or renumbered.

use std::fmt;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use townclerk_contract::subject::{STREAM, all_subjects};
use townclerk_domain::names::LogName;

use super::connection::{OpenError, api};

/// Whether [`make_stream`] had anything to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Initialised {
    Made,
    WasThere,
}

/// A field of the stream that is not as the record needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub field: String,
    pub found: Value,
    pub needed: Value,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            field,
            found,
            needed,
        } = self;
        write!(f, "{field} is {found}, needed is {needed}")
    }
}

/// How long the server remembers message ids, in nanoseconds: two minutes.
const DUPLICATE_WINDOW_NANOS: u64 = 120_000_000_000;

/// Every field that we set. The rest must be absent or at its default, see [`MUST_BE_ABSENT`].
fn needed(log: &LogName) -> Map<String, Value> {
    let config = json!({
        "name": STREAM,
        "subjects": [all_subjects(log)],
        "storage": "file",
        "retention": "limits",
        "discard": "new",
        "max_age": 0,
        "max_msgs": -1,
        "max_bytes": -1,
        "max_msgs_per_subject": -1,
        "max_msg_size": -1,
        "max_consumers": -1,
        "duplicate_window": DUPLICATE_WINDOW_NANOS,
        "deny_delete": true,
        "deny_purge": true,
        "allow_rollup_hdrs": false,
        "allow_atomic": true,
        "sealed": false,
    });
    match config {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// Fields that would change, drop, divert or renumber messages, or acknowledge them too early.
const MUST_BE_ABSENT: [&str; 8] = [
    "mirror",
    "sources",
    "subject_transform",
    "republish",
    "persist_mode",
    "allow_msg_ttl",
    "allow_msg_counter",
    "no_ack",
];

pub(super) async fn make_stream(
    client: &async_nats::Client,
    log: &LogName,
) -> Result<Initialised, OpenError> {
    match current(client, log).await {
        Ok(_) => return Ok(Initialised::WasThere),
        Err(OpenError::NoStream { .. }) => {}
        Err(error) => return Err(error),
    }
    let mut config = needed(log);
    // A sealed stream can only be made so later; naming the field at creation is refused.
    config.remove("sealed");
    let request = Value::Object(config).to_string();
    let what = format!("STREAM.CREATE.{STREAM}");
    let _: Value = api(client, log, &what, &request).await?;
    Ok(Initialised::Made)
}

pub(super) async fn assert_stream(
    client: &async_nats::Client,
    log: &LogName,
) -> Result<(), OpenError> {
    let found = current(client, log).await?;
    let differences = differences(&found, &needed(log));
    if differences.is_empty() {
        return Ok(());
    }
    Err(OpenError::OtherwiseConfigured {
        log: log.clone(),
        differences,
    })
}

async fn current(
    client: &async_nats::Client,
    log: &LogName,
) -> Result<Map<String, Value>, OpenError> {
    #[derive(Deserialize)]
    struct Info {
        config: Map<String, Value>,
    }
    let what = format!("STREAM.INFO.{STREAM}");
    let info: Info = api(client, log, &what, "").await?;
    Ok(info.config)
}

fn differences(found: &Map<String, Value>, needed: &Map<String, Value>) -> Vec<Difference> {
    // The server leaves out what is false or zero.
    let is_default = |value: &Value| {
        matches!(value, Value::Null | Value::Bool(false)) || value.as_i64() == Some(0)
    };
    let wrong = needed.iter().filter_map(|(field, needed)| {
        let found = found.get(field).cloned().unwrap_or_default();
        let same = found == *needed || (is_default(&found) && is_default(needed));
        (!same).then(|| Difference {
            field: field.clone(),
            found,
            needed: needed.clone(),
        })
    });
    let unwanted = MUST_BE_ABSENT.iter().filter_map(|field| {
        let found = found.get(*field).filter(|value| !is_default(value))?;
        // The default persistence may be spelled out; it is the one that is meant.
        let spelled_default = *field == "persist_mode" && found == "default";
        (!spelled_default).then(|| Difference {
            field: (*field).to_owned(),
            found: found.clone(),
            needed: Value::Null,
        })
    });
    wrong.chain(unwanted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log() -> LogName {
        LogName::new("brent").unwrap()
    }

    #[test]
    fn what_the_server_leaves_out_is_the_default() {
        let mut found = needed(&log());
        found.remove("max_age");
        found.remove("sealed");
        found.insert("metadata".to_owned(), json!({"_nats.level": "0"}));
        assert_eq!(differences(&found, &needed(&log())), []);
    }

    #[test]
    fn each_dangerous_setting_is_named() {
        for (field, value) in [
            ("storage", json!("memory")),
            ("max_age", json!(1)),
            ("discard", json!("old")),
            ("deny_delete", json!(false)),
            ("allow_rollup_hdrs", json!(true)),
            ("subject_transform", json!({"src": ">", "dest": "x.>"})),
            ("persist_mode", json!("async")),
            ("sources", json!([{"name": "OTHER"}])),
        ] {
            let mut found = needed(&log());
            found.insert(field.to_owned(), value.clone());
            let differences = differences(&found, &needed(&log()));
            assert_eq!(differences.len(), 1, "{field}");
            assert_eq!(differences[0].field, field);
            assert_eq!(differences[0].found, value);
        }
    }
}
