//! Outages and downtime are those that were published, and references lead to something.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use townclerk_domain::amendment::Recordable;
use townclerk_domain::change::ChangeRules;
use townclerk_domain::event::Event;
use townclerk_domain::identity::AggregateId;
use townclerk_domain::names::{LogName, SHARED};
use townclerk_domain::outage::{Outage, OutageRules, Severity};
use townclerk_domain::period::{Month, Period, london_day};
use townclerk_domain::reference::{Reference, ReferenceKind};
use townclerk_domain::ticket::{Logged, Priority, TicketFact};

use super::{EVENTS, instant, judged};
use crate::targets;

fn outages() -> Vec<(&'static LogName, AggregateId, Outage)> {
    let states = judged::<OutageRules>().states();
    states
        .filter_map(|(log, id, outage)| Some((log, id, outage?)))
        .collect()
}

/// Whether it was planned, and announced at least three days before.
fn was_announced(outage: &Outage) -> bool {
    outage.notices.iter().any(|notice| {
        notice.maintenance.from.duration_since(notice.noticed) >= SignedDuration::from_hours(72)
    })
}

/// Each minute, as a number, for which a service of a council was down and should not have been;
/// and how many minutes the outages say if each is taken by itself.
fn down(service: &str, council: &str) -> (BTreeSet<i64>, i64) {
    let (mut minutes, mut sum) = (BTreeSet::new(), 0);
    for (_, _, outage) in outages() {
        if outage.is_imprecise() || was_announced(&outage) {
            continue;
        }
        let here = outage.effects.iter().filter(|effect| {
            effect.service.as_str() == service
                && effect.council.as_str() == council
                && effect.severity == Severity::Down
        });
        for effect in here {
            let (from, to) = (effect.from.unwrap(), effect.to.unwrap());
            assert_eq!((from.as_second() % 60, to.as_second() % 60), (0, 0));
            let of_effect = from.as_second() / 60..to.as_second() / 60;
            sum += to.duration_since(from).as_mins();
            minutes.extend(of_effect);
        }
    }
    (minutes, sum)
}

fn in_month(minutes: &BTreeSet<i64>, month: Month) -> i64 {
    let period = Period::Month(month);
    let (start, end) = (
        period.start().as_second() / 60,
        period.end().as_second() / 60,
    );
    i64::try_from(minutes.range(start..end).count()).unwrap()
}

#[test]
fn the_publishers_downtime_is_the_table_minute_by_minute() {
    let mut overlapping = 0;
    for service in [targets::CHILDRENS_SOCIAL_CARE, targets::EDUCATION] {
        let (minutes, sum) = down(service, targets::PUBLISHER);
        let table = targets::downtime_months().filter(|(one, ..)| *one == service);
        let mut months = 0;
        for (_, month, wanted) in table {
            assert_eq!(in_month(&minutes, month), wanted, "{service} {month}");
            months += 1;
        }
        assert_eq!(months, 13);
        assert!(in_month(&minutes, "2020-08".parse().unwrap()) > 0);
        overlapping += sum - i64::try_from(minutes.len()).unwrap();
    }
    assert!(overlapping > 0);
}

#[test]
fn the_other_councils_keep_to_their_agreements() {
    for service in [targets::CHILDRENS_SOCIAL_CARE, targets::EDUCATION] {
        for council in ["brent", "southwark"] {
            let (minutes, _) = down(service, council);
            for (_, month, _) in targets::downtime_months() {
                let down = in_month(&minutes, month);
                assert!(down < 401, "{service} {council} {month} {down}");
            }
        }
        let (minutes, _) = down(service, "brent");
        let day: Period = "2019-10-14".parse().unwrap();
        let (start, end) = (day.start().as_second() / 60, day.end().as_second() / 60);
        assert_eq!(minutes.range(start..end).count(), 0);
    }
}

/// The named outages: component, councils, the day or month, in the order of time.
const NAMED: [(&str, usize, &str); 5] = [
    ("storage", 3, "2019-04"),
    ("core-network", 3, "2019-06-01"),
    ("storage", 3, "2019-06-08"),
    ("storage", 3, "2019-07-23"),
    ("core-network", 2, "2019-10-14"),
];

