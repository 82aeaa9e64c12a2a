//! `townclerk council`: who takes part, and letting another council in.

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use jiff::civil::Date;
use serde::Serialize;
use townclerk_app::clock;
use townclerk_app::command::{Command, CommandError, Handlers};
use townclerk_contract::envelope::AuthType;
use townclerk_contract::position::Position;
use townclerk_contract::reading::{Reading, read};
use townclerk_contract::subject::subject_of;
use townclerk_domain::amendment::Recordable;
use townclerk_domain::decider::{Decider, Rejection};
use townclerk_domain::event::Recording;
use townclerk_domain::identity::Token;
use townclerk_domain::names::{Code, LogName};
use townclerk_domain::partnership::{
    Joined, Membership as Member, PartnershipFact, PartnershipRules, Refusal, membership,
};
use townclerk_domain::timeline::{Entry, Timeline};
use townclerk_event_log::EventLog;
use townclerk_event_log::jetstream::Role;

use super::show::Output;
use super::{Outcome, audit, show};
use crate::cli::{WrongUsage, day};
use crate::system::{Opened, Reach, TokenRefusal, add_council, council_ready};
use crate::town::{Partner, Town, TownRefusal};

/// In the source of the event that a council joined, and who recorded it.
const SYSTEM: &str = "command-line";
const CALLER: &str = "local-operator";

#[derive(Debug, Subcommand)]
pub enum Council {
    /// Let a council in: its account, credentials, log and views, and its membership
    Add(Add),
    /// List the councils: since when each is a member, notice given, last day, partners' tools
    List(Listing),
}

#[derive(Debug, Args)]
pub struct Add {
    /// Its code, such as camden: the name of its log and views
    pub council: Code,
    /// The first day of its membership, in London; needed where none is recorded yet
    #[arg(long, value_name = "DAY", value_parser = day)]
    pub joined: Option<Date>,
    /// Its name as people write it; needed where no membership is recorded yet
    #[arg(long)]
    pub name: Option<String>,
    /// Its code in the Government Statistical Service's register, such as E09000007
    #[arg(long)]
    pub gss_code: Option<String>,
    /// Record no membership: for a history that is to be imported, in which it stands
    #[arg(long, conflicts_with_all = ["joined", "name", "gss_code"])]
    pub without_membership: bool,
    /// Make the data folder of a new Townclerk, with this council as its first
    #[arg(long)]
    pub new: bool,
    #[command(flatten)]
    pub reach: Reach,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Args)]
pub struct Listing {
    #[command(flatten)]
    pub reach: Reach,
    #[command(flatten)]
    pub output: Output,
}

pub async fn council(options: Council) -> anyhow::Result<Outcome> {
    match options {
        Council::Add(options) => {
            let what = format!("council add {}", options.council);
            let outcome = or_refused(add(&options).await);
            audit::action(&options.reach.data, &what, &outcome);
            outcome
        }
        Council::List(options) => list(&options).await,
    }
}

/// Who cannot take part is told so, and nothing was done.
pub(super) fn or_refused(outcome: anyhow::Result<Outcome>) -> anyhow::Result<Outcome> {
    match outcome {
        Err(error) if error.is::<TownRefusal>() || error.is::<TokenRefusal>() => {
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
        position: String,
        from: Date,
    },
    /// Something else than was asked; it stands.
    RecordedOtherwise {
        position: String,
        from: Date,
        why: String,
    },
    NotRecorded,
    Refused {
        why: String,
    },
}

#[derive(Serialize)]
struct Report<'a> {
    council: &'a Code,
    #[serde(skip)]
    was_there: bool,
    log: &'a LogName,
    #[serde(flatten)]
    membership: Membership,
}

/// The membership that is to be recorded. Nothing of it is guessed: joint figures depend on it.
fn asked(options: &Add) -> Result<Joined, WrongUsage> {
    let council = &options.council;
    let missing: Vec<&str> = [
        ("its first day with --joined", options.joined.is_none()),
        ("its name with --name", options.name.is_none()),
    ]
    .into_iter()
    .filter_map(|(what, missing)| missing.then_some(what))
    .collect();
    match (options.joined, &options.name) {
        (Some(from), Some(name)) => Ok(Joined {
            council: council.clone(),
            name: name.clone(),
            gss_code: options.gss_code.clone(),
            from,
        }),
        _ => Err(WrongUsage(format!(
            "no membership of {council} is recorded yet: say {}, or have none recorded with \
             --without-membership",
            missing.join(" and ")
        ))),
    }
}

