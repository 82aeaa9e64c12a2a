//! Which facts a gate takes, and from when on it lets changes through.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use super::fact::{GateFact, GateSet};
use crate::decider::{Decider, Occasion};
use crate::identity::AggregateKind;
use crate::names::Code;

/// How many requirements a gate may have.
pub const REQUIREMENTS_MAX: usize = 64;

/// A gate as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    pub set: GateSet,
    pub set_at: Timestamp,
    /// When each requirement was met.
    pub met: BTreeMap<Code, Timestamp>,
    pub lifted: Option<Timestamp>,
}

impl Gate {
    /// From when on it lets changes through; `None` while something is not complete.
    pub fn opened(&self) -> Option<Timestamp> {
        let all: Option<Vec<Timestamp>> = self
            .set
            .requires
            .iter()
            .map(|required| self.met.get(&required.code).copied())
            .collect();
        let complete = all.and_then(|met| met.into_iter().max());
        self.lifted.into_iter().chain(complete).min()
    }

    pub fn holds_at(&self, instant: Timestamp) -> bool {
        self.set_at <= instant && self.opened().is_none_or(|opened| instant < opened)
    }

    fn can_meet(&self, requirement: &Code) -> Result<(), Refusal> {
        let requirement = requirement.clone();
        if let Some(lifted) = self.lifted {
            return Err(Refusal::AlreadyLifted { lifted });
        }
        if let Some(met) = self.met.get(&requirement).copied() {
            return Err(Refusal::AlreadyMet { requirement, met });
        }
        let named = self.set.requires.iter().map(|required| &required.code);
        if !named.clone().any(|code| *code == requirement) {
            return Err(Refusal::NoSuchRequirement {
                requirement,
                required: named.cloned().collect(),
            });
        }
        Ok(())
    }

    fn can_be_lifted(&self) -> Result<(), Refusal> {
        if let Some(lifted) = self.lifted {
            return Err(Refusal::AlreadyLifted { lifted });
        }
        self.opened()
            .map_or(Ok(()), |opened| Err(Refusal::AlreadyOpen { opened }))
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "refusal", rename_all = "kebab-case")]
pub enum Refusal {
    #[error("this gate is not set yet")]
    NotSet,
    #[error("this gate is set already")]
    AlreadySet,
    #[error("a gate requires something, else it holds nothing back")]
    NoRequirements,
    #[error("a gate has at most {REQUIREMENTS_MAX} requirements, found {found}")]
    TooManyRequirements { found: usize },
    #[error("the requirement {requirement} is named twice; name each code once")]
    RequirementTwice { requirement: Code },
    #[error(
        "this gate has no requirement {requirement}; it has {}",
        listed(required)
    )]
    NoSuchRequirement {
        requirement: Code,
        required: Vec<Code>,
    },
    #[error("the requirement {requirement} was met at {met} already")]
    AlreadyMet { requirement: Code, met: Timestamp },
    #[error("this gate was lifted at {lifted}: it takes nothing more")]
    AlreadyLifted { lifted: Timestamp },
    #[error("this gate is open since {opened}, all its requirements met: it cannot be lifted")]
    AlreadyOpen { opened: Timestamp },
}

fn listed(required: &[Code]) -> String {
    let codes: Vec<&str> = required.iter().map(Code::as_str).collect();
    codes.join(", ")
}

/// The rules of gates.
pub struct GateRules;

impl Decider for GateRules {
    const KIND: AggregateKind = AggregateKind::Gate;

    type Fact = GateFact;
    type State = Option<Gate>;
    type Refusal = Refusal;

    fn decide(state: &Option<Gate>, fact: &GateFact, _: Occasion<'_>) -> Result<(), Refusal> {
        match (state, fact) {
            (None, GateFact::GateSet(set)) => can_be_set(set),
            (None, _) => Err(Refusal::NotSet),
            (Some(_), GateFact::GateSet(_)) => Err(Refusal::AlreadySet),
            (Some(gate), GateFact::GateRequirementMet(met)) => gate.can_meet(&met.requirement),
            (Some(gate), GateFact::GateLifted(_)) => gate.can_be_lifted(),
        }
    }

    fn evolve(state: Option<Gate>, fact: &GateFact, happened: Timestamp) -> Option<Gate> {
        match (state, fact) {
            (_, GateFact::GateSet(set)) => Some(Gate {
                set: set.clone(),
                set_at: happened,
                met: BTreeMap::new(),
                lifted: None,
            }),
            (Some(mut gate), GateFact::GateRequirementMet(met)) => {
                gate.met.insert(met.requirement.clone(), happened);
                Some(gate)
            }
            (Some(gate), GateFact::GateLifted(_)) => Some(Gate {
                lifted: Some(happened),
                ..gate
            }),
            (None, _) => None,
        }
    }
}

fn can_be_set(set: &GateSet) -> Result<(), Refusal> {
    match set.requires.len() {
        0 => return Err(Refusal::NoRequirements),
        1..=REQUIREMENTS_MAX => {}
        found => return Err(Refusal::TooManyRequirements { found }),
    }
    let mut seen = BTreeSet::new();
    let twice = set
        .requires
        .iter()
        .find(|required| !seen.insert(&required.code));
    twice.map_or(Ok(()), |twice| {
        let requirement = twice.code.clone();
        Err(Refusal::RequirementTwice { requirement })
    })
}
