//! Claims: what is taken, what is refused, and when one agrees with a number of ours.

use super::*;
use crate::decider::Rejection;
use crate::plain_text::HiddenCharacter;
use crate::testing::given;

fn claim() -> Published {
    Published {
        measure: "tickets_logged".to_owned(),
        scope: Scope::Joint,
        period: "19/20 Q3".parse().unwrap(),
        breakdown: BTreeMap::new(),
        value: Decimal::whole(13),
        as_at: None,
        source: "A paper, paragraph 6.7".to_owned(),
        kind: ClaimKind::Figure,
        unit: None,
        precision: Precision::Exact,
    }
}

fn by(values: &[(&str, &str)]) -> BTreeMap<String, Code> {
    let values = values.iter();
    values
        .map(|(name, value)| ((*name).to_owned(), Code::new(*value).unwrap()))
        .collect()
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// The faults for which a claim is refused, as path and why.
#[track_caller]
fn faults_of(claim: Published) -> Vec<(String, String)> {
    let outcome = given::<ClaimRules>([])
        .in_log("shared")
        .when(ClaimFact::ClaimPublished(claim));
    match outcome.rejection() {
        None => Vec::new(),
        Some(Rejection::FaultyFields { faults }) => {
            let faults = faults.into_iter();
            faults.map(|fault| (fault.path, fault.why)).collect()
        }
        Some(other) => panic!("{other:?}"),
    }
}

#[track_caller]
fn is_recorded(claim: Published) {
    assert_eq!(faults_of(claim), []);
}

#[test]
fn a_claim_about_all_councils_lives_in_the_shared_log() {
    given::<ClaimRules>([])
        .in_log("shared")
        .when(ClaimFact::ClaimPublished(claim()))
        .then_recorded();
    given::<ClaimRules>([])
        .in_log("brent")
        .when(ClaimFact::ClaimPublished(claim()))
        .then_refused(Refusal::WrongLog {
            scope: Scope::Joint,
            expected: LogName::shared(),
            home: LogName::new("brent").unwrap(),
        });
}

#[test]
fn a_source_hides_nothing_and_is_one_line() {
    for (source, character, place) in [
        ("A paper\u{202e}, 6.7", "U+202E", 8),
        ("\u{1b}[2JA paper", "U+001B", 1),
        ("A paper\nclaims agree", "U+000A", 8),
    ] {
        let hidden = Published {
            source: source.to_owned(),
            ..claim()
        };
        let characters = vec![HiddenCharacter {
            field: "source".to_owned(),
            character: character.to_owned(),
            place,
        }];
        given::<ClaimRules>([])
            .in_log("shared")
            .when(ClaimFact::ClaimPublished(hidden.clone()))
            .then_rejected(Rejection::HiddenCharacters {
                characters: characters.clone(),
            });
        given::<ClaimRules>([ClaimFact::ClaimPublished(claim())])
            .in_log("shared")
            .when_corrected(0, "source", &claim().source, source)
            .then_rejected(Rejection::HiddenCharacters { characters });
        // One that was recorded before can be corrected, whatever its source.
        given::<ClaimRules>([ClaimFact::ClaimPublished(hidden)])
            .in_log("shared")
            .when_corrected(0, "value", "13", "14")
            .then_recorded();
    }
}

#[test]
fn a_claim_names_a_measure_and_what_it_is_broken_down_by_and_is_told_every_fault() {
    let wrong = Published {
        measure: "tickets_loged".to_owned(),
        breakdown: by(&[("colour", "red"), ("priority", "p9"), ("kind", "incident")]),
        source: String::new(),
        unit: Some("tickets".to_owned()),
        precision: Precision::Between {
            and: Decimal::whole(13),
        },
        ..claim()
    };
    let faults = faults_of(wrong);
    let paths: Vec<&str> = faults.iter().map(|(path, _)| path.as_str()).collect();
    let all = [
        "measure",
        "breakdown.colour",
        "breakdown.priority",
        "unit",
        "precision.between.and",
        "source",
    ];
    assert_eq!(paths, all);
    for (path, found, taken) in [
        (
            "measure",
            "\"tickets_loged\"",
            "tickets_logged, tickets_resolved",
        ),
        ("breakdown.colour", "\"colour\"", "kind, priority, service"),
        ("breakdown.priority", "\"p9\"", "p1, p2"),
        ("unit", "\"tickets\"", "leave it out, or say the kind text"),
        (
            "precision.between.and",
            "13 is not above the value, 13",
            "range",
        ),
    ] {
        let (_, why) = faults.iter().find(|(of, _)| of == path).unwrap();
        assert!(why.contains(found) && why.contains(taken), "{path}: {why}");
    }
}

#[test]
fn a_measure_takes_its_own_dimensions_only() {
    let outages = |values: &[(&str, &str)]| Published {
        measure: "outages".to_owned(),
        breakdown: by(values),
        ..claim()
    };
    is_recorded(outages(&[
        ("component", "core-network"),
        ("home", "shared"),
    ]));
    let faults = faults_of(outages(&[("priority", "p1"), ("home", "joint")]));
    assert_eq!(faults.len(), 2);
    assert_eq!(
        faults[1].1,
        "outages is not broken down by \"priority\", but by component, class, party, severity, home"
    );
    let nothing = Published {
        measure: "days_since_change_related_major_incident".to_owned(),
        breakdown: by(&[("home", "brent")]),
        ..claim()
    };
    assert!(
        faults_of(nothing)[0]
            .1
            .contains("is not broken down, by \"home\" or anything else")
    );
}

#[test]
fn what_is_not_computed_is_a_text_with_a_unit_of_its_own() {
    let text = Published {
        measure: "calls_abandoned".to_owned(),
        breakdown: by(&[("queue", "out-of-hours")]),
        kind: ClaimKind::Text,
        unit: Some("calls".to_owned()),
        ..claim()
    };
    is_recorded(text.clone());
    assert!(incomparable(&text).unwrap().contains("does not compute it"));
    for unit in [
        None,
        Some(" ".to_owned()),
        Some("x".repeat(UNIT_CHARS_MAX + 1)),
    ] {
        let faults = faults_of(Published {
            unit,
            ..text.clone()
        });
        assert!(faults[0].1.contains("such as calls"), "{faults:?}");
    }
    let spaced = Published {
        measure: "Calls abandoned".to_owned(),
        ..text
    };
    assert_eq!(faults_of(spaced)[0].0, "measure");
}

#[test]
fn a_period_had_begun_when_a_figure_of_it_was_published() {
    let period: Period = "2020-02".parse().unwrap();
    let early = "2020-01-31T23:59:59Z".parse().unwrap();
    let of_february = ClaimFact::ClaimPublished(Published { period, ..claim() });
    given::<ClaimRules>([])
        .in_log("shared")
        .when_late(early, of_february.clone())
        .then_refused(Refusal::PeriodNotBegun {
            period,
            published: early,
        });
    given::<ClaimRules>([])
        .in_log("shared")
        .when_late("2020-02-01T00:00:00Z".parse().unwrap(), of_february)
        .then_recorded();
}

#[test]
fn a_claim_recorded_before_stays_and_a_correction_adds_no_fault() {
    let before = || {
        given::<ClaimRules>([ClaimFact::ClaimPublished(Published {
            measure: "letters_answered".to_owned(),
            breakdown: by(&[("colour", "red")]),
            ..claim()
        })])
        .in_log("shared")
    };
    before()
        .when_corrected(0, "value", "13", "14")
        .then_recorded();
    before()
        .when_corrected(0, "measure", "letters_answered", "letters")
        .then_rejected_as_bad_correction();
    let recorded = || given::<ClaimRules>([ClaimFact::ClaimPublished(claim())]).in_log("shared");
    recorded()
        .when_corrected(0, "measure", "tickets_logged", "letters_answered")
        .then_rejected_as_bad_correction();
    recorded()
        .when_corrected(0, "breakdown", "{}", r#"{"priority":"p9"}"#)
        .then_rejected_as_bad_correction();
    recorded()
        .when_corrected(0, "period", "19/20 Q3", "2019-13")
        .then_rejected_as_bad_correction();
    recorded()
        .when_corrected(0, "precision", "", r#"{"about":{"tolerance":"-1"}}"#)
        .then_rejected_as_bad_correction();
    let about = r#"{"about":{"tolerance":"1"}}"#;
    recorded()
        .corrected(0, "precision", "", about)
        .when_corrected(0, "precision", about, "exact")
        .then_recorded();
}

#[test]
fn a_number_agrees_with_what_a_claim_allows() {
    let about = |tolerance: &str| Precision::About {
        tolerance: decimal(tolerance),
    };
    let between = |and: &str| Precision::Between { and: decimal(and) };
    for (value, precision, ours, by) in [
        ("8000", Precision::Exact, "8000", None),
        ("8000", Precision::Exact, "8040", Some("40")),
        ("8000", about("50"), "8040", None),
        ("8000", about("50"), "7950", None),
        ("8000", about("50"), "8051", Some("1")),
        ("8000", about("0.5"), "7990.0", Some("-9.5")),
        ("8000", Precision::AtLeast, "8040", None),
        ("8000", Precision::AtLeast, "7999", Some("-1")),
        ("8000", Precision::AtMost, "8000", None),
        ("8000", Precision::AtMost, "8040", Some("40")),
        ("8000", between("8100"), "8100", None),
        ("8000", between("8100"), "8101", Some("1")),
        ("8000", between("8100"), "7000", Some("-1000")),
        ("97.4", Precision::Exact, "97.4", None),
    ] {
        let claim = Published {
            value: decimal(value),
            precision,
            ..claim()
        };
        let expected = by.map_or(Beside::Agrees, |by| Beside::Differs {
            by: Some(decimal(by)),
        });
        assert_eq!(
            claim.beside(decimal(ours)),
            expected,
            "{value} {precision:?} {ours}"
        );
    }
    let huge = Published {
        value: Decimal::whole(i64::MIN),
        ..claim()
    };
    let ours = Decimal::whole(i64::MAX);
    assert_eq!(huge.beside(ours), Beside::Differs { by: None });
}

#[test]
fn a_number_is_rounded_to_the_most_decimals_that_a_claim_has() {
    let with = |value: &str, precision| Published {
        value: decimal(value),
        precision,
        ..claim()
    };
    let tolerance = decimal("0.05");
    assert_eq!(with("97", Precision::Exact).decimals(), 0);
    assert_eq!(with("97", Precision::About { tolerance }).decimals(), 2);
    let and = decimal("98");
    assert_eq!(with("97.5", Precision::Between { and }).decimals(), 1);
}
