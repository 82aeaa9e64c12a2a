//! `townclerk send`, and how every command of the command line is recorded.

use std::io::Read;
use std::{fs, io};

use anyhow::Context;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use townclerk_app::http::kind::Kind;
use uuid::Uuid;

use super::{Outcome, show};
use crate::cli::{Send, Services, WrongUsage};
use crate::client::{Client, Refused, Unreachable};

pub async fn send(options: Send) -> anyhow::Result<Outcome> {
    let body = body(&options.body)?;
    record(options.services, &options.path, options.key, &body).await
}

const TOO_MANY_REQUESTS: u16 = 429;

/// Sends a command with its idempotency key, and says where it was recorded.
///
/// # Errors
/// An unreachable service or its refusal, with the key with which it can be repeated.
pub async fn record(
    services: Services,
    path: &str,
    key: Option<String>,
    body: &(impl Serialize + ?Sized),
) -> anyhow::Result<Outcome> {
    let key = key.unwrap_or_else(|| Uuid::new_v4().to_string());
    let client = Client::new(&services.url, services.token, services.token_file.as_ref())?;
    let answer = match client.command(path, &key, body).await {
        Ok(answer) => answer,
        Err(error) if helps_to_repeat(&error) => {
            return Err(error.context(format!("with --key {key} it can be repeated safely")));
        }
        Err(error) => return Err(error),
    };
    if !show::for_programs(services.output, &answer)? {
        show::line(said(&answer));
    }
    for warning in answer["warnings"].as_array().into_iter().flatten() {
        show::note(format!("warning: {}", show::cell(warning)));
    }
    Ok(Outcome::Good)
}

/// What became of the command: recorded now, or by an earlier attempt with the same key.
fn said(answer: &Value) -> String {
    let recorded = match answer["already"] == true {
        true => "was recorded before:",
        false => "recorded",
    };
    format!(
        "{recorded} {} at {}:{} (event {})",
        show::cell(&answer["aggregate"]),
        show::cell(&answer["log"]),
        answer["sequence"],
        show::cell(&answer["event"])
    )
}

/// Whether the same command may be taken later: where no answer came, or the service was not able to
/// give one. What was refused is refused again, and so is what a log that lost its end is sent.
fn helps_to_repeat(error: &anyhow::Error) -> bool {
    match error.downcast_ref::<Refused>() {
        Some(refused) if refused.is(Kind::LOG_SHORTENED) => false,
        Some(refused) => refused.status >= 500 || refused.status == TOO_MANY_REQUESTS,
        None => error.is::<Unreachable>(),
    }
}

/// A body as it was given, in a file, or on the standard input. It is sent as it is: whatever is
/// wrong with its fields, the service says.
fn body(given: &str) -> anyhow::Result<Box<RawValue>> {
    let text = match given.strip_prefix('@') {
        Some(file) => {
            let read = fs::read_to_string(file);
            read.map_err(|why| WrongUsage(format!("cannot read the body from {file}: {why}")))?
        }
        None if given == "-" => {
            let mut text = String::new();
            let read = io::stdin().read_to_string(&mut text);
            read.context("cannot read the body from the standard input")?;
            text
        }
        None => given.to_owned(),
    };
    let body = serde_json::from_str(&text);
    Ok(body.map_err(|why| WrongUsage(format!("the body is not JSON: {why}")))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_sent_as_it_was_given() {
        // What is there twice is for the service to refuse.
        let twice = r#"{"from": "2020-01-01", "from": "2020-01-02"}"#;
        assert_eq!(body(twice).unwrap().get(), twice);
    }

    #[test]
    fn a_body_may_stand_in_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("outage.json");
        fs::write(&file, "{\"title\": \"E-mail\"}\n").unwrap();
        let read = body(&format!("@{}", file.display())).unwrap();
        assert_eq!(read.get(), "{\"title\": \"E-mail\"}");
    }

    #[test]
    fn what_is_no_json_or_no_file_is_said() {
        for (given, says) in [
            ("{title: 1}", "the body is not JSON: "),
            (
                "@/no/such/file.json",
                "cannot read the body from /no/such/file.json: ",
            ),
        ] {
            let refused = body(given).unwrap_err();
            assert!(refused.is::<WrongUsage>(), "{given}");
            assert!(refused.to_string().starts_with(says), "{refused}");
        }
    }

    #[test]
    fn what_an_earlier_attempt_recorded_is_told_apart() {
        let mut answer = serde_json::json!({
            "aggregate": "ticket/T", "log": "brent", "sequence": 22, "event": "E", "already": false,
        });
        assert_eq!(said(&answer), "recorded ticket/T at brent:22 (event E)");
        answer["already"] = true.into();
        let before = "was recorded before: ticket/T at brent:22 (event E)";
        assert_eq!(said(&answer), before);
    }

    #[test]
    fn repeating_is_advised_only_where_it_may_help() {
        let refused = |status| {
            anyhow::Error::from(Refused {
                status,
                kind: String::new(),
                title: "No".to_owned(),
                detail: "because".to_owned(),
            })
        };
        let shortened = Refused {
            status: 503,
            kind: Kind::LOG_SHORTENED.urn(),
            title: "No".to_owned(),
            detail: "it has lost its end".to_owned(),
        };
        assert!(!helps_to_repeat(&shortened.into()));
        for status in [429, 500, 503] {
            assert!(helps_to_repeat(&refused(status)), "{status}");
        }
        for status in [400, 401, 403, 404, 409, 422] {
            assert!(!helps_to_repeat(&refused(status)), "{status}");
        }
        let unreachable = Unreachable {
            url: "http://127.0.0.1:9".to_owned(),
        };
        assert!(helps_to_repeat(&anyhow::Error::from(unreachable)));
        assert!(!helps_to_repeat(&anyhow::anyhow!(
            "cannot read the token file"
        )));
    }
}
