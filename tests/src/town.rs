//! A whole system in this process, on real folders and a real nats-server.

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{Instant, interval};
use townclerk::system::{Prepared, System, UpOptions};
use townclerk_app::access::Role;

/// How long anything may take before a test gives up.
pub const PATIENCE: Duration = Duration::from_secs(120);

pub const COUNCILS: [&str; 3] = ["brent", "lewisham", "southwark"];

/// Every log: those of the councils, and the shared one.
pub const LOGS: [&str; 4] = ["brent", "lewisham", "southwark", "shared"];

/// Waits until `probe` finds something.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, probe: impl Fn() -> F) -> T {
    let deadline = Instant::now() + PATIENCE;
    let mut looks = interval(Duration::from_millis(50));
    loop {
        looks.tick().await;
        if let Some(found) = probe().await {
            return found;
        }
        assert!(Instant::now() < deadline, "not in time: {what}");
    }
}

/// A running system and the tokens of its roles.
pub struct Town {
    pub system: System,
    tokens: BTreeMap<Role, String>,
}

impl Town {
    /// On a folder that holds nothing yet.
    pub async fn first_start(dir: &Path) -> Self {
        let options = UpOptions::on_free_ports(dir, &COUNCILS).unwrap();
        let prepared = Prepared::start(options).await.unwrap();
        let issued = prepared.issued.iter();
        let tokens = issued
            .map(|issued| (issued.role, issued.token.clone()))
            .collect();
        let system = prepared.serve().await.unwrap();
        let town = Self { system, tokens };
        town.ready().await;
        town
    }

    /// On the folder of an earlier start.
    pub async fn again(dir: &Path, before: BTreeMap<Role, String>) -> Self {
        let town = Self::again_unready(dir, before).await;
        town.ready().await;
        town
    }

    /// As [`Self::again`], whatever state the views are in.
    pub async fn again_unready(dir: &Path, before: BTreeMap<Role, String>) -> Self {
        let options = UpOptions::on_free_ports(dir, &COUNCILS).unwrap();
        let prepared = Prepared::start(options).await.unwrap();
        assert!(prepared.issued.is_empty(), "tokens are made once");
        let system = prepared.serve().await.unwrap();
        Self {
            system,
            tokens: before,
        }
    }

    pub async fn stop(self) -> BTreeMap<Role, String> {
        self.system.stop().await.unwrap();
        self.tokens
    }

    async fn ready(&self) {
        eventually("every view has read its logs", || async {
            self.system.views().unready().is_empty().then_some(())
        })
        .await;
    }

    pub fn token(&self, role: Role) -> &str {
        &self.tokens[&role]
    }

    pub fn as_role(&self, role: Role) -> Caller {
        Caller::new(&self.system.url(), &self.tokens[&role])
    }
}

/// Somebody with a token.
#[derive(Clone)]
pub struct Caller {
    url: String,
    token: String,
    http: reqwest::Client,
}

/// A status and a body.
pub type Answer = (u16, Value);

impl Caller {
    pub fn new(url: &str, token: &str) -> Self {
        let http = reqwest::Client::builder().timeout(Duration::from_secs(60));
        Self {
            url: url.to_owned(),
            token: token.to_owned(),
            http: http.build().unwrap(),
        }
    }

    /// Sends a command; an error is a connection that broke.
    pub async fn try_command(
        &self,
        path: &str,
        key: &str,
        body: &Value,
    ) -> Result<Answer, reqwest::Error> {
        let request = self.http.post(format!("{}{path}", self.url));
        let request = request
            .bearer_auth(&self.token)
            .header("Idempotency-Key", key);
        let response = request.json(body).send().await?;
        let status = response.status().as_u16();
        Ok((status, response.json().await?))
    }

    pub async fn command(&self, path: &str, key: &str, body: &Value) -> Answer {
        self.try_command(path, key, body).await.unwrap()
    }

    /// What is no JSON, such as what `/readyz` says when all is well, comes as a string.
    pub async fn get(&self, path: &str) -> Answer {
        let request = self.http.get(format!("{}{path}", self.url));
        let response = request.bearer_auth(&self.token).send().await.unwrap();
        let status = response.status().as_u16();
        let body = response.text().await.unwrap();
        (status, serde_json::from_str(&body).unwrap_or(body.into()))
    }

    /// The one figure that a query gives.
    pub async fn figure(&self, scope: &str, query: &str) -> Value {
        let (status, answer) = self
            .get(&format!("/v1/views/{scope}/figures?{query}"))
            .await;
        assert_eq!(status, 200, "{answer}");
        let figures = answer["figures"].as_array().unwrap();
        assert_eq!(figures.len(), 1, "{answer}");
        figures[0].clone()
    }

    /// The report of a verification or a rebuild.
    pub async fn replay(&self, view: &str, what: &str) -> Value {
        let request = self
            .http
            .post(format!("{}/v1/views/{view}/{what}", self.url));
        let response = request.bearer_auth(&self.token).send().await.unwrap();
        let text = response.text().await.unwrap();
        let last = text.lines().last().unwrap_or_default();
        let last: Value = serde_json::from_str(last).unwrap();
        assert!(last["report"].is_object(), "{text}");
        last["report"].clone()
    }
}

/// An incident as the service desk logs it.
pub fn incident(priority: &str, service: &str) -> Value {
    json!({
        "kind": "incident", "priority": priority, "user_class": "standard",
        "channel": "phone", "service": service, "category": "other", "sts": true,
    })
}

pub fn folder() -> TempDir {
    let ours = Permissions::from_mode(0o700);
    let folder = tempfile::Builder::new().permissions(ours).tempdir();
    folder.unwrap()
}
