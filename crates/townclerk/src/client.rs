//! The command line as a client of running services.

use std::path::PathBuf;

use anyhow::Context;
use reqwest::{Method, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use townclerk_app::http::kind::Kind;
use townclerk_domain::plain_text::on_one_line;

/// A service said no, and says why.
#[derive(Debug, thiserror::Error)]
#[error("{title}: {detail}")]
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
    /// A token file that cannot be read.
    pub fn new(
        url: &str,
        token: Option<String>,
        token_file: Option<&PathBuf>,
    ) -> anyhow::Result<Self> {
        let token = match (token, token_file) {
            (Some(token), _) => Some(token),
            (None, Some(file)) => {
                let text = std::fs::read_to_string(file)
                    .with_context(|| format!("cannot read the token file {}", file.display()))?;
                Some(text.trim().to_owned())
            }
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
        Err(refused(status, &response.bytes().await?).into())
    }
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
