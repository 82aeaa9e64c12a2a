//! How changes end, what they cause, and when they are looked back at, told as stories.

use std::collections::BTreeSet;

use townclerk_domain::change::{
    Authorised, Caused, ChangeFact, ChangeRules, ChangeType, Closed, Implemented, Outcome,
    Requested, ReviewDue, Reviewed, Scheduled, Started,
};
use townclerk_domain::identity::{AggregateId, AggregateKind};
use townclerk_domain::outage::{self, OutageFact};
use townclerk_domain::reference::{Reference, ReferenceKind};
use townclerk_domain::ticket::{Linked, Logged, TicketFact, TicketKind, TicketRules};

use super::change_control::{found, incident};
use super::families::{EVERYTHING, aggregate, declares, figure, of, outage, shown, text};
use super::history::{History, code, log};
use crate::basis::Basis;
use crate::dimension::Dimension;
use crate::figures::Query;
use crate::findings::FindingKind;
use crate::measure::Measure;

fn change(number: u128) -> AggregateId {
    aggregate(AggregateKind::Change, number)
}

/// A change of Brent from its request to its implementation, an hour for each step from 08:00.
fn implements(history: &mut History, number: u128, day: &str, change_type: ChangeType) {
    implements_in(history, "brent", number, day, change_type);
}

fn implements_in(
    history: &mut History,
    name: &str,
    number: u128,
    day: &str,
    change_type: ChangeType,
) {
    let when = |hour: u8| format!("{day}T{hour:02}:00:00Z");
    let requested = ChangeFact::Requested(Requested {
        change_type,
        title: text("A new link"),
        category: code("fix"),
        project: None,
        services: BTreeSet::new(),
        councils: BTreeSet::new(),
    });
    let next = match change_type {
        ChangeType::Emergency => ChangeFact::Authorised(Authorised {
            authority: code("duty-manager"),
        }),
        _ => ChangeFact::Scheduled(Scheduled {
            from: when(10).parse().unwrap(),
            to: when(11).parse().unwrap(),
        }),
    };
    let facts = [
        requested,
        next,
        ChangeFact::Started(Started {}),
        ChangeFact::Implemented(Implemented {}),
    ];
    for (hour, fact) in (8..).zip(facts) {
        history.tell::<ChangeRules>(name, change(number), &when(hour), fact);
    }
}

/// A standard change of a council, done and closed in one day.
pub fn closed_on(history: &mut History, name: &str, number: u128, day: &str, outcome: Outcome) {
    implements_in(history, name, number, day, ChangeType::Standard);
    closes_in(history, name, number, day, outcome);
}

fn closes(history: &mut History, number: u128, day: &str, outcome: Outcome) {
    closes_in(history, "brent", number, day, outcome);
}

fn closes_in(history: &mut History, name: &str, number: u128, day: &str, outcome: Outcome) {
    let facts = [
        ChangeFact::Reviewed(Reviewed { findings: None }),
        ChangeFact::Closed(Closed { outcome }),
    ];
    for (hour, fact) in (12..).zip(facts) {
        let at = format!("{day}T{hour:02}:00:00Z");
        history.tell::<ChangeRules>(name, change(number), &at, fact);
    }
}

/// Six changes closed in February, one of each outcome and two more, and one of each in March.
fn closed_in_february() -> History {
    let mut history = History::covering(&EVERYTHING);
    let outcomes = [
        (Outcome::Successful, ChangeType::Standard),
        (Outcome::Successful, ChangeType::Standard),
        (Outcome::WithIssues, ChangeType::Emergency),
        (Outcome::Unsuccessful, ChangeType::Emergency),
        (Outcome::BackedOut, ChangeType::Standard),
        (Outcome::BackedOut, ChangeType::Standard),
    ];
    for (number, (outcome, change_type)) in (1..).zip(outcomes) {
        let day = format!("2019-02-{:02}", number + 3);
        implements(&mut history, number, &day, change_type);
        closes(&mut history, number, &day, outcome);
    }
    implements(&mut history, 7, "2019-03-04", ChangeType::Standard);
    closes(&mut history, 7, "2019-03-04", Outcome::Successful);
    history
}

