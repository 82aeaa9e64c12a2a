//! What a check found: each finding, and a summary.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};
use townclerk_domain::names::Code;

use super::finding::{Finding, Severity, Sort};

#[derive(Clone, Debug)]
pub struct Report {
    /// The feed's council and system, where a fact or the caller named them.
    pub council: Option<Code>,
    pub system: Option<Code>,
    /// How many facts the feed has, and how many of them could be read.
    pub facts: u64,
    pub readable: u64,
    /// Records that it makes.
    pub tickets: u64,
    pub changes: u64,
    pub outages: u64,
    /// The earliest and the latest time that it tells of.
    pub first: Option<Timestamp>,
    pub last: Option<Timestamp>,
    /// How many findings of each sort there are.
    pub tally: BTreeMap<Sort, u64>,
    /// The first findings of each sort, in the order of the feed.
    pub findings: Vec<Finding>,
}

impl Report {
    pub fn count(&self, severity: Severity) -> u64 {
        let of_it = self.tally.iter();
        of_it
            .filter(|(sort, _)| sort.severity() == severity)
            .map(|(_, count)| count)
            .sum()
    }

    pub fn has_errors(&self) -> bool {
        self.count(Severity::Error) > 0
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let by_kind: BTreeMap<&str, u64> = self
            .tally
            .iter()
            .map(|(sort, count)| (sort.slug(), *count))
            .collect();
        json!({
            "findings": self.findings,
            "summary": {
                "council": self.council,
                "system": self.system,
                "facts": self.facts,
                "readable": self.readable,
                "records": {
                    "ticket": self.tickets,
                    "change": self.changes,
                    "outage": self.outages,
                },
                "first": self.first,
                "last": self.last,
                "errors": self.count(Severity::Error),
                "warnings": self.count(Severity::Warning),
                "notes": self.count(Severity::Note),
                "by_kind": by_kind,
            },
        })
    }

    /// For people, line by line.
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.findings.iter().flat_map(told).collect();
        lines.extend(self.unsaid());
        let whose = match (&self.council, &self.system) {
            (Some(council), Some(system)) => format!(" of {council}'s {system}"),
            _ => String::new(),
        };
        let (facts, readable) = (self.facts, self.readable);
        let facts = counted(facts, "fact");
        lines.push(format!("{facts}{whose}, {readable} of them readable"));
        let (tickets, changes, outages) = (self.tickets, self.changes, self.outages);
        lines.push(format!(
            "Records begun: tickets {tickets}, changes {changes}, outages {outages}"
        ));
        if let (Some(first), Some(last)) = (self.first, self.last) {
            lines.push(format!("From {first} to {last}"));
        }
        let [errors, warnings, notes] =
            [Severity::Error, Severity::Warning, Severity::Note].map(|of| self.count(of));
        lines.push(format!(
            "{}, {}, {}",
            counted(errors, "error"),
            counted(warnings, "warning"),
            counted(notes, "note")
        ));
        lines
    }

    /// What was counted and not told one by one.
    fn unsaid(&self) -> Vec<String> {
        let told = |sort: Sort| {
            let same = self.findings.iter().filter(|finding| finding.sort == sort);
            same.count() as u64
        };
        let more = |(sort, count): (&Sort, &u64)| {
            let more = count.saturating_sub(told(*sort));
            (more > 0).then(|| format!("… and {more} more of {}", sort.slug()))
        };
        self.tally.iter().filter_map(more).collect()
    }
}

fn counted(count: u64, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    }
}

fn told(finding: &Finding) -> [String; 2] {
    let mut line = finding.severity.word().to_owned();
    if let Some(place) = finding.place {
        line += &format!(" line {}, index {},", place.line, place.index);
    }
    line += &format!(" {}", finding.sort.slug());
    if let Some(record) = &finding.record {
        line += &format!(" {record}");
    }
    if let Some(id) = &finding.id {
        line += &format!(" (id {id})");
    }
    [
        format!("{line}: {}", finding.found),
        format!("    {}", finding.remedy),
    ]
}
