//! Laws of changes, posts and outages on random histories: whatever their deciders accept.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use townclerk_domain::amendment::{Recordable, Voiding};
use townclerk_domain::availability::{
    AvailabilityAgreed, AvailabilityFact, AvailabilityRules, availability_of,
};
use townclerk_domain::change::{
    Cancelled, ChangeFact, ChangeRules, ChangeType, Closed, Implemented, Outcome, Requested,
    Reviewed, Scheduled, Started,
};
use townclerk_domain::decimal::Decimal;
use townclerk_domain::identity::{AggregateKind, Family};
use townclerk_domain::names::Scope;
use townclerk_domain::outage::{
    Declared, Effect, OutageFact, OutageRules, Resolved, Severity, UsersAffected,
};
use townclerk_domain::period::Period;
use townclerk_domain::post::{
    Appointment, InterimEnded, PostCreated, PostDeleted, PostFact, PostFilled, PostRules,
    PostVacated,
};
use townclerk_domain::service_time::{ServiceTime, Weekday, Window};

use super::families::{aggregate, text};
use super::history::{History, LOGS, ask, code, folded, log, one, read, start};
use crate::availability::{Agreed, minutes};
use crate::basis::Basis;
use crate::dimension::Dimension;
use crate::figures::{Breakdown, Periods, Query, additive_differences, additive_query};
use crate::measure::Measure;
use crate::registry::Registry;

pub const FAMILIES: [Family; 3] = [Family::Change, Family::Outage, Family::Restructure];

/// One thing that is tried.
#[derive(Clone, Debug)]
pub struct Step {
    log: usize,
    number: u8,
    what: u8,
    detail: u8,
    /// Hours that pass before it.
    hours: u8,
}

pub fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0..3_usize, 0..4_u8, 0..18_u8, any::<u8>(), 1..80_u8).prop_map(
        |(log, number, what, detail, hours)| Step {
            log,
            number,
            what,
            detail,
            hours,
        },
    );
    proptest::collection::vec(step, 1..150)
}

fn councils(name: &str) -> BTreeSet<townclerk_domain::names::Code> {
    match name {
        "shared" => [code("brent"), code("lewisham")].into(),
        _ => BTreeSet::new(),
    }
}

fn change(step: &Step) -> ChangeFact {
    let detail = usize::from(step.detail);
    match step.what {
        0 | 1 => ChangeFact::Requested(Requested {
            change_type: ChangeType::Standard,
            title: text("A change"),
            category: code("fix"),
            project: None,
            services: BTreeSet::new(),
            councils: councils(LOGS[step.log]),
        }),
        2 => ChangeFact::Scheduled(Scheduled {
            from: start(),
            to: start() + SignedDuration::from_hours(1),
        }),
        3 => ChangeFact::Started(Started {}),
        4 => ChangeFact::Implemented(Implemented {}),
        5 => ChangeFact::Reviewed(Reviewed { findings: None }),
        6 => ChangeFact::Closed(Closed {
            outcome: Outcome::ALL[detail % Outcome::ALL.len()],
        }),
        _ => ChangeFact::Cancelled(Cancelled {
            reason: code("unnecessary"),
        }),
    }
}

fn post(step: &Step, at: Timestamp) -> PostFact {
    let appointment = Appointment::ALL[usize::from(step.detail) % Appointment::ALL.len()];
    let until = at + SignedDuration::from_hours(24 * 90);
    let until = townclerk_domain::period::london_day(until);
    match step.what {
        8 | 9 => PostFact::PostCreated(PostCreated {
            role: code("analyst"),
            team: code("desk"),
            under: None,
        }),
        10 => PostFact::PostFilled(PostFilled {
            appointment,
            until: (!appointment.is_permanent()).then_some(until),
            under: None,
        }),
        11 => PostFact::PostVacated(PostVacated {
            reason: code("left"),
        }),
        12 => PostFact::InterimEnded(InterimEnded {}),
        _ => PostFact::PostDeleted(PostDeleted { under: None }),
    }
}

