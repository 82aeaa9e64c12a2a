//! Which values are shown to readers without a token, by [`crate::public::RULE`].
//!
//! It is decided on all cells of a financial-year quarter together, whatever is asked: what is hidden
//! in one answer is hidden in all, and follows from no sum of what is shown beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use jiff::Timestamp;
use townclerk_domain::names::LogName;
use townclerk_domain::period::{Month, Period};

use super::evaluate::{Asked, Evaluation};
use super::query::{Breakdown, Values};
use crate::definition::{Made, Part};
use crate::dimension::{Dimension, Mask};
use crate::measure::{Accumulation, Measure};
use crate::public::RULE;
use crate::rows::{Rows, RowsError};

/// Counted measures that are shown or hidden together: one of them follows from the others and from
/// what there was before.
const TOGETHER: &[&[Measure]] = &[
    &[
        Measure::TicketsLogged,
        Measure::TicketsResolved,
        Measure::TicketResolutions,
        Measure::TicketsOpen,
    ],
    &[
        Measure::TicketsReopened,
        Measure::TicketsReinstated,
        Measure::TicketsCancelled,
    ],
    &[Measure::TicketsMovedIn, Measure::TicketsMovedOut],
    &[Measure::SlaMet, Measure::SlaFailed],
    &[Measure::SlaMetByLogged, Measure::SlaFailedByLogged],
    &[Measure::PostsFilled, Measure::Vacancies],
];

/// The measures of which one is alone in its group, in a place of their own.
fn together(measure: Measure) -> Vec<Measure> {
    let group = TOGETHER.iter().find(|group| group.contains(&measure));
    group.map_or_else(|| vec![measure], |group| group.to_vec())
}

/// Months of a quarter.
const MONTHS: usize = 3;

/// Where the quarter itself stands beside its months.
const QUARTER: usize = MONTHS;

/// The counts of a group of measures, for the same values and period.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Cell {
    counts: Vec<i64>,
    /// The logs of which records are counted.
    logs: BTreeSet<LogName>,
    /// Whether it must be hidden for what it is itself.
    sensitive: bool,
}

impl Cell {
    fn is_zero(&self) -> bool {
        self.counts.iter().all(|count| *count == 0)
    }
}

fn is_small(count: i64) -> bool {
    count != 0 && count.abs() < RULE.smallest
}

/// A cell's values and its month, or the quarter.
type Place = (Values, usize);

/// Cells that add up: what is a part of what.
struct Line {
    parts: Vec<Place>,
    whole: Place,
}

/// All cells of a quarter that are shown to anybody, and which of them are not.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Whether small counts of these measures are hidden.
    protects: bool,
    cells: BTreeMap<Place, Cell>,
    hidden: BTreeSet<Place>,
}

/// The tables that one query has looked at: by the group's first measure, the quarter's first month
/// and the moment.
pub(super) type Tables = BTreeMap<(Measure, i32, Option<Timestamp>), Rc<Table>>;

impl Table {
    fn of(protects: bool, cells: BTreeMap<Place, Cell>) -> Self {
        let sensitive = cells.iter().filter(|(_, cell)| cell.sensitive);
        let mut table = Self {
            protects,
            hidden: sensitive.map(|(place, _)| place.clone()).collect(),
            cells,
        };
        let lines = table.lines();
        // Each round hides one more, so there are no more rounds than cells.
        while let Some(place) = lines.iter().find_map(|line| table.gives_away(line)) {
            table.hidden.insert(place);
        }
        table
    }

    fn shows(&self, place: &Place) -> bool {
        !self.hidden.contains(place)
    }

    fn lines(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        let values: BTreeSet<&Values> = self.cells.keys().map(|(values, _)| values).collect();
        for values in &values {
            lines.push(Line {
                parts: (0..MONTHS).map(|at| ((*values).clone(), at)).collect(),
                whole: ((*values).clone(), QUARTER),
            });
        }
        let mut parts: BTreeMap<(Values, Dimension), Vec<&Values>> = BTreeMap::new();
        for values in &values {
            for dimension in values.keys() {
                let mut whole = (*values).clone();
                whole.remove(dimension);
                parts.entry((whole, *dimension)).or_default().push(values);
            }
        }
        for ((whole, _), parts) in parts {
            for at in 0..=QUARTER {
                lines.push(Line {
                    parts: parts.iter().map(|part| ((*part).clone(), at)).collect(),
                    whole: (whole.clone(), at),
                });
            }
        }
        lines
    }

