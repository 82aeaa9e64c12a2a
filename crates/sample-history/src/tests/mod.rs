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
use townclerk_domain::availability::AvailabilityRules;
use townclerk_domain::change::ChangeRules;
use townclerk_domain::claim::ClaimRules;
use townclerk_domain::coverage::CoverageRules;
use townclerk_domain::decider::{Asked, decide};
use townclerk_domain::event::{Event, Recorded, Recording};
use townclerk_domain::freeze::FreezeRules;
use townclerk_domain::gate::GateRules;
use townclerk_domain::holidays::HolidaysRules;
use townclerk_domain::hours::HoursRules;
use townclerk_domain::identity::{AggregateId, AggregateKind};
use townclerk_domain::names::LogName;
use townclerk_domain::outage::OutageRules;
use townclerk_domain::partnership::PartnershipRules;
use townclerk_domain::post::PostRules;
use townclerk_domain::programme::ProgrammeRules;
use townclerk_domain::recovery::RecoveryTestRules;
use townclerk_domain::targets::TargetsRules;
use townclerk_domain::ticket::TicketRules;
use townclerk_domain::timeline::{Entry, Timeline};

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

/// Decides each event of its kind again against what the log holds before it.
struct Judge<R: Recording> {
    timelines: BTreeMap<(LogName, AggregateId), Timeline<R::Fact>>,
}

impl<R: Recording> Default for Judge<R> {
    fn default() -> Self {
        Self {
            timelines: BTreeMap::new(),
        }
    }
}

impl<R: Recording> Judge<R> {
    fn judge(&mut self, event: &Recorded<Event>) {
        let what = R::from_event(event.event.clone()).unwrap();
        let key = (event.log.clone(), event.aggregate);
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
}

impl<R: Recording> Judge<R> {
    /// What became of each aggregate, as all that is recorded says; voided ones are left out.
    fn states(&self) -> impl Iterator<Item = (&LogName, AggregateId, R::State)> {
        self.timelines.iter().filter_map(|((log, id), timeline)| {
            let facts = timeline.standing(None).unwrap()?;
            let state = facts.iter().fold(R::State::default(), |state, one| {
                R::evolve(state, &one.fact, one.happened)
            });
            Some((log, *id, state))
        })
    }
}

/// One judge for each kind.
#[derive(Default)]
struct Judges {
    tickets: Judge<TicketRules>,
    coverages: Judge<CoverageRules>,
    claims: Judge<ClaimRules>,
    members: Judge<PartnershipRules>,
    changes: Judge<ChangeRules>,
    freezes: Judge<FreezeRules>,
    gates: Judge<GateRules>,
    outages: Judge<OutageRules>,
    programmes: Judge<ProgrammeRules>,
    posts: Judge<PostRules>,
    availability: Judge<AvailabilityRules>,
    targets: Judge<TargetsRules>,
    hours: Judge<HoursRules>,
    holidays: Judge<HolidaysRules>,
    recovery_tests: Judge<RecoveryTestRules>,
}

impl Judges {
    fn judge(&mut self, event: &Recorded<Event>) {
        match event.aggregate.kind {
            AggregateKind::Ticket => self.tickets.judge(event),
            AggregateKind::Coverage => self.coverages.judge(event),
            AggregateKind::Claim => self.claims.judge(event),
            AggregateKind::Partnership => self.members.judge(event),
            AggregateKind::Change => self.changes.judge(event),
            AggregateKind::Freeze => self.freezes.judge(event),
            AggregateKind::Gate => self.gates.judge(event),
            AggregateKind::Outage => self.outages.judge(event),
            AggregateKind::Programme => self.programmes.judge(event),
            AggregateKind::Post => self.posts.judge(event),
            AggregateKind::Availability => self.availability.judge(event),
            AggregateKind::Targets => self.targets.judge(event),
            AggregateKind::Hours => self.hours.judge(event),
            AggregateKind::Holidays => self.holidays.judge(event),
            AggregateKind::RecoveryTest => self.recovery_tests.judge(event),
        }
    }
}

/// The whole history, judged: panics at the first event that the rules refuse.
static JUDGED: LazyLock<Judges> = LazyLock::new(|| {
    let mut judges = Judges::default();
    EVENTS.iter().for_each(|event| judges.judge(event));
    judges
});

#[test]
fn every_event_is_one_that_the_rules_let_in() {
    let judged = &*JUDGED;
    assert_eq!(judged.members.timelines.len(), 3);
    // Four families in four logs.
    assert_eq!(judged.coverages.timelines.len(), 16);
    assert_eq!(judged.availability.timelines.len(), 3);
    // In each log.
    assert_eq!(judged.targets.timelines.len(), 4);
    assert_eq!(judged.hours.timelines.len(), 4);
    assert_eq!(judged.holidays.timelines.len(), 4);
    assert_eq!(judged.programmes.timelines.len(), 2);
    assert_eq!(judged.recovery_tests.timelines.len(), 5);
    assert_eq!(judged.freezes.timelines.len(), 2);
    assert_eq!(judged.gates.timelines.len(), 1);
    let logged = judged.tickets.timelines.len();
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