fn lasts(step: &Step) -> SignedDuration {
    SignedDuration::from_secs(i64::from(step.detail) * 97 + 1)
}

fn outage(step: &Step, at: Timestamp) -> OutageFact {
    if step.what == 15 {
        return OutageFact::Resolved(Resolved {});
    }
    if step.what == 16 && step.detail.is_multiple_of(3) {
        let percent = Decimal::whole((step.detail % 101).into());
        return OutageFact::UsersAffected(UsersAffected { percent });
    }
    let hit = match LOGS[step.log] {
        "shared" => councils("shared"),
        own => [code(own)].into(),
    };
    let effects = hit.iter().map(|council| Effect {
        service: code("email"),
        council: council.clone(),
        severity: Severity::Down,
        from: None,
        to: (step.detail > 40).then_some(at + lasts(step)),
    });
    OutageFact::Declared(Declared {
        title: text("An outage"),
        summary: None,
        when: None,
        effects: effects.collect(),
        councils: hit,
        critical: false,
    })
}

fn agreed(service_time: ServiceTime) -> AvailabilityFact {
    AvailabilityFact::AvailabilityAgreed(AvailabilityAgreed {
        service: code("email"),
        service_time,
        target: "99".parse().unwrap(),
        notice_hours: 0,
        except_holidays: false,
        from: "2019-01-01".parse().unwrap(),
    })
}

/// Office hours of one council, every minute of the other.
fn history(steps: &[Step]) -> History {
    played(History::covering(&FAMILIES), steps)
}

/// The same after what is recorded already.
pub fn played(mut history: History, steps: &[Step]) -> History {
    let days = [Weekday::Monday, Weekday::Wednesday, Weekday::Saturday];
    let office = days.map(|day| Window {
        day,
        from: "08:40:00".parse().unwrap(),
        to: "17:00:00".parse().unwrap(),
    });
    let times = [ServiceTime::Weekly(office.to_vec()), ServiceTime::Always];
    for (council, time) in ["brent", "lewisham"].into_iter().zip(times) {
        let id = availability_of(&log(council));
        history.tell::<AvailabilityRules>(council, id, "2019-01-01T00:00:00Z", agreed(time));
    }
    let mut now = start();
    for step in steps {
        now += SignedDuration::from_hours(step.hours.into());
        let name = LOGS[step.log];
        let number = u128::from(step.number) + 50;
        let voiding = Voiding {
            reason: code("recorded-in-error"),
        };
        let voids = step.what == 17 && step.detail > 200;
        // What a decider refuses is no part of the history.
        let _refused = match step.what {
            0..8 => {
                let id = aggregate(AggregateKind::Change, number);
                let fact = Recordable::Fact(change(step));
                history.offer::<ChangeRules>(name, id, now, fact).is_err()
            }
            8..14 => {
                let id = aggregate(AggregateKind::Post, number);
                let fact = Recordable::Fact(post(step, now));
                history.offer::<PostRules>(name, id, now, fact).is_err()
            }
            14..17 => {
                let id = aggregate(AggregateKind::Outage, number);
                // Recorded when it is over, or while it lasts.
                history.clock_reaches(now);
                let at = (now - lasts(step)).max(start());
                let fact = Recordable::Fact(outage(step, at));
                history.offer::<OutageRules>(name, id, at, fact).is_err()
            }
            _ if voids => {
                let id = aggregate(AggregateKind::Post, number);
                let voided = Recordable::Voided(voiding);
                history.offer::<PostRules>(name, id, now, voided).is_err()
            }
            _ => {
                let id = aggregate(AggregateKind::Outage, number);
                let voided = Recordable::Voided(voiding);
                history.offer::<OutageRules>(name, id, now, voided).is_err()
            }
        };
    }
    history
}

fn after(hours: i64) -> Timestamp {
    start() + SignedDuration::from_hours(hours)
}

