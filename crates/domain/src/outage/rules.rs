//! Which facts an outage takes in which state.
//!
//! Planned maintenance waits until it is declared, or is cancelled for good; an unplanned outage begins with being declared.
//! An open outage is resolved, and a resolved one is closed; neither is undone. What was down, and
//! for whom, is said of an open outage only. Why it was, and what is done about it, may be said
//! from the beginning and long afterwards.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::effects::{effects_fit, over_by, restoration_fits};
use super::fact::{
    ActionAgreed, ActionCompleted, CauseFound, Declared, MaintenancePlanned, Narrowed, OutageFact,
    Party, Recurred, Widened,
};
use super::refusal::{ACTIONS_MAX, COUNCILS_MAX, NOTICES_MAX, Refusal, SERVICES_MAX};
use super::state::Outage;
use crate::decider::{Decider, Occasion};
use crate::identity::AggregateKind;
use crate::imprecise::Within;
use crate::names::{Code, LogName};
use crate::reference::ReferenceKind;

/// The rules of outages and planned maintenance.
pub struct OutageRules;

impl Decider for OutageRules {
    const KIND: AggregateKind = AggregateKind::Outage;

    type Fact = OutageFact;
    type State = Option<Outage>;
    type Refusal = Refusal;

    fn decide(
        state: &Option<Outage>,
        fact: &OutageFact,
        occasion: Occasion<'_>,
    ) -> Result<(), Refusal> {
        match (state, fact) {
            (_, OutageFact::MaintenancePlanned(maintenance)) => {
                maintenance_fits(state.as_ref(), maintenance, occasion)
            }
            (Some(outage), OutageFact::MaintenanceCancelled(_)) => can_be_cancelled(outage),
            (None, OutageFact::MaintenanceCancelled(_)) => Err(Refusal::NotPlanned),
            (_, OutageFact::Declared(declared)) => begin_fits(state.as_ref(), declared, occasion),
            (Some(outage), _) => {
                in_time(outage, fact)?;
                fits(outage, fact, occasion)
            }
            (None, _) => Err(Refusal::NotDeclared),
        }
    }

    fn evolve(state: Option<Outage>, fact: &OutageFact, happened: Timestamp) -> Option<Outage> {
        let mut outage = state.unwrap_or_default();
        outage.take(fact, happened);
        Some(outage)
    }
}

/// Planned work is called off before it begins; once it has begun it is resolved.
fn can_be_cancelled(outage: &Outage) -> Result<(), Refusal> {
    not_cancelled(outage)?;
    match outage.begun {
        None => Ok(()),
        Some(_) => Err(Refusal::NothingToCancel {
            status: outage.status(),
        }),
    }
}

fn not_cancelled(outage: &Outage) -> Result<(), Refusal> {
    match outage.cancelled {
        None => Ok(()),
        Some(at) => Err(Refusal::MaintenanceCancelled { at }),
    }
}

/// Whether the outage has come so far, and no farther, that it takes this fact.
fn in_time(outage: &Outage, fact: &OutageFact) -> Result<(), Refusal> {
    let status = outage.status();
    not_cancelled(outage)?;
    if outage.begun.is_none() {
        return Err(Refusal::NotDeclared);
    }
    if let Some(at) = outage.closed
        && matches!(
            fact,
            OutageFact::CauseFound(_)
                | OutageFact::ActionAgreed(_)
                | OutageFact::Escalated(_)
                | OutageFact::Closed(_)
        )
    {
        return Err(Refusal::AlreadyClosed { at });
    }
    match (fact, outage.resolved) {
        (OutageFact::Resolved(_), Some(at)) => Err(Refusal::AlreadyResolved { at }),
        (
            OutageFact::Widened(_)
            | OutageFact::Narrowed(_)
            | OutageFact::Affected(_)
            | OutageFact::UsersAffected(_)
            | OutageFact::WorkedAround(_)
            | OutageFact::ServiceRestored(_),
            Some(_),
        ) => Err(Refusal::Over { status }),
        (OutageFact::Reviewed(_) | OutageFact::Closed(_) | OutageFact::Recurred(_), None) => {
            Err(Refusal::NotResolved)
        }
        _ => Ok(()),
    }
}