    /// What must be hidden too, where what is hidden of a line follows from the rest of it: one cell
    /// alone, or so little that all of it is small. Each measure of the group is looked at by itself.
    fn gives_away(&self, line: &Line) -> Option<Place> {
        let measures = self.cells.get(&line.whole)?.counts.len();
        (0..measures).find_map(|measure| self.gives_away_of(line, measure))
    }

    fn gives_away_of(&self, line: &Line, measure: usize) -> Option<Place> {
        let count = |place: &Place| {
            let cell = self.cells.get(place);
            cell.and_then(|cell| cell.counts.get(measure))
                .copied()
                .unwrap_or(0)
        };
        let counted = line.parts.iter().filter(|place| count(place) != 0);
        let (hidden, shown): (Vec<&Place>, Vec<&Place>) =
            counted.partition(|place| !self.shows(place));
        let whole_shown = self.shows(&line.whole);
        let follows = match (hidden.len(), whole_shown) {
            (0, true) => false,
            // The whole is the sum of what is shown.
            (0, false) => !shown.is_empty(),
            (1, true) => true,
            (_, true) => {
                let sum = hidden.iter().map(|place| count(place)).sum();
                (self.protects && is_small(sum)) || self.is_of_one(&hidden)
            }
            (_, false) => false,
        };
        if !follows {
            return None;
        }
        let smallest = shown.into_iter().min_by_key(|place| count(place));
        let whole = || whole_shown.then(|| line.whole.clone());
        smallest.cloned().or_else(whole)
    }

    /// Whether all of these cells are of too few councils: their sum would stand for those alone.
    fn is_of_one(&self, places: &[&Place]) -> bool {
        let cells = places.iter().filter_map(|place| self.cells.get(*place));
        stands_for_few(&cells.flat_map(|cell| &cell.logs).collect())
    }
}

/// Whether what is counted in these logs alone would stand for fewer councils than are enough.
fn stands_for_few(logs: &BTreeSet<&LogName>) -> bool {
    !logs.iter().any(|log| log.is_shared()) && logs.len() < RULE.councils_least
}

