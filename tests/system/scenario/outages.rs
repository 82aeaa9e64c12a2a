//! What was published of outages: each is on the record once, with its cause and its P1.

use std::collections::BTreeMap;

use townclerk_domain::names::Code;
use townclerk_domain::outage::Outage;
use townclerk_domain::period::Month;
use townclerk_domain::reference::ReferenceKind;
use townclerk_domain::ticket::{Priority, TicketKind};
use townclerk_views::basis::Basis;
use townclerk_views::dimension::Dimension;
use townclerk_views::kept::Kept;
use townclerk_views::ledger::Ledger;
use townclerk_views::measure::Measure;

use super::{Story, claims};

const OUTAGES: Measure = Measure::Outages;

fn component(name: &str) -> [(Dimension, &str); 1] {
    [(Dimension::Component, name)]
}

/// Lewisham, Mayor and Cabinet, 16 September 2020, paragraph 6.10: five outages of the core network
/// are claimed and two described; paragraph 6.13: three of storage, all of them described.
pub(super) fn two_core_network_outages_are_on_record_where_five_are_claimed(story: &Story) {
    let period = "2019-04/2019-10";
    let network = story.figure(OUTAGES, &component("core-network"), period);
    assert_eq!(network.numerator, Some(2));
    assert_eq!(claims(&network), [("5".to_owned(), Some(true))]);
    let storage = story.figure(OUTAGES, &component("storage"), period);
    assert_eq!(claims(&storage), [("3".to_owned(), Some(false))]);
    // The day of the one in April is not known: it counts in its month, and on no day of it.
    let in_april = |period| story.shown(OUTAGES, &component("storage"), period);
    assert_eq!(in_april("2019-04"), "1");
    assert_eq!(in_april("2019-04-01"), "0");
}

/// Joint Committee, 4 July 2018, paragraph 3.10: three major incidents of the interconnect, of
/// which no date is published.
pub(super) fn three_interconnect_incidents_lie_somewhere_before_the_paper(story: &Story) {
    let period = "2018-01-01/2018-07-04";
    let interconnect = story.figure(OUTAGES, &component("interconnect"), period);
    assert_eq!(claims(&interconnect), [("3".to_owned(), Some(false))]);
    assert_eq!(story.shown(OUTAGES, &[], period), "3");
    // In no single month is any of them known to have been.
    for month in ["2018-01", "2018-04", "2018-06", "2018-07"] {
        assert_eq!(story.shown(OUTAGES, &[], month), "0", "{month}");
    }
}

fn on<'a>(ledger: &'a Ledger, day: &str) -> &'a Kept<Outage> {
    let named = ["core-network", "storage"];
    let mut found = ledger.outages.iter().filter(|outage| {
        let begun = outage.stands.begun.as_ref();
        let cause = outage.stands.cause.as_ref();
        begun.is_some_and(|begun| townclerk_domain::period::london_day(begun.at).to_string() == day)
            && cause.is_some_and(|cause| named.contains(&cause.component.as_str()))
    });
    let one = found.next().unwrap_or_else(|| panic!("no outage on {day}"));
    assert!(found.next().is_none(), "several on {day}");
    one
}

/// Of every outage that the paper names: scope, cause, what was done, effects with their ends,
/// and exactly one P1 incident.
pub(super) fn each_named_outage_has_its_scope_cause_remedies_and_exactly_one_p1(story: &Story) {
    let ledger = ledger(story);
    let all = ["brent", "lewisham", "southwark"];
    let named: [(&str, &[&str], &str, &str); 5] = [
        ("2019-06-01", &all, "core-network", "power"),
        (
            "2019-10-14",
            &["lewisham", "southwark"],
            "core-network",
            "power",
        ),
        ("2019-04-01", &all, "storage", "change"),
        ("2019-06-08", &all, "storage", "hardware"),
        ("2019-07-23", &all, "storage", "hardware"),
    ];
    for (day, councils, component, class) in named {
        let outage = on(&ledger, day);
        assert!(outage.log.is_shared() && outage.sample, "{day}");
        let found: Vec<&str> = outage.stands.councils.iter().map(Code::as_str).collect();
        assert_eq!(found, councils, "{day}");
        let cause = outage.stands.cause.as_ref().unwrap();
        assert_eq!(
            (cause.component.as_str(), cause.class.as_str()),
            (component, class)
        );
        assert!(!outage.stands.actions.is_empty(), "{day}");
        assert!(!outage.stands.effects.is_empty(), "{day}");
        assert!(outage.stands.closed.is_some() && outage.stands.review.is_some());
        let imprecise = day == "2019-04-01";
        assert_eq!(outage.stands.is_imprecise(), imprecise, "{day}");
        for effect in &outage.stands.effects {
            assert_eq!(effect.to.is_none(), imprecise, "{day}");
        }
        let p1 = ledger.tickets.values().filter(|ticket| {
            let attributes = &ticket.ticket.attributes;
            let comes_from = |cause: &townclerk_domain::reference::Reference| {
                cause.kind == ReferenceKind::Outage && cause.id == outage.id
            };
            attributes.priority == Priority::P1
                && attributes.kind == TicketKind::Incident
                && ticket.causes.iter().any(comes_from)
        });
        assert_eq!(p1.count(), 1, "{day}");
    }
    // That of 14 October is October's only one.
    let p1 = [(Dimension::Kind, "incident"), (Dimension::Priority, "p1")];
    assert_eq!(story.shown(Measure::TicketsLogged, &p1, "2019-10"), "1");
    // Brent's services stayed up that day.
    let brent = Code::new("brent").unwrap();
    let hit = &on(&ledger, "2019-10-14").stands.effects;
    assert!(hit.iter().all(|effect| effect.council != brent));
}

fn ledger(story: &Story) -> std::sync::Arc<Ledger> {
    story
        .view
        .with_reading(|reading| reading.ledger(&story.scope, Basis::default()))
        .unwrap()
}

/// A P1 is an incident that stops an entire critical service: no month can have more such outages.
pub(super) fn no_month_has_more_outages_of_a_critical_service_than_p1_incidents(story: &Story) {
    let mut critical: BTreeMap<Month, i64> = BTreeMap::new();
    for outage in &ledger(story).outages {
        let begun = outage.stands.begun.as_ref();
        let precise = begun.filter(|_| !outage.stands.is_planned());
        if let Some(begun) = precise.filter(|begun| begun.declared.critical) {
            let month = Month::of(begun.at);
            if month >= "2019-01".parse().unwrap() {
                *critical.entry(month).or_default() += 1;
            }
        }
    }
    assert!(critical.len() > 5, "too few to say anything");
    let p1 = [(Dimension::Kind, "incident"), (Dimension::Priority, "p1")];
    for (month, outages) in critical {
        let incidents = story.figure(Measure::TicketsLogged, &p1, &month.to_string());
        assert!(outages <= incidents.numerator.unwrap(), "{month}");
    }
}
