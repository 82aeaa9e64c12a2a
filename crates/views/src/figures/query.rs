//! What can be asked of a view.

use std::collections::BTreeMap;

use townclerk_domain::coverage::Selector;
use townclerk_domain::identity::Family;
use townclerk_domain::names::{Code, LogName, Scope};
use townclerk_domain::period::Period;
use townclerk_domain::ticket::{Priority, TicketKind};

use crate::basis::Basis;
use crate::dimension::{Dimension, Mask};
use crate::measure::Measure;

/// Which periods are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Periods {
    These(Vec<Period>),
    /// Every month and every financial-year quarter from the first record to `as_at`.
    Recorded,
}

/// Whose records are counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Home {
    /// As the scope has it.
    #[default]
    Whole,
    /// One figure for each log.
    Split,
    /// One log alone; for a council `shared` means the shared records that hit it.
    Of(LogName),
}

/// Which part of the records is counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Breakdown {
    /// Only records with these values.
    pub fixed: BTreeMap<Dimension, String>,
    /// One figure for each value of these.
    pub split: Vec<Dimension>,
    pub home: Home,
}

impl Breakdown {
    pub fn mask(&self) -> Mask {
        Mask::of(self.fixed.keys().copied().chain(self.split.iter().copied()))
    }
}

#[derive(Clone, Debug)]
pub struct Query {
    pub scope: Scope,
    pub measures: Vec<Measure>,
    pub periods: Periods,
    pub breakdowns: Vec<Breakdown>,
    /// An absent `as_at` is as far as the record is complete.
    pub basis: Basis,
    /// Whether a figure of all councils sums, in each period, only those that were members
    /// throughout all of the periods. It changes nothing of other scopes.
    pub like_for_like: bool,
}

impl Query {
    /// Every figure of a scope by every breakdown that is given together.
    pub fn everything(scope: Scope) -> Self {
        let breakdowns = Mask::everything()
            .into_iter()
            .map(|mask| Breakdown {
                split: mask.dimensions().collect(),
                ..Breakdown::default()
            })
            .collect();
        Self {
            scope,
            measures: Measure::ALL.to_vec(),
            periods: Periods::Recorded,
            breakdowns,
            basis: Basis::default(),
            like_for_like: false,
        }
    }
}

/// The values of one figure's breakdown.
pub(super) type Values = BTreeMap<Dimension, String>;

/// The records that a figure needs to be covered; what was agreed is not covered but there.
pub(super) fn selectors(measure: Measure, values: &Values) -> Vec<Selector> {
    let definition = measure.definition();
    let families = definition.families.iter().copied();
    let recorded = families.filter(|family| *family != Family::Agreement);
    recorded
        .map(|family| match family {
            Family::Ticket if definition.major_only => Selector {
                kind: Some(TicketKind::Incident),
                priority: Some(Priority::P1),
                ..Selector::whole(Family::Ticket)
            },
            Family::Ticket if definition.tickets_of.is_some() => Selector {
                kind: definition.tickets_of,
                ..Selector::whole(Family::Ticket)
            },
            Family::Ticket => of_tickets(values),
            _ => Selector::whole(family),
        })
        .collect()
}

fn of_tickets(values: &Values) -> Selector {
    let kind = values.get(&Dimension::Kind);
    let priority = values.get(&Dimension::Priority);
    let service = values.get(&Dimension::Service);
    Selector {
        family: Family::Ticket,
        kind: kind.and_then(|code| TicketKind::ALL.iter().find(|k| k.code() == code).copied()),
        priority: priority
            .and_then(|code| Priority::ALL.iter().find(|p| p.code() == code).copied()),
        service: service.and_then(|code| Code::new(code.as_str()).ok()),
    }
}
