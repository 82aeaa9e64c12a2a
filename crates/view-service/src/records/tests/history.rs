//! A small history of every sort of record in three logs, read by the views of Brent and of all.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tempfile::TempDir;
use townclerk_app::access::{Guarded, RouteNeed};
use townclerk_app::http::testing::{Answer, Client, Who, token_book};
use townclerk_contract::digest::CommandDigest;
use townclerk_contract::envelope::{AuthType, Envelope, Message};
use townclerk_contract::source::Source;
use townclerk_domain::amendment::{Recordable, Voiding};
use townclerk_domain::availability::{AvailabilityRules, availability_of};
use townclerk_domain::event::Recording;
use townclerk_domain::identity::{AggregateId, Token};
use townclerk_domain::names::{Code, LogName, Scope};
use townclerk_domain::partnership::{Joined, PartnershipFact, PartnershipRules, membership};
use townclerk_event_log::EventLog;
use townclerk_event_log::memory::MemoryLog;
use uuid::Uuid;

use crate::routes::Views;
use crate::view::View;

const LOGS: [&str; 3] = ["brent", "lewisham", "shared"];

pub struct History {
    logs: BTreeMap<LogName, Arc<MemoryLog>>,
    recorded: u128,
}

/// Views of a history as they are asked over HTTP.
pub struct Service {
    pub client: Client,
    /// The routes of records alone.
    pub routes: Vec<RouteNeed>,
    views: Vec<Arc<View>>,
    _dir: TempDir,
}

fn log(name: &str) -> LogName {
    LogName::new(name).unwrap()
}

/// The id of a record that a test names by a number.
pub fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

impl History {
    pub fn new() -> Self {
        let made = LOGS.map(|name| (log(name), Arc::new(MemoryLog::new(log(name)))));
        Self {
            logs: made.into(),
            recorded: 0,
        }
    }

    /// Records a fact, written as on the wire: `{"declared": {…}}`.
    pub fn records<D>(&mut self, name: &str, number: u128, happened: &str, fact: Value) -> &mut Self
    where
        D: Recording<Fact: DeserializeOwned>,
    {
        let aggregate = AggregateId {
            kind: D::KIND,
            id: id(number),
        };
        let fact = Recordable::Fact(serde_json::from_value(fact).unwrap());
        self.put::<D>(name, aggregate, happened, fact)
    }

    pub fn voids<D: Recording>(&mut self, name: &str, number: u128, happened: &str) -> &mut Self {
        let aggregate = AggregateId {
            kind: D::KIND,
            id: id(number),
        };
        let reason = Code::new("test-record").unwrap();
        let voided = Recordable::Voided(Voiding { reason });
        self.put::<D>(name, aggregate, happened, voided)
    }

    pub fn agrees(&mut self, name: &str, fact: Value) -> &mut Self {
        let aggregate = availability_of(&log(name));
        let fact = Recordable::Fact(serde_json::from_value(fact).unwrap());
        self.put::<AvailabilityRules>(name, aggregate, "2020-01-01T00:00:00Z", fact)
    }

    /// A council becomes a member.
    pub fn joins(&mut self, council: &str, from: &str) -> &mut Self {
        let code = Code::new(council).unwrap();
        let joined = PartnershipFact::CouncilJoined(Joined {
            council: code.clone(),
            name: council.to_owned(),
            gss_code: None,
            from: from.parse().unwrap(),
        });
        let (at, joined) = (format!("{from}T09:00:00Z"), Recordable::Fact(joined));
        self.put::<PartnershipRules>("shared", membership(&code), &at, joined)
    }

    /// Agrees on the service level of the log's tickets.
    pub fn agrees_on<D>(&mut self, of: fn(&LogName) -> AggregateId, fact: Value) -> &mut Self
    where
        D: Recording<Fact: DeserializeOwned>,
    {
        let fact = Recordable::Fact(serde_json::from_value(fact).unwrap());
        let brent = log("brent");
        self.put::<D>("brent", of(&brent), "2020-01-01T00:00:00Z", fact)
    }

    fn put<D: Recording>(
        &mut self,
        name: &str,
        aggregate: AggregateId,
        happened: &str,
        what: Recordable<D::Fact>,
    ) -> &mut Self {
        let message = self.message::<D>(name, aggregate, happened, what);
        let message_id = message.id.to_string();
        self.logs[&log(name)].put(&message.subject, Some(&message_id), &message.payload);
        self
    }

    fn message<D: Recording>(
        &mut self,
        name: &str,
        aggregate: AggregateId,
        happened: &str,
        what: Recordable<D::Fact>,
    ) -> Message {
        self.recorded += 1;
        let happened: Timestamp = happened.parse().unwrap();
        let command = Token::new(format!("key-{}", self.recorded)).unwrap();
        let envelope = Envelope {
            source: Source {
                log: log(name),
                system: Code::new("desk").unwrap(),
                sample: true,
            },
            aggregate,
            happened,
            recorded: happened,
            correlation: command.clone(),
            command,
            traceparent: None,
            digest: CommandDigest::of(&self.recorded).unwrap(),
            auth_type: AuthType::System,
            caller: Token::new(format!("desk-{}", self.recorded)).unwrap(),
            event: D::into_event(what),
        };
        envelope.encode().unwrap()
    }

