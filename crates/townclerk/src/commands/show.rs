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
use townclerk_domain::plain_text::{on_one_line, visible};

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
        Format::Table => line(text),
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
        Format::Table | Format::Json => line(laid_out(headers, rows, None)),
    }
}

/// One line of columns separated by tabs; a cell has neither tab nor line break.
pub fn tsv(cells: &[impl AsRef<str>]) -> String {
    let cells: Vec<String> = cells
        .iter()
        .map(|cell| cell.as_ref().replace(['\t', '\n', '\r'], " "))
        .collect();
    cells.join("\t")
}

/// A table as wide as the terminal, or as `width`, unless its words need more: an id that is broken
/// into two lines cannot be copied.
fn laid_out(
    headers: &[&str],
    rows: impl IntoIterator<Item = Vec<String>>,
    width: Option<u16>,
) -> String {
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
        Value::Null => "–".to_owned(),
        Value::String(text) => on_one_line(text).into_owned(),
        Value::Array(values) if values.is_empty() => "–".to_owned(),
        Value::Array(values) => values.iter().map(cell).collect::<Vec<_>>().join(", "),
        Value::Object(fields) if fields.is_empty() => "all".to_owned(),
        Value::Object(fields) => {
            let pair =
                |(name, value): (&String, &Value)| format!("{}={}", on_one_line(name), cell(value));
            fields.iter().map(pair).collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
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
        let table = laid_out(&["id", "priority", "remarks"], rows, Some(60));
        assert!(table.contains(ID), "{table}");
        assert!(table.contains("2019-04-30"), "{table}");
        assert!(
            !table.contains(remark),
            "the remark takes several lines: {table}"
        );
    }

    #[test]
    fn a_line_of_columns_has_as_many_as_its_headers() {
        let line = tsv(&["a\tb", "c\r\nd", ""]);
        assert_eq!(line, "a b\tc  d\t");
    }

    #[test]
    fn what_is_for_programs_is_a_row_of_its_members() {
        let report =
            serde_json::json!([{"view": "brent", "ok": true}, {"view": "joint", "held": 2}]);
        let rows = as_rows(&report);
        assert_eq!(rows[0], ["ok", "view", "held"]);
        assert_eq!(rows[1], ["true", "brent", "–"]);
        assert_eq!(rows[2], ["–", "joint", "2"]);
    }

    #[test]
    fn a_cell_is_one_line_and_steers_no_terminal() {
        let value = serde_json::json!({"a": "red\u{1b}[31m\nnext", "b\u{202e}": ["\u{9b}2J"]});
        assert_eq!(cell(&value), r"a=red\u001b[31m\nnext b\u202e=\u009b2J");
    }
}
