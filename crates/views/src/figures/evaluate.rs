//! Evaluates a query: which logs, what they cover, the number, and the claims beside it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use jiff::Timestamp;
use townclerk_domain::claim::Published;
use townclerk_domain::decimal::Decimal;
use townclerk_domain::identity::Family;
use townclerk_domain::names::{LogName, Scope};
use townclerk_domain::period::{Month, Period};

use super::cells::{Cells, PassCache, Positions, Wanted};
use super::query::{Breakdown, Home, Periods, Query, Values, selector};
use crate::completeness::{Covered, LogCoverage, Reached};
use crate::contributions::Basis;
use crate::dimension::Mask;
use crate::figure::{ClaimShown, Figure, Number, PeriodShown};
use crate::key::counter::Cell;
use crate::key::quarantine;
use crate::measure::{Accumulation, Measure};
use crate::registry::Registry;
use crate::rows::{Rows, RowsError};
use crate::tally::{CellKey, Grain, Slot, day_number};

/// What a view knows when it is asked.
pub struct Reading<'a, R> {
    pub rows: &'a R,
    /// The last folded sequence of each log that this view reads.
    pub positions: &'a Positions,
    /// For each log, up to when knowledge goes: the latest recording time that is folded.
    pub known: &'a BTreeMap<LogName, Timestamp>,
    pub reached: &'a Reached,
    pub passes: &'a PassCache,
}

/// All figures that the query asks for.
///
/// # Errors
/// Only what is wrong with the rows: a question that has no answer gets figures with null values.
pub fn figures<R: Rows>(reading: &Reading<'_, R>, query: &Query) -> Result<Vec<Figure>, RowsError> {
    let newest = reading.known.values().max().copied();
    // To know everything is what the counters know.
    let known_at = query.basis.known_at.filter(|at| Some(*at) < newest);
    let registry = Registry::read(reading.rows, known_at)?;
    let evaluation = Evaluation {
        reading,
        registry: &registry,
        scope: &query.scope,
        known_at,
        knowledge: query.basis.known_at,
        held: held_by_log(reading)?,
        cells: RefCell::default(),
    };
    let mut figures = Vec::new();
    for breakdown in &query.breakdowns {
        let as_at = query.basis.as_at;
        let periods = evaluation.periods(&query.periods, as_at)?;
        for home in evaluation.homes(&breakdown.home) {
            let all_values = evaluation.all_values(breakdown, &home, as_at)?;
            for measure in &query.measures {
                for values in &all_values {
                    for period in &periods {
                        let asked = Asked {
                            measure: *measure,
                            period: *period,
                            values,
                            home: &home,
                        };
                        figures.push(evaluation.figure(&asked, as_at)?);
                    }
                }
            }
        }
    }
    if query.periods == Periods::Recorded {
        evaluation.add_claimed(query, &mut figures)?;
    }
    Ok(figures)
}

/// One figure that is asked for.
struct Asked<'a> {
    measure: Measure,
    period: Period,
    values: &'a Values,
    /// Whose records: the scope's as a whole, or those of one log.
    home: &'a Option<LogName>,
}

struct Evaluation<'a, R> {
    reading: &'a Reading<'a, R>,
    registry: &'a Registry,
    scope: &'a Scope,
    /// `None` where everything is known.
    known_at: Option<Timestamp>,
    /// As it was asked.
    knowledge: Option<Timestamp>,
    held: BTreeMap<LogName, u64>,
    /// The numbers that this query has asked for already.
    cells: RefCell<BTreeMap<CellsKey, Rc<Cells<'a, R>>>>,
}

/// The moment, the mask where it is not a counted one, and the grain.
type CellsKey = (Option<Timestamp>, Mask, Grain);

/// The logs of a figure with what they cover.
struct Coverages {
    by_log: BTreeMap<LogName, Option<LogCoverage>>,
}

impl Coverages {
    /// The earliest moment up to which all logs are complete.
    fn complete_to(&self) -> Option<Timestamp> {
        let all: Option<Vec<Timestamp>> = self
            .by_log
            .values()
            .map(|coverage| coverage.as_ref().map(LogCoverage::complete_to))
            .collect();
        all.and_then(|all| all.into_iter().min())
    }
}

