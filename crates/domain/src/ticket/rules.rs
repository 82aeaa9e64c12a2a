//! Which facts a ticket takes in which state.
//!
//! Logged, triaged, in progress and on hold each go to in progress, on hold, resolved or cancelled;
//! logged goes to triaged; resolved goes to closed. Resolved and closed go back to in progress
//! (reopened), and so does cancelled (reinstated). Assigning, recategorising, reprioritising and
//! linking are facts in every status and move a ticket nowhere.
//!
//! Tools let people do all of this, so it is recorded. Refused is only what cannot have been: nobody
//! resolves what is resolved, or closes what was never resolved.

use std::sync::Arc;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::fact::{Logged, TicketFact};
use crate::decider::{Decider, Occasion};
use crate::identity::AggregateKind;
use crate::names::LogName;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    Logged,
    Triaged,
    InProgress,
    OnHold,
    Resolved,
    Closed,
    Cancelled,
}

impl Status {
    pub fn code(self) -> &'static str {
        match self {
            Self::Logged => "logged",
            Self::Triaged => "triaged",
            Self::InProgress => "in-progress",
            Self::OnHold => "on-hold",
            Self::Resolved => "resolved",
            Self::Closed => "closed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Neither resolved, closed nor cancelled; a ticket on hold is open.
    pub fn is_open(self) -> bool {
        matches!(
            self,
            Self::Logged | Self::Triaged | Self::InProgress | Self::OnHold
        )
    }

    /// The transitions that this status allows.
    pub fn allowed(self) -> &'static [Transition] {
        use Transition::{Cancel, Close, Hold, Reinstate, Reopen, Resolve, Start, Triage};
        match self {
            Self::Logged => &[Triage, Start, Hold, Resolve, Cancel],
            Self::Triaged | Self::InProgress | Self::OnHold => &[Start, Hold, Resolve, Cancel],
            Self::Resolved => &[Reopen, Close],
            Self::Closed => &[Reopen],
            Self::Cancelled => &[Reinstate],
        }
    }
}

/// Facts that move a ticket from one status to another, by the name of their command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transition {
    Triage,
    Start,
    Hold,
    Resolve,
    Reopen,
    Close,
    Cancel,
    Reinstate,
}

impl Transition {
    fn of(fact: &TicketFact) -> Option<Self> {
        match fact {
            TicketFact::Triaged(_) => Some(Self::Triage),
            TicketFact::Started(_) => Some(Self::Start),
            TicketFact::Held(_) => Some(Self::Hold),
            TicketFact::Resolved(_) => Some(Self::Resolve),
            TicketFact::Reopened(_) => Some(Self::Reopen),
            TicketFact::Closed(_) => Some(Self::Close),
            TicketFact::Cancelled(_) => Some(Self::Cancel),
            TicketFact::Reinstated(_) => Some(Self::Reinstate),
            TicketFact::Logged(_)
            | TicketFact::Assigned(_)
            | TicketFact::Recategorised(_)
            | TicketFact::Reprioritised(_)
            | TicketFact::Linked(_) => None,
        }
    }

    /// The command that asks for it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Triage => "triage",
            Self::Start => "start",
            Self::Hold => "hold",
            Self::Resolve => "resolve",
            Self::Reopen => "reopen",
            Self::Close => "close",
            Self::Cancel => "cancel",
            Self::Reinstate => "reinstate",
        }
    }

    /// The status that it leads to.
    pub fn to(self) -> Status {
        match self {
            Self::Triage => Status::Triaged,
            Self::Start | Self::Reopen | Self::Reinstate => Status::InProgress,
            Self::Hold => Status::OnHold,
            Self::Resolve => Status::Resolved,
            Self::Close => Status::Closed,
            Self::Cancel => Status::Cancelled,
        }
    }
}

/// A ticket as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    pub status: Status,
    /// As logged, with the present priority, category, service and directorate. Shared by all states
    /// between two changes of them.
    pub attributes: Arc<Logged>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "refusal", rename_all = "kebab-case")]
pub enum Refusal {
    #[error("this ticket is not logged yet")]
    NotLogged,
    #[error("this ticket is logged already")]
    AlreadyLogged,
    #[error("a ticket that is {} takes no {}; it takes {}", from.code(), wanted.code(), listed(allowed))]
    TransitionNotAllowed {
        from: Status,
        wanted: Transition,
        allowed: Vec<Transition>,
    },
    #[error("name at least one of category, service and directorate")]
    NothingNamed,
    #[error("a ticket in the shared log names the councils that it hits, at least two")]
    SharedNeedsCouncils,
    #[error("a ticket in a council's own log names no councils: it is that council's")]
    OwnLogNamesCouncils,
}

fn listed(allowed: &[Transition]) -> String {
    let names: Vec<&str> = allowed.iter().map(|transition| transition.code()).collect();
    names.join(", ")
}

/// The rules of tickets.
pub struct TicketRules;

impl Decider for TicketRules {
    const KIND: AggregateKind = AggregateKind::Ticket;

    type Fact = TicketFact;
    type State = Option<Ticket>;
    type Refusal = Refusal;

    fn decide(
        state: &Option<Ticket>,
        fact: &TicketFact,
        occasion: Occasion<'_>,
    ) -> Result<(), Refusal> {
        let Some(ticket) = state else {
            return match fact {
                TicketFact::Logged(logged) => home_fits(logged, occasion.home),
                _ => Err(Refusal::NotLogged),
            };
        };
        let from = ticket.status;
        match (fact, Transition::of(fact)) {
            (TicketFact::Logged(_), _) => Err(Refusal::AlreadyLogged),
            (_, Some(wanted)) if !from.allowed().contains(&wanted) => {
                Err(Refusal::TransitionNotAllowed {
                    from,
                    wanted,
                    allowed: from.allowed().to_vec(),
                })
            }
            (TicketFact::Recategorised(named), _)
                if named.category.is_none()
                    && named.service.is_none()
                    && named.directorate.is_none() =>
            {
                Err(Refusal::NothingNamed)
            }
            _ => Ok(()),
        }
    }

    fn evolve(state: Option<Ticket>, fact: &TicketFact, _: Timestamp) -> Option<Ticket> {
        let Some(mut ticket) = state else {
            let TicketFact::Logged(logged) = fact else {
                return None;
            };
            return Some(Ticket {
                status: Status::Logged,
                attributes: Arc::new(logged.clone()),
            });
        };
        if let Some(transition) = Transition::of(fact) {
            ticket.status = transition.to();
        }
        match fact {
            TicketFact::Recategorised(named) => {
                let attributes = Arc::make_mut(&mut ticket.attributes);
                if let Some(category) = &named.category {
                    attributes.category = category.clone();
                }
                if let Some(service) = &named.service {
                    attributes.service = service.clone();
                }
                if let Some(directorate) = &named.directorate {
                    attributes.directorate = Some(directorate.clone());
                }
            }
            TicketFact::Reprioritised(raised) => {
                Arc::make_mut(&mut ticket.attributes).priority = raised.priority;
            }
            _ => {}
        }
        Some(ticket)
    }
}

/// An incident that hits several councils is recorded once, in `shared`.
fn home_fits(logged: &Logged, home: &LogName) -> Result<(), Refusal> {
    match (home.is_shared(), logged.councils.len()) {
        (true, 0 | 1) => Err(Refusal::SharedNeedsCouncils),
        (false, 1..) => Err(Refusal::OwnLogNamesCouncils),
        _ => Ok(()),
    }
}
