//! The history looks like that of a service desk.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use townclerk_domain::amendment::Recordable;
use townclerk_domain::event::{Event, Recorded};
use townclerk_domain::identity::AggregateKind;
use townclerk_domain::ticket::TicketFact;

use super::{EVENTS, instant};

/// Tickets that are open at `at`, in the world as it was.
fn open_at(at: &str) -> usize {
    let at = instant(at);
    let mut open = BTreeMap::new();
    for event in EVENTS.iter().filter(|event| event.happened < at) {
        let Event::Ticket(what) = &event.event else {
            continue;
        };
        let change = match what {
            Recordable::Fact(TicketFact::Logged(_) | TicketFact::Reopened(_)) => 1,
            Recordable::Fact(TicketFact::Resolved(_) | TicketFact::Cancelled(_))
            | Recordable::Voided(_) => -1,
            _ => 0,
        };
        *open.entry(event.aggregate).or_insert(0) += change;
    }
    open.into_values().filter(|open| *open > 0).count()
}

#[test]
fn the_backlog_swells_in_the_summer_of_2018_and_is_cleared_later() {
    let (spring, autumn, later, at_end) = (
        open_at("2018-04-01T00:00:00Z"),
        open_at("2018-09-01T00:00:00Z"),
        open_at("2019-04-01T00:00:00Z"),
        open_at("2020-08-21T23:00:00Z"),
    );
    assert!(
        autumn > 2 * spring && autumn > 2 * later,
        "{spring} {autumn} {later}"
    );
    assert!((200..=1_000).contains(&at_end), "{at_end}");
}

/// What of a thousand `all` is `part`.
fn per_mille(part: usize, all: usize) -> usize {
    1_000 * part / all
}

#[test]
fn lives_are_as_mixed_as_they_should_be() {
    let count = |wanted: &dyn Fn(&Recorded<Event>) -> bool| {
        EVENTS.iter().filter(|event| wanted(event)).count()
    };
    let fact = |wanted: &dyn Fn(&TicketFact) -> bool| {
        count(
            &|event| matches!(&event.event, Event::Ticket(Recordable::Fact(fact)) if wanted(fact)),
        )
    };
    let logged = fact(&|fact| matches!(fact, TicketFact::Logged(_)));
    let resolved = fact(&|fact| matches!(fact, TicketFact::Resolved(_)));
    let reopened = per_mille(
        fact(&|fact| matches!(fact, TicketFact::Reopened(_))),
        resolved,
    );
    let cancelled = per_mille(
        fact(&|fact| matches!(fact, TicketFact::Cancelled(_))),
        logged,
    );
    let linked = fact(&|fact| matches!(fact, TicketFact::Linked(_)));
    let corrected = count(&|event| matches!(event.event, Event::Ticket(Recordable::Corrected(_))));
    let voided = count(&|event| matches!(event.event, Event::Ticket(Recordable::Voided(_))));
    let late = count(&|event| {
        let delay = event.recorded.duration_since(event.happened);
        event.aggregate.kind == AggregateKind::Ticket && delay > SignedDuration::from_hours(1)
    });
    assert!(
        (140_000..=170_000).contains(&EVENTS.len()),
        "{}",
        EVENTS.len()
    );
    assert!((30..=40).contains(&reopened), "{reopened}");
    assert!((25..=35).contains(&cancelled), "{cancelled}");
    assert!((12..=18).contains(&per_mille(late, EVENTS.len())), "{late}");
    assert!((70..=130).contains(&corrected), "{corrected}");
    assert_eq!(voided, 40);
    assert!(linked > 0);
}