#[test]
fn every_closed_change_succeeded_or_failed() {
    let history = closed_in_february();
    let share = |measure, values: &[(Dimension, &str)]| {
        let figure = figure(&history, &of("joint", measure, "2019-02", values));
        let value = figure.value.map(|value| value.0.to_string());
        (
            figure.numerator,
            figure.denominator,
            value.unwrap_or_default(),
        )
    };
    let succeeded = share(Measure::ChangeSuccessRate, &[]);
    assert_eq!(succeeded, (Some(3), Some(6), "50.00".to_owned()));
    let failed = share(Measure::ChangeFailureRate, &[]);
    assert_eq!(failed, (Some(3), Some(6), "50.00".to_owned()));
    let emergencies = [(Dimension::ChangeType, "emergency")];
    let failed = share(Measure::ChangeFailureRate, &emergencies);
    assert_eq!(failed, (Some(1), Some(2), "50.00".to_owned()));
    let standard = [(Dimension::ChangeType, "standard")];
    let succeeded = share(Measure::ChangeSuccessRate, &standard);
    assert_eq!(succeeded, (Some(2), Some(4), "50.00".to_owned()));
    let emergencies = share(Measure::EmergencyChangeShare, &[]);
    assert_eq!(emergencies, (Some(2), Some(6), "33.33".to_owned()));
    let backed_out = [(Dimension::Outcome, "backed-out")];
    let emergencies = share(Measure::EmergencyChangeShare, &backed_out);
    assert_eq!(emergencies, (Some(0), Some(2), "0.00".to_owned()));
    // Of no change there is no share.
    let none = [(Dimension::ChangeType, "normal")];
    assert_eq!(share(Measure::ChangeSuccessRate, &none).2, "");
    let quarter = of("brent", Measure::ChangeSuccessRate, "18/19 Q4", &[]);
    assert_eq!(shown(&history, &quarter), "57.14");
}

fn reference(kind: ReferenceKind, number: u128) -> Reference {
    Reference {
        log: log("brent"),
        kind,
        id: aggregate(AggregateKind::Ticket, number).id,
    }
}

fn logs(history: &mut History, number: u128, fact: TicketFact) {
    let id = aggregate(AggregateKind::Ticket, number);
    history.tell::<TicketRules>("brent", id, "2019-02-20T09:00:00Z", fact);
}

fn links(history: &mut History, number: u128, cause: Reference) {
    let id = aggregate(AggregateKind::Ticket, number);
    let linked = TicketFact::Linked(Linked { cause });
    history.tell::<TicketRules>("brent", id, "2019-02-21T09:00:00Z", linked);
}

fn causes(history: &mut History, number: u128, effect: Reference) {
    let caused = ChangeFact::Caused(Caused { effect });
    history.tell::<ChangeRules>("brent", change(number), "2019-02-22T09:00:00Z", caused);
}

#[test]
fn a_change_caused_an_incident_whichever_side_says_so() {
    let mut history = closed_in_february();
    let rate = |history: &History| {
        let rate = of("brent", Measure::ChangeRelatedIncidentRate, "2019-02", &[]);
        let figure = figure(history, &rate);
        (figure.numerator.unwrap(), figure.denominator.unwrap())
    };
    assert_eq!(rate(&history), (0, 6));
    // The ticket names the change, twice over it is one change still.
    logs(&mut history, 21, incident());
    logs(&mut history, 22, incident());
    links(&mut history, 21, reference(ReferenceKind::Change, 1));
    links(&mut history, 22, reference(ReferenceKind::Change, 1));
    assert_eq!(rate(&history), (1, 6));
    // The change names the ticket.
    logs(&mut history, 23, incident());
    causes(&mut history, 2, reference(ReferenceKind::Ticket, 23));
    assert_eq!(rate(&history), (2, 6));
    // The change names an outage that the ticket names, and so does one that names the change.
    for (number, ticket) in [(31, 24), (32, 25)] {
        let at = "2019-02-20T08:00:00Z";
        declares(
            &mut history,
            "brent",
            number,
            at,
            outage(&["brent"], Vec::new()),
        );
        logs(&mut history, ticket, incident());
        links(
            &mut history,
            ticket,
            reference(ReferenceKind::Outage, number),
        );
    }
    assert_eq!(rate(&history), (2, 6));
    causes(&mut history, 3, reference(ReferenceKind::Outage, 31));
    assert_eq!(rate(&history), (3, 6));
    let linked = OutageFact::Linked(outage::Linked {
        cause: reference(ReferenceKind::Change, 4),
    });
    declares(&mut history, "brent", 32, "2019-02-21T08:00:00Z", linked);
    assert_eq!(rate(&history), (4, 6));
    // A request is no incident.
    let TicketFact::Logged(request) = incident() else {
        unreachable!("an incident is logged");
    };
    let request = TicketFact::Logged(Logged {
        kind: TicketKind::Request,
        ..request
    });
    logs(&mut history, 26, request);
    links(&mut history, 26, reference(ReferenceKind::Change, 5));
    assert_eq!(rate(&history), (4, 6));
    let march = of("brent", Measure::ChangeRelatedIncidentRate, "2019-03", &[]);
    assert_eq!(shown(&history, &march), "0.00");
    let april = of("brent", Measure::ChangeRelatedIncidentRate, "2019-04", &[]);
    assert_eq!(shown(&history, &april), "");
    let emergencies = [(Dimension::ChangeType, "emergency")];
    let rate = Measure::ChangeRelatedIncidentRate;
    let of_emergencies = of("joint", rate, "2019-02", &emergencies);
    assert_eq!(shown(&history, &of_emergencies), "100.00");
}

