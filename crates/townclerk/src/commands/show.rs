//! The only place that prints: data to stdout, everything else to stderr.
//!
//! Nothing is printed raw: what others wrote must not steer a terminal or turn the direction of
//! writing. Each function that writes escapes first.

#![expect(clippy::print_stderr, reason = "this is where the command line speaks")]

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use clap::{Args, ValueEnum};
use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use serde_json::{Map, Value};
use townclerk_domain::instant;
use townclerk_domain::plain_text::{on_one_line, visible};

/// What people see where there is no value; programs see an empty column.
pub const ABSENT: &str = "–";

/// Data for people. Where its reader has gone (`| head`), the rest is for nobody.
pub fn line(text: impl AsRef<str>) {
    if let Err(error) = writeln!(io::stdout(), "{}", visible(text.as_ref()))
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        eprintln!("townclerk: cannot write: {error}");
    }
}

/// A line of data, written at once: somebody may be waiting for it.
///
/// # Errors
/// Its reader reads no more.
pub fn line_at_once(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", visible(text))?;
    out.flush()
}

/// Data for programs.
pub fn json(value: &impl Serialize) -> anyhow::Result<()> {
    line(serde_json::to_string_pretty(value)?);
    Ok(())
}

/// Says what goes on.
pub fn note(text: impl AsRef<str>) {
    eprintln!("{}", visible(text.as_ref()));
}

pub fn error(error: &anyhow::Error) {
    eprintln!("townclerk: {}", visible(&format!("{error:#}")));
}

/// How a command prints its data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people: as wide as the terminal
    #[default]
    Table,
    /// For spreadsheets and scripts: a line of headers, columns separated by tabs
    Tsv,
    /// For programs: all that there is
    Json,
}

#[derive(Clone, Copy, Debug, Default, Args)]
pub struct Output {
    /// How to print
    #[arg(long, value_enum, default_value = "table", value_name = "FORMAT")]
    output: Format,
    /// As --output json
    #[arg(long, conflicts_with = "output")]
    json: bool,
}

impl Output {
    pub fn format(self) -> Format {
        match self.json {
            true => Format::Json,
            false => self.output,
        }
    }

    pub fn is_json(self) -> bool {
        self.format() == Format::Json
    }
}

/// Prints what is for programs, as JSON or as a row of its members; says whether it did. What it is in
/// words is the caller's.
///
/// # Errors
/// What cannot be written as JSON.
pub fn for_programs(output: Output, value: &impl Serialize) -> anyhow::Result<bool> {
    match output.format() {
        Format::Table => return Ok(false),
        Format::Json => json(value)?,
        Format::Tsv => {
            for columns in as_rows(&serde_json::to_value(value)?) {
                line(tsv(&columns));
            }
        }
    }
    Ok(true)
}

/// The members that say what a row is about: they come first, the others by name.
const LEADING: [&str; 11] = [
    "view",
    "subject",
    "partner",
    "council",
    "system",
    "log",
    "sequence",
    "aggregate",
    "event",
    "membership",
    "ok",
];