impl<'a, R: Rows> Evaluation<'a, R> {
    fn figure(&self, asked: &Asked<'_>, as_at: Option<Timestamp>) -> Result<Figure, RowsError> {
        let coverages = self.coverages(asked);
        let as_at = as_at.or_else(|| coverages.complete_to());
        let computed = self.compute(asked, &coverages, as_at)?;
        let logs: Vec<&LogName> = coverages.by_log.keys().collect();
        let covered = coverages.by_log.iter().map(|(log, coverage)| {
            // Where one log has no coverage there is no common moment; the others still say theirs.
            let as_at = as_at.or_else(|| coverage.as_ref().map(LogCoverage::complete_to));
            let covered = covering(coverage.as_ref(), asked, as_at);
            let days = match covered {
                Covered::No => None,
                Covered::Partly(days) | Covered::Fully(days) => Some(days),
            };
            (log.clone(), days)
        });
        let value = computed.as_ref().map(|cell| cell.delta);
        let used_sample = coverages.by_log.values().flatten().any(|c| c.sample);
        let of_logs =
            |held: &BTreeMap<LogName, u64>| logs.iter().filter_map(|log| held.get(*log)).sum();
        Ok(Figure {
            measure: asked.measure.name(),
            scope: self.scope.clone(),
            period: PeriodShown::from(&asked.period),
            breakdown: breakdown_shown(asked.values, asked.home.as_ref()),
            value: value.map(|value| Number(Decimal::whole(value))),
            unit: asked.measure.unit(),
            numerator: value,
            denominator: None,
            cohort: asked.measure.cohort(),
            clock: None,
            as_at,
            known_at: self.knowledge.or_else(|| {
                logs.iter()
                    .filter_map(|log| self.reading.known.get(*log))
                    .max()
                    .copied()
            }),
            partial: value.is_some() && !fully(&coverages, asked, as_at),
            covered: covered.collect(),
            reached: logs
                .iter()
                .map(|log| ((*log).clone(), self.reading.reached.get(*log).copied()))
                .collect(),
            complete_to: coverages
                .by_log
                .iter()
                .map(|(log, c)| (log.clone(), c.as_ref().map(LogCoverage::complete_to)))
                .collect(),
            held: of_logs(&self.held),
            synthetic: computed.is_some_and(|cell| cell.sample != 0 || used_sample),
            claims: self.claims(asked)?,
        })
    }

    /// The number, where every log that it sums covers at least a part of the period.
    fn compute(
        &self,
        asked: &Asked<'_>,
        coverages: &Coverages,
        as_at: Option<Timestamp>,
    ) -> Result<Option<Cell>, RowsError> {
        let covers = |coverage: &Option<LogCoverage>| {
            covering(coverage.as_ref(), asked, as_at) != Covered::No
        };
        if coverages.by_log.is_empty() || !coverages.by_log.values().all(covers) {
            return Ok(None);
        }
        let grain = match asked.period {
            Period::Day(_) => Grain::Day,
            _ => Grain::Month,
        };
        let cells = self.cells(as_at, Mask::of(asked.values.keys().copied()), grain)?;
        let mut total = Cell::default();
        match asked.period.months() {
            // A flow is summed month by month, each over the members of that month.
            Some(months) if asked.measure.accumulation() == Accumulation::Flow => {
                for month in months {
                    let number = month.number();
                    let during = Period::Month(month);
                    total.add(self.sum(asked, &cells, &during, number, number)?);
                }
            }
            _ => {
                let last = match cells.grain() {
                    Grain::Month => Month::of_day(asked.period.last_day()).number(),
                    Grain::Day => day_number(asked.period.last_day()),
                };
                let first = match asked.measure.accumulation() {
                    Accumulation::Flow => last,
                    Accumulation::Stock => 0,
                };
                total.add(self.sum(asked, &cells, &asked.period, first, last)?);
            }
        }
        Ok(Some(total))
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
        for slot in self.slots(asked.home.as_ref(), during) {
            let key = CellKey {
                slot,
                measure: asked.measure,
                mask: Mask::of(asked.values.keys().copied()),
                values: asked.values.values().cloned().collect(),
            };
            total.add(cells.sum(&key, first, last)?);
        }
        Ok(total)
    }

