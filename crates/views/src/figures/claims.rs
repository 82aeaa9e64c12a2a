//! Claims beside figures: what was published, compared at its own moment.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use townclerk_domain::claim::{Beside, ClaimKind, Published, incomparable};
use townclerk_domain::names::{LogName, Scope};
use townclerk_domain::period::Period;

use super::evaluate::{Asked, Audience, Evaluation, Reading, Take, breakdown_shown};
use super::query::{Breakdown, Home, Periods, Query, Values};
use super::scope::{Coverages, covering, window};
use crate::basis::Basis;
use crate::completeness::Covered;
use crate::dimension::{Dimension, Mask};
use crate::figure::{ClaimShown, Figure, Number};
use crate::measure::Measure;
use crate::registry::Registry;
use crate::rows::{Rows, RowsError};

/// The figures with claims that were given already: measure, period and breakdown.
#[derive(Default)]
pub(super) struct Given(BTreeSet<(&'static str, String, BTreeMap<String, String>)>);

impl Given {
    pub fn note(&mut self, figure: &Figure) {
        if !figure.claims.is_empty() {
            let period = figure.period.label.clone();
            self.0
                .insert((figure.measure, period, figure.breakdown.clone()));
        }
    }
}

/// What a claim is about, where it is a figure of ours.
struct About {
    measure: Measure,
    values: Values,
    home: Option<LogName>,
}

impl About {
    /// `None` of what we do not compute.
    fn of(claim: &Published) -> Option<Self> {
        if incomparable(claim).is_some() {
            return None;
        }
        let mut about = Self {
            measure: Measure::from_name(&claim.measure)?,
            values: Values::new(),
            home: None,
        };
        for (name, value) in &claim.breakdown {
            match Dimension::from_name(name) {
                Some(dimension) => {
                    about.values.insert(dimension, value.as_str().to_owned());
                }
                None => about.home = LogName::new(value.as_str()).ok(),
            }
        }
        Some(about)
    }

    fn asked(&self, period: Period) -> Asked<'_> {
        Asked {
            measure: self.measure,
            period,
            values: &self.values,
            home: &self.home,
        }
    }
}

/// Each of these claims about a scope beside our number at the claim's own moment.
///
/// # Errors
/// Only what is wrong with the rows.
pub fn beside<R: Rows>(
    reading: &Reading<'_, R>,
    scope: &Scope,
    known_at: Option<Timestamp>,
    claims: &[&Published],
) -> Result<Vec<ClaimShown>, RowsError> {
    let query = Query {
        scope: scope.clone(),
        measures: Vec::new(),
        periods: Periods::These(Vec::new()),
        breakdowns: Vec::new(),
        basis: Basis {
            as_at: None,
            known_at,
        },
        like_for_like: false,
    };
    let registry = Registry::read(reading.rows, reading.knowledge(known_at))?;
    let evaluation = Evaluation::new(reading, &registry, &query, None)?;
    let mut shown = Vec::with_capacity(claims.len());
    for claim in claims {
        reading.rows.go_on()?;
        shown.push(match About::of(claim) {
            Some(about) => evaluation.beside(claim, &about.asked(claim.period))?,
            None => not_compared(claim, incomparable(claim)),
        });
    }
    Ok(shown)
}

fn not_compared(claim: &Published, why: Option<String>) -> ClaimShown {
    ClaimShown {
        value: Number(claim.value),
        decimals: claim.value.decimals(),
        precision: claim.precision,
        as_at: claim.as_at,
        source: claim.source.clone(),
        ours: None,
        differs: None,
        differs_by: None,
        why,
    }
}

impl<R: Rows> Evaluation<'_, R> {
    /// The claims about exactly this figure, each compared at its own `as_at`.
    pub(super) fn claims(&self, asked: &Asked<'_>) -> Result<Vec<ClaimShown>, RowsError> {
        let shown = breakdown_shown(asked.values, asked.home.as_ref());
        let about = |claim: &&Published| {
            claim.kind == ClaimKind::Figure
                && claim.measure == asked.measure.name()
                && claim.scope == *self.scope
                && claim.period == asked.period
                && claim.breakdown.len() == shown.len()
                && claim
                    .breakdown
                    .iter()
                    .all(|(name, value)| shown.get(name).is_some_and(|v| v == value.as_str()))
        };
        let claims = self.registry.claims.iter().filter(about);
        claims.map(|claim| self.beside(claim, asked)).collect()
    }

    /// A claim beside our number at the claim's own moment.
    fn beside(&self, claim: &Published, asked: &Asked<'_>) -> Result<ClaimShown, RowsError> {
        let coverages = self.coverages(asked);
        let as_at = claim.as_at.or_else(|| coverages.complete_to());
        let ours = self.compute(asked, &coverages, as_at)?;
        let ours = ours.and_then(|quantity| quantity.rounded(claim.decimals()));
        let Some(ours) = ours else {
            let why = why_none(asked, &coverages, as_at);
            return Ok(not_compared(claim, Some(why)));
        };
        let (differs, by) = match claim.beside(ours) {
            Beside::Agrees => (false, None),
            Beside::Differs { by } => (true, by),
        };
        // Our number at a moment that somebody else chose is nothing for everybody.
        let readers = self.audience == Audience::Readers;
        Ok(ClaimShown {
            ours: readers.then_some(Number(ours)),
            differs: Some(differs),
            differs_by: by.filter(|_| readers).map(Number),
            ..not_compared(claim, None)
        })
    }

    /// Figures that claims name and the query's periods and breakdowns do not already give.
    pub(super) fn add_claimed(
        &self,
        query: &Query,
        given: &mut Given,
        take: &mut Take<'_>,
    ) -> Result<(), RowsError> {
        let claims = self.registry.claims.iter();
        for claim in claims.filter(|claim| claim.scope == *self.scope) {
            let Some(about) = About::of(claim) else {
                continue;
            };
            let mut breakdowns = query.breakdowns.iter();
            let wanted = query.measures.contains(&about.measure)
                && breakdowns.any(|breakdown| asks_for(breakdown, &about));
            let shown = breakdown_shown(&about.values, about.home.as_ref());
            let figure = (about.measure.name(), claim.period.to_string(), shown);
            if wanted && !given.0.contains(&figure) {
                let figure = self.figure(&about.asked(claim.period), query.basis.as_at)?;
                given.note(&figure);
                take(figure)?;
            }
        }
        Ok(())
    }
}