/// Whether what a fact says of an outage that has begun fits what is known.
fn fits(outage: &Outage, fact: &OutageFact, occasion: Occasion<'_>) -> Result<(), Refusal> {
    match fact {
        OutageFact::Widened(widened) => widening_fits(outage, widened, occasion),
        OutageFact::Narrowed(narrowed) => narrowing_fits(outage, narrowed, occasion),
        OutageFact::Affected(affected) if affected.effects.is_empty() => Err(Refusal::NoEffects),
        OutageFact::Affected(affected) => effects_fit(outage.clone(), &affected.effects, occasion),
        OutageFact::UsersAffected(users) if !users.percent.is_between(0, 100) => {
            Err(Refusal::NotAShare {
                percent: users.percent,
            })
        }
        OutageFact::ServiceRestored(restored) => {
            restoration_fits(outage, restored, occasion.happened)
        }
        OutageFact::Resolved(_) => over_by(occasion.happened, outage.effects.iter()),
        OutageFact::CauseFound(cause) => supplier_fits(cause),
        OutageFact::ActionAgreed(agreed) => agreement_fits(outage, agreed),
        OutageFact::ActionCompleted(completed) => completion_fits(outage, completed),
        OutageFact::Linked(linked) if outage.linked.contains(&linked.cause) => {
            Err(Refusal::AlreadyLinked {
                cause: linked.cause.clone(),
            })
        }
        OutageFact::Recurred(recurred) => recurrence_fits(outage, recurred),
        OutageFact::MaintenancePlanned(_)
        | OutageFact::MaintenanceCancelled(_)
        | OutageFact::Declared(_)
        | OutageFact::UsersAffected(_)
        | OutageFact::WorkedAround(_)
        | OutageFact::Escalated(_)
        | OutageFact::Reviewed(_)
        | OutageFact::Linked(_)
        | OutageFact::Closed(_) => Ok(()),
    }
}

fn maintenance_fits(
    state: Option<&Outage>,
    maintenance: &MaintenancePlanned,
    occasion: Occasion<'_>,
) -> Result<(), Refusal> {
    let mut outage = state.cloned().unwrap_or_default();
    not_cancelled(&outage)?;
    if outage.begun.is_some() {
        let status = outage.status();
        return Err(Refusal::NoticeAfterBegin { status });
    }
    let MaintenancePlanned {
        councils,
        services,
        from,
        to,
        ..
    } = maintenance;
    home_fits(councils, occasion.home)?;
    if !(1..=SERVICES_MAX).contains(&services.len()) {
        return Err(Refusal::ServiceCount {
            found: services.len(),
        });
    }
    let (from, to) = (*from, *to);
    if to <= from {
        return Err(Refusal::MaintenanceEndsBeforeItBegins { from, to });
    }
    if occasion.happened >= from {
        return Err(Refusal::NoticeTooLate {
            noticed: occasion.happened,
            from,
        });
    }
    outage.hear_of(maintenance, occasion.happened);
    if outage.notices.len() > NOTICES_MAX {
        return Err(Refusal::TooManyNotices);
    }
    not_too_many(&outage)
}

fn begin_fits(
    state: Option<&Outage>,
    declared: &Declared,
    occasion: Occasion<'_>,
) -> Result<(), Refusal> {
    let mut outage = state.cloned().unwrap_or_default();
    not_cancelled(&outage)?;
    if let Some(begun) = &outage.begun {
        return Err(Refusal::AlreadyDeclared { at: begun.at });
    }
    home_fits(&declared.councils, occasion.home)?;
    if let Some(within) = &declared.when {
        when_fits(within, occasion.happened)?;
    }
    let bare = Declared {
        effects: Vec::new(),
        ..declared.clone()
    };
    outage.take(&OutageFact::Declared(bare), occasion.happened);
    not_too_many(&outage)?;
    effects_fit(outage, &declared.effects, occasion)
}

fn when_fits(within: &Within, happened: Timestamp) -> Result<(), Refusal> {
    if !within.is_sound() {
        return Err(Refusal::WhenUnsound { within: *within });
    }
    // Not only its first moment: when the day of it becomes known, the time can be corrected before
    // the days are, and it is never taken for exact in between.
    if !(within.start()..within.end()).contains(&happened) {
        return Err(Refusal::HappenedElsewhere {
            within: *within,
            found: happened,
        });
    }
    Ok(())
}

