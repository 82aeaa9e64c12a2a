//! Figures and findings of changes, outages, posts and councils that leave, told as stories.

use std::collections::BTreeSet;

use townclerk_domain::availability::{
    AvailabilityAgreed, AvailabilityFact, AvailabilityRules, ServiceTime, availability_of,
};
use townclerk_domain::change::{
    Assessed, Authorised, Caused, ChangeFact, ChangeRules, ChangeType, Closed, Implemented,
    Outcome, Requested, Reviewed, Risk, Scheduled, Started,
};
use townclerk_domain::freeze::{
    ChangeReference, Exempt, FreezeDeclared, FreezeExempted, FreezeFact, FreezeRules, FreezeScope,
};
use townclerk_domain::gate::{GateFact, GateRequirementMet, GateRules, GateSet, Requirement};
use townclerk_domain::identity::{AggregateId, AggregateKind, Family};
use townclerk_domain::imprecise::{Precision, Within};
use townclerk_domain::outage::{
    CauseFound, Declared, Effect, MaintenancePlanned, OutageFact, OutageRules, Party, Resolved,
    Severity,
};
use townclerk_domain::partnership::{
    Left, NoticeGiven, PartnershipFact, PartnershipRules, membership,
};
use townclerk_domain::reference::{Reference, ReferenceKind};
use townclerk_domain::text::Text;
use townclerk_domain::ticket::{Linked, Priority, TicketFact, TicketKind, TicketRules, UserClass};
use uuid::Uuid;

use super::history::{History, ask, code, folded, log, one, read};
use crate::contributions::Basis;
use crate::dimension::Dimension;
use crate::figure::Figure;
use crate::figures::{Breakdown, Home, Query};
use crate::findings::{Finding, FindingKind, findings};
use crate::measure::Measure;

const EVERYTHING: [Family; 4] = [
    Family::Ticket,
    Family::Change,
    Family::Outage,
    Family::Restructure,
];

pub fn aggregate(kind: AggregateKind, number: u128) -> AggregateId {
    AggregateId {
        kind,
        id: Uuid::from_u128(number),
    }
}

pub fn text(text: &str) -> Text {
    Text::new(text).unwrap()
}

fn figure(history: &History, query: &Query) -> Figure {
    let mut figures = ask(history, &folded(&history.all(), &[]), query);
    assert_eq!(figures.len(), 1);
    figures.remove(0)
}

/// The value as it is shown; empty for none.
fn shown(history: &History, query: &Query) -> String {
    let value = figure(history, query).value;
    value.map(|value| value.0.to_string()).unwrap_or_default()
}

fn late() -> Basis {
    Basis {
        as_at: Some("2021-01-01T00:00:00Z".parse().unwrap()),
        known_at: None,
    }
}

fn of(scope: &str, measure: Measure, period: &str, fixed: &[(Dimension, &str)]) -> Query {
    let fixed = fixed.iter().map(|(d, value)| (*d, (*value).to_owned()));
    Query {
        breakdowns: vec![Breakdown {
            fixed: fixed.collect(),
            ..Breakdown::default()
        }],
        ..one(scope, measure, period, late())
    }
}

fn agrees(history: &mut History, council: &str, service: &str, from: &str) {
    let agreed = AvailabilityFact::AvailabilityAgreed(AvailabilityAgreed {
        service: code(service),
        service_time: ServiceTime::Always,
        target: "99".parse().unwrap(),
        notice_hours: 24,
        from: from.parse().unwrap(),
    });
    let id = availability_of(&log(council));
    history.tell::<AvailabilityRules>(council, id, "2019-01-02T00:00:00Z", agreed);
}

fn down(council: &str, from: &str, to: &str) -> Effect {
    Effect {
        service: code("email"),
        council: code(council),
        severity: Severity::Down,
        from: Some(from.parse().unwrap()),
        to: Some(to.parse().unwrap()),
    }
}

fn outage(councils: &[&str], effects: Vec<Effect>) -> OutageFact {
    OutageFact::Declared(Declared {
        title: text("Mail is down"),
        summary: None,
        when: None,
        councils: councils.iter().map(|council| code(council)).collect(),
        critical: true,
        effects,
    })
}

fn declares(history: &mut History, name: &str, number: u128, at: &str, fact: OutageFact) {
    let id = aggregate(AggregateKind::Outage, number);
    history.tell::<OutageRules>(name, id, at, fact);
}

const EMAIL: [(Dimension, &str); 1] = [(Dimension::Service, "email")];

/// Both outages together last from 10:00 to 13:00; each of them is recorded in another log.
fn overlapping() -> History {
    let mut history = History::covering(&EVERYTHING);
    agrees(&mut history, "brent", "email", "2019-02-01");
    let own = down("brent", "2019-03-05T10:00:00Z", "2019-03-05T12:00:00Z");
    let at = "2019-03-05T10:00:00Z";
    declares(&mut history, "brent", 1, at, outage(&["brent"], vec![own]));
    let shared = vec![
        down("brent", "2019-03-05T11:00:00Z", "2019-03-05T13:00:00Z"),
        down("lewisham", "2019-03-05T11:00:00Z", "2019-03-05T13:00:00Z"),
    ];
    let both = outage(&["brent", "lewisham"], shared);
    declares(&mut history, "shared", 2, "2019-03-05T11:00:00Z", both);
    history
}

