//! Which facts a change takes in which state.
//!
//! A normal change is requested, assessed, authorised, scheduled, implemented, reviewed and closed,
//! all in order. A standard one is authorised beforehand: it goes from requested to scheduled. An
//! emergency one must be authorised, need not be assessed, and may start without a time. Until it is
//! implemented a change can be cancelled. Closed and cancelled are final; only what a change caused
//! may come to light later.
//!
//! Whatever its outcome, a change is closed after its review, one that failed too. Until it is
//! reviewed or cancelled a day can be set by which the review is due.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;

use super::fact::{ChangeFact, ChangeType, Outcome, Requested, ReviewDue, Risk, Scheduled};
use crate::codes::codes;
use crate::decider::{Decider, Occasion};
use crate::identity::AggregateKind;
use crate::names::LogName;
use crate::period::{end_of_day, london_day};
use crate::reference::{Reference, ReferenceKind};

/// How many services, and how many councils, a change may name.
pub const NAMED_MAX: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    Requested,
    Assessed,
    Authorised,
    Scheduled,
    Implementing,
    Implemented,
    Reviewed,
    Closed,
    Cancelled,
}

/// Facts that move a change from one status to another, by the name of their command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transition {
    Assess,
    Authorise,
    Reject,
    Schedule,
    Start,
    Implement,
    Review,
    Close,
    Cancel,
}

codes! {
    Status {
        Requested = "requested", Assessed = "assessed", Authorised = "authorised",
        Scheduled = "scheduled", Implementing = "implementing", Implemented = "implemented",
        Reviewed = "reviewed", Closed = "closed", Cancelled = "cancelled",
    }
    Transition {
        Assess = "assess", Authorise = "authorise", Reject = "reject", Schedule = "schedule",
        Start = "start", Implement = "implement", Review = "review", Close = "close",
        Cancel = "cancel",
    }
}

impl Status {
    /// The transitions that a change of this type takes in this status.
    pub fn allowed(self, change_type: ChangeType) -> &'static [Transition] {
        use ChangeType::{Emergency, Normal, Standard};
        use Transition::{
            Assess, Authorise, Cancel, Close, Implement, Reject, Review, Schedule, Start,
        };
        match (self, change_type) {
            (Self::Requested, Normal) => &[Assess, Cancel],
            (Self::Requested, Standard) => &[Schedule, Cancel],
            (Self::Requested, Emergency) => &[Assess, Authorise, Reject, Cancel],
            (Self::Assessed, _) => &[Authorise, Reject, Cancel],
            (Self::Authorised, Emergency) => &[Schedule, Start, Cancel],
            (Self::Authorised, Normal | Standard) => &[Schedule, Cancel],
            (Self::Scheduled, _) => &[Schedule, Start, Cancel],
            (Self::Implementing, _) => &[Implement, Cancel],
            (Self::Implemented, _) => &[Review],
            (Self::Reviewed, _) => &[Close],
            (Self::Closed | Self::Cancelled, _) => &[],
        }
    }

    /// Whether a change that stands so can have caused something. What was cancelled in the midst of
    /// its implementation caused it before that, so the fact has its place before the cancelling.
    fn can_have_caused(self) -> bool {
        matches!(
            self,
            Self::Implementing | Self::Implemented | Self::Reviewed | Self::Closed
        )
    }

    /// Whether a review may still be to come.
    fn may_be_reviewed(self) -> bool {
        !matches!(self, Self::Reviewed | Self::Closed | Self::Cancelled)
    }
}

impl Transition {
    fn of(fact: &ChangeFact) -> Option<Self> {
        match fact {
            ChangeFact::Assessed(_) => Some(Self::Assess),
            ChangeFact::Authorised(_) => Some(Self::Authorise),
            ChangeFact::Rejected(_) => Some(Self::Reject),
            ChangeFact::Scheduled(_) => Some(Self::Schedule),
            ChangeFact::Started(_) => Some(Self::Start),
            ChangeFact::Implemented(_) => Some(Self::Implement),
            ChangeFact::Reviewed(_) => Some(Self::Review),
            ChangeFact::Closed(_) => Some(Self::Close),
            ChangeFact::Cancelled(_) => Some(Self::Cancel),
            ChangeFact::Requested(_) | ChangeFact::Caused(_) | ChangeFact::ReviewDue(_) => None,
        }
    }

