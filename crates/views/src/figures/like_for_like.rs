//! Figures of all councils like for like: in every period the same councils, those that were members
//! throughout. What is left out is what membership changed, and nothing else.

use townclerk_domain::names::LogName;
use townclerk_domain::period::Period;

use super::evaluate::{Evaluation, Reading};
use super::query::Query;
use super::scope::window;
use crate::measure::Measure;
use crate::registry::Registry;
use crate::rows::{Rows, RowsError};

impl<R: Rows> Evaluation<'_, R> {
    /// Everything that the figures of a query look at: one that looks back needs the same councils
    /// in all of it.
    fn looked_at(&self, query: &Query) -> Result<Vec<Period>, RowsError> {
        let mut looked_at = Vec::new();
        let fits = |measure: &&Measure| query.breakdowns.iter().any(|by| by.fits(**measure));
        for measure in query.measures.iter().filter(fits) {
            let periods = self.periods(&query.periods, *measure, query.basis.as_at)?;
            looked_at.extend(periods.iter().map(|period| window(*measure, period)));
        }
        Ok(looked_at)
    }

    /// Whether a log is that of a council which is left out here; without councils there is nothing
    /// shared either.
    pub(super) fn leaves_out(&self, log: &LogName) -> bool {
        self.constant.as_ref().is_some_and(|constant| {
            let shared = log.is_shared() && !constant.is_empty();
            !shared && !constant.contains(log)
        })
    }
}

/// The councils that were members throughout all that a query looks at; the registry is left with
/// these alone.
pub(super) fn constant<R: Rows>(
    reading: &Reading<'_, R>,
    registry: &mut Registry,
    query: &Query,
) -> Result<Vec<LogName>, RowsError> {
    loop {
        let looked_at = Evaluation::new(reading, registry, query, None)?.looked_at(query)?;
        let before = registry.members.len();
        let constant = keep_constant(registry, &looked_at);
        // Up to when periods are recorded may follow from who is left.
        if registry.members.len() == before {
            return Ok(constant);
        }
    }
}

/// Leaves the councils that were members throughout all of these periods, and names them.
fn keep_constant(registry: &mut Registry, periods: &[Period]) -> Vec<LogName> {
    let first = periods.iter().map(Period::first_day).min();
    let last = periods.iter().map(Period::last_day).max();
    registry.members.retain(|member| {
        // Membership has no gaps: a member at both ends is one in between.
        first.is_none_or(|first| member.joined.from <= first)
            && last.is_none_or(|last| member.last_day.is_none_or(|left| last <= left))
    });
    let councils = registry.members.iter();
    councils
        .filter_map(|member| LogName::new(member.joined.council.as_str()).ok())
        .collect()
}