#[test]
fn overlapping_outages_of_both_logs_count_once() {
    let history = overlapping();
    let minutes = of("brent", Measure::DowntimeMinutes, "2019-03", &EMAIL);
    assert_eq!(shown(&history, &minutes), "180");
    let available = figure(
        &history,
        &of("brent", Measure::Availability, "2019-03", &EMAIL),
    );
    // March has an hour less.
    assert_eq!(available.denominator, Some(44_580));
    assert_eq!(available.numerator, Some(44_400));
    assert_eq!(available.value.unwrap().0.to_string(), "99.60");
    assert_eq!(available.clock, Some("agreed service time, Europe/London"));
}

#[test]
fn without_an_agreement_there_is_no_availability_and_the_council_is_named() {
    let history = overlapping();
    let before = figure(
        &history,
        &of("brent", Measure::Availability, "2019-01", &EMAIL),
    );
    assert!(before.value.is_none());
    assert!(before.covered[&log("brent")].is_none());
    assert!(before.covered[&log("shared")].is_some());
    // Lewisham is a member and agreed on nothing: for all councils together there is no value.
    let joint = figure(
        &history,
        &of("joint", Measure::Availability, "2019-03", &EMAIL),
    );
    assert!(joint.value.is_none());
    assert!(joint.covered[&log("lewisham")].is_none());
    let mut agreed = overlapping();
    agrees(&mut agreed, "lewisham", "email", "2019-02-01");
    let joint = figure(
        &agreed,
        &of("joint", Measure::DowntimeMinutes, "2019-03", &EMAIL),
    );
    assert_eq!(joint.numerator, Some(180 + 120));
}

#[test]
fn maintenance_is_excused_for_the_time_that_notice_was_given_of_in_time() {
    for (noticed, minutes) in [
        ("2019-03-03T22:00:00Z", "30"),
        ("2019-03-04T22:30:00Z", "150"),
    ] {
        let mut history = History::covering(&EVERYTHING);
        agrees(&mut history, "brent", "email", "2019-02-01");
        let planned = OutageFact::MaintenancePlanned(MaintenancePlanned {
            title: text("Mail is moved"),
            councils: [code("brent")].into(),
            services: [code("email")].into(),
            from: "2019-03-05T22:00:00Z".parse().unwrap(),
            to: "2019-03-06T00:00:00Z".parse().unwrap(),
        });
        declares(&mut history, "brent", 1, noticed, planned);
        // It took half an hour longer than planned.
        let took = down("brent", "2019-03-05T22:00:00Z", "2019-03-06T00:30:00Z");
        let begun = outage(&["brent"], vec![took]);
        declares(&mut history, "brent", 1, "2019-03-05T22:00:00Z", begun);
        let query = of("brent", Measure::DowntimeMinutes, "2019-03", &EMAIL);
        assert_eq!(shown(&history, &query), minutes, "noticed {noticed}");
        // Planned maintenance is no outage.
        let outages = of("brent", Measure::Outages, "2019-03", &[]);
        assert_eq!(shown(&history, &outages), "0");
    }
}

#[test]
fn rolling_twelve_months_need_all_of_them_and_are_a_mean_of_unrounded_months() {
    let mut history = overlapping();
    let rolling = |period| of("brent", Measure::AvailabilityRolling12, period, &EMAIL);
    assert_eq!(shown(&history, &rolling("2020-01")), "99.97");
    assert_eq!(shown(&history, &rolling("2019-12")), "");
    // A bad February: 29 days of which 10 are lost.
    let lost = down("brent", "2020-02-01T00:00:00Z", "2020-02-11T00:00:00Z");
    declares(
        &mut history,
        "brent",
        3,
        "2020-02-01T00:00:00Z",
        outage(&["brent"], vec![lost]),
    );
    let mean = figure(&history, &rolling("2020-02"));
    assert_eq!(mean.value.unwrap().0.to_string(), "97.09");
    let by_time = Measure::AvailabilityRolling12TimeWeighted;
    let by_time = of("brent", by_time, "2020-02", &EMAIL);
    assert_eq!(shown(&history, &by_time), "97.23");
}

