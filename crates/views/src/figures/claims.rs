//! Claims beside figures: what was published, compared at its own moment.

use std::collections::{BTreeMap, BTreeSet};

use townclerk_domain::claim::Published;

use super::evaluate::{Asked, Evaluation, Take, breakdown_shown};
use super::query::{Breakdown, Home, Query, Values};
use crate::dimension::{Dimension, Mask};
use crate::figure::{ClaimShown, Figure, Number};
use crate::measure::Measure;
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

impl<R: Rows> Evaluation<'_, R> {
    /// The claims about exactly this figure, each compared at its own `as_at`.
    pub(super) fn claims(&self, asked: &Asked<'_>) -> Result<Vec<ClaimShown>, RowsError> {
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
            let ours = ours.and_then(|quantity| quantity.rounded(decimals));
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
    pub(super) fn add_claimed(
        &self,
        query: &Query,
        given: &mut Given,
        take: &mut Take<'_>,
    ) -> Result<(), RowsError> {
        for claim in self
            .registry
            .claims
            .iter()
            .filter(|claim| claim.scope == *self.scope)
        {
            let measure = Measure::from_name(&claim.measure);
            let Some(measure) = measure.filter(|m| query.measures.contains(m)) else {
                continue;
            };
            let values: Option<Values> = claim
                .breakdown
                .iter()
                .map(|(name, value)| {
                    Dimension::from_name(name)
                        .map(|dimension| (dimension, value.as_str().to_owned()))
                })
                .collect();
            let Some(values) = values else { continue };
            let wanted = query
                .breakdowns
                .iter()
                .any(|breakdown| breakdown.fits(measure) && asks_for(breakdown, &values));
            let shown = breakdown_shown(&values, None);
            let figure = (measure.name(), claim.period.to_string(), shown);
            if wanted && !given.0.contains(&figure) {
                let asked = Asked {
                    measure,
                    period: claim.period,
                    values: &values,
                    home: &None,
                };
                let figure = self.figure(&asked, query.basis.as_at)?;
                given.note(&figure);
                take(figure)?;
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
