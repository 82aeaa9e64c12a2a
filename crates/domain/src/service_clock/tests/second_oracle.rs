//! A second oracle, made by others: `ule-hours` walks from window to window, where the clock here
//! multiplies weeks.

use std::sync::LazyLock;

use jiff::civil::Weekday::{Saturday, Sunday};
use ule_hours::{Pauses, Schedule};

use super::*;

/// Hours with a break at noon, an open Saturday night and a whole Sunday, on which the clocks change;
/// holidays among them. Both clocks keep them.
struct Hours {
    ours: Calendar,
    theirs: Schedule,
}

static HOURS: LazyLock<Hours> = LazyLock::new(|| {
    let mut windows: Vec<_> = Weekday::WORKDAYS
        .map(|day| (day, "08:40:00", "12:30:00"))
        .to_vec();
    windows.extend(Weekday::WORKDAYS.map(|day| (day, "13:00:00", "17:00:00")));
    windows.push((Weekday::Saturday, "22:15:00", "00:00:00"));
    windows.push((Weekday::Sunday, "00:00:00", "00:00:00"));
    let holidays = ENGLAND.map(day);
    let theirs = Schedule::builder("Europe/London")
        .unwrap()
        .mon_fri("08:40-12:30, 13:00-17:00")
        .unwrap()
        .open([Saturday], "22:15-24:00")
        .unwrap()
        .open([Sunday], "00:00-24:00")
        .unwrap();
    let theirs = holidays
        .iter()
        .fold(theirs, |hours, day| hours.closed_on(*day));
    Hours {
        ours: Calendar::new([(day("2015-01-01"), weekly(&windows))], holidays),
        theirs: theirs.build(),
    }
});

/// Seconds of nine years.
const SECONDS: i64 = 3_287 * 24 * 3_600;
const DAY: i64 = 24 * 3_600;

fn second(after: i64) -> Timestamp {
    at("2018-01-01T00:00:00Z") + SignedDuration::from_secs(after)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100_000, ..ProptestConfig::default() })]

    #[test]
    fn the_clock_agrees_with_another_that_walks(
        from in 0..SECONDS,
        // They walk, so few of the intervals are years long.
        length in prop_oneof![50 => 0..3 * DAY, 50 => 0..40 * DAY, 1 => 0..SECONDS],
        pauses in prop::collection::vec((0..40 * DAY, 0..10 * DAY), 0..5),
        stands_from in prop::option::weighted(0.1, 0..40 * DAY),
    ) {
        let (start, end) = (second(from), second(from + length));
        let mut ours = Vec::new();
        let mut theirs = Pauses::new();
        for (after, length) in pauses {
            let (begins, ends) = (second(from + after), second(from + after + length));
            ours.push(Pause { from: begins, to: Some(ends) });
            theirs.add(begins, ends);
        }
        if let Some(after) = stands_from {
            ours.push(Pause { from: second(from + after), to: None });
            theirs.since(second(from + after));
        }
        let open = HOURS.ours.between(start, end, &ours);
        prop_assert_eq!(open, HOURS.theirs.between_with(start, end, &theirs));
        if open.is_positive() {
            let due = HOURS.ours.add(start, open, &ours);
            prop_assert_eq!(due, HOURS.theirs.add_with(start, open, &theirs).ok());
            // A clock that stands from some time on for good never gets beyond what it has by then.
            let beyond = open + SignedDuration::from_secs(1);
            let due = HOURS.ours.add(start, beyond, &ours);
            prop_assert_eq!(due, HOURS.theirs.add_with(start, beyond, &theirs).ok());
        }
    }
}
