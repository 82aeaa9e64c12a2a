//! What each measure is: the one place for its name, unit, cohort, breakdowns and rule.

use townclerk_domain::identity::AggregateKind;

use crate::dimension::Dimension;
use crate::measure::{Accumulation, Measure};

/// Everything that is said of a measure.
#[derive(Clone, Copy, Debug)]
pub struct Definition {
    pub name: &'static str,
    /// As people read it.
    pub title: &'static str,
    pub unit: &'static str,
    /// Which records are counted, in words.
    pub cohort: &'static str,
    /// On which clock durations are measured; none for counts.
    pub clock: Option<&'static str>,
    /// The kind of aggregate that it is about.
    pub kind: AggregateKind,
    pub accumulation: Accumulation,
    /// By what it can be broken down, apart from `home`.
    pub dimensions: &'static [Dimension],
    /// Whether counters are kept; else it is computed from rows when it is asked for.
    pub counted: bool,
    /// Whose records make it up.
    pub whose: Whose,
    /// Whether the parts of a breakdown add up to the whole.
    pub adds_up: bool,
}

/// Whose records make up a scope's figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The records of the scope's logs: for a council its own log, for all the members' and the
    /// shared one. `home` breaks it down by log.
    Home,
    /// As `Home`; it takes rules from the shared log too.
    HomeByShared,
    /// Whatever hits the scope's councils, recorded in their own log or the shared one.
    Affected,
}

/// A count of records of one kind, by home log.
const fn count(
    name: &'static str,
    title: &'static str,
    unit: &'static str,
    cohort: &'static str,
    kind: AggregateKind,
) -> Definition {
    Definition {
        name,
        title,
        unit,
        cohort,
        clock: None,
        kind,
        accumulation: Accumulation::Flow,
        dimensions: &[],
        counted: true,
        whose: Whose::Home,
        adds_up: true,
    }
}

const fn tickets(
    name: &'static str,
    title: &'static str,
    unit: &'static str,
    cohort: &'static str,
) -> Definition {
    Definition {
        dimensions: &[
            Dimension::Kind,
            Dimension::Priority,
            Dimension::Service,
            Dimension::Category,
            Dimension::Channel,
        ],
        ..count(name, title, unit, cohort, AggregateKind::Ticket)
    }
}

/// What is computed of outages and agreements, by affected council and service.
const fn of_services(
    name: &'static str,
    title: &'static str,
    unit: &'static str,
    cohort: &'static str,
) -> Definition {
    Definition {
        clock: Some("agreed service time, Europe/London"),
        dimensions: &[Dimension::Service],
        counted: false,
        whose: Whose::Affected,
        adds_up: false,
        ..count(name, title, unit, cohort, AggregateKind::Outage)
    }
}

const fn stock(definition: Definition) -> Definition {
    Definition {
        accumulation: Accumulation::Stock,
        ..definition
    }
}

/// A move from one value to another is none at all for the whole.
const fn not_adding_up(definition: Definition) -> Definition {
    Definition {
        adds_up: false,
        ..definition
    }
}

const fn adding_up(definition: Definition) -> Definition {
    Definition {
        adds_up: true,
        ..definition
    }
}

pub(crate) const fn definition(measure: Measure) -> Definition {
    match measure {
        Measure::TicketsLogged
        | Measure::TicketsResolved
        | Measure::TicketsOpen
        | Measure::TicketsReopened
        | Measure::TicketResolutions
        | Measure::TicketsCancelled
        | Measure::TicketsMovedIn
        | Measure::TicketsMovedOut => of_tickets(measure),
        Measure::Establishment
        | Measure::PostsFilled
        | Measure::PostsCreated
        | Measure::PostsDeleted
        | Measure::Vacancies => of_posts(measure),
        Measure::ChangesClosed
        | Measure::ChangesInFreezeWithoutExemption
        | Measure::DaysSinceChangeRelatedMajorIncident => of_changes(measure),
        Measure::Outages
        | Measure::DowntimeMinutes
        | Measure::Availability
        | Measure::AvailabilityRolling12
        | Measure::AvailabilityRolling12TimeWeighted
        | Measure::MonthsBelowTarget
        | Measure::LongestRunBelowTarget => of_outages(measure),
    }
}

