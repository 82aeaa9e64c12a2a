//! Changes beside freezes and gates, findings, and incidents that changes caused, told as stories.

use std::collections::BTreeSet;

use townclerk_domain::change::{
    Assessed, Authorised, Caused, ChangeFact, ChangeRules, ChangeType, Closed, Implemented,
    Outcome, Requested, Reviewed, Risk, Scheduled, Started,
};
use townclerk_domain::freeze::{
    ChangeReference, Exempt, FreezeDeclared, FreezeExempted, FreezeFact, FreezeRules, FreezeScope,
};
use townclerk_domain::gate::{GateFact, GateRequirementMet, GateRules, GateSet, Requirement};
use townclerk_domain::identity::{AggregateId, AggregateKind};
use townclerk_domain::outage::{OutageFact, Resolved};
use townclerk_domain::reference::{Reference, ReferenceKind};
use townclerk_domain::ticket::{Linked, Priority, TicketFact, TicketKind, TicketRules, UserClass};
use uuid::Uuid;

use super::families::{EVERYTHING, aggregate, declares, of, outage, shown, text};
use super::history::{History, code, folded, log, read};
use crate::basis::Basis;
use crate::dimension::Dimension;
use crate::findings::{Finding, FindingKind, findings};
use crate::measure::Measure;

/// One in the shared log touches two councils.
fn requested_in(name: &str, project: Option<&str>) -> ChangeFact {
    let mut asked = requested(project);
    if let ("shared", ChangeFact::Requested(change)) = (name, &mut asked) {
        change.councils = [code("brent"), code("lewisham")].into();
    }
    asked
}

fn requested(project: Option<&str>) -> ChangeFact {
    ChangeFact::Requested(Requested {
        change_type: ChangeType::Standard,
        title: text("A new link"),
        category: code("new-project"),
        project: project.map(code),
        services: BTreeSet::new(),
        councils: BTreeSet::new(),
    })
}

/// A standard change from its request to its end, an hour for each step.
pub fn changes(history: &mut History, name: &str, number: u128, day: &str, project: Option<&str>) {
    let id = aggregate(AggregateKind::Change, number);
    let facts = [
        requested_in(name, project),
        ChangeFact::Scheduled(Scheduled {
            from: format!("{day}T10:00:00Z").parse().unwrap(),
            to: format!("{day}T11:00:00Z").parse().unwrap(),
        }),
        ChangeFact::Started(Started {}),
        ChangeFact::Implemented(Implemented {}),
        ChangeFact::Reviewed(Reviewed { findings: None }),
        ChangeFact::Closed(Closed {
            outcome: Outcome::BackedOut,
        }),
    ];
    for (hour, fact) in (8..).zip(facts) {
        let at = format!("{day}T{hour:02}:00:00Z");
        history.tell::<ChangeRules>(name, id, &at, fact);
    }
}

fn freeze(history: &mut History, number: u128, from: &str) -> AggregateId {
    let id = aggregate(AggregateKind::Freeze, number);
    let declared = FreezeFact::FreezeDeclared(FreezeDeclared {
        title: text("Until the service is stable"),
        scope: FreezeScope {
            categories: [code("new-project")].into(),
            ..FreezeScope::default()
        },
        from: from.parse().unwrap(),
        to: None,
        until: Some(text("The service is stable.")),
    });
    history.tell::<FreezeRules>("shared", id, from, declared);
    id
}

pub fn found(history: &History, scope: &str) -> Vec<Finding> {
    let rows = folded(&history.all(), &[]);
    let scope = scope.parse().unwrap();
    read(history, &rows, |reading| {
        findings(reading, &scope, Basis::default()).unwrap()
    })
}

fn kinds(history: &History, scope: &str) -> Vec<FindingKind> {
    let found = found(history, scope).into_iter();
    found.map(|finding| finding.kind).collect()
}

