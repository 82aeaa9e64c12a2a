//! Who counts when: a joint figure is the sum of its days, each over the members of that day.

use townclerk_domain::change::{Caused, ChangeFact, ChangeRules};
use townclerk_domain::freeze::{FreezeDeclared, FreezeFact, FreezeRules, FreezeScope};
use townclerk_domain::identity::AggregateKind;
use townclerk_domain::imprecise::{Precision, Within};
use townclerk_domain::outage::{Declared, OutageFact};
use townclerk_domain::reference::{Reference, ReferenceKind};
use townclerk_domain::ticket::{Resolved, TicketFact, TicketRules};

use super::change_control::{changes, incident};
use super::failures::{fails_again, lasts, remedied};
use super::families::{
    EMAIL, EVERYTHING, aggregate, agrees, declares, down, figure, of, outage, shown,
    southwark_joins, text,
};
use super::history::{History, code, log};
use super::like_for_like::leaves;
use super::recovery::tested;
use crate::figure::Figure;
use crate::figures::{Breakdown, Query};
use crate::findings::FindingKind;
use crate::measure::Measure;

const JOINS: &str = "2019-06-15";
const LAST_DAY: &str = "2019-07-14";

fn logs(history: &mut History, name: &str, number: u128, day: &str) {
    let id = aggregate(AggregateKind::Ticket, number);
    let TicketFact::Logged(mut logged) = incident() else {
        unreachable!("an incident is logged");
    };
    if name == "shared" {
        logged.councils = [code("brent"), code("lewisham")].into();
    }
    let logged = TicketFact::Logged(logged);
    history.tell::<TicketRules>(name, id, &format!("{day}T08:00:00Z"), logged);
}

/// Southwark is a member from the middle of June to the middle of July.
fn southwark_for_a_month() -> History {
    let mut history = History::covering(&EVERYTHING);
    southwark_joins(&mut history, JOINS);
    leaves_later(&mut history);
    history
}

fn leaves_later(history: &mut History) {
    use townclerk_domain::partnership::{
        Left, NoticeGiven, PartnershipFact, PartnershipRules, membership,
    };
    let last_day = LAST_DAY.parse().unwrap();
    let id = membership(&code("southwark"));
    let notice = PartnershipFact::NoticeGiven(NoticeGiven { last_day });
    history.tell::<PartnershipRules>("shared", id, "2019-06-16T09:00:00Z", notice);
    let left = PartnershipFact::CouncilLeft(Left { last_day });
    history.tell::<PartnershipRules>("shared", id, "2019-06-17T09:00:00Z", left);
}

fn joint(history: &History, measure: Measure, period: &str) -> Figure {
    figure(history, &of("joint", measure, period, &[]))
}

fn number(history: &History, measure: Measure, period: &str) -> Option<i64> {
    joint(history, measure, period).numerator
}

/// From and to of each council that was a member for a part only.
fn parts(figure: &Figure) -> Vec<(String, String, String)> {
    let parts = figure.members.iter();
    parts
        .map(|part| {
            (
                part.council.to_string(),
                part.from.to_string(),
                part.to.to_string(),
            )
        })
        .collect()
}

#[test]
fn a_month_of_joining_or_leaving_is_the_sum_of_its_days() {
    let mut history = southwark_for_a_month();
    for (number, name, day) in [
        (1, "southwark", "2019-06-14"),
        (2, "southwark", "2019-06-15"),
        (3, "brent", "2019-06-05"),
        (4, "southwark", "2019-07-14"),
        (5, "southwark", "2019-07-15"),
        (6, "shared", "2019-06-05"),
    ] {
        logs(&mut history, name, number, day);
    }
    let logged = |period| number(&history, Measure::TicketsLogged, period);
    for (period, expected) in [
        ("2019-06-01/2019-06-14", 2),
        ("2019-06-15/2019-06-30", 1),
        ("2019-06-01/2019-06-30", 3),
        ("2019-06", 3),
        ("2019-07-01/2019-07-14", 1),
        ("2019-07-15/2019-07-31", 0),
        ("2019-07", 1),
        ("2019-06/2019-07", 4),
        ("19/20 Q2", 1),
        ("2019-06-14", 0),
        ("2019-06-15", 1),
        ("2019-07-14", 1),
        ("2019-07-15", 0),
    ] {
        assert_eq!(logged(period), Some(expected), "{period}");
        assert!(
            !joint(&history, Measure::TicketsLogged, period).partial,
            "{period}"
        );
    }
    // What there is on a day is that of the members of the day, whenever it came.
    let open = |period| number(&history, Measure::TicketsOpen, period);
    for (period, expected) in [
        ("2019-06-14", 2),
        ("2019-06-15", 4),
        ("2019-06", 4),
        ("2019-07-14", 5),
        ("2019-07-15", 2),
        ("2019-07", 2),
    ] {
        assert_eq!(open(period), Some(expected), "{period}");
    }
    let southwarks = |period| {
        let query = Query {
            breakdowns: vec![Breakdown {
                home: crate::figures::Home::Of(log("southwark")),
                ..Breakdown::default()
            }],
            ..of("joint", Measure::TicketsLogged, period, &[])
        };
        shown(&history, &query)
    };
    assert_eq!(["2019-06", "2019-07"].map(southwarks), ["1", "1"]);
}