async fn add(options: &Add) -> anyhow::Result<Outcome> {
    let Add { council, reach, .. } = options;
    let may_join = || match options.without_membership {
        true => Ok(()),
        false => Ok(asked(options).map(drop)?),
    };
    let was_there = add_council(reach, council, options.new, may_join).await?;
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
    let refused = matches!(
        membership,
        Membership::Refused { .. } | Membership::RecordedOtherwise { .. }
    );
    let report = Report {
        council,
        was_there,
        log: &log,
        membership,
    };
    if !show::for_programs(options.output, &report)? {
        tell(&report);
    }
    Ok(match refused {
        true => Outcome::Refused,
        false => Outcome::Good,
    })
}

fn tell(report: &Report<'_>) {
    let Report { council, .. } = report;
    show::line(of_its_log(report));
    show::line(match &report.membership {
        Membership::Recorded { position, from } => {
            format!("{council}: member from {from}, recorded as {position}")
        }
        Membership::AlreadyRecorded { position, from } => {
            format!("{council}: member from {from}, recorded before as {position}")
        }
        Membership::RecordedOtherwise { why, .. } => format!("{council}: {why}"),
        Membership::NotRecorded => format!("{council}: no membership was recorded"),
        Membership::Refused { why } => format!("{council}: the membership is refused: {why}"),
    });
}

/// A council that was there has its views already.
fn of_its_log(report: &Report<'_>) -> String {
    let Report { council, log, .. } = report;
    match report.was_there {
        true => format!("{council}: was added before, the log {log} is there"),
        false => format!(
            "{council}: the log {log} is there; a running `townclerk up` opens its views next"
        ),
    }
}

/// Records the membership. Its key follows from the council, so a repeat records nothing new.
async fn join(options: &Add, opened: &Opened) -> anyhow::Result<Membership> {
    let council = &options.council;
    let shared = LogName::shared();
    let one = std::slice::from_ref(&shared);
    let writers = opened.logs.open(one, Role::Writer).await?;
    let log = writers.first().context("the shared log is not there")?;
    if let Some((position, member)) = recorded(&**log, council).await? {
        return Ok(beside(options, &position, &member));
    }
    let handlers: Handlers<PartnershipRules> = Handlers::new(&writers, clock::system());
    let joined = asked(options)?;
    let from = joined.from;
    let key = Token::new(format!("council-add-{council}"))?;
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
        Ok(handled) if !handled.already => Ok(Membership::Recorded {
            position: handled.position.to_string(),
            from,
        }),
        // Somebody was faster, or it was voided since.
        Ok(_)
        | Err(
            CommandError::KeyReused
            | CommandError::Rejected(
                Rejection::Refused {
                    refusal: Refusal::AlreadyMember { .. },
                }
                | Rejection::BeforeBeginning {
                    refusal: Refusal::AlreadyMember { .. },
                    ..
                },
            ),
        ) => Ok(match recorded(&**log, council).await? {
            Some((position, member)) => beside(options, &position, &member),
            None => Membership::Refused {
                why: "its membership was recorded and voided; another is recorded with a token \
                      of the operator's role"
                    .to_owned(),
            },
        }),
        Err(CommandError::Rejected(why)) => Ok(Membership::Refused {
            why: why.to_string(),
        }),
        Err(error) => Err(error.into()),
    }
}

/// The membership as the record has it now, and where it was recorded.
async fn recorded(
    shared: &dyn EventLog,
    council: &Code,
) -> anyhow::Result<Option<(Position, Member)>> {
    let log = shared.name();
    let mut timeline: Timeline<PartnershipFact> = Timeline::default();
    let subject = subject_of(log, membership(council));
    for message in shared.read_subject(&subject, 0).await? {
        let unreadable = |why: &str| {
            format!(
                "{log}:{}, of the membership of {council}, cannot be read by this version ({why}); \
                 nothing was recorded",
                message.sequence
            )
        };
        match read(&message.raw(log)) {
            Reading::Event(event) => {
                let recorded = event.recorded;
                let what = PartnershipRules::from_event(recorded.event)
                    .with_context(|| unreadable("an event of another kind"))?;
                timeline.entries.push(Entry {
                    happened: recorded.happened,
                    known: recorded.recorded,
                    sequence: recorded.sequence,
                    id: recorded.id.short(),
                    what,
                });
            }
            Reading::Unreadable { reason, .. } => bail!(unreadable(&reason)),
            Reading::Foreign { .. } => {}
        }
    }
    let facts = timeline.standing(None)?.unwrap_or_default();
    let position = facts.first().map(|first| Position {
        log: log.clone(),
        sequence: first.sequence,
    });
    let member = facts.iter().fold(None, |member, standing| {
        PartnershipRules::evolve(member, &standing.fact, standing.happened)
    });
    Ok(position.zip(member))
}