impl<R: Rows> Evaluation<'_, R> {
    /// Whether a value is shown to readers without a token.
    pub(super) fn is_public(
        &self,
        asked: &Asked<'_>,
        as_at: Option<Timestamp>,
    ) -> Result<bool, RowsError> {
        let measure = asked.measure;
        if !RULE.shows(measure, asked.mask()) || !RULE.takes(&asked.period) {
            return Ok(false);
        }
        let parts = match measure.definition().made {
            Made::Computed(_) => return self.computed_is_public(asked),
            Made::Counted => counted_by(measure),
            Made::Share { of, among } => return self.share_is_public(asked, of, among, as_at),
            Made::Mean { among, .. } => among.to_vec(),
        };
        self.all_are_public(asked, &parts, as_at)
    }

    fn all_are_public(
        &self,
        asked: &Asked<'_>,
        parts: &[Part],
        as_at: Option<Timestamp>,
    ) -> Result<bool, RowsError> {
        for part in parts {
            if !self.part_is_public(asked, part, as_at)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A share is shown where its parts are, or else where all that is left of the whole is: then it
    /// follows from that, and what is hidden of a whole is never small or of one council together.
    fn share_is_public(
        &self,
        asked: &Asked<'_>,
        of: &[Part],
        among: &[Part],
        as_at: Option<Timestamp>,
    ) -> Result<bool, RowsError> {
        if !self.all_are_public(asked, among, as_at)? {
            return Ok(false);
        }
        if self.all_are_public(asked, of, as_at)? {
            return Ok(true);
        }
        match left_of(of, among) {
            Some(left) => {
                for (measure, values) in left {
                    let values = asked.values.clone().into_iter().chain(values).collect();
                    if !self.values_are_public(asked, measure, values, as_at)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            None => Ok(false),
        }
    }

    /// Of what is computed from records of services: a council's own service stands for it alone,
    /// and one that is hidden takes another with it, so that it is not what is left of the whole.
    fn computed_is_public(&self, asked: &Asked<'_>) -> Result<bool, RowsError> {
        if asked.values.is_empty() {
            return Ok(self.has_members_enough(asked));
        }
        let Some(asked_for) = asked.values.get(&RULE.of_agreed_services) else {
            return Ok(false);
        };
        let members = self.registry.logs_during(&asked.period);
        let mut agreed: BTreeMap<&str, BTreeSet<&LogName>> = BTreeMap::new();
        for (log, agreements) in &self.registry.agreements {
            for service in agreements.stands.services() {
                let logs = agreed.entry(service.as_str()).or_default();
                logs.extend(members.contains(log).then_some(log));
            }
        }
        let (mut hidden, shown): (BTreeMap<_, _>, BTreeMap<_, _>) =
            agreed.iter().partition(|(_, logs)| stands_for_few(logs));
        // Together the hidden ones are what is left of the whole.
        let left: BTreeSet<&LogName> = hidden.values().copied().flatten().copied().collect();
        if !hidden.is_empty() && stands_for_few(&left) {
            hidden.extend(shown.into_iter().next());
        }
        let asked_for = asked_for.as_str();
        Ok(agreed.contains_key(asked_for) && !hidden.contains_key(&asked_for))
    }

    fn part_is_public(
        &self,
        asked: &Asked<'_>,
        part: &Part,
        as_at: Option<Timestamp>,
    ) -> Result<bool, RowsError> {
        let mut values = asked.values.clone();
        let fixed = part.fixed.iter();
        values.extend(fixed.map(|(dimension, value)| (*dimension, (*value).to_owned())));
        self.values_are_public(asked, part.measure, values, as_at)
    }

    /// Whether a counted measure is shown of these values, in the period that is asked for.
    fn values_are_public(
        &self,
        asked: &Asked<'_>,
        measure: Measure,
        values: Values,
        as_at: Option<Timestamp>,
    ) -> Result<bool, RowsError> {
        let (Some(months), Some(as_at)) = (asked.period.months(), as_at) else {
            return Ok(false);
        };
        let is_over = |month: &Month| Period::Month(*month).end() <= as_at;
        // What is not over yet is the sum of the months that are.
        let months = months.filter(is_over);
        let months: Vec<Month> = match measure.accumulation() {
            Accumulation::Flow => months.collect(),
            Accumulation::Stock => months.last().into_iter().collect(),
        };
        let Some(first) = months.first() else {
            return Ok(false);
        };
        if let Period::Quarter { .. } = asked.period
            && measure.accumulation() == Accumulation::Flow
            && months.len() == MONTHS
        {
            let table = self.table(measure, *first, as_at, &values)?;
            return Ok(table.shows(&(values, QUARTER)));
        }
        for month in months {
            let (first, at) = quarter_of(month);
            let table = self.table(measure, first, as_at, &values)?;
            if !table.shows(&(values.clone(), at)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn table(
        &self,
        measure: Measure,
        first: Month,
        as_at: Timestamp,
        values: &Values,
    ) -> Result<Rc<Table>, RowsError> {
        let group = together(measure);
        let name = group.first().copied().unwrap_or(measure);
        let key = (name, first.number(), Some(as_at));
        // A part of a share may have values that are in no breakdown: it is looked at by itself.
        let listed = RULE.shows(measure, Mask::of(values.keys().copied()));
        if listed && let Some(table) = self.tables.borrow().get(&key) {
            return Ok(Rc::clone(table));
        }
        let mut all: Vec<Values> = vec![Values::new()];
        match listed {
            true => {
                for mask in RULE.masks().filter(|mask| RULE.shows(measure, *mask)) {
                    let breakdown = Breakdown {
                        split: mask.dimensions().collect(),
                        ..Breakdown::default()
                    };
                    if group.iter().all(|measure| breakdown.fits(*measure)) {
                        all.extend(self.all_values(name, &breakdown, &None, Some(as_at))?);
                    }
                }
            }
            false => all.push(values.clone()),
        }
        let mut cells = BTreeMap::new();
        for values in all {
            let mut quarter = Cell::default();
            for at in 0..MONTHS {
                let month = Month::from_number(first.number() + i32::try_from(at).unwrap_or(0));
                let cell = self.cell(&group, &values, month, as_at)?;
                quarter.counts.resize(cell.counts.len(), 0);
                quarter.logs.extend(cell.logs.iter().cloned());
                for (sum, count) in quarter.counts.iter_mut().zip(&cell.counts) {
                    *sum += count;
                }
                cells.insert((values.clone(), at), cell);
            }
            quarter.sensitive = RULE.protects(name) && quarter.counts.iter().any(|c| is_small(*c));
            cells.insert((values, QUARTER), quarter);
        }
        let table = Rc::new(Table::of(RULE.protects(name), cells));
        if listed {
            self.tables.borrow_mut().insert(key, Rc::clone(&table));
        }
        Ok(table)
    }

    fn cell(
        &self,
        group: &[Measure],
        values: &Values,
        month: Month,
        as_at: Timestamp,
    ) -> Result<Cell, RowsError> {
        self.reading.rows.go_on()?;
        let period = Period::Month(month);
        let mut cell = Cell::default();
        let logs = self.joint_logs(&period);
        for measure in group {
            let mut sum = 0;
            for log in &logs {
                let asked = Asked {
                    measure: *measure,
                    period,
                    values,
                    home: &Some(log.clone()),
                };
                let count = self.counted(&asked, Some(as_at))?.numerator.unwrap_or(0);
                sum += count;
                if count != 0 {
                    cell.logs.insert(log.clone());
                }
            }
            cell.counts.push(sum);
        }
        let enough = group.iter().all(|measure| {
            self.has_members_enough(&Asked {
                measure: *measure,
                period,
                values,
                home: &None,
            })
        });
        let alone = match values.is_empty() {
            // The whole stands for one council where there is no other one.
            true => !enough,
            false => stands_for_few(&cell.logs.iter().collect()),
        };
        let small = group
            .iter()
            .zip(&cell.counts)
            .any(|(measure, count)| RULE.protects(*measure) && is_small(*count));
        cell.sensitive = !cell.is_zero() && (small || alone);
        Ok(cell)
    }
}

/// What is left of a whole without some of its parts: of a measure broken down by one dimension whose
/// values every reader knows. `None` where that is not what a share is of.
fn left_of(of: &[Part], among: &[Part]) -> Option<Vec<(Measure, Values)>> {
    let [whole] = among else { return None };
    let mut parts = BTreeSet::new();
    let mut by = BTreeSet::new();
    for part in of {
        let [(dimension, value)] = part.fixed else {
            return None;
        };
        if part.measure != whole.measure || !whole.fixed.is_empty() {
            return None;
        }
        by.insert(*dimension);
        parts.insert(*value);
    }
    let (Some(dimension), 1) = (by.first().copied(), by.len()) else {
        return None;
    };
    let others = dimension.values()?.into_iter();
    let others = others.filter(|value| !parts.contains(value));
    let values = |value: &str| Values::from([(dimension, value.to_owned())]);
    Some(others.map(|value| (whole.measure, values(value))).collect())
}

/// The counts that tell of how many records a counted measure is: its own, or where it adds up
/// something else, those of the mean that is made of it.
fn counted_by(measure: Measure) -> Vec<Part> {
    let mut all = Measure::ALL.into_iter();
    let mean = all.find_map(|mean| match mean.definition().made {
        Made::Mean { of, among } if of.iter().any(|part| part.measure == measure) => Some(among),
        Made::Counted | Made::Share { .. } | Made::Mean { .. } | Made::Computed(_) => None,
    });
    mean.map_or_else(|| vec![Part::whole(measure)], <[Part]>::to_vec)
}

/// The first month of the quarter of a month, and which of its months that is.
fn quarter_of(month: Month) -> (Month, usize) {
    let first = Period::quarter_of(month)
        .months()
        .and_then(|mut all| all.next());
    let first = first.unwrap_or(month);
    let at = usize::try_from(month.number() - first.number()).unwrap_or(0);
    (first, at)
}
