//! Random histories: whatever the deciders accept, in any order, late, corrected and voided.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use townclerk_domain::amendment::{Correction, HAPPENED, Recordable, Voiding};
use townclerk_domain::coverage::{CoverageFact, Declared, Selector};
use townclerk_domain::decider::{Asked, Rejection, decide};
use townclerk_domain::event::{Event, Recorded, Recording};
use townclerk_domain::identity::{AggregateId, AggregateKind, EventId, Family};
use townclerk_domain::names::{Code, LogName};
use townclerk_domain::partnership::{Joined, PartnershipFact, membership};
use townclerk_domain::ticket::{
    Assigned, Cancelled, Channel, Closed, Held, Logged, Priority, Recategorised, Reinstated,
    Reopened, Reprioritised, Resolved, Started, TicketFact, TicketKind, TicketRules, UserClass,
};
use townclerk_domain::timeline::{Entry, Timeline};
use uuid::Uuid;

use crate::basis::Basis;
use crate::completeness::Reached;
use crate::figure::Figure;
use crate::figures::{Breakdown, PassCache, Periods, Positions, Query, Reading, figures};
use crate::fold::{Folding, Input};
use crate::measure::Measure;
use crate::rows::MemoryRows;

pub const LOGS: [&str; 3] = ["brent", "lewisham", "shared"];

pub fn log(name: &str) -> LogName {
    LogName::new(name).unwrap()
}

pub fn code(text: &str) -> Code {
    Code::new(text).unwrap()
}

pub fn start() -> Timestamp {
    "2019-01-01T00:00:00Z".parse().unwrap()
}

/// Everything that was recorded, log by log.
#[derive(Clone, Debug, Default)]
pub struct History {
    pub logs: BTreeMap<LogName, Vec<Recorded<Event>>>,
    timelines: BTreeMap<(LogName, AggregateId), Timeline<TicketFact>>,
    /// The service's clock: it never runs backwards.
    clock: Option<Timestamp>,
}

impl History {
    /// Two councils that are members, and all three logs covered from the start.
    pub fn covered() -> Self {
        Self::covering(&[Family::Ticket])
    }

    /// The same, with some families covered.
    pub fn covering(families: &[Family]) -> Self {
        Self::joined_by_lewisham(families, "2018-01-01")
    }

    /// The same, with a day on which one of the councils joins.
    pub fn joined_by_lewisham(families: &[Family], from: &str) -> Self {
        let mut history = Self::default();
        for (council, from) in [("brent", "2018-01-01"), ("lewisham", from)] {
            let joined = PartnershipFact::CouncilJoined(Joined {
                council: code(council),
                name: council.to_owned(),
                gss_code: None,
                from: from.parse().unwrap(),
            });
            let event = Event::Partnership(Recordable::Fact(joined));
            history.record(
                "shared",
                membership(&code(council)),
                start(),
                start(),
                event,
            );
        }
        let each = families
            .iter()
            .flat_map(|family| LOGS.map(|name| (*family, name)));
        for (index, (family, name)) in (1..).zip(each) {
            let declared = CoverageFact::CoverageDeclared(Declared {
                selector: Selector::whole(family),
                from: "2019-01-01".parse().unwrap(),
                through: Some("2029-12-31".parse().unwrap()),
            });
            let coverage = AggregateId {
                kind: AggregateKind::Coverage,
                id: Uuid::from_u128(index),
            };
            let event = Event::Coverage(Recordable::Fact(declared));
            history.record(name, coverage, start(), start(), event);
        }
        history
    }

    /// Records something that touches no ticket figure, after everything else.
    pub fn record_unrelated(&mut self, at: Timestamp) {
        let declared = CoverageFact::CoverageDeclared(Declared {
            selector: Selector::whole(Family::Record),
            from: "2019-01-01".parse().unwrap(),
            through: None,
        });
        let kind = AggregateKind::Coverage;
        let id = Uuid::from_u128(999);
        let event = Event::Coverage(Recordable::Fact(declared));
        self.record("shared", AggregateId { kind, id }, at, at, event);
    }

    pub fn record(
        &mut self,
        name: &str,
        aggregate: AggregateId,
        happened: Timestamp,
        recorded: Timestamp,
        event: Event,
    ) -> EventId {
        let events = self.logs.entry(log(name)).or_default();
        let sequence = events.len() as u64 + 1;
        let number = u128::from(sequence) << 64 | aggregate.id.as_u128() >> 64;
        let id = EventId(Uuid::from_u128(number));
        events.push(Recorded {
            log: log(name),
            sequence,
            id,
            aggregate,
            happened,
            recorded,
            sample: false,
            event,
        });
        id
    }

