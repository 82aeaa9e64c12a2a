//! Specifications of the life of an outage.

mod aftermath;
mod beginning;
mod corrections;
mod damage;
mod restoration;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::*;
use crate::decider::Decider;
use crate::imprecise::{Precision, Within};
use crate::names::{Code, LogName};
use crate::reference::{Reference, ReferenceKind};
use crate::testing::{given, given_time};
use crate::text::Text;

fn code(text: &str) -> Code {
    Code::new(text).unwrap()
}

fn codes(texts: &[&str]) -> BTreeSet<Code> {
    texts.iter().map(|text| code(text)).collect()
}

/// As many different codes as are asked for.
fn many(count: usize) -> BTreeSet<Code> {
    (0..count).map(|n| code(&format!("c{n}"))).collect()
}

fn text(words: &str) -> Text {
    Text::new(words).unwrap()
}

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Minutes after the first given fact.
fn at(minutes: i64) -> Timestamp {
    given_time(0) + SignedDuration::from_mins(minutes)
}

fn reference(kind: ReferenceKind) -> Reference {
    Reference {
        log: LogName::shared(),
        kind,
        id: Uuid::from_u128(7),
    }
}

fn maintenance() -> MaintenancePlanned {
    MaintenancePlanned {
        title: text("Storage firmware"),
        councils: codes(&["brent", "lewisham"]),
        services: codes(&["email"]),
        from: instant("2020-01-04T00:00:00Z"),
        to: instant("2020-01-04T04:00:00Z"),
        cancels_earlier: false,
    }
}

/// Something down since the outage began, and not restored.
fn down(service: &str, council: &str) -> Effect {
    Effect {
        service: code(service),
        council: code(council),
        severity: Severity::Down,
        from: None,
        to: None,
    }
}

/// Something down from and to so many minutes after the first given fact.
fn timed(service: &str, council: &str, from: Option<i64>, to: Option<i64>) -> Effect {
    Effect {
        from: from.map(at),
        to: to.map(at),
        ..down(service, council)
    }
}

fn hits(councils: &[&str], effects: &[Effect]) -> Declared {
    Declared {
        title: text("Power was lost"),
        summary: None,
        when: None,
        councils: codes(councils),
        critical: true,
        effects: effects.to_vec(),
    }
}

/// Of brent alone, in its own log.
fn of_brent(effects: &[Effect]) -> OutageFact {
    OutageFact::Declared(hits(&["brent"], effects))
}

/// Of brent and lewisham, in `shared`.
fn of_two(effects: &[Effect]) -> OutageFact {
    OutageFact::Declared(hits(&["brent", "lewisham"], effects))
}

/// Some day of January 2020, in which the given facts happen.
fn some_day_in_january() -> Within {
    Within {
        from: "2020-01-01".parse().unwrap(),
        to: "2020-01-31".parse().unwrap(),
        precision: Precision::Month,
    }
}

fn affected(effects: &[Effect]) -> OutageFact {
    OutageFact::Affected(Affected {
        effects: effects.to_vec(),
    })
}

fn widened(councils: &[&str], effects: &[Effect]) -> OutageFact {
    OutageFact::Widened(Widened {
        councils: codes(councils),
        effects: effects.to_vec(),
    })
}

fn narrowed(councils: &[&str]) -> OutageFact {
    OutageFact::Narrowed(Narrowed {
        councils: codes(councils),
    })
}

fn restored(service: &str, councils: &[&str]) -> OutageFact {
    OutageFact::ServiceRestored(ServiceRestored {
        service: code(service),
        councils: codes(councils),
    })
}

fn resolved() -> OutageFact {
    OutageFact::Resolved(Resolved {})
}

fn closed() -> OutageFact {
    OutageFact::Closed(Closed {})
}

fn users(percent: &str) -> OutageFact {
    OutageFact::UsersAffected(UsersAffected {
        percent: percent.parse().unwrap(),
    })
}

fn caused_by(party: Party, supplier: Option<&str>) -> OutageFact {
    OutageFact::CauseFound(CauseFound {
        component: code("core-network"),
        class: code("power"),
        party,
        supplier: supplier.map(code),
        summary: None,
    })
}

