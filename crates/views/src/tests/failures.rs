//! Restoration, time between failures, downtime by users, and causes that came back, told as stories.

use townclerk_domain::coverage::{CoverageFact, CoverageRules, Declared, Selector};
use townclerk_domain::identity::{AggregateKind, Family};
use townclerk_domain::outage::{
    ActionAgreed, ActionCompleted, Affected, CauseFound, Effect, OutageFact, Party, Recurred,
    Resolved, Severity, UsersAffected, WorkedAround,
};
use townclerk_domain::reference::{Reference, ReferenceKind};
use uuid::Uuid;

use super::families::{
    EMAIL, EVERYTHING, aggregate, agrees, declares, down, figure, of, outage, overlapping, shown,
    text,
};
use super::history::{History, code, folded, log, read};
use crate::basis::Basis;
use crate::dimension::Dimension;
use crate::figures::Query;
use crate::findings::{FindingKind, findings};
use crate::measure::Measure;

const SHARED_BY: [&str; 2] = ["brent", "lewisham"];

/// An outage that hits all who may be hit in a log, from its begin to its resolution.
pub fn lasts(history: &mut History, name: &str, number: u128, from: &str, to: &str) {
    let hit: &[&str] = match name {
        "shared" => &SHARED_BY,
        _ => &[name],
    };
    declares(history, name, number, from, outage(hit, Vec::new()));
    declares(history, name, number, to, OutageFact::Resolved(Resolved {}));
}

fn cause(component: &str, class: &str, party: Party) -> OutageFact {
    OutageFact::CauseFound(CauseFound {
        component: code(component),
        class: code(class),
        party,
        supplier: None,
        summary: None,
    })
}

fn agreed(action: &str, due: &str) -> OutageFact {
    OutageFact::ActionAgreed(ActionAgreed {
        action: code(action),
        text: text("A second supply of power"),
        owner: code("infrastructure"),
        due: due.parse().unwrap(),
    })
}

fn completed(action: &str) -> OutageFact {
    let action = code(action);
    OutageFact::ActionCompleted(ActionCompleted { action })
}

fn kinds(history: &History, scope: &str, as_at: &str) -> Vec<FindingKind> {
    let rows = folded(&history.all(), &[]);
    let (scope, basis) = (scope.parse().unwrap(), as_at.parse().unwrap());
    let basis = Basis {
        as_at: Some(basis),
        known_at: None,
    };
    let found = read(history, &rows, |reading| {
        findings(reading, &scope, basis).unwrap()
    });
    found.iter().map(|finding| finding.kind).collect()
}

/// The sum and what it is divided by.
fn parts(history: &History, scope: &str, measure: Measure, period: &str) -> Option<(i64, i64)> {
    let figure = figure(history, &of(scope, measure, period, &[]));
    figure.numerator.zip(figure.denominator)
}

