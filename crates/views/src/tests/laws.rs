//! Laws that hold for every history.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::history::{ask, everything, folded, history, log, one, start, steps};
use crate::basis::Basis;
use crate::definition::Made;
use crate::figure::Figure;
use crate::measure::Measure;

fn texts(figures: &[Figure]) -> Vec<String> {
    let text = |figure: &Figure| serde_json::to_string(figure).unwrap();
    figures.iter().map(text).collect()
}

/// Measure, period and breakdown to value.
fn values(figures: &[Figure]) -> BTreeMap<(String, String, String), i64> {
    figures
        .iter()
        .map(|figure| {
            let breakdown = format!("{:?}", figure.breakdown);
            let key = (
                figure.measure.to_owned(),
                figure.period.label.clone(),
                breakdown,
            );
            (key, figure.numerator.unwrap_or(i64::MIN))
        })
        .collect()
}

fn after(hours: i64) -> Timestamp {
    start() + SignedDuration::from_hours(hours)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Rebuilding gives the rows of the live view, at any prefix and in any batches.
    #[test]
    fn rebuild_equals_live(steps in steps(), prefix in 0.0..=1.0_f64, batches in proptest::collection::vec(1..9_usize, 0..40)) {
        let events = history(&steps).all();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a small number")]
        let length = (events.len() as f64 * prefix) as usize;
        let live = folded(&events[..length], &batches);
        let rebuilt = folded(&events[..length], &[]);
        prop_assert_eq!(live, rebuilt);
    }

    /// In which order two logs are read changes no row.
    #[test]
    fn the_order_of_reading_logs_is_irrelevant(steps in steps(), picks in proptest::collection::vec(0..3_usize, 0..200)) {
        let history = history(&steps);
        let one_after_the_other = folded(&history.all(), &[7]);
        let mut queues: Vec<_> = history.logs.values().map(|events| events.iter()).collect();
        let mut mixed = Vec::new();
        for pick in picks {
            mixed.extend(queues[pick].next().cloned());
        }
        mixed.extend(queues.into_iter().rev().flatten().cloned());
        prop_assert_eq!(folded(&mixed, &[3, 1, 4]), one_after_the_other);
    }

    /// Counters corrected by late rows give what one pass over all rows gives.
    #[test]
    fn counters_and_pass_agree(steps in steps(), hours in 0..5_000_i64) {
        let history = history(&steps);
        let rows = folded(&history.all(), &[]);
        let as_at = Some(after(hours));
        let by_counters = ask(&history, &rows, &everything("joint", Basis { as_at, known_at: None }));
        // To know less than everything, even if only something unrelated, takes a pass.
        let newest = history.all().iter().map(|event| event.recorded).max().unwrap();
        let mut more = history.clone();
        more.record_unrelated(newest + SignedDuration::from_hours(1));
        let rows = folded(&more.all(), &[]);
        let by_pass = ask(&more, &rows, &everything("joint", Basis { as_at, known_at: Some(newest) }));
        prop_assert_eq!(values(&by_counters), values(&by_pass));
    }

    /// A figure as known at T is the figure of a view that had read no further.
    #[test]
    fn the_past_is_reproduced_as_it_was_known(steps in steps(), hours in 1..5_000_i64) {
        let history = history(&steps);
        let known_at = after(hours);
        let mut then = history.clone();
        for events in then.logs.values_mut() {
            events.retain(|event| event.recorded <= known_at);
        }
        let as_at = Some(after(hours / 2));
        let rows = folded(&history.all(), &[]);
        let rows_then = folded(&then.all(), &[]);
        for scope in ["joint", "brent", "shared"] {
            let query = everything(scope, Basis { as_at, known_at: Some(known_at) });
            let reproduced = ask(&history, &rows, &query);
            let original = ask(&then, &rows_then, &query);
            prop_assert_eq!(texts(&reproduced), texts(&original));
        }
    }

    /// A joint figure is the sum over the members and the shared log; a total is the sum over the
    /// values of each dimension; a quarter of flows is the sum of its months.
    #[test]
    fn additive_measures_add_up(steps in steps()) {
        let history = history(&steps);
        let rows = folded(&history.all(), &[]);
        let basis = Basis { as_at: Some(after(9_000)), known_at: None };
        let of = |scope: &str| values(&ask(&history, &rows, &everything(scope, basis)));
        let (joint, brent, lewisham, shared) = (of("joint"), of("brent"), of("lewisham"), of("shared"));
        let counts = |name: &str| {
            Measure::from_name(name).is_some_and(|m| m.definition().made == Made::Counted)
        };
        for (key, value) in joint.iter().filter(|((name, ..), _)| counts(name)) {
            let part = |values: &BTreeMap<_, i64>| values.get(key).copied().unwrap_or(0);
            // Where one log has no agreement there is nothing to add up.
            let whole = joint[&(key.0.clone(), key.1.clone(), "{}".to_owned())];
            let sum = match whole == i64::MIN {
                true => i64::MIN,
                false => [&brent, &lewisham, &shared].map(part).iter().sum(),
            };
            prop_assert_eq!(*value, sum, "{:?}", key);
        }
        for measure in [Measure::TicketsLogged, Measure::TicketsOpen, Measure::TicketsResolved, Measure::SlaMet] {
            for period in ["2019-01", "2019-06", "18/19 Q4"] {
                let sum = |dimension: &str| -> i64 {
                    joint
                        .iter()
                        .filter(|((m, p, b), _)| {
                            let one = b.starts_with(&format!("{{\"{dimension}\"")) && !b.contains(',');
                            m == measure.name() && p == period && one
                        })
                        .map(|(_, value)| value)
                        .sum()
                };
                let total = joint[&(measure.name().to_owned(), period.to_owned(), "{}".to_owned())];
                if total == i64::MIN {
                    continue;
                }
                let dimensions = measure.definition().measured.dimensions;
                for dimension in dimensions.iter().map(|dimension| dimension.name()) {
                    prop_assert_eq!(sum(dimension), total, "{} by {}", measure, dimension);
                }
            }
        }
    }

    /// What is asked of a day is the part of the month that lies in it.
    #[test]
    fn days_add_up_to_their_month(steps in steps()) {
        let history = history(&steps);
        let rows = folded(&history.all(), &[]);
        let basis = Basis { as_at: Some(after(9_000)), known_at: None };
        for measure in [Measure::TicketsLogged, Measure::TicketsReopened] {
            let value = |period: &str| {
                ask(&history, &rows, &one("joint", measure, period, basis))[0].numerator.unwrap()
            };
            let days: i64 = (1..=31).map(|day| value(&format!("2019-01-{day:02}"))).sum();
            prop_assert_eq!(days, value("2019-01"));
        }
    }

    /// An event that comes again, under another sequence, changes no figure.
    #[test]
    fn a_doubled_event_is_foreign(steps in steps(), pick in any::<usize>()) {
        let history = history(&steps);
        let events = history.all();
        let mut doubled = events[pick % events.len()].clone();
        doubled.sequence = 100_000;
        let mut with_double = events.clone();
        with_double.push(doubled.clone());
        let rows = folded(&with_double, &[]);
        let foreign = crate::key::quarantine::foreign(&log(doubled.log.as_str()), 100_000);
        let mut without = rows.clone();
        prop_assert!(without.0.remove(&foreign).is_some());
        prop_assert_eq!(without, folded(&events, &[]));
    }
}
