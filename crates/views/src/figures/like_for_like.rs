//! Figures of all councils like for like: in every period the same councils, those that were members
//! throughout. What is left out is what membership changed, and nothing else.

use townclerk_domain::names::LogName;
use townclerk_domain::period::Period;

use super::evaluate::Evaluation;
use super::query::Query;
use super::scope::window;
use crate::registry::Registry;
use crate::rows::{Rows, RowsError};

impl<R: Rows> Evaluation<'_, R> {
    /// Everything that the figures of a query look at: one that looks back needs the same councils
    /// in all of it.
    pub(super) fn looked_at(&self, query: &Query) -> Result<Vec<Period>, RowsError> {
        let mut looked_at = Vec::new();
        for measure in &query.measures {
            let periods = self.periods(&query.periods, *measure, query.basis.as_at)?;
            looked_at.extend(periods.iter().map(|period| window(*measure, period)));
        }
        Ok(looked_at)
    }

    /// Whether a log is that of a council which is left out here.
    pub(super) fn leaves_out(&self, log: &LogName) -> bool {
        let constant = self.constant.as_ref();
        constant.is_some_and(|constant| !log.is_shared() && !constant.contains(log))
    }
}

/// Leaves the councils that were members throughout all of these periods, and names them.
pub(super) fn keep_constant(registry: &mut Registry, periods: &[Period]) -> Vec<LogName> {
    let first = periods.iter().map(Period::first_day).min();
    let last = periods.iter().map(Period::last_day).max();
    registry.members.retain(|member| {
        // Membership has no gaps: whoever is a member at both ends is one in between.
        first.is_none_or(|first| member.joined.from <= first)
            && last.is_none_or(|last| member.last_day.is_none_or(|left| last <= left))
    });
    let councils = registry.members.iter();
    councils
        .filter_map(|member| LogName::new(member.joined.council.as_str()).ok())
        .collect()
}
