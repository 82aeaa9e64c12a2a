//! Programmes of restructuring, as they are shown.

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;
use townclerk_domain::names::Code;
use townclerk_domain::programme::{Programme, ProgrammeRules};
use townclerk_domain::text::Text;
use townclerk_views::kept::Kept;
use townclerk_views::ledger::Ledger;

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
}

#[derive(Serialize, JsonSchema)]
struct PhaseShown {
    phase: Code,
    planned_from: Option<Date>,
    planned_to: Option<Date>,
    started: Option<Timestamp>,
    completed: Option<Timestamp>,
}

#[derive(Serialize, JsonSchema)]
struct PauseShown {
    from: Timestamp,
    /// Null while it lasts.
    to: Option<Timestamp>,
}

impl Listable for ProgrammeRules {
    type Stands = Programme;
    type Shown = ProgrammeShown;

    const PLURAL: &'static str = "programmes";

    fn kept(ledger: &Ledger) -> &[Kept<Programme>] {
        &ledger.programmes
    }

    /// A shared one restructures the service of all.
    fn touches(_: &Programme, _: &Code) -> bool {
        true
    }

    fn began(programme: &Programme) -> Timestamp {
        programme.opened_at
    }

    fn shown(kept: &Kept<Programme>, _: &Beside) -> ProgrammeShown {
        let paused = kept.stands.is_paused();
        let programme = kept.stands.clone();
        let known = programme.phases;
        let phases = programme.opened.phases.into_iter().map(|planned| {
            let phase = known.get(&planned.phase).copied().unwrap_or_default();
            PhaseShown {
                phase: planned.phase,
                planned_from: planned.from,
                planned_to: planned.to,
                started: phase.started,
                completed: phase.completed,
            }
        });
        let pauses = programme.pauses.into_iter();
        ProgrammeShown {
            sample: kept.sample,
            title: programme.opened.title,
            opened: programme.opened_at,
            phases: phases.collect(),
            pauses: pauses.map(|(from, to)| PauseShown { from, to }).collect(),
            completed: programme.completed,
            paused,
        }
    }
}
