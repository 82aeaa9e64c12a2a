//! Changes keep to the freezes and the gate, and are as mixed as they should be.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use townclerk_domain::amendment::Recordable;
use townclerk_domain::change::{Change, ChangeRules, ChangeType, Outcome, Status};
use townclerk_domain::event::Event;
use townclerk_domain::freeze::{Exempt, Freeze, FreezeRules};
use townclerk_domain::gate::GateRules;
use townclerk_domain::identity::AggregateKind;
use townclerk_domain::names::{Code, LogName};
use townclerk_domain::period::{Month, london_day};

use super::{EVENTS, instant, judged};

fn changes() -> Vec<(&'static LogName, Change)> {
    let states = judged::<ChangeRules>().states();
    states
        .filter_map(|(log, _, change)| Some((log, change?)))
        .collect()
}

fn freezes() -> Vec<(&'static LogName, Freeze)> {
    let states = judged::<FreezeRules>().states();
    states
        .filter_map(|(log, _, freeze)| Some((log, freeze?)))
        .collect()
}

/// Whether the change is of the freeze's scope.
fn is_held(freeze_log: &LogName, freeze: &Freeze, log: &LogName, change: &Change) -> bool {
    let scope = &freeze.declared.scope;
    let requested = &change.requested;
    let touches =
        |council: &Code| log.council() == Some(council) || requested.councils.contains(council);
    let councils_fit = match freeze_log.council() {
        Some(council) => touches(council),
        None => scope.councils.is_empty() || scope.councils.iter().any(touches),
    };
    councils_fit
        && (scope.services.is_empty() || !scope.services.is_disjoint(&requested.services))
        && (scope.categories.is_empty() || scope.categories.contains(&requested.category))
}

#[test]
fn no_change_is_made_in_a_freeze_without_an_exemption() {
    let mut exempt = 0;
    for (freeze_log, freeze) in freezes() {
        let (begins, ends) = (freeze.declared.from, freeze.ends().unwrap());
        for (log, change) in changes() {
            let Some(started) = change.started else {
                continue;
            };
            let implemented = change.implemented.unwrap_or(started);
            if !is_held(freeze_log, &freeze, log, &change)
                || implemented < begins
                || started >= ends
            {
                continue;
            }
            let project = change.requested.project.clone();
            let granted = freeze.exempted.iter().any(|(at, exempted)| {
                *at <= started
                    && matches!((&exempted.exempt, &project), (Exempt::Project(one), Some(other)) if one == other)
            });
            assert!(granted, "{log} {change:?}");
            exempt += 1;
        }
    }
    assert!(exempt >= 6, "{exempt}");
}

#[test]
fn no_change_of_a_project_starts_before_its_gate_is_open() {
    let (_, _, gate) = judged::<GateRules>().states().next().unwrap();
    let gate = gate.unwrap();
    let opened = gate.opened().unwrap();
    assert!(
        gate.met
            .values()
            .all(|met| *met > instant("2019-01-01T00:00:00Z"))
    );
    let of_project = changes()
        .into_iter()
        .filter(|(_, change)| change.requested.project.as_ref() == Some(&gate.set.project));
    let mut started = 0;
    for (_, change) in of_project {
        assert!(change.started.is_none_or(|at| at > opened), "{change:?}");
        started += usize::from(change.started.is_some());
    }
    assert!(started > 0);
}

#[test]
fn changes_are_as_mixed_as_they_should_be() {
    let changes = changes();
    let mut months: BTreeMap<Month, usize> = BTreeMap::new();
    for (_, change) in &changes {
        *months.entry(Month::of(change.requested_at)).or_default() += 1;
    }
    let usual = months
        .iter()
        .filter(|(month, _)| month.to_string().as_str() < "2020-08");
    for (month, changes) in usual {
        assert!((15..=42).contains(changes), "{month} {changes}");
    }
    let count = |wanted: &dyn Fn(&Change) -> bool| {
        changes.iter().filter(|(_, change)| wanted(change)).count()
    };
    let closed = count(&|change| change.closed.is_some());
    for outcome in Outcome::ALL {
        let ended = count(&|change| change.closed.is_some_and(|(_, one)| one == *outcome));
        assert!(ended > 5, "{outcome:?}");
        assert_eq!(ended > closed / 2, *outcome == Outcome::Successful);
    }
    for change_type in ChangeType::ALL {
        assert!(count(&|change| change.requested.change_type == *change_type) > 50);
    }
    assert!(count(&|change| change.status == Status::Cancelled) > 20);
    assert!(count(&|change| !change.caused.is_empty()) > 15);
    let amended = |wanted: &dyn Fn(&Event) -> bool| {
        EVENTS.iter().filter(|event| wanted(&event.event)).count()
    };
    assert_eq!(
        amended(&|event| matches!(event, Event::Change(Recordable::Voided(_)))),
        1
    );
    assert!(amended(&|event| matches!(event, Event::Change(Recordable::Corrected(_)))) > 5);
    let late = EVENTS.iter().filter(|event| {
        event.aggregate.kind == AggregateKind::Change
            && event.recorded.duration_since(event.happened) > SignedDuration::from_hours(12)
    });
    assert!(late.count() > 20);
}

#[test]
fn what_failed_has_a_day_for_its_review_and_some_reviews_came_late() {
    let failed = changes()
        .into_iter()
        .map(|(_, change)| change)
        .filter(|change| {
            matches!(
                change.closed,
                Some((_, Outcome::Unsuccessful | Outcome::BackedOut))
            )
        });
    let (mut all, mut late) = (0, 0);
    for change in failed {
        let [(_, due)] = &change.reviews_due[..] else {
            panic!("{:?} has no day, or two", change.requested.title);
        };
        all += 1;
        late += usize::from(london_day(change.reviewed.unwrap()) > due.by);
    }
    assert!((1..all / 2).contains(&late), "{late} of {all}");
}
