//! Programmes of restructuring, as they are shown.

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;
use townclerk_domain::names::Code;
use townclerk_domain::programme::{Plan, Programme, ProgrammeRules};
use townclerk_domain::text::Text;
use townclerk_views::kept::Kept;

use super::list::{Beside, Listable};

#[derive(Serialize, JsonSchema)]
pub(super) struct ProgrammeShown {
    /// Whether it was made up for a demonstration.
    sample: bool,
    title: Text,
    opened: Timestamp,
    /// In the order in which they were planned.
    phases: Vec<PhaseShown>,
    pauses: Vec<PauseShown>,
    completed: Option<Timestamp>,
    /// Whether a pause is under way.
    paused: bool,
    /// Days from its opening to its completion, or until now, without the paused ones.
    elapsed_days: i64,
    paused_days: i64,
    /// Days from the first to the last one of the plan; null where a phase is not planned.
    planned_days: Option<i64>,
    /// The functions that moved from one service to another.
    transferred: Vec<TransferredShown>,
}

#[derive(Serialize, JsonSchema)]
struct PhaseShown {
    phase: Code,
    planned_from: Option<Date>,
    planned_to: Option<Date>,
    started: Option<Timestamp>,
    completed: Option<Timestamp>,
    /// Null before it is started.
    elapsed_days: Option<i64>,
    paused_days: Option<i64>,
    planned_days: Option<i64>,
}

#[derive(Serialize, JsonSchema)]
struct TransferredShown {
    at: Timestamp,
    function: Code,
    from: Code,
    to: Code,
}

#[derive(Serialize, JsonSchema)]
struct PauseShown {
    from: Timestamp,
    /// Null while it lasts.
    to: Option<Timestamp>,
}

impl Listable for ProgrammeRules {
    type Shown = ProgrammeShown;

    const PLURAL: &'static str = "programmes";

    fn shown(kept: &Kept<Programme>, beside: &Beside) -> ProgrammeShown {
        let paused = kept.stands.is_paused();
        let whole = kept.stands.elapsed(beside.seen);
        let planned_days = kept.stands.plan().map(Plan::days);
        let programme = kept.stands.clone();
        let known = programme.phases;
        let phases = programme.opened.phases.into_iter().map(|planned| {
            let phase = known.get(&planned.phase).copied().unwrap_or_default();
            let elapsed = kept.stands.phase_elapsed(&planned.phase, beside.seen);
            PhaseShown {
                elapsed_days: elapsed.map(|elapsed| elapsed.days),
                paused_days: elapsed.map(|elapsed| elapsed.paused_days),
                planned_days: planned.plan().map(Plan::days),
                phase: planned.phase,
                planned_from: planned.from,
                planned_to: planned.to,
                started: phase.started,
                completed: phase.completed,
            }
        });
        let pauses = programme.pauses.into_iter();
        let transferred = programme.transferred.into_iter();
        let transferred = transferred.map(|(at, moved)| TransferredShown {
            at,
            function: moved.function,
            from: moved.from,
            to: moved.to,
        });
        ProgrammeShown {
            sample: kept.sample,
            title: programme.opened.title,
            opened: programme.opened_at,
            phases: phases.collect(),
            pauses: pauses.map(|(from, to)| PauseShown { from, to }).collect(),
            completed: programme.completed,
            paused,
            elapsed_days: whole.days,
            paused_days: whole.paused_days,
            planned_days,
            transferred: transferred.collect(),
        }
    }
}