/// Why there is no number of ours, in words.
fn why_none(asked: &Asked<'_>, coverages: &Coverages, as_at: Option<Timestamp>) -> String {
    let (measure, period) = (asked.measure, &asked.period);
    let looked_at = window(measure, period);
    if coverages.by_log.is_empty() {
        return format!("no council was a member in {period}");
    }
    let silent = coverages.by_log.iter().filter(|(_, coverage)| {
        covering(coverage.as_ref(), &looked_at, measure, as_at) == Covered::No
    });
    let silent: Vec<&str> = silent.map(|(log, _)| log.as_str()).collect();
    if !silent.is_empty() {
        let logs = silent.join(", ");
        let agreed = match measure.definition().agreed {
            Some(_) => ", or nothing that it rests on is agreed there",
            None => "",
        };
        return format!("the record of {logs} does not cover {looked_at}{agreed}");
    }
    match measure.definition().months_back {
        Some(_) if period.months().is_none() => {
            format!("{measure} looks at whole months, and {period} is no month")
        }
        Some(_) | None => {
            format!("nothing is recorded or agreed for {period} that {measure} can be made from")
        }
    }
}

/// Whether a breakdown asks for the figure that a claim is about among others.
fn asks_for(breakdown: &Breakdown, about: &About) -> bool {
    let mut fixed = breakdown.fixed.iter();
    let of_home = match (&breakdown.home, &about.home) {
        (Home::Whole, None) | (Home::Split, Some(_)) => true,
        (Home::Of(wanted), Some(home)) => wanted == home,
        (Home::Whole, Some(_)) | (Home::Split | Home::Of(_), None) => false,
    };
    of_home
        && breakdown.mask() == Mask::of(about.values.keys().copied())
        && fixed.all(|(dimension, value)| about.values.get(dimension) == Some(value))
}
