//! What is an instant, and what only looks like one.

use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Option<String> {
    parse(text).ok().map(|instant| instant.to_string())
}

#[test]
fn every_form_of_rfc_3339_is_the_same_instant() {
    for (text, instant) in [
        ("2026-06-15T08:00:00Z", "2026-06-15T08:00:00Z"),
        ("2026-06-15t08:00:00z", "2026-06-15T08:00:00Z"),
        ("2026-06-15T09:00:00+01:00", "2026-06-15T08:00:00Z"),
        ("2026-06-15T08:00:00-00:00", "2026-06-15T08:00:00Z"),
        ("2026-06-14T08:01:00-23:59", "2026-06-15T08:00:00Z"),
        ("2026-06-15T08:00:00.52Z", "2026-06-15T08:00:00.52Z"),
        (
            "2026-06-15T08:00:00.123456789Z",
            "2026-06-15T08:00:00.123456789Z",
        ),
        ("2024-02-29T23:59:59Z", "2024-02-29T23:59:59Z"),
        ("1969-12-31T23:59:59Z", "1969-12-31T23:59:59Z"),
        ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z"),
        ("9999-12-30T22:00:00Z", "9999-12-30T22:00:00Z"),
    ] {
        assert_eq!(read(text).as_deref(), Some(instant), "{text}");
    }
}

#[test]
fn what_only_looks_like_an_instant_is_refused_with_what_is_wrong() {
    for (text, why) in [
        ("", "too short"),
        ("yesterday", "too short"),
        ("2026-06-15", "no T"),
        ("2026-06-15T08:00:00", "offset is missing"),
        ("2026-06-15T08:00:00[Europe/London]", "names a time zone"),
        (
            "2026-06-15T09:00:00+01:00[Europe/London]",
            "names a time zone",
        ),
        ("2026-06-15T09:00:00Z[Europe/London]", "names a time zone"),
        ("2026-06-15T08:00:00GMT", "neither Z nor"),
        ("2026-06-15 08:00:00Z", "no T"),
        ("20260615T080000Z", "no date"),
        ("2026-06-15T08Z", "hours, minutes and seconds"),
        ("2026-06-15T08:00Z", "hours, minutes and seconds"),
        ("2026-06-15T08:00+01:00", "hours, minutes and seconds"),
        ("2026-06-15T24:00:00Z", "no such time of day"),
        ("2026-06-15T23:60:00Z", "no such time of day"),
        ("2016-12-31T23:59:60Z", "a leap second"),
        ("2016-12-31T23:59:61Z", "no such time of day"),
        ("+002026-06-15T08:00:00Z", "no date"),
        ("-002026-06-15T08:00:00Z", "no date"),
        ("10000-01-01T00:00:00Z", "no date"),
        ("2026-06-15T08:00:00,5Z", "seconds do not end"),
        ("2026-06-15T08:00:00.Z", "no digits"),
        ("2026-06-15T08:00:00.1234567891Z", "at most nine digits"),
        ("2026-06-15T08:00:00+01", "neither Z nor"),
        ("2026-06-15T08:00:00+0100", "neither Z nor"),
        ("2026-06-15T08:00:00+01:00:00", "neither Z nor"),
        ("2026-06-15T08:00:00+24:00", "at most 23:59"),
        ("2026-06-15T08:00:00+23:60", "at most 23:59"),
        (" 2026-06-15T08:00:00Z", "no date"),
        ("2026-06-15T08:00:00Z ", "neither Z nor"),
        ("2026-W25-1T08:00:00Z", "no date"),
        ("2026-02-30T08:00:00Z", "no such day"),
        ("2026-00-01T08:00:00Z", "no such day"),
        ("9999-12-31T23:59:59Z", "year 9999"),
        ("1781510400", "no date"),
        ("２０２６-06-15T08:00:00Z", "no date"),
    ] {
        let refused = parse(text).unwrap_err();
        assert!(refused.why.contains(why), "{text}: {refused}");
        assert!(refused.to_string().contains(EXAMPLE), "{refused}");
    }
}

/// A part of RFC 3339's grammar, written from its section 5.6.
fn rfc_3339() -> impl Strategy<Value = String> {
    let date = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])";
    let time = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?";
    let offset = "([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])";
    proptest::string::string_regex(&format!("{date}[Tt]{time}{offset}")).unwrap()
}

/// Whether a text has the form of RFC 3339, by a reading of its own, without numbers.
fn has_the_form(text: &str) -> bool {
    let form: String = text
        .chars()
        .map(|c| {
            if c.is_ascii_digit() {
                '0'
            } else {
                c.to_ascii_uppercase()
            }
        })
        .collect();
    let Some(rest) = form.strip_prefix("0000-00-00T00:00:00") else {
        return false;
    };
    let rest = match rest.strip_prefix('.') {
        Some(fraction) => {
            let after = fraction.trim_start_matches('0');
            if after.len() == fraction.len() {
                return false;
            }
            after
        }
        None => rest,
    };
    ["Z", "+00:00", "-00:00"].contains(&rest)
}

proptest! {
    #[test]
    fn everything_valid_is_taken(text in rfc_3339()) {
        let instant = parse(&text);
        // The last two days of the year 9999 cannot all be kept.
        prop_assume!(!text.starts_with("9999-12-"));
        let instant = instant.unwrap();
        let same: Timestamp = text.parse().unwrap();
        prop_assert_eq!(instant, same);
    }

    #[test]
    fn everything_taken_is_rfc_3339(
        text in rfc_3339(),
        at in 0_usize..35,
        cut in 0_usize..3,
        put in "[0-9TtZz:.,+\\-\\[\\] W/]{0,3}",
    ) {
        let at = at.min(text.len());
        let end = (at + cut).min(text.len());
        let changed = format!("{}{put}{}", &text[..at], &text[end..]);
        if parse(&changed).is_ok() {
            prop_assert!(has_the_form(&changed), "{}", changed);
        }
    }
}