    /// Records a fact, which its decider must accept, at the moment at which it happened.
    #[track_caller]
    pub fn tell<R: Recording>(&mut self, name: &str, id: AggregateId, at: &str, fact: R::Fact) {
        let at = at.parse().unwrap();
        let told = self.offer::<R>(name, id, at, Recordable::Fact(fact));
        told.unwrap_or_else(|no| panic!("{no}"));
    }

    /// Lets the service's clock go on to `at`: what comes is recorded then or later.
    pub fn clock_reaches(&mut self, at: Timestamp) {
        self.clock = self.clock.max(Some(at));
    }

    /// Records what a decider of any kind accepts.
    pub fn offer<R: Recording>(
        &mut self,
        name: &str,
        aggregate: AggregateId,
        at: Timestamp,
        what: Recordable<R::Fact>,
    ) -> Result<EventId, Rejection<R::Refusal>> {
        let now = self.clock.max(Some(at)).unwrap_or(at);
        let events = self.logs.entry(log(name)).or_default();
        let of_aggregate = events.iter().filter(|event| event.aggregate == aggregate);
        let entries = of_aggregate.filter_map(|event| {
            Some(Entry {
                happened: event.happened,
                known: event.recorded,
                sequence: event.sequence,
                id: event.id.short(),
                what: R::from_event(event.event.clone())?,
            })
        });
        let timeline = Timeline {
            entries: entries.collect(),
        };
        let asked = Asked { happened: at, what };
        decide::<R>(&timeline, &asked, &log(name), now)?;
        self.clock = Some(now);
        Ok(self.record(name, aggregate, at, now, R::into_event(asked.what)))
    }

    /// Records a ticket event if its decider accepts it.
    pub fn ask(&mut self, name: &str, ticket: u128, at: Timestamp, what: Recordable<TicketFact>) {
        let id = Uuid::from_u128(ticket);
        let kind = AggregateKind::Ticket;
        let aggregate = AggregateId { kind, id };
        let now = self.clock.max(Some(at)).unwrap_or(at);
        let key = (log(name), aggregate);
        let timeline = self.timelines.entry(key.clone()).or_default();
        let asked = Asked { happened: at, what };
        if decide::<TicketRules>(timeline, &asked, &log(name), now).is_err() {
            return;
        }
        self.clock = Some(now);
        let event = Event::Ticket(asked.what.clone());
        let id = self.record(name, aggregate, at, now, event);
        let sequence = self.logs[&key.0].len() as u64;
        let entry = Entry {
            happened: at,
            known: now,
            sequence,
            id: id.short(),
            what: asked.what,
        };
        self.timelines.entry(key).or_default().entries.push(entry);
    }

    /// The id of one of a ticket's recorded facts.
    fn fact_of(
        &self,
        name: &str,
        ticket: u128,
        pick: usize,
    ) -> Option<(EventId, Entry<TicketFact>)> {
        let id = Uuid::from_u128(ticket);
        let kind = AggregateKind::Ticket;
        let timeline = self.timelines.get(&(log(name), AggregateId { kind, id }))?;
        let facts: Vec<_> = timeline
            .entries
            .iter()
            .filter(|entry| matches!(entry.what, Recordable::Fact(_)))
            .collect();
        let entry = (*facts.get(pick % facts.len().max(1))?).clone();
        let recorded = self.logs[&log(name)]
            .iter()
            .find(|recorded| recorded.sequence == entry.sequence)?;
        Some((recorded.id, entry))
    }

    pub fn all(&self) -> Vec<Recorded<Event>> {
        self.logs.values().flatten().cloned().collect()
    }

    pub fn positions(&self) -> Positions {
        let length = |events: &Vec<_>| events.len() as u64;
        self.logs
            .iter()
            .map(|(log, events)| (log.clone(), length(events)))
            .collect()
    }
}

/// One step of a random history.
#[derive(Clone, Debug)]
pub struct Step {
    log: usize,
    ticket: u8,
    what: u8,
    detail: u8,
    /// Hours that pass before it.
    hours: u8,
    /// Hours by which it is recorded late.
    late: u8,
}

pub fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (
        0..3_usize,
        0..8_u8,
        0..18_u8,
        any::<u8>(),
        0..100_u8,
        0..60_u8,
    )
        .prop_map(|(log, ticket, what, detail, hours, late)| Step {
            log,
            ticket,
            what,
            detail,
            hours,
            late: if late < 45 { 0 } else { late },
        });
    proptest::collection::vec(step, 1..120)
}

