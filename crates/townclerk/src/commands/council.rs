//! `townclerk council`: who takes part, and letting another council in.

use clap::{Args, Subcommand};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use townclerk_app::clock;
use townclerk_app::command::{Command, CommandError, Handlers};
use townclerk_contract::envelope::AuthType;
use townclerk_domain::amendment::Recordable;
use townclerk_domain::decider::Rejection;
use townclerk_domain::identity::Token;
use townclerk_domain::names::{Code, LogName};
use townclerk_domain::partnership::{
    Joined, PartnershipFact, PartnershipRules, Refusal, membership,
};
use townclerk_domain::period::london_day;
use townclerk_event_log::jetstream::Role;

use super::{Outcome, audit, show};
use crate::system::{Opened, Reach, add_council, council_ready, town};
use crate::town::{Partner, TownRefusal};

/// In the source of the event that a council joined, and who recorded it.
const SYSTEM: &str = "command-line";
const CALLER: &str = "local-operator";

#[derive(Debug, Subcommand)]
pub enum Council {
    /// Let a council in: its account, credentials, log and views, and its membership
    Add(Add),
    /// List the councils and their partners' tools
    List(Listing),
}

#[derive(Debug, Args)]
pub struct Add {
    /// Its code, such as camden: the name of its log and views
    pub council: Code,
    /// The first day of its membership, in London; else today
    #[arg(long)]
    pub joined: Option<Date>,
    /// Its name as people write it; else its code
    #[arg(long)]
    pub name: Option<String>,
    /// Its code in the Government Statistical Service's register, such as E09000007
    #[arg(long)]
    pub gss_code: Option<String>,
    /// Record no membership: for a history that is to be imported, in which it stands
    #[arg(long, conflicts_with_all = ["joined", "name", "gss_code"])]
    pub without_membership: bool,
    #[command(flatten)]
    pub reach: Reach,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Listing {
    #[command(flatten)]
    pub reach: Reach,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

pub async fn council(options: Council) -> anyhow::Result<Outcome> {
    match options {
        Council::Add(options) => {
            let what = format!("council add {}", options.council);
            let outcome = or_refused(add(&options).await);
            audit::action(&options.reach.data, &what, &outcome);
            outcome
        }
        Council::List(options) => list(&options),
    }
}

/// Who cannot take part is told so, and nothing was done.
pub(super) fn or_refused(outcome: anyhow::Result<Outcome>) -> anyhow::Result<Outcome> {
    match outcome {
        Err(error) if error.is::<TownRefusal>() => {
            show::error(&error);
            Ok(Outcome::Refused)
        }
        outcome => outcome,
    }
}

/// What became of the membership.
#[derive(Serialize)]
#[serde(tag = "membership", rename_all = "kebab-case")]
enum Membership {
    Recorded {
        position: String,
        from: Date,
    },
    AlreadyRecorded {
        #[serde(skip_serializing_if = "Option::is_none")]
        position: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        from: Option<Date>,
    },
    NotRecorded,
    Refused {
        why: String,
    },
}

#[derive(Serialize)]
struct Report<'a> {
    council: &'a Code,
    log: &'a LogName,
    #[serde(flatten)]
    membership: Membership,
}

async fn add(options: &Add) -> anyhow::Result<Outcome> {
    let Add { council, reach, .. } = options;
    add_council(reach, council).await?;
    let log = LogName::new(council.as_str())?;
    let opened = Opened::on(reach).await?;
    let done = async {
        council_ready(reach, &opened, &log).await?;
        match options.without_membership {
            true => Ok(Membership::NotRecorded),
            false => join(options, &opened).await,
        }
    };
    let done = done.await;
    opened.close().await?;
    let membership = done?;
    let refused = matches!(membership, Membership::Refused { .. });
    let report = Report {
        council,
        log: &log,
        membership,
    };
    match options.json {
        true => show::json(&report)?,
        false => tell(&report),
    }
    Ok(match refused {
        true => Outcome::Refused,
        false => Outcome::Good,
    })
}

fn tell(report: &Report<'_>) {
    let Report { council, log, .. } = report;
    show::line(format!("{council}: the log {log} and its views are there"));
    show::line(match &report.membership {
        Membership::Recorded { position, from } => {
            format!("{council}: member from {from}, recorded as {position}")
        }
        Membership::AlreadyRecorded { position, from } => {
            let from = from.map_or(String::new(), |from| format!(" from {from}"));
            let at = position.as_deref().map(|at| format!(" as {at}"));
            format!(
                "{council}: member{from}, recorded before{}",
                at.unwrap_or_default()
            )
        }
        Membership::NotRecorded => format!("{council}: no membership was recorded"),
        Membership::Refused { why } => format!("{council}: the membership is refused: {why}"),
    });
}

/// Records the membership. Its key follows from the council, so a repeat records nothing new.
async fn join(options: &Add, opened: &Opened) -> anyhow::Result<Membership> {
    let council = &options.council;
    let shared = LogName::shared();
    let one = std::slice::from_ref(&shared);
    let writers = opened.logs.open(one, Role::Writer).await?;
    let handlers: Handlers<PartnershipRules> = Handlers::new(&writers, clock::system());
    let from = options.joined;
    let from = from.unwrap_or_else(|| london_day(Timestamp::now()));
    let key = Token::new(format!("council-add-{council}"))?;
    let joined = Joined {
        council: council.clone(),
        name: options
            .name
            .clone()
            .unwrap_or_else(|| council.as_str().to_owned()),
        gss_code: options.gss_code.clone(),
        from,
    };
    let command = Command {
        aggregate: membership(council),
        creates: true,
        id: key.clone(),
        caller: Token::new(CALLER)?,
        auth_type: AuthType::System,
        correlation: key,
        traceparent: None,
        system: Code::new(SYSTEM)?,
        happened: None,
        what: Recordable::Fact(PartnershipFact::CouncilJoined(joined)),
    };
    match handlers.handle(&shared, &command).await {
        Ok(handled) if handled.already => Ok(Membership::AlreadyRecorded {
            position: Some(handled.position.to_string()),
            from: Some(from),
        }),
        Ok(handled) => Ok(Membership::Recorded {
            position: handled.position.to_string(),
            from,
        }),
        Err(CommandError::Rejected(Rejection::Refused {
            refusal: Refusal::AlreadyMember { from, .. },
        })) => Ok(Membership::AlreadyRecorded {
            position: None,
            from: Some(from),
        }),
        // The same command with another day or name: what was recorded first stands.
        Err(CommandError::KeyReused) => Ok(Membership::AlreadyRecorded {
            position: None,
            from: None,
        }),
        Err(CommandError::Rejected(why)) => Ok(Membership::Refused {
            why: why.to_string(),
        }),
        Err(error) => Err(error.into()),
    }
}

fn list(options: &Listing) -> anyhow::Result<Outcome> {
    let town = town(&options.reach)?;
    if options.json {
        show::json(&town)?;
        return Ok(Outcome::Good);
    }
    let row = |council: &Code| {
        let partners = town.partners.iter();
        let systems: Vec<&str> = partners
            .filter(|partner: &&Partner| partner.council == *council)
            .map(|partner| partner.system.as_str())
            .collect();
        vec![council.to_string(), systems.join(", ")]
    };
    show::table(
        &["council", "partners' tools"],
        town.councils.iter().map(row),
    );
    Ok(Outcome::Good)
}
