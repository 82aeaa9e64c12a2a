//! `tests/faults.ndjson` holds one of each fault; the table here says what is found where.

use std::collections::BTreeSet;

use super::finding::{Finding, Severity, Sort};
use super::*;

const FAULTS: &str = include_str!("faults.ndjson");

fn expectations() -> Expectations {
    Expectations {
        council: None,
        system: None,
        continues: false,
        open_days: 5,
        told_of_each: 20,
        now: "2026-04-01T00:00:00Z".parse().unwrap(),
    }
}

fn checked(feed: &str) -> Report {
    check(feed.as_bytes(), &expectations()).unwrap()
}

/// What is found where; 0 is the feed as a whole.
fn found(report: &Report) -> Vec<(u64, &'static str)> {
    let findings = report.findings.iter();
    findings
        .map(|finding| {
            let line = finding.place.map_or(0, |place| place.line);
            (line, finding.sort.slug())
        })
        .collect()
}

/// The lines of the sample with these numbers.
fn lines(numbers: impl IntoIterator<Item = usize>) -> Vec<&'static str> {
    let all: Vec<&str> = FAULTS.lines().collect();
    numbers.into_iter().map(|number| all[number - 1]).collect()
}

#[test]
fn each_fault_is_found_on_its_line() {
    let report = checked(FAULTS);
    let expected = [
        (6, "malformed"),
        (7, "unknown-field"),
        (8, "unknown-field"),
        (9, "unknown-value"),
        (10, "not-checked"),
        (11, "missing-field"),
        (12, "invalid-field"),
        (13, "other-council"),
        (14, "other-system"),
        (15, "shared-log"),
        (16, "duplicate"),
        (17, "id-reused"),
        (18, "before-beginning"),
        (20, "no-beginning"),
        (23, "out-of-order"),
        (25, "not-allowed"),
        (26, "contradicts-later"),
        (26, "out-of-order"),
        (27, "future"),
        (28, "long-past"),
        (29, "long-ago"),
        (30, "long-ago"),
        (33, "after-voiding"),
        (34, "bad-correction"),
        (37, "hold-not-ended"),
        (38, "no-hold"),
        (0, "never-ended"),
    ];
    assert_eq!(found(&report), expected);
    assert!(report.has_errors());
}

#[test]
fn every_sort_of_finding_is_provoked_here() {
    let byte_order_mark = checked(&format!("\u{feff}{}", lines(1..=5).join("\n")));
    let too_large = checked(&format!("{}{}", lines([1])[0], " ".repeat(70_000)));
    let mut continuing = expectations();
    continuing.continues = true;
    let continuing = check(lines(2..=5).join("\n").as_bytes(), &continuing).unwrap();
    let no_hold_anywhere = checked(&lines([1, 2, 5]).join("\n"));
    let reports = [
        checked(FAULTS),
        byte_order_mark,
        too_large,
        no_hold_anywhere,
        continuing,
        checked(""),
    ];
    let provoked: BTreeSet<Sort> = reports
        .iter()
        .flat_map(|report| report.tally.keys().copied())
        .collect();
    let all: BTreeSet<Sort> = Sort::ALL.iter().copied().collect();
    assert_eq!(provoked, all);
}

#[test]
fn a_finding_says_what_was_found_and_what_to_do() {
    let report = checked(FAULTS);
    let on = |line: u64| {
        let mut findings = report.findings.iter();
        findings
            .find(|finding| finding.place.is_some_and(|place| place.line == line))
            .unwrap()
    };
    let unknown = on(9);
    assert_eq!(unknown.id.as_deref(), Some("b3"));
    assert_eq!(unknown.record.as_deref(), Some("ticket/IN-4"));
    assert!(unknown.found.starts_with("data.channel: "), "{unknown:?}");
    for known in ["phone", "web", "email", "walk-in", "third-party"] {
        assert!(unknown.found.contains(known), "{unknown:?}");
    }
    assert!(on(17).found.contains("line 2"));
    assert!(on(25).remedy.contains("send what happened in between"));
    assert!(on(25).found.contains("takes no close"), "{:?}", on(25));
    assert!(on(13).found.contains("/councils/lewisham/hornbill"));
    assert!(
        report
            .findings
            .iter()
            .all(|finding| !finding.remedy.is_empty())
    );
}

