//! Specifications of tests of recovery.

use super::*;
use crate::decider::Decider;
use crate::names::Code;
use crate::testing::{given, given_time};

fn result(minutes: [Option<u32>; 4]) -> RecoveryTested {
    let [target, achieved, data_target, data_lost] = minutes;
    RecoveryTested {
        group: Code::new("virtual-machines").unwrap(),
        target_minutes: target,
        achieved_minutes: achieved,
        data_loss_target_minutes: data_target,
        data_loss_minutes: data_lost,
    }
}

fn tested(minutes: [Option<u32>; 4]) -> RecoveryTestFact {
    RecoveryTestFact::RecoveryTested(result(minutes))
}

#[test]
fn a_result_without_any_target_is_recorded() {
    // A full restore took about 5 hours 45 minutes; the paper names no target for it.
    given::<RecoveryTestRules>([])
        .when(tested([None, Some(345), None, None]))
        .then_recorded();
    given::<RecoveryTestRules>([])
        .when(tested([None; 4]))
        .then_recorded();
}

#[test]
fn a_test_has_one_result() {
    let first = tested([Some(15), Some(12), Some(15), Some(0)]);
    given::<RecoveryTestRules>([first.clone()])
        .when(first)
        .then_refused(Refusal::AlreadyTested { at: given_time(0) });
}

#[test]
fn a_target_of_no_time_is_refused_and_one_of_no_loss_is_not() {
    given::<RecoveryTestRules>([])
        .when(tested([Some(0), Some(12), None, None]))
        .then_refused(Refusal::TargetOfNothing);
    given::<RecoveryTestRules>([])
        .when(tested([None, Some(12), Some(0), Some(0)]))
        .then_recorded();
}

#[test]
fn nothing_takes_longer_than_a_year() {
    for place in 0..4 {
        let mut minutes = [None; 4];
        minutes[place] = Some(MINUTES_MAX);
        given::<RecoveryTestRules>([])
            .when(tested(minutes))
            .then_recorded();
        let minutes_too_many = MINUTES_MAX + 1;
        minutes[place] = Some(minutes_too_many);
        given::<RecoveryTestRules>([])
            .when(tested(minutes))
            .then_refused(Refusal::TooLong {
                minutes: minutes_too_many,
            });
    }
}

#[test]
fn it_was_within_target_where_everything_with_a_target_was() {
    let (some, none) = (Some, None);
    for (minutes, within) in [
        // Target, achieved, target of lost data, lost data.
        ([some(15), some(15), none, none], Some(true)),
        ([some(15), some(16), none, none], Some(false)),
        ([some(15), none, none, none], Some(false)),
        ([none, some(345), none, none], None),
        ([none, none, none, some(3)], None),
        ([some(15), some(12), some(15), some(15)], Some(true)),
        ([some(15), some(12), some(15), some(16)], Some(false)),
        ([some(15), some(16), some(15), some(0)], Some(false)),
        ([none, some(12), some(15), some(3)], Some(true)),
        // Nobody measured what was lost: it is known only where the rest failed already.
        ([some(15), some(12), some(15), none], None),
        ([some(15), some(16), some(15), none], Some(false)),
        ([none, none, some(15), none], Some(false)),
    ] {
        let fact = tested(minutes);
        let test = RecoveryTestRules::evolve(None, &fact, given_time(0)).unwrap();
        assert_eq!(test.is_within_target(), within, "{minutes:?}");
    }
}
