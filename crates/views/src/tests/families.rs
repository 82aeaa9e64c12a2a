//! Figures of outages and agreements, and of councils that leave, told as stories.

use townclerk_domain::availability::{
    AvailabilityAgreed, AvailabilityFact, AvailabilityRules, availability_of,
};
use townclerk_domain::coverage::{CoverageFact, CoverageRules, Selector};
use townclerk_domain::identity::{AggregateId, AggregateKind, Family};
use townclerk_domain::imprecise::{Precision, Within};
use townclerk_domain::outage::{
    CauseFound, Declared, Effect, MaintenancePlanned, OutageFact, OutageRules, Party, Severity,
};
use townclerk_domain::partnership::{
    Left, NoticeGiven, PartnershipFact, PartnershipRules, membership,
};
use townclerk_domain::service_time::ServiceTime;
use townclerk_domain::text::Text;
use townclerk_domain::ticket::TicketRules;
use uuid::Uuid;

use super::change_control::incident;
use super::history::{History, ask, code, folded, log, one};
use crate::basis::Basis;
use crate::dimension::Dimension;
use crate::figure::Figure;
use crate::figures::{Breakdown, Home, Query, additive_differences, additive_query};
use crate::measure::Measure;

pub const EVERYTHING: [Family; 4] = [
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

pub fn figure(history: &History, query: &Query) -> Figure {
    let mut figures = ask(history, &folded(&history.all(), &[]), query);
    assert_eq!(figures.len(), 1);
    figures.remove(0)
}

/// The value as it is shown; empty for none.
pub fn shown(history: &History, query: &Query) -> String {
    let value = figure(history, query).value;
    value.map(|value| value.0.to_string()).unwrap_or_default()
}

fn late() -> Basis {
    Basis {
        as_at: Some("2021-01-01T00:00:00Z".parse().unwrap()),
        known_at: None,
    }
}

pub fn of(scope: &str, measure: Measure, period: &str, fixed: &[(Dimension, &str)]) -> Query {
    let fixed = fixed.iter().map(|(d, value)| (*d, (*value).to_owned()));
    Query {
        breakdowns: vec![Breakdown {
            fixed: fixed.collect(),
            ..Breakdown::default()
        }],
        ..one(scope, measure, period, late())
    }
}

pub fn agrees(history: &mut History, council: &str, service: &str, from: &str) {
    let agreed = AvailabilityFact::AvailabilityAgreed(AvailabilityAgreed {
        service: code(service),
        service_time: ServiceTime::Always,
        target: "99".parse().unwrap(),
        notice_hours: 24,
        except_holidays: false,
        from: from.parse().unwrap(),
    });
    let id = availability_of(&log(council));
    history.tell::<AvailabilityRules>(council, id, "2019-01-02T00:00:00Z", agreed);
}

pub fn down(council: &str, from: &str, to: &str) -> Effect {
    Effect {
        service: code("email"),
        council: code(council),
        severity: Severity::Down,
        from: Some(from.parse().unwrap()),
        to: Some(to.parse().unwrap()),
    }
}

pub fn outage(councils: &[&str], effects: Vec<Effect>) -> OutageFact {
    OutageFact::Declared(Declared {
        title: text("Mail is down"),
        summary: None,
        when: None,
        councils: councils.iter().map(|council| code(council)).collect(),
        critical: true,
        effects,
    })
}

/// Notice of work on the mail of Brent.
pub fn announced(from: &str, to: &str, cancels_earlier: bool) -> OutageFact {
    OutageFact::MaintenancePlanned(MaintenancePlanned {
        title: text("Mail is moved"),
        councils: [code("brent")].into(),
        services: [code("email")].into(),
        from: from.parse().unwrap(),
        to: to.parse().unwrap(),
        cancels_earlier,
    })
}

pub fn declares(history: &mut History, name: &str, number: u128, at: &str, fact: OutageFact) {
    let id = aggregate(AggregateKind::Outage, number);
    // How long it lasted is known once it is over.
    if let OutageFact::Declared(declared) = &fact {
        let ends = declared.effects.iter().filter_map(|effect| effect.to);
        ends.for_each(|end| history.clock_reaches(end));
    }
    history.tell::<OutageRules>(name, id, at, fact);
}

pub const EMAIL: [(Dimension, &str); 1] = [(Dimension::Service, "email")];

/// Both outages together last from 10:00 to 13:00; each of them is recorded in another log.
pub fn overlapping() -> History {
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
        let planned = announced("2019-03-05T22:00:00Z", "2019-03-06T00:00:00Z", false);
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
    assert_eq!(shown(&history, &inside), "");
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
    // Its own figures go on, for anyone who reads them.
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

/// A third council, in a log of its own.
pub fn southwark_joins(history: &mut History, from: &str) {
    let id = membership(&code("southwark"));
    let joined = PartnershipFact::CouncilJoined(townclerk_domain::partnership::Joined {
        council: code("southwark"),
        name: "southwark".to_owned(),
        gss_code: None,
        from: from.parse().unwrap(),
    });
    let at = format!("{from}T00:00:00Z");
    history.tell::<PartnershipRules>("shared", id, &at, joined);
    for (number, family) in (500..).zip(EVERYTHING) {
        let declared = CoverageFact::CoverageDeclared(townclerk_domain::coverage::Declared {
            selector: Selector::whole(family),
            from: from.parse().unwrap(),
            through: Some("2029-12-31".parse().unwrap()),
        });
        let id = aggregate(AggregateKind::Coverage, number);
        history.tell::<CoverageRules>("southwark", id, &at, declared);
    }
}

fn southwark_leaves(history: &mut History, last_day: &str) {
    let id = membership(&code("southwark"));
    let last_day = last_day.parse().unwrap();
    let notice = PartnershipFact::NoticeGiven(NoticeGiven { last_day });
    history.tell::<PartnershipRules>("shared", id, "2019-01-10T10:00:00Z", notice);
    let left = PartnershipFact::CouncilLeft(Left { last_day });
    history.tell::<PartnershipRules>("shared", id, "2019-01-11T10:00:00Z", left);
}

#[test]
fn a_council_that_joins_is_needed_and_counted_from_that_day_on() {
    let mut history = History::covering(&EVERYTHING);
    for council in ["brent", "lewisham"] {
        agrees(&mut history, council, "email", "2019-01-01");
    }
    southwark_joins(&mut history, "2019-09-16");
    agrees(&mut history, "southwark", "email", "2019-09-16");
    let joint = |measure, period| figure(&history, &of("joint", measure, period, &EMAIL));
    let september = joint(Measure::Availability, "2019-09");
    // Half a month of the third one.
    assert_eq!(september.denominator, Some(43_200 * 2 + 43_200 / 2));
    assert!(!september.partial);
    // The months before need the members of those months only.
    let rolling = joint(Measure::AvailabilityRolling12, "2019-12");
    assert_eq!(rolling.value.unwrap().0.to_string(), "100.00");
    assert!(!rolling.partial);
    let logged = of("joint", Measure::TicketsLogged, "2019-07/2019-12", &[]);
    let logged = figure(&history, &logged);
    assert_eq!((logged.numerator, logged.partial), (Some(0), false));
}

#[test]
fn what_there_is_at_the_end_of_a_period_is_that_of_the_members_at_its_end() {
    let mut history = History::covering(&EVERYTHING);
    southwark_joins(&mut history, "2019-01-01");
    agrees(&mut history, "southwark", "email", "2019-01-01");
    for council in ["brent", "lewisham"] {
        agrees(&mut history, council, "email", "2019-01-01");
    }
    let id = aggregate(AggregateKind::Ticket, 1);
    history.tell::<TicketRules>("southwark", id, "2019-01-05T10:00:00Z", incident());
    southwark_leaves(&mut history, "2019-04-15");
    let open = |period| shown(&history, &of("joint", Measure::TicketsOpen, period, &[]));
    assert_eq!(open("2019-03"), "1");
    for period in [
        "2019-06",
        "19/20 Q1",
        "2019-01/2019-06",
        "2019-03-01/2019-06-30",
    ] {
        assert_eq!(open(period), "0", "{period}");
    }
    // Ranges of days go by month as all others do.
    let logged = |period| shown(&history, &of("joint", Measure::TicketsLogged, period, &[]));
    assert_eq!(logged("2019-01-01/2019-06-30"), "1");
    // Time after its leaving is neither up nor down.
    let april = figure(
        &history,
        &of("joint", Measure::Availability, "2019-04", &EMAIL),
    );
    assert_eq!(april.denominator, Some(43_200 * 2 + 43_200 / 2));
}

#[test]
fn a_month_of_which_a_part_was_agreed_is_not_judged() {
    let mut history = History::covering(&EVERYTHING);
    agrees(&mut history, "brent", "web", "2019-02-01");
    agrees(&mut history, "brent", "email", "2019-03-10");
    let lost = vec![down(
        "brent",
        "2019-03-15T00:00:00Z",
        "2019-03-20T00:00:00Z",
    )];
    let at = "2019-03-15T00:00:00Z";
    declares(&mut history, "brent", 1, at, outage(&["brent"], lost));
    let below = |period, of_service: &[(Dimension, &str)]| {
        shown(
            &history,
            &of("brent", Measure::MonthsBelowTarget, period, of_service),
        )
    };
    assert_eq!(below("2019-03", &[]), "0");
    // Nothing of the one service can be judged in March.
    assert_eq!(below("2019-03", &EMAIL), "");
    assert_eq!(below("2019-03/2019-04", &EMAIL), "0");
}

#[test]
fn parts_of_which_one_is_not_known_are_not_added_up() {
    let mut history = overlapping();
    agrees(&mut history, "lewisham", "email", "2019-02-01");
    agrees(&mut history, "lewisham", "web", "2019-02-01");
    let newest = Some("2019-06-01T00:00:00Z".parse().unwrap());
    let query = additive_query(townclerk_domain::names::Scope::Joint, newest);
    let figures = ask(&history, &folded(&history.all(), &[]), &query);
    assert!(figures.len() > 100);
    assert_eq!(additive_differences(&figures), Vec::<String>::new());
}
