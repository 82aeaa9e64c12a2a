//! The model of a table: what stands in each cell, in words.

use std::collections::BTreeSet;

use townclerk_domain::names::Scope;
use townclerk_domain::period::Period;
use townclerk_views::basis::Basis;
use townclerk_views::figure::Figure;

use super::topic::basis_query;
use super::words;

/// What a cell says where the record does not cover the period: never zero, never nothing.
pub const NOT_COVERED: &str = "not covered";

/// What a cell says where there is nothing to say.
pub const NOTHING: &str = "\u{2013}";

/// What is added to the name of a period that is covered or over only in part.
pub const PARTIAL: &str = " (partial)";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    pub id: &'static str,
    pub caption: String,
    pub note: Option<String>,
    /// What the rows' headers name.
    pub row_title: &'static str,
    pub columns: Vec<Column>,
    pub rows: Vec<Row>,
    pub more: Option<Link>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub title: String,
    pub numeric: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub header: String,
    pub detail: Option<String>,
    /// Which period it is of, if it is of one.
    pub period: Option<Period>,
    pub cells: Vec<Cell>,
}

/// What a page says instead of a 0 that is no count.
const NO_RECORD_HAS: &str = "no record has this value";

/// What a page says instead of a value that it does not show to everybody.
const NOT_SHOWN: &str = "not shown";

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    Number(String),
    NotCovered,
    /// Why there is no number.
    Absent(String),
    Words(String),
    /// What stands out; the words say why.
    Notable(String),
    /// A number that stands out, with words that say why.
    NotableNumber(String),
    /// Each on a line of its own.
    Lines(Vec<String>),
    /// Leads to another page.
    Linked(Link),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub text: String,
    pub href: String,
}

impl Link {
    /// To the records of a list, as data.
    pub fn to_data(what: &str, scope: &Scope, path: &str, asked: Basis) -> Self {
        Self {
            text: format!("{what} as data (JSON)"),
            href: format!("/v1/views/{scope}/{path}{}", basis_query('?', asked)),
        }
    }
}

impl Table {
    /// A list of `all` records says in its last row how many of them it leaves out.
    pub fn out_of(mut self, all: usize) -> Self {
        let left_out = all.saturating_sub(self.rows.len());
        if left_out > 0 {
            self.rows.push(Row {
                header: format!("This list is cut: {left_out} more are not in it."),
                detail: None,
                period: None,
                cells: vec![Cell::Words(String::new()); self.columns.len()],
            });
        }
        self
    }
}

impl Column {
    pub fn number(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            numeric: true,
        }
    }

    pub fn words(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            numeric: false,
        }
    }
}

impl Cell {
    /// A figure's value; a figure that there is not is not covered either.
    pub fn of(figure: Option<&Figure>) -> Self {
        let Some(figure) = figure else {
            return Self::NotCovered;
        };
        match (figure.value, figure.suppressed) {
            // A plain 0 would be taken for a count.
            (Some(_), _) if !figure.no_record_has.is_empty() => {
                Self::Absent(NO_RECORD_HAS.to_owned())
            }
            (Some(value), _) => Self::Number(words::number(value)),
            (None, Some(_)) => Self::Absent(NOT_SHOWN.to_owned()),
            (None, None) => Self::NotCovered,
        }
    }

    /// The same of a share; `none` says why there is none although all is covered.
    pub fn of_share(figure: Option<&Figure>, none: &str) -> Self {
        let is_covered = figure.is_some_and(|figure| {
            !figure.covered.is_empty() && figure.covered.values().all(Option::is_some)
        });
        match Self::of(figure) {
            Self::NotCovered if is_covered => Self::Absent(none.to_owned()),
            cell => cell,
        }
    }

    /// Some words; a dash where there is nothing to say.
    pub fn words(text: Option<impl Into<String>>) -> Self {
        Self::Words(text.map_or_else(|| NOTHING.to_owned(), Into::into))
    }

    /// One line for each, or the only one without a list.
    pub fn lines(mut lines: Vec<String>) -> Self {
        match lines.len() {
            0 => Self::Words(NOTHING.to_owned()),
            1 => Self::Words(lines.remove(0)),
            _ => Self::Lines(lines),
        }
    }

    pub fn text(&self) -> &str {
        match self {
            Self::Number(text)
            | Self::Absent(text)
            | Self::Words(text)
            | Self::Notable(text)
            | Self::NotableNumber(text) => text,
            Self::Linked(link) => &link.text,
            Self::NotCovered => NOT_COVERED,
            Self::Lines(_) => "",
        }
    }

    /// What is listed in it; a cell that holds one text has no list.
    pub fn listed(&self) -> &[String] {
        match self {
            Self::Lines(lines) => lines,
            _ => &[],
        }
    }

    /// Where it leads.
    pub fn link(&self) -> Option<&str> {
        match self {
            Self::Linked(link) => Some(&link.href),
            _ => None,
        }
    }

    pub fn class(&self) -> &'static str {
        match self {
            Self::Number(_) => "number",
            Self::NotCovered | Self::Absent(_) => "number missing",
            Self::Words(_) | Self::Lines(_) | Self::Linked(_) => "words",
            Self::Notable(_) => "words notable",
            Self::NotableNumber(_) => "number notable",
        }
    }
}

/// A period's name, marked if any of its figures counts only a part of it; below it what it spans, and
/// who was a member for a part of it only.
pub fn period_name(period: &Period, figures: &[Option<&Figure>]) -> (String, Option<String>) {
    let (mut name, span) = words::period(period);
    let figures = || figures.iter().flatten();
    if figures().any(|figure| figure.partial) {
        name.push_str(PARTIAL);
    }
    let members = figures().flat_map(|figure| &figure.members);
    let members = members.filter_map(|member| words::member_for_a_part(member, period));
    // Figures that stand in one row mostly name the same ones.
    let members: BTreeSet<String> = members.collect();
    let below: Vec<String> = span.into_iter().chain(members).collect();
    (name, (!below.is_empty()).then(|| below.join("; ")))
}

impl Row {
    /// One period with one figure in each column.
    pub fn of_period(period: &Period, figures: &[Option<&Figure>]) -> Self {
        let (header, detail) = period_name(period, figures);
        Self {
            header,
            detail,
            period: Some(*period),
            cells: figures.iter().map(|figure| Cell::of(*figure)).collect(),
        }
    }
}
