//! A figure by a value that no record has says so.

use std::collections::BTreeMap;

use jiff::Timestamp;
use townclerk_domain::amendment::Recordable;
use townclerk_domain::identity::{AggregateId, AggregateKind, Family};
use townclerk_domain::outage::{Declared, Effect, OutageFact, OutageRules, Severity};
use townclerk_domain::text::Text;
use townclerk_domain::ticket::{
    Channel, Logged, Priority, Recategorised, TicketFact, TicketKind, UserClass,
};
use uuid::Uuid;

use super::history::{History, ask, code, folded, one};
use crate::basis::Basis;
use crate::dimension::Dimension;
use crate::figures::Breakdown;
use crate::measure::Measure;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A ticket on e-mail in January that turned out to be one of printing in March, and an outage of
/// telephony.
fn history() -> History {
    let mut history = History::covering(&[Family::Ticket, Family::Outage]);
    let logged = TicketFact::Logged(Logged {
        kind: TicketKind::Incident,
        priority: Priority::P1,
        user_class: UserClass::Standard,
        channel: Channel::Web,
        service: code("email"),
        category: code("other"),
        directorate: None,
        sts: true,
        councils: Default::default(),
    });
    history.ask(
        "brent",
        1,
        at("2019-01-05T10:00:00Z"),
        Recordable::Fact(logged),
    );
    let moved = TicketFact::Recategorised(Recategorised {
        category: None,
        service: Some(code("printing")),
        directorate: None,
    });
    history.ask(
        "brent",
        1,
        at("2019-03-05T10:00:00Z"),
        Recordable::Fact(moved),
    );
    let outage = AggregateId {
        kind: AggregateKind::Outage,
        id: Uuid::from_u128(50),
    };
    let declared = OutageFact::Declared(Declared {
        title: Text::new("Telephones").unwrap(),
        summary: None,
        when: None,
        councils: [code("brent")].into(),
        critical: false,
        effects: vec![Effect {
            service: code("telephony"),
            council: code("brent"),
            severity: Severity::Down,
            from: None,
            to: None,
        }],
    });
    history.tell::<OutageRules>("brent", outage, "2019-01-06T10:00:00Z", declared);
    history
}

/// What a figure by one value says of values that no record has.
fn no_record_has(
    measure: Measure,
    (dimension, value): (Dimension, &str),
    moment: &str,
) -> BTreeMap<&'static str, String> {
    let history = history();
    let basis = Basis {
        as_at: Some(at(moment)),
        known_at: None,
    };
    let mut query = one("brent", measure, "2019-01", basis);
    query.breakdowns = vec![Breakdown {
        fixed: [(dimension, value.to_owned())].into(),
        ..Breakdown::default()
    }];
    let figures = ask(&history, &folded(&history.all(), &[]), &query);
    assert_eq!(figures.len(), 1);
    figures[0].no_record_has.clone()
}

#[test]
fn a_figure_by_a_value_that_no_record_has_says_so() {
    let (before, after) = ("2019-02-01T00:00:00Z", "2019-04-01T00:00:00Z");
    let emial = BTreeMap::from([("service", "emial".to_owned())]);
    let printing = BTreeMap::from([("service", "printing".to_owned())]);
    let none = BTreeMap::new();
    let service = |code| (Dimension::Service, code);
    for (measure, value, moment, says) in [
        (Measure::TicketsLogged, service("emial"), after, &emial),
        (Measure::TicketsLogged, service("email"), after, &none),
        // Nothing was logged on it, and a record has it; before March none had.
        (Measure::TicketsLogged, service("printing"), after, &none),
        (
            Measure::TicketsLogged,
            service("printing"),
            before,
            &printing,
        ),
        (Measure::TicketsReopened, service("email"), after, &none),
        (Measure::ReopenRate, service("emial"), after, &emial),
        (
            Measure::TicketsLogged,
            (Dimension::Priority, "p4"),
            after,
            &none,
        ),
        (
            Measure::TicketsLogged,
            (Dimension::Directorate, "unknown"),
            after,
            &none,
        ),
        (Measure::DowntimeMinutes, service("emial"), after, &emial),
        (Measure::DowntimeMinutes, service("telephony"), after, &none),
    ] {
        let said = no_record_has(measure, value, moment);
        assert_eq!(said, *says, "{measure} {value:?} {moment}");
    }
    let storage = no_record_has(Measure::Outages, (Dimension::Component, "storage"), after);
    assert_eq!(
        storage,
        BTreeMap::from([("component", "storage".to_owned())])
    );
}
