//! Telling the notices of the named outages leaves the other tickets as they were.

use std::collections::{BTreeMap, BTreeSet};

use townclerk_domain::amendment::Recordable;
use townclerk_domain::event::Event;
use townclerk_domain::identity::{CallerId, Token};
use townclerk_domain::ticket::TicketFact;

use crate::calendar::Calendar;
use crate::catalogue::Catalogue;
use crate::chronicle::Recorder;
use crate::demand::demands;
use crate::dice::Dice;
use crate::message::Entry;
use crate::outages::{named, storage};
use crate::placement::{Retold, placements};
use crate::spelling::code;
use crate::tickets::{Desk, Tickets};
use crate::{SEED, malformed};

struct Before {
    catalogue: Catalogue,
    calendar: Calendar,
    recorder: Recorder,
}

impl Before {
    fn new() -> Self {
        let calendar = Calendar::new();
        let caller: CallerId = Token::new(crate::CALLER).map_err(malformed).unwrap();
        let end = calendar.end;
        Self {
            catalogue: Catalogue::new().unwrap(),
            calendar,
            recorder: Recorder { caller, end },
        }
    }

    /// All tickets, with or without telling some again.
    fn tickets(&self, seed: u64, with_notices: bool) -> Tickets {
        let mut dice = Dice::new(seed);
        let demands = demands(&self.catalogue, &self.calendar, &mut dice);
        let mut other = Dice::new(1);
        let retold: BTreeMap<usize, Retold<'_>> = if with_notices {
            let stories = named::stories(&self.recorder).unwrap();
            let mut notices = vec![storage::notice(&self.recorder).unwrap()];
            notices.extend(named::notices(&stories, &self.recorder).unwrap());
            placements(&demands, notices, &self.catalogue, &mut other).unwrap()
        } else {
            BTreeMap::new()
        };
        let desk = Desk {
            demands: &demands,
            retold,
            catalogue: &self.catalogue,
            calendar: &self.calendar,
            caller: &self.recorder.caller,
            system: code("hornbill").unwrap(),
        };
        desk.tickets(&mut dice, &mut other).unwrap()
    }
}

/// Each ticket with all that is recorded of it.
fn by_ticket(entries: &[Entry]) -> BTreeMap<String, Vec<String>> {
    let mut tickets: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entry in entries {
        let told = format!("{} {} {:?}", entry.happened, entry.recorded, entry.event);
        let name = format!("{} {}", entry.source.log, entry.aggregate);
        tickets.entry(name).or_default().push(told);
    }
    tickets
}

#[test]
fn only_the_notices_and_what_was_caused_by_them_are_told_anew() {
    let before = Before::new();
    let (drawn, told) = (before.tickets(SEED, false), before.tickets(SEED, true));
    let placed: BTreeSet<_> = told
        .incidents
        .iter()
        .filter(|incident| incident.placed)
        .map(|incident| incident.reference.clone())
        .collect();
    assert_eq!(placed.len(), 5);
    let follows = |entry: &&Entry| {
        matches!(
            &entry.event,
            Event::Ticket(Recordable::Fact(TicketFact::Linked(linked)))
                if placed.contains(&linked.cause)
        )
    };
    let mut expected: BTreeSet<String> = drawn
        .entries
        .iter()
        .filter(follows)
        .map(|entry| format!("{} {}", entry.source.log, entry.aggregate))
        .collect();
    expected.extend(
        placed
            .iter()
            .map(|ticket| format!("{} {}", ticket.log, ticket.aggregate())),
    );
    let (drawn, told) = (by_ticket(&drawn.entries), by_ticket(&told.entries));
    assert!(drawn.keys().eq(told.keys()));
    let differ = told
        .iter()
        .filter(|(name, entries)| drawn.get(*name) != Some(entries));
    let differ: BTreeSet<String> = differ.map(|(name, _)| name.clone()).collect();
    assert_eq!(differ, expected);
}

#[test]
fn with_any_seed_each_named_outage_has_its_notice() {
    let before = Before::new();
    for seed in 1..=4 {
        let told = before.tickets(seed, true);
        let placed = told.incidents.iter().filter(|incident| incident.placed);
        assert!(placed.clone().all(|incident| incident.log.is_shared()));
        assert_eq!(placed.count(), 5, "{seed}");
    }
}
