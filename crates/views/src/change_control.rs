//! What freezes and gates hold back, and which changes went ahead in spite of them.
//!
//! Joint Committee of Brent, Lewisham and Southwark, 4 July 2018, paragraphs 3.10, 3.13 and 3.17:
//! new projects wait until the service is stable, but for one project with resources of its own;
//! another may not be implemented before all lessons are reviewed and remedied. These rules span
//! aggregates and logs: nothing is refused at the door, each breach is a finding.

use std::collections::BTreeSet;

use jiff::Timestamp;
use townclerk_domain::change::Change;
use townclerk_domain::freeze::{Exempt, Freeze, FreezeScope};
use townclerk_domain::gate::Gate;
use townclerk_domain::names::Code;

use crate::kept::Kept;
use crate::ledger::Ledger;

/// The councils that a record touches: its own log's, or those that a shared one names; `None`
/// means all.
pub(crate) fn councils_of<S>(kept: &Kept<S>, named: &BTreeSet<Code>) -> Option<BTreeSet<Code>> {
    match kept.log.council() {
        Some(council) => Some([council.clone()].into()),
        None => (!named.is_empty()).then(|| named.clone()),
    }
}

/// From the beginning of a change's implementation to its end, or on while it lasts. One that was
/// cancelled in the midst of it ended then.
pub fn implementation(change: &Change) -> Option<(Timestamp, Option<Timestamp>)> {
    let started = change.started?;
    Some((started, change.implemented.or(change.cancelled)))
}

/// Whether the implementation of a change lay in the freeze, at least in part, and in its scope,
/// looked at from `seen`: what is under way then has not reached a freeze that is to come.
pub fn is_frozen(change: &Kept<Change>, freeze: &Kept<Freeze>, seen: Timestamp) -> bool {
    let Some((started, ended)) = implementation(&change.stands) else {
        return false;
    };
    let begins_in_time = freeze.stands.ends().is_none_or(|ends| started < ends);
    let reaches_it =
        freeze.stands.declared.from < ended.unwrap_or(seen) || freeze.stands.holds_at(started);
    begins_in_time && reaches_it && in_scope(change, freeze)
}

fn in_scope(change: &Kept<Change>, freeze: &Kept<Freeze>) -> bool {
    let FreezeScope {
        councils,
        services,
        categories,
    } = &freeze.stands.declared.scope;
    let requested = &change.stands.requested;
    let meets = |wanted: &BTreeSet<Code>, found: &BTreeSet<Code>| {
        wanted.is_empty() || !wanted.is_disjoint(found)
    };
    let held = councils_of(freeze, councils);
    let touched = councils_of(change, &requested.councils);
    let councils_meet = match (held, touched) {
        (Some(held), Some(touched)) => !held.is_disjoint(&touched),
        _ => true,
    };
    councils_meet
        && (categories.is_empty() || categories.contains(&requested.category))
        && meets(services, &requested.services)
}

/// Whether an exemption was granted in time: before the change's implementation began or, where it
/// was under way, before the freeze did.
pub fn is_exempt(change: &Kept<Change>, freeze: &Kept<Freeze>) -> bool {
    let Some(started) = change.stands.started else {
        return false;
    };
    let in_time = started.max(freeze.stands.declared.from);
    let exempted = freeze.stands.exempted.iter();
    exempted
        .filter(|(granted, _)| *granted <= in_time)
        .any(|(_, exempted)| match &exempted.exempt {
            Exempt::Project(project) => change.stands.requested.project.as_ref() == Some(project),
            Exempt::Change(named) => named.id == change.id && named.log == change.log,
        })
}

/// The freezes that a change breached, looked at from `seen`.
pub fn breached<'a>(
    ledger: &'a Ledger,
    change: &'a Kept<Change>,
    seen: Timestamp,
) -> impl Iterator<Item = &'a Kept<Freeze>> {
    ledger
        .freezes
        .iter()
        .filter(move |freeze| is_frozen(change, freeze, seen) && !is_exempt(change, freeze))
}

/// The gates that were not open when a change's implementation began.
pub fn passed_unopened<'a>(
    ledger: &'a Ledger,
    change: &'a Kept<Change>,
) -> impl Iterator<Item = &'a Kept<Gate>> {
    ledger.gates.iter().filter(|gate| {
        let waits = change.stands.requested.project.as_ref() == Some(&gate.stands.set.project);
        let touched = councils_of(change, &change.stands.requested.councils);
        // A council's own gate holds back what touches that council.
        let reaches = match (gate.log.council(), touched) {
            (Some(council), Some(touched)) => touched.contains(council),
            _ => true,
        };
        let started = change.stands.started;
        waits && reaches && started.is_some_and(|started| gate.stands.holds_at(started))
    })
}