fn named() -> Vec<(AggregateId, Outage)> {
    let mut named: Vec<_> = outages()
        .into_iter()
        .filter(|(log, _, outage)| {
            let component = outage.cause.as_ref().map(|cause| cause.component.as_str());
            let published = matches!(component, Some("storage" | "core-network" | "interconnect"));
            assert!(!published || log.as_str() == SHARED, "{outage:?}");
            published && component != Some("interconnect")
        })
        .map(|(_, id, outage)| (id, outage))
        .collect();
    named.sort_by_key(|(_, outage)| outage.begun.as_ref().unwrap().at);
    named
}

#[test]
fn the_named_outages_are_told_to_their_end() {
    let named = named();
    assert_eq!(named.len(), NAMED.len());
    for ((_, outage), (component, councils, when)) in named.iter().zip(NAMED) {
        let begun = outage.begun.as_ref().unwrap();
        let period: Period = when.parse().unwrap();
        assert_eq!(outage.cause.as_ref().unwrap().component.as_str(), component);
        assert_eq!(outage.councils.len(), councils);
        assert_eq!(london_day(begun.at), period.first_day());
        assert_eq!(begun.declared.when.is_some(), when.len() == 7);
        assert!(begun.declared.critical && outage.review.is_some() && outage.closed.is_some());
        assert!(!outage.actions.is_empty());
        assert!(
            outage
                .actions
                .iter()
                .all(|action| action.completed.is_some())
        );
        assert!(!outage.effects.is_empty());
    }
    let brent = |outage: &Outage| outage.councils.iter().any(|one| one.as_str() == "brent");
    assert!(!brent(&named[4].1));
    let caused_by = |outage: &Outage| outage.linked.iter().next().map(|one| one.kind);
    assert_eq!(caused_by(&named[0].1), Some(ReferenceKind::Change));
}

#[test]
fn three_incidents_of_the_interconnect_have_no_day() {
    let interconnect: Vec<_> = outages()
        .into_iter()
        .filter(|(_, _, outage)| {
            outage
                .begun
                .as_ref()
                .is_some_and(|begun| begun.at < instant("2019-01-01T00:00:00Z"))
        })
        .collect();
    assert_eq!(interconnect.len(), targets::INTERCONNECT_INCIDENTS);
    for (log, _, outage) in interconnect {
        let within = outage.begun.as_ref().unwrap().declared.when.unwrap();
        assert!(log.is_shared());
        assert_eq!((within.from, within.to), targets::INTERCONNECT_DAYS);
        assert_eq!(outage.cause.unwrap().component.as_str(), "interconnect");
        assert_eq!(outage.escalations[0].level.as_str(), "chief-executive");
    }
}

type Ticket = (&'static LogName, AggregateId, Timestamp, &'static Logged);

/// All tickets but the voided ones.
fn tickets() -> Vec<Ticket> {
    let voided = |event: &&_| matches!(event, Recordable::<TicketFact>::Voided(_));
    let gone: BTreeSet<(&LogName, AggregateId)> = EVENTS
        .iter()
        .filter(|event| matches!(&event.event, Event::Ticket(what) if voided(&what)))
        .map(|event| (&event.log, event.aggregate))
        .collect();
    EVENTS
        .iter()
        .filter_map(|event| match &event.event {
            Event::Ticket(Recordable::Fact(TicketFact::Logged(logged)))
                if !gone.contains(&(&event.log, event.aggregate)) =>
            {
                Some((&event.log, event.aggregate, event.happened, logged))
            }
            _ => None,
        })
        .collect()
}

#[test]
fn each_named_outage_has_one_p1_of_its_first_hour_linked_to_it() {
    let tickets = tickets();
    let mut linked: BTreeMap<Reference, Vec<&Ticket>> = BTreeMap::new();
    for event in EVENTS.iter() {
        if let Event::Ticket(Recordable::Fact(TicketFact::Linked(one))) = &event.event
            && one.cause.kind == ReferenceKind::Outage
        {
            let ticket = tickets
                .iter()
                .find(|(log, id, ..)| **log == event.log && *id == event.aggregate);
            linked
                .entry(one.cause.clone())
                .or_default()
                .push(ticket.unwrap());
        }
    }
    assert_eq!(linked.len(), NAMED.len());
    for (id, outage) in named() {
        let reference = Reference {
            log: LogName::shared(),
            kind: ReferenceKind::Outage,
            id: id.id,
        };
        let [(log, _, at, logged)] = linked[&reference].as_slice() else {
            panic!("{reference}");
        };
        let begun = outage.begun.as_ref().unwrap().at;
        assert!(log.is_shared());
        assert_eq!(logged.priority, Priority::P1);
        assert_eq!(logged.councils, outage.councils);
        if outage.is_imprecise() {
            assert_eq!(Month::of(*at), Month::of(begun));
        } else {
            assert!((begun..begun + SignedDuration::from_hours(1)).contains(at));
        }
    }
    let october: Vec<_> = tickets
        .iter()
        .filter(|(_, _, at, logged)| {
            logged.priority == Priority::P1 && Month::of(*at).to_string() == "2019-10"
        })
        .collect();
    assert_eq!(october.len(), 1);
    assert!(
        linked
            .values()
            .flatten()
            .any(|ticket| *ticket == october[0])
    );
}

