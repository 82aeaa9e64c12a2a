//! How a batch changes the counters, by the keys of their rows: made in one buffer, so that a
//! counter that is met again costs no more than finding it.

use std::collections::BTreeMap;

use townclerk_domain::names::{LogName, SHARED};
use townclerk_domain::period::Month;

use crate::contribution::Contribution;
use crate::dimension::Mask;
use crate::key::counter::{self, Cell};

#[derive(Default)]
pub(crate) struct Counting {
    changes: BTreeMap<Vec<u8>, Cell>,
    key: Vec<u8>,
}

impl Counting {
    /// Adds (`sign` 1) or takes away (`sign` -1) what a record of `log` contributes, in each month
    /// and under each mask: to its log, and to each council that a shared record hits.
    pub fn add(
        &mut self,
        log: &LogName,
        contributions: &[Contribution],
        sample: bool,
        masks: &[Mask],
        sign: i64,
    ) {
        for contribution in contributions {
            let month = Month::of(contribution.at);
            let change = Cell {
                delta: contribution.delta * sign,
                sample: i64::from(sample) * sign,
            };
            for mask in masks {
                if contribution.stays(*mask) {
                    continue;
                }
                self.add_to(&[log.as_str()], contribution, *mask, month, change);
                for council in contribution.attributes.councils() {
                    let slot = [SHARED, "/", council.as_str()];
                    self.add_to(&slot, contribution, *mask, month, change);
                }
            }
        }
    }

    fn add_to(
        &mut self,
        slot: &[&str],
        contribution: &Contribution,
        mask: Mask,
        month: Month,
        change: Cell,
    ) {
        let (measure, attributes) = (contribution.measure, &*contribution.attributes);
        self.key.clear();
        if !counter::write_key(&mut self.key, slot, measure, mask, attributes, month) {
            return;
        }
        match self.changes.get_mut(self.key.as_slice()) {
            Some(cell) => cell.add(change),
            None => {
                self.changes.insert(self.key.clone(), change);
            }
        }
    }

    /// Takes over what another part of the batch changed.
    pub fn join(&mut self, other: Self) {
        for (key, change) in other.changes {
            self.changes.entry(key).or_default().add(change);
        }
    }

    /// Every counter that changed, by the key of its row.
    pub fn into_changes(self) -> impl Iterator<Item = (Vec<u8>, Cell)> {
        self.changes.into_iter().filter(|(_, cell)| !cell.is_zero())
    }
}
