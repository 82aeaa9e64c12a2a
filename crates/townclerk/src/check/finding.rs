//! A finding: where, how grave, what was found, and what to do.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use townclerk_contract::fact::Fact;
use townclerk_domain::names::Code;

use super::named;

/// Longest text of a finding, in characters: a feed decides what stands in it.
const TEXT_CHARS_MAX: usize = 600;

/// Facts before 2000 are taken, and are usually a time that was never set.
pub const LONG_AGO: Timestamp = Timestamp::constant(946_684_800, 0);

/// Where a fact stands in a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The line on which it begins, from 1.
    pub line: u64,
    /// Which one it is, from 0.
    pub index: u64,
}

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The fact would be refused.
    Error,
    /// It would be taken; figures may be wrong.
    Warning,
    /// Good to know.
    Note,
}

impl Severity {
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

macro_rules! sorts {
    ($($sort:ident = $slug:literal, $severity:ident;)+) => {
        /// What sort of finding it is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Sort { $($sort),+ }

        impl Sort {
            #[cfg(test)]
            pub const ALL: &[Self] = &[$(Self::$sort),+];

            /// The name by which programs know it.
            pub fn slug(self) -> &'static str {
                match self { $(Self::$sort => $slug),+ }
            }

            pub fn severity(self) -> Severity {
                match self { $(Self::$sort => Severity::$severity),+ }
            }
        }
    };
}

sorts! {
    ByteOrderMark = "byte-order-mark", Error;
    NoFacts = "no-facts", Error;
    Malformed = "malformed", Error;
    TooLarge = "too-large", Error;
    UnknownField = "unknown-field", Error;
    UnknownValue = "unknown-value", Error;
    MissingField = "missing-field", Error;
    InvalidField = "invalid-field", Error;
    OtherCouncil = "other-council", Error;
    OtherSystem = "other-system", Error;
    SharedLog = "shared-log", Error;
    IdReused = "id-reused", Error;
    NoBeginning = "no-beginning", Error;
    NotAllowed = "not-allowed", Error;
    ContradictsLater = "contradicts-later", Error;
    Future = "future", Error;
    LongPast = "long-past", Error;
    AfterVoiding = "after-voiding", Error;
    BadCorrection = "bad-correction", Error;
    Duplicate = "duplicate", Warning;
    BeforeBeginning = "before-beginning", Warning;
    OutOfOrder = "out-of-order", Warning;
    LongAgo = "long-ago", Warning;
    HoldNotEnded = "hold-not-ended", Warning;
    NoHold = "no-hold", Warning;
    NoHoldAnywhere = "no-hold-anywhere", Warning;
    NotChecked = "not-checked", Note;
    BeganBefore = "began-before", Note;
    NeverEnded = "never-ended", Note;
}

impl Serialize for Sort {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.slug())
    }
}

/// One thing that is wrong or worth knowing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Absent where it is about the feed as a whole.
    #[serde(flatten)]
    pub place: Option<Place>,
    pub severity: Severity,
    #[serde(rename = "kind")]
    pub sort: Sort,
    /// The fact's own id, where it was read.
    pub id: Option<String>,
    /// The record, as `<kind>/<reference>`, where it was read.
    pub record: Option<String>,
    pub found: String,
    pub remedy: String,
}

impl Finding {
    pub fn of_feed(sort: Sort, found: &str, remedy: &str) -> Self {
        Self {
            place: None,
            severity: sort.severity(),
            sort,
            id: None,
            record: None,
            found: printable(found),
            remedy: printable(remedy),
        }
    }

    pub fn at(place: Place, sort: Sort, found: &str, remedy: &str) -> Self {
        Self {
            place: Some(place),
            ..Self::of_feed(sort, found, remedy)
        }
    }

    pub fn with(self, id: Option<&str>, record: Option<String>) -> Self {
        Self {
            id: id.map(printable),
            record: record.as_deref().map(printable),
            ..self
        }
    }
}

/// A feed's text as it may be shown on a terminal.
fn printable(text: &str) -> String {
    let shown = |char: char| if char.is_control() { '\u{fffd}' } else { char };
    text.chars().take(TEXT_CHARS_MAX).map(shown).collect()
}

/// All findings are counted, the first of each sort are kept: a feed may be wrong on every line.
#[derive(Debug)]
pub struct Findings {
    kept_of_each: usize,
    kept: Vec<Finding>,
    counts: BTreeMap<Sort, u64>,
}

impl Findings {
    pub fn new(kept_of_each: usize) -> Self {
        Self {
            kept_of_each,
            kept: Vec::new(),
            counts: BTreeMap::new(),
        }
    }

    pub fn add(&mut self, finding: Finding) {
        let count = self.counts.entry(finding.sort).or_default();
        *count += 1;
        if *count <= self.kept_of_each as u64 {
            self.kept.push(finding);
        }
    }

    pub fn tally(&self) -> BTreeMap<Sort, u64> {
        self.counts.clone()
    }

    /// Those that were kept, as they stand in the feed; what concerns it as a whole comes last.
    pub fn in_order(mut self) -> Vec<Finding> {
        self.kept
            .sort_by_key(|finding| (finding.place.is_none(), finding.place, finding.sort));
        self.kept
    }
}

fn about(place: Place, fact: &Fact, sort: Sort, found: &str, remedy: &str) -> Finding {
    let record = named(fact.kind, &fact.reference);
    Finding::at(place, sort, found, remedy).with(Some(fact.id.as_str()), Some(record))
}

pub fn byte_order_mark() -> Finding {
    Finding::of_feed(
        Sort::ByteOrderMark,
        "the file begins with a byte order mark, which is no JSON",
        "write UTF-8 without a byte order mark; it was passed over here",
    )
}

pub fn no_facts() -> Finding {
    Finding::of_feed(
        Sort::NoFacts,
        "the file holds no fact",
        "see whether the export broke off, or is of a time in which nothing happened",
    )
}

pub fn duplicate(place: Place, fact: &Fact, earlier: Place) -> Finding {
    let found = format!("the same fact as on line {}", earlier.line);
    let remedy = "nothing: it is recorded once. Is one record exported twice?";
    about(place, fact, Sort::Duplicate, &found, remedy)
}

pub fn id_reused(place: Place, fact: &Fact, earlier: Place) -> Finding {
    let line = earlier.line;
    let found = format!("line {line} has this id with other content");
    let remedy = "give each fact an id of its own, and send one again only unchanged";
    about(place, fact, Sort::IdReused, &found, remedy)
}

pub fn long_ago(place: Place, fact: &Fact) -> Finding {
    let found = format!("it is said to have happened at {}", fact.happened);
    let remedy = "see whether the tool wrote a time that was never set";
    about(place, fact, Sort::LongAgo, &found, remedy)
}

pub fn of_shared(place: Place, fact: &Fact) -> Finding {
    about(
        place,
        fact,
        Sort::SharedLog,
        "its source names the shared log",
        "name the tool's own council: what concerns several is recorded by officers",
    )
}

/// A fact of another council or system than the feed's.
pub fn other(place: Place, fact: &Fact, sort: Sort, expected: &Code) -> Finding {
    let found = format!(
        "its source is {}, and this feed is {expected}'s",
        fact.source()
    );
    let remedy = "send the facts of each council's tool by itself, with its own credential";
    about(place, fact, sort, &found, remedy)
}
