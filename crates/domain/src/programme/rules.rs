//! Which facts a programme takes in which state.
//!
//! Its phases start and complete in any order, but none while the programme is paused. Completed is
//! final, and needs every phase complete. A function moves from the service that has it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::fact::{FunctionTransferred, PlannedPhase, ProgrammeFact, ProgrammeOpened};
use crate::decider::{Decider, Occasion};
use crate::identity::AggregateKind;
use crate::names::Code;
use crate::period::london_day;

/// Most phases of a programme.
pub const PHASES_MAX: usize = 64;

/// When a phase was started and completed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Phase {
    pub started: Option<Timestamp>,
    pub completed: Option<Timestamp>,
}

/// A programme as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Programme {
    pub opened: ProgrammeOpened,
    pub opened_at: Timestamp,
    /// Every planned phase.
    pub phases: BTreeMap<Code, Phase>,
    /// Each pause with its end; the last one may be under way.
    pub pauses: Vec<(Timestamp, Option<Timestamp>)>,
    pub completed: Option<Timestamp>,
    /// The functions that moved, each with when it did.
    pub transferred: Vec<(Timestamp, FunctionTransferred)>,
}

impl Programme {
    pub fn is_paused(&self) -> bool {
        self.paused_since().is_some()
    }

    /// When the pause under way began.
    pub fn paused_since(&self) -> Option<Timestamp> {
        let last = self.pauses.last();
        last.and_then(|(since, end)| end.is_none().then_some(*since))
    }

    fn may_start(&self, phase: &Code) -> Result<(), Refusal> {
        let found = self.planned(phase)?;
        let phase = phase.clone();
        if let Some(since) = self.paused_since() {
            return Err(Refusal::PhaseStartedWhilePaused { phase, since });
        }
        match found.started {
            Some(at) => Err(Refusal::PhaseAlreadyStarted { phase, at }),
            None => Ok(()),
        }
    }

    fn may_complete(&self, phase: &Code) -> Result<(), Refusal> {
        let found = self.planned(phase)?;
        let phase = phase.clone();
        if let Some(since) = self.paused_since() {
            return Err(Refusal::PhaseCompletedWhilePaused { phase, since });
        }
        match (found.started, found.completed) {
            (None, _) => Err(Refusal::PhaseNotStarted { phase }),
            (Some(_), Some(at)) => Err(Refusal::PhaseAlreadyCompleted { phase, at }),
            (Some(_), None) => Ok(()),
        }
    }

    /// A function moves from where it is to another service.
    fn may_transfer(&self, transferred: &FunctionTransferred) -> Result<(), Refusal> {
        let FunctionTransferred { function, from, to } = transferred;
        let function = function.clone();
        if let Some(since) = self.paused_since() {
            return Err(Refusal::TransferredWhilePaused { function, since });
        }
        if from == to {
            let service = to.clone();
            return Err(Refusal::TransferredToItself { function, service });
        }
        let mut before = self.transferred.iter().rev().map(|(_, before)| before);
        match before.find(|before| before.function == function) {
            Some(before) if before.to != *from => Err(Refusal::FunctionElsewhere {
                function,
                from: from.clone(),
                service: before.to.clone(),
            }),
            _ => Ok(()),
        }
    }

    fn planned(&self, phase: &Code) -> Result<Phase, Refusal> {
        self.phases.get(phase).copied().ok_or_else(|| {
            let planned = self.opened.phases.iter();
            Refusal::NotPlanned {
                phase: phase.clone(),
                planned: planned.map(|planned| planned.phase.clone()).collect(),
            }
        })
    }

    fn every_phase_is_complete(&self) -> Result<(), Refusal> {
        let planned = self.opened.phases.iter().map(|planned| &planned.phase);
        let complete = |phase: &Code| self.phases.get(phase).is_some_and(Phase::is_complete);
        let open: Vec<Code> = planned.filter(|phase| !complete(phase)).cloned().collect();
        match open.is_empty() {
            true => Ok(()),
            false => Err(Refusal::PhasesNotComplete { phases: open }),
        }
    }
}

impl Phase {
    pub fn is_complete(&self) -> bool {
        self.completed.is_some()
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "refusal", rename_all = "kebab-case")]
pub enum Refusal {
    #[error("this programme is not opened yet")]
    NotOpened,
    #[error("this programme is opened already")]
    AlreadyOpened,
    #[error("a programme has 1 to {PHASES_MAX} phases, found {found}")]
    PhaseCount { found: usize },
    #[error("the phase {phase} is planned twice; give each phase a code of its own")]
    PlannedTwice { phase: Code },
    #[error("the phase {phase} is planned to end on {to}, before it starts on {from}")]
    PlannedBackwards { phase: Code, from: Date, to: Date },
    #[error("this programme was completed at {at}: it takes nothing more")]
    Completed { at: Timestamp },
    #[error("{phase} is no phase of this programme; it has {}", listed(planned))]
    NotPlanned { phase: Code, planned: Vec<Code> },
    #[error("this programme is paused since {since}: resume it before the phase {phase} starts")]
    PhaseStartedWhilePaused { phase: Code, since: Timestamp },
    #[error(
        "this programme is paused since {since}: resume it before the phase {phase} is completed"
    )]
    PhaseCompletedWhilePaused { phase: Code, since: Timestamp },
    #[error("the phase {phase} was started at {at} already; correct that instead")]
    PhaseAlreadyStarted { phase: Code, at: Timestamp },
    #[error("the phase {phase} was not started: record first that it was")]
    PhaseNotStarted { phase: Code },
    #[error("the phase {phase} was completed at {at} already; correct that instead")]
    PhaseAlreadyCompleted { phase: Code, at: Timestamp },
    #[error("this programme is paused since {since} already; resume it first")]
    AlreadyPaused { since: Timestamp },
    #[error("a pause that begins on {day} cannot last until {until}, which had passed by then")]
    PauseEndsBeforeItBegins { day: Date, until: Date },
    #[error("this programme is not paused: there is nothing to resume")]
    NotPaused,
    #[error("this programme is paused since {since}: resume it before it is completed")]
    CompletedWhilePaused { since: Timestamp },
    #[error("this programme is paused since {since}: resume it before {function} is transferred")]
    TransferredWhilePaused { function: Code, since: Timestamp },
    #[error("{function} is transferred from {service} to {service}: name two services")]
    TransferredToItself { function: Code, service: Code },
    #[error("{function} is not with {from}: it was transferred to {service}")]
    FunctionElsewhere {
        function: Code,
        from: Code,
        service: Code,
    },
    #[error("these phases are not complete yet: {}", listed(phases))]
    PhasesNotComplete { phases: Vec<Code> },
}

