//! Tickets of single applications, added up since a date, told as a story.
//!
//! Lewisham, Mayor and Cabinet, 16 September 2020: since January 2019 the finance system had 154 events
//! (paragraph 5.9) and ECM 44 incidents (5.14), a significant number
//! of them about access, such as new users and passwords. The latter counts what Lewisham itself
//! recorded: Brent supports the system, and what it recorded for itself is not seen (5.12).

use std::collections::BTreeSet;

use jiff::{Timestamp, ToSpan};
use townclerk_domain::amendment::Recordable;
use townclerk_domain::identity::Family;
use townclerk_domain::ticket::{Channel, Logged, Priority, TicketFact, TicketKind, UserClass};

use super::families::{figure, shown};
use super::history::{History, ask, code, folded};
use super::service_levels::council;
use crate::basis::Basis;
use crate::dimension::Dimension;
use crate::figures::{Breakdown, Home, Periods, Query};
use crate::measure::Measure;

const LEWISHAM: &str = "lewisham";
const BRENT: &str = "brent";

/// Up to the day that the paper's other numbers end with.
const SINCE: &str = "2019-01-01/2020-08-21";

fn event(kind: TicketKind, service: &str, category: &str) -> TicketFact {
    TicketFact::Logged(Logged {
        kind,
        priority: Priority::P3,
        user_class: UserClass::Standard,
        channel: Channel::Phone,
        service: code(service),
        category: code(category),
        directorate: None,
        sts: true,
        councils: BTreeSet::new(),
    })
}

/// Logs `count` of them, one a week from 2 January 2019 on.
fn log_some(history: &mut History, name: &str, first: u128, count: i64, fact: &TicketFact) {
    let begin: Timestamp = "2019-01-02T10:00:00Z".parse().unwrap();
    for number in 0..count {
        let at = begin + (number * 7 * 24).hours();
        let id = first + u128::try_from(number).unwrap();
        history.ask(name, id, at, Recordable::Fact(fact.clone()));
    }
}

fn of(scope: &str, service: &str, kind: Option<&str>) -> Query {
    let mut fixed = vec![(Dimension::Service, service)];
    fixed.extend(kind.map(|kind| (Dimension::Kind, kind)));
    let fixed = fixed.into_iter().map(|(by, value)| (by, value.to_owned()));
    Query {
        scope: scope.parse().unwrap(),
        measures: vec![Measure::TicketsLogged],
        periods: Periods::These(vec![SINCE.parse().unwrap()]),
        breakdowns: vec![Breakdown {
            fixed: fixed.collect(),
            split: Vec::new(),
            home: Home::Whole,
        }],
        basis: Basis {
            as_at: Some("2020-09-16T12:00:00Z".parse().unwrap()),
            known_at: None,
        },
        like_for_like: false,
    }
}

#[test]
fn an_applications_events_add_up_since_a_date_and_by_what_they_were_about() {
    let mut history = council(LEWISHAM, Family::Ticket);
    // 154 events, of which some were about access; after August comes more, which does not count.
    let access = event(TicketKind::Request, "finance", "new-user");
    let password = event(TicketKind::Incident, "finance", "password");
    let fault = event(TicketKind::Incident, "finance", "software-error");
    log_some(&mut history, LEWISHAM, 1_000, 41, &access);
    log_some(&mut history, LEWISHAM, 2_000, 38, &password);
    log_some(&mut history, LEWISHAM, 3_000, 75, &fault);
    let later = "2020-08-22T10:00:00+01:00".parse().unwrap();
    history.ask(LEWISHAM, 4_000, later, Recordable::Fact(fault));
    let query = of(LEWISHAM, "finance", None);
    assert_eq!(shown(&history, &query), "154");
    let mut by_category = query.clone();
    by_category.breakdowns[0].split = vec![Dimension::Category];
    let rows = folded(&history.all(), &[]);
    let parts = ask(&history, &rows, &by_category);
    let of_category = |category: &str| {
        let part = parts
            .iter()
            .find(|figure| figure.breakdown["category"] == category);
        part.unwrap().numerator.unwrap()
    };
    assert_eq!(of_category("new-user") + of_category("password"), 79);
    let sum: i64 = parts.iter().filter_map(|figure| figure.numerator).sum();
    assert_eq!(sum, 154);
    let monthly = Query {
        periods: Periods::These(
            (1..=12)
                .map(|month| format!("2019-{month:02}").parse().unwrap())
                .collect(),
        ),
        ..query
    };
    let of_2019 = ask(&history, &rows, &monthly);
    let of_2019: i64 = of_2019.iter().map(|figure| figure.numerator.unwrap()).sum();
    // One a week of each sort: 52 of what went on for longer.
    assert_eq!(of_2019, 41 + 38 + 52);
}

#[test]
fn a_council_counts_what_it_can_see_of_a_system_that_another_one_supports() {
    let mut history = History::covered();
    let incident = event(TicketKind::Incident, "ecm", "software-error");
    let request = event(TicketKind::Request, "ecm", "new-user");
    log_some(&mut history, LEWISHAM, 1_000, 44, &incident);
    log_some(&mut history, LEWISHAM, 2_000, 20, &request);
    log_some(&mut history, BRENT, 3_000, 30, &incident);
    let incidents = |scope| of(scope, "ecm", Some("incident"));
    assert_eq!(shown(&history, &incidents(LEWISHAM)), "44");
    assert_eq!(shown(&history, &incidents(BRENT)), "30");
    assert_eq!(figure(&history, &incidents("joint")).numerator, Some(74));
}
