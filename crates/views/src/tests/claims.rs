//! Claims beside our numbers: what agrees, by how much another differs, and why some cannot be
//! compared.

use jiff::Timestamp;
use townclerk_domain::amendment::Recordable;
use townclerk_domain::claim::{ClaimKind, Precision, Published};
use townclerk_domain::decimal::Decimal;
use townclerk_domain::names::Code;
use townclerk_domain::ticket::{Channel, Logged, Priority, TicketFact, TicketKind, UserClass};

use super::history::{History, code, folded, read};
use crate::figure::ClaimShown;
use crate::figures::beside;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Four tickets of January 2019 in Brent's log.
fn history() -> History {
    let mut history = History::covered();
    for number in 1..=4 {
        let logged = Recordable::Fact(TicketFact::Logged(Logged {
            kind: TicketKind::Incident,
            priority: Priority::P1,
            user_class: UserClass::Standard,
            channel: Channel::Web,
            service: code("email"),
            category: code("other"),
            directorate: None,
            sts: true,
            councils: Default::default(),
        }));
        history.ask("brent", number, at("2019-01-05T10:00:00Z"), logged);
    }
    history
}

fn claim(measure: &str, period: &str, value: &str) -> Published {
    Published {
        measure: measure.to_owned(),
        scope: "joint".parse().unwrap(),
        period: period.parse().unwrap(),
        breakdown: Default::default(),
        value: value.parse().unwrap(),
        as_at: None,
        source: "a paper".to_owned(),
        kind: ClaimKind::Figure,
        unit: None,
        precision: Precision::Exact,
    }
}

fn judged(claim: &Published) -> ClaimShown {
    let history = history();
    let rows = folded(&history.all(), &[]);
    let scope = &claim.scope;
    let all = read(&history, &rows, |reading| {
        beside(reading, scope, None, &[claim]).unwrap()
    });
    all.into_iter().next().unwrap()
}

#[test]
fn a_claim_says_whether_it_agrees_and_by_how_much_it_differs() {
    let number = |text: &str| -> Decimal { text.parse().unwrap() };
    let about = Precision::About {
        tolerance: number("1"),
    };
    let between = Precision::Between { and: number("7") };
    for (value, precision, differs_by) in [
        ("4", Precision::Exact, None),
        ("5", Precision::Exact, Some("-1")),
        ("5", about, None),
        ("6", about, Some("-1")),
        // Just over three.
        ("3", Precision::AtLeast, None),
        ("6", Precision::AtLeast, Some("-2")),
        ("3", Precision::AtMost, Some("1")),
        ("4", between, None),
        ("4.0", Precision::Exact, None),
    ] {
        let claim = Published {
            precision,
            ..claim("tickets_logged", "2019-01", value)
        };
        let shown = judged(&claim);
        assert_eq!(
            shown.differs,
            Some(differs_by.is_some()),
            "{value} {precision:?}"
        );
        let by = shown.differs_by.map(|by| by.0);
        assert_eq!(by.map(|by| by.to_string()).as_deref(), differs_by);
        assert!(shown.ours.unwrap().0.cmp_value(Decimal::whole(4)).is_eq());
        assert_eq!(shown.why, None);
    }
}

#[test]
fn a_claim_is_of_the_values_and_the_log_that_it_names() {
    let by = |name: &str, value: &str| {
        let value = Code::new(value).unwrap();
        let claim = claim("tickets_logged", "2019-01", "4");
        Published {
            breakdown: [(name.to_owned(), value)].into(),
            ..claim
        }
    };
    for (name, value, ours) in [
        ("priority", "p1", 4),
        ("priority", "p2", 0),
        ("home", "brent", 4),
        ("home", "shared", 0),
    ] {
        let shown = judged(&by(name, value));
        assert_eq!(
            shown.ours.map(|ours| ours.0),
            Some(Decimal::whole(ours)),
            "{name} {value}"
        );
    }
}

#[test]
fn what_cannot_be_compared_says_why() {
    let text = Published {
        kind: ClaimKind::Text,
        unit: Some("tickets".to_owned()),
        ..claim("tickets_logged", "2019-01", "4")
    };
    let by_colour = Published {
        breakdown: [("colour".to_owned(), code("red"))].into(),
        ..claim("tickets_logged", "2019-01", "4")
    };
    for (claim, why) in [
        (text, "Townclerk does not compute it"),
        (
            claim("letters", "2019-01", "4"),
            "\"letters\" is not a measure",
        ),
        (by_colour, "not broken down by \"colour\""),
        (
            claim("tickets_logged", "2031-01", "4"),
            "the record of brent, lewisham, shared does not cover 2031-01",
        ),
        (
            claim("sla_attainment", "2019-01", "97.4"),
            "does not cover 2019-01, or nothing that it rests on is agreed there",
        ),
    ] {
        let shown = judged(&claim);
        let said = shown.why.unwrap_or_default();
        assert!(said.contains(why), "{said}");
        assert_eq!((shown.differs, shown.ours), (None, None));
    }
}
