//! The parts of the page of outages on what came of them: how long it took to restore, how long it
//! held, causes that came back, and what is still to be done.

use jiff::Timestamp;
use townclerk_domain::outage::{Action, Outage};
use townclerk_domain::period::Period;
use townclerk_views::dimension::{Dimension, UNKNOWN};
use townclerk_views::failures::is_overdue;
use townclerk_views::figure::Figure;
use townclerk_views::figures::Breakdown;
use townclerk_views::kept::Kept;
use townclerk_views::measure::Measure;

use super::asking::{Asking, Figures, split};
use super::outages::title;
use super::periods::Shown;
use super::table::{Cell, Column, Link, Row, Table, period_name};
use super::words;
use crate::view::ViewError;

/// What is shown of failures, in the order of the columns.
pub const MEASURES: [Measure; 4] = [
    Measure::MeanTimeToRestore,
    Measure::MeanTimeBetweenFailures,
    Measure::MeanTimeBetweenServiceIncidents,
    Measure::OutagesRecurred,
];

const TITLES: [&str; 4] = [
    "Mean minutes to restore",
    "Mean minutes between failures",
    "Mean minutes between service incidents",
    "Outages of which the cause recurred",
];

/// The latest quarters by which restoration is shown by party.
const QUARTERS_OF_PARTIES: usize = 4;

/// The figures of the parts.
pub struct Failures {
    pub whole: Figures,
    pub parties: Figures,
}

/// # Errors
/// Only what is wrong with the rows.
pub fn figures(asking: &Asking<'_>, shown: &Shown) -> Result<Failures, ViewError> {
    let by_party = split(Dimension::Party, &[]);
    let restoring = [Measure::MeanTimeToRestore];
    let of_parties = latest(shown).to_vec();
    Ok(Failures {
        whole: asking.figures(&MEASURES, periods(shown), Breakdown::default())?,
        parties: asking.figures(&restoring, of_parties, by_party)?,
    })
}

/// The latest twelve complete months, and the quarters.
pub fn periods(shown: &Shown) -> Vec<Period> {
    let year = shown.latest_year().into_iter();
    year.chain(shown.quarters.iter().copied()).collect()
}

fn latest(shown: &Shown) -> &[Period] {
    let count = shown.quarters.len().min(QUARTERS_OF_PARTIES);
    shown.quarters.get(..count).unwrap_or_default()
}

pub fn tables(shown: &Shown, failures: &Failures) -> Vec<Table> {
    vec![by_period(shown, failures), by_party(shown, failures)]
}

fn by_period(shown: &Shown, failures: &Failures) -> Table {
    let row = |period: &Period| {
        let found = MEASURES.map(|measure| failures.whole.find(measure, period, &[]));
        let (header, detail) = period_name(period, &found);
        Row {
            header,
            detail,
            period: Some(*period),
            cells: found.into_iter().map(cell).collect(),
        }
    };
    Table {
        id: "failures",
        caption: "Restoration and time between failures, latest twelve months and quarters"
            .to_owned(),
        note: Some(
            "Whatever hits the scope, in its own record or the shared one; for all councils \
             together each outage once. Outages that overlap are one failure, and the time between \
             two failures counts where both lie in the period."
                .to_owned(),
        ),
        row_title: "Period",
        columns: TITLES.map(Column::number).to_vec(),
        rows: periods(shown).iter().map(row).collect(),
        more: None,
    }
}

fn by_party(shown: &Shown, failures: &Failures) -> Table {
    let find = |quarter: &Period, party: &str| {
        let party = [(Dimension::Party, party)];
        failures
            .parties
            .find(Measure::MeanTimeToRestore, quarter, &party)
    };
    let parties = failures.parties.values_of(Dimension::Party);
    let row = |party: &&str| Row {
        header: match *party {
            UNKNOWN => "not found yet".to_owned(),
            known => known.to_owned(),
        },
        detail: None,
        period: None,
        cells: latest(shown)
            .iter()
            .map(|quarter| cell(find(quarter, party)))
            .collect(),
    };
    let column = |quarter: &Period| {
        let any = parties.first().and_then(|party| find(quarter, party));
        Column::number(period_name(quarter, &[any]).0)
    };
    Table {
        id: "parties",
        caption: "Mean minutes to restore by whose the cause was, latest quarters".to_owned(),
        note: Some("By the cause that was found last.".to_owned()),
        row_title: "Whose the cause was",
        columns: latest(shown).iter().map(column).collect(),
        rows: parties.iter().map(row).collect(),
        more: None,
    }
}

/// Whether there is no value though the record is there: a mean or share of nothing.
pub fn is_of_nothing(figure: Option<&Figure>) -> bool {
    figure.is_some_and(|figure| {
        let covered = &figure.covered;
        figure.value.is_none() && !covered.is_empty() && covered.values().all(Option::is_some)
    })
}

/// A mean of nothing is no gap in the record.
fn cell(figure: Option<&Figure>) -> Cell {
    match figure.filter(|_| is_of_nothing(figure)) {
        Some(figure) if figure.measure == Measure::MeanTimeToRestore.name() => {
            Cell::Absent("none restored".to_owned())
        }
        Some(_) => Cell::Absent("no two failures".to_owned()),
        None => Cell::of(figure),
    }
}

/// The remedial actions that are not complete, those that are due first before the others.
pub fn open_actions(
    asking: &Asking<'_>,
    outages: &[&Kept<Outage>],
    now: Option<Timestamp>,
) -> Table {
    let mut open: Vec<(&Kept<Outage>, &Action)> = outages
        .iter()
        .flat_map(|outage| {
            outage
                .stands
                .actions
                .iter()
                .map(move |action| (*outage, action))
        })
        .filter(|(_, action)| action.completed.is_none())
        .collect();
    open.sort_by_key(|(outage, action)| (action.agreed.due, outage.id, &action.agreed.action));
    let row = |(outage, action): &(&Kept<Outage>, &Action)| {
        let due = words::day(action.agreed.due);
        Row {
            header: action.agreed.text.to_string(),
            detail: words::beside(outage, action.agreed.action.to_string()),
            period: None,
            cells: vec![
                Cell::Words(title(&outage.stands)),
                Cell::Words(words::log_name(&outage.log, asking.registry)),
                Cell::Words(action.agreed.owner.to_string()),
                match now.is_some_and(|now| is_overdue(action, now)) {
                    true => Cell::Notable(format!("{due}, overdue")),
                    false => Cell::Words(due),
                },
            ],
        }
    };
    Table {
        id: "actions",
        caption: "Remedial actions that are not complete, by when they are due".to_owned(),
        note: Some("An action is overdue when its day is over.".to_owned()),
        row_title: "Action",
        columns: ["Outage", "Recorded in", "Owner", "Due"]
            .map(Column::words)
            .to_vec(),
        rows: open.iter().map(row).collect(),
        more: Some(Link::to_data(
            "All outages with their actions",
            asking.scope,
            "outages",
            asking.asked,
        )),
    }
}
