//! A small record: two councils, of which one may be silent, and some tickets.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tempfile::TempDir;
use townclerk_app::projector::Projector;
use townclerk_contract::digest::CommandDigest;
use townclerk_contract::envelope::{AuthType, Envelope};
use townclerk_contract::source::Source;
use townclerk_domain::amendment::Recordable;
use townclerk_domain::claim::{ClaimFact, ClaimKind, Precision, Published};
use townclerk_domain::coverage::{CoverageFact, Declared, Selector};
use townclerk_domain::decimal::Decimal;
use townclerk_domain::event::Event;
use townclerk_domain::identity::{AggregateId, AggregateKind, Family, Token};
use townclerk_domain::names::{Code, LogName, Scope};
use townclerk_domain::partnership::{Joined, PartnershipFact, membership};
use townclerk_domain::ticket::{Channel, Logged, Priority, TicketFact, TicketKind, UserClass};
use townclerk_event_log::EventLog;
use townclerk_event_log::memory::MemoryLog;
use uuid::Uuid;

use crate::routes::Views;
use crate::view::View;

pub const HOSTILE: &str = "<script>alert(1)</script> & \"Brent\"";

pub(super) const SILENT: &str = "lewisham";

pub struct Record {
    brent: Arc<MemoryLog>,
    lewisham: Arc<MemoryLog>,
    shared: Arc<MemoryLog>,
    made: u128,
}

pub(super) fn log(name: &str) -> LogName {
    LogName::new(name).unwrap()
}

pub(super) fn code(text: &str) -> Code {
    Code::new(text).unwrap()
}

impl Record {
    /// Brent and shared are covered; Lewisham only if `all` are.
    pub fn new(all: bool) -> Self {
        let mut record = Self {
            brent: Arc::new(MemoryLog::new(log("brent"))),
            lewisham: Arc::new(MemoryLog::new(log(SILENT))),
            shared: Arc::new(MemoryLog::new(log("shared"))),
            made: 0,
        };
        record.joins("brent", HOSTILE);
        record.joins(SILENT, "Lewisham");
        for name in ["brent", SILENT, "shared"] {
            if all || name != SILENT {
                record.covers(name, Family::Ticket);
            }
        }
        record.ticket("brent", "2020-06-02T09:00:00Z", Priority::P3, &[]);
        record.ticket("brent", "2020-07-03T09:00:00Z", Priority::P1, &[]);
        record.ticket("brent", "2020-07-04T09:00:00Z", Priority::P3, &[]);
        record.ticket("brent", "2020-08-04T09:00:00Z", Priority::P3, &[]);
        let hit = ["brent", SILENT];
        record.ticket("shared", "2020-06-04T09:00:00Z", Priority::P1, &hit);
        record.claims("2020-07", 1);
        record.claims("2020-06", 2);
        record
    }

    pub(super) fn put(&mut self, name: &str, aggregate: AggregateId, happened: &str, event: Event) {
        self.made += 1;
        let happened: Timestamp = happened.parse().unwrap();
        let command = Token::new(format!("key-{}", self.made)).unwrap();
        let envelope = Envelope {
            source: Source {
                log: log(name),
                system: code("desk"),
                sample: true,
            },
            aggregate,
            happened,
            recorded: "2020-08-22T00:00:00Z".parse().unwrap(),
            correlation: command.clone(),
            command,
            traceparent: None,
            digest: CommandDigest::of(&self.made).unwrap(),
            auth_type: AuthType::System,
            caller: Token::new("desk").unwrap(),
            event,
        };
        let message = envelope.encode().unwrap();
        let log = match name {
            "brent" => &self.brent,
            SILENT => &self.lewisham,
            _ => &self.shared,
        };
        let id = message.id.to_string();
        log.put(&message.subject, Some(&id), &message.payload);
    }

    pub(super) fn new_one(&self, kind: AggregateKind) -> AggregateId {
        let id = Uuid::from_u128(self.made + 1);
        AggregateId { kind, id }
    }

    fn joins(&mut self, council: &str, name: &str) {
        let joined = PartnershipFact::CouncilJoined(Joined {
            council: code(council),
            name: name.to_owned(),
            gss_code: None,
            from: "2018-01-01".parse().unwrap(),
        });
        let event = Event::Partnership(Recordable::Fact(joined));
        let aggregate = membership(&code(council));
        self.put("shared", aggregate, "2018-01-01T00:00:00Z", event);
    }

