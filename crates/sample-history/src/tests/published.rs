//! What was published is what the history counts.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jiff::Timestamp;
use townclerk_domain::amendment::Recordable;
use townclerk_domain::claim::{ClaimFact, Published};
use townclerk_domain::event::Event;
use townclerk_domain::identity::AggregateId;
use townclerk_domain::names::{LogName, Scope};
use townclerk_domain::period::{Month, Period};
use townclerk_domain::ticket::{Logged, Priority, TicketFact, TicketKind};

use super::{EVENTS, instant};
use crate::calendar::Calendar;
use crate::catalogue::Catalogue;
use crate::demand::demands;
use crate::dice::Dice;
use crate::targets;

/// Where, when and how each ticket was logged, voided ones left out.
static TICKETS: LazyLock<Vec<Ticket>> = LazyLock::new(|| {
    let voided: BTreeSet<AggregateId> = EVENTS
        .iter()
        .filter(|event| matches!(event.event, Event::Ticket(Recordable::Voided(_))))
        .map(|event| event.aggregate)
        .collect();
    EVENTS
        .iter()
        .filter(|event| !voided.contains(&event.aggregate))
        .filter_map(|event| match &event.event {
            Event::Ticket(Recordable::Fact(TicketFact::Logged(logged))) => {
                Some((&event.log, event.happened, logged))
            }
            _ => None,
        })
        .collect()
});

type Ticket = (&'static LogName, Timestamp, &'static Logged);

fn is_p1(logged: &Logged) -> bool {
    logged.priority == Priority::P1
}

fn is_csccm(logged: &Logged) -> bool {
    logged.service.as_str() == targets::CSCCM
}

fn logged_in(period: Period, counts: impl Fn(&LogName, &Logged) -> bool) -> u32 {
    let (start, end) = (period.start(), period.end());
    let counted = TICKETS
        .iter()
        .filter(|(log, at, logged)| (start..end).contains(at) && counts(log, logged))
        .count();
    u32::try_from(counted).unwrap()
}

#[test]
fn the_published_months_of_p1_incidents_are_reproduced() {
    let months: Vec<_> = targets::p1_months().collect();
    assert_eq!(months.len(), 19);
    for (month, published) in months {
        let logged = logged_in(Period::Month(month), |_, logged| is_p1(logged));
        assert_eq!(logged, published, "{month}");
    }
    let none = logged_in("2020-08".parse().unwrap(), |_, logged| is_p1(logged));
    assert_eq!(none, 0);
    let requests = |(_, _, logged): &&Ticket| is_p1(logged) && logged.kind == TicketKind::Request;
    assert_eq!(TICKETS.iter().filter(|ticket| requests(ticket)).count(), 0);
}

#[test]
fn the_published_quarters_of_the_application_are_reproduced() {
    let quarters: Vec<_> = targets::csccm_quarters().collect();
    assert_eq!(quarters.len(), 7);
    for (quarter, published) in quarters {
        let logged = logged_in(quarter, |_, logged| is_csccm(logged));
        assert_eq!(logged, published, "{quarter}");
    }
    let application: Vec<_> = TICKETS
        .iter()
        .filter(|(_, _, logged)| is_csccm(logged))
        .collect();
    assert!(
        application
            .iter()
            .all(|(log, _, _)| log.as_str() == targets::PUBLISHER)
    );
    for priority in Priority::ALL {
        let has = |(_, _, logged): &&Ticket| logged.priority == *priority;
        assert!(application.iter().any(has), "{priority:?}");
    }
    for kind in TicketKind::ALL {
        let has = |(_, _, logged): &&Ticket| logged.kind == *kind;
        assert!(application.iter().any(has), "{kind:?}");
    }
}

#[test]
fn nothing_moves_a_ticket_across_the_published_figures() {
    for event in EVENTS.iter() {
        match &event.event {
            Event::Ticket(Recordable::Corrected(correction)) => {
                let target = EVENTS.iter().find(|other| other.id == correction.event);
                let of_logged = matches!(
                    target.unwrap().event,
                    Event::Ticket(Recordable::Fact(TicketFact::Logged(_)))
                );
                let harmless = ["category", "channel"].contains(&&*correction.field);
                assert_eq!(harmless, of_logged, "{correction:?}");
            }
            Event::Ticket(Recordable::Fact(TicketFact::Reprioritised(raised))) => {
                assert_ne!(raised.priority, Priority::P1);
            }
            Event::Ticket(Recordable::Fact(TicketFact::Recategorised(named))) => {
                let service = named.service.as_ref().map(|code| code.as_str());
                assert_ne!(service, Some(targets::CSCCM));
            }
            _ => {}
        }
    }
}

