//! Tests of recovery, twice a year: sample data. Regular tests of recovery were promised to the Joint
//! Committee of 4 July 2018 (paragraph 3.10); what came of them is not published.

use jiff::SignedDuration;
use jiff::civil::{Date, date};
use townclerk_domain::names::LogName;
use townclerk_domain::period::london_midnight;
use townclerk_domain::recovery::{RecoveryTestFact, RecoveryTestRules, RecoveryTested};

use super::SYSTEM;
use crate::chronicle::{Chronicle, Recorder};
use crate::spelling::{Spelt, code};

/// Day, group of services, minutes aimed at and needed, minutes of data aimed at and lost. One was too
/// slow, one did not come back, and of one no target is recorded.
const TESTS: [(Date, &str, [Option<u32>; 4]); 5] = [
    (
        date(2018, 11, 10),
        "critical-services",
        [Some(240), Some(385), Some(60), Some(45)],
    ),
    (
        date(2019, 5, 18),
        "critical-services",
        [Some(240), Some(210), Some(60), Some(45)],
    ),
    (
        date(2019, 11, 16),
        "telephony",
        [Some(120), None, None, None],
    ),
    (
        date(2020, 3, 7),
        "telephony",
        [Some(120), Some(95), None, None],
    ),
    (
        date(2020, 7, 11),
        "all-services",
        [None, Some(560), None, Some(30)],
    ),
];

pub fn tell(recorder: &Recorder) -> Spelt<Vec<Chronicle<'_, RecoveryTestRules>>> {
    let numbered = (1..).zip(TESTS);
    numbered
        .map(|(number, (day, group, minutes))| {
            let name = format!("recovery-test-{number}");
            let mut told = Chronicle::new(recorder, SYSTEM, &LogName::shared(), &name)?;
            let [
                target_minutes,
                achieved_minutes,
                data_loss_target_minutes,
                data_loss_minutes,
            ] = minutes;
            let tested = RecoveryTested {
                group: code(group)?,
                target_minutes,
                achieved_minutes,
                data_loss_target_minutes,
                data_loss_minutes,
            };
            // Such tests are made on Saturdays.
            let at = london_midnight(day) + SignedDuration::from_hours(17);
            told.then(at, RecoveryTestFact::RecoveryTested(tested));
            Ok(told)
        })
        .collect()
}
