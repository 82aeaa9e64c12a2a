//! Asks a view for everything that its page shows: a few queries, each for many figures.

use std::collections::BTreeMap;

use townclerk_domain::claim::Published;
use townclerk_domain::names::{LogName, Scope};
use townclerk_domain::period::{Month, Period};
use townclerk_views::contributions::Basis;
use townclerk_views::dimension::Dimension;
use townclerk_views::figure::Figure;
use townclerk_views::figures::{Breakdown, Home, Periods, Query};
use townclerk_views::measure::Measure;
use townclerk_views::registry::Registry;

use super::periods::Shown;
use crate::view::{View, ViewError};

/// The measures of the main tables, in the order of their columns.
pub const MEASURES: [Measure; 4] = [
    Measure::TicketsLogged,
    Measure::TicketsResolved,
    Measure::TicketsOpen,
    Measure::TicketsReopened,
];

pub const INCIDENT: &str = "incident";

pub const P1: &str = "p1";

/// What a page is made from.
pub struct Gathered {
    pub scope: Scope,
    /// As the page was asked for.
    pub asked: Basis,
    pub registry: Registry,
    pub shown: Shown,
    pub main: Figures,
    pub incidents: Figures,
    pub claims: Vec<Claimed>,
    pub only: Only,
}

/// What only one sort of page shows.
pub enum Only {
    Joint { p1: Figures },
    Log(Box<LogFigures>),
}

pub struct LogFigures {
    pub services: Figures,
    pub categories: Figures,
    pub open: Figures,
    /// Shared records that hit the council; none on the page of `shared` itself.
    pub shared: Option<Figures>,
}

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
}

/// # Errors
/// Only what is wrong with the rows.
pub fn gather(view: &View, scope: Scope, asked: Basis) -> Result<Gathered, ViewError> {
    let registry = view.with_rows(|rows| Registry::read(rows, asked.known_at))?;
    let reader = Reader {
        view,
        scope: &scope,
        asked,
    };
    let shown = reader.shown()?;
    let quarters = &shown.quarters;
    let by_priority = split(Dimension::Priority, &[(Dimension::Kind, INCIDENT)]);
    let main = reader.figures(&MEASURES, shown.all(), Breakdown::default())?;
    let incidents = reader.figures(&[Measure::TicketsLogged], quarters.clone(), by_priority)?;
    let claims = reader.claims(&registry)?;
    let only = match &scope {
        Scope::Joint => {
            let p1 = fixed(&[(Dimension::Kind, INCIDENT), (Dimension::Priority, P1)]);
            let p1 = reader.figures(&[Measure::TicketsLogged], shown.all(), p1)?;
            Only::Joint { p1 }
        }
        Scope::Log(log) => Only::Log(Box::new(reader.of_log(log, &shown)?)),
    };
    Ok(Gathered {
        asked,
        registry,
        shown,
        main,
        incidents,
        claims,
        only,
        scope,
    })
}

struct Reader<'a> {
    view: &'a View,
    scope: &'a Scope,
    asked: Basis,
}

impl Reader<'_> {
    fn query(&self, measures: &[Measure], periods: Periods, breakdown: Breakdown) -> Query {
        Query {
            scope: self.scope.clone(),
            measures: measures.to_vec(),
            periods,
            breakdowns: vec![breakdown],
            basis: self.asked,
        }
    }

    fn figures(
        &self,
        measures: &[Measure],
        periods: Vec<Period>,
        breakdown: Breakdown,
    ) -> Result<Figures, ViewError> {
        let query = self.query(measures, Periods::These(periods), breakdown);
        self.view.figures(&query).map(Figures)
    }

    /// From the first recorded month to the moment that is asked for, or else up to where the
    /// record is complete; where a council is silent, up to where the others are.
    fn shown(&self) -> Result<Shown, ViewError> {
        let logged = [Measure::TicketsLogged];
        let recorded = self.query(&logged, Periods::Recorded, Breakdown::default());
        let recorded = self.view.figures(&recorded)?;
        let Some(first) = recorded.first() else {
            return Ok(Shown::default());
        };
        let complete = || first.complete_to.values().flatten().max().copied();
        let as_at = first.as_at.or_else(complete).or(first.known_at);
        let month = Month::of_day(first.period.from);
        Ok(as_at.map_or_else(Shown::default, |as_at| Shown::between(month, as_at)))
    }

    fn of_log(&self, log: &LogName, shown: &Shown) -> Result<LogFigures, ViewError> {
        const COUNTED: [Measure; 2] = [Measure::TicketsLogged, Measure::TicketsOpen];
        const BESIDE: [Measure; 3] = [
            Measure::TicketsLogged,
            Measure::TicketsResolved,
            Measure::TicketsOpen,
        ];
        let latest = shown.latest_quarters();
        let by = |dimension| self.figures(&COUNTED, latest.clone(), split(dimension, &[]));
        let now = shown.now().into_iter().collect();
        let by_priority = split(Dimension::Priority, &[]);
        let beside = Breakdown {
            home: Home::Of(LogName::shared()),
            ..Breakdown::default()
        };
        let shared = || self.figures(&BESIDE, shown.quarters.clone(), beside);
        Ok(LogFigures {
            services: by(Dimension::Service)?,
            categories: by(Dimension::Category)?,
            open: self.figures(&[Measure::TicketsOpen], now, by_priority)?,
            shared: (!log.is_shared()).then(shared).transpose()?,
        })
    }

    /// Every claim about this scope with our figure at the claim's own moment: one query for all
    /// claims that differ in nothing but their period.
    fn claims(&self, registry: &Registry) -> Result<Vec<Claimed>, ViewError> {
        let about = registry
            .claims
            .iter()
            .filter(|claim| claim.scope == *self.scope);
        let mut groups: Vec<(&Published, Vec<&Published>)> = Vec::new();
        for claim in about {
            let group = groups.iter_mut().find(|(first, _)| {
                first.measure == claim.measure
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
        let values = first.breakdown.iter().map(|(name, value)| {
            let dimension = Dimension::from_name(name)?;
            Some((dimension, value.as_str()))
        });
        let values: Option<Vec<_>> = values.collect();
        let (Some(measure), Some(values)) = (Measure::from_name(&first.measure), values) else {
            return Ok(BTreeMap::new());
        };
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
        let figures = at.figures(&[measure], periods.clone(), fixed(&values))?;
        Ok(periods.into_iter().zip(figures.0).collect())
    }
}

fn fixed(values: &[(Dimension, &str)]) -> Breakdown {
    let fixed = values.iter().map(|(d, value)| (*d, (*value).to_owned()));
    Breakdown {
        fixed: fixed.collect(),
        ..Breakdown::default()
    }
}

fn split(dimension: Dimension, values: &[(Dimension, &str)]) -> Breakdown {
    Breakdown {
        split: vec![dimension],
        ..fixed(values)
    }
}
