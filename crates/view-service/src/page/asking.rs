//! Asks a view for what a page shows: a few queries, each for many figures, and the records.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use townclerk_domain::claim::{ClaimKind, Published, incomparable};
use townclerk_domain::names::{LogName, Scope};
use townclerk_domain::period::{Month, Period};
use townclerk_views::basis::Basis;
use townclerk_views::dimension::Dimension;
use townclerk_views::figure::Figure;
use townclerk_views::figures::{Audience, Breakdown, Home, Periods, Query};
use townclerk_views::ledger::Ledger;
use townclerk_views::measure::Measure;
use townclerk_views::registry::Registry;

use super::periods::{Most, Shown};
use super::topic::Topic;
use crate::reads::ViewRows;
use crate::view::ViewError;

/// What a page asks of a view, for whom.
#[derive(Clone, Copy)]
pub struct Asking<'a> {
    pub view: ViewRows<'a>,
    pub scope: &'a Scope,
    /// As the page was asked for.
    pub asked: Basis,
    pub registry: &'a Registry,
    pub audience: Audience,
    /// Whether the reader may see single records beside figures.
    pub records: bool,
    /// Whether the reader may see single tickets.
    pub tickets: bool,
    pub signed_in: bool,
    /// Whether a table is to be taken away: then it is as long as its list.
    pub whole: bool,
}

/// Rows of a list that is taken away, at most.
const TAKEN_ROWS_MAX: usize = 10_000;

/// A published figure with ours at the same moment; `None` where we do not compute it.
pub struct Claimed {
    pub claim: Published,
    pub ours: Option<Figure>,
}

/// Figures that can be looked up.
#[derive(Default)]
pub struct Figures(Vec<Figure>);

impl Figures {
    #[cfg(test)]
    pub fn new(figures: Vec<Figure>) -> Self {
        Self(figures)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Figure> {
        self.0.iter()
    }

    /// The figure of a period that counts exactly the records with these values; `home` apart.
    pub fn find(
        &self,
        measure: Measure,
        period: &Period,
        values: &[(Dimension, &str)],
    ) -> Option<&Figure> {
        let label = period.to_string();
        self.0.iter().find(|figure| {
            let dimensions = figure.breakdown.keys().filter(|name| *name != "home");
            figure.measure == measure.name()
                && figure.period.label == label
                && dimensions.count() == values.len()
                && values.iter().all(|(dimension, value)| {
                    figure.breakdown.get(dimension.name()).map(String::as_str) == Some(*value)
                })
        })
    }

    /// The values that a dimension has among these figures.
    pub fn values_of(&self, dimension: Dimension) -> BTreeSet<&str> {
        let values = self.0.iter();
        let values = values.filter_map(|figure| figure.breakdown.get(dimension.name()));
        values.map(String::as_str).collect()
    }
}

impl Asking<'_> {
    fn query(&self, measures: &[Measure], periods: Periods, breakdown: Breakdown) -> Query {
        Query {
            scope: self.scope.clone(),
            measures: measures.to_vec(),
            periods,
            breakdowns: vec![breakdown],
            basis: self.asked,
            like_for_like: false,
        }
    }

    pub fn figures(
        &self,
        measures: &[Measure],
        periods: Vec<Period>,
        breakdown: Breakdown,
    ) -> Result<Figures, ViewError> {
        let query = self.query(measures, Periods::These(periods), breakdown);
        self.view.figures(&query, self.audience).map(Figures)
    }

    /// The same figures over the same councils in all periods.
    pub fn like_for_like(
        &self,
        measures: &[Measure],
        periods: Vec<Period>,
    ) -> Result<Figures, ViewError> {
        let query = self.query(measures, Periods::These(periods), Breakdown::default());
        let like_for_like = Query {
            like_for_like: true,
            ..query
        };
        self.view
            .figures(&like_for_like, self.audience)
            .map(Figures)
    }

    /// From the first month that is recorded of a measure to the moment that is asked for, or else
    /// up to where the record is complete; where a council is silent, up to where the others are.
    pub fn shown(&self, measure: Measure) -> Result<Shown, ViewError> {
        let recorded = self.query(&[measure], Periods::Recorded, Breakdown::default());
        let recorded = self.view.figures(&recorded, self.audience)?;
        let Some(first) = recorded.first() else {
            return Ok(Shown::default());
        };
        let complete = || first.complete_to.values().flatten().max().copied();
        let as_at = first.as_at.or_else(complete).or(first.known_at);
        let month = Month::of_day(first.period.from);
        let most = match self.whole {
            true => Most::TAKEN,
            false => Most::ON_A_PAGE,
        };
        Ok(as_at.map_or_else(Shown::default, |as_at| Shown::between(month, as_at, most)))
    }

    /// How many rows a list has at most that has `on_a_page` of them on a page.
    pub fn rows_max(&self, on_a_page: usize) -> usize {
        match self.whole {
            true => TAKEN_ROWS_MAX,
            false => on_a_page,
        }
    }

    /// The same page as at the moment of its figures, for the lists of records beside them.
    pub fn beside(&self, shown: &Shown) -> Self {
        let as_at = self.asked.as_at.or(shown.as_at);
        let asked = Basis {
            as_at,
            ..self.asked
        };
        Self { asked, ..*self }
    }