    /// The status that it leads to.
    pub fn to(self) -> Status {
        match self {
            Self::Assess => Status::Assessed,
            Self::Authorise => Status::Authorised,
            Self::Reject => Status::Requested,
            Self::Schedule => Status::Scheduled,
            Self::Start => Status::Implementing,
            Self::Implement => Status::Implemented,
            Self::Review => Status::Reviewed,
            Self::Close => Status::Closed,
            Self::Cancel => Status::Cancelled,
        }
    }
}

/// A change as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub status: Status,
    pub requested: Requested,
    pub requested_at: Timestamp,
    pub risk: Option<Risk>,
    /// From and to, as scheduled last.
    pub scheduled: Option<(Timestamp, Timestamp)>,
    /// When its implementation began and ended.
    pub started: Option<Timestamp>,
    pub implemented: Option<Timestamp>,
    pub closed: Option<(Timestamp, Outcome)>,
    pub cancelled: Option<Timestamp>,
    /// The incidents and outages that it caused.
    pub caused: BTreeSet<Reference>,
    pub reviewed: Option<Timestamp>,
    /// By when its review was to be done, each with when that was set.
    pub reviews_due: Vec<(Timestamp, ReviewDue)>,
}

impl Change {
    /// What was set last, before a moment, of when its review is due.
    pub fn review_due(&self, seen: Timestamp) -> Option<&ReviewDue> {
        let before = self.reviews_due.iter().rev().find(|(set, _)| *set < seen);
        before.map(|(_, due)| due)
    }

    /// Whether it was implemented and not reviewed before a moment.
    pub fn awaits_review(&self, seen: Timestamp) -> bool {
        let before = |at: Option<Timestamp>| at.is_some_and(|at| at < seen);
        before(self.implemented) && !before(self.reviewed)
    }

    /// Whether its review was still to be done when the last day for it was over.
    pub fn is_review_overdue(&self, seen: Timestamp) -> bool {
        let due = self.review_due(seen);
        self.awaits_review(seen) && due.is_some_and(|due| end_of_day(due.by) <= seen)
    }

    fn takes(&self, wanted: Transition) -> Result<(), Refusal> {
        let from = self.status;
        let change_type = self.requested.change_type;
        let allowed = from.allowed(change_type);
        if allowed.contains(&wanted) {
            return Ok(());
        }
        if wanted == Transition::Review && self.implemented.is_none() {
            return Err(Refusal::NeverImplemented { from });
        }
        Err(Refusal::TransitionNotAllowed {
            change_type,
            from,
            wanted,
            allowed: allowed.to_vec(),
        })
    }

    fn can_have_caused(&self, effect: &Reference) -> Result<(), Refusal> {
        if effect.kind == ReferenceKind::Change {
            let effect = effect.clone();
            return Err(Refusal::EffectIsAChange { effect });
        }
        if !self.status.can_have_caused() {
            return Err(Refusal::CannotHaveCaused { from: self.status });
        }
        if self.caused.contains(effect) {
            let effect = effect.clone();
            return Err(Refusal::AlreadyCaused { effect });
        }
        Ok(())
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "refusal", rename_all = "kebab-case")]
pub enum Refusal {
    #[error("this change is not requested yet")]
    NotRequested,
    #[error("this change is requested already")]
    AlreadyRequested,
    #[error(
        "this {} change is {} and takes no {}; it takes {}",
        change_type.code(), from.code(), wanted.code(), listed(allowed)
    )]
    TransitionNotAllowed {
        change_type: ChangeType,
        from: Status,
        wanted: Transition,
        allowed: Vec<Transition>,
    },
    #[error(
        "this change is {}: it was never implemented, so there is nothing to review; a review \
         follows the implementation",
        from.code()
    )]
    NeverImplemented { from: Status },
    #[error(
        "a change that is {} can have caused nothing: its effects lie after its start, and before \
         it was cancelled if it was",
        from.code()
    )]
    CannotHaveCaused { from: Status },
    #[error("{effect} is recorded as an effect of this change already")]
    AlreadyCaused { effect: Reference },
    #[error("a change causes a ticket or an outage; {effect} is a change")]
    EffectIsAChange { effect: Reference },
    #[error("a change that is {} has no review before it that could be due", from.code())]
    NoReviewToCome { from: Status },
    #[error("a review that is set on {day} cannot be due by {by}, which had passed by then")]
    DueInThePast { day: Date, by: Date },
    #[error("it is scheduled to end at {to}, which is not after its beginning at {from}")]
    EndsBeforeItBegins { from: Timestamp, to: Timestamp },
    #[error("a change in the shared log names the councils that it touches, at least two")]
    SharedNeedsCouncils,
    #[error("a change in a council's own log names no councils: it is that council's")]
    OwnLogNamesCouncils,
    #[error("{found} {field} are named; a change names at most {NAMED_MAX}")]
    TooManyNamed { field: &'static str, found: usize },
}