#[test]
fn a_clean_feed_has_no_errors_in_either_form() {
    let life = lines(1..=5);
    let as_lines = checked(&life.join("\r\n"));
    assert_eq!(found(&as_lines), []);
    assert_eq!((as_lines.facts, as_lines.tickets), (5, 1));
    let as_array = checked(&format!("[\n{}\n]\n", life.join(",\n")));
    assert_eq!(found(&as_array), []);
    assert_eq!(as_array.facts, 5);
    let pretty: Vec<serde_json::Value> = life
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let pretty = checked(&serde_json::to_string_pretty(&pretty).unwrap());
    assert_eq!(found(&pretty), []);
    assert!(!pretty.has_errors());
}

#[test]
fn a_feed_without_a_fact_is_an_error() {
    for nothing in ["", " \n\n", "[]", "[\n]\n"] {
        let report = checked(nothing);
        assert_eq!(found(&report), [(0, "no-facts")], "{nothing:?}");
        assert!(report.has_errors());
    }
}

#[test]
fn one_fact_over_several_lines_is_a_feed_and_its_faults_are_on_their_lines() {
    let fact: serde_json::Value = serde_json::from_str(lines([1])[0]).unwrap();
    let pretty = serde_json::to_string_pretty(&fact).unwrap();
    for feed in [pretty.clone(), format!("\n{pretty}\n\n")] {
        let report = checked(&feed);
        assert!(!report.has_errors(), "{:?}", found(&report));
        assert_eq!((report.facts, report.tickets), (1, 1));
    }
    // A value that ends too early, on the third line of an object that begins on the second.
    let broken = "\n{\"a\":\n1 1}\n";
    assert_eq!(found(&checked(broken)), [(3, "malformed")]);
    // A line that is cut off takes the next one with it no more than before.
    let cut = format!("{}\n{}\n", &lines([1])[0][..60], lines([1])[0]);
    let report = checked(&cut);
    assert_eq!(found(&report)[0], (1, "malformed"));
    assert_eq!((report.facts, report.readable), (2, 1));
    let two = format!("{pretty}\n{pretty}");
    assert!(checked(&two).has_errors(), "one object alone is taken so");
}

#[test]
fn what_no_other_fact_can_help_is_to_be_mended() {
    let mut fact: serde_json::Value = serde_json::from_str(lines([1])[0]).unwrap();
    fact["data"]["councils"] = serde_json::json!(["brent", "lewisham"]);
    let report = checked(&fact.to_string());
    assert_eq!(found(&report), [(1, "not-allowed")]);
    let Finding { found, remedy, .. } = &report.findings[0];
    assert!(found.contains("names no councils"), "{found}");
    assert!(remedy.starts_with("mend what is wrong in it"), "{remedy}");
}

#[test]
fn what_is_refused_for_itself_is_not_said_to_follow_from_a_reused_id() {
    let life = lines(1..=5);
    let again = |line: &str, change: &dyn Fn(&mut serde_json::Value)| {
        let mut fact: serde_json::Value = serde_json::from_str(line).unwrap();
        change(&mut fact);
        fact.to_string()
    };
    let resolved = life[4];
    let second = again(resolved, &|fact| {
        fact["id"] = "second-resolved".into();
        fact["time"] = "2026-03-20T10:00:00Z".into();
    });
    let id = serde_json::from_str::<serde_json::Value>(life[0]).unwrap()["id"].clone();
    let other_logged = again(life[0], &|fact| {
        fact["time"] = "2026-03-20T09:00:00Z".into()
    });
    let feed = [&life[..], &[other_logged.as_str(), &second]]
        .concat()
        .join("\n");
    let last = life.len() as u64 + 2;
    let errors = [(last - 1, "id-reused"), (last, "not-allowed")];
    assert_eq!(found(&checked(&feed)), errors);
    // With what is told under the reused id it would fit: that is said.
    let reopened = again(resolved, &|fact| {
        fact["id"] = id.clone();
        fact["type"] = "org.townclerk.ticket.reopened.v1".into();
        fact["time"] = "2026-03-20T09:00:00Z".into();
        fact["data"] = serde_json::json!({"reason": "came-back"});
    });
    let feed = [&life[..], &[reopened.as_str(), &second]]
        .concat()
        .join("\n");
    let follows = [(last - 1, "id-reused"), (last, "not-checked")];
    assert_eq!(found(&checked(&feed)), follows);
}

