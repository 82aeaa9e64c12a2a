//! HTTP commands for the membership of councils.

use std::sync::Arc;

use jiff::civil::Date;
use serde::Deserialize;
use townclerk_app::access::{Guarded, Need, Role};
use townclerk_app::command::Handlers;
use townclerk_app::http::Problem;
use townclerk_app::http::commands::{Asking, Commands, Target};
use townclerk_domain::amendment::Recordable;
use townclerk_domain::names::Code;
use townclerk_domain::partnership::{Joined, PartnershipFact, PartnershipRules, membership};

#[cfg(test)]
mod tests;

/// The name of this service in the source of its events.
pub const SYSTEM: &str = "restructure-service";

const OPERATION: Need = Need::command(&[Role::Operator]);

/// What a council that joins says of itself; which council it is stands in the path.
#[derive(Deserialize)]
struct Join {
    name: String,
    #[serde(default)]
    gss_code: Option<String>,
    from: Date,
}

/// Adds the commands of membership. The log must be `shared`: the rules reject another.
#[must_use]
pub fn routes(guarded: Guarded, handlers: Arc<Handlers<PartnershipRules>>) -> Guarded {
    const PARTNERSHIP: &str = "/v1/logs/{log}/partnerships/{council}";
    let commands = Commands::new(handlers, SYSTEM);
    let join = commands.route(joining, joined);
    let correct = commands.correcting_at(member);
    let void = commands.voiding_at(member);
    guarded
        .post(&format!("{PARTNERSHIP}/join"), OPERATION, join)
        .post(&format!("{PARTNERSHIP}/correct"), OPERATION, correct)
        .post(&format!("{PARTNERSHIP}/void"), OPERATION, void)
}

fn council(asking: &Asking) -> Result<Code, Problem> {
    Code::new(asking.param("council")).map_err(|why| Problem::invalid_field("council", why))
}

fn member(asking: &Asking) -> Result<Target, Problem> {
    Ok(Target::existing(membership(&council(asking)?)))
}

fn joining(asking: &Asking) -> Result<Target, Problem> {
    let location = asking.path().strip_suffix("/join").map(str::to_owned);
    Ok(Target {
        creates: true,
        location,
        ..member(asking)?
    })
}

fn joined(asking: &Asking, said: Join) -> Result<Recordable<PartnershipFact>, Problem> {
    let Join {
        name,
        gss_code,
        from,
    } = said;
    Ok(Recordable::Fact(PartnershipFact::CouncilJoined(Joined {
        council: council(asking)?,
        name,
        gss_code,
        from,
    })))
}
