//! Values that no record has: anyone who asks for one has mistyped a code, or looks for what never was.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use jiff::Timestamp;
use townclerk_domain::identity::{AggregateKind, Family};
use townclerk_domain::names::{Code, LogName, Scope};
use townclerk_domain::outage::{Outage, OutageRules};

use super::evaluate::{Asked, Evaluation, Reading};
use super::outages::value_of;
use super::query::Query;
use crate::basis::Basis;
use crate::dimension::{Dimension, Mask, UNKNOWN};
use crate::kept::every_in;
use crate::measure::Measure;
use crate::quantity::Quantity;
use crate::registry::Registry;
use crate::rows::{Rows, RowsError};
use crate::tally::Grain;

/// The values of a dimension that records of one kind have or had by some moment.
pub(super) type KnownValues =
    BTreeMap<(AggregateKind, Dimension, Option<Timestamp>), Rc<BTreeSet<String>>>;

impl<R: Rows> Evaluation<'_, R> {
    /// Which of a figure's values no record of the scope has at its moment. What counts something has
    /// records with its values.
    pub(super) fn no_record_has(
        &self,
        asked: &Asked<'_>,
        computed: Option<&Quantity>,
        as_at: Option<Timestamp>,
    ) -> Result<BTreeMap<&'static str, String>, RowsError> {
        let mut unseen = BTreeMap::new();
        if computed.is_some_and(|quantity| quantity.numerator != Some(0)) {
            return Ok(unseen);
        }
        for (dimension, value) in asked.values {
            // Of the others every value is one that there can be.
            let is_free = dimension.values().is_none() && value != UNKNOWN;
            if is_free
                && !self
                    .known_values(asked.measure, *dimension, as_at)?
                    .contains(value)
            {
                unseen.insert(dimension.name(), value.clone());
            }
        }
        Ok(unseen)
    }

    fn known_values(
        &self,
        measure: Measure,
        dimension: Dimension,
        as_at: Option<Timestamp>,
    ) -> Result<Rc<BTreeSet<String>>, RowsError> {
        let key = (measure.kind(), dimension, as_at);
        if let Some(known) = self.known_values.borrow().get(&key) {
            return Ok(Rc::clone(known));
        }
        let known = match measure.kind().family() {
            Family::Ticket => self.counted_values(Measure::TicketsLogged, dimension, as_at)?,
            Family::Restructure => self.counted_values(Measure::PostsCreated, dimension, as_at)?,
            Family::Outage => self.values_of_outages(dimension, as_at)?,
            // Nothing free is counted of these.
            Family::Change | Family::Agreement | Family::Publication | Family::Record => {
                BTreeSet::new()
            }
        };
        let known = Rc::new(known);
        let mut all = self.known_values.borrow_mut();
        all.insert(key, Rc::clone(&known));
        Ok(known)
    }

    /// The values that counted records have or had, by one of their measures.
    fn counted_values(
        &self,
        measure: Measure,
        dimension: Dimension,
        as_at: Option<Timestamp>,
    ) -> Result<BTreeSet<String>, RowsError> {
        let mask = Mask::of([dimension]);
        let cells = self.cells(measure, as_at, mask, Grain::Month, None)?;
        let mut found = BTreeSet::new();
        for slot in self.all_slots(None) {
            found.extend(cells.values(&slot, mask)?.into_iter().flatten());
        }
        Ok(found)
    }

    /// The values of outages and of maintenance, and the services of which the availability is agreed.
    fn values_of_outages(
        &self,
        dimension: Dimension,
        as_at: Option<Timestamp>,
    ) -> Result<BTreeSet<String>, RowsError> {
        let mut found = BTreeSet::new();
        let ledger = self.ledger(as_at.unwrap_or(Timestamp::MAX))?;
        let of_scope = ledger.outages.iter().filter(|outage| {
            let touches = |council: &Code| outage.stands.councils.contains(council);
            self.scope.has(&outage.log, touches)
        });
        for outage in of_scope {
            found.extend(values_in(&outage.stands, dimension));
        }
        if dimension == Dimension::Service {
            let agreements = self.registry.agreements.iter();
            for (_, agreed) in agreements.filter(|(log, _)| self.scope.reads(log)) {
                let services = agreed.stands.services().into_iter();
                found.extend(services.map(|service| service.to_string()));
            }
        }
        Ok(found)
    }
}

/// The codes that records of a log have or had for a dimension, of whichever kind they are.
///
/// # Errors
/// Only what is wrong with the rows.
pub fn recorded_codes<R: Rows>(
    reading: &Reading<'_, R>,
    log: &LogName,
    dimension: Dimension,
) -> Result<BTreeSet<String>, RowsError> {
    let query = Query::everything(Scope::Log(log.clone()));
    let registry = Registry::read(reading.rows, None)?;
    let evaluation = Evaluation::new(reading, &registry, &query, None)?;
    let mut found = BTreeSet::new();
    let counted = [Measure::TicketsLogged, Measure::PostsCreated].into_iter();
    for measure in counted.filter(|measure| measure.has(dimension)) {
        found.extend(evaluation.counted_values(measure, dimension, None)?);
    }
    for outage in every_in::<OutageRules>(reading.rows, Basis::default(), log)? {
        found.extend(
            outage
                .stands
                .iter()
                .flat_map(|outage| values_in(outage, dimension)),
        );
    }
    if dimension == Dimension::Service {
        let agreed = registry.agreements.iter().filter(|(of, _)| *of == log);
        let services = agreed.flat_map(|(_, agreed)| agreed.stands.services());
        found.extend(services.map(|service| service.to_string()));
    }
    found.remove(UNKNOWN);
    Ok(found)
}

/// The values that an outage, or planned maintenance, has of a dimension.
fn values_in(outage: &Outage, dimension: Dimension) -> Vec<String> {
    if dimension != Dimension::Service {
        let value = value_of(outage, dimension).map(str::to_owned);
        return value.into_iter().collect();
    }
    let hit = outage.effects.iter().map(|effect| &effect.service);
    let notices = outage.notices.iter();
    let planned = notices.flat_map(|notice| &notice.maintenance.services);
    hit.chain(planned).map(ToString::to_string).collect()
}