#[test]
fn a_change_in_a_freeze_is_a_finding_unless_it_is_exempt() {
    let mut history = History::covering(&EVERYTHING);
    let id = freeze(&mut history, 1, "2019-02-01T00:00:00Z");
    let exempted = FreezeFact::FreezeExempted(FreezeExempted {
        exempt: Exempt::Project(code("phase-2")),
        reason: text("It has people of its own."),
    });
    history.tell::<FreezeRules>("shared", id, "2019-02-02T00:00:00Z", exempted);
    changes(&mut history, "brent", 1, "2019-01-20", None);
    changes(&mut history, "brent", 2, "2019-02-20", Some("phase-2"));
    let frozen = Measure::ChangesInFreezeWithoutExemption;
    let in_freeze = of("joint", frozen, "2019-02", &[]);
    assert_eq!(shown(&history, &in_freeze), "0");
    assert_eq!(kinds(&history, "joint"), []);
    changes(&mut history, "brent", 3, "2019-02-21", None);
    assert_eq!(shown(&history, &in_freeze), "1");
    assert_eq!(
        shown(&history, &of("lewisham", frozen, "2019-02", &[])),
        "0"
    );
    let findings = found(&history, "brent");
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].kind, FindingKind::ChangeInFreeze);
    // Who and when: the event with which its implementation began.
    assert_eq!(findings[0].at.to_string(), "2019-02-21T10:00:00Z");
    let event = &history.logs[&log("brent")][usize::try_from(findings[0].sequence).unwrap() - 1];
    assert_eq!(event.aggregate, aggregate(AggregateKind::Change, 3));
    assert_eq!(kinds(&history, "lewisham"), []);
    // By its outcome it is counted like any other.
    let closed = of(
        "brent",
        Measure::ChangesClosed,
        "2019-02",
        &[(Dimension::Outcome, "backed-out")],
    );
    assert_eq!(shown(&history, &closed), "2");
}

#[test]
fn a_change_behind_a_gate_is_a_finding_until_the_gate_is_open() {
    let mut history = History::covering(&EVERYTHING);
    let id = aggregate(AggregateKind::Gate, 1);
    let requires = ["lessons", "remedies"].map(|name| Requirement {
        code: code(name),
        text: text("All of them."),
    });
    let set = GateFact::GateSet(GateSet {
        title: text("Telephony waits"),
        project: code("telephony"),
        requires: requires.to_vec(),
    });
    history.tell::<GateRules>("shared", id, "2019-02-01T00:00:00Z", set);
    let met = |requirement| {
        GateFact::GateRequirementMet(GateRequirementMet {
            requirement: code(requirement),
        })
    };
    history.tell::<GateRules>("shared", id, "2019-02-02T00:00:00Z", met("lessons"));
    changes(&mut history, "brent", 1, "2019-02-20", Some("telephony"));
    let findings = found(&history, "joint");
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].kind, FindingKind::ChangeBehindGate);
    assert!(
        findings[0].detail.contains("waits for remedies"),
        "{findings:?}"
    );
    history.tell::<GateRules>("shared", id, "2019-03-02T00:00:00Z", met("remedies"));
    changes(&mut history, "brent", 2, "2019-03-20", Some("telephony"));
    assert_eq!(kinds(&history, "joint").len(), 1);
}

