//! What Gloucestershire published of its tickets, told as stories.

use townclerk_domain::amendment::Recordable;
use townclerk_domain::identity::Family;
use townclerk_domain::ticket::{Priority, TicketKind, UserClass};

use super::families::{figure, of};
use super::history::{ask, folded};
use super::service_levels::{council, incident, logged, resolved, ticket};
use crate::dimension::Dimension;
use crate::measure::Measure;

const GLOUCESTERSHIRE: &str = "gloucestershire";

/// Gloucestershire, Children and Families scrutiny, 16 September 2021: P1 and P2 incidents by month,
/// and incidents and requests logged.
#[test]
fn gloucestershires_published_months_are_what_the_record_counts() {
    // Month, P1, P2, incidents, requests.
    let published: [(&str, u32, u32, u32, u32); 5] = [
        ("2021-04", 10, 22, 2_794, 1_163),
        ("2021-05", 7, 9, 2_833, 1_259),
        ("2021-06", 6, 4, 3_319, 1_681),
        ("2021-07", 1, 8, 3_577, 1_712),
        ("2021-08", 1, 3, 2_932, 1_612),
    ];
    let mut history = council(GLOUCESTERSHIRE, Family::Ticket);
    let mut number = 100;
    for (month, p1, p2, incidents, requests) in published {
        let each = [
            (TicketKind::Incident, Priority::P1, p1),
            (TicketKind::Incident, Priority::P2, p2),
            (TicketKind::Incident, Priority::P3, incidents - p1 - p2),
            (TicketKind::Request, Priority::P4, requests),
        ];
        for (kind, priority, count) in each {
            for _ in 0..count {
                let at = format!("{month}-13T09:00:00Z").parse().unwrap();
                let fact = logged(kind, priority, UserClass::Standard);
                history.ask(GLOUCESTERSHIRE, number, at, Recordable::Fact(fact));
                number += 1;
            }
        }
    }
    let late = Some("2022-01-01T00:00:00Z".parse().unwrap());
    let rows = folded(&history.all(), &[]);
    let value = |period: &str, fixed: &[(Dimension, &str)]| {
        let mut query = of(GLOUCESTERSHIRE, Measure::TicketsLogged, period, fixed);
        query.basis.as_at = late;
        ask(&history, &rows, &query)[0].numerator
    };
    let incident = (Dimension::Kind, "incident");
    for (month, p1, p2, incidents, requests) in published {
        let p = |priority| [incident, (Dimension::Priority, priority)];
        assert_eq!(value(month, &p("p1")), Some(p1.into()), "{month}");
        assert_eq!(value(month, &p("p2")), Some(p2.into()), "{month}");
        assert_eq!(value(month, &[incident]), Some(incidents.into()), "{month}");
        let request = [(Dimension::Kind, "request")];
        assert_eq!(value(month, &request), Some(requests.into()), "{month}");
    }
    // "Has increased each month": August fell from 5,289 to 4,544. P2 rose from June to July.
    let all: Vec<_> = published.map(|(month, ..)| value(month, &[])).to_vec();
    assert_eq!(all, [3_957, 4_092, 5_000, 5_289, 4_544].map(Some));
    let p1 = [incident, (Dimension::Priority, "p1")];
    assert_eq!(value("2021-04/2021-08", &p1), Some(25));
}

/// Gloucestershire, 16 September 2021: an urgent incident of 13 July 2021 was resolved "within 90
/// minutes", which is an upper bound and no measurement.
#[test]
fn a_p1_incident_lasts_no_longer_than_was_published() {
    let mut history = council(GLOUCESTERSHIRE, Family::Ticket);
    let life = [
        (
            "2021-07-13T10:00:00",
            incident(Priority::P1, UserClass::Standard),
        ),
        ("2021-07-13T11:25:00", resolved()),
    ];
    ticket(&mut history, GLOUCESTERSHIRE, 1, &life);
    let mut query = of(
        GLOUCESTERSHIRE,
        Measure::MeanResolutionMinutes,
        "2021-07",
        &[],
    );
    query.basis.as_at = Some("2022-01-01T00:00:00Z".parse().unwrap());
    let found = figure(&history, &query);
    assert_eq!((found.numerator, found.denominator), (Some(85), Some(1)));
    assert!(found.numerator <= Some(90));
    // This council agreed on nothing: its tickets are on neither side, and that is said.
    query.measures = vec![Measure::SlaAttainment];
    assert!(figure(&history, &query).value.is_none());
}
