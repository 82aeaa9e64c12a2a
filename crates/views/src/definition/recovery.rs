//! What is measured of tests of recovery.

use townclerk_domain::identity::{AggregateKind, Family};
use townclerk_domain::measured;

use super::{Computation, Definition, Made, count};

const fn of_recovery(computation: Computation) -> Definition {
    Definition {
        unit: "tests",
        source: "Epping Forest, Stronger Council Select Committee, 14 July 2020; Joint Committee of \
             Brent, Lewisham and Southwark, 4 July 2018, paragraph 3.10",
        computed_in: &["crates/views/src/figures/recovery.rs"],
        made: Made::Computed(computation),
        ..count(AggregateKind::RecoveryTest, &[Family::Outage])
    }
}

pub(crate) const TESTS: Definition = Definition {
    measured: measured::RECOVERY_TESTS,
    title: "Recovery tests",
    cohort: "done in the period, one for each group of services",
    ..of_recovery(Computation::RecoveryTests)
};

pub(crate) const WITHIN_TARGET: Definition = Definition {
    measured: measured::RECOVERY_TESTS_WITHIN_TARGET,
    title: "Recovery tests within target",
    unit: "percent",
    cohort: "tests of the period of which a target is recorded and whether it was kept is known",
    formula: "tests that kept every target, in time and in lost data / those tests",
    adds_up: false,
    ..of_recovery(Computation::RecoveryTestsWithinTarget)
};
