//! Freezes the bytes on the wire: `proto/golden` holds a sample of every event version, and
//! `proto/schemas` what the types say. Golden files are never edited and never deleted.
//!
//! New samples and schemas are written with `TOWNCLERK_BLESS=1 cargo test -p townclerk-contract`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use townclerk_domain::amendment::{Correction, Recordable, Voiding};
use townclerk_domain::claim::{ClaimFact, Published};
use townclerk_domain::coverage::{CoverageFact, Declared, Ended, Selector};
use townclerk_domain::event::Event;
use townclerk_domain::identity::{AggregateId, AggregateKind, EventId, Family, Token};
use townclerk_domain::names::{Code, LogName, Scope};
use townclerk_domain::partnership::{Joined, PartnershipFact};
use townclerk_domain::ticket::{
    Assigned, Cancelled, Cause, CauseKind, Channel, Closed, Held, Linked, Logged, Priority,
    Recategorised, Reopened, Reprioritised, Resolved, Started, TicketFact, TicketKind, Triaged,
    UserClass,
};
use uuid::Uuid;

use crate::digest::CommandDigest;
use crate::envelope::{AuthType, Envelope};
use crate::payload;
use crate::reading::{RawMessage, Reading, read};
use crate::schema::all_event_types;
use crate::source::Source;

fn proto(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../proto")
        .join(folder)
}

fn blessing() -> bool {
    std::env::var_os("TOWNCLERK_BLESS").is_some()
}

fn code(text: &str) -> Code {
    Code::new(text).unwrap()
}

fn ticket_facts() -> Vec<TicketFact> {
    vec![
        TicketFact::Logged(Logged {
            kind: TicketKind::Incident,
            priority: Priority::P3,
            user_class: UserClass::Vip,
            channel: Channel::WalkIn,
            service: code("csccm"),
            category: code("software-error"),
            directorate: Some(code("childrens-services")),
            sts: true,
            councils: BTreeSet::new(),
        }),
        TicketFact::Triaged(Triaged {}),
        TicketFact::Started(Started {}),
        TicketFact::Held(Held {
            reason: code("supplier"),
        }),
        TicketFact::Resolved(Resolved {
            resolution: Some(code("workaround")),
        }),
        TicketFact::Reopened(Reopened {
            reason: code("not-fixed"),
        }),
        TicketFact::Closed(Closed {}),
        TicketFact::Cancelled(Cancelled {
            reason: code("duplicate"),
        }),
        TicketFact::Assigned(Assigned {
            team: code("second-line"),
        }),
        TicketFact::Recategorised(Recategorised {
            category: Some(code("pc-fault")),
            service: None,
            directorate: None,
        }),
        TicketFact::Reprioritised(Reprioritised {
            priority: Priority::P1,
        }),
        TicketFact::Linked(Linked {
            cause: Cause {
                log: LogName::shared(),
                kind: CauseKind::Outage,
                id: Uuid::from_u128(9),
            },
        }),
    ]
}

fn coverage_facts() -> [CoverageFact; 2] {
    [
        CoverageFact::CoverageDeclared(Declared {
            selector: Selector {
                priority: Some(Priority::P1),
                ..Selector::whole(Family::Ticket)
            },
            from: "2019-01-01".parse().unwrap(),
            through: None,
        }),
        CoverageFact::CoverageEnded(Ended {
            through: "2020-08-21".parse().unwrap(),
        }),
    ]
}

fn claim_facts() -> [ClaimFact; 1] {
    [ClaimFact::ClaimPublished(Published {
        measure: "tickets_logged".to_owned(),
        scope: Scope::Joint,
        period: "19/20 Q4".parse().unwrap(),
        breakdown: [("priority".to_owned(), code("p1"))].into_iter().collect(),
        value: "13".parse().unwrap(),
        as_at: Some("2020-07-31T23:00:00Z".parse().unwrap()),
        source: "A committee paper, paragraph 6.7".to_owned(),
    })]
}

fn partnership_facts() -> [PartnershipFact; 1] {
    [PartnershipFact::CouncilJoined(Joined {
        council: code("brent"),
        name: "London Borough of Brent".to_owned(),
        gss_code: Some("E09000005".to_owned()),
        from: "2016-04-01".parse().unwrap(),
    })]
}

/// Facts of one kind, and both amendments, as events.
fn with_amendments<F>(
    facts: impl IntoIterator<Item = F>,
    event: impl Fn(Recordable<F>) -> Event,
) -> Vec<Event> {
    let correction = Correction {
        event: EventId(Uuid::from_u128(5)),
        field: "happened".to_owned(),
        was: "2020-08-10T09:00:00Z".to_owned(),
        is: "2020-08-11T09:00:00Z".to_owned(),
        reason: code("mistyped"),
    };
    let voiding = Voiding {
        reason: code("recorded-in-error"),
    };
    let facts = facts.into_iter().map(Recordable::Fact);
    let amendments = [
        Recordable::Corrected(correction),
        Recordable::Voided(voiding),
    ];
    facts.chain(amendments).map(event).collect()
}