#[test]
fn time_to_restore_is_of_outages_resolved_in_the_period_whichever_log_they_are_in() {
    let measure = Measure::MeanTimeToRestore;
    let mut history = History::covering(&EVERYTHING);
    // Begun in February: two hours, of which half lie in March.
    lasts(
        &mut history,
        "brent",
        1,
        "2019-02-28T23:00:00Z",
        "2019-03-01T01:00:00Z",
    );
    lasts(
        &mut history,
        "brent",
        2,
        "2019-03-05T10:00:00Z",
        "2019-03-05T11:00:00Z",
    );
    // Two hours and a begun minute.
    lasts(
        &mut history,
        "shared",
        3,
        "2019-03-06T10:00:00Z",
        "2019-03-06T12:00:30Z",
    );
    let supplier = cause("storage", "hardware", Party::Supplier);
    declares(&mut history, "shared", 3, "2019-03-07T10:00:00Z", supplier);
    lasts(
        &mut history,
        "lewisham",
        4,
        "2019-03-08T10:00:00Z",
        "2019-03-08T10:20:00Z",
    );
    // Not over, so nothing is known of how long it takes.
    let goes_on = outage(&["brent"], Vec::new());
    declares(&mut history, "brent", 5, "2019-03-09T10:00:00Z", goes_on);
    assert_eq!(
        parts(&history, "brent", measure, "2019-03"),
        Some((120 + 60 + 121, 3))
    );
    assert_eq!(
        shown(&history, &of("brent", measure, "2019-03", &[])),
        "100.3"
    );
    assert_eq!(
        parts(&history, "lewisham", measure, "2019-03"),
        Some((121 + 20, 2))
    );
    assert_eq!(
        parts(&history, "shared", measure, "2019-03"),
        Some((121, 1))
    );
    // For all councils together each outage counts once.
    assert_eq!(parts(&history, "joint", measure, "2019-03"), Some((321, 4)));
    assert_eq!(
        shown(&history, &of("joint", measure, "2019-03", &[])),
        "80.3"
    );
    let by_party = |party| {
        let party = [(Dimension::Party, party)];
        shown(&history, &of("brent", measure, "2019-03", &party))
    };
    assert_eq!(by_party("supplier"), "121.0");
    assert_eq!(by_party("unknown"), "90.0");
    assert_eq!(by_party("own"), "");
    // Where nothing was resolved there is no mean, though the record covers the month.
    let april = figure(&history, &of("brent", measure, "2019-04", &[]));
    assert!(april.value.is_none() && april.covered[&log("brent")].is_some());
}

#[test]
fn time_between_failures_is_from_the_end_of_their_union_to_the_next() {
    let mut history = History::covering(&EVERYTHING);
    // One failure from 10:00 to 13:00.
    lasts(
        &mut history,
        "brent",
        1,
        "2019-03-05T10:00:00Z",
        "2019-03-05T12:00:00Z",
    );
    lasts(
        &mut history,
        "shared",
        2,
        "2019-03-05T11:00:00Z",
        "2019-03-05T13:00:00Z",
    );
    let between = Measure::MeanTimeBetweenFailures;
    assert_eq!(shown(&history, &of("brent", between, "2019-03", &[])), "");
    // A day later, and two days after the end of that.
    lasts(
        &mut history,
        "brent",
        3,
        "2019-03-06T13:00:00Z",
        "2019-03-06T13:30:00Z",
    );
    lasts(
        &mut history,
        "lewisham",
        4,
        "2019-03-07T13:00:00Z",
        "2019-03-07T14:00:00Z",
    );
    lasts(
        &mut history,
        "brent",
        5,
        "2019-03-08T13:30:00Z",
        "2019-03-08T14:30:00Z",
    );
    assert_eq!(
        parts(&history, "brent", between, "2019-03"),
        Some((1_440 + 2_880, 2))
    );
    assert_eq!(
        shown(&history, &of("brent", between, "2019-03", &[])),
        "2160.0"
    );
    // Together with what it takes to restore: (120 + 120 + 30 + 60) / 4 = 82.5.
    let restore = Measure::MeanTimeToRestore;
    assert_eq!(
        shown(&history, &of("brent", restore, "2019-03", &[])),
        "82.5"
    );
    let incidents = Measure::MeanTimeBetweenServiceIncidents;
    assert_eq!(
        shown(&history, &of("brent", incidents, "2019-03", &[])),
        "2242.5"
    );
    // Lewisham's own failure divides the second time for all councils together.
    let joint = (1_440 + 1_410 + 1_410, 3);
    assert_eq!(parts(&history, "joint", between, "2019-03"), Some(joint));
    // Only what lies in the period: from 13:30 on the 6th the 8th is reached in another one.
    let days = "2019-03-06/2019-03-07";
    assert_eq!(shown(&history, &of("brent", between, days, &[])), "");
}