#[test]
fn a_figure_names_who_was_a_member_for_a_part() {
    let history = southwark_for_a_month();
    let southwark =
        |from: &str, to: &str| vec![("southwark".to_owned(), from.to_owned(), to.to_owned())];
    for (measure, period, expected) in [
        (
            Measure::TicketsLogged,
            "2019-06",
            southwark(JOINS, "2019-06-30"),
        ),
        (
            Measure::TicketsOpen,
            "2019-07",
            southwark("2019-07-01", LAST_DAY),
        ),
        (
            Measure::Outages,
            "2019-01/2019-12",
            southwark(JOINS, LAST_DAY),
        ),
        (Measure::TicketsLogged, "2019-06-20/2019-06-25", Vec::new()),
        (Measure::TicketsLogged, "2019-05", Vec::new()),
        (Measure::TicketsLogged, "2019-08", Vec::new()),
    ] {
        assert_eq!(
            parts(&joint(&history, measure, period)),
            expected,
            "{measure} of {period}"
        );
    }
    // What looks back names who was a member for a part of what it looks at.
    let rolling = joint(&history, Measure::AvailabilityRolling12, "2019-12");
    assert_eq!(parts(&rolling), southwark(JOINS, LAST_DAY));
    let own = figure(
        &history,
        &of("brent", Measure::TicketsLogged, "2019-06", &[]),
    );
    assert_eq!(parts(&own), Vec::new());
}

#[test]
fn outages_count_while_a_council_that_they_hit_is_a_member() {
    let mut history = southwark_for_a_month();
    for (number, from, to) in [
        (1, "2019-06-14T10:00:00Z", "2019-06-14T11:00:00Z"),
        // Begun before it joined, resolved after.
        (2, "2019-06-14T22:00:00Z", "2019-06-15T10:00:00Z"),
        (3, "2019-07-14T10:00:00Z", "2019-07-14T10:30:00Z"),
        (4, "2019-07-20T10:00:00Z", "2019-07-20T12:00:00Z"),
    ] {
        lasts(&mut history, "southwark", number, from, to);
    }
    let restored = |period| {
        let figure = joint(&history, Measure::MeanTimeToRestore, period);
        figure.numerator.zip(figure.denominator)
    };
    for (period, outages, restoring) in [
        ("2019-06", 0, Some((720, 1))),
        ("2019-07", 1, Some((30, 1))),
        ("2019-06-01/2019-06-14", 0, None),
        ("2019-06-15/2019-07-14", 1, Some((750, 2))),
        ("2019-07-15/2019-07-31", 0, None),
    ] {
        assert_eq!(
            number(&history, Measure::Outages, period),
            Some(outages),
            "{period}"
        );
        assert_eq!(restored(period), restoring, "{period}");
    }
    // From 10:00 on the day of joining to 10:00 on the last day nothing had failed.
    let between = joint(
        &history,
        Measure::MeanTimeBetweenFailures,
        "2019-06/2019-07",
    );
    assert_eq!(
        (between.numerator, between.denominator),
        (Some(29 * 1_440), Some(1))
    );
}

#[test]
fn an_outage_of_unknown_day_counts_where_its_council_is_a_member_all_of_that_time() {
    let mut history = southwark_for_a_month();
    for (number, from, to) in [
        (1, "2019-06-01", "2019-06-30"),
        (2, "2019-06-20", "2019-06-21"),
    ] {
        let OutageFact::Declared(declared) = outage(&["southwark"], Vec::new()) else {
            unreachable!("an outage is declared");
        };
        let roughly = OutageFact::Declared(Declared {
            when: Some(Within {
                from: from.parse().unwrap(),
                to: to.parse().unwrap(),
                precision: Precision::Interval,
            }),
            ..declared
        });
        let at = format!("{from}T10:00:00Z");
        declares(&mut history, "southwark", number, &at, roughly);
    }
    assert_eq!(number(&history, Measure::Outages, "2019-06"), Some(1));
    let own = of("southwark", Measure::Outages, "2019-06-15/2019-06-30", &[]);
    assert_eq!(figure(&history, &own).numerator, Some(1));
}

