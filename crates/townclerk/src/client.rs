//! The command line as a client of running services.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use reqwest::{Method, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use townclerk_app::http::kind::Kind;
use townclerk_app::private_file;
use townclerk_domain::plain_text::on_one_line;

use crate::cli::WrongUsage;

/// A service said no, and says why.
#[derive(Debug, thiserror::Error)]
pub struct Refused {
    pub status: u16,
    /// The type of the problem; empty where it is none of ours.
    pub kind: String,
    pub title: String,
    pub detail: String,
}

impl Refused {
    pub fn is(&self, kind: Kind) -> bool {
        self.kind == kind.urn()
    }
}

impl fmt::Display for Refused {
    /// A detail that begins with the title says it already.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { title, detail, .. } = self;
        let begin = detail.get(..title.len());
        match begin.is_some_and(|begin| begin.eq_ignore_ascii_case(title)) {
            true => f.write_str(detail),
            false => write!(f, "{title}: {detail}"),
        }
    }
}

/// No answer came: whether the request did, nobody knows.
#[derive(Debug, thiserror::Error)]
#[error("cannot reach townclerk at {url}: is it running there? (--url)")]
pub struct Unreachable {
    pub url: String,
}

/// Where services are and who asks.
pub struct Client {
    url: String,
    token: Option<String>,
    http: reqwest::Client,
}

impl Client {
    /// # Errors
    /// A token file that cannot be used, or that others can read.
    pub fn new(
        url: &str,
        token: Option<String>,
        token_file: Option<&PathBuf>,
    ) -> anyhow::Result<Self> {
        let token = match (token, token_file) {
            (Some(token), _) => Some(one_token(&token, "what is given as the token")?),
            (None, Some(file)) => Some(token_in(file)?),
            (None, None) => None,
        };
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            token,
            http: reqwest::Client::new(),
        })
    }

    /// # Errors
    /// An unreachable service, or its refusal as [`Refused`].
    pub async fn get(&self, path: &str, query: &[(&str, String)]) -> anyhow::Result<Value> {
        self.get_as(path, query).await
    }

    /// As [`Self::get`], read as a type of the caller's.
    ///
    /// # Errors
    /// An unreachable service, or its refusal as [`Refused`].
    pub async fn get_as<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> anyhow::Result<T> {
        let response = self.send(Method::GET, path, |r| r.query(query)).await?;
        let bytes = response.bytes().await?;
        Ok(serde_json::from_slice(&bytes)?)
    }

    /// # Errors
    /// An unreachable service, or its refusal as [`Refused`].
    pub async fn command(
        &self,
        path: &str,
        key: &str,
        body: &(impl Serialize + ?Sized),
    ) -> anyhow::Result<Value> {
        let with =
            |request: reqwest::RequestBuilder| request.header("Idempotency-Key", key).json(body);
        let response = self.send(Method::POST, path, with).await?;
        // The connection may end within the answer.
        response.json().await.with_context(|| Unreachable {
            url: self.url.clone(),
        })
    }

    /// Asks for long work and hears its lines; the last one is the report.
    ///
    /// # Errors
    /// An unreachable service, its refusal, or the failure of the work.
    pub async fn replay(&self, path: &str, mut heard: impl FnMut(&Value)) -> anyhow::Result<Value> {
        let mut response = self.send(Method::POST, path, |request| request).await?;
        let mut unread = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            unread.extend_from_slice(&chunk);
            while let Some(end) = unread.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = unread.drain(..=end).collect();
                let mut line: Value = serde_json::from_slice(&line)?;
                if let Some(report) = line.get_mut("report") {
                    return Ok(report.take());
                }
                if let Some(why) = line.get("failed") {
                    anyhow::bail!("the service failed at it: {}", why.as_str().unwrap_or("?"));
                }
                heard(&line);
            }
        }
        anyhow::bail!("the service stopped before it was done")
    }

    /// Begins to read events, after the last one that was read; the answer may have no end.
    ///
    /// # Errors
    /// An unreachable service, or its refusal as [`Refused`].
    pub async fn events(
        &self,
        path: &str,
        query: &[(&str, String)],
        last_event: Option<&str>,
    ) -> anyhow::Result<Response> {
        let with = |request: reqwest::RequestBuilder| match last_event {
            Some(id) => request.query(query).header("Last-Event-ID", id),
            None => request.query(query),
        };
        self.send(Method::GET, path, with).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        with: impl FnOnce(reqwest::RequestBuilder) -> reqwest::RequestBuilder,
    ) -> anyhow::Result<Response> {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let response = with(request).send().await.with_context(|| Unreachable {
            url: self.url.clone(),
        })?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let mut refused = refused(status, &response.bytes().await?);
        if status == StatusCode::UNAUTHORIZED && self.token.is_none() {
            refused.detail = "this needs a token: name a file that holds one with --token-file \
                              or TOWNCLERK_TOKEN_FILE, such as operator.token in the data directory"
                .to_owned();
        }
        Err(refused.into())
    }
}