fn listed(phases: &[Code]) -> String {
    let phases: Vec<&str> = phases.iter().map(Code::as_str).collect();
    phases.join(", ")
}

/// The rules of programmes.
pub struct ProgrammeRules;

impl Decider for ProgrammeRules {
    const KIND: AggregateKind = AggregateKind::Programme;

    type Fact = ProgrammeFact;
    type State = Option<Programme>;
    type Refusal = Refusal;

    fn decide(
        state: &Option<Programme>,
        fact: &ProgrammeFact,
        occasion: Occasion<'_>,
    ) -> Result<(), Refusal> {
        let Some(programme) = state else {
            return match fact {
                ProgrammeFact::ProgrammeOpened(opened) => is_sound(opened),
                _ => Err(Refusal::NotOpened),
            };
        };
        if let Some(at) = programme.completed {
            return Err(Refusal::Completed { at });
        }
        match (fact, programme.paused_since()) {
            (ProgrammeFact::ProgrammeOpened(_), _) => Err(Refusal::AlreadyOpened),
            (ProgrammeFact::PhaseStarted(started), _) => programme.may_start(&started.phase),
            (ProgrammeFact::PhaseCompleted(done), _) => programme.may_complete(&done.phase),
            (ProgrammeFact::FunctionTransferred(transferred), _) => {
                programme.may_transfer(transferred)
            }
            (ProgrammeFact::ProgrammePaused(_), Some(since)) => {
                Err(Refusal::AlreadyPaused { since })
            }
            (ProgrammeFact::ProgrammePaused(paused), None) => {
                let day = london_day(occasion.happened);
                match paused.until {
                    Some(until) if until < day => {
                        Err(Refusal::PauseEndsBeforeItBegins { day, until })
                    }
                    _ => Ok(()),
                }
            }
            (ProgrammeFact::ProgrammeResumed(_), None) => Err(Refusal::NotPaused),
            (ProgrammeFact::ProgrammeResumed(_), Some(_)) => Ok(()),
            (ProgrammeFact::ProgrammeCompleted(_), Some(since)) => {
                Err(Refusal::CompletedWhilePaused { since })
            }
            (ProgrammeFact::ProgrammeCompleted(_), None) => programme.every_phase_is_complete(),
        }
    }

    fn evolve(
        state: Option<Programme>,
        fact: &ProgrammeFact,
        happened: Timestamp,
    ) -> Option<Programme> {
        let Some(mut programme) = state else {
            let ProgrammeFact::ProgrammeOpened(opened) = fact else {
                return None;
            };
            let planned = opened.phases.iter().map(|planned| planned.phase.clone());
            return Some(Programme {
                opened: opened.clone(),
                opened_at: happened,
                phases: planned.map(|phase| (phase, Phase::default())).collect(),
                pauses: Vec::new(),
                completed: None,
                transferred: Vec::new(),
            });
        };
        match fact {
            ProgrammeFact::ProgrammeOpened(_) => {}
            ProgrammeFact::PhaseStarted(started) => {
                let phase = programme.phases.entry(started.phase.clone()).or_default();
                phase.started = Some(happened);
            }
            ProgrammeFact::PhaseCompleted(completed) => {
                let phase = programme.phases.entry(completed.phase.clone()).or_default();
                phase.completed = Some(happened);
            }
            ProgrammeFact::ProgrammePaused(_) => programme.pauses.push((happened, None)),
            ProgrammeFact::ProgrammeResumed(_) => {
                if let Some((_, end)) = programme.pauses.last_mut() {
                    *end = Some(happened);
                }
            }
            ProgrammeFact::ProgrammeCompleted(_) => programme.completed = Some(happened),
            ProgrammeFact::FunctionTransferred(transferred) => {
                programme.transferred.push((happened, transferred.clone()));
            }
        }
        Some(programme)
    }
}

/// Whether what is planned makes sense by itself.
fn is_sound(opened: &ProgrammeOpened) -> Result<(), Refusal> {
    let found = opened.phases.len();
    if !(1..=PHASES_MAX).contains(&found) {
        return Err(Refusal::PhaseCount { found });
    }
    let mut seen = BTreeSet::new();
    for PlannedPhase { phase, from, to } in &opened.phases {
        let phase = phase.clone();
        if !seen.insert(phase.clone()) {
            return Err(Refusal::PlannedTwice { phase });
        }
        if let (Some(from), Some(to)) = (*from, *to)
            && to < from
        {
            return Err(Refusal::PlannedBackwards { phase, from, to });
        }
    }
    Ok(())
}