/// A sample of everything that is written today.
fn samples() -> Vec<Envelope> {
    let kinds = [
        (
            AggregateKind::Ticket,
            "brent",
            with_amendments(ticket_facts(), Event::Ticket),
        ),
        (
            AggregateKind::Coverage,
            "brent",
            with_amendments(coverage_facts(), Event::Coverage),
        ),
        (
            AggregateKind::Claim,
            "shared",
            with_amendments(claim_facts(), Event::Claim),
        ),
        (
            AggregateKind::Partnership,
            "shared",
            with_amendments(partnership_facts(), Event::Partnership),
        ),
    ];
    kinds
        .into_iter()
        .flat_map(|(kind, log, events)| {
            events
                .into_iter()
                .map(move |event| sample(kind, log, event))
        })
        .collect()
}

pub fn sample(kind: AggregateKind, log: &str, event: Event) -> Envelope {
    Envelope {
        source: Source {
            log: LogName::new(log).unwrap(),
            system: code("ticket-service"),
            sample: false,
        },
        aggregate: AggregateId {
            kind,
            id: Uuid::from_u128(1),
        },
        happened: "2020-08-10T09:00:00Z".parse().unwrap(),
        recorded: "2020-08-10T09:00:01.5Z".parse().unwrap(),
        correlation: Token::new("request-1").unwrap(),
        command: Token::new("key-1").unwrap(),
        traceparent: None,
        digest: CommandDigest::of(&"a command").unwrap(),
        auth_type: AuthType::ApiKey,
        caller: Token::new("desk-of-brent").unwrap(),
        event,
    }
}

/// `proto/golden/<kind>/<what>.v1.1.json`: kinds of one family share the types of amendments.
fn golden_path(envelope: &Envelope) -> PathBuf {
    let (what, _) = payload::encode(&envelope.event).unwrap();
    proto("golden")
        .join(envelope.aggregate.kind.token())
        .join(format!("{what}.v1.1.json"))
}

fn golden_files() -> Vec<(AggregateKind, PathBuf)> {
    AggregateKind::ALL
        .into_iter()
        .flat_map(|kind| {
            let folder = proto("golden").join(kind.token());
            let files = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{folder:?}: {e}"));
            files.map(move |file| (kind, file.unwrap().path()))
        })
        .collect()
}

#[test]
fn todays_writer_writes_the_golden_bytes() {
    for envelope in samples() {
        let path = golden_path(&envelope);
        let written = envelope.encode().unwrap().payload;
        if blessing() && !path.exists() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &written).unwrap();
        }
        let golden = std::fs::read(&path).unwrap_or_else(|e| panic!("{path:?}: {e}"));
        assert_eq!(
            String::from_utf8(written.to_vec()).unwrap(),
            String::from_utf8(golden).unwrap(),
            "{path:?}"
        );
    }
}

#[test]
fn every_golden_sample_is_read_as_the_event_that_it_is() {
    let samples = samples();
    let files = golden_files();
    assert!(files.len() >= samples.len());
    for (kind, path) in files {
        let payload = std::fs::read(&path).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&payload).unwrap();
        let text = |key: &str| json[key].as_str().unwrap().to_owned();
        let log = text("source").split('/').nth(2).unwrap().to_owned();
        let log = LogName::new(log).unwrap();
        let aggregate: AggregateId = text("subject").parse().unwrap();
        assert_eq!(aggregate.kind, kind);
        let reading = read(&RawMessage {
            log: &log,
            sequence: 1,
            subject: &crate::subject::subject_of(&log, aggregate),
            id: Some(&text("id")),
            payload: &payload,
        });
        let Reading::Event(event) = reading else {
            panic!("{path:?}: {reading:?}");
        };
        if let Some(sample) = samples.iter().find(|sample| golden_path(sample) == path) {
            assert_eq!(event.recorded.event, sample.event, "{path:?}");
            assert_eq!(event.recorded.happened, sample.happened);
            assert_eq!(event.recorded.recorded, sample.recorded);
            assert_eq!(event.digest, sample.digest);
        }
    }
}

#[test]
fn every_event_type_has_a_golden_sample() {
    let sampled: BTreeSet<_> = samples().iter().map(golden_path).collect();
    for described in all_event_types() {
        let path = proto("golden")
            .join(described.kind.token())
            .join(format!("{}.v1.1.json", described.what));
        assert!(sampled.contains(&path), "no sample makes {path:?}");
    }
}

#[test]
fn the_committed_schemas_are_those_of_the_types() {
    let mut expected = BTreeSet::new();
    for described in all_event_types() {
        let folder = proto("schemas").join(described.kind.token());
        let path = folder.join(format!("{}.v1.json", described.what));
        let text = serde_json::to_string_pretty(&described.schema).unwrap() + "\n";
        if blessing() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&path, &text).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path:?}: {e}"));
        assert_eq!(committed, text, "{path:?}: bless it if the change is meant");
        expected.insert(path);
    }
    for kind in AggregateKind::ALL {
        for file in std::fs::read_dir(proto("schemas").join(kind.token())).unwrap() {
            let path = file.unwrap().path();
            assert!(
                expected.contains(&path),
                "{path:?} belongs to no event type"
            );
        }
    }
}