#[test]
fn months_below_target_are_counted_once_over_and_runs_are_consecutive() {
    let mut history = History::covering(&EVERYTHING);
    agrees(&mut history, "brent", "email", "2019-02-01");
    for (number, day) in [(1, "2019-03-05"), (2, "2019-04-05"), (3, "2019-06-05")] {
        let (from, to) = (format!("{day}T00:00:00Z"), format!("{day}T10:00:00Z"));
        let lost = vec![down("brent", &from, &to)];
        declares(
            &mut history,
            "brent",
            number,
            &from,
            outage(&["brent"], lost),
        );
    }
    let below = |period| of("brent", Measure::MonthsBelowTarget, period, &EMAIL);
    assert_eq!(shown(&history, &below("2019-02/2019-07")), "3");
    assert_eq!(shown(&history, &below("2019-04")), "1");
    let run = of(
        "brent",
        Measure::LongestRunBelowTarget,
        "2019-02/2019-07",
        &EMAIL,
    );
    assert_eq!(shown(&history, &run), "2");
    // In the middle of June the month is not over, and not judged.
    let inside = Query {
        basis: Basis {
            as_at: Some("2019-06-15T00:00:00Z".parse().unwrap()),
            known_at: None,
        },
        ..below("2019-06")
    };
    let inside = figure(&history, &inside);
    assert_eq!((inside.numerator, inside.partial), (Some(0), true));
}

#[test]
fn an_outage_of_unknown_day_counts_where_all_of_its_time_lies() {
    let mut history = History::covering(&EVERYTHING);
    let sometime = OutageFact::Declared(Declared {
        title: text("Storage was lost"),
        summary: None,
        when: Some(Within {
            from: "2019-02-20".parse().unwrap(),
            to: "2019-04-10".parse().unwrap(),
            precision: Precision::Interval,
        }),
        councils: [code("brent")].into(),
        critical: false,
        effects: Vec::new(),
    });
    declares(&mut history, "brent", 1, "2019-02-20T00:00:00Z", sometime);
    let cause = OutageFact::CauseFound(CauseFound {
        component: code("storage"),
        class: code("hardware"),
        party: Party::Own,
        supplier: None,
        summary: None,
    });
    let count = |history: &History, period, component| {
        let component = [(Dimension::Component, component)];
        shown(history, &of("brent", Measure::Outages, period, &component))
    };
    assert_eq!(count(&history, "2019-02-20/2019-04-10", "unknown"), "1");
    declares(&mut history, "brent", 1, "2019-04-11T00:00:00Z", cause);
    assert_eq!(count(&history, "2019-02-20/2019-04-10", "storage"), "1");
    assert_eq!(count(&history, "2019-02/2019-04", "storage"), "1");
    assert_eq!(count(&history, "2019-02", "storage"), "0");
    assert_eq!(count(&history, "2019-02-21/2019-04-10", "storage"), "0");
    assert_eq!(count(&history, "2019-02-20/2019-04-10", "unknown"), "0");
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
fn changes(history: &mut History, name: &str, number: u128, day: &str, project: Option<&str>) {
    let id = aggregate(AggregateKind::Change, number);
    let facts = [
        requested(project),
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

fn found(history: &History, scope: &str) -> Vec<Finding> {
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

fn incident() -> TicketFact {
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
fn a_council_that_left_counts_while_it_was_a_member() {
    let mut history = History::covering(&EVERYTHING);
    for (name, number) in [("brent", 1), ("lewisham", 2)] {
        let id = aggregate(AggregateKind::Ticket, number);
        history.tell::<TicketRules>(name, id, "2019-03-10T10:00:00Z", incident());
        let id = aggregate(AggregateKind::Ticket, number + 10);
        history.tell::<TicketRules>(name, id, "2019-05-10T10:00:00Z", incident());
    }
    let id = membership(&code("lewisham"));
    let last_day = "2019-03-31".parse().unwrap();
    let notice = PartnershipFact::NoticeGiven(NoticeGiven { last_day });
    history.tell::<PartnershipRules>("shared", id, "2019-01-10T10:00:00Z", notice);
    let left = PartnershipFact::CouncilLeft(Left { last_day });
    history.tell::<PartnershipRules>("shared", id, "2019-04-01T10:00:00Z", left);
    let logged = |period| of("joint", Measure::TicketsLogged, period, &[]);
    assert_eq!(shown(&history, &logged("2019-03")), "2");
    assert_eq!(shown(&history, &logged("2019-05")), "1");
    let half = figure(&history, &logged("2019-01/2019-06"));
    assert_eq!((half.numerator, half.partial), (Some(3), false));
    assert!(half.covered.contains_key(&log("lewisham")));
    // Its own figures go on, for whoever reads them.
    let own = of("lewisham", Measure::TicketsLogged, "2019-05", &[]);
    assert_eq!(shown(&history, &own), "1");
}

#[test]
fn a_breakdown_that_a_measure_does_not_have_gives_no_figure() {
    let history = overlapping();
    let none = Query {
        breakdowns: vec![Breakdown {
            split: vec![Dimension::Priority],
            ..Breakdown::default()
        }],
        ..of("brent", Measure::Availability, "2019-03", &[])
    };
    let rows = folded(&history.all(), &[]);
    assert!(ask(&history, &rows, &none).is_empty());
    let by_home = Query {
        breakdowns: vec![Breakdown {
            home: Home::Split,
            ..Breakdown::default()
        }],
        ..of("brent", Measure::Outages, "2019-03", &[])
    };
    let outages = ask(&history, &rows, &by_home);
    let values: Vec<_> = outages.iter().map(|figure| figure.numerator).collect();
    assert_eq!(values, [Some(1), Some(1)]);
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