/// An outage that hits several councils is recorded once, in `shared`.
fn home_fits(councils: &BTreeSet<Code>, home: &LogName) -> Result<(), Refusal> {
    let found = councils.len();
    match home.council() {
        None if found < 2 => Err(Refusal::SharedNeedsCouncils { found }),
        None if found > COUNCILS_MAX => Err(Refusal::TooManyCouncils { found }),
        Some(own) if found != 1 || !councils.contains(own) => Err(Refusal::OwnLogNamesItsCouncil {
            home: home.clone(),
            councils: councils.clone(),
        }),
        _ => Ok(()),
    }
}

fn not_too_many(outage: &Outage) -> Result<(), Refusal> {
    let found = outage.councils.len();
    if found > COUNCILS_MAX {
        return Err(Refusal::TooManyCouncils { found });
    }
    Ok(())
}

fn only_in_shared(councils: &BTreeSet<Code>, home: &LogName) -> Result<(), Refusal> {
    if !home.is_shared() {
        return Err(Refusal::OnlyInShared { home: home.clone() });
    }
    if councils.is_empty() {
        return Err(Refusal::NoCouncils);
    }
    Ok(())
}

fn widening_fits(
    outage: &Outage,
    widened: &Widened,
    occasion: Occasion<'_>,
) -> Result<(), Refusal> {
    only_in_shared(&widened.councils, occasion.home)?;
    let councils: BTreeSet<Code> = &widened.councils & &outage.hit();
    if !councils.is_empty() {
        return Err(Refusal::AlreadyHit { councils });
    }
    let mut outage = outage.clone();
    outage.widen(&widened.councils);
    not_too_many(&outage)?;
    effects_fit(outage, &widened.effects, occasion)
}

fn narrowing_fits(
    outage: &Outage,
    narrowed: &Narrowed,
    occasion: Occasion<'_>,
) -> Result<(), Refusal> {
    only_in_shared(&narrowed.councils, occasion.home)?;
    let hit = outage.hit();
    let councils: BTreeSet<Code> = &narrowed.councils - &hit;
    if !councils.is_empty() {
        return Err(Refusal::NotHit { councils, hit });
    }
    if narrowed.councils == hit {
        return Err(Refusal::NoneWouldRemain);
    }
    let theirs = |council: &Code| narrowed.councils.contains(council);
    let effects = outage.effects.iter();
    over_by(
        occasion.happened,
        effects.filter(|effect| theirs(&effect.council)),
    )
}

fn supplier_fits(cause: &CauseFound) -> Result<(), Refusal> {
    match (cause.party, &cause.supplier) {
        (Party::Own, Some(supplier)) => Err(Refusal::SupplierNotAtFault {
            supplier: supplier.clone(),
        }),
        _ => Ok(()),
    }
}

fn agreement_fits(outage: &Outage, agreed: &ActionAgreed) -> Result<(), Refusal> {
    let mut actions = outage.actions.iter();
    if actions.any(|action| action.agreed.action == agreed.action) {
        return Err(Refusal::AlreadyAgreed {
            action: agreed.action.clone(),
        });
    }
    if outage.actions.len() >= ACTIONS_MAX {
        return Err(Refusal::TooManyActions);
    }
    Ok(())
}

fn completion_fits(outage: &Outage, completed: &ActionCompleted) -> Result<(), Refusal> {
    let action = completed.action.clone();
    let mut actions = outage.actions.iter();
    let Some(found) = actions.find(|known| known.agreed.action == action) else {
        let agreed = outage.actions.iter().map(|known| &known.agreed.action);
        let agreed = agreed.cloned().collect();
        return Err(Refusal::NotAgreed { action, agreed });
    };
    match found.completed {
        Some(at) => Err(Refusal::AlreadyCompleted { action, at }),
        None => Ok(()),
    }
}

fn recurrence_fits(outage: &Outage, recurred: &Recurred) -> Result<(), Refusal> {
    let other = &recurred.outage;
    if other.kind != ReferenceKind::Outage {
        return Err(Refusal::NotAnOutage { found: other.kind });
    }
    if outage.recurred.contains(other) {
        return Err(Refusal::AlreadyRecurred {
            outage: other.clone(),
        });
    }
    Ok(())
}
