//! The only place that prints: data to stdout, everything else to stderr.
//!
//! Nothing is printed raw: what others wrote must not steer a terminal or turn the direction of
//! writing. Each function that writes escapes first.

#![expect(clippy::print_stderr, reason = "this is where the command line speaks")]

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use comfy_table::{ContentArrangement, Table, presets};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use serde_json::Value;
use townclerk_domain::plain_text::{on_one_line, visible};

/// Data for people. Where whoever read it has gone (`| head`), the rest is for nobody.
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
/// Whoever read it reads no more.
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

pub fn table(headers: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_HORIZONTAL_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(headers);
    for row in rows {
        // Before it is laid out, so that columns are as wide as what is shown.
        table.add_row(row.iter().map(|cell| visible(cell).into_owned()));
    }
    line(table.to_string());
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
    use serde_json::json;

    #[test]
    fn a_cell_is_one_line_and_steers_no_terminal() {
        let value = json!({"a": "red\u{1b}[31m\nnext", "b\u{202e}": ["\u{9b}2J"]});
        assert_eq!(cell(&value), r"a=red\u001b[31m\nnext b\u202e=\u009b2J");
    }
}
