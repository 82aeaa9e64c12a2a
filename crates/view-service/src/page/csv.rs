//! Tables of pages as comma-separated values (RFC 4180), for spreadsheets.

use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use townclerk_app::http::Problem;
use townclerk_app::http::described::{Answers, Described};
use townclerk_domain::names::Scope;
use townclerk_domain::period::Period;

use super::MOMENTS;
use super::content::{Content, Part};
use super::table::{Cell, NOTHING, PARTIAL, Row, Table};
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

/// Programs of spreadsheets take a file without this mark for one in an older set of characters.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// A line for the headers and one for each row. What stands below a row's header has a column of its
/// own where any row has it, and so do the first and the last day of the rows' periods, and what is
/// remarked on numbers: a column of numbers holds nothing else.
fn written(table: &Table) -> String {
    let shape = Shape {
        detailed: table.rows.iter().any(|row| row.detail.is_some()),
        of_periods: table.rows.iter().any(|row| row.period.is_some()),
        counted: table.columns.iter().any(|column| column.numeric),
    };
    let mut head = vec![words(table.row_title)];
    head.extend(shape.detailed.then(|| words("Detail")));
    if shape.of_periods {
        head.extend(["From", "To"].map(words));
    }
    head.extend(table.columns.iter().map(|column| words(&column.title)));
    head.extend(shape.counted.then(|| words("Remarks")));
    let lines = table.rows.iter().map(|row| line(&shape.fields(table, row)));
    let lines: String = [line(&head)].into_iter().chain(lines).collect();
    format!("{BYTE_ORDER_MARK}{lines}")
}

/// Which columns a table has beside its own.
struct Shape {
    detailed: bool,
    of_periods: bool,
    counted: bool,
}

impl Shape {
    fn fields(&self, table: &Table, row: &Row) -> Vec<String> {
        let mut remarks = Vec::new();
        let header = match row.header.strip_suffix(PARTIAL) {
            Some(name) if self.counted && row.period.is_some() => {
                remarks.push("partial".to_owned());
                name
            }
            _ => &row.header,
        };
        let mut fields = vec![words(header)];
        let detail = row.detail.as_deref().unwrap_or_default();
        fields.extend(self.detailed.then(|| words(detail)));
        if self.of_periods {
            let day = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
            let period = row.period.as_ref();
            fields.push(day(period.map(Period::first_day)));
            fields.push(day(period.map(Period::last_day)));
        }
        for (column, cell) in table.columns.iter().zip(&row.cells) {
            if !column.numeric {
                fields.push(in_words(cell));
                continue;
            }
            let (number, remark) = number_and_remark(cell.text());
            fields.push(number);
            if !matches!(remark, "" | NOTHING) {
                remarks.push(format!("{}: {remark}", column.title));
            }
        }
        fields.extend(self.counted.then(|| words(&remarks.join("; "))));
        fields
    }
}

fn line(fields: &[String]) -> String {
    let mut line = fields.join(",");
    line.push_str("\r\n");
    line
}

/// A cell of a column that holds words; a number among them is written like one.
fn in_words(cell: &Cell) -> String {
    match cell {
        Cell::Number(text) => match number_and_remark(text) {
            (number, "") => number,
            _ => words(text),
        },
        Cell::Lines(lines) => words(&lines.join("\n")),
        other => words(other.text()),
    }
}

/// The number with which a text begins, as programs read it, and what is said after it. All of a text
/// that does not begin with a number is a remark.
fn number_and_remark(text: &str) -> (String, &str) {
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, ',' | '.' | '-' | '\u{2212}');
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    let (begun, rest) = text.split_at(end);
    let begun = begun.trim_end_matches([',', '.']);
    let plain: String = begun
        .chars()
        .filter(|c| *c != ',')
        .map(|c| if c == '\u{2212}' { '-' } else { c })
        .collect();
    let digits = plain.strip_prefix('-').unwrap_or(&plain);
    let is_number = digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.chars().all(|c| c.is_ascii_digit() || c == '.');
    // "1 of 2" and "2 (1 of 2)" begin with a number, "2020-07" is none.
    match is_number && (rest.is_empty() || rest.starts_with(' ')) {
        true => (plain, unwrapped(rest.trim_start())),
        false => (String::new(), text),
    }
}

/// What is said in brackets, without them.
fn unwrapped(remark: &str) -> &str {
    let inner = remark
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'));
    inner.unwrap_or(remark)
}