#[test]
fn a_failure_of_no_length_parts_two_times_and_takes_nothing_from_them() {
    for second in ["00", "30"] {
        let mut history = History::covering(&EVERYTHING);
        for (number, hour) in [(1, 10), (2, 12), (3, 15)] {
            let at = format!("2019-03-05T{hour}:00:{second}Z");
            lasts(&mut history, "brent", number, &at, &at);
        }
        let between = Measure::MeanTimeBetweenFailures;
        let parts = parts(&history, "brent", between, "2019-03");
        assert_eq!(parts, Some((120 + 180, 2)), "at second {second}");
        let restore = of("brent", Measure::MeanTimeToRestore, "2019-03", &[]);
        assert_eq!(shown(&history, &restore), "0.0");
    }
}

#[test]
fn from_incident_to_incident_is_from_begin_to_begin_where_each_takes_as_long() {
    let mut history = History::covering(&EVERYTHING);
    for (number, day) in [(1, "2019-03-05"), (2, "2019-03-09"), (3, "2019-03-11")] {
        let (from, to) = (format!("{day}T10:00:00Z"), format!("{day}T10:30:00Z"));
        lasts(&mut history, "brent", number, &from, &to);
    }
    let incidents = Measure::MeanTimeBetweenServiceIncidents;
    // Four days and two days: three on average.
    let days = parts(&history, "brent", incidents, "2019-03");
    assert_eq!(days, Some((3 * 1_440, 1)));
}

#[test]
fn a_time_between_failures_that_nobody_covers_is_left_out() {
    let mut history = History::covering(&[]);
    let stretches = [
        ("shared", "2019-01-01", "2029-12-31"),
        ("brent", "2019-01-01", "2019-03-10"),
        ("brent", "2019-03-20", "2029-12-31"),
    ];
    for (number, (name, from, through)) in (700..).zip(stretches) {
        let covered = CoverageFact::CoverageDeclared(Declared {
            selector: Selector::whole(Family::Outage),
            from: from.parse().unwrap(),
            through: Some(through.parse().unwrap()),
        });
        let id = aggregate(AggregateKind::Coverage, number);
        history.tell::<CoverageRules>(name, id, "2019-01-01T00:00:00Z", covered);
    }
    for (number, day) in (1..).zip(["2019-03-05", "2019-03-06", "2019-03-25", "2019-03-28"]) {
        let (from, to) = (format!("{day}T10:00:00Z"), format!("{day}T11:00:00Z"));
        lasts(&mut history, "brent", number, &from, &to);
    }
    let between = of("brent", Measure::MeanTimeBetweenFailures, "2019-03", &[]);
    let between = figure(&history, &between);
    // Between the 6th and the 25th there may have been others.
    let expected = (Some(23 * 60 + 71 * 60), Some(2));
    assert_eq!((between.numerator, between.denominator), expected);
    assert!(between.partial);
}

#[test]
fn downtime_by_users_counts_the_largest_share_of_each_minute() {
    // 10:00 to 12:00 in its own log, 11:00 to 13:00 in the shared one.
    let mut history = overlapping();
    let share = |percent: &str| {
        let percent = percent.parse().unwrap();
        OutageFact::UsersAffected(UsersAffected { percent })
    };
    let by_users = of("brent", Measure::DowntimeUserMinutes, "2019-03", &EMAIL);
    // Nothing was said: all users.
    assert_eq!(shown(&history, &by_users), "180.0");
    declares(
        &mut history,
        "brent",
        1,
        "2019-03-05T10:30:00Z",
        share("25"),
    );
    declares(
        &mut history,
        "shared",
        2,
        "2019-03-05T11:30:00Z",
        share("12.5"),
    );
    // 120 minutes for a quarter, then 60 for an eighth.
    assert_eq!(shown(&history, &by_users), "37.5");
    let lasting = down("brent", "2019-03-06T14:00:00Z", "2019-03-06T15:00:00Z");
    let at = "2019-03-06T14:00:00Z";
    declares(
        &mut history,
        "brent",
        3,
        at,
        outage(&["brent"], vec![lasting]),
    );
    assert_eq!(shown(&history, &by_users), "97.5");
    declares(&mut history, "brent", 3, at, share("0"));
    assert_eq!(shown(&history, &by_users), "37.5");
    // It stands beside downtime, which it leaves as it is.
    let downtime = of("brent", Measure::DowntimeMinutes, "2019-03", &EMAIL);
    assert_eq!(shown(&history, &downtime), "240");
    agrees(&mut history, "lewisham", "email", "2019-02-01");
    let joint = of("joint", Measure::DowntimeUserMinutes, "2019-03", &EMAIL);
    assert_eq!(shown(&history, &joint), "52.5");
}