/// Every measure that counters are kept of, over some periods.
fn counted(scope: &str, basis: Basis) -> Query {
    let periods = ["2019-01", "2019-02", "2019-05", "18/19 Q4"];
    let measures = Measure::ALL.into_iter();
    let measures = measures.filter(|m| m.is_counted() && m.kind() != AggregateKind::Ticket);
    Query {
        measures: measures.collect(),
        periods: Periods::These(periods.map(|period| period.parse().unwrap()).to_vec()),
        basis,
        ..Query::everything(scope.parse().unwrap())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn rebuild_equals_live(steps in steps(), batches in proptest::collection::vec(1..9_usize, 0..40)) {
        let events = history(&steps).all();
        prop_assert_eq!(folded(&events, &batches), folded(&events, &[]));
    }

    /// What counters say, corrected by what happened late, is what one pass over all rows says.
    #[test]
    fn counters_and_pass_agree(steps in steps(), hours in 0..5_000_i64) {
        let history = history(&steps);
        let rows = folded(&history.all(), &[]);
        let basis = Basis { as_at: Some(after(hours)), known_at: None };
        let known_at = Some(after(20_000));
        let numbers = |basis| -> Vec<_> {
            ask(&history, &rows, &counted("joint", basis)).iter().map(|f| f.numerator).collect()
        };
        let by_counters = numbers(basis);
        // Recorded later than anything: to know as much as there was before it takes a pass.
        let mut later = history.clone();
        later.record_unrelated(after(30_000));
        let rows = folded(&later.all(), &[]);
        let by_pass: Vec<_> = ask(&later, &rows, &counted("joint", Basis { known_at, ..basis }))
            .iter().map(|f| f.numerator).collect();
        prop_assert_eq!(by_counters, by_pass);
    }

    /// The parts of every breakdown, and the logs together, make up the whole.
    #[test]
    fn additive_measures_add_up(steps in steps()) {
        let history = history(&steps);
        let rows = folded(&history.all(), &[]);
        for scope in ["joint", "brent", "shared"] {
            let query = additive_query(scope.parse().unwrap(), Some(after(20_000)));
            let query = Query { periods: counted(scope, Basis::default()).periods, ..query };
            let differences = additive_differences(&ask(&history, &rows, &query));
            prop_assert_eq!(differences, Vec::<String>::new());
        }
        let of = |scope: &str| {
            let counted = counted(scope, Basis { as_at: Some(after(20_000)), known_at: None });
            let measures = counted.measures.iter().copied();
            let measures = measures.filter(|measure| measure.definition().adds_up).collect();
            let figures = ask(&history, &rows, &Query { measures, ..counted }).into_iter();
            let cells = figures.map(|f| ((f.measure, f.period.label, f.breakdown), f.numerator));
            cells.collect::<BTreeMap<_, _>>()
        };
        let parts = ["brent", "lewisham", "shared"].map(of);
        for (cell, whole) in of("joint") {
            // A team or a role that a log does not have adds nothing.
            let in_part = |part: &BTreeMap<_, _>| part.get(&cell).copied().unwrap_or(Some(0));
            let sum: Option<i64> = parts.iter().map(in_part).sum();
            prop_assert_eq!(whole, sum, "{:?}", cell);
        }
    }

    /// Of the closed changes each succeeded or failed, and of none there is no share.
    #[test]
    fn success_and_failure_make_up_all_closed_changes(steps in steps()) {
        let history = history(&steps);
        let rows = folded(&history.all(), &[]);
        let basis = Basis { as_at: Some(after(20_000)), known_at: None };
        for scope in ["joint", "brent", "shared"] {
            let of = |measure| ask(&history, &rows, &one(scope, measure, "2019-01/2020-12", basis)).remove(0);
            let closed = of(Measure::ChangesClosed).numerator.unwrap();
            let rates = [Measure::ChangeSuccessRate, Measure::ChangeFailureRate].map(of);
            let denominators = rates.each_ref().map(|rate| rate.denominator);
            prop_assert_eq!(denominators, [(closed > 0).then_some(closed); 2]);
            let sum: Option<i64> = rates.iter().map(|rate| rate.numerator).sum();
            prop_assert_eq!(sum.unwrap_or(0), closed);
        }
    }

    /// Posts there are = created - deleted, and vacancies never exceed them.
    #[test]
    fn the_establishment_is_what_was_created_and_not_deleted(steps in steps()) {
        let history = history(&steps);
        let rows = folded(&history.all(), &[]);
        let basis = Basis { as_at: Some(after(20_000)), known_at: None };
        let number = |measure| {
            ask(&history, &rows, &one("joint", measure, "2019-01/2020-12", basis))[0].numerator.unwrap()
        };
        let there = number(Measure::PostsCreated) - number(Measure::PostsDeleted);
        prop_assert_eq!(number(Measure::Establishment), there);
        let vacancies = number(Measure::Vacancies);
        prop_assert!((0..=there).contains(&vacancies), "{} of {}", vacancies, there);
        // An interim leaves a post vacant.
        let interims = number(Measure::Interims);
        prop_assert!((0..=vacancies).contains(&interims), "{} of {}", interims, vacancies);
    }

    /// What was known on a day is what a view says that read no further.
    #[test]
    fn the_past_is_reproduced_as_it_was_known(steps in steps(), hours in 1..5_000_i64) {
        let mut whole = history(&steps);
        whole.record_unrelated(after(30_000));
        let known_at = after(hours);
        let mut then = whole.clone();
        for events in then.logs.values_mut() {
            events.retain(|event| event.recorded <= known_at);
        }
        let basis = Basis { as_at: Some(known_at), known_at: Some(known_at) };
        let measures = Measure::ALL.into_iter().filter(|measure| measure.kind() != AggregateKind::Ticket);
        let query = Query { measures: measures.collect(), ..counted("joint", basis) };
        let numbers = |history: &History| -> Vec<_> {
            let figures = ask(history, &folded(&history.all(), &[]), &query);
            figures.iter().map(|f| (f.measure, f.breakdown.clone(), f.numerator, f.denominator)).collect()
        };
        // A value that was not known by then has no figure in the view that read no further.
        let known = numbers(&then);
        let mut later = numbers(&whole);
        later.retain(|figure| known.iter().any(|then| (then.0, &then.1) == (figure.0, &figure.1)));
        prop_assert_eq!(later, known);
    }

    /// Downtime is the number of agreed minutes of which some part was down in some outage, and by
    /// users each of them counts as the largest share: the union against an oracle that marks every
    /// minute, with effects as they were recorded.
    #[test]
    fn downtime_is_the_union_of_outages(steps in steps()) {
        let history = history(&steps);
        let rows = folded(&history.all(), &[]);
        let period: Period = "2019-02".parse().unwrap();
        let (from, to) = (period.start(), period.end());
        for council in ["brent", "lewisham"] {
            let (found, marked, by_users) = read(&history, &rows, |reading| {
                let registry = Registry::read(reading.rows, None).unwrap();
                let ledger = reading.ledger(&Scope::Joint, Basis { as_at: Some(to), known_at: None }).unwrap();
                let agreements = &registry.agreements[&log(council)];
                let agreed = Agreed {
                    agreements,
                    holidays: None,
                };
                let found = minutes(&ledger, agreed, &code(council), &code("email"), (from, to));
                let time = &agreements.stands.0[0].agreed.service_time;
                let (mut marked, mut by_users) = (0, 0);
                for minute in minutes_of(from, to) {
                    let next = minute + SignedDuration::from_mins(1);
                    if time.intervals(minute, next).next().is_none() {
                        continue;
                    }
                    let shares = ledger.outages.iter().filter_map(|outage| {
                        let mut effects = outage.stands.effects.iter();
                        let is_down = effects.any(|effect| {
                            let from = effect.from.unwrap();
                            effect.council == code(council)
                                && from < next
                                && effect.to.is_none_or(|to| minute < to && from < to)
                        });
                        is_down.then(|| outage.stands.users_percent.map_or(100, Decimal::units))
                    });
                    if let Some(share) = shares.max() {
                        marked += 1;
                        by_users += share;
                    }
                }
                (found, marked, by_users)
            });
            prop_assert_eq!(found.down, marked, "{}", council);
            prop_assert_eq!(found.users_down, by_users * 1_000_000, "{}", council);
        }
    }

    /// The time between failures against an oracle that marks every minute of the period in which
    /// an outage lasted, and looks at what lies between the marks.
    #[test]
    fn time_between_failures_is_what_no_outage_marks(steps in steps()) {
        let history = history(&steps);
        let rows = folded(&history.all(), &[]);
        let (label, basis) = ("2019-01/2019-03", Basis { as_at: Some(after(20_000)), known_at: None });
        let period: Period = label.parse().unwrap();
        for scope in ["joint", "brent", "shared"] {
            let found = &ask(&history, &rows, &one(scope, Measure::MeanTimeBetweenFailures, label, basis))[0];
            let lasted: Vec<(Timestamp, Option<Timestamp>)> = read(&history, &rows, |reading| {
                let ledger = reading.ledger(&scope.parse().unwrap(), basis).unwrap();
                let outages = ledger.outages.iter();
                outages.map(|outage| (outage.stands.begun.as_ref().unwrap().at, outage.stands.resolved)).collect()
            });
            let marks: String = minutes_of(period.start(), period.end()).map(|minute| {
                let next = minute + SignedDuration::from_mins(1);
                let failed = lasted.iter().any(|(from, to)| *from < next && to.is_none_or(|to| minute < to));
                if failed { 'x' } else { '.' }
            }).collect();
            let between: Vec<usize> = marks.trim_matches('.').split('x').map(str::len).filter(|length| *length > 0).collect();
            let expected = (!between.is_empty())
                .then(|| (i64::try_from(between.iter().sum::<usize>()).unwrap(), i64::try_from(between.len()).unwrap()));
            prop_assert_eq!(found.numerator.zip(found.denominator), expected, "{}", scope);
        }
    }

    /// From incident to incident is what is between failures and what it takes to restore; and the
    /// outages of each party make up all of them, in minutes and in number.
    #[test]
    fn the_means_of_failures_fit_each_other(steps in steps()) {
        let history = history(&steps);
        let rows = folded(&history.all(), &[]);
        let basis = Basis { as_at: Some(after(20_000)), known_at: None };
        for scope in ["joint", "brent", "shared"] {
            let parts = |measure| {
                let query = one(scope, measure, "2019-01/2019-12", basis);
                let figure = &ask(&history, &rows, &query)[0];
                figure.numerator.zip(figure.denominator).map(|(n, d)| (i128::from(n), i128::from(d)))
            };
            let restoring = parts(Measure::MeanTimeToRestore);
            let between = parts(Measure::MeanTimeBetweenFailures);
            let incidents = parts(Measure::MeanTimeBetweenServiceIncidents);
            prop_assert_eq!(incidents.is_some(), restoring.is_some() && between.is_some());
            if let (Some((r, of_r)), Some((b, of_b)), Some((i, of_i))) = (restoring, between, incidents) {
                prop_assert_eq!(i * of_r * of_b, (r * of_b + b * of_r) * of_i);
            }
            let by_party = Query {
                breakdowns: vec![Breakdown { split: vec![Dimension::Party], ..Breakdown::default() }],
                ..one(scope, Measure::MeanTimeToRestore, "2019-01/2019-12", basis)
            };
            let by_party = ask(&history, &rows, &by_party);
            let sum = by_party.iter().filter_map(|figure| figure.numerator.zip(figure.denominator));
            let sum = sum.fold((0, 0), |(n, d), (of_n, of_d)| (n + i128::from(of_n), d + i128::from(of_d)));
            prop_assert_eq!(sum, restoring.unwrap_or((0, 0)));
        }
    }
}

/// The begin of every minute of a stretch of time.
fn minutes_of(from: Timestamp, to: Timestamp) -> impl Iterator<Item = Timestamp> {
    let next = |minute: &Timestamp| Some(*minute + SignedDuration::from_mins(1));
    std::iter::successors(Some(from), next).take_while(move |minute| *minute < to)
}