/// What it comes to where a membership is recorded already: that stands, whatever is asked.
fn beside(options: &Add, position: &Position, member: &Member) -> Membership {
    let Joined {
        name,
        gss_code,
        from,
        ..
    } = &member.joined;
    if let Some(last_day) = member.last_day {
        let why = format!(
            "it left, its last day was {last_day}. This command records no membership for it: the \
             record is corrected with a token of the operator's role, or it joins under another code"
        );
        return Membership::Refused { why };
    }
    let (position, from) = (position.to_string(), *from);
    let mut differing = Vec::new();
    if let Some(asked) = options.joined.filter(|asked| *asked != from) {
        differing.push(format!("joined {from}, not {asked}"));
    }
    if let Some(asked) = options.name.as_ref().filter(|asked| *asked != name) {
        differing.push(format!("name {name:?}, not {asked:?}"));
    }
    let recorded = gss_code.as_deref().unwrap_or("none");
    if let Some(asked) = options.gss_code.as_ref().filter(|asked| *asked != recorded) {
        differing.push(format!("GSS code {recorded}, not {asked}"));
    }
    if differing.is_empty() {
        return Membership::AlreadyRecorded { position, from };
    }
    let why = format!(
        "its membership is recorded already, as {position}, with {}; what was asked is not \
         recorded: a membership is corrected with a token of the operator's role",
        differing.join("; ")
    );
    Membership::RecordedOtherwise {
        position,
        from,
        why,
    }
}

/// What the list says, as data.
#[derive(Serialize)]
struct Listed<'a> {
    #[serde(flatten)]
    town: &'a Town,
    memberships: Vec<MembershipListed>,
}

/// Days of a council as the record has them; all absent where no membership is recorded.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct MembershipListed {
    council: Code,
    name: Option<String>,
    /// The first day.
    from: Option<Date>,
    /// The day on which notice was given first.
    notice_given: Option<Date>,
    /// The last day as notice was given of it.
    intended_last_day: Option<Date>,
    /// The last day, once it left.
    last_day: Option<Date>,
}

impl MembershipListed {
    fn of(council: &Code, member: Option<Member>) -> Self {
        let joined = member.as_ref().map(|member| &member.joined);
        Self {
            council: council.clone(),
            name: joined.map(|joined| joined.name.clone()),
            from: joined.map(|joined| joined.from),
            notice_given: member.as_ref().and_then(|member| member.notice_given),
            intended_last_day: member.as_ref().and_then(|member| member.notice),
            last_day: member.as_ref().and_then(|member| member.last_day),
        }
    }

    /// Since when, notice given, and the last day, in words.
    fn cells(&self) -> [String; 3] {
        let day = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
        let since = self
            .from
            .map_or("no membership recorded".to_owned(), |from| from.to_string());
        let notice = match (self.notice_given, self.intended_last_day) {
            (Some(given), Some(last)) => format!("{given}, to leave after {last}"),
            (given, _) => day(given),
        };
        [since, notice, day(self.last_day)]
    }
}

async fn list(options: &Listing) -> anyhow::Result<Outcome> {
    let town = options.reach.town()?;
    let opened = Opened::on(&options.reach).await?;
    let memberships = memberships(&town, &opened).await;
    opened.close().await?;
    let listed = Listed {
        town: &town,
        memberships: memberships?,
    };
    if options.output.is_json() {
        show::json(&listed)?;
        return Ok(Outcome::Good);
    }
    let row = |membership: &MembershipListed| {
        let partners = town.partners.iter();
        let systems: Vec<&str> = partners
            .filter(|partner: &&Partner| partner.council == membership.council)
            .map(|partner| partner.system.as_str())
            .collect();
        let [since, notice, last_day] = membership.cells();
        let council = membership.council.to_string();
        vec![council, since, notice, last_day, systems.join(", ")]
    };
    show::table(
        options.output,
        &[
            "council",
            "member since",
            "notice given",
            "last day",
            "partners' tools",
        ],
        listed.memberships.iter().map(row),
    );
    Ok(Outcome::Good)
}

/// The membership of every council that takes part, as the shared log has it now.
async fn memberships(town: &Town, opened: &Opened) -> anyhow::Result<Vec<MembershipListed>> {
    let shared = [LogName::shared()];
    let readers = opened.logs.open(&shared, Role::Reader).await?;
    let log = readers.first().context("the shared log is not there")?;
    let mut listed = Vec::new();
    for council in &town.councils {
        let member = recorded(&**log, council).await?.map(|(_, member)| member);
        listed.push(MembershipListed::of(council, member));
    }
    Ok(listed)
}

#[cfg(test)]
mod tests;
