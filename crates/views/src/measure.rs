//! The measures: what each counts, over which cohort, and how it adds up.

use std::fmt;

/// What figures measure. Additive all: a joint figure is the sum over members and the shared log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// Tickets logged in the period.
    TicketsLogged,
    /// Tickets that stand resolved, each once, in the period of its latest resolution.
    TicketsResolved,
    /// Tickets neither resolved, closed nor cancelled at the period's end.
    TicketsOpen,
    /// Resolutions taken back in the period.
    TicketsReopened,
    /// Every resolution in the period, also of a ticket that was reopened later.
    TicketResolutions,
    /// Tickets withdrawn in the period.
    TicketsCancelled,
    /// Open tickets that came to have the breakdown's value in the period.
    TicketsMovedIn,
    /// Open tickets that ceased to have the breakdown's value in the period.
    TicketsMovedOut,
}

/// How months make up a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accumulation {
    /// What happened in the period.
    Flow,
    /// What there is at its end: everything that happened until then.
    Stock,
}

impl Measure {
    pub const ALL: [Self; 8] = [
        Self::TicketsLogged,
        Self::TicketsResolved,
        Self::TicketsOpen,
        Self::TicketsReopened,
        Self::TicketResolutions,
        Self::TicketsCancelled,
        Self::TicketsMovedIn,
        Self::TicketsMovedOut,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::TicketsLogged => "tickets_logged",
            Self::TicketsResolved => "tickets_resolved",
            Self::TicketsOpen => "tickets_open",
            Self::TicketsReopened => "tickets_reopened",
            Self::TicketResolutions => "ticket_resolutions",
            Self::TicketsCancelled => "tickets_cancelled",
            Self::TicketsMovedIn => "tickets_moved_in",
            Self::TicketsMovedOut => "tickets_moved_out",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|measure| measure.name() == name)
    }

    /// As people read it.
    pub fn title(self) -> &'static str {
        match self {
            Self::TicketsLogged => "Tickets logged",
            Self::TicketsResolved => "Tickets resolved",
            Self::TicketsOpen => "Tickets open",
            Self::TicketsReopened => "Tickets reopened",
            Self::TicketResolutions => "Resolutions",
            Self::TicketsCancelled => "Tickets cancelled",
            Self::TicketsMovedIn => "Tickets moved in",
            Self::TicketsMovedOut => "Tickets moved out",
        }
    }

    pub fn unit(self) -> &'static str {
        match self {
            Self::TicketResolutions => "resolutions",
            Self::TicketsReopened => "reopenings",
            Self::TicketsMovedIn | Self::TicketsMovedOut => "moves",
            _ => "tickets",
        }
    }

    /// Which tickets are counted, in words.
    pub fn cohort(self) -> &'static str {
        match self {
            Self::TicketsLogged => "logged in the period",
            Self::TicketsResolved => {
                "resolved at the latest resolution known, which lies in the period; each ticket once"
            }
            Self::TicketsOpen => "open at the end of the period, on hold included",
            Self::TicketsReopened => "reopened in the period, each time",
            Self::TicketResolutions => "resolved in the period, each time",
            Self::TicketsCancelled => "cancelled in the period",
            Self::TicketsMovedIn => "open and given the breakdown's value in the period",
            Self::TicketsMovedOut => "open and given another value in the period",
        }
    }

    pub fn accumulation(self) -> Accumulation {
        match self {
            Self::TicketsOpen => Accumulation::Stock,
            _ => Accumulation::Flow,
        }
    }

    /// Persisted in keys: append, never reorder.
    pub fn byte(self) -> u8 {
        match self {
            Self::TicketsLogged => 1,
            Self::TicketsResolved => 2,
            Self::TicketsOpen => 3,
            Self::TicketsReopened => 4,
            Self::TicketResolutions => 5,
            Self::TicketsCancelled => 6,
            Self::TicketsMovedIn => 7,
            Self::TicketsMovedOut => 8,
        }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
