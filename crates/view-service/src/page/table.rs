//! The model of a table: what stands in each cell, in words.

use townclerk_domain::period::Period;
use townclerk_views::figure::Figure;

use super::words;

/// What a cell says where the record does not cover the period: never zero, never nothing.
pub const NOT_COVERED: &str = "not covered";

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
    pub cells: Vec<Cell>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    Number(String),
    NotCovered,
    /// Why there is no number.
    Absent(String),
    Words(String),
    /// What stands out; the words say why.
    Notable(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub text: String,
    pub href: String,
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
        match figure.and_then(|figure| figure.value) {
            Some(value) => Self::Number(words::number(value)),
            None => Self::NotCovered,
        }
    }

    pub fn text(&self) -> &str {
        match self {
            Self::Number(text) | Self::Absent(text) | Self::Words(text) | Self::Notable(text) => {
                text
            }
            Self::NotCovered => NOT_COVERED,
        }
    }

    pub fn class(&self) -> &'static str {
        match self {
            Self::Number(_) => "number",
            Self::NotCovered | Self::Absent(_) => "number missing",
            Self::Words(_) => "words",
            Self::Notable(_) => "words notable",
        }
    }
}

/// A period's name, marked if any of its figures counts only a part of it.
pub fn period_name(period: &Period, figures: &[Option<&Figure>]) -> (String, Option<String>) {
    let (mut name, span) = words::period(period);
    if figures.iter().flatten().any(|figure| figure.partial) {
        name.push_str(PARTIAL);
    }
    (name, span)
}

impl Row {
    /// One period with one figure in each column.
    pub fn of_period(period: &Period, figures: &[Option<&Figure>]) -> Self {
        let (header, detail) = period_name(period, figures);
        Self {
            header,
            detail,
            cells: figures.iter().map(|figure| Cell::of(*figure)).collect(),
        }
    }
}
