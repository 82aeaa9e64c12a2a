//! Evaluates a query: which logs, what they cover, the number, and the claims beside it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use townclerk_domain::identity::{AggregateKind, Family};
use townclerk_domain::names::{LogName, Scope};
use townclerk_domain::period::Period;

use super::cells::{Cells, PassCache, Positions};
use super::claims::Given;
use super::computed::Computing;
use super::like_for_like::constant;
use super::query::{Breakdown, Periods, Query, Values};
use super::scope::{Coverages, covering, window};
use super::suppression::Tables;
use super::unseen::KnownValues;
use crate::basis::Basis;
use crate::completeness::{Covered, LogCoverage, Reached};
use crate::definition::Made;
use crate::dimension::Mask;
use crate::figure::{ClaimShown, Figure, MemberDays, Number, PeriodShown};
use crate::key::quarantine;
use crate::ledger::Ledger;
use crate::measure::Measure;
use crate::membership::Days;
use crate::public::{RULE, SUPPRESSED};
use crate::quantity::Quantity;
use crate::registry::Registry;
use crate::rows::{Rows, RowsError};
use crate::tally::Grain;

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

impl<R: Rows> Reading<'_, R> {
    /// What `known_at` leaves out; `None` where nothing: then it is what the counters know.
    pub(crate) fn knowledge(&self, known_at: Option<Timestamp>) -> Option<Timestamp> {
        let newest = self.known.values().max().copied();
        known_at.filter(|at| Some(*at) < newest)
    }

    /// The newest recording time in the logs that a scope reads. When others recorded something is
    /// nobody's business here, and what a scope says must not depend on which view answers for it.
    pub fn newest(&self, scope: &Scope) -> Option<Timestamp> {
        let known = self.known.iter().filter(|(log, _)| scope.reads(log));
        known.map(|(_, at)| *at).max()
    }

    /// The moment at which records of a scope are looked at: the one that is asked for, else just
    /// after the newest that is known, or was known by then.
    pub fn seen(&self, scope: &Scope, basis: Basis) -> Timestamp {
        let newest = self.newest(scope);
        let newest = basis
            .known_at
            .map_or(newest, |known_at| newest.min(Some(known_at)));
        let after = newest.map(|newest| newest + SignedDuration::from_micros(1));
        basis.as_at.or(after).unwrap_or(Timestamp::MIN)
    }

    /// The records of a scope that computed figures and findings are made from.
    ///
    /// # Errors
    /// Only what is wrong with the rows.
    pub fn ledger(&self, scope: &Scope, basis: Basis) -> Result<Arc<Ledger>, RowsError> {
        let known_at = self.knowledge(basis.known_at);
        let basis = Basis { known_at, ..basis };
        let read = self.positions.keys().filter(|log| scope.reads(log));
        let logs = read.cloned().collect();
        self.passes.ledger(self.rows, basis, logs, self.positions)
    }
}

/// For whom figures are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Anyone who may read the scope.
    Readers,
    /// Everybody: values are held back by [`RULE`].
    Public,
}

/// All figures that the query asks for. A measure that a breakdown does not fit has none.
///
/// # Errors
/// Only what is wrong with the rows: a question that has no answer gets figures with null values.
pub fn figures<R: Rows>(reading: &Reading<'_, R>, query: &Query) -> Result<Vec<Figure>, RowsError> {
    let mut figures = Vec::new();
    each_figure(reading, query, Audience::Readers, &mut |figure| {
        figures.push(figure);
        Ok(())
    })?;
    Ok(figures)
}

/// What is done with one figure after the other.
pub type Take<'a> = dyn FnMut(Figure) -> Result<(), RowsError> + 'a;

