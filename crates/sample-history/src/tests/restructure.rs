//! The posts are as many, and as vacant, as was published.

use std::collections::BTreeMap;

use jiff::Timestamp;
use townclerk_domain::amendment::Recordable;
use townclerk_domain::decider::Decider;
use townclerk_domain::event::Event;
use townclerk_domain::identity::AggregateId;
use townclerk_domain::period::Month;
use townclerk_domain::post::{Appointment, PostFact, PostRules};

use super::{EVENTS, instant};

/// What happened to posts, all in `shared`, in order.
fn facts() -> Vec<(Timestamp, AggregateId, &'static PostFact)> {
    let mut facts: Vec<_> = EVENTS
        .iter()
        .filter_map(|event| match &event.event {
            Event::Post(Recordable::Fact(fact)) => {
                assert!(event.log.is_shared());
                Some((event.happened, event.aggregate, fact))
            }
            Event::Post(_) => panic!("{event:?}"),
            _ => None,
        })
        .collect();
    facts.sort_by_key(|(happened, ..)| *happened);
    facts
}

/// Posts, and vacant ones, at `at`.
fn posts_at(at: &str) -> (usize, usize) {
    let at = instant(at);
    let mut posts = BTreeMap::new();
    for (happened, id, fact) in facts() {
        if happened < at {
            let state = posts.remove(&id).flatten();
            posts.insert(id, PostRules::evolve(state, fact, happened));
        }
    }
    let standing = posts
        .values()
        .flatten()
        .filter(|post| post.deleted.is_none());
    let vacant = standing.clone().filter(|post| post.is_vacant());
    (standing.count(), vacant.count())
}

#[test]
fn vacancies_are_those_that_were_published() {
    assert_eq!(posts_at("2018-04-30T23:00:00Z"), (120, 41));
    assert_eq!(posts_at("2018-06-04T23:00:00Z"), (101, 22));
    assert_eq!(posts_at("2018-06-30T23:00:00Z"), (101, 22));
    let (posts, vacant) = posts_at("2020-08-21T23:00:00Z");
    assert_eq!(posts, 101 + 3 - 1);
    assert!((3..=12).contains(&vacant), "{vacant}");
}

#[test]
fn twenty_nine_posts_were_filled_internally_in_may_2018_and_nothing_else_was() {
    let filled: Vec<_> = facts()
        .into_iter()
        .filter_map(|(happened, _, fact)| match fact {
            PostFact::PostFilled(filled) => Some((Month::of(happened).to_string(), filled)),
            _ => None,
        })
        .collect();
    let of = |month: &str| {
        let month = month.to_owned();
        let here = filled.iter().filter(move |(other, _)| *other == month);
        here.map(|(_, filled)| filled.appointment)
            .collect::<Vec<_>>()
    };
    assert_eq!(of("2018-05"), [Appointment::Internal; 29]);
    assert!(of("2018-06").is_empty());
    for appointment in [Appointment::External, Appointment::Interim] {
        let later = filled.iter().filter(|(month, filled)| {
            month.as_str() > "2018-06" && filled.appointment == appointment
        });
        assert!(later.count() > 0, "{appointment:?}");
    }
}

#[test]
fn interims_of_2018_were_extended_by_two_months_and_ended() {
    let (mut extended, mut ended) = (0, 0);
    for (happened, _, fact) in facts() {
        match fact {
            PostFact::InterimExtended(until) if happened < instant("2019-01-01T00:00:00Z") => {
                assert_eq!(until.until.to_string(), "2018-09-30");
                extended += 1;
            }
            PostFact::InterimEnded(_) => ended += 1,
            _ => {}
        }
    }
    assert_eq!((extended, ended), (5, 5));
}

#[test]
fn what_is_done_under_a_programme_names_one_that_exists() {
    let programmes: Vec<_> = EVENTS
        .iter()
        .filter(|event| matches!(event.event, Event::Programme(_)))
        .map(|event| event.aggregate.id)
        .collect();
    let mut named = 0;
    for (_, _, fact) in facts() {
        let under = match fact {
            PostFact::PostCreated(created) => &created.under,
            PostFact::PostFilled(filled) => &filled.under,
            PostFact::PostDeleted(deleted) => &deleted.under,
            _ => &None,
        };
        if let Some(under) = under {
            assert!(programmes.contains(&under.programme), "{fact:?}");
            named += 1;
        }
    }
    assert!(named > 29 * 2, "{named}");
}