    pub(super) fn covers(&mut self, name: &str, family: Family) {
        let declared = CoverageFact::CoverageDeclared(Declared {
            selector: Selector::whole(family),
            from: "2019-01-01".parse().unwrap(),
            through: Some("2020-08-21".parse().unwrap()),
        });
        let event = Event::Coverage(Recordable::Fact(declared));
        let aggregate = self.new_one(AggregateKind::Coverage);
        self.put(name, aggregate, "2019-01-01T00:00:00Z", event);
    }

    fn ticket(&mut self, name: &str, logged: &str, priority: Priority, councils: &[&str]) {
        let fact = TicketFact::Logged(Logged {
            kind: TicketKind::Incident,
            priority,
            user_class: UserClass::Standard,
            channel: Channel::ALL[0],
            service: code("email"),
            category: code("password"),
            directorate: None,
            sts: true,
            councils: councils.iter().map(|council| code(council)).collect(),
        });
        let event = Event::Ticket(Recordable::Fact(fact));
        let aggregate = self.new_one(AggregateKind::Ticket);
        self.put(name, aggregate, logged, event);
    }

    fn claims(&mut self, period: &str, value: i64) {
        let breakdown = [("kind", "incident"), ("priority", "p1")];
        self.claims_that("tickets_logged", Scope::Joint, period, &breakdown, value);
    }

    pub(super) fn claims_that(
        &mut self,
        measure: &str,
        scope: Scope,
        period: &str,
        breakdown: &[(&str, &str)],
        value: i64,
    ) {
        let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), code(value));
        let claim = ClaimFact::ClaimPublished(Published {
            measure: measure.to_owned(),
            scope,
            period: period.parse().unwrap(),
            breakdown: breakdown.iter().map(pair).collect(),
            value: Decimal::whole(value),
            as_at: Some("2020-07-31T23:00:00Z".parse().unwrap()),
            source: "A paper, paragraph <6.7>".to_owned(),
            kind: ClaimKind::Figure,
            unit: None,
            precision: Precision::Exact,
        });
        self.publishes(claim);
    }

    /// Something was published that is no figure of ours.
    pub(super) fn tells_that(&mut self, what: &str, unit: &str, period: &str, value: i64) {
        self.publishes(ClaimFact::ClaimPublished(Published {
            measure: what.to_owned(),
            scope: Scope::Joint,
            period: period.parse().unwrap(),
            breakdown: Default::default(),
            value: Decimal::whole(value),
            as_at: None,
            source: "A paper, paragraph 6.8".to_owned(),
            kind: ClaimKind::Text,
            unit: Some(unit.to_owned()),
            precision: Precision::AtLeast,
        }));
    }

    fn publishes(&mut self, claim: ClaimFact) {
        let event = Event::Claim(Recordable::Fact(claim));
        let aggregate = self.new_one(AggregateKind::Claim);
        self.put("shared", aggregate, "2020-08-01T00:00:00Z", event);
    }

    /// The joint view and Brent's, each read to its end.
    pub async fn views(&self, dir: &TempDir) -> Views {
        let logs = |names: &[&Arc<MemoryLog>]| -> Vec<Arc<dyn EventLog>> {
            let each = names.iter();
            let each = each.map(|log| Arc::clone(log) as Arc<dyn EventLog>);
            each.collect()
        };
        let joint = logs(&[&self.brent, &self.lewisham, &self.shared]);
        let joint = open(Scope::Joint, dir, joint).await;
        let brent = logs(&[&self.brent, &self.shared]);
        let brent = open(Scope::Log(log("brent")), dir, brent).await;
        Views::new([joint, brent])
    }
}

async fn open(scope: Scope, dir: &TempDir, logs: Vec<Arc<dyn EventLog>>) -> Arc<View> {
    let dir = dir.path().join(scope.as_str());
    let view = View::open(scope, &dir, logs.clone()).await.unwrap();
    view.make().await;
    for log in &logs {
        let head = log.head().await.unwrap();
        let mut messages = Vec::new();
        for sequence in 1..=head.sequence {
            messages.push(log.read_one(sequence).await.unwrap().unwrap());
        }
        let projected = view.project(log.name(), messages);
        let limit = Duration::from_secs(30);
        let projected = tokio::time::timeout(limit, projected).await;
        projected.unwrap().unwrap();
        view.caught_up(log.name(), head);
    }
    view
}