    fn cells(
        &self,
        as_at: Option<Timestamp>,
        mask: Mask,
        grain: Grain,
    ) -> Result<Rc<Cells<'a, R>>, RowsError> {
        let mask = if mask.is_counted() { Mask::NONE } else { mask };
        if let Some(cells) = self.cells.borrow().get(&(as_at, mask, grain)) {
            return Ok(Rc::clone(cells));
        }
        let wanted = Wanted {
            basis: Basis {
                as_at,
                known_at: self.known_at,
            },
            mask,
            grain,
            positions: self.reading.positions,
        };
        let cells = Rc::new(self.reading.passes.cells(self.reading.rows, &wanted)?);
        let mut kept = self.cells.borrow_mut();
        kept.insert((as_at, mask, grain), Rc::clone(&cells));
        Ok(cells)
    }

    /// The slots that make up a figure of this scope during a period.
    fn slots(&self, home: Option<&LogName>, during: &Period) -> Vec<Slot> {
        match (self.scope, home) {
            (Scope::Log(council), Some(home)) if home.is_shared() && !council.is_shared() => {
                council
                    .council()
                    .map(|council| Slot::SharedFor(council.clone()))
                    .into_iter()
                    .collect()
            }
            // A council counts among all while it is a member.
            (Scope::Joint, Some(home)) if !self.joint_logs(during).contains(home) => Vec::new(),
            (_, Some(home)) => vec![Slot::Log(home.clone())],
            (Scope::Log(log), None) => vec![Slot::Log(log.clone())],
            (Scope::Joint, None) => self.joint_logs(during).into_iter().map(Slot::Log).collect(),
        }
    }

    /// The members in force and the shared log; none while nobody is a member.
    fn joint_logs(&self, during: &Period) -> Vec<LogName> {
        let mut logs = self.registry.members_during(during);
        if !logs.is_empty() {
            logs.push(LogName::shared());
        }
        logs
    }

    fn coverages(&self, asked: &Asked<'_>) -> Coverages {
        let logs = match (self.scope, asked.home) {
            (_, Some(home)) => vec![home.clone()],
            (Scope::Log(log), None) => vec![log.clone()],
            (Scope::Joint, None) => self.joint_logs(&asked.period),
        };
        let selector = selector(asked.values);
        let of = |log: LogName| {
            let reached = self.reading.reached;
            let coverage = LogCoverage::of(self.registry, &log, &selector, reached, self.knowledge);
            (log, coverage)
        };
        Coverages {
            by_log: logs.into_iter().map(of).collect(),
        }
    }

    fn homes(&self, home: &Home) -> Vec<Option<LogName>> {
        match home {
            Home::Whole => vec![None],
            Home::Of(log) => vec![Some(log.clone())],
            Home::Split => match self.scope {
                Scope::Log(log) if log.is_shared() => vec![Some(log.clone())],
                Scope::Log(log) => vec![Some(log.clone()), Some(LogName::shared())],
                Scope::Joint => self.reading.positions.keys().cloned().map(Some).collect(),
            },
        }
    }

    /// The fixed values with every combination of the split ones.
    fn all_values(
        &self,
        breakdown: &Breakdown,
        home: &Option<LogName>,
        as_at: Option<Timestamp>,
    ) -> Result<Vec<Values>, RowsError> {
        let mut all = vec![breakdown.fixed.clone()];
        for dimension in &breakdown.split {
            let values: Vec<String> = match dimension.values() {
                Some(values) => values.into_iter().map(str::to_owned).collect(),
                None => {
                    let mask = Mask::of([*dimension]);
                    let cells = self.cells(as_at, mask, Grain::Month)?;
                    let mut found = BTreeSet::new();
                    for slot in self.all_slots(home.as_ref()) {
                        found.extend(cells.values(&slot, mask)?);
                    }
                    found.into_iter().flatten().collect()
                }
            };
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

    fn all_slots(&self, home: Option<&LogName>) -> Vec<Slot> {
        match (self.scope, home) {
            (Scope::Joint, None) => self
                .reading
                .positions
                .keys()
                .cloned()
                .map(Slot::Log)
                .collect(),
            _ => self.slots(home, &Period::Month(Month::from_number(0))),
        }
    }

    fn periods(
        &self,
        periods: &Periods,
        as_at: Option<Timestamp>,
    ) -> Result<Vec<Period>, RowsError> {
        if let Periods::These(periods) = periods {
            return Ok(periods.clone());
        }
        let cells = self.cells(None, Mask::NONE, Grain::Month)?;
        let mut first: Option<Month> = None;
        for slot in self.all_slots(None) {
            first = first.into_iter().chain(cells.first_month(&slot)?).min();
        }
        let Some(first) = first else {
            return Ok(Vec::new());
        };
        let whole = Asked {
            measure: Measure::TicketsLogged,
            period: Period::Month(first),
            values: &Values::new(),
            home: &None,
        };
        // The last instant that counts is the one before `as_at`; nothing is known of what comes
        // after the newest record and the last look.
        let as_at = as_at.or_else(|| self.coverages(&whole).complete_to());
        let known = self
            .reading
            .known
            .values()
            .chain(self.reading.reached.values());
        let last = as_at.min(known.max().copied()).map_or(first, |end| {
            Month::of(end - jiff::SignedDuration::from_micros(1))
        });
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

    /// The claims about exactly this figure, each compared at its own `as_at`.
    fn claims(&self, asked: &Asked<'_>) -> Result<Vec<ClaimShown>, RowsError> {
        let shown = breakdown_shown(asked.values, asked.home.as_ref());
        let about = |claim: &&Published| {
            claim.measure == asked.measure.name()
                && claim.scope == *self.scope
                && claim.period == asked.period
                && claim.breakdown.len() == shown.len()
                && claim
                    .breakdown
                    .iter()
                    .all(|(name, value)| shown.get(name).is_some_and(|v| v == value.as_str()))
        };
        let mut claims = Vec::new();
        for claim in self.registry.claims.iter().filter(about) {
            let coverages = self.coverages(asked);
            let as_at = claim.as_at.or_else(|| coverages.complete_to());
            let ours = self.compute(asked, &coverages, as_at)?;
            let decimals = claim.value.decimals();
            let ours = ours.and_then(|cell| Decimal::ratio(cell.delta, 1, decimals));
            claims.push(ClaimShown {
                value: Number(claim.value),
                decimals,
                as_at: claim.as_at,
                source: claim.source.clone(),
                differs: ours.map(|ours| ours != claim.value),
            });
        }
        Ok(claims)
    }

    /// Figures that claims name and the query's periods and breakdowns do not already give.
    fn add_claimed(&self, query: &Query, figures: &mut Vec<Figure>) -> Result<(), RowsError> {
        for claim in self
            .registry
            .claims
            .iter()
            .filter(|c| c.scope == *self.scope)
        {
            let measure = Measure::from_name(&claim.measure);
            let Some(measure) = measure.filter(|m| query.measures.contains(m)) else {
                continue;
            };
            let values: Option<Values> = claim
                .breakdown
                .iter()
                .map(|(name, value)| {
                    crate::dimension::Dimension::from_name(name)
                        .map(|dimension| (dimension, value.as_str().to_owned()))
                })
                .collect();
            let Some(values) = values else { continue };
            let wanted = query
                .breakdowns
                .iter()
                .any(|breakdown| asks_for(breakdown, &values));
            let label = claim.period.to_string();
            let shown = breakdown_shown(&values, None);
            let given = figures.iter().any(|figure| {
                figure.measure == claim.measure
                    && figure.period.label == label
                    && figure.breakdown == shown
            });
            if wanted && !given {
                let asked = Asked {
                    measure,
                    period: claim.period,
                    values: &values,
                    home: &None,
                };
                figures.push(self.figure(&asked, query.basis.as_at)?);
            }
        }
        Ok(())
    }
}

/// Whether a breakdown asks for the figure with these values among others.
fn asks_for(breakdown: &Breakdown, values: &Values) -> bool {
    let mut fixed = breakdown.fixed.iter();
    breakdown.home == Home::Whole
        && breakdown.mask() == Mask::of(values.keys().copied())
        && fixed.all(|(dimension, value)| values.get(dimension) == Some(value))
}

fn covering(
    coverage: Option<&LogCoverage>,
    asked: &Asked<'_>,
    as_at: Option<Timestamp>,
) -> Covered {
    match (coverage, as_at) {
        (Some(coverage), Some(as_at)) => {
            coverage.covers(&asked.period, as_at, asked.measure.accumulation())
        }
        _ => Covered::No,
    }
}

fn fully(coverages: &Coverages, asked: &Asked<'_>, as_at: Option<Timestamp>) -> bool {
    coverages
        .by_log
        .values()
        .all(|coverage| matches!(covering(coverage.as_ref(), asked, as_at), Covered::Fully(_)))
}

fn breakdown_shown(values: &Values, home: Option<&LogName>) -> BTreeMap<String, String> {
    let home = home.map(|home| ("home".to_owned(), home.to_string()));
    values
        .iter()
        .map(|(dimension, value)| (dimension.name().to_owned(), value.clone()))
        .chain(home)
        .collect()
}

/// How many events of each log are quarantined that may touch tickets.
fn held_by_log<R: Rows>(reading: &Reading<'_, R>) -> Result<BTreeMap<LogName, u64>, RowsError> {
    let mut held = BTreeMap::new();
    for log in reading.positions.keys() {
        let mut count = 0;
        quarantine::each_quarantined(reading.rows, log, |_, quarantined| {
            if quarantined
                .family
                .is_none_or(|family| family == Family::Ticket)
            {
                count += 1;
            }
        })?;
        held.insert(log.clone(), count);
    }
    Ok(held)
}