/// Storage failed, and what was to be done about it was done on 20 March.
pub fn remedied() -> History {
    let mut history = History::covering(&EVERYTHING);
    lasts(
        &mut history,
        "brent",
        1,
        "2019-03-05T10:00:00Z",
        "2019-03-05T11:00:00Z",
    );
    let storage = cause("storage", "hardware", Party::Own);
    declares(&mut history, "brent", 1, "2019-03-06T10:00:00Z", storage);
    let action = agreed("new-disks", "2019-03-31");
    declares(&mut history, "brent", 1, "2019-03-06T11:00:00Z", action);
    declares(
        &mut history,
        "brent",
        1,
        "2019-03-20T10:00:00Z",
        completed("new-disks"),
    );
    history
}

pub fn fails_again(history: &mut History, name: &str, number: u128, day: &str, class: &str) {
    let (from, to) = (format!("{day}T10:00:00Z"), format!("{day}T11:00:00Z"));
    lasts(history, name, number, &from, &to);
    let found = cause("storage", class, Party::Own);
    declares(history, name, number, &format!("{day}T12:00:00Z"), found);
}

#[test]
fn a_cause_recurs_once_everything_agreed_about_it_was_done() {
    let recurred = Measure::OutagesRecurred;
    let count =
        |history: &History, scope, period| shown(history, &of(scope, recurred, period, &[]));
    let mut history = remedied();
    // Before the disks were new it is no surprise.
    fails_again(&mut history, "brent", 2, "2019-03-10", "hardware");
    assert_eq!(count(&history, "brent", "2019-03"), "0");
    // Another class of failure is another cause.
    fails_again(&mut history, "brent", 3, "2019-04-01", "power");
    assert_eq!(count(&history, "brent", "2019-04"), "0");
    assert_eq!(kinds(&history, "joint", "2019-04-02T00:00:00Z"), []);
    fails_again(&mut history, "brent", 4, "2019-04-02", "hardware");
    assert_eq!(count(&history, "brent", "2019-04"), "1");
    let later = "2019-04-03T00:00:00Z";
    assert_eq!(
        kinds(&history, "joint", later),
        [FindingKind::CauseRecurred]
    );
    // What is agreed on afterwards does not undo it.
    let more = agreed("newer-disks", "2019-06-30");
    declares(&mut history, "brent", 1, "2019-04-03T10:00:00Z", more);
    assert_eq!(count(&history, "brent", "2019-04"), "1");
    // All logs together know of the remedy at Brent; Lewisham's own record does not.
    let mut both = remedied();
    fails_again(&mut both, "lewisham", 5, "2019-04-02", "hardware");
    assert_eq!(count(&both, "joint", "2019-04"), "1");
    assert_eq!(count(&both, "lewisham", "2019-04"), "0");
    assert_eq!(count(&both, "brent", "2019-04"), "0");
}

#[test]
fn a_shared_cause_recurs_for_a_council_that_it_did_not_hit_before() {
    let mut history = History::covering(&EVERYTHING);
    let began = outage(&["lewisham", "southwark"], Vec::new());
    let resolved = OutageFact::Resolved(Resolved {});
    let storage = || cause("storage", "hardware", Party::Own);
    let action = agreed("new-disks", "2019-03-31");
    let first = [
        ("2019-03-05T10:00:00Z", began),
        ("2019-03-05T11:00:00Z", resolved),
        ("2019-03-06T10:00:00Z", storage()),
        ("2019-03-06T11:00:00Z", action),
        ("2019-03-20T10:00:00Z", completed("new-disks")),
    ];
    for (at, fact) in first {
        declares(&mut history, "shared", 1, at, fact);
    }
    let again = outage(&["brent", "southwark"], Vec::new());
    declares(&mut history, "shared", 2, "2019-04-02T10:00:00Z", again);
    declares(&mut history, "shared", 2, "2019-04-02T12:00:00Z", storage());
    for (scope, count) in [("brent", "1"), ("joint", "1"), ("lewisham", "0")] {
        let recurred = of(scope, Measure::OutagesRecurred, "2019-04", &[]);
        assert_eq!(shown(&history, &recurred), count, "{scope}");
    }
}