/// As [`figures`], one after the other, so that all of them need not be kept.
///
/// # Errors
/// What is wrong with the rows, and what `take` says.
pub fn each_figure<R: Rows>(
    reading: &Reading<'_, R>,
    query: &Query,
    audience: Audience,
    take: &mut Take<'_>,
) -> Result<(), RowsError> {
    let known_at = reading.knowledge(query.basis.known_at);
    let mut registry = Registry::read(reading.rows, known_at)?;
    let constant = match query.like_for_like && query.scope == Scope::Joint {
        true => Some(constant(reading, &mut registry, query)?),
        false => None,
    };
    let mut evaluation = Evaluation::new(reading, &registry, query, constant)?;
    evaluation.audience = audience;
    let mut given = Given::default();
    for breakdown in &query.breakdowns {
        for measure in &query.measures {
            if breakdown.fits(*measure) {
                evaluation.add(query, breakdown, *measure, &mut |figure| {
                    given.note(&figure);
                    take(figure)
                })?;
            }
        }
    }
    if query.periods == Periods::Recorded && evaluation.constant.is_none() {
        evaluation.add_claimed(query, &mut given, take)?;
    }
    Ok(())
}

/// How many figures a query asks for; those about which only something is claimed come on top.
///
/// # Errors
/// Only what is wrong with the rows.
pub fn count<R: Rows>(
    reading: &Reading<'_, R>,
    query: &Query,
    audience: Audience,
) -> Result<usize, RowsError> {
    let registry = Registry::read(reading.rows, reading.knowledge(query.basis.known_at))?;
    let mut evaluation = Evaluation::new(reading, &registry, query, None)?;
    evaluation.audience = audience;
    let mut count = 0_usize;
    for breakdown in &query.breakdowns {
        let fitting = query.measures.iter().filter(|m| breakdown.fits(**m));
        for measure in fitting {
            count = count.saturating_add(evaluation.count(query, breakdown, *measure)?);
        }
    }
    Ok(count)
}

/// One figure that is asked for.
pub(super) struct Asked<'a> {
    pub measure: Measure,
    pub period: Period,
    pub values: &'a Values,
    /// Whose records: the scope's as a whole, or those of one log.
    pub home: &'a Option<LogName>,
}

impl Asked<'_> {
    pub fn mask(&self) -> Mask {
        Mask::of(self.values.keys().copied())
    }
}

pub(super) struct Evaluation<'a, R> {
    pub reading: &'a Reading<'a, R>,
    pub registry: &'a Registry,
    pub scope: &'a Scope,
    /// `None` where everything is known.
    pub known_at: Option<Timestamp>,
    /// As it was asked.
    pub knowledge: Option<Timestamp>,
    /// The councils that alone count, where figures are like for like.
    pub constant: Option<Vec<LogName>>,
    pub audience: Audience,
    pub tables: RefCell<Tables>,
    held: Held,
    /// The values that records have, for the dimensions that were looked at.
    pub known_values: RefCell<KnownValues>,
    /// The numbers that this query has asked for already.
    pub cells: RefCell<BTreeMap<CellsKey, Rc<Cells<'a, R>>>>,
}

/// The kind, the moment, the mask where it is not a counted one, the grain, the part that is enough,
/// and whether it ages.
pub(super) type CellsKey = (
    AggregateKind,
    Option<Timestamp>,
    Mask,
    Grain,
    Option<(LogName, Days)>,
    bool,
);

impl<'a, R: Rows> Evaluation<'a, R> {
    pub(super) fn new(
        reading: &'a Reading<'a, R>,
        registry: &'a Registry,
        query: &'a Query,
        constant: Option<Vec<LogName>>,
    ) -> Result<Self, RowsError> {
        Ok(Self {
            reading,
            registry,
            scope: &query.scope,
            known_at: reading.knowledge(query.basis.known_at),
            knowledge: query.basis.known_at,
            constant,
            audience: Audience::Readers,
            tables: RefCell::default(),
            held: Held::count(reading)?,
            known_values: RefCell::default(),
            cells: RefCell::default(),
        })
    }
}

