//! The programmes that posts were created, filled and deleted under.

use jiff::civil::{Date, date};
use townclerk_domain::names::LogName;
use townclerk_domain::programme::{
    FunctionTransferred, PhaseCompleted, PhaseStarted, PlannedPhase, ProgrammeCompleted,
    ProgrammeFact, ProgrammeOpened, ProgrammePaused, ProgrammeResumed, ProgrammeRules,
};

use super::{SYSTEM, working};
use crate::chronicle::{Chronicle, Recorder};
use crate::spelling::{Spelt, code, text};
use crate::targets::{FILLED_INTERNALLY_IN, STRUCTURE_EFFECTIVE};

/// The names of the programmes, and of the phases that posts name.
pub const FIRST: &str = "programme-2018";
pub const SECOND: &str = "programme-2020";
pub const PHASE_1: &str = "phase-1";
pub const RECRUITMENT: &str = "external-recruitment";
pub const LEADERSHIP: &str = "leadership";
pub const NEW_STRUCTURE: &str = "new-structure";

pub fn tell(recorder: &Recorder) -> Spelt<[Chronicle<'_, ProgrammeRules>; 2]> {
    Ok([first_programme(recorder)?, second_programme(recorder)?])
}

fn first_programme(recorder: &Recorder) -> Spelt<Chronicle<'_, ProgrammeRules>> {
    let mut told = Chronicle::new(recorder, SYSTEM, &LogName::shared(), FIRST)?;
    let (interviews, effective) = (FILLED_INTERNALLY_IN, STRUCTURE_EFFECTIVE);
    let phases = vec![
        planned(PHASE_1, interviews, effective)?,
        planned(RECRUITMENT, effective, date(2019, 3, 29))?,
    ];
    let title = text("Shared service restructure")?;
    let opened = ProgrammeOpened { title, phases };
    told.then(
        working(date(2018, 3, 5)),
        ProgrammeFact::ProgrammeOpened(opened),
    );
    told.then(working(interviews), started(PHASE_1)?);
    told.then(working(effective), completed(PHASE_1)?);
    told.then(working(effective), started(RECRUITMENT)?);
    let paused = ProgrammePaused {
        reason: code("budget-review")?,
        until: Some(date(2018, 12, 31)),
    };
    let (pauses, resumes) = (date(2018, 11, 5), date(2019, 1, 7));
    told.then(working(pauses), ProgrammeFact::ProgrammePaused(paused));
    told.then(
        working(resumes),
        ProgrammeFact::ProgrammeResumed(ProgrammeResumed {}),
    );
    let ends = date(2019, 9, 30);
    told.then(working(ends), completed(RECRUITMENT)?);
    told.then(
        working(ends),
        ProgrammeFact::ProgrammeCompleted(ProgrammeCompleted {}),
    );
    Ok(told)
}

/// It goes on beyond the history.
fn second_programme(recorder: &Recorder) -> Spelt<Chronicle<'_, ProgrammeRules>> {
    let mut told = Chronicle::new(recorder, SYSTEM, &LogName::shared(), SECOND)?;
    let phases = vec![
        planned(LEADERSHIP, date(2020, 1, 6), date(2020, 3, 31))?,
        planned("discovery", date(2020, 2, 3), date(2020, 5, 29))?,
        planned(NEW_STRUCTURE, date(2020, 6, 1), date(2020, 12, 31))?,
    ];
    let title = text("Senior leadership and restructure of 2020")?;
    let opened = ProgrammeOpened { title, phases };
    told.then(
        working(date(2020, 1, 6)),
        ProgrammeFact::ProgrammeOpened(opened),
    );
    told.then(working(date(2020, 1, 6)), started(LEADERSHIP)?);
    told.then(working(date(2020, 2, 3)), started("discovery")?);
    told.then(working(date(2020, 3, 16)), completed(LEADERSHIP)?);
    let paused = ProgrammePaused {
        reason: code("emergency-response")?,
        until: Some(date(2020, 6, 26)),
    };
    told.then(
        working(date(2020, 3, 26)),
        ProgrammeFact::ProgrammePaused(paused),
    );
    told.then(
        working(date(2020, 6, 29)),
        ProgrammeFact::ProgrammeResumed(ProgrammeResumed {}),
    );
    // That the support of programmes moved is published (Lewisham, Mayor and Cabinet, 16 September 2020,
    // paragraph 5.8), the day is not.
    let transferred = FunctionTransferred {
        function: code("programme-support")?,
        from: code("it-and-digital")?,
        to: code("assistant-chief-executive")?,
    };
    told.then(
        working(date(2020, 7, 6)),
        ProgrammeFact::FunctionTransferred(transferred),
    );
    told.then(working(date(2020, 7, 24)), completed("discovery")?);
    told.then(working(date(2020, 8, 3)), started(NEW_STRUCTURE)?);
    Ok(told)
}

fn planned(phase: &str, from: Date, to: Date) -> Spelt<PlannedPhase> {
    Ok(PlannedPhase {
        phase: code(phase)?,
        from: Some(from),
        to: Some(to),
    })
}

fn started(phase: &str) -> Spelt<ProgrammeFact> {
    let phase = code(phase)?;
    Ok(ProgrammeFact::PhaseStarted(PhaseStarted { phase }))
}

fn completed(phase: &str) -> Spelt<ProgrammeFact> {
    let phase = code(phase)?;
    Ok(ProgrammeFact::PhaseCompleted(PhaseCompleted { phase }))
}