/// The step by which a log agrees on something more.
const AGREES: u8 = 14;

/// The step by which a ticket ends, and goes on after it.
const ENDS: u8 = 17;

/// How a ticket ends, and what people do to it afterwards; as much of it as `detail` says.
fn ends(name: &str, detail: u8) -> Vec<TicketFact> {
    let resolved = || TicketFact::Resolved(Resolved { resolution: None });
    let reopened = || {
        TicketFact::Reopened(Reopened {
            reason: code("came-back"),
        })
    };
    let reason = || code("duplicate");
    let cancelled = || TicketFact::Cancelled(Cancelled { reason: reason() });
    let mut edits = vec![
        TicketFact::Assigned(Assigned {
            team: code("servers"),
        }),
        TicketFact::Recategorised(Recategorised {
            category: Some(code("pc-fault")),
            service: None,
            directorate: None,
        }),
        TicketFact::Reprioritised(Reprioritised {
            priority: priority(detail / 12),
        }),
    ];
    edits.rotate_left(usize::from(detail / 5) % 3);
    let (before, after) = match detail % 3 {
        0 => (
            vec![resolved(), TicketFact::Closed(Closed {})],
            vec![reopened()],
        ),
        1 => (
            vec![cancelled()],
            vec![
                TicketFact::Reinstated(Reinstated { reason: reason() }),
                resolved(),
            ],
        ),
        _ => (vec![resolved()], vec![reopened(), cancelled()]),
    };
    let all = [vec![logged(name, detail)], before, edits, after].concat();
    let length = 4 + usize::from(detail / 3) % 4;
    all.into_iter().take(length).collect()
}

pub fn history(steps: &[Step]) -> History {
    played(History::covered().agreeing(), steps)
}

/// What happens after what is recorded already.
pub fn played(mut history: History, steps: &[Step]) -> History {
    let mut now = start();
    for step in steps {
        now += SignedDuration::from_hours(i64::from(step.hours));
        let at = (now - SignedDuration::from_hours(i64::from(step.late))).max(start());
        let (name, ticket) = (LOGS[step.log], u128::from(step.ticket) + 100);
        if step.what == AGREES {
            history.agree(name, step.detail, now);
        } else if step.what == ENDS {
            for (hours, fact) in (0..).step_by(7).zip(ends(name, step.detail)) {
                let at = at + SignedDuration::from_hours(hours);
                history.ask(name, ticket, at, Recordable::Fact(fact));
            }
        } else if let Some(what) = asked(&history, name, ticket, step, at) {
            history.ask(name, ticket, at, what);
        }
    }
    history
}

fn asked(
    history: &History,
    name: &str,
    ticket: u128,
    step: &Step,
    at: Timestamp,
) -> Option<Recordable<TicketFact>> {
    let pick = |codes: [&str; 3]| code(codes[usize::from(step.detail) % 3]);
    let fact = match step.what {
        0..=3 => logged(name, step.detail),
        4 | 5 => TicketFact::Resolved(Resolved { resolution: None }),
        6 => TicketFact::Reopened(Reopened {
            reason: code("not-fixed"),
        }),
        7 => TicketFact::Closed(Closed {}),
        8 => TicketFact::Cancelled(Cancelled {
            reason: code("duplicate"),
        }),
        9 => TicketFact::Held(Held {
            reason: code("customer"),
        }),
        10 => TicketFact::Reprioritised(Reprioritised {
            priority: priority(step.detail),
        }),
        11 => TicketFact::Recategorised(Recategorised {
            category: Some(pick(["password", "other", "pc-fault"])),
            service: (step.detail > 127).then(|| pick(["email", "csccm", "hr"])),
            directorate: None,
        }),
        12 if step.detail > 240 => {
            let reason = code("recorded-in-error");
            return Some(Recordable::Voided(Voiding { reason }));
        }
        12 => TicketFact::Started(Started {}),
        15 => TicketFact::Reinstated(Reinstated {
            reason: code("not-a-duplicate"),
        }),
        16 => TicketFact::Assigned(Assigned {
            team: pick(["desk", "network", "servers"]),
        }),
        _ => return corrected(history, name, ticket, step, at),
    };
    Some(Recordable::Fact(fact))
}

