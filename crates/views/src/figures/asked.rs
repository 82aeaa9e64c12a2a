//! What a query leaves open: which periods are recorded, and which values a breakdown has.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use townclerk_domain::identity::Family;
use townclerk_domain::names::{LogName, Scope};
use townclerk_domain::period::{Month, Period};

use super::evaluate::{Asked, Audience, Evaluation};
use super::outages::value_of;
use super::query::{Breakdown, Periods, Values};
use crate::dimension::{Dimension, Mask};
use crate::measure::Measure;
use crate::public::RULE;
use crate::rows::{Rows, RowsError};
use crate::tally::{Grain, Slot};

impl<R: Rows> Evaluation<'_, R> {
    /// The fixed values with every combination of the split ones.
    pub(super) fn all_values(
        &self,
        measure: Measure,
        breakdown: &Breakdown,
        home: &Option<LogName>,
        as_at: Option<Timestamp>,
    ) -> Result<Vec<Values>, RowsError> {
        let mut all = vec![breakdown.fixed.clone()];
        let split = self.split_values(measure, breakdown, home, as_at)?;
        for (dimension, values) in breakdown.split.iter().zip(split) {
            all = all
                .iter()
                .flat_map(|known| {
                    values.iter().map(|value| {
                        let mut known = known.clone();
                        known.insert(*dimension, value.clone());
                        known
                    })
                })
                .collect();
        }
        Ok(all)
    }

    /// The values of each dimension that is split, in their order.
    pub(super) fn split_values(
        &self,
        measure: Measure,
        breakdown: &Breakdown,
        home: &Option<LogName>,
        as_at: Option<Timestamp>,
    ) -> Result<Vec<Vec<String>>, RowsError> {
        // What is not broken down for everybody has no values that are named to everybody, but those
        // that every reader knows.
        let unnamed = self.audience == Audience::Public && !RULE.shows(measure, breakdown.mask());
        let split = breakdown.split.iter();
        let values = split.map(|dimension| match dimension.values() {
            Some(values) => Ok(values.into_iter().map(str::to_owned).collect()),
            None if unnamed => Ok(Vec::new()),
            None => self.found_values(measure, *dimension, home, as_at),
        });
        values.collect()
    }

    /// The values that records have or had.
    fn found_values(
        &self,
        measure: Measure,
        dimension: Dimension,
        home: &Option<LogName>,
        as_at: Option<Timestamp>,
    ) -> Result<Vec<String>, RowsError> {
        let mut found: BTreeSet<String> = BTreeSet::new();
        if measure.is_counted() {
            let mask = Mask::of([dimension]);
            let cells = self.cells(measure, as_at, mask, Grain::Month, None)?;
            for slot in self.all_slots(home.as_ref()) {
                found.extend(cells.values(&slot, mask)?.into_iter().flatten());
            }
        } else if measure.is_of_agreed_services() {
            let councils = self.registry.agreements.iter();
            let councils = councils.filter(|(log, _)| match self.scope {
                Scope::Log(own) => *log == own,
                Scope::Joint => true,
            });
            for (_, agreements) in councils {
                let services = agreements.stands.services().into_iter();
                found.extend(services.map(|service| service.to_string()));
            }
        } else {
            let ledger = self.ledger(as_at.unwrap_or(Timestamp::MAX))?;
            for outage in &ledger.outages {
                found.extend(value_of(&outage.stands, dimension).map(str::to_owned));
            }
        }
        Ok(found.into_iter().collect())
    }

    pub(super) fn all_slots(&self, home: Option<&LogName>) -> Vec<Slot> {
        match (self.scope, home) {
            (Scope::Joint, None) => self
                .reading
                .positions
                .keys()
                .cloned()
                .map(Slot::Log)
                .collect(),
            (Scope::Joint, Some(_)) | (Scope::Log(_), _) => self.slots(home),
        }
    }

    pub(super) fn periods(
        &self,
        periods: &Periods,
        measure: Measure,
        as_at: Option<Timestamp>,
    ) -> Result<Vec<Period>, RowsError> {
        if let Periods::These(periods) = periods {
            return Ok(periods.clone());
        }
        let Some(first) = self.first_month(measure)? else {
            return Ok(Vec::new());
        };
        let whole = Asked {
            measure,
            period: Period::Month(first),
            values: &Values::new(),
            home: &None,
        };
        // The last instant that counts is the one before `as_at`; nothing is known of what comes
        // after the newest record and the last look.
        let as_at = self.moment(as_at, self.coverages(&whole).complete_to());
        let (known, reached) = (self.reading.known.iter(), self.reading.reached.iter());
        let looked_at = known
            .chain(reached)
            .filter(|(log, _)| self.scope.reads(log));
        let newest = looked_at.map(|(_, at)| *at).max();
        let last = as_at
            .min(newest)
            .map_or(first, |end| Month::of(end - SignedDuration::from_micros(1)));
        let months: Vec<Month> = (first.number()..=last.number())
            .map(Month::from_number)
            .collect();
        let mut quarters: Vec<Period> = months.iter().copied().map(Period::quarter_of).collect();
        quarters.dedup();
        Ok(months
            .into_iter()
            .map(Period::Month)
            .chain(quarters)
            .collect())
    }

    /// Tickets are shown from the first one that is recorded, also where no coverage promises
    /// anything yet; the other families from the first day that one promises.
    fn first_month(&self, measure: Measure) -> Result<Option<Month>, RowsError> {
        let family = measure.kind().family();
        let mut first: Option<Month> = None;
        if family == Family::Ticket {
            let cells = self.cells(measure, None, Mask::NONE, Grain::Month, None)?;
            for slot in self.all_slots(None) {
                first = first.into_iter().chain(cells.first_month(&slot)?).min();
            }
        } else {
            let coverages = self.registry.coverages.iter();
            let of_family = coverages
                .filter(|known| known.coverage.selector.family == family)
                .filter(|known| self.scope.reads(&known.log));
            first = of_family
                .map(|known| Month::of_day(known.coverage.from))
                .min();
        }
        Ok(first)
    }
}