impl<R: Rows> Evaluation<'_, R> {
    /// How many figures one measure has by one breakdown.
    fn count(
        &self,
        query: &Query,
        breakdown: &Breakdown,
        measure: Measure,
    ) -> Result<usize, RowsError> {
        let as_at = query.basis.as_at;
        let periods = self.periods(&query.periods, measure, as_at)?.len();
        let mut count = 0_usize;
        for home in self.homes(&breakdown.home) {
            let split = self.split_values(measure, breakdown, &home, as_at)?;
            let values = split.iter().map(Vec::len);
            count = count.saturating_add(values.fold(periods, usize::saturating_mul));
        }
        Ok(count)
    }

    /// The figures of one measure by one breakdown.
    fn add(
        &self,
        query: &Query,
        breakdown: &Breakdown,
        measure: Measure,
        take: &mut Take<'_>,
    ) -> Result<(), RowsError> {
        let as_at = query.basis.as_at;
        let periods = self.periods(&query.periods, measure, as_at)?;
        for home in self.homes(&breakdown.home) {
            for values in &self.all_values(measure, breakdown, &home, as_at)? {
                for period in &periods {
                    let asked = Asked {
                        measure,
                        period: *period,
                        values,
                        home: &home,
                    };
                    self.reading.rows.go_on()?;
                    take(self.figure(&asked, as_at)?)?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn figure(
        &self,
        asked: &Asked<'_>,
        as_at: Option<Timestamp>,
    ) -> Result<Figure, RowsError> {
        let coverages = self.coverages(asked);
        let as_at = self.moment(as_at, coverages.complete_to());
        let computed = self.compute(asked, &coverages, as_at)?;
        let shown = match self.audience {
            Audience::Readers => true,
            Audience::Public => computed.is_some() && self.is_public(asked, as_at)?,
        };
        let suppressed = computed.is_some() && !shown;
        let computed = computed.filter(|_| shown);
        let measure = asked.measure;
        let looked_at = window(measure, &asked.period);
        let logs: Vec<&LogName> = coverages.by_log.keys().collect();
        let covered = coverages.by_log.iter().map(|(log, coverage)| {
            // Where one log has no coverage there is no common moment; the others still say theirs.
            let as_at = as_at.or_else(|| coverage.as_ref().map(LogCoverage::complete_to));
            let covered = covering(coverage.as_ref(), &looked_at, measure, as_at);
            let days = match covered {
                Covered::No => None,
                Covered::Partly(days) | Covered::Fully(days) => Some(days),
            };
            (log.clone(), days)
        });
        let definition = measure.definition();
        Ok(Figure {
            measure: definition.measured.name,
            scope: self.scope.clone(),
            period: PeriodShown::from(&asked.period),
            breakdown: breakdown_shown(asked.values, asked.home.as_ref()),
            suppressed: suppressed.then_some(SUPPRESSED),
            value: computed.as_ref().and_then(Quantity::shown).map(Number),
            unit: definition.unit,
            numerator: computed.as_ref().and_then(|quantity| quantity.numerator),
            denominator: computed.as_ref().and_then(|quantity| quantity.denominator),
            cohort: definition.cohort,
            clock: definition.clock,
            as_at,
            known_at: self.knowledge.or_else(|| {
                let known = logs.iter().filter_map(|log| self.reading.known.get(*log));
                // When the newest record was made tells of a single one.
                let readers = self.audience == Audience::Readers;
                known.max().filter(|_| readers).copied()
            }),
            partial: computed.is_some() && !coverages.all_cover_fully(&looked_at, measure, as_at),
            covered: covered.collect(),
            members: self.members_for_a_part(asked, &looked_at),
            reached: logs
                .iter()
                .map(|log| ((*log).clone(), self.reading.reached.get(*log).copied()))
                .collect(),
            complete_to: coverages
                .by_log
                .iter()
                .map(|(log, c)| (log.clone(), c.as_ref().map(LogCoverage::complete_to)))
                .collect(),
            no_record_has: match suppressed {
                true => BTreeMap::new(),
                false => self.no_record_has(asked, computed.as_ref(), as_at)?,
            },
            held: self.held.of(measure, &logs),
            synthetic: computed.is_some_and(|found| found.sample || coverages.use_sample()),
            claims: match (&self.constant, shown) {
                (Some(_), _) => Vec::new(),
                (None, false) => uncompared(self.claims(asked)?),
                (None, true) => self.claims(asked)?,
            },
            like_for_like: self.constant.clone(),
        })
    }

    /// As at which moment a figure is, by what was asked and how far the record is complete.
    pub(super) fn moment(
        &self,
        asked: Option<Timestamp>,
        complete_to: Option<Timestamp>,
    ) -> Option<Timestamp> {
        match self.audience {
            Audience::Readers => asked.or(complete_to),
            Audience::Public => {
                let complete_to = complete_to.map(|at| RULE.last_moment(at));
                asked.into_iter().chain(complete_to).min()
            }
        }
    }

    /// The councils that a figure of all councils counts for a part of what it looks at only.
    fn members_for_a_part(&self, asked: &Asked<'_>, looked_at: &Period) -> Vec<MemberDays> {
        if *self.scope != Scope::Joint {
            return Vec::new();
        }
        let members = self.registry.members_for_a_part(looked_at).into_iter();
        let asked_for = members.filter(|(member, _)| {
            let home = asked.home.as_ref();
            home.is_none_or(|home| home.council() == Some(&member.joined.council))
        });
        asked_for
            .map(|(member, days)| MemberDays {
                council: member.joined.council.clone(),
                name: member.joined.name.clone(),
                from: days.first,
                to: days.last,
            })
            .collect()
    }

    /// The number, where every log that it needs covers at least a part of the period.
    pub(super) fn compute(
        &self,
        asked: &Asked<'_>,
        coverages: &Coverages,
        as_at: Option<Timestamp>,
    ) -> Result<Option<Quantity>, RowsError> {
        let looked_at = window(asked.measure, &asked.period);
        if !coverages.all_cover(&looked_at, asked.measure, as_at) {
            return Ok(None);
        }
        let computation = match asked.measure.definition().made {
            Made::Counted => return self.counted(asked, as_at).map(Some),
            Made::Share { of, among } => {
                return self.quotient(asked, (of, among), as_at, Quantity::percent);
            }
            Made::Mean { of, among } => {
                return self.quotient(asked, (of, among), as_at, Quantity::mean);
            }
            Made::Computed(computation) => computation,
        };
        let Some(as_at) = as_at else {
            return Ok(None);
        };
        let ledger = self.ledger(as_at)?;
        let computing = Computing {
            asked,
            ledger: &ledger,
            coverages,
            as_at,
        };
        Ok(self.computed(computation, &computing))
    }

    pub(super) fn ledger(&self, as_at: Timestamp) -> Result<Arc<Ledger>, RowsError> {
        let basis = Basis {
            as_at: Some(as_at),
            known_at: self.known_at,
        };
        self.reading.ledger(self.scope, basis)
    }
}

impl Breakdown {
    /// Whether a measure can be broken down so: what counts by affected council has no home.
    pub fn fits(&self, measure: Measure) -> bool {
        let by_home = self.home != super::query::Home::Whole;
        measure.takes(self.mask()) && (!by_home || measure.definition().measured.by_home)
    }
}

/// Whether a claim is the value that is not shown is not told either.
fn uncompared(mut claims: Vec<ClaimShown>) -> Vec<ClaimShown> {
    for claim in &mut claims {
        claim.differs = None;
        claim.ours = None;
        claim.differs_by = None;
        claim.why = Some(SUPPRESSED.to_owned());
    }
    claims
}

pub(super) fn breakdown_shown(values: &Values, home: Option<&LogName>) -> BTreeMap<String, String> {
    let home = home.map(|home| ("home".to_owned(), home.to_string()));
    values
        .iter()
        .map(|(dimension, value)| (dimension.name().to_owned(), value.clone()))
        .chain(home)
        .collect()
}

/// How many events of each log are quarantined, by the family that they may touch.
struct Held(BTreeMap<LogName, Vec<Option<Family>>>);

impl Held {
    fn count<R: Rows>(reading: &Reading<'_, R>) -> Result<Self, RowsError> {
        let mut held = BTreeMap::new();
        for log in reading.positions.keys() {
            let mut families = Vec::new();
            quarantine::each_quarantined(reading.rows, log, |_, quarantined| {
                families.push(quarantined.family);
            })?;
            held.insert(log.clone(), families);
        }
        Ok(Self(held))
    }

    /// Those that may belong to a measure.
    fn of(&self, measure: Measure, logs: &[&LogName]) -> u64 {
        let touches = measure.definition().families;
        let of_logs = logs.iter().filter_map(|log| self.0.get(*log)).flatten();
        let touching = of_logs.filter(|family| family.is_none_or(|f| touches.contains(&f)));
        u64::try_from(touching.count()).unwrap_or(u64::MAX)
    }
}