fn due(history: &mut History, at: &str, by: &str) {
    let due = ChangeFact::ReviewDue(ReviewDue {
        by: by.parse().unwrap(),
        owner: code("change-manager"),
    });
    history.tell::<ChangeRules>("brent", change(1), at, due);
}

#[test]
fn a_review_is_overdue_from_the_day_after_the_one_that_was_set_until_it_is_done() {
    let mut history = History::covering(&EVERYTHING);
    implements(&mut history, 1, "2019-02-04", ChangeType::Standard);
    let overdue = |history: &History, scope, period| {
        shown(
            history,
            &of(scope, Measure::ChangeReviewsOverdue, period, &[]),
        )
    };
    // Nobody said by when.
    assert_eq!(overdue(&history, "brent", "2019-03"), "0");
    due(&mut history, "2019-02-05T09:00:00Z", "2019-02-28");
    assert_eq!(overdue(&history, "brent", "2019-02-27"), "0");
    assert_eq!(overdue(&history, "brent", "2019-02"), "1");
    let emergencies = [(Dimension::ChangeType, "emergency")];
    let of_emergencies = of(
        "brent",
        Measure::ChangeReviewsOverdue,
        "2019-02",
        &emergencies,
    );
    assert_eq!(shown(&history, &of_emergencies), "0");
    assert_eq!(overdue(&history, "joint", "2019-03"), "1");
    assert_eq!(overdue(&history, "lewisham", "2019-03"), "0");
    // Put off, and what was so at the end of February stays so.
    due(&mut history, "2019-03-04T09:00:00Z", "2019-03-29");
    assert_eq!(overdue(&history, "brent", "2019-02"), "1");
    assert_eq!(overdue(&history, "brent", "2019-03-28"), "0");
    assert_eq!(overdue(&history, "brent", "2019-03"), "1");
    let finding = &found(&history, "brent")[..];
    // Nothing later is known: the day has not come.
    assert_eq!(finding, []);
    history.record_unrelated("2019-04-02T00:00:00Z".parse().unwrap());
    let finding = &found(&history, "joint")[0];
    assert_eq!(finding.kind, FindingKind::ReviewOverdue);
    assert_eq!(finding.at.to_string(), "2019-03-04T09:00:00Z");
    assert_eq!(
        finding.detail,
        "The change “A new link” was implemented and not reviewed; change-manager was to see to that \
         by 2019-03-29."
    );
    closes(&mut history, 1, "2019-04-10", Outcome::BackedOut);
    assert_eq!(overdue(&history, "brent", "2019-04"), "0");
    assert_eq!(overdue(&history, "brent", "2019-03"), "1");
    assert_eq!(found(&history, "joint"), []);
    let before = Query {
        basis: Basis {
            as_at: Some("2019-02-20T00:00:00Z".parse().unwrap()),
            known_at: None,
        },
        ..of("brent", Measure::ChangeReviewsOverdue, "2019-02", &[])
    };
    assert_eq!(shown(&history, &before), "0");
}
