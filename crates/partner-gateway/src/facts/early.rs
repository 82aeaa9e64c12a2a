//! Which noes may become a yes when other facts of the same record arrive.
//!
//! A tool's facts may come out of order, so "not in this state" may mean "not yet". It does where
//! the record can still come to a state, from the one that it was found in, that takes the fact.
//! Whatever else is wrong stays wrong however long one waits.
//!
//! That alone holds no fact: of a record that has begun, a tool is told at once what does not fit. It
//! keeps waiting what came before its record began, and orders facts of the same moment.

use townclerk_domain::change::{self, ChangeRules};
use townclerk_domain::decider::Rejection;
use townclerk_domain::event::Recording;
use townclerk_domain::outage::{self, OutageRules};
use townclerk_domain::ticket::{self, TicketRules};

/// Rules that can tell "not yet" from "never".
pub trait MayPass: Recording {
    /// Whether this refusal may pass.
    fn may_pass(refusal: &Self::Refusal) -> bool;
}

/// Whether this rejection may pass. One of a later fact's account does not: that one is recorded.
pub fn may_pass<R: MayPass>(rejection: &Rejection<R::Refusal>) -> bool {
    match rejection {
        Rejection::Refused { refusal } | Rejection::BeforeBeginning { refusal, .. } => {
            R::may_pass(refusal)
        }
        Rejection::NothingRecorded => true,
        Rejection::ContradictsLater { .. }
        | Rejection::FarFuture { .. }
        | Rejection::LongPast { .. }
        | Rejection::Voided
        | Rejection::BadCorrection { .. }
        | Rejection::HiddenCharacters { .. }
        | Rejection::FaultyFields { .. } => false,
    }
}

impl MayPass for TicketRules {
    fn may_pass(refusal: &ticket::Refusal) -> bool {
        use ticket::{Refusal, Transition};
        let comes_to = |from: ticket::Status, wanted: &dyn Fn(ticket::Status) -> bool| {
            comes_to(from, ticket::Status::allowed, Transition::to, wanted)
        };
        match refusal {
            Refusal::TransitionNotAllowed { from, wanted, .. } => {
                comes_to(*from, &|status| status.allowed().contains(wanted))
            }
            // It is recorded, and later than this fact says: waiting brings no earlier beginning.
            Refusal::NotLogged
            | Refusal::AlreadyLogged
            | Refusal::NothingNamed
            | Refusal::SharedNeedsCouncils
            | Refusal::OwnLogNamesCouncils => false,
        }
    }
}

impl MayPass for ChangeRules {
    fn may_pass(refusal: &change::Refusal) -> bool {
        use change::{Refusal, Status, Transition};
        match refusal {
            Refusal::TransitionNotAllowed {
                change_type,
                from,
                wanted,
                ..
            } => {
                let allowed = |status: Status| status.allowed(*change_type);
                comes_to(*from, allowed, Transition::to, &|status| {
                    allowed(status).contains(wanted)
                })
            }
            Refusal::NeverImplemented { from } | Refusal::CannotHaveCaused { from } => {
                *from != Status::Cancelled
            }
            Refusal::NotRequested
            | Refusal::AlreadyRequested
            | Refusal::AlreadyCaused { .. }
            | Refusal::EffectIsAChange { .. }
            | Refusal::EndsBeforeItBegins { .. }
            // A review only comes nearer, and days only pass.
            | Refusal::NoReviewToCome { .. }
            | Refusal::DueInThePast { .. }
            | Refusal::SharedNeedsCouncils
            | Refusal::OwnLogNamesCouncils
            | Refusal::TooManyNamed { .. } => false,
        }
    }
}

impl MayPass for OutageRules {
    /// An outage only goes forward: what it is too late for stays so. Its beginning, its end, an
    /// action that was agreed, or an effect may still be on the way.
    fn may_pass(refusal: &outage::Refusal) -> bool {
        use outage::Refusal;
        matches!(
            refusal,
            Refusal::NotDeclared
                | Refusal::NotPlanned
                | Refusal::NotResolved
                | Refusal::NotAgreed { .. }
                | Refusal::NothingToRestore { .. }
        )
    }
}

/// Whether a status that is `wanted` follows from `from`, by one transition or by several.
fn comes_to<S: Copy + PartialEq, T: Copy + 'static>(
    from: S,
    allowed: impl Fn(S) -> &'static [T],
    to: impl Fn(T) -> S,
    wanted: &dyn Fn(S) -> bool,
) -> bool {
    let mut reached = vec![from];
    let mut next = 0;
    while let Some(&status) = reached.get(next) {
        for &transition in allowed(status) {
            let status = to(transition);
            if wanted(status) {
                return true;
            }
            if !reached.contains(&status) {
                reached.push(status);
            }
        }
        next += 1;
    }
    false
}