/// Measure, breakdown, scope, period, value, paragraph, and as at which day where it is said.
fn spelt(claim: &Published) -> String {
    let value = claim.breakdown.values().next();
    let (_, paragraph) = claim.source.rsplit_once(' ').unwrap();
    let as_at = claim
        .as_at
        .map_or("-".to_owned(), |at| at.to_string()[..10].to_owned());
    format!(
        "{} {} {} {} {} {paragraph} {as_at}",
        claim.measure,
        value.map_or("-", |code| code.as_str()),
        claim.scope.as_str(),
        claim.period,
        claim.value,
    )
}

const OTHER_CLAIMS: [&str; 18] = [
    "availability childrens-social-care lewisham 2019-07 97.4 6.2 2020-07-31",
    "availability childrens-social-care lewisham 2019-10 98.8 6.2 2020-07-31",
    "availability education lewisham 2019-08 95.8 6.3 2020-07-31",
    "availability education lewisham 2019-10 97.0 6.3 2020-07-31",
    "availability_rolling_12 childrens-social-care lewisham 2020-07 99.47 6.2 2020-07-31",
    "availability_rolling_12 education lewisham 2020-07 99.34 6.2 2020-07-31",
    "months_below_target childrens-social-care lewisham 2019-08/2020-07 2 6.2 2020-07-31",
    "months_below_target childrens-social-care lewisham 2019-07/2020-07 2 6.2 2020-07-31",
    "months_below_target education lewisham 2019-08/2020-07 2 6.3 2020-07-31",
    "longest_run_below_target childrens-social-care lewisham 2019-07/2020-07 1 6.4 2020-07-31",
    "longest_run_below_target education lewisham 2019-07/2020-07 1 6.4 2020-07-31",
    "outages core-network joint 2019-04/2019-10 5 6.10 2020-07-31",
    "outages storage joint 2019-04/2019-10 3 6.13 2020-07-31",
    "outages interconnect joint 2018-01-01/2018-07-04 3 3.10 -",
    "vacancies - shared 2018-04 41 3.1 -",
    "vacancies - shared 2018-06-04 22 3.15 -",
    "vacancies - shared 2018-06 22 3.15 -",
    "posts_filled internal shared 2018-05 29 3.14 -",
];

#[test]
fn the_claims_say_what_was_published() {
    let claims: Vec<_> = EVENTS
        .iter()
        .filter_map(|event| match &event.event {
            Event::Claim(Recordable::Fact(ClaimFact::ClaimPublished(claim))) => {
                let recorded = if claim.source.contains("4 July 2018") {
                    "2018-07-04T09:00:00Z"
                } else {
                    "2020-09-16T09:00:00Z"
                };
                assert_eq!(event.recorded, instant(recorded));
                assert_eq!(event.happened, event.recorded);
                Some(claim)
            }
            _ => None,
        })
        .collect();
    let of_tickets = |claim: &&&Published| claim.measure == "tickets_logged";
    assert_eq!(claims.iter().filter(of_tickets).count(), 19 + 6 + 7);
    let others = claims.iter().filter(|claim| !of_tickets(claim));
    let others: BTreeSet<String> = others.map(|claim| spelt(claim)).collect();
    assert_eq!(others, OTHER_CLAIMS.map(str::to_owned).into());
    let about = |scope: Scope, label: &str| {
        let period: Period = label.parse().unwrap();
        let mut found = claims
            .iter()
            .filter(of_tickets)
            .filter(|claim| claim.scope == scope && claim.period == period);
        let claim = found.next().unwrap();
        assert!(found.next().is_none());
        (claim.value.to_string(), claim.as_at.unwrap().to_string())
    };
    let (p1, csccm) = ("2020-07-31T23:00:00Z", "2020-08-21T23:00:00Z");
    let lewisham = || Scope::new("lewisham").unwrap();
    let said = |value: &str, as_at: &str| (value.to_owned(), as_at.to_owned());
    // The months of this quarter add up to 12.
    assert_eq!(about(Scope::Joint, "19/20 Q4"), said("13", p1));
    assert_eq!(about(Scope::Joint, "2020-07"), said("1", p1));
    assert_eq!(about(lewisham(), "20/21 Q2"), said("98", csccm));
}

#[test]
fn any_seed_reproduces_what_was_published() {
    let (catalogue, calendar) = (Catalogue::new().unwrap(), Calendar::new());
    for seed in 1..=5 {
        let demands = demands(&catalogue, &calendar, &mut Dice::new(seed));
        let kept = || demands.iter().filter(|demand| !demand.voided);
        let counted = |wanted: &dyn Fn(&Logged, Month) -> bool| {
            let all = kept().filter(|demand| wanted(&demand.logged, Month::of(demand.at)));
            u32::try_from(all.count()).unwrap()
        };
        for (month, published) in targets::p1_months() {
            let logged = counted(&|logged, at| is_p1(logged) && at == month);
            assert_eq!(logged, published, "{seed} {month}");
        }
        for (quarter, published) in targets::csccm_quarters() {
            let logged =
                counted(&|logged, at| is_csccm(logged) && Period::quarter_of(at) == quarter);
            assert_eq!(logged, published, "{seed} {quarter}");
        }
    }
}