/// The names of the members, then a row of values for each object.
fn as_rows(value: &Value) -> Vec<Vec<String>> {
    let objects = match value {
        Value::Array(values) => values.iter().collect(),
        one => vec![one],
    };
    let mut names: Vec<&String> = Vec::new();
    for name in objects
        .iter()
        .filter_map(|object| object.as_object())
        .flat_map(Map::keys)
    {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    // The sort is stable: those that do not lead stay as they are.
    names.sort_by_key(|name| {
        let leads = LEADING.iter().position(|leading| leading == *name);
        leads.unwrap_or(LEADING.len())
    });
    let row = |object: &&Value| {
        names
            .iter()
            .map(|name| cell(&object[name.as_str()]))
            .collect()
    };
    let headers = names.iter().map(|name| (*name).clone()).collect();
    std::iter::once(headers)
        .chain(objects.iter().map(row))
        .collect()
}

/// A line beside a table: not among the rows that a program reads.
pub fn beside(output: Output, text: impl AsRef<str>) {
    match output.format() {
        Format::Table => line(in_seconds(text.as_ref())),
        Format::Tsv | Format::Json => note(text),
    }
}

/// Rows under headers. Programs that read JSON are given more than rows, before it comes to this.
pub fn table(output: Output, headers: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
    match output.format() {
        Format::Tsv => {
            line(tsv(headers));
            for row in rows {
                line(tsv(&row));
            }
        }
        Format::Table | Format::Json => line(for_people(headers, rows, None)),
    }
}

/// Rows as they fit the terminal, or `width`: as a table, or where its words need more room than that,
/// as a paragraph for each row.
fn for_people(
    headers: &[&str],
    rows: impl IntoIterator<Item = Vec<String>>,
    width: Option<u16>,
) -> String {
    let in_row = |row: Vec<String>| row.iter().map(|cell| in_seconds(cell)).collect();
    let rows: Vec<Vec<String>> = rows.into_iter().map(in_row).collect();
    if rows.is_empty() {
        return "none".to_owned();
    }
    let width = width.or_else(|| Table::new().width());
    let table = laid_out(headers, &rows, width);
    let widest = table.lines().map(|line| line.chars().count()).max();
    let fits = width.is_none_or(|width| widest.is_none_or(|widest| widest <= usize::from(width)));
    match fits {
        true => table,
        false => paragraphs(headers, &rows),
    }
}

/// A line `name: value` for each cell that has a value, and an empty line between rows.
fn paragraphs(headers: &[&str], rows: &[Vec<String>]) -> String {
    let paragraph = |row: &Vec<String>| {
        let cells = headers.iter().zip(row).filter(|(_, cell)| !cell.is_empty());
        let lines = cells.map(|(header, cell)| format!("{header}: {}", visible(cell)));
        lines.collect::<Vec<_>>().join("\n")
    };
    rows.iter().map(paragraph).collect::<Vec<_>>().join("\n\n")
}

/// A text with its instants in whole seconds: that is enough for people.
fn in_seconds(text: &str) -> String {
    let words = text.split(' ').map(|word| {
        let instant = word.ends_with('Z').then(|| instant::parse(word).ok());
        let instant = instant.flatten();
        instant.map_or_else(|| word.to_owned(), |instant| format!("{instant:.0}"))
    });
    words.collect::<Vec<_>>().join(" ")
}

/// One line of columns separated by tabs; a cell has neither tab nor line break, and is empty where
/// there is no value.
pub fn tsv(cells: &[impl AsRef<str>]) -> String {
    let cells: Vec<String> = cells
        .iter()
        .map(|cell| match cell.as_ref() {
            ABSENT => String::new(),
            cell => cell.replace(['\t', '\n', '\r'], " "),
        })
        .collect();
    cells.join("\t")
}

/// A table as wide as the terminal, or as `width`, unless its words need more: an id that is broken
/// into two lines cannot be copied.
fn laid_out(headers: &[&str], rows: &[Vec<String>], width: Option<u16>) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_HORIZONTAL_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(headers);
    if let Some(width) = width {
        table.set_width(width);
    }
    let mut widest: Vec<usize> = headers.iter().map(|header| longest_word(header)).collect();
    for row in rows {
        // Before it is laid out, so that columns are as wide as what is shown.
        let row: Vec<String> = row.iter().map(|cell| visible(cell).into_owned()).collect();
        for (widest, cell) in widest.iter_mut().zip(&row) {
            *widest = longest_word(cell).max(*widest);
        }
        table.add_row(row);
    }
    for (column, widest) in table.column_iter_mut().zip(widest) {
        let padding = column.padding_width();
        let width = u16::try_from(widest)
            .unwrap_or(u16::MAX)
            .saturating_add(padding);
        column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(width)));
    }
    table.to_string()
}

fn longest_word(text: &str) -> usize {
    let words = text.split_whitespace();
    words.map(|word| word.chars().count()).max().unwrap_or(0)
}

/// A bar on a terminal, plain lines elsewhere.
pub fn bar(what: &str, total: u64) -> ProgressBar {
    let bar = ProgressBar::new(total);
    // A template is a constant of this file: if it is wrong, the default one will do.
    if let Ok(style) = ProgressStyle::with_template(
        "{msg:24} {wide_bar} {human_pos}/{human_len}  {per_sec}  ETA {eta}",
    ) {
        bar.set_style(style);
    }
    bar.set_message(on_one_line(what).into_owned());
    bar
}

/// Ends a bar; where none was drawn, says what is done.
pub fn finish(bar: &ProgressBar) {
    let (what, done, took) = (bar.message(), bar.position(), bar.elapsed());
    bar.finish();
    if !io::stderr().is_terminal() {
        note(format!("{what}: {done} in {}", seconds(took)));
    }
}

