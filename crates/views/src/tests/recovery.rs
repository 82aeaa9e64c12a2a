//! Figures of tests of recovery, told as a story.

use townclerk_domain::identity::{AggregateKind, Family};
use townclerk_domain::recovery::{RecoveryTestFact, RecoveryTestRules, RecoveryTested};

use super::families::{EVERYTHING, aggregate, figure, of, shown};
use super::history::{History, ask, code, folded};
use crate::figure::Figure;
use crate::figures::{Breakdown, Home, Query};
use crate::measure::Measure;

pub fn tested(
    history: &mut History,
    name: &str,
    number: u128,
    day: &str,
    minutes: [Option<u32>; 2],
) {
    let [target_minutes, achieved_minutes] = minutes;
    let fact = RecoveryTestFact::RecoveryTested(RecoveryTested {
        group: code("critical-services"),
        target_minutes,
        achieved_minutes,
        data_loss_target_minutes: None,
        data_loss_minutes: None,
    });
    let id = aggregate(AggregateKind::RecoveryTest, number);
    history.tell::<RecoveryTestRules>(name, id, &format!("{day}T10:00:00Z"), fact);
}

/// One kept its target, one did not, one has none, one never came back.
fn history() -> History {
    let mut history = History::covering(&EVERYTHING);
    tested(
        &mut history,
        "shared",
        1,
        "2019-03-05",
        [Some(15), Some(12)],
    );
    tested(&mut history, "brent", 2, "2019-03-06", [Some(15), Some(16)]);
    tested(&mut history, "brent", 3, "2019-03-07", [None, Some(345)]);
    tested(&mut history, "lewisham", 4, "2019-04-08", [Some(15), None]);
    history
}

#[test]
fn tests_of_recovery_are_counted_and_those_with_a_target_judged() {
    let history = history();
    let count = |scope, period| shown(&history, &of(scope, Measure::RecoveryTests, period, &[]));
    assert_eq!(count("joint", "2019-03"), "3");
    assert_eq!(count("joint", "2019-03/2019-04"), "4");
    assert_eq!(count("brent", "2019-03"), "2");
    assert_eq!(count("lewisham", "2019-03"), "0");
    let within = |scope, period| -> Figure {
        let measure = Measure::RecoveryTestsWithinTarget;
        figure(&history, &of(scope, measure, period, &[]))
    };
    let joint = within("joint", "2019-03/2019-04");
    assert_eq!((joint.numerator, joint.denominator), (Some(1), Some(3)));
    assert_eq!(joint.value.unwrap().0.to_string(), "33.33");
    assert_eq!(within("joint", "2019-03").denominator, Some(2));
    // Nothing was judged: no share, though the record covers the month.
    assert!(within("lewisham", "2019-03").value.is_none());
}

#[test]
fn shared_tests_stand_beside_a_councils_own() {
    let history = history();
    let by_home = Query {
        breakdowns: vec![Breakdown {
            home: Home::Split,
            ..Breakdown::default()
        }],
        ..of("brent", Measure::RecoveryTests, "2019-03", &[])
    };
    let found = ask(&history, &folded(&history.all(), &[]), &by_home);
    let numbers: Vec<_> = found.iter().map(|figure| figure.numerator).collect();
    assert_eq!(numbers, [Some(2), Some(1)]);
}

/// Epping Forest, Stronger Council Select Committee, 14 July 2020: a restore of all systems was tested
/// and took about 5 hours and 45 minutes. To a question that the minutes lost the answer was "both are
/// 15 minutes": taken as the targets of time and of data, of another test, and never of this one.
#[test]
fn epping_forests_restore_has_no_target_on_record_and_is_judged_by_none() {
    const EPPING_FOREST: &str = "epping-forest";
    let mut history = super::service_levels::council(EPPING_FOREST, Family::Outage);
    tested(
        &mut history,
        EPPING_FOREST,
        1,
        "2020-06-21",
        [None, Some(345)],
    );
    let measured = |measure| figure(&history, &of(EPPING_FOREST, measure, "2020-06", &[]));
    let tests = measured(Measure::RecoveryTests);
    assert_eq!((tests.numerator, tests.partial), (Some(1), false));
    assert!(measured(Measure::RecoveryTestsWithinTarget).value.is_none());
    let mut judged = history.clone();
    tested(
        &mut judged,
        EPPING_FOREST,
        2,
        "2020-06-28",
        [Some(15), Some(345)],
    );
    let within = of(
        EPPING_FOREST,
        Measure::RecoveryTestsWithinTarget,
        "2020-06",
        &[],
    );
    let within = figure(&judged, &within);
    assert_eq!((within.numerator, within.denominator), (Some(0), Some(1)));
}