#[test]
fn a_cause_recurs_too_where_it_is_recorded_that_it_did() {
    let mut history = remedied();
    lasts(
        &mut history,
        "brent",
        9,
        "2019-04-02T10:00:00Z",
        "2019-04-02T11:00:00Z",
    );
    let count = of("brent", Measure::OutagesRecurred, "2019-04", &[]);
    assert_eq!(shown(&history, &count), "0");
    let outage = Reference {
        log: log("brent"),
        kind: ReferenceKind::Outage,
        id: Uuid::from_u128(9),
    };
    let recurred = OutageFact::Recurred(Recurred { outage });
    declares(&mut history, "brent", 1, "2019-04-03T10:00:00Z", recurred);
    assert_eq!(shown(&history, &count), "1");
}

#[test]
fn a_remedial_action_is_overdue_when_its_day_is_over() {
    let mut history = History::covering(&EVERYTHING);
    lasts(
        &mut history,
        "brent",
        1,
        "2019-03-05T10:00:00Z",
        "2019-03-05T11:00:00Z",
    );
    let action = agreed("new-disks", "2019-03-31");
    declares(&mut history, "brent", 1, "2019-03-06T11:00:00Z", action);
    // Clocks went forward that morning: the day ends at 23:00 UTC.
    assert_eq!(kinds(&history, "brent", "2019-03-31T22:59:59Z"), []);
    let late = "2019-03-31T23:00:00Z";
    assert_eq!(kinds(&history, "brent", late), [FindingKind::ActionOverdue]);
    declares(
        &mut history,
        "brent",
        1,
        "2019-04-03T10:00:00Z",
        completed("new-disks"),
    );
    // Looked at then, it was; once it is complete it is no longer.
    assert_eq!(kinds(&history, "brent", late), [FindingKind::ActionOverdue]);
    assert_eq!(kinds(&history, "brent", "2019-04-04T00:00:00Z"), []);
}

/// Slow mail since 10:00, of which both the cause and a workaround are known two hours later.
fn slow_mail(history: &mut History, number: u128, day: &str) {
    let slow = Effect {
        severity: Severity::Degraded,
        to: None,
        ..down(
            "brent",
            &format!("{day}T10:00:00Z"),
            &format!("{day}T11:00:00Z"),
        )
    };
    let begun = outage(&["brent"], vec![slow]);
    declares(history, "brent", number, &format!("{day}T10:00:00Z"), begun);
    let workaround = OutageFact::WorkedAround(WorkedAround {
        workaround: text("Use web mail"),
    });
    declares(
        history,
        "brent",
        number,
        &format!("{day}T11:00:00Z"),
        workaround,
    );
    let storage = cause("storage", "hardware", Party::Own);
    declares(
        history,
        "brent",
        number,
        &format!("{day}T12:00:00Z"),
        storage,
    );
}

fn counts(history: &History, period: &str) -> [String; 2] {
    [Measure::Outages, Measure::KnownErrors]
        .map(|measure| shown(history, &of("brent", measure, period, &[])))
}

fn two(outages: &str, known_errors: &str) -> [String; 2] {
    [outages, known_errors].map(str::to_owned)
}

