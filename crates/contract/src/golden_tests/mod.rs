//! Freezes the bytes on the wire: `proto/golden` holds a sample of every event version, and
//! `proto/schemas` what the types say. Golden files are never edited and never deleted.
//!
//! New samples and schemas are written with `TOWNCLERK_BLESS=1 cargo test -p townclerk-contract`.

mod agreement;
mod change;
mod outage;
mod published;
mod restructure;
mod ticket;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use townclerk_domain::amendment::{Correction, Recordable, Voiding};
use townclerk_domain::event::{Event, Recording};
use townclerk_domain::identity::{AggregateId, AggregateKind, EventId, Token};
use townclerk_domain::names::{Code, LogName};
use townclerk_domain::text::Text;
use townclerk_domain::with_rules;
use uuid::Uuid;

use self::outage::first_moment;
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

fn codes(texts: &[&str]) -> BTreeSet<Code> {
    texts.iter().map(|text| code(text)).collect()
}

fn text(words: &str) -> Text {
    Text::new(words).unwrap()
}

/// What the samples of a kind are made from.
trait Sampled: Recording {
    /// Which log they are in, and which service wrote them.
    const LOG: &str;
    const SERVICE: &str;

    /// All its facts, more than one sample of what has alternatives.
    fn facts() -> Vec<Self::Fact>;
}

/// All that can happen to an aggregate of a kind.
fn events_of<K: Sampled>() -> Vec<Event> {
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
    let facts = K::facts().into_iter().map(Recordable::Fact);
    let amendments = [
        Recordable::Corrected(correction),
        Recordable::Voided(voiding),
    ];
    facts.chain(amendments).map(K::into_event).collect()
}

/// A sample of everything that is written today, and the file that holds it:
/// `proto/golden/<kind>/<what>.v1.<n>.json`. Kinds of one family share the types of amendments.
fn samples() -> Vec<(PathBuf, Envelope)> {
    let mut counts: BTreeMap<(AggregateKind, String), u32> = BTreeMap::new();
    let kinds = AggregateKind::ALL.into_iter();
    let events = kinds.flat_map(|kind| {
        let events = with_rules!(kind, Rules => events_of::<Rules>());
        events.into_iter().map(move |event| (kind, event))
    });
    let mut samples = Vec::new();
    for (kind, event) in events {
        let (what, _) = payload::encode(&event).unwrap();
        let number = counts.entry((kind, what.clone())).or_default();
        *number += 1;
        let folder = proto("golden").join(kind.token());
        let path = folder.join(format!("{what}.v1.{number}.json"));
        samples.push((path, sample(kind, event)));
    }
    samples
}

pub fn sample(kind: AggregateKind, event: Event) -> Envelope {
    let (log, system) = with_rules!(kind, Rules => (Rules::LOG, Rules::SERVICE));
    let happened = first_moment(&event);
    Envelope {
        source: Source {
            log: LogName::new(log).unwrap(),
            system: code(system),
            sample: false,
        },
        aggregate: AggregateId {
            kind,
            id: Uuid::from_u128(1),
        },
        happened: happened.unwrap_or_else(|| "2020-08-10T09:00:00Z".parse().unwrap()),
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
    for (path, envelope) in samples() {
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
        if let Some((_, sample)) = samples.iter().find(|(sampled, _)| *sampled == path) {
            assert_eq!(event.recorded.event, sample.event, "{path:?}");
            assert_eq!(event.recorded.happened, sample.happened);
            assert_eq!(event.recorded.recorded, sample.recorded);
            assert_eq!(event.digest, sample.digest);
        }
    }
}

#[test]
fn every_event_type_has_a_golden_sample() {
    let sampled: BTreeSet<_> = samples().into_iter().map(|(path, _)| path).collect();
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