/// Words in quotes where they need them. A spreadsheet takes what begins like a formula for one: an
/// apostrophe before it keeps it words. The same goes for what only looks empty before it, for each
/// line, and for signs of full width, which some programs turn into plain ones.
fn words(text: &str) -> String {
    let text = match text.starts_with(['\t', '\r']) {
        true => format!("'{text}"),
        false => text.to_owned(),
    };
    let lines = text.split('\n').map(|line| match is_formula(line) {
        true => format!("'{line}"),
        false => line.to_owned(),
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    match text.contains(['"', ',', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
    }
}

/// Whether a line begins with the sign of a formula, blanks and invisible characters apart.
fn is_formula(line: &str) -> bool {
    const SIGNS: [char; 12] = [
        '=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}', '\u{fe66}', '\u{fe62}',
        '\u{fe63}', '\u{fe6b}',
    ];
    let is_blank = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(
                c,
                '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}'
            )
    };
    line.trim_start_matches(is_blank).starts_with(SIGNS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::table::Column;

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
                    period: None,
                    cells: vec![
                        Cell::Number("1,234.50".to_owned()),
                        Cell::Words("=1+1".to_owned()),
                    ],
                },
                Row {
                    header: "June 2020".to_owned(),
                    detail: None,
                    period: None,
                    cells: vec![
                        Cell::Number("\u{2212}3".to_owned()),
                        Cell::Lines(vec!["says \"no\"".to_owned(), "twice".to_owned()]),
                    ],
                },
                Row {
                    header: "May 2020".to_owned(),
                    detail: None,
                    period: None,
                    cells: vec![Cell::NotCovered, Cell::NotCovered],
                },
            ],
            more: None,
        };
        let expected = "\u{feff}Month,Detail,\"Open, at the end\",Remark,Remarks\r\n\
                        July 2020,partial,1234.50,'=1+1,\r\n\
                        June 2020,,-3,\"says \"\"no\"\"\ntwice\",\r\n\
                        May 2020,,,not covered,\"Open, at the end: not covered\"\r\n";
        assert_eq!(written(&table), expected);
    }
    #[test]
    fn a_row_of_a_period_has_its_days_and_a_remark_stands_apart_from_its_number() {
        let row = |header: &str, period: &str, cell| Row {
            header: header.to_owned(),
            detail: None,
            period: Some(period.parse().unwrap()),
            cells: vec![cell, Cell::Number("1,204".to_owned())],
        };
        let table = Table {
            id: "months",
            caption: "By month".to_owned(),
            note: None,
            row_title: "Month",
            columns: vec![Column::number("Email"), Column::number("Tickets")],
            rows: vec![
                row(
                    "August 2020 (partial)",
                    "2020-08",
                    Cell::NotableNumber("98.60, below target 99".to_owned()),
                ),
                row(
                    "20/21 Q1",
                    "20/21 Q1",
                    Cell::Number("50 (1 of 2)".to_owned()),
                ),
                row("July 2020", "2020-07", Cell::Absent("no posts".to_owned())),
            ],
            more: None,
        };
        let expected = "\u{feff}Month,From,To,Email,Tickets,Remarks\r\n\
                        August 2020,2020-08-01,2020-08-31,98.60,1204,partial; Email: below target 99\r\n\
                        20/21 Q1,2020-04-01,2020-06-30,50,1204,Email: 1 of 2\r\n\
                        July 2020,2020-07-01,2020-07-31,,1204,Email: no posts\r\n";
        assert_eq!(written(&table), expected);
    }

    #[test]
    fn a_list_that_is_cut_says_so_in_its_last_row() {
        let row = |header: &str| Row {
            header: header.to_owned(),
            detail: None,
            period: None,
            cells: vec![Cell::Words("x".to_owned())],
        };
        let table = Table {
            id: "list",
            caption: "Outages".to_owned(),
            note: None,
            row_title: "Outage",
            columns: vec![Column::words("Cause")],
            rows: vec![row("a"), row("b")],
            more: None,
        };
        assert_eq!(table.clone().out_of(2), table);
        let cut = written(&table.out_of(5));
        assert!(
            cut.ends_with("\r\nThis list is cut: 3 more are not in it.,\r\n"),
            "{cut}"
        );
    }

    #[test]
    fn what_a_spreadsheet_would_compute_is_kept_as_words() {
        for formula in [
            "=1",
            "+1",
            "-1",
            "@a",
            " =1",
            "\u{a0}=1",
            "\u{3000}+1",
            "\n=1",
            "x\n =1",
            "\t=1",
            "\r=1",
            "\u{feff}=1",
            "\u{200b}@a",
            "\u{ff1d}1",
            "\u{ff0b}1",
            "\u{ff0d}1",
            " \u{ff20}a",
            "\tx",
        ] {
            let kept = words(formula);
            let kept = kept.trim_matches('"');
            let safe = kept.split('\n').all(|line| !is_formula(line));
            assert!(safe && kept.contains('\''), "{formula:?}: {kept:?}");
        }
        for plain in ["a=1", "1-2", "\u{2013}", "a\nb", ""] {
            assert!(!words(plain).contains('\''), "{plain:?}");
        }
    }
}