    /// The joint view and Brent's, each read to its end, served with every token.
    pub async fn served(&self) -> Service {
        let dir = TempDir::new().unwrap();
        let of = |names: &[&str]| -> Vec<Arc<dyn EventLog>> {
            let logs = names.iter().map(|name| Arc::clone(&self.logs[&log(name)]));
            logs.map(|log| log as Arc<dyn EventLog>).collect()
        };
        let joint = open(Scope::Joint, &dir, of(&LOGS)).await;
        let brent = open(Scope::Log(log("brent")), &dir, of(&["brent", "shared"])).await;
        let both = vec![Arc::clone(&joint), Arc::clone(&brent)];
        let views = Views::new([joint, brent]);
        let guarded = crate::records::routes(Guarded::new(token_book()), &views);
        let (router, routes) = guarded.into_parts();
        Service {
            client: Client::new(router),
            routes,
            views: both,
            _dir: dir,
        }
    }

    /// Records a fact as a later version would write it.
    pub fn records_unreadable<D>(&mut self, name: &str, number: u128, happened: &str, fact: Value)
    where
        D: Recording<Fact: DeserializeOwned>,
    {
        let aggregate = AggregateId {
            kind: D::KIND,
            id: id(number),
        };
        let fact = Recordable::Fact(serde_json::from_value(fact).unwrap());
        let message = self.message::<D>(name, aggregate, happened, fact);
        let mut event: Value = serde_json::from_slice(&message.payload).unwrap();
        let later = event["type"].as_str().unwrap().replace(".v1", ".v9");
        event["type"] = json!(later);
        let message_id = message.id.to_string();
        let payload = event.to_string();
        self.logs[&log(name)].put(&message.subject, Some(&message_id), payload.as_bytes());
    }
}

async fn open(scope: Scope, dir: &TempDir, logs: Vec<Arc<dyn EventLog>>) -> Arc<View> {
    let dir = dir.path().join(scope.as_str());
    let view = View::open(scope, &dir, logs).await.unwrap();
    view.make().await;
    catch_up(&view).await;
    view
}

/// Reads all logs of a view to their ends.
async fn catch_up(view: &View) {
    use townclerk_app::projector::Projector;

    for log in view.logs() {
        let head = log.head().await.unwrap();
        let read = view.with_reading(|reading| Ok(reading.positions.get(log.name()).copied()));
        let read = read.unwrap().unwrap_or(0);
        let mut messages = Vec::new();
        for sequence in read + 1..=head.sequence {
            messages.push(log.read_one(sequence).await.unwrap().unwrap());
        }
        view.project(log.name(), messages).await.unwrap();
        view.caught_up(log.name(), head);
    }
}

impl Service {
    /// Reads what was recorded in the meantime.
    pub async fn catches_up(&self) {
        for view in &self.views {
            catch_up(view).await;
        }
    }

    pub async fn ask(&self, path: &str) -> Answer {
        use townclerk_app::access::Role;

        let who = Who::Everywhere(Role::Officer);
        self.client.get(&format!("/v1/views{path}"), who).await
    }

    /// A page, as an officer sees it.
    pub async fn page(&self, path: &str) -> String {
        use townclerk_app::access::Role;

        let views = Views::new(self.views.iter().cloned());
        let guarded = crate::page::routes(Guarded::new(token_book()), &views);
        let client = Client::new(guarded.into_parts().0);
        let answer = client.get(path, Who::Everywhere(Role::Officer)).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.text
    }

    /// Asks for what must be there.
    pub async fn read(&self, path: &str) -> Value {
        let answer = self.ask(path).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.json()
    }

    /// The titles of a list, in its order.
    pub async fn titles(&self, path: &str, list: &str) -> Vec<String> {
        let answer = self.read(path).await;
        let listed = answer[list].as_array().unwrap().iter();
        let titles = listed.map(|record| record["title"].as_str().unwrap().to_owned());
        titles.collect()
    }
}

/// A critical outage that takes e-mail down.
pub fn outage(title: &str, councils: &[&str]) -> Value {
    let effect =
        |council: &&str| json!({"service": "email", "council": council, "severity": "down"});
    let effects: Vec<Value> = councils.iter().map(effect).collect();
    json!({"declared": {
        "title": title, "councils": councils, "critical": true, "effects": effects
    }})
}

/// A normal change of a project.
pub fn change(title: &str, councils: &[&str]) -> Value {
    json!({"requested": {
        "change_type": "normal", "title": title, "category": "new-project",
        "project": "new-intranet", "services": ["intranet"], "councils": councils
    }})
}
