//! Commands on what a council agreed on the availability of services: one record for each council.

use std::sync::Arc;

use townclerk_app::access::{Guarded, Need, Role};
use townclerk_app::command::Handlers;
use townclerk_app::http::Problem;
use townclerk_app::http::commands::{Asking, Commands, Target};
use townclerk_domain::amendment::Recordable;
use townclerk_domain::availability::{AvailabilityFact, AvailabilityRules, availability_of};

use crate::SYSTEM;

const OPERATION: Need = Need::command(&[Role::Operator]);

const AGREEMENTS: &str = "/v1/logs/{log}/agreements/availability";

pub(crate) fn routes(guarded: Guarded, handlers: Arc<Handlers<AvailabilityRules>>) -> Guarded {
    let commands = Commands::new(handlers, SYSTEM);
    let on = |command: &str| format!("{AGREEMENTS}/{command}");
    let agree = commands.route(agreeing, |_, agreed| {
        Ok(Recordable::Fact(AvailabilityFact::AvailabilityAgreed(
            agreed,
        )))
    });
    let end = commands.route(agreements, |_, ended| {
        Ok(Recordable::Fact(AvailabilityFact::AvailabilityEnded(ended)))
    });
    guarded
        .post(&on("agree"), OPERATION, agree)
        .post(&on("end"), OPERATION, end)
        .post(
            &on("correct"),
            OPERATION,
            commands.correcting_at(agreements),
        )
        .post(&on("void"), OPERATION, commands.voiding_at(agreements))
}

fn agreements(asking: &Asking) -> Result<Target, Problem> {
    Ok(Target::existing(availability_of(&asking.log)))
}

/// The first agreement makes the record, a later one joins it.
fn agreeing(asking: &Asking) -> Result<Target, Problem> {
    let location = asking.path().strip_suffix("/agree").map(str::to_owned);
    Ok(Target {
        creates: true,
        location,
        ..agreements(asking)?
    })
}
