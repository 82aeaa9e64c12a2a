//! Figures from counters: a flow is summed month by month, a stock up to the period's end.

use std::rc::Rc;

use jiff::Timestamp;
use townclerk_domain::period::{Month, Period};

use super::cells::{Cells, Wanted};
use super::evaluate::{Asked, Evaluation};
use crate::contributions::Basis;
use crate::definition::Part;
use crate::dimension::Mask;
use crate::key::counter::Cell;
use crate::measure::{Accumulation, Measure};
use crate::quantity::Quantity;
use crate::rows::{Rows, RowsError};
use crate::tally::{CellKey, Grain, day_number};

/// The parts of a range of days that lie in one month each.
fn by_month(days: &Period) -> impl Iterator<Item = Period> {
    let (first, last) = (days.first_day(), days.last_day());
    let months = Month::of_day(first).number()..=Month::of_day(last).number();
    months
        .map(Month::from_number)
        .map(move |month| Period::Days {
            first: month.first_day().max(first),
            last: month.last_day().min(last),
        })
}

impl<'a, R: Rows> Evaluation<'a, R> {
    pub(super) fn counted(
        &self,
        asked: &Asked<'_>,
        as_at: Option<Timestamp>,
    ) -> Result<Quantity, RowsError> {
        let grain = match asked.period {
            Period::Day(_) | Period::Days { .. } => Grain::Day,
            _ => Grain::Month,
        };
        let cells = self.cells(asked.measure, as_at, asked.mask(), grain)?;
        let mut total = Cell::default();
        match asked.period.months() {
            // Each month over the members of that month.
            Some(months) if asked.measure.accumulation() == Accumulation::Flow => {
                for month in months {
                    let number = month.number();
                    let during = Period::Month(month);
                    total.add(self.sum(asked, &cells, &during, number, number)?);
                }
            }
            None if asked.measure.accumulation() == Accumulation::Flow => {
                for part in by_month(&asked.period) {
                    let (first, last) = (day_number(part.first_day()), day_number(part.last_day()));
                    total.add(self.sum(asked, &cells, &part, first, last)?);
                }
            }
            // What there is at the end is summed over the members at the end.
            _ => {
                let end = asked.period.last_day();
                let last = match cells.grain() {
                    Grain::Month => Month::of_day(end).number(),
                    Grain::Day => day_number(end),
                };
                total.add(self.sum(asked, &cells, &Period::Day(end), 0, last)?);
            }
        }
        Ok(Quantity::count(total.delta, total.sample != 0))
    }

    /// A share or a mean of counted measures, as `made` makes it; `None` of nothing.
    pub(super) fn quotient(
        &self,
        asked: &Asked<'_>,
        (of, among): (&[Part], &[Part]),
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
        parts: &[Part],
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

    /// Sums a range of buckets over the slots that are in force during a period.
    fn sum(
        &self,
        asked: &Asked<'_>,
        cells: &Cells<'_, R>,
        during: &Period,
        first: i32,
        last: i32,
    ) -> Result<Cell, RowsError> {
        let mut total = Cell::default();
        for slot in self.home_logs(asked.home.as_ref(), during) {
            let key = CellKey {
                slot,
                measure: asked.measure,
                mask: asked.mask(),
                values: asked.values.values().cloned().collect(),
            };
            total.add(cells.sum(&key, first, last)?);
        }
        Ok(total)
    }

    pub(super) fn cells(
        &self,
        measure: Measure,
        as_at: Option<Timestamp>,
        mask: Mask,
        grain: Grain,
    ) -> Result<Rc<Cells<'a, R>>, RowsError> {
        let kind = measure.kind();
        let mask = if mask.is_counted(kind) {
            Mask::NONE
        } else {
            mask
        };
        let ages = measure == Measure::TicketsAged;
        let key = (kind, as_at, mask, grain, ages);
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
            ages,
            positions: self.reading.positions,
        };
        let cells = Rc::new(self.reading.passes.cells(self.reading.rows, &wanted)?);
        self.cells.borrow_mut().insert(key, Rc::clone(&cells));
        Ok(cells)
    }
}
