//! Outages and known errors: how many there were.

use jiff::Timestamp;
use townclerk_domain::outage::{Nature, Outage, Severity};
use townclerk_domain::period::{Period, london_day};

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
            began_in(outage, &of.asked.period, of.as_at).is_some_and(|days| {
                self.is_home(of.asked, &days, &outage.log, &outage.stands.councils)
            }) && has(outage, of.asked.values)
        });
        count(counted.map(|outage| outage.sample))
    }
}

/// The days on which an outage may have begun: the one on which it did, unless its time is
/// known only roughly.
pub(super) fn began_on(outage: &Outage) -> Option<Period> {
    let begun = outage.begun.as_ref()?;
    Some(match begun.declared.when {
        Some(within) => Period::Days {
            first: within.from,
            last: within.to,
        },
        None => Period::Day(london_day(begun.at)),
    })
}

/// The same, if all of them lie in a period and it began before a moment.
pub(super) fn began_in(outage: &Kept<Outage>, period: &Period, as_at: Timestamp) -> Option<Period> {
    let begun = outage.stands.begun.as_ref()?;
    let days = began_on(&outage.stands)?;
    let lies_in = period.first_day() <= days.first_day() && days.last_day() <= period.last_day();
    (lies_in && begun.at < as_at).then_some(days)
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