fn agreed(action: &str) -> OutageFact {
    OutageFact::ActionAgreed(ActionAgreed {
        action: code(action),
        text: text("Feed each device from two supplies"),
        owner: code("network-team"),
        due: "2020-03-31".parse().unwrap(),
    })
}

fn completed(action: &str) -> OutageFact {
    OutageFact::ActionCompleted(ActionCompleted {
        action: code(action),
    })
}

fn linked(kind: ReferenceKind) -> OutageFact {
    OutageFact::Linked(Linked {
        cause: reference(kind),
    })
}

fn recurred(kind: ReferenceKind) -> OutageFact {
    OutageFact::Recurred(Recurred {
        outage: reference(kind),
    })
}

fn escalated() -> OutageFact {
    OutageFact::Escalated(Escalated {
        supplier: code("carrier"),
        level: code("chief-executive"),
    })
}

fn reviewed() -> OutageFact {
    OutageFact::Reviewed(Reviewed {
        findings: text("Nobody had tested the second supply."),
    })
}

fn worked_around() -> OutageFact {
    OutageFact::WorkedAround(WorkedAround {
        workaround: text("Use web mail."),
    })
}

/// The state after facts that happened one after the other, an hour apart.
fn after(facts: &[OutageFact]) -> Outage {
    let numbered = facts.iter().enumerate();
    numbered
        .fold(None, |outage, (index, fact)| {
            OutageRules::evolve(outage, fact, given_time(index))
        })
        .unwrap()
}

/// A shortest life that leads to each status, with an action agreed as soon as may be.
fn life(status: Option<Status>) -> Vec<OutageFact> {
    let open = vec![of_two(&[down("email", "brent")]), agreed("first")];
    let with = |more: &[OutageFact]| [open.as_slice(), more].concat();
    match status {
        None => Vec::new(),
        Some(Status::Planned) => vec![OutageFact::MaintenancePlanned(maintenance())],
        Some(Status::Open) => open,
        Some(Status::Resolved) => with(&[resolved()]),
        Some(Status::Closed) => with(&[resolved(), closed()]),
        Some(Status::Cancelled) => vec![OutageFact::MaintenancePlanned(maintenance()), cancelled()],
    }
}

/// A fact, and what becomes of it where nothing is recorded and in each status in order: nothing
/// where it is recorded.
type Row = (OutageFact, [Option<Refusal>; 6]);

fn cancelled() -> OutageFact {
    OutageFact::MaintenanceCancelled(MaintenanceCancelled { reason: None })
}

/// Maintenance that is cancelled was so at its second fact.
fn was_cancelled() -> Option<Refusal> {
    Some(Refusal::MaintenanceCancelled { at: given_time(1) })
}

fn undeclared() -> Option<Refusal> {
    Some(Refusal::NotDeclared)
}

fn unresolved() -> Option<Refusal> {
    Some(Refusal::NotResolved)
}

/// An outage that is closed was so at its fourth fact.
fn was_closed() -> Option<Refusal> {
    Some(Refusal::AlreadyClosed { at: given_time(3) })
}

/// The facts that move an outage on.
fn steps() -> [Row; 5] {
    let late_notice = |status| Some(Refusal::NoticeAfterBegin { status });
    let declared = || Some(Refusal::AlreadyDeclared { at: given_time(0) });
    let was_resolved = || Some(Refusal::AlreadyResolved { at: given_time(2) });
    let begun = [Status::Open, Status::Resolved, Status::Closed];
    let [open, over, done] = begun.map(late_notice);
    let nothing_to_cancel = |status| Some(Refusal::NothingToCancel { status });
    let [not_open, not_over, not_done] = begun.map(nothing_to_cancel);
    [
        (
            OutageFact::MaintenancePlanned(maintenance()),
            [None, None, open, over, done, was_cancelled()],
        ),
        (
            cancelled(),
            [
                Some(Refusal::NotPlanned),
                None,
                not_open,
                not_over,
                not_done,
                was_cancelled(),
            ],
        ),
        (
            of_two(&[]),
            [
                None,
                None,
                declared(),
                declared(),
                declared(),
                was_cancelled(),
            ],
        ),
        (
            resolved(),
            [
                undeclared(),
                undeclared(),
                None,
                was_resolved(),
                was_resolved(),
                was_cancelled(),
            ],
        ),
        (
            closed(),
            [
                undeclared(),
                undeclared(),
                unresolved(),
                None,
                was_closed(),
                was_cancelled(),
            ],
        ),
    ]
}

