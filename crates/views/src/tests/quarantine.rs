//! Nothing is skipped in silence: what cannot be folded is held, and figures say so.

use townclerk_domain::amendment::Recordable;
use townclerk_domain::event::Event;
use townclerk_domain::identity::{AggregateId, AggregateKind};
use townclerk_domain::ticket::{Resolved, TicketFact};
use uuid::Uuid;

use super::history::{History, ask, code, log, one, start};
use crate::basis::Basis;
use crate::fold::{Folding, Input};
use crate::key::quarantine::{self, Why};
use crate::measure::Measure;
use crate::rows::{MemoryRows, Rows};

fn ticket(number: u128) -> AggregateId {
    AggregateId {
        kind: AggregateKind::Ticket,
        id: Uuid::from_u128(number),
    }
}

fn resolved(history: &mut History, number: u128) -> Input {
    let fact = TicketFact::Resolved(Resolved {
        resolution: Some(code("fixed")),
    });
    let event = Event::Ticket(Recordable::Fact(fact));
    history.record("brent", ticket(number), start(), start(), event);
    let recorded = history.logs[&log("brent")].last().unwrap().clone();
    Input::Event(Box::new(recorded))
}

#[test]
fn later_events_of_the_same_aggregate_wait_and_others_go_on() {
    let mut history = History::covered();
    let mut rows = MemoryRows::default();
    let mut known = None;
    let brent = log("brent");
    let mut folding = Folding::new(&rows);
    let unreadable = Input::Unreadable {
        aggregate: Some(ticket(1)),
        recorded: Some(start()),
        reason: "version 2 of logged is not known here".to_owned(),
    };
    folding.fold(&brent, 1, &mut known, unreadable).unwrap();
    let waits = resolved(&mut history, 1);
    let goes_on = resolved(&mut history, 2);
    folding.fold(&brent, 2, &mut known, waits).unwrap();
    folding.fold(&brent, 3, &mut known, goes_on).unwrap();
    let changes = folding.finish().unwrap();
    rows.apply(changes);
    let held = |sequence| {
        let value = rows
            .get(&quarantine::quarantined(&brent, sequence))
            .unwrap();
        value.map(|value| quarantine::decode(&value).unwrap())
    };
    assert_eq!(held(1).unwrap().why, Why::Unreadable);
    assert_eq!(held(2).unwrap().why, Why::Waits);
    assert_eq!(held(3), None);
    let query = one("brent", Measure::TicketsLogged, "2019-01", Basis::default());
    let figures = ask(&history, &rows, &query);
    assert_eq!(figures[0].held, 2);
}

#[test]
fn a_foreign_message_holds_nothing_up() {
    let mut rows = MemoryRows::default();
    let brent = log("brent");
    let mut folding = Folding::new(&rows);
    let foreign = Input::Foreign {
        reason: "its message id is not its envelope's id".to_owned(),
    };
    let mut known = None;
    folding.fold(&brent, 1, &mut known, foreign).unwrap();
    let changes = folding.finish().unwrap();
    rows.apply(changes);
    assert!(rows.get(&quarantine::foreign(&brent, 1)).unwrap().is_some());
    assert_eq!(rows.0.len(), 1);
    assert_eq!(known, None);
}
