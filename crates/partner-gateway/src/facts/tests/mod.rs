//! Facts, from what a tool sends to what the log holds.

mod answers;
mod flood;
mod order;
mod over_http;
mod over_nats;
mod over_quota;
mod waiting;

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::task::yield_now;
use townclerk_app::clock::Clock;
use townclerk_contract::envelope::AuthType;
use townclerk_contract::subject::partner_id;
use townclerk_domain::identity::CallerId;
use townclerk_domain::names::{Code, LogName};
use townclerk_event_log::memory::MemoryLog;
use townclerk_event_log::{
    AppendError, Appended, ContinueError, EventLog, Expected, Head, LogError, StoredMessage, Tail,
    Verbatim,
};

use super::deciding::Tool;
use super::gateway::{Form, Gateway, HoldLimits};
use super::quota::Quotas;

/// A gateway on logs in memory, with a clock that stands still until it is moved.
pub(super) struct Town {
    pub gateway: Arc<Gateway>,
    pub logs: Vec<Arc<Watched>>,
    pub quotas: Arc<Quotas>,
    now: Arc<AtomicI64>,
}

/// A log that can be taken away, and that takes its time: others have their chance meanwhile.
pub(super) struct Watched {
    log: MemoryLog,
    away: Mutex<bool>,
}

pub(super) fn named(name: &str) -> LogName {
    LogName::new(name).unwrap()
}

pub(super) fn tool(council: &str, system: &str) -> Tool {
    let (code, system) = (Code::new(council).unwrap(), Code::new(system).unwrap());
    Tool {
        council: named(council),
        caller: CallerId::new(partner_id(&code, &system)).unwrap(),
        system,
        auth_type: AuthType::ApiKey,
    }
}

pub(super) fn hornbill() -> Tool {
    tool("brent", "hornbill")
}

/// A fact of Hornbill's ticket `reference` that happened so many minutes past nine.
pub(super) fn fact(id: &str, what: &str, reference: &str, minute: u32, data: Value) -> Value {
    json!({
        "specversion": "1.0",
        "id": id,
        "source": "/councils/brent/hornbill",
        "type": format!("org.townclerk.ticket.{what}.v1"),
        "subject": format!("ticket/{reference}"),
        "time": format!("2021-03-01T09:{minute:02}:00Z"),
        "data": data,
    })
}

pub(super) fn logged(reference: &str, minute: u32) -> Value {
    let incident = json!({
        "kind": "incident", "priority": "p2", "user_class": "standard", "channel": "phone",
        "service": "email", "category": "other", "sts": true,
    });
    let id = format!("{reference} logged");
    fact(&id, "logged", reference, minute, incident)
}

pub(super) fn told(what: &str, reference: &str, minute: u32) -> Value {
    let data = match what {
        "held" => json!({"reason": "supplier"}),
        "reopened" => json!({"reason": "not-fixed"}),
        "cancelled" | "voided" => json!({"reason": "test"}),
        _ => json!({}),
    };
    fact(
        &format!("{reference} {what}"),
        what,
        reference,
        minute,
        data,
    )
}

/// `fact` with one member set.
pub(super) fn with(mut fact: Value, member: &str, value: Value) -> Value {
    fact[member] = value;
    fact
}

pub(super) fn outcomes(answers: &Value) -> Vec<&str> {
    let answers = answers["answers"].as_array().unwrap().iter();
    answers
        .map(|answer| answer["outcome"].as_str().unwrap())
        .collect()
}

/// The slug of a problem.
pub(super) fn slug(problem: &Value) -> &str {
    problem["type"]
        .as_str()
        .unwrap()
        .rsplit(':')
        .next()
        .unwrap()
}

fn writers(logs: &[Arc<Watched>]) -> Vec<Arc<dyn EventLog>> {
    let logs = logs.iter();
    logs.map(|log| Arc::clone(log) as Arc<dyn EventLog>)
        .collect()
}

impl Town {
    pub fn new() -> Self {
        Self::holding(HoldLimits::default())
    }

