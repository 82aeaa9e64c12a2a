//! `townclerk partner`: the tools of councils that tell facts and read events.

use std::num::NonZeroU32;

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;
use townclerk_app::clock;
use townclerk_contract::subject::{STREAM, durable_of, facts_of, start_of};
use townclerk_domain::names::{Code, LogName};
use townclerk_event_log::DurableState;
use townclerk_event_log::jetstream::{PartnerDoor, Role};
use townclerk_partner_gateway::facts::{DayCounts, Quota};

use super::council::or_refused;
use super::show::{Format, Output};
use super::up::first_tokens;
use super::{Outcome, audit, partner_check, show};
use crate::cli::at_least_one;
use crate::nats_server::account_name;
use crate::system::{
    Admitted, Opened, QuotaChange, Reach, add_partner, partner_gone, partner_ready, remove_partner,
    used_today,
};
use crate::town::{Partner as Tool, Town};

#[derive(Debug, Subcommand)]
pub enum Partner {
    /// Let a council's tool in: an account of its own on NATS, durables, a token, a quota; repeated,
    /// it changes the quota
    Add(Add),
    /// Take a tool's access away: its account, its durables, its token
    Remove(Remove),
    /// List the tools, their quotas, and how far each has read
    List(Listing),
    /// Find what is wrong in a feed of facts, before it is sent
    Check(partner_check::Arguments),
}

#[derive(Debug, Args)]
pub struct Which {
    /// The code of the tool, such as hornbill
    pub system: Code,
    /// The council whose tool it is
    #[arg(long)]
    pub council: Code,
    #[command(flatten)]
    pub reach: Reach,
    #[command(flatten)]
    pub output: Output,
}

impl Which {
    fn tool(&self) -> Tool {
        Tool {
            council: self.council.clone(),
            system: self.system.clone(),
        }
    }
}

#[derive(Debug, Args)]
pub struct Add {
    #[command(flatten)]
    pub which: Which,
    /// Make a new token, where it has one already: the old one is worth nothing then
    #[arg(long)]
    pub new_token: bool,
    /// How many of its facts are recorded in a minute at most; without it as before
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub per_minute: Option<NonZeroU32>,
    /// How many of its facts are recorded in a day (of UTC) at most; without it as before
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub per_day: Option<NonZeroU32>,
}

impl Add {
    /// What is done, for the audit log.
    fn what(&self) -> String {
        let option = |name: &str, value: Option<NonZeroU32>| {
            value.map_or_else(String::new, |value| format!(" {name} {value}"))
        };
        format!(
            "partner add{}{}",
            option("--per-minute", self.per_minute),
            option("--per-day", self.per_day)
        )
    }
}

#[derive(Debug, Args)]
pub struct Remove {
    #[command(flatten)]
    pub which: Which,
}

#[derive(Debug, Args)]
pub struct Listing {
    #[command(flatten)]
    pub reach: Reach,
    #[command(flatten)]
    pub output: Output,
}

pub async fn partner(options: Partner) -> anyhow::Result<Outcome> {
    match options {
        Partner::Add(options) => {
            let outcome = or_refused(add(&options).await);
            audited(&options.what(), &options.which, &outcome);
            outcome
        }
        Partner::Remove(Remove { which }) => {
            let outcome = or_refused(remove(&which).await);
            audited("partner remove", &which, &outcome);
            outcome
        }
        Partner::List(options) => list(&options).await,
        Partner::Check(arguments) => partner_check::partner_check(arguments).await,
    }
}

fn audited(what: &str, which: &Which, outcome: &anyhow::Result<Outcome>) {
    let Which {
        system, council, ..
    } = which;
    let what = format!("{what} {system} --council {council}");
    audit::action(&which.reach.data, &what, outcome);
}

async fn add(options: &Add) -> anyhow::Result<Outcome> {
    let Which { reach, output, .. } = &options.which;
    let tool = options.which.tool();
    let change = QuotaChange {
        per_minute: options.per_minute,
        per_day: options.per_day,
    };
    let admitted = add_partner(reach, &tool, options.new_token, change).await?;
    // Before what may fail: the token is kept nowhere.
    if admitted.made_tokens {
        first_tokens(&reach.data);
    }
    if let (Some(token), Format::Table) = (&admitted.token, output.format()) {
        show::line(format!("token      {token}   (shown this once)"));
    }
    let opened = Opened::on(reach).await?;
    let url = opened.logs.url.clone();
    let ready = partner_ready(reach, &opened, &tool).await;
    opened.close().await?;
    // Also where it is not in force yet: the token would be lost.
    if show::for_programs(*output, &described(&admitted, &url, ready.is_ok())?)? {
        return ready.map(|()| Outcome::Good);
    }
    if admitted.token.is_none() {
        show::line("token      it has one; --new-token makes another");
    }
    let credential = admitted.seed_file.display();
    show::line(format!(
        "credential {credential}   (give it the file, secretly)"
    ));
    show::line(format!("quota      {}", admitted.quota));
    ready?;
    let council = &tool.council;
    show::line(format!("NATS       {url}"));
    show::line(format!(
        "           facts to {}; durables {} and {} of stream {STREAM}; from another position \
         by {} and {}",
        facts_of(council.as_str()),
        durable_of(&LogName::new(council.as_str())?, &tool.id()),
        durable_of(&LogName::shared(), &tool.id()),
        start_of(council.as_str()),
        start_of(LogName::shared().as_str()),
    ));
    show::line("tried      it gets in and reaches both durables");
    Ok(Outcome::Good)
}

