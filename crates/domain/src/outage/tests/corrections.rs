//! How what was recorded of an outage is corrected where a value is a list.

use super::*;
use crate::amendment::{VALUE_BYTES_MAX, field_text};
use crate::decider::Rejection;

/// The list of effects as the value of a correction.
fn list(effects: &[Effect]) -> String {
    field_text(&affected(effects), "effects").unwrap()
}

/// Of brent alone, with these effects.
fn brent(effects: &[Effect]) -> crate::testing::Given<OutageRules> {
    given([of_brent(effects)])
}

#[test]
fn a_long_list_of_effects_is_corrected_as_one_value() {
    let services = many(200);
    let effects: Vec<Effect> = services
        .iter()
        .map(|service| timed(service.as_str(), "brent", Some(0), Some(60)))
        .collect();
    let fewer = &effects[1..];
    let (was, is) = (list(&effects), list(fewer));
    assert!((10_000..VALUE_BYTES_MAX).contains(&is.len()));
    let corrected = brent(&effects).corrected(0, "effects", &was, &is);
    assert_eq!(corrected.state().unwrap().effects, fewer);
}

#[test]
fn neither_value_of_a_correction_is_longer_than_30_000_bytes() {
    let email = || brent(&[down("email", "brent")]);
    let (was, is) = (
        list(&[down("email", "brent")]),
        list(&[down("telephony", "brent")]),
    );
    // Space between the values of a list says nothing.
    let padded = |value: &str, bytes| format!("{value:<bytes$}");
    for (was, is, fits) in [
        (padded(&was, VALUE_BYTES_MAX), is.clone(), true),
        (was.clone(), padded(&is, VALUE_BYTES_MAX), true),
        (padded(&was, VALUE_BYTES_MAX + 1), is.clone(), false),
        (was, padded(&is, VALUE_BYTES_MAX + 1), false),
    ] {
        let outcome = email().when_corrected(0, "effects", &was, &is);
        if fits {
            outcome.then_recorded();
        } else {
            outcome.then_rejected(Rejection::BadCorrection {
                why: "the new value must differ, and both have at most 30000 bytes".to_owned(),
            });
        }
    }
}

#[test]
fn the_present_value_may_be_said_with_its_keys_in_any_order_and_must_be_the_present_one() {
    let asked = |was: &str| {
        let is = list(&[down("telephony", "brent")]);
        brent(&[down("email", "brent")]).when_corrected(0, "effects", was, &is)
    };
    asked(r#"[{"to":null,"severity":"down","service":"email","from":null,"council":"brent"}]"#)
        .then_recorded();
    asked(r#"[{"service":"email","council":"brent","severity":"down"}]"#).then_recorded();
    for was in [
        r#"[{"service":"email","council":"brent","severity":"degraded"}]"#,
        r#"[{"service":"email","council":"brent","severity":"down","colour":"red"}]"#,
        "[]",
        "",
    ] {
        asked(was).then_rejected_as_bad_correction();
    }
}

#[test]
fn a_key_that_an_effect_does_not_have_is_refused_and_not_lost() {
    let asked = |is: &str| {
        let effects = [down("email", "brent")];
        brent(&effects).when_corrected(0, "effects", &list(&effects), is)
    };
    asked(
        r#"[{"service":"email","council":"brent","severity":"down","to":"2020-01-01T10:00:00Z"}]"#,
    )
    .then_recorded();
    let mistyped =
        r#"[{"service":"email","council":"brent","severity":"down","too":"2020-01-01T10:00:00Z"}]"#;
    let shown: String = mistyped.chars().take(80).collect();
    asked(mistyped).then_rejected(Rejection::BadCorrection {
        why: format!(
            r#"{shown:?} is not a value of "effects": [0].too: this field is not known; there are council, from, service, severity, to"#
        ),
    });
}

#[test]
fn a_corrected_effect_does_not_lie_after_the_clock_either() {
    let effect = |to: &str| Effect {
        to: Some(instant(to)),
        ..down("email", "brent")
    };
    let (was, is) = (
        effect("2020-01-01T10:00:00Z"),
        effect("2202-01-01T10:00:00Z"),
    );
    brent(std::slice::from_ref(&was))
        .when_corrected(
            0,
            "effects",
            &list(&[was]),
            &list(std::slice::from_ref(&is)),
        )
        .then_rejected(Rejection::ContradictsLater {
            happened: given_time(0),
            refusal: Refusal::LiesAhead {
                service: code("email"),
                council: code("brent"),
                time: is.to.unwrap(),
            },
        });
}
