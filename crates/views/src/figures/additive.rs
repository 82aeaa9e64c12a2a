//! Whether figures add up: what `verify` looks at.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use townclerk_domain::names::Scope;

use super::query::{Breakdown, Home, Periods, Query};
use crate::contributions::Basis;
use crate::dimension::Mask;
use crate::figure::Figure;
use crate::measure::Measure;

/// Everything that must add up in a scope. All of it is looked at from one moment, just after
/// `newest`: parts and totals that are complete up to different moments could not be compared.
pub fn additive_query(scope: Scope, newest: Option<Timestamp>) -> Query {
    let split = |mask: Mask| Breakdown {
        split: mask.dimensions().collect(),
        ..Breakdown::default()
    };
    let mut breakdowns: Vec<Breakdown> = Mask::everything().into_iter().map(split).collect();
    if scope == Scope::Joint {
        breakdowns.push(Breakdown {
            home: Home::Split,
            ..Breakdown::default()
        });
    }
    Query {
        scope,
        measures: Measure::ALL
            .into_iter()
            .filter(|measure| measure.definition().adds_up)
            .collect(),
        periods: Periods::Recorded,
        breakdowns,
        basis: Basis {
            as_at: newest.map(|newest| newest + SignedDuration::from_micros(1)),
            known_at: None,
        },
    }
}

/// Where the parts of a breakdown do not make up their total, in words.
pub fn additive_differences(figures: &[Figure]) -> Vec<String> {
    let mut totals = BTreeMap::new();
    let mut parts: BTreeMap<_, i64> = BTreeMap::new();
    for figure in figures {
        let cell = (figure.measure, figure.period.label.as_str());
        let Some(value) = figure.numerator else {
            continue;
        };
        if figure.breakdown.is_empty() {
            totals.insert(cell, value);
        } else {
            let names: Vec<&str> = figure.breakdown.keys().map(String::as_str).collect();
            *parts.entry((cell, names.join(" and "))).or_default() += value;
        }
    }
    let wrong = parts.into_iter().filter_map(|((cell, by), sum)| {
        let total = totals.get(&cell)?;
        let (measure, period) = cell;
        (sum != *total).then(|| format!("{measure} of {period}: by {by} {sum}, in all {total}"))
    });
    wrong.collect()
}
