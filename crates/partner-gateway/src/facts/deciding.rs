//! Deciding one fact as the command that it is, by the rules of its kind.

use async_trait::async_trait;
use std::sync::Arc;

use townclerk_app::clock::Clock;
use townclerk_app::command::{CodesInUse, Command, CommandError, Handled, Handlers};
use townclerk_app::http::Problem;
use townclerk_app::http::commands::Served;
use townclerk_app::http::kind::Kind;
use townclerk_contract::envelope::AuthType;
use townclerk_contract::fact::Fact;
use townclerk_domain::change::ChangeRules;
use townclerk_domain::event::Recording;
use townclerk_domain::identity::{AggregateKind, CallerId};
use townclerk_domain::names::{Code, LogName};
use townclerk_domain::outage::OutageRules;
use townclerk_domain::ticket::TicketRules;
use townclerk_event_log::EventLog;

use super::early::{MayPass, may_pass};

/// A council's tool, known by its token or by its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tool {
    pub council: LogName,
    pub system: Code,
    pub caller: CallerId,
    pub auth_type: AuthType,
}

impl Tool {
    /// Where its facts come from.
    pub fn source(&self) -> String {
        format!("/councils/{}/{}", self.council, self.system)
    }
}

/// What a decision came to.
pub(super) enum Verdict {
    Recorded(Handled),
    /// Nothing is recorded of its record yet: what makes it may be on its way.
    Early(Problem),
    /// It does not fit what is recorded; another fact of the record may have to come before it.
    Misfit(Problem),
    Refused(Problem),
    /// Nothing was decided.
    TryAgain(Problem),
}

/// The rules of every kind of which a tool may tell facts.
pub(super) struct Deciding {
    tickets: OfKind<TicketRules>,
    changes: OfKind<ChangeRules>,
    outages: OfKind<OutageRules>,
}

impl Deciding {
    pub fn new(logs: &[Arc<dyn EventLog>], clock: &Clock, codes: &Arc<CodesInUse>) -> Self {
        Self {
            tickets: OfKind(handlers(logs, clock, codes)),
            changes: OfKind(handlers(logs, clock, codes)),
            outages: OfKind(handlers(logs, clock, codes)),
        }
    }

    pub async fn decide(&self, fact: &Fact, tool: &Tool) -> Verdict {
        match self.of_kind(fact.kind) {
            Some(of_kind) => of_kind.decide(fact, tool).await,
            None => not_told(fact.kind),
        }
    }

    /// What is known of a fact without deciding it: that it is recorded, or why that cannot be told.
    /// Nothing where it is not recorded.
    pub async fn recorded(&self, fact: &Fact, tool: &Tool) -> Option<Verdict> {
        match self.of_kind(fact.kind) {
            Some(of_kind) => of_kind.recorded(fact, tool).await,
            None => Some(not_told(fact.kind)),
        }
    }

    fn of_kind(&self, kind: AggregateKind) -> Option<&dyn Decides> {
        match kind {
            AggregateKind::Ticket => Some(&self.tickets),
            AggregateKind::Change => Some(&self.changes),
            AggregateKind::Outage => Some(&self.outages),
            AggregateKind::Coverage
            | AggregateKind::Claim
            | AggregateKind::Partnership
            | AggregateKind::Freeze
            | AggregateKind::Gate
            | AggregateKind::Programme
            | AggregateKind::Post
            | AggregateKind::Availability
            | AggregateKind::Targets
            | AggregateKind::Hours
            | AggregateKind::Holidays
            | AggregateKind::RecoveryTest => None,
        }
    }
}

fn handlers<R: Recording>(
    logs: &[Arc<dyn EventLog>],
    clock: &Clock,
    codes: &Arc<CodesInUse>,
) -> Handlers<R> {
    Handlers::new(logs, Arc::clone(clock)).warning_of(Arc::clone(codes))
}

/// The reader of facts lets no such kind through; if it ever does, nothing is recorded.
fn not_told(kind: AggregateKind) -> Verdict {
    let why = format!("a partner's tool tells no facts of a {kind}");
    Verdict::Refused(Problem::invalid_field("subject", why))
}

#[async_trait]
trait Decides: Send + Sync {
    async fn decide(&self, fact: &Fact, tool: &Tool) -> Verdict;

    async fn recorded(&self, fact: &Fact, tool: &Tool) -> Option<Verdict>;
}

struct OfKind<R: Served>(Handlers<R>);

#[async_trait]
impl<R: Served + MayPass> Decides for OfKind<R> {
    async fn decide(&self, fact: &Fact, tool: &Tool) -> Verdict {
        let Some(command) = command::<R>(fact, tool) else {
            return not_told(fact.kind);
        };
        match self.0.handle(&fact.council, &command).await {
            Ok(handled) => Verdict::Recorded(handled),
            Err(error) => no::<R>(error, fact),
        }
    }

    async fn recorded(&self, fact: &Fact, tool: &Tool) -> Option<Verdict> {
        let Some(command) = command::<R>(fact, tool) else {
            return Some(not_told(fact.kind));
        };
        match self.0.recorded(&fact.council, &command).await {
            Ok(handled) => handled.map(Verdict::Recorded),
            Err(error) => Some(no::<R>(error, fact)),
        }
    }
}

/// The command that a fact is, if it is one of this kind.
fn command<R: Served>(fact: &Fact, tool: &Tool) -> Option<Command<R::Fact>> {
    let id = fact.command();
    Some(Command {
        aggregate: fact.aggregate(),
        creates: fact.begins(),
        caller: tool.caller.clone(),
        auth_type: tool.auth_type,
        correlation: fact.correlation.clone().unwrap_or_else(|| id.clone()),
        traceparent: fact.traceparent.clone(),
        system: tool.system.clone(),
        happened: Some(fact.happened),
        what: R::from_event(fact.event.clone())?,
        id,
    })
}

fn no<R: Served + MayPass>(error: CommandError<R::Refusal>, fact: &Fact) -> Verdict {
    match &error {
        CommandError::NotFound(aggregate) => {
            let why = format!(
                "nothing is recorded of {} {} of {} yet ({aggregate}): the fact with which it begins \
                 has not come; send that one",
                fact.kind, fact.reference, fact.system
            );
            Verdict::Early(Problem::new(Kind::NOT_FOUND, why))
        }
        CommandError::KeyReused => Verdict::Refused(id_reused()),
        CommandError::Rejected(rejection) if may_pass::<R>(rejection) => {
            Verdict::Misfit(Problem::from(error))
        }
        CommandError::Rejected(_) | CommandError::NoSuchLog { .. } => {
            Verdict::Refused(Problem::from(error))
        }
        CommandError::Unreadable { .. }
        | CommandError::Contended(_)
        | CommandError::Unknown(_)
        | CommandError::UnknownBefore(_)
        | CommandError::LogShortened(_)
        | CommandError::DiskFull(_)
        | CommandError::Unavailable(_) => Verdict::TryAgain(Problem::from(error)),
    }
}

/// The same source and id came with other content.
pub(super) fn id_reused() -> Problem {
    let why = "id: a fact of this source with this id was sent with other content; give each fact an \
               id of its own, and correct what is recorded with a fact of the type corrected";
    Problem::new(Kind::KEY_REUSED, why).with("field", "id")
}
