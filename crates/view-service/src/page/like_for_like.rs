//! Consolidated figures like for like, beside those of the members of each time: only where a council
//! joined or left over the months that a page shows, since otherwise both are the same.
//!
//! The two side by side tell what one council has, so the table is for those who may read a split by
//! council.

use std::collections::BTreeSet;

use townclerk_domain::names::{LogName, Scope};
use townclerk_domain::period::Period;
use townclerk_views::measure::Measure;

use super::asking::{Asking, Figures};
use super::content::Part;
use super::table::{Cell, Column, Link, Row, Table};
use super::topic::basis_query;
use super::words;
use crate::view::ViewError;

/// The months of a page, like for like, for those measures that it counts of a month alone.
///
/// # Errors
/// Only what is wrong with the rows.
pub fn part(asking: &Asking<'_>, measures: &[Measure]) -> Result<Option<Part>, ViewError> {
    // What looks back beyond the months of the page would leave out who joined before them.
    let measures = measures.iter().copied();
    let measures: Vec<Measure> = measures
        .filter(|measure| measure.definition().months_back.is_none())
        .collect();
    let Some(first) = measures.first() else {
        return Ok(None);
    };
    if *asking.scope != Scope::Joint || !asking.records {
        return Ok(None);
    }
    let months = asking.shown(*first)?.months;
    let (Some(newest), Some(oldest)) = (months.first(), months.last()) else {
        return Ok(None);
    };
    let found = asking.like_for_like(&measures, months.clone())?;
    let Some(constant) = found.iter().find_map(|figure| figure.like_for_like.clone()) else {
        return Ok(None);
    };
    let constant: BTreeSet<LogName> = constant.into_iter().collect();
    let shown = Period::Days {
        first: oldest.first_day(),
        last: newest.last_day(),
    };
    let members: BTreeSet<LogName> = asking.registry.logs_during(&shown).into_iter().collect();
    if constant == members {
        return Ok(None);
    }
    Ok(Some(Part::Table(table(
        asking, &measures, &months, &constant, &found,
    ))))
}

fn table(
    asking: &Asking<'_>,
    measures: &[Measure],
    months: &[Period],
    constant: &BTreeSet<LogName>,
    found: &Figures,
) -> Table {
    let names: Vec<String> = constant
        .iter()
        .map(|log| words::scope_name(&Scope::Log(log.clone()), asking.registry))
        .collect();
    let note = match names.is_empty() {
        true => "No council was a member throughout, so there is nothing to compare.".to_owned(),
        false => format!(
            "The same councils in every month, those that were members throughout: {}, and what is \
             shared. Above, each month is that of the members it had.",
            names.join(", ")
        ),
    };
    let row = |month: &Period| {
        let figures: Vec<_> = measures
            .iter()
            .map(|measure| found.find(*measure, month, &[]))
            .collect();
        let mut row = Row::of_period(month, &figures);
        row.cells = figures
            .iter()
            .map(|figure| Cell::of_share(*figure, "nothing to divide"))
            .collect();
        row
    };
    let named: Vec<&str> = measures.iter().map(|measure| measure.name()).collect();
    // Over other periods other councils may be the ones that were members throughout.
    let periods: String = months
        .iter()
        .map(|month| format!("&period={month}"))
        .collect();
    Table {
        id: "like-for-like",
        caption: "Like for like, month by month, newest first".to_owned(),
        note: Some(note),
        row_title: "Month",
        columns: measures
            .iter()
            .map(|measure| Column::number(measure.definition().title))
            .collect(),
        rows: months.iter().map(row).collect(),
        more: Some(Link {
            text: "These figures as data (JSON)".to_owned(),
            href: format!(
                "/v1/views/joint/figures?measure={}{periods}&like_for_like=true{}",
                named.join(","),
                basis_query('&', asking.asked)
            ),
        }),
    }
}
