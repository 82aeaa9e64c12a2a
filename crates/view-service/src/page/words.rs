//! How numbers, times, periods and names are written for people.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use townclerk_app::access::Caller;
use townclerk_domain::coverage::Selector;
use townclerk_domain::names::{Code, LogName, Scope};
use townclerk_domain::period::Period;
use townclerk_views::figure::Number;
use townclerk_views::registry::Registry;

const LONDON: &str = "Europe/London";

/// An instant as people and as programs read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    pub text: String,
    pub iso: String,
}

/// In London's local time, which is named.
pub fn moment(instant: Timestamp) -> Moment {
    let (zone, name) = match TimeZone::get(LONDON) {
        Ok(zone) => (zone, "London"),
        Err(_) => (TimeZone::UTC, "UTC"),
    };
    let local = instant.to_zoned(zone).strftime("%-d %B %Y, %H:%M");
    Moment {
        text: format!("{local} ({name})"),
        iso: instant.to_string(),
    }
}

pub fn day(day: Date) -> String {
    day.strftime("%-d %B %Y").to_string()
}

/// With separators between thousands.
pub fn number(number: Number) -> String {
    grouped(&number.0.to_string())
}

pub fn count(count: u64) -> String {
    grouped(&count.to_string())
}

fn grouped(text: &str) -> String {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("\u{2212}", digits),
        None => ("", text),
    };
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let mut grouped = String::from(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if !decimals.is_empty() {
        grouped.push('.');
        grouped.push_str(decimals);
    }
    grouped
}

/// A period's name, and in words what it spans where the name does not say it.
pub fn period(period: &Period) -> (String, Option<String>) {
    let (first, last) = (period.first_day(), period.last_day());
    let span = || {
        let from = match first.year() == last.year() {
            true => first.strftime("%B"),
            false => first.strftime("%B %Y"),
        };
        format!("{from} to {}", last.strftime("%B %Y"))
    };
    match period {
        Period::Month(_) => (first.strftime("%B %Y").to_string(), None),
        Period::Quarter { .. } => (period.to_string(), Some(span())),
        Period::Day(day) => (self::day(*day), None),
        Period::Months { .. } => (span(), None),
    }
}

pub fn scope_name(scope: &Scope, registry: &Registry) -> String {
    match scope {
        Scope::Joint => "Joint: all councils".to_owned(),
        Scope::Log(log) => log_name(log, registry),
    }
}

/// The council's name where its membership is known, else its code.
pub fn log_name(log: &LogName, registry: &Registry) -> String {
    let member = registry
        .members
        .iter()
        .find(|member| member.council.as_str() == log.as_str());
    match member {
        _ if log.is_shared() => "Shared by several councils".to_owned(),
        Some(member) => member.name.clone(),
        None => log.to_string(),
    }
}

/// Which records a breakdown counts.
pub fn breakdown(values: &BTreeMap<String, Code>) -> String {
    let of = |name: &str| values.get(name).map(Code::as_str);
    let priority = of("priority").map(str::to_uppercase);
    let kind = of("kind").map_or("tickets".to_owned(), |kind| format!("{kind}s"));
    let what: Vec<String> = priority.into_iter().chain([kind]).collect();
    let rest = values
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "priority" | "kind"))
        .map(|(name, value)| format!("{name} {value}"));
    let all: Vec<String> = [what.join(" ")].into_iter().chain(rest).collect();
    all.join(", ")
}

/// Which records a coverage promises.
pub fn selector(selector: &Selector) -> String {
    let kind = selector
        .kind
        .map_or("tickets".to_owned(), |kind| format!("{}s", kind.code()));
    let priority = selector.priority.map(|p| p.code().to_uppercase());
    let service = selector.service.as_ref().map(|s| format!("on {s}"));
    let words = priority.into_iter().chain([kind]).chain(service);
    words.collect::<Vec<_>>().join(" ")
}

/// Who is signed in, with what for.
pub fn caller(caller: &Caller) -> String {
    let roles: Vec<&str> = caller.roles.iter().map(|role| role.code()).collect();
    let Caller {
        subject, councils, ..
    } = caller;
    format!(
        "{} ({}; councils: {councils})",
        subject.as_str(),
        roles.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use townclerk_domain::decimal::Decimal;

    use super::*;

    #[test]
    fn thousands_are_separated() {
        for (found, written) in [
            ("0", "0"),
            ("999", "999"),
            ("1000", "1,000"),
            ("1234567", "1,234,567"),
            ("-1234", "\u{2212}1,234"),
            ("1234.50", "1,234.50"),
        ] {
            let decimal: Decimal = found.parse().unwrap();
            assert_eq!(number(Number(decimal)), written);
        }
        assert_eq!(count(20_000), "20,000");
    }

    #[test]
    fn times_are_londons() {
        let moment = |text: &str| moment(text.parse().unwrap());
        let summer = moment("2020-08-21T23:00:00Z");
        assert_eq!(summer.text, "22 August 2020, 00:00 (London)");
        assert_eq!(summer.iso, "2020-08-21T23:00:00Z");
        let winter = moment("2020-01-05T09:30:00Z");
        assert_eq!(winter.text, "5 January 2020, 09:30 (London)");
    }

    #[test]
    fn periods_say_what_they_span() {
        let words = |label: &str| period(&label.parse().unwrap());
        assert_eq!(words("2019-07"), ("July 2019".to_owned(), None));
        let (quarter, span) = words("19/20 Q4");
        assert_eq!(quarter, "19/20 Q4");
        assert_eq!(span.as_deref(), Some("January to March 2020"));
        assert_eq!(words("2019-07/2020-07").0, "July 2019 to July 2020");
        assert_eq!(words("2018-06-04").0, "4 June 2018");
    }

    #[test]
    fn breakdowns_are_read_as_words() {
        let words = |pairs: &[(&str, &str)]| {
            let pair =
                |(name, value): &(&str, &str)| ((*name).to_owned(), Code::new(*value).unwrap());
            breakdown(&pairs.iter().map(pair).collect())
        };
        assert_eq!(words(&[]), "tickets");
        assert_eq!(words(&[("service", "csccm")]), "tickets, service csccm");
        let p1 = [("kind", "incident"), ("priority", "p1")];
        assert_eq!(words(&p1), "P1 incidents");
    }
}
