//! How numbers, times, periods and names are written for people.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use townclerk_app::access::Caller;
use townclerk_domain::claim::Precision;
use townclerk_domain::coverage::Selector;
use townclerk_domain::identity::Family;
use townclerk_domain::names::{Code, LogName, Scope};
use townclerk_domain::period::{Period, london_day, london_time};
use townclerk_views::failures::begun_minutes;
use townclerk_views::figure::{MemberDays, Number};
use townclerk_views::kept::Kept;
use townclerk_views::measure::Measure;
use townclerk_views::registry::Registry;

/// What is said of a record of which the log holds an event that this version cannot read.
pub const HELD: &str = "a later event cannot be read";

/// What is written beside the name of a record.
pub fn beside<S>(kept: &Kept<S>, detail: String) -> Option<String> {
    Some(match kept.held {
        true => format!("{detail}; {HELD}"),
        false => detail,
    })
}

/// An instant as people and as programs read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    pub text: String,
    pub iso: String,
}

/// In London's local time, which is named.
pub fn moment(instant: Timestamp) -> Moment {
    Moment {
        text: format!("{} (London)", brief(instant)),
        iso: instant.to_string(),
    }
}

fn local(instant: Timestamp, format: &str) -> String {
    london_time(instant).strftime(format).to_string()
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
        Period::Days { first, last } => {
            let name = format!("{} to {}", self::day(*first), self::day(*last));
            (name, None)
        }
    }
}

/// Who was a member for a part of a period only, and from or to when; `None` where it was one
/// throughout: what looks back beyond the period says so too of what it looks back at.
pub fn member_for_a_part(member: &MemberDays, period: &Period) -> Option<String> {
    let MemberDays { name, from, to, .. } = member;
    let begins = (*from > period.first_day()).then(|| format!(" from {}", day(*from)));
    let ends = (*to < period.last_day()).then(|| format!(" to {}", day(*to)));
    let days: String = begins.into_iter().chain(ends).collect();
    (!days.is_empty()).then(|| format!("{name} a member{days} only"))
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
        .find(|member| member.joined.council.as_str() == log.as_str());
    match member {
        _ if log.is_shared() => "Shared by several councils".to_owned(),
        Some(member) => member.joined.name.clone(),
        None => log.to_string(),
    }
}

/// What was published, as exactly as it was.
pub fn published(value: Number, precision: Precision) -> String {
    let value = number(value);
    match precision {
        Precision::Exact => value,
        Precision::About { tolerance } => {
            format!("about {value}, give or take {}", number(Number(tolerance)))
        }
        Precision::AtLeast => format!("at least {value}"),
        Precision::AtMost => format!("at most {value}"),
        Precision::Between { and } => format!("{value} to {}", number(Number(and))),
    }
}

/// A difference, such as "40 more".
pub fn less_or_more(by: Number) -> String {
    let text = number(by);
    match text.strip_prefix('\u{2212}') {
        Some(less) => format!("{less} less"),
        None => format!("{text} more"),
    }
}

/// The name of what a claim counts that is no measure of ours, such as `calls_abandoned`.
pub fn measure_name(name: &str) -> String {
    code(&name.replace('_', "-"))
}

/// Which records of a measure a breakdown counts; of a measure that is not known it says the values
/// alone, since nobody knows of what.
pub fn breakdown(measure: Option<Measure>, values: &BTreeMap<String, Code>) -> String {
    let of = |name: &str| values.get(name).map(Code::as_str);
    let others = |but: &[&str]| -> Vec<String> {
        let rest = values.iter();
        let rest = rest.filter(|(name, _)| !but.contains(&name.as_str()));
        rest.map(|(name, value)| format!("{} {value}", name.replace('_', " ")))
            .collect()
    };
    if measure.is_none_or(|measure| measure.kind().family() != Family::Ticket) {
        let said = others(&[]);
        return match said.is_empty() {
            true => "all".to_owned(),
            false => said.join(", "),
        };
    }
    let priority = of("priority").map(str::to_uppercase);
    let kind = of("kind").map_or("tickets".to_owned(), |kind| format!("{kind}s"));
    let what: Vec<String> = priority.into_iter().chain([kind]).collect();
    let rest = others(&["priority", "kind"]);
    let all: Vec<String> = [what.join(" ")].into_iter().chain(rest).collect();
    all.join(", ")
}

/// Which records a coverage promises.
pub fn selector(selector: &Selector) -> String {
    let whole = match selector.family {
        Family::Ticket => "tickets",
        Family::Change => "changes",
        Family::Outage => "outages",
        Family::Restructure => "programmes and posts",
        Family::Agreement => "agreements",
        Family::Record => "coverages",
        Family::Publication => "claims",
    };
    let kind = selector
        .kind
        .map_or(whole.to_owned(), |kind| format!("{}s", kind.code()));
    let priority = selector.priority.map(|p| p.code().to_uppercase());
    let service = selector.service.as_ref().map(|s| format!("on {s}"));
    let words = priority.into_iter().chain([kind]).chain(service);
    words.collect::<Vec<_>>().join(" ")
}

/// A code as words, such as `backed-out`.
pub fn code(code: &str) -> String {
    let words = code.replace('-', " ");
    let mut letters = words.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => words,
    }
}

