//! What is measured: the names of the measures, and by what each can be broken down.
//!
//! It is here, beside the rules, because a claim is judged by it when it is recorded. What a measure
//! counts, and how, is a matter of the views.

use crate::dimension::Dimension;
use crate::dimension::Dimension::{
    Age, Appointment, Category, ChangeType, Channel, Class, Component, Directorate, Kind, Outcome,
    Party, Priority, Provider, Role, Service, Severity, Team, UserClass,
};

/// The name by which a breakdown asks for the records of one log.
pub const HOME: &str = "home";

/// A measure: its name, and by what it can be broken down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured {
    pub name: &'static str,
    /// Apart from [`HOME`].
    pub dimensions: &'static [Dimension],
    /// Whether it can be broken down by the log whose records are counted; what counts by affected
    /// council cannot.
    pub by_home: bool,
}

impl Measured {
    /// The measure of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        ALL.iter().find(|measured| measured.name == name)
    }

    /// The names of everything that it can be broken down by.
    pub fn broken_down_by(&self) -> impl Iterator<Item = &'static str> + use<> {
        let home = self.by_home.then_some(HOME);
        let dimensions = self.dimensions.iter();
        dimensions.map(|dimension| dimension.name()).chain(home)
    }
}

macro_rules! by_home {
    () => {
        false
    };
    (home) => {
        true
    };
}

/// One line for each measure.
macro_rules! measured {
    ($($measure:ident = $name:literal by $dimensions:ident $(and $home:ident)?),+ $(,)?) => {
        $(pub const $measure: Measured = Measured {
            name: $name,
            dimensions: $dimensions,
            by_home: by_home!($($home)?),
        };)+

        /// Everything that is measured.
        pub const ALL: &[Measured] = &[$($measure),+];
    };
}

const TICKET: &[Dimension] = &[
    Kind,
    Priority,
    Service,
    Category,
    Channel,
    Provider,
    UserClass,
    Directorate,
];

const RESOLUTION: &[Dimension] = &[
    Kind,
    Priority,
    Service,
    Category,
    Channel,
    Provider,
    UserClass,
    Directorate,
    Age,
];

const SERVICE: &[Dimension] = &[Service];

const CAUSE: &[Dimension] = &[Component, Class, Party];

const OUTAGE: &[Dimension] = &[Component, Class, Party, Severity];

const NOTHING: &[Dimension] = &[];

const CHANGE: &[Dimension] = &[Outcome, ChangeType];

const CHANGE_TYPE: &[Dimension] = &[ChangeType];

const OUTCOME: &[Dimension] = &[Outcome];

const POST: &[Dimension] = &[Team, Role];

const FILLING: &[Dimension] = &[Appointment, Team, Role];

