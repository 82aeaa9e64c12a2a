//! Reading one piece of a feed as a fact; a fault becomes a finding.

use serde_json::Value;
use townclerk_contract::fact::{FACT_BYTES_MAX, Fact, Fault, FaultKind, read as read_fact};
use townclerk_domain::identity::{AggregateKind, Token};

use super::feed::{Flaw, Piece};
use super::finding::{Finding, Place, Sort};

/// A piece that is no fact.
pub struct Unread {
    /// One for each fault.
    pub findings: Vec<Finding>,
    /// The record that it seems to be about.
    pub record: Option<(AggregateKind, Token)>,
}

pub fn read(piece: Piece) -> Result<Fact, Box<Unread>> {
    let Piece { place, content } = piece;
    let text = content.map_err(|flaw| {
        let (sort, found, remedy) = told(flaw);
        Box::new(Unread {
            findings: vec![Finding::at(place, sort, &found, remedy)],
            record: None,
        })
    })?;
    read_fact(&text).map_err(|faults| {
        let record = record_of(&text);
        let name = record
            .as_ref()
            .map(|(kind, reference)| super::named(*kind, reference));
        let told = |fault| finding(place, fault).with(faults.id.as_deref(), name.clone());
        Box::new(Unread {
            findings: faults.all.iter().map(told).collect(),
            record,
        })
    })
}

fn finding(place: Place, fault: &Fault) -> Finding {
    let (why, below) = split_place(&fault.why);
    let place = Place {
        line: place.line + below,
        ..place
    };
    let found = match fault.field.as_str() {
        "" => why.to_owned(),
        field => format!("{field}: {why}"),
    };
    let sort = sort_of(fault.kind);
    let remedy = match sort {
        Sort::UnknownValue => format!("map the tool's own to one of these; {}", fault.remedy),
        _ => fault.remedy.clone(),
    };
    Finding::at(place, sort, &found, &remedy)
}

fn told(flaw: Flaw) -> (Sort, String, &'static str) {
    match flaw {
        Flaw::TooLong => (
            Sort::TooLarge,
            format!("more than {FACT_BYTES_MAX} bytes"),
            "a fact is shorter; in a file of lines each fact ends its line",
        ),
        Flaw::NotText => (
            Sort::Malformed,
            "it is not UTF-8".to_owned(),
            "write the file in UTF-8",
        ),
        Flaw::CutOff => (
            Sort::Malformed,
            "the file ends within the array".to_owned(),
            "see whether the export was cut off, and end the array with ]",
        ),
        Flaw::NoComma => (
            Sort::Malformed,
            "there is no comma before it".to_owned(),
            "put a comma between the facts of an array",
        ),
        Flaw::AfterEnd => (
            Sort::Malformed,
            "there is something after the end of the array".to_owned(),
            "write one array, or one fact a line without an array",
        ),
    }
}

fn sort_of(fault: FaultKind) -> Sort {
    match fault {
        FaultKind::Malformed => Sort::Malformed,
        FaultKind::TooLarge => Sort::TooLarge,
        FaultKind::UnknownField => Sort::UnknownField,
        FaultKind::MissingField => Sort::MissingField,
        FaultKind::NotOneOf => Sort::UnknownValue,
        FaultKind::InvalidField => Sort::InvalidField,
    }
}

/// What a JSON reader says, and how many lines below the begin of the fact that is: it counts from
/// there, not from the begin of the feed.
fn split_place(why: &str) -> (&str, u64) {
    let Some((what, place)) = why.split_once(" at line ") else {
        return (why, 0);
    };
    let digits = place.split(|char: char| !char.is_ascii_digit()).next();
    let line: u64 = digits.and_then(|digits| digits.parse().ok()).unwrap_or(1);
    (what, line.saturating_sub(1))
}

/// The record that a text seems to be about, although it is no fact.
fn record_of(text: &str) -> Option<(AggregateKind, Token)> {
    let json: Value = serde_json::from_str(text).ok()?;
    let (kind, reference) = json.get("subject")?.as_str()?.split_once('/')?;
    Some((
        AggregateKind::from_token(kind)?,
        Token::new(reference).ok()?,
    ))
}