#[test]
fn a_shared_outage_that_hits_nobody_who_is_a_member_is_restored_in_no_joint_figure() {
    let mut history = southwark_for_a_month();
    let (from, to) = ("2019-06-10T10:00:00Z", "2019-06-10T11:00:00Z");
    declares(
        &mut history,
        "shared",
        1,
        from,
        outage(&["southwark", "camden"], Vec::new()),
    );
    let resolved = OutageFact::Resolved(townclerk_domain::outage::Resolved {});
    declares(&mut history, "shared", 1, to, resolved);
    let restoring = Measure::MeanTimeToRestore;
    assert_eq!(number(&history, restoring, "2019-06"), None);
    // Its own figure does not follow membership; nor does what the shared log has.
    let shared = figure(&history, &of("shared", restoring, "2019-06", &[]));
    assert_eq!(shared.numerator, Some(60));
}

#[test]
fn downtime_counts_on_the_days_of_membership() {
    let mut history = southwark_for_a_month();
    for council in ["brent", "lewisham"] {
        agrees(&mut history, council, "email", "2019-01-01");
    }
    agrees(&mut history, "southwark", "email", JOINS);
    let effects = vec![down(
        "southwark",
        "2019-06-14T22:00:00Z",
        "2019-06-15T10:00:00Z",
    )];
    let long = outage(&["southwark"], effects);
    declares(&mut history, "southwark", 1, "2019-06-14T22:00:00Z", long);
    let minutes = |period| {
        let query = of("joint", Measure::DowntimeMinutes, period, &EMAIL);
        figure(&history, &query).numerator
    };
    // In London it joined at 23:00 UTC of the day before.
    assert_eq!(minutes("2019-06"), Some(660));
    assert_eq!(minutes("2019-06-01/2019-06-14"), Some(0));
    assert_eq!(minutes("2019-06-15/2019-06-30"), Some(660));
    // A month of which it was a member for a part is not judged of it.
    let below = |period| {
        figure(
            &history,
            &of("joint", Measure::MonthsBelowTarget, period, &EMAIL),
        )
    };
    assert_eq!(below("2019-06").numerator, Some(0));
}

#[test]
fn other_computed_figures_follow_the_members_of_the_day_too() {
    let mut history = southwark_for_a_month();
    for (number, day) in [(1, "2019-06-14"), (2, "2019-06-17"), (3, "2019-07-18")] {
        tested(&mut history, "southwark", number, day, [Some(15), Some(12)]);
        changes(&mut history, "southwark", number, day, None);
    }
    for (period, expected) in [("2019-06", 1), ("2019-07", 0), ("2019-06/2019-07", 1)] {
        for measure in [Measure::RecoveryTests, Measure::ChangesClosed] {
            assert_eq!(
                number(&history, measure, period),
                Some(expected),
                "{measure} of {period}"
            );
        }
        let rate = joint(&history, Measure::ChangeRelatedIncidentRate, period);
        assert_eq!(
            rate.denominator,
            (expected > 0).then_some(expected),
            "{period}"
        );
    }
}

/// What a council records after its last day stands behind no figure of the others either.
#[test]
fn what_happened_after_a_councils_last_day_bears_on_nothing() {
    let mut history = southwark_for_a_month();
    // Its freeze would hold the shared change, its incident is one that the change caused.
    let declared = FreezeFact::FreezeDeclared(FreezeDeclared {
        title: text("Nothing is changed"),
        scope: FreezeScope::default(),
        from: "2019-07-16T00:00:00Z".parse().unwrap(),
        to: None,
        until: Some(text("The service is stable.")),
    });
    let id = aggregate(AggregateKind::Freeze, 1);
    history.tell::<FreezeRules>("southwark", id, "2019-07-16T00:00:00Z", declared);
    changes(&mut history, "shared", 2, "2019-07-17", None);
    logs(&mut history, "southwark", 3, "2019-07-18");
    let effect = Reference {
        log: log("southwark"),
        kind: ReferenceKind::Ticket,
        id: aggregate(AggregateKind::Ticket, 3).id,
    };
    let caused = ChangeFact::Caused(Caused { effect });
    let change = aggregate(AggregateKind::Change, 2);
    history.tell::<ChangeRules>("shared", change, "2019-07-18T10:00:00Z", caused);
    assert_eq!(
        number(
            &history,
            Measure::ChangesInFreezeWithoutExemption,
            "2019-07"
        ),
        Some(0)
    );
    assert_eq!(
        number(&history, Measure::ChangeRelatedIncidentRate, "2019-07"),
        Some(0)
    );
    let days = Measure::DaysSinceChangeRelatedMajorIncident;
    assert_eq!(number(&history, days, "2019-07"), None);
    // While it is a member the same incident counts.
    let mut member = History::covering(&EVERYTHING);
    southwark_joins(&mut member, JOINS);
    changes(&mut member, "shared", 2, "2019-07-17", None);
    logs(&mut member, "southwark", 3, "2019-07-18");
    let effect = Reference {
        log: log("southwark"),
        kind: ReferenceKind::Ticket,
        id: aggregate(AggregateKind::Ticket, 3).id,
    };
    let caused = ChangeFact::Caused(Caused { effect });
    member.tell::<ChangeRules>("shared", change, "2019-07-18T10:00:00Z", caused);
    assert_eq!(number(&member, days, "2019-07"), Some(13));
}