pub fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}

/// A JSON value as a cell of a table, on one line.
pub fn cell(value: &Value) -> String {
    match value {
        Value::Null => ABSENT.to_owned(),
        Value::String(text) => on_one_line(text).into_owned(),
        Value::Array(values) if values.is_empty() => ABSENT.to_owned(),
        Value::Array(values) => values.iter().map(cell).collect::<Vec<_>>().join(", "),
        Value::Object(fields) if fields.is_empty() => ABSENT.to_owned(),
        Value::Object(fields) => {
            let pair =
                |(name, value): (&String, &Value)| format!("{}={}", on_one_line(name), cell(value));
            fields.iter().map(pair).collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    }
}

/// Of which part something is, as a cell: where nothing confines it, of all.
pub fn breakdown(value: &Value) -> String {
    match value {
        Value::Object(fields) if fields.is_empty() => "all".to_owned(),
        other => cell(other),
    }
}

/// A long JSON array, one element a line.
pub fn array<T: Serialize>(elements: &[T]) -> anyhow::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    writeln!(out, "[")?;
    for (index, element) in elements.iter().enumerate() {
        let element = serde_json::to_string(element)?;
        out.write_all(visible(&element).as_bytes())?;
        let last = index + 1 == elements.len();
        writeln!(out, "{}", if last { "" } else { "," })?;
    }
    writeln!(out, "]")?;
    out.flush()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "cd76cca2-2502-5be4-b1cf-2aef2eb6cffe";

    #[test]
    fn a_narrow_table_breaks_between_words_and_no_id() {
        let remark = "sample data; some time from 2019-04-01 to 2019-04-30";
        let rows = vec![vec![ID.to_owned(), "p1".to_owned(), remark.to_owned()]];
        let table = for_people(&["id", "priority", "remarks"], rows, Some(70));
        assert!(table.contains(ID), "{table}");
        assert!(table.contains("2019-04-30"), "{table}");
        assert!(
            !table.contains(remark),
            "the remark takes several lines: {table}"
        );
    }

    #[test]
    fn what_fits_no_terminal_is_a_line_for_each_value() {
        let row = |known: &str| vec![ID.to_owned(), known.to_owned(), String::new()];
        let rows = vec![row("2026-11-22T16:16:57.953352642Z"), row(ABSENT)];
        let text = for_people(&["id", "known", "remarks"], rows, Some(40));
        let expected = format!("id: {ID}\nknown: 2026-11-22T16:16:57Z\n\nid: {ID}\nknown: –");
        assert_eq!(text, expected);
    }

    #[test]
    fn people_read_seconds_and_an_empty_list_says_so() {
        let known = "from 2026-11-22T16:16:57.95Z to 2026-11-22 at 1.5".to_owned();
        let table = for_people(&["when"], vec![vec![known]], None);
        let says = "from 2026-11-22T16:16:57Z to 2026-11-22 at 1.5";
        assert!(table.contains(says), "{table}");
        assert_eq!(for_people(&["when"], Vec::new(), None), "none");
    }

    #[test]
    fn a_line_of_columns_has_as_many_as_its_headers() {
        let line = tsv(&["a\tb", "c\r\nd", "", ABSENT]);
        assert_eq!(line, "a b\tc  d\t\t");
    }

    #[test]
    fn what_is_for_programs_is_a_row_of_its_members() {
        let report =
            serde_json::json!([{"view": "brent", "ok": true}, {"view": "joint", "held": 2}]);
        let rows = as_rows(&report);
        assert_eq!(rows[0], ["view", "ok", "held"], "what a row is about leads");
        assert_eq!(rows[1], ["brent", "true", "–"]);
        assert_eq!(rows[2], ["joint", "–", "2"]);
    }

    #[test]
    fn nothing_is_all_only_where_it_confines() {
        let nothing = serde_json::json!({});
        assert_eq!(cell(&nothing), ABSENT);
        assert_eq!(breakdown(&nothing), "all");
        let some = serde_json::json!({"priority": "p1"});
        assert_eq!(breakdown(&some), "priority=p1");
    }

    #[test]
    fn a_cell_is_one_line_and_steers_no_terminal() {
        let value = serde_json::json!({"a": "red\u{1b}[31m\nnext", "b\u{202e}": ["\u{9b}2J"]});
        assert_eq!(cell(&value), r"a=red\u001b[31m\nnext b\u202e=\u009b2J");
    }
}
