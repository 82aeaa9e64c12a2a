//! Outages and known errors: how many there were.

use jiff::{SignedDuration, Timestamp};
use townclerk_domain::outage::{Nature, Outage, Severity};
use townclerk_domain::period::Period;

use super::computed::{Computing, count};
use super::evaluate::Evaluation;
use super::query::Values;
use crate::dimension::{Dimension, UNKNOWN};
use crate::kept::Kept;
use crate::quantity::Quantity;
use crate::rows::Rows;

impl<R: Rows> Evaluation<'_, R> {
    /// Those of one nature.
    pub(super) fn outages(&self, of: &Computing<'_>, nature: Nature) -> Quantity {
        let all = of.ledger.outages.iter();
        let counted = all.filter(|outage| outage.stands.nature() == nature);
        let counted = counted.filter(|outage| {
            began_in(outage, &of.asked.period, of.as_at)
                .is_some_and(|at| self.is_of_home(of.asked, outage, at, &outage.stands.councils))
                && has(outage, of.asked.values)
        });
        count(counted.map(|outage| outage.sample))
    }
}

/// When an outage began, if that lies in a period: of one of which the time is known only
/// roughly, if all of that time does.
pub(super) fn began_in(
    outage: &Kept<Outage>,
    period: &Period,
    as_at: Timestamp,
) -> Option<Timestamp> {
    let begun = outage.stands.begun.as_ref()?;
    let (from, ends) = match begun.declared.when {
        Some(within) => (within.start(), within.end()),
        None => (begun.at, begun.at + SignedDuration::from_nanos(1)),
    };
    let lies_in = period.start() <= from && ends <= period.end() && begun.at < as_at;
    lies_in.then_some(begun.at)
}

/// Whether an outage has these values, by the cause that was found last and by its worst effect.
pub(super) fn has(outage: &Kept<Outage>, values: &Values) -> bool {
    values
        .iter()
        .all(|(dimension, value)| value_of(&outage.stands, *dimension) == Some(value))
}

/// The value of a dimension; unknown until a cause is found, or an effect.
pub(super) fn value_of(outage: &Outage, dimension: Dimension) -> Option<&str> {
    let cause = outage.cause.as_ref();
    let value = match dimension {
        Dimension::Component => cause.map(|cause| cause.component.as_str()),
        Dimension::Class => cause.map(|cause| cause.class.as_str()),
        Dimension::Party => cause.map(|cause| cause.party.code()),
        Dimension::Severity => outage.worst().map(Severity::code),
        _ => return None,
    };
    Some(value.unwrap_or(UNKNOWN))
}
