//! What was measured: lines of a table, each beside its bare limit, as text, JSON and Markdown.

use std::fmt::Write;

use serde::Serialize;

use crate::machine::Machine;

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    EventsPerSecond,
    CommandsPerSecond,
    QueriesPerSecond,
    Microseconds,
    Nanoseconds,
    Mebibytes,
    Bytes,
}

impl Unit {
    fn shown(self) -> &'static str {
        match self {
            Self::EventsPerSecond => "events/s",
            Self::CommandsPerSecond => "commands/s",
            Self::QueriesPerSecond => "queries/s",
            Self::Microseconds => "µs",
            Self::Nanoseconds => "ns",
            Self::Mebibytes => "MiB",
            Self::Bytes => "B",
        }
    }
}

/// One line of the table.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// The letter by which `--only` names it.
    pub letter: char,
    pub what: String,
    pub unit: Unit,
    pub ours: u64,
    /// What the parts reach alone, measured in the same run.
    pub bare: Option<u64>,
    /// Ours in hundredths of bare.
    pub percent_of_bare: Option<u64>,
    /// What the bare number is of.
    pub beside: String,
}

impl Line {
    pub fn alone(letter: char, what: impl Into<String>, unit: Unit, ours: u64) -> Self {
        Self {
            letter,
            what: what.into(),
            unit,
            ours,
            bare: None,
            percent_of_bare: None,
            beside: String::new(),
        }
    }

    #[must_use]
    pub fn beside(mut self, bare: u64, of: impl Into<String>) -> Self {
        self.bare = Some(bare);
        self.percent_of_bare = (bare > 0).then(|| self.ours * 100 / bare);
        self.beside = of.into();
        self
    }

    fn cells(&self) -> [String; 6] {
        let amount = |number: u64| format!("{} {}", grouped(number), self.unit.shown());
        [
            self.letter.to_string(),
            self.what.clone(),
            amount(self.ours),
            self.bare.map(amount).unwrap_or_default(),
            self.percent_of_bare
                .map(|percent| format!("{}.{:02}", percent / 100, percent % 100))
                .unwrap_or_default(),
            self.beside.clone(),
        ]
    }
}

const HEAD: [&str; 6] = ["", "measured", "Townclerk", "bare", "ratio", "bare is"];

/// One run.
#[derive(Debug, Serialize)]
pub struct Report {
    pub machine: Machine,
    pub events: u64,
    pub seconds: u64,
    pub lines: Vec<Line>,
}

/// What limits each line: said here once, beside the numbers that it explains.
const LIMITS: [(char, &str); 8] = [
    (
        'a',
        "CPU. Server, client, decoding and folding share the cores; each row is written once, in \
         the order of keys.",
    ),
    (
        'b',
        "The disk: every event is on it before it is acknowledged. With many clients the events \
         that wait share a flush; with one client, a flush for each event.",
    ),
    (
        'c',
        "The way from the log's acknowledgement through the consumer and one batch of rows into \
         sled.",
    ),
    (
        'd',
        "CPU: evaluating the figure and writing JSON; the bare number is the same server answering \
         with one word.",
    ),
    (
        'e',
        "nats-server storing atomic batches of 1,000; a batch shares its flushes.",
    ),
    (
        'f',
        "A rebuild holds all rows in memory until it writes them.",
    ),
    (
        'g',
        "Timelines keep every entry of a record; beside them indexes and counters, and the room \
         that sled leaves in its segments.",
    ),
    (
        'h',
        "Arithmetic: whole weeks are multiplied, each holiday is taken out, and the first and last \
         day of each stretch between pauses are looked at.",
    ),
];

impl Report {
    pub fn text(&self) -> String {
        let rows: Vec<[String; 6]> = self.lines.iter().map(Line::cells).collect();
        let head = HEAD.map(str::to_owned);
        let width = |column: usize| {
            let cells = rows.iter().chain([&head]);
            cells.map(|row| row[column].chars().count()).max()
        };
        let widths: [usize; 6] = std::array::from_fn(|column| width(column).unwrap_or(0));
        let mut text = format!("{}\n\n", self.heading());
        for row in [&head].into_iter().chain(&rows) {
            for (column, cell) in row.iter().enumerate() {
                let gap = widths[column] - cell.chars().count();
                let (before, after) = match column {
                    2..=4 => (gap, 2),
                    _ => (0, gap + 2),
                };
                text.extend(std::iter::repeat_n(' ', before));
                text.push_str(cell);
                text.extend(std::iter::repeat_n(' ', after));
            }
            text.truncate(text.trim_end().len());
            text.push('\n');
        }
        text
    }

    fn heading(&self) -> String {
        format!(
            "{} events; {}; took {} s",
            grouped(self.events),
            self.machine,
            self.seconds
        )
    }

    pub fn markdown(&self) -> String {
        let mut text = format!("{}\n\n|{}|\n|", self.heading(), HEAD.join("|"));
        for column in 0..HEAD.len() {
            text.push_str(if (2..=4).contains(&column) {
                "--:|"
            } else {
                "---|"
            });
        }
        text.push('\n');
        for line in &self.lines {
            push(&mut text, format_args!("|{}|\n", line.cells().join("|")));
        }
        text.push_str("\nWhat limits each line:\n\n");
        for (letter, limit) in LIMITS {
            if self.lines.iter().any(|line| line.letter == letter) {
                push(&mut text, format_args!("- **{letter}** {limit}\n"));
            }
        }
        text
    }
}

fn push(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    let written = text.write_fmt(arguments);
    debug_assert!(written.is_ok(), "a String takes all that is written to it");
}

/// 1234567 as 1,234,567.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_in_groups_of_three_digits() {
        for (number, shown) in [
            (7, "7"),
            (123, "123"),
            (1_234, "1,234"),
            (1_000_000, "1,000,000"),
        ] {
            assert_eq!(grouped(number), shown);
        }
    }

    #[test]
    fn a_line_says_what_part_of_bare_it_reaches() {
        let line = Line::alone('a', "rebuild", Unit::EventsPerSecond, 630).beside(1_000, "reading");
        assert_eq!(line.percent_of_bare, Some(63));
        assert_eq!(line.cells()[4], "0.63");
        let nothing = Line::alone('a', "rebuild", Unit::EventsPerSecond, 630).beside(0, "reading");
        assert_eq!(nothing.percent_of_bare, None);
    }
}