#[test]
fn no_month_has_more_critical_outages_than_p1_incidents() {
    let mut critical: BTreeMap<Month, u32> = BTreeMap::new();
    for (_, _, outage) in outages() {
        let begun = outage.begun.as_ref();
        if let Some(begun) = begun.filter(|begun| begun.declared.critical) {
            *critical.entry(Month::of(begun.at)).or_default() += 1;
        }
    }
    let published: BTreeMap<Month, u32> = targets::p1_months().collect();
    let first: Month = "2019-01".parse().unwrap();
    for (month, outages) in critical.range(first..) {
        let p1 = published.get(month).copied().unwrap_or(0);
        assert!(*outages <= p1, "{month}: {outages} of {p1}");
    }
    assert_eq!(critical[&"2019-10".parse().unwrap()], 1);
    assert!(
        critical
            .range(first..)
            .map(|(_, outages)| outages)
            .sum::<u32>()
            > 15
    );
}

#[test]
fn outages_are_as_mixed_as_they_should_be() {
    let outages = outages();
    assert!((150..=400).contains(&outages.len()), "{}", outages.len());
    let count = |wanted: &dyn Fn(&Outage) -> bool| {
        outages
            .iter()
            .filter(|(_, _, outage)| wanted(outage))
            .count()
    };
    let announced = count(&was_announced);
    let planned = count(&Outage::is_planned);
    assert!(
        announced > 8 && planned > announced + 3,
        "{announced} {planned}"
    );
    assert!(count(&|outage| !outage.recurred.is_empty()) > 1);
    assert!(count(&|outage| !outage.gone.is_empty()) > 1);
    assert!(count(&|outage| outage.users_percent.is_some()) > 20);
    assert!(count(&|outage| outage.workaround.is_some()) > 10);
    let amended = |wanted: &dyn Fn(&Event) -> bool| {
        EVENTS.iter().filter(|event| wanted(&event.event)).count()
    };
    assert_eq!(
        amended(&|event| matches!(event, Event::Outage(Recordable::Voided(_)))),
        1
    );
    assert!(amended(&|event| matches!(event, Event::Outage(Recordable::Corrected(_)))) > 3);
}

#[test]
fn every_reference_leads_to_something() {
    let mut known: BTreeSet<(LogName, AggregateId)> = tickets()
        .into_iter()
        .map(|(log, id, ..)| (log.clone(), id))
        .collect();
    known.extend(outages().into_iter().map(|(log, id, _)| (log.clone(), id)));
    let changes = judged::<ChangeRules>().states();
    let changes: Vec<_> = changes
        .filter_map(|(log, id, change)| Some((log, id, change?)))
        .collect();
    known.extend(changes.iter().map(|(log, id, _)| ((*log).clone(), *id)));
    let outages = outages();
    let of_outages = outages
        .iter()
        .flat_map(|(_, _, outage)| outage.linked.iter().chain(&outage.recurred));
    let of_changes = changes.iter().flat_map(|(_, _, change)| &change.caused);
    let of_tickets = EVENTS.iter().filter_map(|event| match &event.event {
        Event::Ticket(Recordable::Fact(TicketFact::Linked(linked))) => Some(&linked.cause),
        _ => None,
    });
    let mut references = 0;
    for reference in of_outages.chain(of_changes).chain(of_tickets) {
        let found = known.contains(&(reference.log.clone(), reference.aggregate()));
        assert!(found, "{reference}");
        references += 1;
    }
    assert!(references > 60, "{references}");
    // What an outage says that it was caused by says the same of the outage.
    for (log, id, outage) in &outages {
        for cause in &outage.linked {
            let effect = |(_, other, _): &&(_, AggregateId, _)| *other == cause.aggregate();
            let (_, _, change) = changes.iter().find(effect).unwrap();
            let says = |caused: &Reference| caused.log == **log && caused.aggregate() == *id;
            assert!(change.caused.iter().any(says), "{cause}");
        }
    }
}
