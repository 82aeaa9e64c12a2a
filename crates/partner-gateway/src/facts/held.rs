//! Facts that wait for what comes before them, and those that waited in vain.
//!
//! They are kept in memory only: a tool sends again until its fact is recorded or refused. Nothing
//! here decides, and nothing here tells the time.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use townclerk_app::http::Problem;
use townclerk_contract::fact::Fact;
use townclerk_domain::identity::{AggregateId, CommandId};
use townclerk_domain::names::{Code, LogName};

use super::answer::bounded;
use super::deciding::Tool;

/// Facts of one tool that are remembered after they were given up.
const GIVEN_UP_MAX: usize = 1_000;

/// How many facts may be held.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    pub of_a_tool: usize,
    pub in_all: usize,
    /// Of all facts as they were sent.
    pub bytes: usize,
}

/// A fact that waits.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub fact: Fact,
    pub aggregate: AggregateId,
    pub tool: Tool,
    /// How many bytes it had when it was sent.
    pub bytes: usize,
    pub since: Timestamp,
    pub until: Timestamp,
    /// Why it is not recorded yet.
    pub why: Problem,
    /// Of two that happened at the same time the first to come goes first.
    arrival: u64,
}

/// A fact that waited and is refused.
struct GivenUp {
    command: CommandId,
    shown: GivenUpShown,
}

/// Whose facts they are.
type Owner = (LogName, Code);

fn owner(fact: &Fact) -> Owner {
    (fact.council.clone(), fact.system.clone())
}

#[derive(Default)]
struct OfTool {
    held: BTreeMap<CommandId, Arc<Held>>,
    given_up: VecDeque<GivenUp>,
}

/// All that waits in this process.
pub(super) struct Waiting {
    room: Room,
    of_tools: BTreeMap<Owner, OfTool>,
    held: usize,
    bytes: usize,
    arrivals: u64,
}

/// Why a fact is not held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// As many of this tool wait as may.
    OfTool(usize),
    /// As much waits in this process as may.
    InAll,
}

impl Waiting {
    pub fn new(room: Room) -> Self {
        Self {
            room,
            of_tools: BTreeMap::new(),
            held: 0,
            bytes: 0,
            arrivals: 0,
        }
    }

    /// The fact with the same source and id that is held.
    pub fn find(&self, fact: &Fact) -> Option<Arc<Held>> {
        let of_tool = self.of_tools.get(&owner(fact))?;
        of_tool.held.get(&fact.command()).cloned()
    }

    /// Holds a fact that is not held yet.
    pub fn hold(
        &mut self,
        fact: Fact,
        tool: Tool,
        bytes: usize,
        (since, until): (Timestamp, Timestamp),
        why: Problem,
    ) -> Result<(), Full> {
        if self.held >= self.room.in_all || self.bytes + bytes > self.room.bytes {
            return Err(Full::InAll);
        }
        let of_tool = self.of_tools.entry(owner(&fact)).or_default();
        if of_tool.held.len() >= self.room.of_a_tool {
            return Err(Full::OfTool(of_tool.held.len()));
        }
        self.arrivals += 1;
        self.held += 1;
        self.bytes += bytes;
        let held = Held {
            aggregate: fact.aggregate(),
            fact,
            tool,
            bytes,
            since,
            until,
            why,
            arrival: self.arrivals,
        };
        of_tool.held.insert(held.fact.command(), Arc::new(held));
        Ok(())
    }

    /// Holds it no more. Whether it was held.
    pub fn release(&mut self, fact: &Fact) -> bool {
        let Some(of_tool) = self.of_tools.get_mut(&owner(fact)) else {
            return false;
        };
        let Some(released) = of_tool.held.remove(&fact.command()) else {
            return false;
        };
        self.held -= 1;
        self.bytes -= released.bytes;
        true
    }

    /// The held facts of one record in the order of time.
    pub fn of_record(&self, fact: &Fact) -> Vec<Arc<Held>> {
        let record = fact.aggregate();
        let of_tool = self.of_tools.get(&owner(fact));
        let held = of_tool
            .into_iter()
            .flat_map(|of_tool| of_tool.held.values());
        let mut held: Vec<Arc<Held>> = held
            .filter(|held| held.aggregate == record)
            .cloned()
            .collect();
        held.sort_by_key(|held| (held.fact.happened, held.arrival));
        held
    }

