//! Whether figures add up: what `verify` looks at.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use townclerk_domain::names::Scope;

use super::query::{Breakdown, Home, Periods, Query};
use crate::basis::Basis;
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
        like_for_like: false,
    }
}

/// Where the parts of a breakdown do not make up their total, in words.
pub fn additive_differences(figures: &[Figure]) -> Vec<String> {
    let mut totals = BTreeMap::new();
    // A part of which nothing is known leaves nothing to compare: the sum is none either.
    let mut parts: BTreeMap<_, Option<i64>> = BTreeMap::new();
    for figure in figures {
        let cell = (figure.measure, figure.period.label.as_str());
        if figure.breakdown.is_empty() {
            totals.extend(figure.numerator.map(|value| (cell, value)));
        } else {
            let names: Vec<&str> = figure.breakdown.keys().map(String::as_str).collect();
            let sum = parts.entry((cell, names.join(" and "))).or_insert(Some(0));
            *sum = sum.zip(figure.numerator).map(|(sum, value)| sum + value);
        }
    }
    let wrong = parts.into_iter().filter_map(|((cell, by), sum)| {
        let (total, sum) = (totals.get(&cell)?, sum?);
        let (measure, period) = cell;
        (sum != *total).then(|| format!("{measure} of {period}: by {by} {sum}, in all {total}"))
    });
    wrong.collect()
}