#[test]
fn the_faults_of_an_array_are_those_of_its_lines() {
    let sound: Vec<&str> = FAULTS.lines().filter(|line| line.ends_with('}')).collect();
    let as_lines = found(&checked(&sound.join("\n")));
    // The bracket stands on the line of the first fact.
    let as_array = found(&checked(&format!("[{}]", sound.join(",\n"))));
    assert_eq!(as_lines, as_array);
    assert!(as_lines.len() > 20);
}

#[test]
fn an_array_that_is_none_is_said_to_be_so() {
    let fact = lines([1])[0];
    let flaws = |feed: &str| -> Vec<String> {
        let report = checked(feed);
        let errors = report.findings.iter();
        errors
            .filter(|finding| finding.severity == Severity::Error)
            .map(|finding| finding.found.clone())
            .collect()
    };
    assert_eq!(
        flaws(&format!("[{fact}")),
        ["the file ends within the array"]
    );
    assert_eq!(
        flaws(&format!("[{fact},")),
        ["the file ends within the array"]
    );
    assert_eq!(
        flaws(&format!("[{}", &fact[..40])),
        ["the file ends within the array"]
    );
    assert_eq!(
        flaws(&format!("[{fact}{fact}]")),
        ["there is no comma before it"]
    );
    assert_eq!(
        flaws(&format!("[{fact}]{fact}")),
        ["there is something after the end of the array"]
    );
    // Two that are no objects, and the seven attributes that the third lacks.
    assert_eq!(flaws("[1, \"a,]\", {}]").len(), 2 + 7);
}

#[test]
fn a_feed_is_held_against_the_council_that_it_should_be_of() {
    let mut expectations = expectations();
    expectations.council = Some(Code::new("lewisham").unwrap());
    let report = check(lines(1..=5).join("\n").as_bytes(), &expectations).unwrap();
    assert_eq!(report.tally[&Sort::OtherCouncil], 5);
}

#[test]
fn a_feed_that_continues_another_may_lack_beginnings() {
    let feed = lines(2..=5).join("\n");
    assert_eq!(checked(&feed).tally[&Sort::NoBeginning], 4);
    let mut expectations = expectations();
    expectations.continues = true;
    let report = check(feed.as_bytes(), &expectations).unwrap();
    assert_eq!(report.tally[&Sort::BeganBefore], 4);
    assert!(!report.has_errors());
}

#[test]
fn of_many_findings_of_a_sort_the_first_are_told_and_all_are_counted() {
    let mut expectations = expectations();
    expectations.told_of_each = 3;
    let feed = "nonsense\n".repeat(1_000);
    let report = check(feed.as_bytes(), &expectations).unwrap();
    assert_eq!(report.findings.len(), 3);
    assert_eq!(report.tally[&Sort::Malformed], 1_000);
    let lines = report.lines();
    assert!(lines.contains(&"… and 997 more of malformed".to_owned()));
    assert_eq!(lines.last().unwrap(), "1000 errors, 0 warnings, 0 notes");
    let one = checked(FAULTS.lines().next().unwrap()).lines();
    assert!(one.iter().any(|line| line.starts_with("1 fact of ")));
    let one = checked("nonsense").lines();
    assert_eq!(one.last().unwrap(), "1 error, 0 warnings, 0 notes");
}

#[test]
fn what_stands_in_a_feed_cannot_speak_to_a_terminal() {
    let fact = lines([1])[0].replace("\"web\"", "\"\\u001b[2J\"");
    let report = checked(&fact);
    assert_eq!(report.findings.len(), 1);
    assert!(!report.lines().concat().contains('\u{1b}'));
}

#[test]
fn json_names_line_kind_severity_and_remedy() {
    let json = checked(&lines([6]).join("\n")).json();
    let finding = &json["findings"][0];
    assert_eq!(finding["line"], 1);
    assert_eq!(finding["index"], 0);
    assert_eq!(finding["kind"], "malformed");
    assert_eq!(finding["severity"], "error");
    assert_eq!(json["summary"]["errors"], 1);
    assert_eq!(json["summary"]["by_kind"]["malformed"], 1);
}