measured! {
    TICKETS_LOGGED = "tickets_logged" by TICKET and home,
    TICKETS_RESOLVED = "tickets_resolved" by RESOLUTION and home,
    TICKETS_OPEN = "tickets_open" by TICKET and home,
    TICKETS_REOPENED = "tickets_reopened" by TICKET and home,
    TICKET_RESOLUTIONS = "ticket_resolutions" by TICKET and home,
    TICKETS_CANCELLED = "tickets_cancelled" by TICKET and home,
    TICKETS_MOVED_IN = "tickets_moved_in" by TICKET and home,
    TICKETS_MOVED_OUT = "tickets_moved_out" by TICKET and home,
    TICKETS_REINSTATED = "tickets_reinstated" by TICKET and home,
    REOPEN_RATE = "reopen_rate" by TICKET and home,
    TICKETS_ON_HOLD = "tickets_on_hold" by TICKET and home,
    TICKETS_UNTRIAGED = "tickets_untriaged" by TICKET and home,
    TICKETS_AGED = "tickets_aged" by TICKET and home,
    AGED_RESOLUTION_SHARE = "aged_resolution_share" by TICKET and home,
    SLA_MET = "sla_met" by RESOLUTION and home,
    SLA_FAILED = "sla_failed" by RESOLUTION and home,
    SLA_ATTAINMENT = "sla_attainment" by RESOLUTION and home,
    SLA_ATTAINMENT_WITHOUT_AGED = "sla_attainment_without_aged" by TICKET and home,
    SLA_MET_BY_LOGGED = "sla_met_by_logged" by TICKET and home,
    SLA_FAILED_BY_LOGGED = "sla_failed_by_logged" by TICKET and home,
    SLA_ATTAINMENT_BY_LOGGED = "sla_attainment_by_logged" by TICKET and home,
    RESOLUTION_MINUTES = "resolution_minutes" by RESOLUTION and home,
    MEAN_RESOLUTION_MINUTES = "mean_resolution_minutes" by RESOLUTION and home,
    RESOLUTION_SERVICE_MINUTES = "resolution_service_minutes" by RESOLUTION and home,
    MEAN_RESOLUTION_SERVICE_MINUTES = "mean_resolution_service_minutes" by RESOLUTION and home,
    OUTAGES = "outages" by OUTAGE and home,
    DOWNTIME_MINUTES = "downtime_minutes" by SERVICE,
    AVAILABILITY = "availability" by SERVICE,
    AVAILABILITY_ROLLING_12 = "availability_rolling_12" by SERVICE,
    AVAILABILITY_ROLLING_12_TIME_WEIGHTED = "availability_rolling_12_time_weighted" by SERVICE,
    MONTHS_BELOW_TARGET = "months_below_target" by SERVICE,
    LONGEST_RUN_BELOW_TARGET = "longest_run_below_target" by SERVICE,
    MEAN_TIME_TO_RESTORE = "mean_time_to_restore" by CAUSE,
    MEAN_TIME_BETWEEN_FAILURES = "mean_time_between_failures" by CAUSE,
    MEAN_TIME_BETWEEN_SERVICE_INCIDENTS = "mean_time_between_service_incidents" by CAUSE,
    DOWNTIME_USER_MINUTES = "downtime_user_minutes" by SERVICE,
    OUTAGES_RECURRED = "outages_recurred" by CAUSE,
    KNOWN_ERRORS = "known_errors" by CAUSE and home,
    RECOVERY_TESTS = "recovery_tests" by NOTHING and home,
    RECOVERY_TESTS_WITHIN_TARGET = "recovery_tests_within_target" by NOTHING and home,
    CHANGES_CLOSED = "changes_closed" by CHANGE and home,
    CHANGES_IN_FREEZE_WITHOUT_EXEMPTION = "changes_in_freeze_without_exemption" by NOTHING and home,
    DAYS_SINCE_CHANGE_RELATED_MAJOR_INCIDENT = "days_since_change_related_major_incident" by NOTHING,
    CHANGE_SUCCESS_RATE = "change_success_rate" by CHANGE_TYPE and home,
    CHANGE_FAILURE_RATE = "change_failure_rate" by CHANGE_TYPE and home,
    EMERGENCY_CHANGE_SHARE = "emergency_change_share" by OUTCOME and home,
    CHANGE_RELATED_INCIDENT_RATE = "change_related_incident_rate" by CHANGE_TYPE and home,
    CHANGE_REVIEWS_OVERDUE = "change_reviews_overdue" by CHANGE_TYPE and home,
    ESTABLISHMENT = "establishment" by POST and home,
    POSTS_FILLED = "posts_filled" by FILLING and home,
    POSTS_CREATED = "posts_created" by POST and home,
    POSTS_DELETED = "posts_deleted" by POST and home,
    VACANCIES = "vacancies" by POST and home,
    VACANCY_RATE = "vacancy_rate" by POST and home,
    INTERIMS = "interims" by POST and home,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measure_is_found_by_its_name_and_says_what_it_is_broken_down_by() {
        assert_eq!(Measured::named("outages"), Some(&OUTAGES));
        assert_eq!(Measured::named("tickets"), None);
        let by: Vec<&str> = CHANGES_CLOSED.broken_down_by().collect();
        assert_eq!(by, ["outcome", "change_type", "home"]);
        let by: Vec<&str> = AVAILABILITY.broken_down_by().collect();
        assert_eq!(by, ["service"]);
    }
}