#[test]
fn exemptions_of_nothing_overlapping_freezes_and_links_to_nothing_are_findings() {
    let mut history = History::covering(&EVERYTHING);
    let id = freeze(&mut history, 1, "2019-02-01T00:00:00Z");
    let nothing = Exempt::Change(ChangeReference {
        log: log("brent"),
        id: Uuid::from_u128(77),
    });
    let exempted = FreezeFact::FreezeExempted(FreezeExempted {
        exempt: nothing,
        reason: text("It must go ahead."),
    });
    history.tell::<FreezeRules>("shared", id, "2019-02-02T00:00:00Z", exempted);
    freeze(&mut history, 2, "2019-02-03T00:00:00Z");
    let dangling = |number| Reference {
        log: log("brent"),
        kind: ReferenceKind::Outage,
        id: Uuid::from_u128(number),
    };
    let ticket = aggregate(AggregateKind::Ticket, 5);
    history.tell::<TicketRules>("brent", ticket, "2019-02-04T00:00:00Z", incident());
    let linked = TicketFact::Linked(Linked { cause: dangling(9) });
    history.tell::<TicketRules>("brent", ticket, "2019-02-05T00:00:00Z", linked);
    let expected = [
        FindingKind::LinkToNothing,
        FindingKind::FreezesOverlap,
        FindingKind::ExemptionOfNothing,
    ];
    assert_eq!(kinds(&history, "joint"), expected);
    // Lewisham's view does not read Brent's log: what lies there is neither there nor missing.
    let mut without_brent = history.clone();
    without_brent.logs.remove(&log("brent"));
    assert_eq!(
        kinds(&without_brent, "lewisham"),
        [FindingKind::FreezesOverlap]
    );
    // Once the other side is recorded the finding goes.
    let at = "2019-02-06T00:00:00Z";
    declares(&mut history, "brent", 9, at, outage(&["brent"], Vec::new()));
    assert_eq!(kinds(&history, "joint"), expected[1..]);
}

pub fn incident() -> TicketFact {
    TicketFact::Logged(townclerk_domain::ticket::Logged {
        kind: TicketKind::Incident,
        priority: Priority::P1,
        user_class: UserClass::Standard,
        channel: townclerk_domain::ticket::Channel::Phone,
        service: code("email"),
        category: code("other"),
        directorate: None,
        sts: true,
        councils: BTreeSet::new(),
    })
}

#[test]
fn days_since_a_change_related_major_incident_follow_the_links() {
    let mut history = History::covering(&EVERYTHING);
    let days = of(
        "brent",
        Measure::DaysSinceChangeRelatedMajorIncident,
        "2019-03",
        &[],
    );
    let ticket = aggregate(AggregateKind::Ticket, 5);
    history.tell::<TicketRules>("brent", ticket, "2019-02-20T23:30:00Z", incident());
    changes(&mut history, "brent", 1, "2019-02-20", None);
    // Major, and nobody knows yet that a change caused it.
    assert_eq!(shown(&history, &days), "");
    declares(
        &mut history,
        "brent",
        9,
        "2019-02-20T23:00:00Z",
        outage(&["brent"], Vec::new()),
    );
    let outage = |number| Reference {
        log: log("brent"),
        kind: ReferenceKind::Outage,
        id: Uuid::from_u128(number),
    };
    let linked = TicketFact::Linked(Linked { cause: outage(9) });
    history.tell::<TicketRules>("brent", ticket, "2019-02-21T00:00:00Z", linked);
    assert_eq!(shown(&history, &days), "");
    let caused = ChangeFact::Caused(Caused { effect: outage(9) });
    let change = aggregate(AggregateKind::Change, 1);
    history.tell::<ChangeRules>("brent", change, "2019-02-22T00:00:00Z", caused);
    // From 20 February to 31 March.
    assert_eq!(shown(&history, &days), "39");
    assert_eq!(kinds(&history, "joint"), []);
}

#[test]
fn a_normal_change_is_assessed_before_it_is_authorised_and_still_open_in_no_figure() {
    let mut history = History::covering(&EVERYTHING);
    let id = aggregate(AggregateKind::Change, 1);
    let ChangeFact::Requested(standard) = requested(None) else {
        unreachable!()
    };
    let facts = [
        ChangeFact::Requested(Requested {
            change_type: ChangeType::Normal,
            ..standard
        }),
        ChangeFact::Assessed(Assessed {
            risk: Risk::High,
            impact: None,
        }),
        ChangeFact::Authorised(Authorised {
            authority: code("change-board"),
        }),
    ];
    for (hour, fact) in (8..).zip(facts) {
        let at = format!("2019-02-03T{hour:02}:00:00Z");
        history.tell::<ChangeRules>("brent", id, &at, fact);
    }
    let closed = of("brent", Measure::ChangesClosed, "2019-02", &[]);
    assert_eq!(shown(&history, &closed), "0");
    declares(
        &mut history,
        "brent",
        4,
        "2019-02-04T00:00:00Z",
        outage(&["brent"], Vec::new()),
    );
    declares(
        &mut history,
        "brent",
        4,
        "2019-02-05T00:00:00Z",
        OutageFact::Resolved(Resolved {}),
    );
    assert_eq!(
        shown(&history, &of("brent", Measure::Outages, "2019-02", &[])),
        "1"
    );
}