/// The facts that leave it where it is.
fn statements() -> Vec<Row> {
    let over = |status| Some(Refusal::Over { status });
    let of_an_open_one = [
        widened(&["southwark"], &[]),
        narrowed(&["lewisham"]),
        affected(&[down("telephony", "brent")]),
        users("40"),
        worked_around(),
        restored("email", &[]),
    ]
    .map(|fact| {
        let [after, later] = [Status::Resolved, Status::Closed].map(over);
        let verdicts = [
            undeclared(),
            undeclared(),
            None,
            after,
            later,
            was_cancelled(),
        ];
        (fact, verdicts)
    });
    let until_closed = [caused_by(Party::Own, None), agreed("second"), escalated()].map(|fact| {
        let after = [None, None, was_closed(), was_cancelled()];
        let [open, over, done, called_off] = after;
        (
            fact,
            [undeclared(), undeclared(), open, over, done, called_off],
        )
    });
    let ever_after = [completed("first"), linked(ReferenceKind::Change)].map(|fact| {
        (
            fact,
            [
                undeclared(),
                undeclared(),
                None,
                None,
                None,
                was_cancelled(),
            ],
        )
    });
    let once_resolved = [reviewed(), recurred(ReferenceKind::Outage)].map(|fact| {
        let before = [undeclared(), undeclared(), unresolved()];
        let [none, planned, open] = before;
        (fact, [none, planned, open, None, None, was_cancelled()])
    });
    let all = of_an_open_one.into_iter().chain(until_closed);
    all.chain(ever_after).chain(once_resolved).collect()
}

#[test]
fn each_status_takes_exactly_the_facts_that_are_in_time() {
    let table: Vec<Row> = steps().into_iter().chain(statements()).collect();
    assert_eq!(table.len(), 18, "each kind of fact once");
    let statuses = [None].into_iter().chain(Status::ALL.map(Some));
    for (index, status) in statuses.enumerate() {
        for (fact, verdicts) in &table {
            let outcome = given::<OutageRules>(life(status))
                .in_log("shared")
                .when(fact.clone());
            match &verdicts[index] {
                None => outcome.then_recorded(),
                Some(refusal) => outcome.then_refused(refusal.clone()),
            }
        }
    }
}

#[test]
fn a_life_leads_to_its_status() {
    for status in Status::ALL {
        assert_eq!(after(&life(Some(status))).status(), status);
    }
}

#[test]
fn a_refusal_says_what_was_found_and_what_to_do() {
    for (refusal, says) in [
        (
            Refusal::NotDeclared,
            "this outage was not declared by then: declare it first, or give a later time",
        ),
        (
            Refusal::NotHit {
                councils: codes(&["southwark"]),
                hit: codes(&["brent", "lewisham"]),
            },
            "it does not hit southwark; it hits brent, lewisham",
        ),
        (
            Refusal::NotAShare {
                percent: "100.5".parse().unwrap(),
            },
            "100.5 % of users is not a share: give 0 to 100",
        ),
        (
            Refusal::NotAgreed {
                action: code("first"),
                agreed: BTreeSet::new(),
            },
            "no action first is agreed; agreed are none",
        ),
        (
            Refusal::WhenUnsound {
                within: Within {
                    precision: Precision::Day,
                    ..some_day_in_january()
                },
            },
            "2020-01-01 to 2020-01-31 cannot be: a day is given by itself as the first and the last one",
        ),
        (
            Refusal::NotAnOutage {
                found: ReferenceKind::Ticket,
            },
            "what recurs is an outage, not a ticket",
        ),
    ] {
        assert_eq!(refusal.to_string(), says);
    }
}