fn token_in(file: &Path) -> Result<String, WrongUsage> {
    let shown = file.display();
    let text = private_file::read_text(file)
        .map_err(|why| WrongUsage(format!("cannot read the token file {shown}: {why}")))?;
    one_token(&text, &format!("the token file {shown}"))
}

/// The one token that a text holds. What else it holds is not repeated: it may be secret.
fn one_token(text: &str, place: &str) -> Result<String, WrongUsage> {
    let token = text.trim();
    let lines = token.lines().count();
    let words = token.split_whitespace().count();
    let found = match (lines, words) {
        (_, 0) => "is empty".to_owned(),
        (1, 1) if token.bytes().all(|byte| byte.is_ascii_graphic()) => return Ok(token.to_owned()),
        (1, 1) => "has a character that no token has".to_owned(),
        (1, words) => format!("has {words} words"),
        (lines, _) => format!("has {lines} lines"),
    };
    Err(WrongUsage(format!(
        "{place} {found}: one token alone is taken, as in operator.token, or as `townclerk token \
         add --to-file` writes it"
    )))
}

fn refused(status: StatusCode, body: &[u8]) -> Refused {
    let problem: Value = serde_json::from_slice(body).unwrap_or_default();
    // One line each: a service has no say in what the next line says.
    let text = |name: &str| {
        problem[name]
            .as_str()
            .map(|text| on_one_line(text).into_owned())
    };
    Refused {
        status: status.as_u16(),
        kind: text("type").unwrap_or_default(),
        title: text("title").unwrap_or_else(|| status.to_string()),
        detail: text("detail").unwrap_or_else(|| "no more is known".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_title_that_its_detail_begins_with_is_said_once() {
        let refused = |detail: &str| Refused {
            status: 503,
            kind: Kind::OUTCOME_UNKNOWN.urn(),
            title: Kind::OUTCOME_UNKNOWN.title.to_owned(),
            detail: detail.to_owned(),
        };
        let twice = "it is unknown whether this was recorded; send it again with the same key";
        assert_eq!(refused(twice).to_string(), twice);
        let other = refused("the log is gone").to_string();
        assert_eq!(
            other,
            "It is unknown whether this was recorded: the log is gone"
        );
    }

    #[test]
    fn a_token_file_holds_one_token_for_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("token");
        let read = |text: &str| {
            private_file::write(&file, text).unwrap();
            token_in(&file).map_err(|why| why.to_string())
        };
        assert_eq!(read("tc_0123\n"), Ok("tc_0123".to_owned()));
        for (text, says) in [
            ("", "is empty"),
            (" \n", "is empty"),
            ("operator tc_0123", "has 2 words"),
            ("operator tc_0123\nofficer tc_4567\n", "has 2 lines"),
            ("tc_\u{e9}", "has a character that no token has"),
        ] {
            let refused = read(text).unwrap_err();
            assert!(refused.contains(says), "{refused}");
            assert!(refused.contains("one token alone"), "{refused}");
            assert!(!refused.contains("tc_"), "{refused}");
        }
        read("tc_0123").unwrap();
        std::fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        let wide = token_in(&file).unwrap_err().to_string();
        assert!(
            wide.contains("mode 0644") && wide.contains("chmod 600"),
            "{wide}"
        );
        let absent = token_in(&dir.path().join("absent")).unwrap_err();
        assert!(absent.to_string().contains("cannot read the token file"));
    }
}
