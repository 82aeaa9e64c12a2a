//! HTTP commands for changes, freezes and gates.

use std::sync::Arc;

use townclerk_app::access::{Guarded, Need, Role};
use townclerk_app::command::Handlers;
use townclerk_app::http::commands::Commands;
use townclerk_domain::change::{ChangeFact, ChangeRules};
use townclerk_domain::freeze::{FreezeFact, FreezeRules};
use townclerk_domain::gate::{GateFact, GateRules};

#[cfg(test)]
mod tests;

/// The name of this service in the source of its events.
pub const SYSTEM: &str = "change-service";

const CHANGES: &str = "/v1/logs/{log}/changes";
const FREEZES: &str = "/v1/logs/{log}/freezes";
const GATES: &str = "/v1/logs/{log}/gates";

const CHANGE: Need = Need::command(&[Role::Change]);

/// Adds the commands of changes, freezes and gates.
#[must_use]
pub fn routes(
    guarded: Guarded,
    changes: Arc<Handlers<ChangeRules>>,
    freezes: Arc<Handlers<FreezeRules>>,
    gates: Arc<Handlers<GateRules>>,
) -> Guarded {
    let guarded = change_routes(guarded, &Commands::new(changes, SYSTEM));
    let guarded = freeze_routes(guarded, &Commands::new(freezes, SYSTEM));
    gate_routes(guarded, &Commands::new(gates, SYSTEM))
}

fn change_routes(guarded: Guarded, change: &Commands<ChangeRules>) -> Guarded {
    let on_one = |command: &str| format!("{CHANGES}/{{id}}/{command}");
    let assess = change.on_existing(ChangeFact::Assessed);
    let authorise = change.on_existing(ChangeFact::Authorised);
    let reject = change.on_existing(ChangeFact::Rejected);
    let schedule = change.on_existing(ChangeFact::Scheduled);
    let start = change.on_existing(ChangeFact::Started);
    let implement = change.on_existing(ChangeFact::Implemented);
    let review = change.on_existing(ChangeFact::Reviewed);
    let close = change.on_existing(ChangeFact::Closed);
    let cancel = change.on_existing(ChangeFact::Cancelled);
    let cause = change.on_existing(ChangeFact::Caused);
    let review_due = change.on_existing(ChangeFact::ReviewDue);
    guarded
        .post(CHANGES, CHANGE, change.creating(ChangeFact::Requested))
        .post(&on_one("assess"), CHANGE, assess)
        .post(&on_one("authorise"), CHANGE, authorise)
        .post(&on_one("reject"), CHANGE, reject)
        .post(&on_one("schedule"), CHANGE, schedule)
        .post(&on_one("start"), CHANGE, start)
        .post(&on_one("implement"), CHANGE, implement)
        .post(&on_one("review"), CHANGE, review)
        .post(&on_one("close"), CHANGE, close)
        .post(&on_one("cancel"), CHANGE, cancel)
        .post(&on_one("cause"), CHANGE, cause)
        .post(&on_one("set-review"), CHANGE, review_due)
        .post(&on_one("correct"), CHANGE, change.correcting())
        .post(&on_one("void"), CHANGE, change.voiding())
}

fn freeze_routes(guarded: Guarded, freeze: &Commands<FreezeRules>) -> Guarded {
    let on_one = |command: &str| format!("{FREEZES}/{{id}}/{command}");
    let exempt = freeze.on_existing(FreezeFact::FreezeExempted);
    let lift = freeze.on_existing(FreezeFact::FreezeLifted);
    guarded
        .post(FREEZES, CHANGE, freeze.creating(FreezeFact::FreezeDeclared))
        .post(&on_one("exempt"), CHANGE, exempt)
        .post(&on_one("lift"), CHANGE, lift)
        .post(&on_one("correct"), CHANGE, freeze.correcting())
        .post(&on_one("void"), CHANGE, freeze.voiding())
}

fn gate_routes(guarded: Guarded, gate: &Commands<GateRules>) -> Guarded {
    let on_one = |command: &str| format!("{GATES}/{{id}}/{command}");
    let meet = gate.on_existing(GateFact::GateRequirementMet);
    let lift = gate.on_existing(GateFact::GateLifted);
    guarded
        .post(GATES, CHANGE, gate.creating(GateFact::GateSet))
        .post(&on_one("meet"), CHANGE, meet)
        .post(&on_one("lift"), CHANGE, lift)
        .post(&on_one("correct"), CHANGE, gate.correcting())
        .post(&on_one("void"), CHANGE, gate.voiding())
}