const fn of_tickets(measure: Measure) -> Definition {
    match measure {
        Measure::TicketsResolved => tickets(
            "tickets_resolved",
            "Tickets resolved",
            "tickets",
            "resolved at the latest resolution known, which lies in the period; each ticket once",
        ),
        Measure::TicketsOpen => stock(tickets(
            "tickets_open",
            "Tickets open",
            "tickets",
            "open at the end of the period, on hold included",
        )),
        Measure::TicketsReopened => tickets(
            "tickets_reopened",
            "Tickets reopened",
            "reopenings",
            "reopened in the period, each time",
        ),
        Measure::TicketResolutions => tickets(
            "ticket_resolutions",
            "Resolutions",
            "resolutions",
            "resolved in the period, each time",
        ),
        Measure::TicketsCancelled => tickets(
            "tickets_cancelled",
            "Tickets cancelled",
            "tickets",
            "cancelled in the period",
        ),
        Measure::TicketsMovedIn => not_adding_up(tickets(
            "tickets_moved_in",
            "Tickets moved in",
            "moves",
            "open and given the breakdown's value in the period",
        )),
        Measure::TicketsMovedOut => not_adding_up(tickets(
            "tickets_moved_out",
            "Tickets moved out",
            "moves",
            "open and given another value in the period",
        )),
        _ => tickets(
            "tickets_logged",
            "Tickets logged",
            "tickets",
            "logged in the period",
        ),
    }
}

const fn of_posts(measure: Measure) -> Definition {
    const POST: AggregateKind = AggregateKind::Post;
    match measure {
        Measure::PostsFilled => Definition {
            dimensions: &[Dimension::Appointment],
            ..count(
                "posts_filled",
                "Posts filled",
                "fillings",
                "posts filled in the period, each time, interims included",
                POST,
            )
        },
        Measure::PostsCreated => count(
            "posts_created",
            "Posts created",
            "posts",
            "created in the period",
            POST,
        ),
        Measure::PostsDeleted => count(
            "posts_deleted",
            "Posts deleted",
            "posts",
            "deleted in the period",
            POST,
        ),
        Measure::Vacancies => stock(count(
            "vacancies",
            "Vacancies",
            "posts",
            "posts of the establishment without a permanent holder at the end of the period",
            POST,
        )),
        _ => stock(count(
            "establishment",
            "Establishment",
            "posts",
            "posts there are at the end of the period, filled or not",
            POST,
        )),
    }
}

const fn of_changes(measure: Measure) -> Definition {
    const CHANGE: AggregateKind = AggregateKind::Change;
    match measure {
        Measure::ChangesInFreezeWithoutExemption => Definition {
            counted: false,
            whose: Whose::HomeByShared,
            ..count(
                "changes_in_freeze_without_exemption",
                "Changes in a freeze without exemption",
                "changes",
                "whose implementation began in the period and lay in a freeze of their scope, \
                 without an exemption granted before it began",
                CHANGE,
            )
        },
        Measure::DaysSinceChangeRelatedMajorIncident => not_adding_up(stock(Definition {
            clock: Some("days in London"),
            counted: false,
            whose: Whose::Affected,
            ..count(
                "days_since_change_related_major_incident",
                "Days since the last change-related major incident",
                "days",
                "from the day of the latest P1 incident that a change caused, directly or by an \
                 outage, to the last day of the period",
                CHANGE,
            )
        })),
        _ => Definition {
            dimensions: &[Dimension::Outcome, Dimension::ChangeType],
            ..count(
                "changes_closed",
                "Changes closed",
                "changes",
                "closed in the period",
                CHANGE,
            )
        },
    }
}

const fn of_outages(measure: Measure) -> Definition {
    match measure {
        Measure::DowntimeMinutes => adding_up(of_services(
            "downtime_minutes",
            "Downtime",
            "minutes",
            "minutes of agreed service time in which the service was down for the council, whatever \
             the outage; overlapping outages once, planned maintenance noticed in time not",
        )),
        Measure::Availability => of_services(
            "availability",
            "Availability",
            "percent",
            "agreed service time without downtime, of agreed service time",
        ),
        Measure::AvailabilityRolling12 => of_services(
            "availability_rolling_12",
            "Availability, rolling 12 months",
            "percent",
            "mean of the unrounded availability of the 12 months that end with the period",
        ),
        Measure::AvailabilityRolling12TimeWeighted => of_services(
            "availability_rolling_12_time_weighted",
            "Availability, rolling 12 months by time",
            "percent",
            "agreed service time without downtime, of agreed service time, over the 12 months that \
             end with the period",
        ),
        Measure::MonthsBelowTarget => adding_up(of_services(
            "months_below_target",
            "Months below target",
            "months",
            "complete months of the period in which a service's availability for a council was \
             below its target, for each service and council",
        )),
        Measure::LongestRunBelowTarget => of_services(
            "longest_run_below_target",
            "Longest run below target",
            "months",
            "most consecutive complete months of the period in which one service was below its \
             target for one council",
        ),
        _ => Definition {
            dimensions: &[Dimension::Component, Dimension::Class, Dimension::Party],
            counted: false,
            ..count(
                "outages",
                "Outages",
                "outages",
                "unplanned outages that began in the period; one of which the time is known only \
                 roughly, where the period contains all of that time",
                AggregateKind::Outage,
            )
        },
    }
}
