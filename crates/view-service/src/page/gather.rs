//! What the page of tickets is made from.

use townclerk_domain::identity::Family;
use townclerk_domain::names::Scope;
use townclerk_domain::period::Period;
use townclerk_views::basis::Basis;
use townclerk_views::dimension::Dimension;
use townclerk_views::figures::Breakdown;
use townclerk_views::measure::Measure;

use super::asking::{Asking, Claimed, Figures, fixed, split};
use super::periods::Shown;
use crate::view::ViewError;

/// The measures of the main tables, in the order of their columns.
pub const MEASURES: [Measure; 4] = [
    Measure::TicketsLogged,
    Measure::TicketsResolved,
    Measure::TicketsOpen,
    Measure::TicketsReopened,
];

/// What the other pages say in one number.
pub const BESIDE: [Measure; 2] = [Measure::Outages, Measure::MonthsBelowTarget];

/// Services and categories that a page names.
const TOP: usize = 10;

pub const INCIDENT: &str = "incident";

pub const P1: &str = "p1";

/// What a page is made from.
pub struct Gathered {
    pub scope: Scope,
    pub asked: Basis,
    /// Rows of a table of services or categories, at most.
    pub top: usize,
    pub shown: Shown,
    pub main: Figures,
    pub incidents: Figures,
    /// Of the latest complete month.
    pub beside: Figures,
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

/// # Errors
/// Only what is wrong with the rows.
pub fn gather(asking: &Asking<'_>) -> Result<Gathered, ViewError> {
    let shown = asking.shown(Measure::TicketsLogged)?;
    let quarters = &shown.quarters;
    let by_priority = split(Dimension::Priority, &[(Dimension::Kind, INCIDENT)]);
    let main = asking.figures(&MEASURES, shown.all(), Breakdown::default())?;
    let incidents = asking.figures(&[Measure::TicketsLogged], quarters.clone(), by_priority)?;
    let latest: Vec<Period> = shown.complete_month.into_iter().collect();
    let beside = asking.figures(&BESIDE, latest, Breakdown::default())?;
    // What is claimed of a measure that is not known here stands on this page too.
    let claims = asking.claims(|measure| {
        measure.is_none_or(|measure| measure.kind().family() == Family::Ticket)
    })?;
    let only = match asking.scope {
        Scope::Joint => {
            let p1 = fixed(&[(Dimension::Kind, INCIDENT), (Dimension::Priority, P1)]);
            let p1 = asking.figures(&[Measure::TicketsLogged], shown.all(), p1)?;
            Only::Joint { p1 }
        }
        Scope::Log(_) => Only::Log(Box::new(of_log(asking, &shown)?)),
    };
    Ok(Gathered {
        scope: asking.scope.clone(),
        asked: asking.asked,
        top: asking.rows_max(TOP),
        shown,
        main,
        incidents,
        beside,
        claims,
        only,
    })
}

fn of_log(asking: &Asking<'_>, shown: &Shown) -> Result<LogFigures, ViewError> {
    const COUNTED: [Measure; 2] = [Measure::TicketsLogged, Measure::TicketsOpen];
    const SHARED: [Measure; 3] = [
        Measure::TicketsLogged,
        Measure::TicketsResolved,
        Measure::TicketsOpen,
    ];
    let latest = shown.latest_quarters();
    let by = |dimension| asking.figures(&COUNTED, latest.clone(), split(dimension, &[]));
    let now = shown.now().into_iter().collect();
    let by_priority = split(Dimension::Priority, &[]);
    Ok(LogFigures {
        services: by(Dimension::Service)?,
        categories: by(Dimension::Category)?,
        open: asking.figures(&[Measure::TicketsOpen], now, by_priority)?,
        shared: asking.shared_beside(&SHARED, &shown.quarters)?,
    })
}

impl Gathered {
    /// The figures that the page's own record makes up.
    pub fn all(&self) -> Vec<&Figures> {
        let mut sets = vec![&self.main, &self.incidents];
        match &self.only {
            Only::Joint { p1 } => sets.push(p1),
            Only::Log(of) => {
                sets.extend([&of.services, &of.categories, &of.open]);
                sets.extend(&of.shared);
            }
        }
        sets
    }
}
