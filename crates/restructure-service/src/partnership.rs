//! Commands on the membership of a council. The log must be `shared`: the rules reject another.

use std::sync::Arc;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;
use townclerk_app::access::Guarded;
use townclerk_app::command::Handlers;
use townclerk_app::http::Problem;
use townclerk_app::http::commands::{Asking, Commands, Target};
use townclerk_domain::amendment::Recordable;
use townclerk_domain::names::Code;
use townclerk_domain::partnership::{Joined, PartnershipFact, PartnershipRules, membership};

use crate::{OPERATION, SYSTEM};

const PARTNERSHIP: &str = "/v1/logs/{log}/partnerships/{council}";

/// What a council that joins says of itself; which council it is stands in the path.
#[derive(Deserialize, JsonSchema)]
struct Join {
    name: String,
    #[serde(default)]
    gss_code: Option<String>,
    from: Date,
}

pub(crate) fn routes(guarded: Guarded, handlers: Arc<Handlers<PartnershipRules>>) -> Guarded {
    let commands = Commands::new(handlers, SYSTEM);
    let on = |command: &str| format!("{PARTNERSHIP}/{command}");
    let give_notice = commands.route(member, |_, notice| {
        Ok(Recordable::Fact(PartnershipFact::NoticeGiven(notice)))
    });
    let leave = commands.route(member, |_, left| {
        Ok(Recordable::Fact(PartnershipFact::CouncilLeft(left)))
    });
    guarded
        .post(&on("join"), OPERATION, commands.route(joining, joined))
        .post(&on("give-notice"), OPERATION, give_notice)
        .post(&on("leave"), OPERATION, leave)
        .post(&on("correct"), OPERATION, commands.correcting_at(member))
        .post(&on("void"), OPERATION, commands.voiding_at(member))
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