#[test]
fn a_known_error_is_no_outage_from_when_its_cause_and_a_workaround_are_known() {
    let mut history = History::covering(&EVERYTHING);
    slow_mail(&mut history, 1, "2019-03-05");
    assert_eq!(counts(&history, "2019-03"), two("0", "1"));
    let early = Query {
        basis: Basis {
            as_at: Some("2019-03-05T12:00:00Z".parse().unwrap()),
            known_at: None,
        },
        ..of("brent", Measure::Outages, "2019-03-05", &[])
    };
    assert_eq!(
        shown(&history, &early),
        "1",
        "only the workaround was known"
    );
    // It stays one when it is resolved, and no failure is measured by it.
    let over = OutageFact::Resolved(Resolved {});
    declares(&mut history, "brent", 1, "2019-03-25T10:00:00Z", over);
    assert_eq!(counts(&history, "2019-03"), two("0", "1"));
    let by_component = [(Dimension::Component, "storage")];
    let storage = of("brent", Measure::KnownErrors, "2019-03", &by_component);
    assert_eq!(shown(&history, &storage), "1");
    let restore = Measure::MeanTimeToRestore;
    assert_eq!(parts(&history, "brent", restore, "2019-03"), None);
    for (number, day) in [(2, "2019-03-04"), (3, "2019-03-07")] {
        let (from, to) = (format!("{day}T10:00:00Z"), format!("{day}T11:00:00Z"));
        lasts(&mut history, "brent", number, &from, &to);
    }
    assert_eq!(parts(&history, "brent", restore, "2019-03"), Some((120, 2)));
    let between = Measure::MeanTimeBetweenFailures;
    let three_days = 3 * 1_440 - 60;
    assert_eq!(
        parts(&history, "brent", between, "2019-03"),
        Some((three_days, 1))
    );
    assert_eq!(counts(&history, "2019-03"), two("2", "1"));
}

#[test]
fn what_brings_a_service_down_or_is_explained_only_afterwards_is_an_outage() {
    let mut history = History::covering(&EVERYTHING);
    slow_mail(&mut history, 1, "2019-03-05");
    let lost = down("brent", "2019-03-05T13:00:00Z", "2019-03-05T14:00:00Z");
    let worse = OutageFact::Affected(Affected {
        effects: vec![lost],
    });
    declares(&mut history, "brent", 1, "2019-03-05T14:00:00Z", worse);
    assert_eq!(counts(&history, "2019-03"), two("1", "0"));
    // Something slow for an hour; why was found the day after.
    let slow = Effect {
        severity: Severity::Degraded,
        ..down("brent", "2019-04-05T10:00:00Z", "2019-04-05T11:00:00Z")
    };
    let begun = outage(&["brent"], vec![slow]);
    declares(&mut history, "brent", 2, "2019-04-05T10:00:00Z", begun);
    let workaround = OutageFact::WorkedAround(WorkedAround {
        workaround: text("Use web mail"),
    });
    declares(&mut history, "brent", 2, "2019-04-05T10:30:00Z", workaround);
    let over = OutageFact::Resolved(Resolved {});
    declares(&mut history, "brent", 2, "2019-04-05T11:00:00Z", over);
    let storage = cause("storage", "hardware", Party::Own);
    declares(&mut history, "brent", 2, "2019-04-06T11:00:00Z", storage);
    assert_eq!(counts(&history, "2019-04"), two("1", "0"));
}

#[test]
fn outages_say_by_severity_what_they_count() {
    let mut history = History::covering(&EVERYTHING);
    let lost = down("brent", "2019-03-05T10:00:00Z", "2019-03-05T11:00:00Z");
    let slow = Effect {
        severity: Severity::Degraded,
        ..lost.clone()
    };
    let effects = [vec![lost, slow.clone()], vec![slow], Vec::new()];
    for (number, effects) in (1..).zip(effects) {
        let begun = outage(&["brent"], effects);
        declares(&mut history, "brent", number, "2019-03-05T10:00:00Z", begun);
    }
    slow_mail(&mut history, 9, "2019-03-06");
    for (severity, count) in [("down", "1"), ("degraded", "1"), ("unknown", "1")] {
        let severity = [(Dimension::Severity, severity)];
        let query = of("brent", Measure::Outages, "2019-03", &severity);
        assert_eq!(shown(&history, &query), count, "{severity:?}");
    }
}
