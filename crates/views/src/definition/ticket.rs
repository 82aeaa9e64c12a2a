//! What is measured of tickets.

use townclerk_domain::identity::{AggregateKind, Family};

use super::{Agreement, Definition, Made, Part, count};
use crate::dimension::Dimension;
use crate::measure::{Accumulation, Measure};

pub(super) const TICKETS: Definition = Definition {
    dimensions: &[
        Dimension::Kind,
        Dimension::Priority,
        Dimension::Service,
        Dimension::Category,
        Dimension::Channel,
        Dimension::Provider,
        Dimension::UserClass,
        Dimension::Directorate,
    ],
    computed_in: &["crates/views/src/contributions/ticket.rs"],
    unit: "tickets",
    ..count(AggregateKind::Ticket, &[Family::Ticket])
};

/// By what resolutions are broken down: an age is known only then.
pub(super) const RESOLUTION: [Dimension; 9] = [
    Dimension::Kind,
    Dimension::Priority,
    Dimension::Service,
    Dimension::Category,
    Dimension::Channel,
    Dimension::Provider,
    Dimension::UserClass,
    Dimension::Directorate,
    Dimension::Age,
];

pub(crate) const LOGGED: Definition = Definition {
    name: "tickets_logged",
    title: "Tickets logged",
    cohort: "logged in the period",
    source: "Lewisham, Mayor and Cabinet, 16 September 2020, paragraphs 5.6 and 6.7; \
             Gloucestershire, Children and Families scrutiny, 16 September 2021, ICT Service Support",
    ..TICKETS
};

pub(crate) const RESOLVED: Definition = Definition {
    name: "tickets_resolved",
    title: "Tickets resolved",
    cohort: "resolved at the latest resolution known, which lies in the period; each ticket once",
    source: "Joint Committee of Brent, Lewisham and Southwark, 4 July 2018, paragraph 3.5",
    dimensions: &RESOLUTION,
    ..TICKETS
};

pub(crate) const OPEN: Definition = Definition {
    name: "tickets_open",
    title: "Tickets open",
    cohort: "open at the end of the period, on hold included",
    formula: "logged + reopened + reinstated − resolutions − cancelled, and moves of the breakdown's \
              value, up to the end of the period",
    source: "Joint Committee of Brent, Lewisham and Southwark, 4 July 2018, paragraphs 3.2 and 3.5",
    accumulation: Accumulation::Stock,
    ..TICKETS
};

pub(crate) const REOPENED: Definition = Definition {
    name: "tickets_reopened",
    title: "Tickets reopened",
    unit: "reopenings",
    cohort: "reopened in the period after they were resolved or closed, each time",
    source: "the identity of the backlog",
    ..TICKETS
};

pub(crate) const RESOLUTIONS: Definition = Definition {
    name: "ticket_resolutions",
    title: "Resolutions",
    unit: "resolutions",
    cohort: "resolved in the period, each time",
    source: "the identity of the backlog",
    ..TICKETS
};

pub(crate) const CANCELLED: Definition = Definition {
    name: "tickets_cancelled",
    title: "Tickets cancelled",
    unit: "cancellations",
    cohort: "cancelled in the period, each time",
    source: "the identity of the backlog",
    ..TICKETS
};

pub(crate) const REINSTATED: Definition = Definition {
    name: "tickets_reinstated",
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
    name: "tickets_moved_in",
    title: "Tickets moved in",
    cohort: "open and given the breakdown's value in the period",
    ..MOVES
};

pub(crate) const MOVED_OUT: Definition = Definition {
    name: "tickets_moved_out",
    title: "Tickets moved out",
    cohort: "open and given another value in the period",
    ..MOVES
};

pub(crate) const REOPEN_RATE: Definition = Definition {
    name: "reopen_rate",
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
    name: "tickets_on_hold",
    title: "Tickets on hold",
    cohort: "open and on hold at the end of the period",
    source: "Performance pack of the Joint Committee of Brent, Lewisham and Southwark: open, on hold \
             and untriaged tickets",
    accumulation: Accumulation::Stock,
    ..TICKETS
};

pub(crate) const UNTRIAGED: Definition = Definition {
    name: "tickets_untriaged",
    title: "Tickets not triaged yet",
    cohort: "logged, and not triaged, begun, held, resolved or cancelled by the end of the period",
    ..ON_HOLD
};

pub(crate) const AGED: Definition = Definition {
    name: "tickets_aged",
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
    name: "aged_resolution_share",
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