#[test]
fn a_cause_recurs_only_from_an_outage_that_counted() {
    let recurred = |history: &History| number(history, Measure::OutagesRecurred, "2019-05");
    let mut history = remedied();
    fails_again(&mut history, "lewisham", 2, "2019-05-10", "hardware");
    assert_eq!(recurred(&history), Some(1));
    // Where Brent had left before its storage failed, nothing had failed among the members.
    leaves(&mut history, "brent", "2019-03-04");
    assert_eq!(recurred(&history), Some(0));
}

#[test]
fn what_names_no_member_and_what_goes_on_after_the_last_day_are_findings() {
    let mut history = southwark_for_a_month();
    let found = |history: &History, scope: &str| -> Vec<(FindingKind, String, u128)> {
        let findings = super::change_control::found(history, scope).into_iter();
        findings
            .map(|found| {
                (
                    found.kind,
                    found.log.to_string(),
                    found.aggregate.id.as_u128(),
                )
            })
            .collect()
    };
    // On its first and on its last day it is a member, and what is late on these days is in time.
    for (number, day) in [(1, JOINS), (2, LAST_DAY)] {
        logs(&mut history, "southwark", number, day);
        shares(&mut history, number + 10, day);
    }
    assert_eq!(found(&history, "joint"), []);
    shares(&mut history, 21, "2019-06-14");
    shares(&mut history, 22, "2019-07-15");
    logs(&mut history, "southwark", 23, "2019-07-15");
    let freeze = FreezeFact::FreezeDeclared(FreezeDeclared {
        title: text("Nothing is changed"),
        scope: FreezeScope {
            councils: [code("brent"), code("southwark")].into(),
            ..FreezeScope::default()
        },
        from: "2019-08-01T00:00:00Z".parse().unwrap(),
        to: None,
        until: Some(text("The service is stable.")),
    });
    let id = aggregate(AggregateKind::Freeze, 24);
    history.tell::<FreezeRules>("shared", id, "2019-07-16T00:00:00Z", freeze);
    let hit = outage(&["brent", "southwark"], Vec::new());
    declares(&mut history, "shared", 25, "2019-07-17T10:00:00Z", hit);
    changes(&mut history, "southwark", 26, "2019-07-18", None);
    let (names, after) = (FindingKind::NamesNoMember, FindingKind::AfterLastDay);
    let expected = [
        (after, "southwark", 26),
        (names, "shared", 25),
        (names, "shared", 24),
        (after, "southwark", 23),
        (names, "shared", 22),
        (names, "shared", 21),
    ];
    let expected = expected.map(|(kind, log, id)| (kind, log.to_owned(), id));
    assert_eq!(found(&history, "joint"), expected);
    let of_shared: Vec<_> = expected
        .iter()
        .filter(|of| of.1 == "shared")
        .cloned()
        .collect();
    assert_eq!(found(&history, "brent"), of_shared);
    // What goes on with a record from before: the ticket of the first day is resolved too late.
    let resolved = TicketFact::Resolved(Resolved { resolution: None });
    let ticket = aggregate(AggregateKind::Ticket, 1);
    history.tell::<TicketRules>("southwark", ticket, "2019-07-19T10:00:00Z", resolved);
    assert_eq!(
        found(&history, "southwark")[0],
        (after, "southwark".to_owned(), 1)
    );
}

/// A shared ticket that hits Southwark.
fn shares(history: &mut History, number: u128, day: &str) {
    let TicketFact::Logged(mut logged) = incident() else {
        unreachable!("an incident is logged");
    };
    logged.councils = [code("brent"), code("southwark")].into();
    let id = aggregate(AggregateKind::Ticket, number);
    let logged = TicketFact::Logged(logged);
    history.tell::<TicketRules>("shared", id, &format!("{day}T08:00:00Z"), logged);
}