/// The names of councils, in the order of their codes.
pub fn councils<'a>(councils: impl IntoIterator<Item = &'a Code>, registry: &Registry) -> String {
    let name = |council: &Code| {
        let members = registry.members.iter();
        let mut members = members.filter(|member| member.joined.council == *council);
        members
            .next()
            .map_or_else(|| council.to_string(), |member| member.joined.name.clone())
    };
    let names: Vec<String> = councils.into_iter().map(name).collect();
    names.join(", ")
}

/// From one instant to another; the day is not said twice.
pub fn span(from: Timestamp, to: Timestamp) -> String {
    match london_day(from) == london_day(to) {
        true => format!(
            "{} to {}",
            local(from, "%-d %B %Y, %H:%M"),
            local(to, "%H:%M")
        ),
        false => format!("{} to {}", brief(from), brief(to)),
    }
}

/// An instant in London's local time, where the page says elsewhere whose time it is.
pub fn brief(instant: Timestamp) -> String {
    local(instant, "%-d %B %Y, %H:%M")
}

/// How long something lasted: whole minutes, begun ones included.
pub fn duration(from: Timestamp, to: Timestamp) -> String {
    let minutes = begun_minutes(from, to).max(0);
    let parts = [
        (minutes / 1_440, "day"),
        (minutes / 60 % 24, "hour"),
        (minutes % 60, "minute"),
    ];
    let said = parts.iter().filter(|(count, _)| *count > 0);
    let said: Vec<String> = said.map(|(count, unit)| counted(*count, unit)).collect();
    match said.is_empty() {
        true => "no time".to_owned(),
        false => said.join(" "),
    }
}

/// How much service time something is: hours and minutes, for a day of service has no fixed length.
pub fn service_time(minutes: i64) -> String {
    let (sign, all) = match minutes < 0 {
        true => ("\u{2212}", minutes.saturating_neg()),
        false => ("", minutes),
    };
    let said = match (all / 60, all % 60) {
        (0, minutes) => counted(minutes, "minute"),
        (hours, 0) => counted(hours, "hour"),
        (hours, minutes) => format!("{} {}", counted(hours, "hour"), counted(minutes, "minute")),
    };
    format!("{sign}{said}")
}

/// A number of things, in the plural where there is not one of them.
pub fn counted(count: i64, one: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        many => format!("{} {one}s", grouped(&many.to_string())),
    }
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
    fn who_was_a_member_for_a_part_is_named_with_the_days() {
        let words = |from: &str, to: &str| {
            let member = MemberDays {
                council: Code::new("camden").unwrap(),
                name: "Camden".to_owned(),
                from: from.parse().unwrap(),
                to: to.parse().unwrap(),
            };
            member_for_a_part(&member, &"2026-06".parse().unwrap())
        };
        let joined = words("2026-06-15", "2026-06-30");
        assert_eq!(
            joined.as_deref(),
            Some("Camden a member from 15 June 2026 only")
        );
        let left = words("2026-06-01", "2026-06-14");
        assert_eq!(
            left.as_deref(),
            Some("Camden a member to 14 June 2026 only")
        );
        // Twelve months up to June, of which it missed some.
        assert_eq!(words("2026-01-01", "2026-06-30"), None);
    }

    #[test]
    fn breakdowns_are_read_as_words() {
        let words = |measure, pairs: &[(&str, &str)]| {
            let pair =
                |(name, value): &(&str, &str)| ((*name).to_owned(), Code::new(*value).unwrap());
            breakdown(Some(measure), &pairs.iter().map(pair).collect())
        };
        let tickets = Measure::TicketsLogged;
        assert_eq!(words(tickets, &[]), "tickets");
        let csccm = [("service", "csccm")];
        assert_eq!(words(tickets, &csccm), "tickets, service csccm");
        let p1 = [("kind", "incident"), ("priority", "p1")];
        assert_eq!(words(tickets, &p1), "P1 incidents");
        let core = [("component", "core-network")];
        assert_eq!(words(Measure::Outages, &core), "component core-network");
        assert_eq!(words(Measure::Vacancies, &[]), "all");
    }

    #[test]
    fn times_and_durations_are_said_shortly() {
        let at = |text: &str| -> Timestamp { text.parse().unwrap() };
        let (from, to) = (at("2020-01-05T22:00:00Z"), at("2020-01-05T23:30:00Z"));
        assert_eq!(span(from, to), "5 January 2020, 22:00 to 23:30");
        assert_eq!(duration(from, to), "1 hour 30 minutes");
        let next = at("2020-01-07T00:01:30Z");
        let over_midnight = "5 January 2020, 22:00 to 7 January 2020, 00:01";
        assert_eq!(span(from, next), over_midnight);
        assert_eq!(duration(from, next), "1 day 2 hours 2 minutes");
        assert_eq!(duration(from, from), "no time");
        assert_eq!(code("backed-out"), "Backed out");
        let said = [0, 90, 2_400, -61].map(service_time);
        let expected = [
            "0 minutes",
            "1 hour 30 minutes",
            "40 hours",
            "\u{2212}1 hour 1 minute",
        ];
        assert_eq!(said, expected);
    }
}