#[test]
fn a_change_that_was_cancelled_or_is_under_way_meets_no_freeze_to_come() {
    let mut history = History::covering(&EVERYTHING);
    for (number, ends) in [(1, true), (2, false)] {
        let id = aggregate(AggregateKind::Change, number);
        let facts = [
            requested(None),
            ChangeFact::Scheduled(Scheduled {
                from: "2019-01-10T10:00:00Z".parse().unwrap(),
                to: "2019-01-10T11:00:00Z".parse().unwrap(),
            }),
            ChangeFact::Started(Started {}),
        ];
        for (hour, fact) in (8..).zip(facts) {
            let at = format!("2019-01-10T{hour:02}:00:00Z");
            history.tell::<ChangeRules>("brent", id, &at, fact);
        }
        if ends {
            let cancelled = ChangeFact::Cancelled(townclerk_domain::change::Cancelled {
                reason: code("unnecessary"),
            });
            history.tell::<ChangeRules>("brent", id, "2019-01-10T12:00:00Z", cancelled);
        }
    }
    // Declared before it begins: what is under way has not reached it yet.
    let id = freeze(&mut history, 1, "2019-02-01T00:00:00Z");
    let frozen = Measure::ChangesInFreezeWithoutExemption;
    let january = |as_at: &str| crate::figures::Query {
        basis: Basis {
            as_at: Some(as_at.parse().unwrap()),
            known_at: None,
        },
        ..of("brent", frozen, "2019-01", &[])
    };
    assert_eq!(shown(&history, &january("2019-02-01T00:00:00Z")), "0");
    // A week later it is still under way, and in the freeze; the cancelled one never was.
    assert_eq!(shown(&history, &january("2019-02-08T00:00:00Z")), "1");
    // For what is under way an exemption is in time before the freeze begins.
    let exempted = FreezeFact::FreezeExempted(FreezeExempted {
        exempt: Exempt::Change(ChangeReference {
            log: log("brent"),
            id: Uuid::from_u128(2),
        }),
        reason: text("It cannot be left half done."),
    });
    history.tell::<FreezeRules>("shared", id, "2019-02-01T00:00:00Z", exempted);
    assert_eq!(shown(&history, &january("2019-02-08T00:00:00Z")), "0");
}

#[test]
fn a_ticket_that_only_the_change_names_is_found_and_counts() {
    let mut history = History::covering(&EVERYTHING);
    let ticket = aggregate(AggregateKind::Ticket, 5);
    history.tell::<TicketRules>("brent", ticket, "2019-02-20T09:30:00Z", incident());
    changes(&mut history, "brent", 1, "2019-02-20", None);
    let caused = ChangeFact::Caused(Caused {
        effect: Reference {
            log: log("brent"),
            kind: ReferenceKind::Ticket,
            id: ticket.id,
        },
    });
    let change = aggregate(AggregateKind::Change, 1);
    history.tell::<ChangeRules>("brent", change, "2019-02-22T00:00:00Z", caused);
    assert_eq!(kinds(&history, "joint"), []);
    let measure = Measure::DaysSinceChangeRelatedMajorIncident;
    assert_eq!(shown(&history, &of("brent", measure, "2019-02", &[])), "8");
    // Before it was known that the change had caused it nobody could say so.
    let before = crate::figures::Query {
        basis: Basis {
            as_at: Some("2019-03-01T00:00:00Z".parse().unwrap()),
            known_at: Some("2019-02-21T00:00:00Z".parse().unwrap()),
        },
        ..of("brent", measure, "2019-02", &[])
    };
    assert_eq!(shown(&history, &before), "");
}
