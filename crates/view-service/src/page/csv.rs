//! Tables of pages as comma-separated values (RFC 4180), for spreadsheets.

use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use townclerk_app::http::Problem;
use townclerk_app::http::described::{Answers, Described};
use townclerk_domain::names::Scope;

use super::MOMENTS;
use super::content::{Content, Part};
use super::table::{Cell, Table};
use crate::described::parameter;

/// The address of the tables of the page at `page`.
pub fn path(page: &str) -> String {
    format!("{page}/csv/{{table}}")
}

pub fn described() -> Described {
    Described::Read {
        query: MOMENTS.into_iter().map(parameter).collect(),
        answers: Answers::Csv,
    }
}

/// The table of a page with this id.
///
/// # Errors
/// Where the page has none.
pub fn answer(content: &Content, scope: &Scope, id: &str) -> Result<Response, Problem> {
    let tables = content.parts.iter().filter_map(|part| match part {
        Part::Table(table) => Some(table),
        Part::Chart(_) | Part::Words(_) => None,
    });
    let table = { tables }.find(|table| table.id == id);
    let table = table.ok_or_else(|| Problem::not_found(format!("table {id} of this page")))?;
    // Both are plain: a scope is a code, and the id is one of ours.
    let name = format!("attachment; filename=\"{scope}-{}.csv\"", table.id);
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (CONTENT_DISPOSITION, name),
    ];
    Ok((headers, written(table)).into_response())
}

/// A line for the headers and one for each row; what stands below a row's header has a column of its
/// own, where any row has it.
fn written(table: &Table) -> String {
    let detailed = table.rows.iter().any(|row| row.detail.is_some());
    let detail = |text: &str| detailed.then(|| words(text));
    let titles = table.columns.iter().map(|column| words(&column.title));
    let head = [words(table.row_title)].into_iter();
    let mut lines = vec![line(head.chain(detail("Detail")).chain(titles))];
    for row in &table.rows {
        let head = [words(&row.header)].into_iter();
        let below = detail(row.detail.as_deref().unwrap_or_default());
        lines.push(line(head.chain(below).chain(row.cells.iter().map(cell))));
    }
    lines.concat()
}

fn line(fields: impl Iterator<Item = String>) -> String {
    let mut line = fields.collect::<Vec<_>>().join(",");
    line.push_str("\r\n");
    line
}

fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Number(text) => number(text),
        Cell::Lines(lines) => words(&lines.join("\n")),
        other => words(other.text()),
    }
}

/// A number as programs read it, if it is one and nothing else.
fn number(text: &str) -> String {
    let plain: String = text
        .chars()
        .filter(|c| *c != ',')
        .map(|c| if c == '\u{2212}' { '-' } else { c })
        .collect();
    let digits = plain.strip_prefix('-').unwrap_or(&plain);
    let is_number = digits.chars().all(|c| c.is_ascii_digit() || c == '.');
    match is_number && !digits.is_empty() {
        true => plain,
        false => words(text),
    }
}

/// Words in quotes where they need them. A spreadsheet takes what begins like a formula for one: an
/// apostrophe before it keeps it words.
fn words(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = match formula {
        true => format!("'{text}"),
        false => text.to_owned(),
    };
    match text.contains(['"', ',', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::table::{Column, Row};

    #[test]
    fn numbers_are_bare_and_words_are_quoted_where_they_need_it() {
        let table = Table {
            id: "months",
            caption: "By month".to_owned(),
            note: None,
            row_title: "Month",
            columns: vec![Column::number("Open, at the end"), Column::words("Remark")],
            rows: vec![
                Row {
                    header: "July 2020".to_owned(),
                    detail: Some("partial".to_owned()),
                    cells: vec![
                        Cell::Number("1,234.50".to_owned()),
                        Cell::Words("=1+1".to_owned()),
                    ],
                },
                Row {
                    header: "June 2020".to_owned(),
                    detail: None,
                    cells: vec![
                        Cell::Number("\u{2212}3".to_owned()),
                        Cell::Lines(vec!["says \"no\"".to_owned(), "twice".to_owned()]),
                    ],
                },
                Row {
                    header: "May 2020".to_owned(),
                    detail: None,
                    cells: vec![
                        Cell::NotCovered,
                        Cell::NotableNumber("98.6, below target 99".to_owned()),
                    ],
                },
            ],
            more: None,
        };
        let expected = "Month,Detail,\"Open, at the end\",Remark\r\n\
                        July 2020,partial,1234.50,'=1+1\r\n\
                        June 2020,,-3,\"says \"\"no\"\"\ntwice\"\r\n\
                        May 2020,,not covered,\"98.6, below target 99\"\r\n";
        assert_eq!(written(&table), expected);
    }
}
