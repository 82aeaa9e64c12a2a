//! What is measured of tickets.

use townclerk_domain::identity::{AggregateKind, Family};
use townclerk_domain::measured;

use super::{Agreement, Definition, Made, Part, count};
use crate::dimension::Dimension;
use crate::measure::{Accumulation, Measure};

pub(super) const TICKETS: Definition = Definition {
    computed_in: &["crates/views/src/kinds/ticket.rs"],
    unit: "tickets",
    ..count(AggregateKind::Ticket, &[Family::Ticket])
};

/// By what resolutions are broken down: an age is known only then.
pub(crate) const LOGGED: Definition = Definition {
    measured: measured::TICKETS_LOGGED,
    title: "Tickets logged",
    cohort: "logged in the period",
    source: "Lewisham, Mayor and Cabinet, 16 September 2020, paragraphs 5.6 and 6.7; \
             Gloucestershire, Children and Families scrutiny, 16 September 2021, ICT Service Support",
    ..TICKETS
};

pub(crate) const RESOLVED: Definition = Definition {
    measured: measured::TICKETS_RESOLVED,
    title: "Tickets resolved",
    cohort: "resolved at the latest resolution known, which lies in the period; each ticket once",
    source: "Joint Committee of Brent, Lewisham and Southwark, 4 July 2018, paragraph 3.5",
    ..TICKETS
};

pub(crate) const OPEN: Definition = Definition {
    measured: measured::TICKETS_OPEN,
    title: "Tickets open",
    cohort: "open at the end of the period, on hold included",
    formula: "logged + reopened + reinstated − resolutions − cancelled, and moves of the breakdown's \
              value, up to the end of the period",
    source: "Joint Committee of Brent, Lewisham and Southwark, 4 July 2018, paragraphs 3.2 and 3.5",
    accumulation: Accumulation::Stock,
    ..TICKETS
};

pub(crate) const REOPENED: Definition = Definition {
    measured: measured::TICKETS_REOPENED,
    title: "Tickets reopened",
    unit: "reopenings",
    cohort: "reopened in the period after they were resolved or closed, each time",
    source: "the identity of the backlog",
    ..TICKETS
};

pub(crate) const RESOLUTIONS: Definition = Definition {
    measured: measured::TICKET_RESOLUTIONS,
    title: "Resolutions",
    unit: "resolutions",
    cohort: "resolved in the period, each time",
    source: "the identity of the backlog",
    ..TICKETS
};

pub(crate) const CANCELLED: Definition = Definition {
    measured: measured::TICKETS_CANCELLED,
    title: "Tickets cancelled",
    unit: "cancellations",
    cohort: "cancelled in the period, each time",
    source: "the identity of the backlog",
    ..TICKETS
};

pub(crate) const REINSTATED: Definition = Definition {
    measured: measured::TICKETS_REINSTATED,
    title: "Tickets reinstated",
    unit: "reinstatements",
    cohort: "reinstated in the period after they were cancelled, each time",
    source: "the identity of the backlog",
    ..TICKETS
};

/// A move from one value to another is none at all for the whole.
const MOVES: Definition = Definition {
    unit: "moves",
    source: "the identity of the backlog",
    adds_up: false,
    ..TICKETS
};

pub(crate) const MOVED_IN: Definition = Definition {
    measured: measured::TICKETS_MOVED_IN,
    title: "Tickets moved in",
    cohort: "open and given the breakdown's value in the period",
    ..MOVES
};

pub(crate) const MOVED_OUT: Definition = Definition {
    measured: measured::TICKETS_MOVED_OUT,
    title: "Tickets moved out",
    cohort: "open and given another value in the period",
    ..MOVES
};

pub(crate) const REOPEN_RATE: Definition = Definition {
    measured: measured::REOPEN_RATE,
    title: "Resolutions taken back",
    unit: "percent",
    cohort: "reopenings of the period beside its resolutions, each time",
    formula: "tickets_reopened / ticket_resolutions",
    source: "Lincolnshire, a request of freedom of information for the share of tickets reopened",
    computed_in: &["crates/views/src/figures/counted.rs"],
    made: Made::Share {
        of: &[Part::whole(Measure::TicketsReopened)],
        among: &[Part::whole(Measure::TicketResolutions)],
    },
    adds_up: false,
    ..TICKETS
};

pub(crate) const ON_HOLD: Definition = Definition {
    measured: measured::TICKETS_ON_HOLD,
    title: "Tickets on hold",
    cohort: "open and on hold at the end of the period",
    source: "Performance pack of the Joint Committee of Brent, Lewisham and Southwark: open, on hold \
             and untriaged tickets",
    accumulation: Accumulation::Stock,
    ..TICKETS
};

pub(crate) const UNTRIAGED: Definition = Definition {
    measured: measured::TICKETS_UNTRIAGED,
    title: "Tickets not triaged yet",
    cohort: "logged, and not triaged, begun, held, resolved or cancelled by the end of the period",
    ..ON_HOLD
};

pub(crate) const AGED: Definition = Definition {
    measured: measured::TICKETS_AGED,
    title: "Aged tickets",
    cohort: "open at the end of the period and logged longer before than the age limit that governs \
             them",
    formula: "the number of open tickets with as_at − logged > days of the age limit, each of 24 hours",
    source: "Joint Committee of Brent, Lewisham and Southwark, 4 July 2018, paragraph 3.6",
    families: &[Family::Ticket, Family::Agreement],
    agreed: Some(Agreement::AgeLimit),
    accumulation: Accumulation::Stock,
    ..TICKETS
};

pub(crate) const AGED_RESOLUTION_SHARE: Definition = Definition {
    measured: measured::AGED_RESOLUTION_SHARE,
    title: "Aged tickets among the resolved",
    unit: "percent",
    cohort: "tickets resolved in the period that were aged ones then, of all tickets resolved that an \
             age limit governs",
    formula: "tickets_resolved with age=aged / tickets_resolved with age=aged or age=recent",
    computed_in: &["crates/views/src/figures/counted.rs"],
    made: Made::Share {
        of: &[Part {
            measure: Measure::TicketsResolved,
            fixed: &[(Dimension::Age, "aged")],
        }],
        among: &[
            Part {
                measure: Measure::TicketsResolved,
                fixed: &[(Dimension::Age, "aged")],
            },
            Part {
                measure: Measure::TicketsResolved,
                fixed: &[(Dimension::Age, "recent")],
            },
        ],
    },
    accumulation: Accumulation::Flow,
    adds_up: false,
    ..AGED
};
