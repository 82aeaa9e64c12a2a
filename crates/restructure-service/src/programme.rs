//! Commands on programmes.

use std::sync::Arc;

use townclerk_app::access::Guarded;
use townclerk_app::command::Handlers;
use townclerk_app::http::commands::Commands;
use townclerk_domain::programme::ProgrammeFact::{
    FunctionTransferred, PhaseCompleted, PhaseStarted, ProgrammeCompleted, ProgrammeOpened,
    ProgrammePaused, ProgrammeResumed,
};
use townclerk_domain::programme::ProgrammeRules;

use crate::{OFFICE, SYSTEM};

const PROGRAMMES: &str = "/v1/logs/{log}/programmes";

pub(crate) fn routes(guarded: Guarded, handlers: Arc<Handlers<ProgrammeRules>>) -> Guarded {
    let commands = Commands::new(handlers, SYSTEM);
    let on_one = |command: &str| format!("{PROGRAMMES}/{{id}}/{command}");
    let start_phase = commands.on_existing(PhaseStarted);
    let complete_phase = commands.on_existing(PhaseCompleted);
    let pause = commands.on_existing(ProgrammePaused);
    let resume = commands.on_existing(ProgrammeResumed);
    let transfer_function = commands.on_existing(FunctionTransferred);
    let complete = commands.on_existing(ProgrammeCompleted);
    guarded
        .post(PROGRAMMES, OFFICE, commands.creating(ProgrammeOpened))
        .post(&on_one("start-phase"), OFFICE, start_phase)
        .post(&on_one("complete-phase"), OFFICE, complete_phase)
        .post(&on_one("pause"), OFFICE, pause)
        .post(&on_one("resume"), OFFICE, resume)
        .post(&on_one("transfer-function"), OFFICE, transfer_function)
        .post(&on_one("complete"), OFFICE, complete)
        .post(&on_one("correct"), OFFICE, commands.correcting())
        .post(&on_one("void"), OFFICE, commands.voiding())
}