    /// Those whose time is over.
    pub fn due(&self, now: Timestamp) -> Vec<Arc<Held>> {
        let held = self
            .of_tools
            .values()
            .flat_map(|of_tool| of_tool.held.values());
        held.filter(|held| held.until <= now).cloned().collect()
    }

    /// Remembers for a while that a fact waited and was refused.
    pub fn give_up(&mut self, fact: &Fact, why: &Problem, at: Timestamp) {
        self.release(fact);
        let of_tool = self.of_tools.entry(owner(fact)).or_default();
        if of_tool.given_up.len() >= GIVEN_UP_MAX {
            of_tool.given_up.pop_front();
        }
        of_tool.given_up.push_back(GivenUp {
            command: fact.command(),
            shown: GivenUpShown {
                fact: FactShown::of(fact),
                given_up_at: at,
                problem: bounded(why),
            },
        });
    }

    pub fn was_given_up(&self, fact: &Fact) -> bool {
        let (of_tool, command) = (self.of_tools.get(&owner(fact)), fact.command());
        of_tool.is_some_and(|of_tool| {
            let mut given_up = of_tool.given_up.iter();
            given_up.any(|given_up| given_up.command == command)
        })
    }

    /// A fact that was given up is recorded after all.
    pub fn forget_given_up(&mut self, fact: &Fact) {
        let command = fact.command();
        if let Some(of_tool) = self.of_tools.get_mut(&owner(fact)) {
            of_tool
                .given_up
                .retain(|given_up| given_up.command != command);
        }
    }

    /// What a tool may see: its own.
    pub fn shown(&self, council: &LogName, system: &Code) -> WaitingShown {
        let of_tool = self.of_tools.get(&(council.clone(), system.clone()));
        let held = of_tool
            .into_iter()
            .flat_map(|of_tool| of_tool.held.values());
        let mut held: Vec<&Arc<Held>> = held.collect();
        held.sort_by_key(|held| (held.fact.happened, held.arrival));
        let given_up = of_tool
            .into_iter()
            .flat_map(|of_tool| of_tool.given_up.iter().rev());
        WaitingShown {
            council: council.to_string(),
            system: system.to_string(),
            held: held.into_iter().map(|held| HeldShown::of(held)).collect(),
            given_up: given_up.map(|given_up| given_up.shown.clone()).collect(),
        }
    }
}

/// Whether two facts with the same source and id say the same.
pub(super) fn say_the_same(one: &Fact, other: &Fact) -> bool {
    let said = |fact: &Fact| (fact.kind, fact.reference.clone(), fact.happened);
    said(one) == said(other) && one.event == other.event
}

/// What of one tool waits, and what waited in vain.
#[derive(Serialize, JsonSchema)]
pub(super) struct WaitingShown {
    council: String,
    system: String,
    /// In the order in which they happened.
    held: Vec<HeldShown>,
    /// The latest first; at most 1,000.
    given_up: Vec<GivenUpShown>,
}

/// A fact, as far as it is told which one it is.
#[derive(Clone, Serialize, JsonSchema)]
struct FactShown {
    id: String,
    /// The kind of record and the tool's own reference.
    subject: String,
    /// What happened.
    what: String,
    time: Timestamp,
    /// The record: kind and id.
    aggregate: String,
}

impl FactShown {
    fn of(fact: &Fact) -> Self {
        Self {
            id: fact.id.to_string(),
            subject: format!("{}/{}", fact.kind, fact.reference),
            what: fact.what.clone(),
            time: fact.happened,
            aggregate: fact.aggregate().to_string(),
        }
    }
}

/// A fact that waits.
#[derive(Serialize, JsonSchema)]
struct HeldShown {
    #[serde(flatten)]
    fact: FactShown,
    held_since: Timestamp,
    held_until: Timestamp,
    /// Why it is not recorded yet.
    problem: Value,
}

impl HeldShown {
    fn of(held: &Held) -> Self {
        Self {
            fact: FactShown::of(&held.fact),
            held_since: held.since,
            held_until: held.until,
            problem: bounded(&held.why),
        }
    }
}

/// A fact that waited and was refused.
#[derive(Clone, Serialize, JsonSchema)]
struct GivenUpShown {
    #[serde(flatten)]
    fact: FactShown,
    given_up_at: Timestamp,
    /// Why it was refused.
    problem: Value,
}