    /// The latest moment at which any page of the view shows its figures.
    pub fn latest(&self) -> Result<Option<Timestamp>, ViewError> {
        let mut latest = self.asked.as_at;
        if latest.is_none() {
            for measure in Topic::ALL.into_iter().filter_map(Topic::counted_first) {
                latest = latest.max(self.shown(measure)?.as_at);
            }
        }
        Ok(latest)
    }

    /// The figure of a stock as it stands at the moment up to which its own record is complete.
    pub fn standing(&self, measure: Measure) -> Result<Option<Figure>, ViewError> {
        let shown = self.shown(measure)?;
        let now = shown.now().into_iter().collect();
        let found = self.figures(&[measure], now, Breakdown::default())?;
        Ok(found.0.into_iter().next())
    }

    /// The shared records that hit a council, beside its own; nothing for other scopes.
    pub fn shared_beside(
        &self,
        measures: &[Measure],
        periods: &[Period],
    ) -> Result<Option<Figures>, ViewError> {
        match self.scope {
            Scope::Log(log) if !log.is_shared() => {
                let beside = Breakdown {
                    home: Home::Of(LogName::shared()),
                    ..Breakdown::default()
                };
                self.figures(measures, periods.to_vec(), beside).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// The records that the page's lists are made from.
    pub fn ledger(&self) -> Result<Arc<Ledger>, ViewError> {
        self.view
            .with_reading(|reading| reading.ledger(self.scope, self.asked))
    }

    /// The moment at which the records of the page stand: as asked, else where its figures stand,
    /// else when the newest of them became known.
    pub fn now(&self, shown: &Shown) -> Result<Option<Timestamp>, ViewError> {
        if let Some(at) = self.asked.as_at.or(shown.as_at) {
            return Ok(Some(at));
        }
        let newest = |at: &Timestamp| *at + SignedDuration::from_micros(1);
        self.view
            .with_reading(|reading| Ok(reading.newest(self.scope).as_ref().map(newest)))
    }

    /// Every claim about this scope that the page is about, with our figure at the claim's own
    /// moment: one query for all claims that differ in nothing but their period.
    pub fn claims(
        &self,
        is_about: impl Fn(Option<Measure>) -> bool,
    ) -> Result<Vec<Claimed>, ViewError> {
        let about = self
            .registry
            .claims
            .iter()
            .filter(|claim| claim.scope == *self.scope && is_about(measure_of(claim)));
        let mut groups: Vec<(&Published, Vec<&Published>)> = Vec::new();
        for claim in about {
            let group = groups.iter_mut().find(|(first, _)| {
                first.measure == claim.measure
                    && first.kind == claim.kind
                    && first.breakdown == claim.breakdown
                    && first.as_at == claim.as_at
            });
            match group {
                Some((_, claims)) => claims.push(claim),
                None => groups.push((claim, vec![claim])),
            }
        }
        let mut claimed = Vec::new();
        for (first, claims) in groups {
            let found = self.claimed(first, &claims)?;
            claimed.extend(claims.into_iter().map(|claim| Claimed {
                claim: claim.clone(),
                ours: found.get(&claim.period).cloned(),
            }));
        }
        Ok(claimed)
    }

    fn claimed(
        &self,
        first: &Published,
        claims: &[&Published],
    ) -> Result<BTreeMap<Period, Figure>, ViewError> {
        let (Some(measure), None) = (measure_of(first), incomparable(first)) else {
            return Ok(BTreeMap::new());
        };
        let mut fixed = Breakdown::default();
        for (name, value) in &first.breakdown {
            match Dimension::from_name(name) {
                Some(dimension) => {
                    fixed.fixed.insert(dimension, value.as_str().to_owned());
                }
                // What can be compared has no other than the home.
                None => fixed.home = LogName::new(value.as_str()).map_or(Home::Whole, Home::Of),
            }
        }
        let mut periods: Vec<Period> = claims.iter().map(|claim| claim.period).collect();
        periods.sort_unstable();
        periods.dedup();
        let at = Self {
            asked: Basis {
                as_at: first.as_at,
                known_at: self.asked.known_at,
            },
            ..*self
        };
        // One measure with fixed values: one figure for each period, in order.
        let figures = at.figures(&[measure], periods.clone(), fixed)?;
        Ok(periods.into_iter().zip(figures.0).collect())
    }
}

/// The measure that a claim is about, where it is a figure of ours.
pub fn measure_of(claim: &Published) -> Option<Measure> {
    match claim.kind {
        ClaimKind::Figure => Measure::from_name(&claim.measure),
        ClaimKind::Text => None,
    }
}

pub fn fixed(values: &[(Dimension, &str)]) -> Breakdown {
    let fixed = values.iter().map(|(d, value)| (*d, (*value).to_owned()));
    Breakdown {
        fixed: fixed.collect(),
        ..Breakdown::default()
    }
}

pub fn split(dimension: Dimension, values: &[(Dimension, &str)]) -> Breakdown {
    Breakdown {
        split: vec![dimension],
        ..fixed(values)
    }
}