fn listed(allowed: &[Transition]) -> String {
    if allowed.is_empty() {
        return "nothing more".to_owned();
    }
    let names: Vec<&str> = allowed.iter().map(|transition| transition.code()).collect();
    names.join(", ")
}

/// The rules of changes.
pub struct ChangeRules;

impl Decider for ChangeRules {
    const KIND: AggregateKind = AggregateKind::Change;

    type Fact = ChangeFact;
    type State = Option<Change>;
    type Refusal = Refusal;

    fn decide(
        state: &Option<Change>,
        fact: &ChangeFact,
        occasion: Occasion<'_>,
    ) -> Result<(), Refusal> {
        let Some(change) = state else {
            return match fact {
                ChangeFact::Requested(requested) => can_be_requested(requested, occasion.home),
                _ => Err(Refusal::NotRequested),
            };
        };
        if let Some(wanted) = Transition::of(fact) {
            change.takes(wanted)?;
        }
        match fact {
            ChangeFact::Requested(_) => Err(Refusal::AlreadyRequested),
            ChangeFact::Scheduled(Scheduled { from, to }) if to <= from => {
                Err(Refusal::EndsBeforeItBegins {
                    from: *from,
                    to: *to,
                })
            }
            ChangeFact::Caused(caused) => change.can_have_caused(&caused.effect),
            ChangeFact::ReviewDue(due) => {
                may_be_due(change.status, due, london_day(occasion.happened))
            }
            _ => Ok(()),
        }
    }

    fn evolve(state: Option<Change>, fact: &ChangeFact, happened: Timestamp) -> Option<Change> {
        let Some(mut change) = state else {
            let ChangeFact::Requested(requested) = fact else {
                return None;
            };
            return Some(Change {
                status: Status::Requested,
                requested: requested.clone(),
                requested_at: happened,
                risk: None,
                scheduled: None,
                started: None,
                implemented: None,
                closed: None,
                cancelled: None,
                caused: BTreeSet::new(),
                reviewed: None,
                reviews_due: Vec::new(),
            });
        };
        if let Some(transition) = Transition::of(fact) {
            change.status = transition.to();
        }
        match fact {
            ChangeFact::Assessed(assessed) => change.risk = Some(assessed.risk),
            ChangeFact::Rejected(_) => change.risk = None,
            ChangeFact::Scheduled(scheduled) => {
                change.scheduled = Some((scheduled.from, scheduled.to));
            }
            ChangeFact::Started(_) => change.started = Some(happened),
            ChangeFact::Implemented(_) => change.implemented = Some(happened),
            ChangeFact::Closed(closed) => change.closed = Some((happened, closed.outcome)),
            ChangeFact::Cancelled(_) => change.cancelled = Some(happened),
            ChangeFact::Caused(caused) => {
                change.caused.insert(caused.effect.clone());
            }
            ChangeFact::Reviewed(_) => change.reviewed = Some(happened),
            ChangeFact::ReviewDue(due) => change.reviews_due.push((happened, due.clone())),
            ChangeFact::Requested(_) | ChangeFact::Authorised(_) => {}
        }
        Some(change)
    }
}

/// A day is set for a review that is to come, and is not over.
fn may_be_due(status: Status, due: &ReviewDue, day: Date) -> Result<(), Refusal> {
    if !status.may_be_reviewed() {
        return Err(Refusal::NoReviewToCome { from: status });
    }
    match due.by < day {
        true => Err(Refusal::DueInThePast { day, by: due.by }),
        false => Ok(()),
    }
}

/// A change that touches several councils is recorded once, in `shared`.
fn can_be_requested(requested: &Requested, home: &LogName) -> Result<(), Refusal> {
    let Requested {
        services, councils, ..
    } = requested;
    match (home.is_shared(), councils.len()) {
        (true, 0 | 1) => return Err(Refusal::SharedNeedsCouncils),
        (false, 1..) => return Err(Refusal::OwnLogNamesCouncils),
        _ => {}
    }
    for (field, found) in [("services", services.len()), ("councils", councils.len())] {
        if found > NAMED_MAX {
            return Err(Refusal::TooManyNamed { field, found });
        }
    }
    Ok(())
}
