//! Outages: a story of each one, and how a story is told as facts.

pub mod aftermath;
pub mod downtime;
pub mod interconnect;
pub mod named;
pub mod numbered;
pub mod ordinary;
pub mod recovery;
pub mod storage;
mod weaknesses;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use townclerk_domain::names::{Code, LogName};
use townclerk_domain::outage::{
    Affected, Declared, Effect, MaintenancePlanned, OutageFact, OutageRules, Resolved,
    ServiceRestored, Severity,
};
use townclerk_domain::text::Text;

use crate::chronicle::{Chronicle, Recorder};
use crate::spelling::Spelt;

/// The system that outages and changes are kept in.
pub const SYSTEM: &str = "hornbill";

/// One service of one council was hit, from when to when.
#[derive(Clone)]
pub struct Hit {
    pub service: Code,
    pub council: Code,
    pub severity: Severity,
    pub from: Timestamp,
    pub to: Timestamp,
}

/// How well a story was recorded.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    Soon(SignedDuration),
    /// Its beginning and end only long afterwards.
    Late(SignedDuration),
    /// It was first said to have lasted this much longer.
    TooLong(SignedDuration),
    /// It turned out not to have been one.
    InError,
}

/// What failed and how; the supplier where it was one's.
#[derive(Clone)]
pub struct Failure {
    pub component: Code,
    pub class: Code,
    pub supplier: Option<Code>,
}

/// An outage or planned maintenance of which everything is known.
#[derive(Clone)]
pub struct Story {
    pub log: LogName,
    /// Unique in its log.
    pub name: String,
    pub title: Text,
    pub summary: Option<Text>,
    pub councils: BTreeSet<Code>,
    pub critical: bool,
    /// For planned maintenance: when notice was given.
    pub noticed: Option<Timestamp>,
    pub begins: Timestamp,
    pub ends: Timestamp,
    pub hits: Vec<Hit>,
    pub failure: Option<Failure>,
    /// What else happened.
    pub more: Vec<(Timestamp, OutageFact)>,
    pub recorded: Recorded,
}

impl Story {
    /// What happened, in order.
    fn facts(&self) -> Vec<(Timestamp, OutageFact)> {
        let planned = self.noticed.map(|at| (at, self.planned()));
        let mut facts: Vec<_> = planned.into_iter().collect();
        facts.push((self.begins, self.declared()));
        facts.extend(self.restored());
        facts.extend(self.affected());
        facts.push((self.ends, OutageFact::Resolved(Resolved {})));
        facts.extend(self.more.iter().cloned());
        // The sort is stable: what happened at one moment keeps this order.
        facts.sort_by_key(|(at, _)| *at);
        facts
    }

    fn planned(&self) -> OutageFact {
        OutageFact::MaintenancePlanned(MaintenancePlanned {
            title: self.title.clone(),
            councils: self.councils.clone(),
            services: self.hits.iter().map(|hit| hit.service.clone()).collect(),
            from: self.begins,
            to: self.ends,
            cancels_earlier: false,
        })
    }

    fn declared(&self) -> OutageFact {
        let at_once = self.hits.iter().filter(|hit| hit.from == self.begins);
        OutageFact::Declared(Declared {
            title: self.title.clone(),
            summary: self.summary.clone(),
            when: None,
            councils: self.councils.clone(),
            critical: self.critical,
            effects: at_once.map(|hit| effect(hit, None)).collect(),
        })
    }

    /// Effects that came later than the outage, as they came.
    fn affected(&self) -> Vec<(Timestamp, OutageFact)> {
        let mut found: BTreeMap<Timestamp, Vec<Effect>> = BTreeMap::new();
        for hit in self.hits.iter().filter(|hit| hit.from > self.begins) {
            let effect = effect(hit, Some(hit.from));
            found.entry(hit.from).or_default().push(effect);
        }
        let fact = |(at, effects)| (at, OutageFact::Affected(Affected { effects }));
        found.into_iter().map(fact).collect()
    }

    /// What was restored before the outage was over.
    fn restored(&self) -> Vec<(Timestamp, OutageFact)> {
        let mut restored: BTreeMap<(Timestamp, &Code), BTreeSet<Code>> = BTreeMap::new();
        for hit in self.hits.iter().filter(|hit| hit.to < self.ends) {
            let councils = restored.entry((hit.to, &hit.service)).or_default();
            councils.insert(hit.council.clone());
        }
        let fact = |((at, service), councils): ((_, &Code), BTreeSet<Code>)| {
            let all = councils == self.councils;
            let fact = ServiceRestored {
                service: service.clone(),
                councils: if all { BTreeSet::new() } else { councils },
            };
            (at, OutageFact::ServiceRestored(fact))
        };
        restored.into_iter().map(fact).collect()
    }

    /// Minutes for which a service of a council was down, where its times do not overlap.
    pub fn minutes_down(&self, service: &str, council: &str) -> i64 {
        self.hits
            .iter()
            .filter(|hit| hit.severity == Severity::Down)
            .filter(|hit| hit.service.as_str() == service && hit.council.as_str() == council)
            .map(|hit| hit.to.duration_since(hit.from).as_mins())
            .sum()
    }

    pub fn tell<'a>(&self, recorder: &'a Recorder) -> Spelt<Chronicle<'a, OutageRules>> {
        let mut told = Chronicle::new(recorder, SYSTEM, &self.log, &self.name)?;
        told.recorded_after(match self.recorded {
            Recorded::Soon(delay) | Recorded::Late(delay) => delay,
            Recorded::TooLong(_) | Recorded::InError => SignedDuration::from_mins(12),
        });
        let mut resolved = 0;
        for (at, fact) in self.facts() {
            let over = matches!(fact, OutageFact::Resolved(_));
            if over {
                resolved = told.told();
            }
            let at = match self.recorded {
                Recorded::TooLong(longer) if over => at + longer,
                _ => at,
            };
            told.then(at, fact);
            if over {
                told.recorded_after(SignedDuration::from_mins(7));
            }
        }
        match self.recorded {
            Recorded::TooLong(_) if resolved < told.told() => {
                told.correct_time(resolved, self.ends, SignedDuration::from_hours(50))?;
            }
            Recorded::InError => told.void(SignedDuration::from_hours(190))?,
            _ => {}
        }
        Ok(told)
    }
}

fn effect(hit: &Hit, from: Option<Timestamp>) -> Effect {
    Effect {
        service: hit.service.clone(),
        council: hit.council.clone(),
        severity: hit.severity,
        from,
        to: None,
    }
}
