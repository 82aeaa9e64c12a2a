//! The history as its readers see it: decoded from its bytes, decided again, and counted.

mod changes;
mod lives;
mod outages;
mod placement;
mod published;
mod restructure;
mod volume;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use jiff::Timestamp;
use townclerk_contract::chain::Chain;
use townclerk_contract::reading::{RawMessage, Reading, read};
use townclerk_domain::decider::{Asked, decide};
use townclerk_domain::event::{Event, Recorded, Recording};
use townclerk_domain::identity::{AggregateId, AggregateKind};
use townclerk_domain::names::LogName;
use townclerk_domain::timeline::{Entry, Timeline};
use townclerk_domain::with_rules;

use crate::{History, SEED, demonstration};

/// Largest message that a log takes.
const MESSAGE_BYTES_MAX: usize = 64 * 1_024;

/// All bytes of the demonstration. If a change of the generator is meant, pin the new value.
const PINNED: &str = "5d814ad273ecc23fd733a54fca2675fab3c5df917952e9ded17d5ffc3be938ba";

static HISTORY: LazyLock<History> = LazyLock::new(|| demonstration(SEED).unwrap());

static EVENTS: LazyLock<Vec<Recorded<Event>>> = LazyLock::new(|| {
    HISTORY
        .logs
        .iter()
        .flat_map(|(log, messages)| (1..).zip(messages).map(move |entry| (log, entry)))
        .map(|(log, (sequence, message))| {
            let id = message.id.to_string();
            let raw = RawMessage {
                log,
                sequence,
                subject: &message.subject,
                id: Some(&id),
                payload: &message.payload,
            };
            match read(&raw) {
                Reading::Event(event) => event.recorded,
                other => panic!("{log}:{sequence}: {other:?}"),
            }
        })
        .collect()
});

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn end() -> Timestamp {
    instant("2020-08-21T23:00:00Z")
}

fn chain(history: &History) -> String {
    let messages = history.logs.values().flatten();
    let chained = messages.fold(Chain::default(), |chain, message| {
        chain.next(&message.subject, &message.payload)
    });
    chained.to_string()
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    assert_eq!(chain(&HISTORY), PINNED);
    assert_eq!(chain(&demonstration(SEED).unwrap()), PINNED);
}

/// The records of one kind, each event decided again against what the log holds before it.
struct Judged<'a, R: Recording> {
    timelines: BTreeMap<(&'a LogName, AggregateId), Timeline<R::Fact>>,
}

/// The records of one kind in the demonstration.
fn judged<R: Recording>() -> Judged<'static, R> {
    Judged::of(&EVENTS)
}

/// How many records of each kind the events make. Panics at the first one that the rules refuse.
fn judged_records(events: &[Recorded<Event>]) -> BTreeMap<AggregateKind, usize> {
    let records = |kind| with_rules!(kind, Rules => Judged::<Rules>::of(events).timelines.len());
    AggregateKind::ALL.map(|kind| (kind, records(kind))).into()
}

impl<'a, R: Recording> Judged<'a, R> {
    /// Panics at the first event that the rules refuse.
    fn of(events: &'a [Recorded<Event>]) -> Self {
        let mut judged = Self {
            timelines: BTreeMap::new(),
        };
        let of_kind = events
            .iter()
            .filter(|event| event.aggregate.kind == R::KIND);
        of_kind.for_each(|event| judged.judge(event));
        judged
    }

    fn judge(&mut self, event: &'a Recorded<Event>) {
        let what = R::from_event(event.event.clone()).unwrap();
        let key = (&event.log, event.aggregate);
        let timeline = self.timelines.entry(key).or_default();
        let asked = Asked {
            happened: event.happened,
            what,
        };
        if let Err(rejection) = decide::<R>(timeline, &asked, &event.log, event.recorded) {
            panic!("{event:?}: {rejection}");
        }
        timeline.entries.push(Entry {
            happened: event.happened,
            known: event.recorded,
            sequence: event.sequence,
            id: event.id.short(),
            what: asked.what,
        });
    }

    /// What became of each aggregate, as all that is recorded says; voided ones are left out.
    fn states(self) -> impl Iterator<Item = (&'a LogName, AggregateId, R::State)> {
        self.timelines
            .into_iter()
            .filter_map(|((log, id), timeline)| {
                let facts = timeline.standing(None).unwrap()?;
                let state = facts.iter().fold(R::State::default(), |state, one| {
                    R::evolve(state, &one.fact, one.happened)
                });
                Some((log, id, state))
            })
    }
}

#[test]
fn every_event_is_one_that_the_rules_let_in() {
    let records = judged_records(&EVENTS);
    assert_eq!(records[&AggregateKind::Partnership], 3);
    // Four families in four logs.
    assert_eq!(records[&AggregateKind::Coverage], 16);
    assert_eq!(records[&AggregateKind::Availability], 3);
    // In each log.
    assert_eq!(records[&AggregateKind::Targets], 4);
    assert_eq!(records[&AggregateKind::Hours], 4);
    assert_eq!(records[&AggregateKind::Holidays], 4);
    assert_eq!(records[&AggregateKind::Programme], 2);
    assert_eq!(records[&AggregateKind::RecoveryTest], 5);
    assert_eq!(records[&AggregateKind::Freeze], 2);
    assert_eq!(records[&AggregateKind::Gate], 1);
    let logged = records[&AggregateKind::Ticket];
    assert!((19_000..=21_000).contains(&logged), "{logged}");
}

#[test]
fn events_lie_in_the_history_and_in_the_order_of_their_recording() {
    let mut before: BTreeMap<&LogName, Timestamp> = BTreeMap::new();
    let mut ids = BTreeSet::new();
    for event in EVENTS.iter() {
        assert!(event.sample);
        assert!(ids.insert(event.id), "{event:?}");
        assert!(event.happened <= event.recorded, "{event:?}");
        let previous = before.insert(&event.log, event.recorded);
        assert!(previous.is_none_or(|at| at <= event.recorded), "{event:?}");
        assert!(event.recorded >= instant("2018-01-01T00:00:00Z"));
        match event.aggregate.kind {
            AggregateKind::Claim => {}
            AggregateKind::Ticket => {
                assert!(event.happened < end(), "{event:?}");
                assert!(event.recorded <= end(), "{event:?}");
            }
            _ => assert!(event.recorded <= end(), "{event:?}"),
        }
    }
    let first = ["brent", "lewisham", "southwark"].map(|council| {
        let code = townclerk_domain::names::Code::new(council).unwrap();
        townclerk_domain::partnership::membership(&code)
    });
    let shared = EVENTS.iter().filter(|event| event.log.is_shared());
    assert!(shared.map(|event| event.aggregate).take(3).eq(first));
    let largest = HISTORY
        .logs
        .values()
        .flatten()
        .map(|message| message.payload.len())
        .max();
    assert!(largest.unwrap() <= MESSAGE_BYTES_MAX);
}
