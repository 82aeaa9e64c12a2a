//! HTTP commands for outages, planned maintenance and tests of recovery.

use std::sync::Arc;

use townclerk_app::access::{Guarded, Need, Role};
use townclerk_app::command::Handlers;
use townclerk_app::http::Problem;
use townclerk_app::http::commands::{Asking, Commands, Target};
use townclerk_domain::amendment::Recordable;
use townclerk_domain::identity::{AggregateKind, created_aggregate};
use townclerk_domain::outage::{OutageFact, OutageRules};
use townclerk_domain::recovery::{RecoveryTestFact, RecoveryTestRules};

#[cfg(test)]
mod tests;

/// The name of this service in the source of its events.
pub const SYSTEM: &str = "outage-service";

const OUTAGES: &str = "/v1/logs/{log}/outages";

const MAINTENANCE: &str = "/v1/logs/{log}/maintenance";

const RECOVERY_TESTS: &str = "/v1/logs/{log}/recovery-tests";

const CHANGE: Need = Need::command(&[Role::Change]);

/// Adds the commands of outages and of tests of recovery. Maintenance that was planned is an outage from the beginning, and
/// takes its further commands where outages do.
#[must_use]
pub fn routes(
    guarded: Guarded,
    outages: Arc<Handlers<OutageRules>>,
    tests: Arc<Handlers<RecoveryTestRules>>,
) -> Guarded {
    let guarded = recovery_routes(guarded, &Commands::new(tests, SYSTEM));
    let commands = Commands::new(outages, SYSTEM);
    let plan = commands.route(planning, |_, said| {
        Ok(Recordable::Fact(OutageFact::MaintenancePlanned(said)))
    });
    let guarded = guarded
        .post(OUTAGES, CHANGE, commands.creating(OutageFact::Declared))
        .post(MAINTENANCE, CHANGE, plan);
    what_is_done(what_is_down(guarded, &commands), &commands)
}

fn recovery_routes(guarded: Guarded, test: &Commands<RecoveryTestRules>) -> Guarded {
    let on_one = |command: &str| format!("{RECOVERY_TESTS}/{{id}}/{command}");
    let record = test.creating(RecoveryTestFact::RecoveryTested);
    guarded
        .post(RECOVERY_TESTS, CHANGE, record)
        .post(&on_one("correct"), CHANGE, test.correcting())
        .post(&on_one("void"), CHANGE, test.voiding())
}

fn on_one(command: &str) -> String {
    format!("{OUTAGES}/{{id}}/{command}")
}

/// The commands that say what is down, for whom and until when.
fn what_is_down(guarded: Guarded, commands: &Commands<OutageRules>) -> Guarded {
    let plan = commands.on_existing(OutageFact::MaintenancePlanned);
    let cancel = commands.on_existing(OutageFact::MaintenanceCancelled);
    let begin = commands.on_existing(OutageFact::Declared);
    let widen = commands.on_existing(OutageFact::Widened);
    let narrow = commands.on_existing(OutageFact::Narrowed);
    let affect = commands.on_existing(OutageFact::Affected);
    let users = commands.on_existing(OutageFact::UsersAffected);
    let work_around = commands.on_existing(OutageFact::WorkedAround);
    let restore = commands.on_existing(OutageFact::ServiceRestored);
    let resolve = commands.on_existing(OutageFact::Resolved);
    guarded
        .post(&on_one("plan"), CHANGE, plan)
        .post(&on_one("cancel"), CHANGE, cancel)
        .post(&on_one("begin"), CHANGE, begin)
        .post(&on_one("widen"), CHANGE, widen)
        .post(&on_one("narrow"), CHANGE, narrow)
        .post(&on_one("affect"), CHANGE, affect)
        .post(&on_one("users"), CHANGE, users)
        .post(&on_one("work-around"), CHANGE, work_around)
        .post(&on_one("restore"), CHANGE, restore)
        .post(&on_one("resolve"), CHANGE, resolve)
}

/// The commands that say why it was and what is done about it, and those that amend.
fn what_is_done(guarded: Guarded, commands: &Commands<OutageRules>) -> Guarded {
    let cause = commands.on_existing(OutageFact::CauseFound);
    let agree = commands.on_existing(OutageFact::ActionAgreed);
    let complete = commands.on_existing(OutageFact::ActionCompleted);
    let escalate = commands.on_existing(OutageFact::Escalated);
    let review = commands.on_existing(OutageFact::Reviewed);
    let link = commands.on_existing(OutageFact::Linked);
    let close = commands.on_existing(OutageFact::Closed);
    let recur = commands.on_existing(OutageFact::Recurred);
    guarded
        .post(&on_one("cause"), CHANGE, cause)
        .post(&on_one("agree-action"), CHANGE, agree)
        .post(&on_one("complete-action"), CHANGE, complete)
        .post(&on_one("escalate"), CHANGE, escalate)
        .post(&on_one("review"), CHANGE, review)
        .post(&on_one("link"), CHANGE, link)
        .post(&on_one("close"), CHANGE, close)
        .post(&on_one("recur"), CHANGE, recur)
        .post(&on_one("correct"), CHANGE, commands.correcting())
        .post(&on_one("void"), CHANGE, commands.voiding())
}

/// Makes an outage of planned maintenance. Its location is among the outages, not under the path
/// that was asked: that one takes no further commands.
fn planning(asking: &Asking) -> Result<Target, Problem> {
    let caller = &asking.caller.subject;
    let made = created_aggregate(&asking.log, AggregateKind::Outage, caller, &asking.key);
    let outages = OUTAGES.replace("{log}", asking.log.as_str());
    Ok(Target {
        aggregate: made,
        creates: true,
        location: Some(format!("{outages}/{}", made.id)),
    })
}