fn corrected(
    history: &History,
    name: &str,
    ticket: u128,
    step: &Step,
    at: Timestamp,
) -> Option<Recordable<TicketFact>> {
    let (event, entry) = history.fact_of(name, ticket, usize::from(step.detail))?;
    // Where an earlier correction went first, `was` is stale and the decider refuses: fine.
    let (field, was, is) = match &entry.what {
        Recordable::Fact(TicketFact::Logged(logged)) if step.detail.is_multiple_of(2) => {
            let is = priority(step.detail / 2);
            (
                "priority",
                logged.priority.code().to_owned(),
                is.code().to_owned(),
            )
        }
        _ => {
            let earlier = entry.happened - SignedDuration::from_hours(i64::from(step.detail));
            (
                HAPPENED,
                entry.happened.to_string(),
                earlier.min(at).max(start()).to_string(),
            )
        }
    };
    Some(Recordable::Corrected(Correction {
        event,
        field: field.to_owned(),
        was,
        is,
        reason: code("mistyped"),
    }))
}

fn priority(detail: u8) -> Priority {
    Priority::ALL[usize::from(detail) % Priority::ALL.len()]
}

fn logged(name: &str, detail: u8) -> TicketFact {
    let kinds = TicketKind::ALL;
    let councils: BTreeSet<Code> = match name {
        "shared" => [code("brent"), code("lewisham")].into(),
        _ => BTreeSet::new(),
    };
    let user_class = match detail.is_multiple_of(7) {
        true => UserClass::Vip,
        false => UserClass::Standard,
    };
    TicketFact::Logged(Logged {
        kind: kinds[usize::from(detail) % kinds.len()],
        priority: priority(detail),
        user_class,
        channel: Channel::ALL[usize::from(detail) % Channel::ALL.len()],
        service: code(["email", "csccm", "hr"][usize::from(detail / 3) % 3]),
        category: code(["password", "other"][usize::from(detail / 5) % 2]),
        directorate: None,
        sts: true,
        councils,
    })
}

/// Folds events in the given order, in batches of the given sizes (the rest in one).
pub fn folded(events: &[Recorded<Event>], batches: &[usize]) -> MemoryRows {
    let mut rows = MemoryRows::default();
    let mut known = BTreeMap::new();
    let mut rest = events;
    let mut sizes = batches.iter().copied();
    while !rest.is_empty() {
        let size = sizes.next().unwrap_or(rest.len()).clamp(1, rest.len());
        let (batch, later) = rest.split_at(size);
        let mut folding = Folding::new(&rows);
        for event in batch {
            let known = known.entry(event.log.clone()).or_default();
            let input = Input::Event(Box::new(event.clone()));
            folding
                .fold(&event.log, event.sequence, known, input)
                .unwrap();
        }
        let changes = folding.finish().unwrap();
        rows.apply(changes);
        rest = later;
    }
    rows
}

/// Asks a view that has read everything, just now.
pub fn ask(history: &History, rows: &MemoryRows, query: &Query) -> Vec<Figure> {
    read(history, rows, |reading| figures(reading, query).unwrap())
}

/// Reads a view that has read everything, just now.
pub fn read<T>(
    history: &History,
    rows: &MemoryRows,
    read: impl FnOnce(&Reading<'_, MemoryRows>) -> T,
) -> T {
    let positions = history.positions();
    let known = history
        .logs
        .iter()
        .filter_map(|(log, events)| Some((log.clone(), events.iter().map(|e| e.recorded).max()?)))
        .collect();
    let far: Timestamp = "2030-01-01T00:00:00Z".parse().unwrap();
    let reached: Reached = positions.keys().map(|log| (log.clone(), far)).collect();
    let reading = Reading {
        rows,
        positions: &positions,
        known: &known,
        reached: &reached,
        passes: &PassCache::default(),
    };
    read(&reading)
}

/// Every breakdown of every measure of tickets over some months and a quarter.
pub fn everything(scope: &str, basis: Basis) -> Query {
    let periods = ["2019-01", "2019-02", "2019-03", "2019-06", "18/19 Q4"];
    Query {
        periods: Periods::These(periods.iter().map(|p| p.parse().unwrap()).collect()),
        basis,
        measures: Measure::ALL
            .into_iter()
            .filter(|measure| measure.kind() == AggregateKind::Ticket)
            .collect(),
        ..Query::everything(scope.parse().unwrap())
    }
}

pub fn one(scope: &str, measure: Measure, period: &str, basis: Basis) -> Query {
    Query {
        scope: scope.parse().unwrap(),
        measures: vec![measure],
        periods: Periods::These(vec![period.parse().unwrap()]),
        breakdowns: vec![Breakdown::default()],
        basis,
        like_for_like: false,
    }
}