    pub fn holding(limits: HoldLimits) -> Self {
        let log = |name: &str| {
            Arc::new(Watched {
                log: MemoryLog::new(named(name)),
                away: Mutex::new(false),
            })
        };
        let logs: Vec<Arc<Watched>> = ["brent", "lewisham", "shared"].map(log).to_vec();
        let start: Timestamp = "2021-03-01T12:00:00Z".parse().unwrap();
        let now = Arc::new(AtomicI64::new(start.as_second()));
        let told = Arc::clone(&now);
        let clock: Clock =
            Arc::new(move || Timestamp::from_second(told.load(Ordering::SeqCst)).unwrap());
        let quotas = Arc::new(Quotas::new(Arc::clone(&clock)));
        let gateway = Gateway::new(
            &writers(&logs),
            clock,
            limits,
            Arc::clone(&quotas),
            &Arc::default(),
        );
        Self {
            gateway: Arc::new(gateway),
            logs,
            quotas,
            now,
        }
    }

    /// Another gateway on the same logs, as in another process.
    pub fn beside(&self) -> Gateway {
        let clock = Arc::new(|| "2021-03-01T12:00:00Z".parse().unwrap());
        let limits = HoldLimits::default();
        Gateway::new(
            &writers(&self.logs),
            clock,
            limits,
            Arc::clone(&self.quotas),
            &Arc::default(),
        )
    }

    pub fn pass(&self, time: SignedDuration) {
        self.now.fetch_add(time.as_secs(), Ordering::SeqCst);
    }

    /// The brent log stops answering, or answers again.
    pub fn take_away(&self, away: bool) {
        *self.logs[0].away.lock().unwrap() = away;
    }

    pub async fn send_as(&self, tool: &Tool, body: &Value) -> Value {
        let body = body.to_string();
        match self
            .gateway
            .answer(body.as_bytes(), Form::Either, tool)
            .await
        {
            Ok(answers) => answers.to_json(),
            Err(problem) => problem.to_json(),
        }
    }

    /// Sends as Hornbill of Brent.
    pub async fn send(&self, body: &Value) -> Value {
        self.send_as(&hornbill(), body).await
    }

    pub async fn recorded(&self) -> u64 {
        let mut recorded = 0;
        for log in &self.logs {
            recorded += log.head().await.unwrap().sequence;
        }
        recorded
    }

    /// The events of the brent log.
    pub async fn events(&self) -> Vec<Value> {
        let mut events = Vec::new();
        for sequence in 1..=self.logs[0].head().await.unwrap().sequence {
            let message = self.logs[0].log.read_one(sequence).await.unwrap().unwrap();
            events.push(serde_json::from_slice(&message.payload).unwrap());
        }
        events
    }

    /// What has happened by the brent log, in the order in which it was recorded.
    pub async fn happened(&self) -> Vec<String> {
        let events = self.events().await;
        let types = events.iter().map(|event| event["type"].as_str().unwrap());
        types
            .map(|text| text.split('.').nth(3).unwrap().to_owned())
            .collect()
    }

    /// What Hornbill sees of what waits.
    pub fn waiting(&self) -> Value {
        let tool = hornbill();
        serde_json::to_value(self.gateway.shown(&tool.council, &tool.system)).unwrap()
    }
}

impl Watched {
    fn reached(&self) -> Result<(), LogError> {
        match *self.away.lock().unwrap() {
            false => Ok(()),
            true => Err(LogError::Unavailable {
                log: self.log.name().clone(),
                why: "it was taken away".to_owned(),
            }),
        }
    }
}

#[async_trait]
impl EventLog for Watched {
    fn name(&self) -> &LogName {
        self.log.name()
    }

    async fn append(&self, message: &Expected) -> Result<Appended, AppendError> {
        self.reached().map_err(AppendError::Refused)?;
        yield_now().await;
        self.log.append(message).await
    }

    async fn append_batch(&self, batch: &[Expected]) -> Result<u64, AppendError> {
        self.reached().map_err(AppendError::Refused)?;
        self.log.append_batch(batch).await
    }

    async fn append_after(&self, end: u64, messages: &[Verbatim]) -> Result<u64, ContinueError> {
        self.log.append_after(end, messages).await
    }

    async fn read_subject(
        &self,
        subject: &str,
        after: u64,
    ) -> Result<Vec<StoredMessage>, LogError> {
        self.reached()?;
        self.log.read_subject(subject, after).await
    }

    async fn read_one(&self, sequence: u64) -> Result<Option<StoredMessage>, LogError> {
        self.log.read_one(sequence).await
    }

    async fn head(&self) -> Result<Head, LogError> {
        self.log.head().await
    }

    async fn tail(&self, after: u64) -> Result<Tail, LogError> {
        self.log.tail(after).await
    }
}