fn described(admitted: &Admitted, url: &str, works: bool) -> anyhow::Result<serde_json::Value> {
    let tool = &admitted.partner;
    let id = tool.id();
    let mut logs = serde_json::Map::new();
    for log in tool.logs()? {
        let reads = json!({
            "stream": STREAM,
            "durable": durable_of(&log, &id),
            "start": start_of(log.as_str()),
        });
        logs.insert(log.to_string(), reads);
    }
    Ok(json!({
        "partner": id,
        "council": tool.council,
        "system": tool.system,
        "token": admitted.token,
        "credential": admitted.seed_file,
        "account": account_name(&tool.name()),
        "nats_url": url,
        "quota": admitted.quota,
        "facts": facts_of(tool.council.as_str()),
        "logs": logs,
        "works": works,
    }))
}

async fn remove(which: &Which) -> anyhow::Result<Outcome> {
    let Which { reach, output, .. } = which;
    let tool = which.tool();
    let was_there = remove_partner(reach, &tool).await?;
    let opened = Opened::on(reach).await?;
    let gone = partner_gone(reach, &opened, &tool).await;
    opened.close().await?;
    gone?;
    // Also where an earlier attempt had begun it.
    if show::for_programs(*output, &json!({"partner": tool.id(), "removed": true}))? {
        return Ok(Outcome::Good);
    }
    show::line(match was_there {
        true => format!("{}: no longer has access", tool.id()),
        false => format!(
            "{}: was taken out of the files before; now it no longer has access",
            tool.id()
        ),
    });
    Ok(Outcome::Good)
}

/// How far one tool has read one log.
#[derive(Serialize)]
struct Read {
    partner: String,
    council: Code,
    system: Code,
    quota: Quota,
    /// How many facts of today's quota are used.
    used_today: u32,
    log: LogName,
    durable: String,
    /// Whether the durable is there.
    ready: bool,
    delivered: Option<u64>,
    acknowledged: Option<u64>,
    /// Messages that it has not acknowledged, delivered or not.
    lag: Option<u64>,
    ack_pending: Option<u64>,
    last_active: Option<String>,
    /// Nothing more is delivered until it acknowledges.
    stuck: bool,
}

impl Read {
    fn of(
        tool: &Tool,
        (quota, used_today): (Quota, u32),
        log: &LogName,
        state: Option<DurableState>,
    ) -> Self {
        Self {
            partner: tool.id(),
            quota,
            used_today,
            council: tool.council.clone(),
            system: tool.system.clone(),
            log: log.clone(),
            durable: durable_of(log, &tool.id()),
            ready: state.is_some(),
            delivered: state.map(|state| state.delivered),
            acknowledged: state.map(|state| state.acknowledged),
            lag: state.map(|state| state.pending + state.ack_pending),
            ack_pending: state.map(|state| state.ack_pending),
            last_active: state.and_then(|state| Some(state.last_active?.to_string())),
            stuck: state.is_some_and(|state| state.is_stuck()),
        }
    }

    fn remark(&self) -> &'static str {
        match (self.ready, self.stuck, self.acknowledged, self.delivered) {
            (false, ..) => "not in force yet: repeat partner add",
            (_, true, Some(0), _) => "never acknowledges: it gets nothing more until it does",
            (_, true, ..) => "too much is not acknowledged: it gets nothing more until it is",
            (.., None | Some(0)) => "has read nothing yet",
            _ => "",
        }
    }

    fn row(self) -> Vec<String> {
        let number = |number: Option<u64>| number.map_or("–".to_owned(), |n| n.to_string());
        let remark = self.remark().to_owned();
        vec![
            self.partner,
            self.quota.per_minute.to_string(),
            self.quota.per_day.to_string(),
            self.used_today.to_string(),
            self.log.to_string(),
            number(self.acknowledged),
            number(self.lag),
            number(self.ack_pending),
            self.last_active.unwrap_or_else(|| "–".to_owned()),
            remark,
        ]
    }
}

async fn list(options: &Listing) -> anyhow::Result<Outcome> {
    let town = options.reach.town()?;
    let mut reads = Vec::new();
    if !town.partners.is_empty() {
        let used = used_today(&options.reach.data, clock::system())?;
        let opened = Opened::on(&options.reach).await?;
        let states = states(&opened, &town, &used).await;
        opened.close().await?;
        reads = states?;
    }
    if options.output.is_json() {
        show::json(&reads)?;
        return Ok(Outcome::Good);
    }
    let headers = [
        "partner",
        "a minute",
        "a day",
        "used today",
        "log",
        "acknowledged",
        "lag",
        "ack pending",
        "last activity",
        "remarks",
    ];
    show::table(options.output, &headers, reads.into_iter().map(Read::row));
    Ok(Outcome::Good)
}

async fn states(opened: &Opened, town: &Town, used: &DayCounts) -> anyhow::Result<Vec<Read>> {
    let mut doors: Vec<(LogName, PartnerDoor)> = Vec::new();
    let mut reads = Vec::new();
    for tool in &town.partners {
        let used = used.facts.get(&tool.id()).copied().unwrap_or(0);
        for log in tool.logs()? {
            if !doors.iter().any(|(name, _)| *name == log) {
                let access = opened.logs.access(&log, Role::Gateway)?;
                doors.push((log.clone(), PartnerDoor::open(&access).await?));
            }
            let door = doors.iter().find(|(name, _)| *name == log);
            if let Some((_, door)) = door {
                let state = door.durable_state(&tool.id()).await?;
                reads.push(Read::of(tool, (town.quota(tool), used), &log, state));
            }
        }
    }
    Ok(reads)
}
