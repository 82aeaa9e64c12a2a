//! Figures from counters: a flow is summed over the days on which each log counts, a stock up to the
//! period's end.

use std::rc::Rc;

use jiff::Timestamp;
use townclerk_domain::names::LogName;
use townclerk_domain::period::{Month, Period};

use super::cells::{Cells, Wanted};
use super::evaluate::{Asked, Evaluation};
use crate::basis::Basis;
use crate::definition;
use crate::dimension::Mask;
use crate::key::counter::Cell;
use crate::kinds::counted_by;
use crate::measure::{Accumulation, Measure};
use crate::membership::Days;
use crate::quantity::Quantity;
use crate::rows::{Rows, RowsError};
use crate::tally::{CellKey, Grain, Slot, day_number};

/// A part of some days: whole months, or days that make up none.
enum Part {
    Months(i32, i32),
    Days(Days),
}

/// Whole months as one part, and beside them the days of a month of which only a part is there.
fn whole_months_and_rest(days: Days) -> Vec<Part> {
    let (first, last) = (Month::of_day(days.first), Month::of_day(days.last));
    let begins = days.first == first.first_day();
    let ends = days.last == last.last_day();
    if first == last && !(begins && ends) {
        return vec![Part::Days(days)];
    }
    let mut parts = Vec::new();
    if !begins {
        parts.push(Part::Days(Days {
            first: days.first,
            last: first.last_day(),
        }));
    }
    let whole = (
        first.number() + i32::from(!begins),
        last.number() - i32::from(!ends),
    );
    if whole.0 <= whole.1 {
        parts.push(Part::Months(whole.0, whole.1));
    }
    if !ends {
        parts.push(Part::Days(Days {
            first: last.first_day(),
            last: days.last,
        }));
    }
    parts
}

impl<'a, R: Rows> Evaluation<'a, R> {
    pub(super) fn counted(
        &self,
        asked: &Asked<'_>,
        as_at: Option<Timestamp>,
    ) -> Result<Quantity, RowsError> {
        let home = asked.home.as_ref();
        let mut total = Cell::default();
        match asked.measure.accumulation() {
            Accumulation::Flow => {
                for (slot, days) in self.slots_by_days(home, &asked.period) {
                    total.add(self.came(asked, as_at, slot, days)?);
                }
            }
            // What there is at the end is summed over the members of that day.
            Accumulation::Stock => {
                let end = asked.period.last_day();
                let grain = grain_of(&asked.period);
                let last = match grain {
                    Grain::Month => Month::of_day(end).number(),
                    Grain::Day => day_number(end),
                };
                let cells = self.cells(asked.measure, as_at, asked.mask(), grain, None)?;
                for (slot, _) in self.slots_by_days(home, &Period::Day(end)) {
                    total.add(cells.sum(&cell(asked, slot), 0, last)?);
                }
            }
        }
        Ok(Quantity::count(total.delta, total.sample != 0))
    }

    /// What came in a slot on some days of the period that is asked for.
    fn came(
        &self,
        asked: &Asked<'_>,
        as_at: Option<Timestamp>,
        slot: Slot,
        days: Days,
    ) -> Result<Cell, RowsError> {
        let (measure, mask) = (asked.measure, asked.mask());
        let by_days = |days: Days| (day_number(days.first), day_number(days.last));
        if grain_of(&asked.period) == Grain::Day {
            let cells = self.cells(measure, as_at, mask, Grain::Day, None)?;
            let (first, last) = by_days(days);
            return cells.sum(&cell(asked, slot), first, last);
        }
        let log = match &slot {
            Slot::Log(log) => log.clone(),
            Slot::SharedFor(_) => LogName::shared(),
        };
        let key = cell(asked, slot);
        let mut total = Cell::default();
        for part in whole_months_and_rest(days) {
            let came = match part {
                Part::Months(first, last) => {
                    let cells = self.cells(measure, as_at, mask, Grain::Month, None)?;
                    cells.sum(&key, first, last)?
                }
                // Counters know no days: those of a month of joining or leaving take a look at the
                // records of that log.
                Part::Days(days) => {
                    let only = Some((log.clone(), days));
                    let cells = self.cells(measure, as_at, mask, Grain::Day, only)?;
                    let (first, last) = by_days(days);
                    cells.sum(&key, first, last)?
                }
            };
            total.add(came);
        }
        Ok(total)
    }

    /// A share or a mean of counted measures, as `made` makes it; `None` of nothing.
    pub(super) fn quotient(
        &self,
        asked: &Asked<'_>,
        (of, among): (&[definition::Part], &[definition::Part]),
        as_at: Option<Timestamp>,
        made: fn(i64, i64, bool) -> Option<Quantity>,
    ) -> Result<Option<Quantity>, RowsError> {
        let (of, of_sample) = self.parts(asked, of, as_at)?;
        let (among, sample) = self.parts(asked, among, as_at)?;
        Ok(made(of, among, of_sample || sample))
    }

    /// The sum of some counted measures, and whether any of it was made up for a demonstration.
    fn parts(
        &self,
        asked: &Asked<'_>,
        parts: &[definition::Part],
        as_at: Option<Timestamp>,
    ) -> Result<(i64, bool), RowsError> {
        let mut total = (0, false);
        for part in parts {
            let fixed = part.fixed.iter();
            let fixed = fixed.map(|(dimension, value)| (*dimension, (*value).to_owned()));
            let mut values = asked.values.clone();
            values.extend(fixed);
            let of_part = self.counted(
                &Asked {
                    measure: part.measure,
                    values: &values,
                    ..*asked
                },
                as_at,
            )?;
            total.0 += of_part.numerator.unwrap_or(0);
            total.1 |= of_part.sample;
        }
        Ok(total)
    }

    pub(super) fn cells(
        &self,
        measure: Measure,
        as_at: Option<Timestamp>,
        mask: Mask,
        grain: Grain,
        only: Option<(LogName, Days)>,
    ) -> Result<Rc<Cells<'a, R>>, RowsError> {
        let kind = measure.kind();
        let mask = if counted_by(kind).contains(&mask) {
            Mask::NONE
        } else {
            mask
        };
        let ages = measure == Measure::TicketsAged;
        let key = (kind, as_at, mask, grain, only.clone(), ages);
        if let Some(cells) = self.cells.borrow().get(&key) {
            return Ok(Rc::clone(cells));
        }
        let wanted = Wanted {
            kind,
            basis: Basis {
                as_at,
                known_at: self.known_at,
            },
            mask,
            grain,
            only,
            ages,
            positions: self.reading.positions,
        };
        let cells = Rc::new(self.reading.passes.cells(self.reading.rows, &wanted)?);
        self.cells.borrow_mut().insert(key, Rc::clone(&cells));
        Ok(cells)
    }
}

/// How finely the records of a period are looked at.
fn grain_of(period: &Period) -> Grain {
    match period.months() {
        Some(_) => Grain::Month,
        None => Grain::Day,
    }
}

fn cell(asked: &Asked<'_>, slot: Slot) -> CellKey {
    CellKey {
        slot,
        measure: asked.measure,
        mask: asked.mask(),
        values: asked.values.values().cloned().collect(),
    }
}
