//! The measures: what there is to ask for. What each is, is in [`crate::definition`].

use std::fmt;

use townclerk_domain::identity::AggregateKind;

use crate::definition::{
    Agreement, Definition, Made, change, outage, post, recovery, service_level, ticket,
};
use crate::dimension::{Dimension, Mask};

/// One line for each measure: its byte in keys, which is persisted (append, never reorder), and
/// what it is.
macro_rules! measures {
    ($($measure:ident = $byte:literal is $definition:path),+ $(,)?) => {
        /// What figures measure.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Measure { $($measure),+ }

        impl Measure {
            pub const ALL: [Self; [$($byte),+].len()] = [$(Self::$measure),+];

            pub const fn definition(self) -> Definition {
                match self { $(Self::$measure => $definition),+ }
            }

            /// As it stands in keys.
            pub const fn byte(self) -> u8 {
                match self { $(Self::$measure => $byte),+ }
            }
        }
    };
}

measures! {
    TicketsLogged = 1 is ticket::LOGGED,
    TicketsResolved = 2 is ticket::RESOLVED,
    TicketsOpen = 3 is ticket::OPEN,
    TicketsReopened = 4 is ticket::REOPENED,
    TicketResolutions = 5 is ticket::RESOLUTIONS,
    TicketsCancelled = 6 is ticket::CANCELLED,
    TicketsMovedIn = 7 is ticket::MOVED_IN,
    TicketsMovedOut = 8 is ticket::MOVED_OUT,
    TicketsReinstated = 40 is ticket::REINSTATED,
    ReopenRate = 24 is ticket::REOPEN_RATE,
    TicketsOnHold = 25 is ticket::ON_HOLD,
    TicketsUntriaged = 26 is ticket::UNTRIAGED,
    TicketsAged = 27 is ticket::AGED,
    AgedResolutionShare = 28 is ticket::AGED_RESOLUTION_SHARE,
    SlaMet = 29 is service_level::MET,
    SlaFailed = 30 is service_level::FAILED,
    SlaAttainment = 31 is service_level::ATTAINMENT,
    SlaAttainmentWithoutAged = 32 is service_level::ATTAINMENT_WITHOUT_AGED,
    SlaMetByLogged = 33 is service_level::MET_BY_LOGGED,
    SlaFailedByLogged = 34 is service_level::FAILED_BY_LOGGED,
    SlaAttainmentByLogged = 35 is service_level::ATTAINMENT_BY_LOGGED,
    ResolutionMinutes = 36 is service_level::MINUTES,
    MeanResolutionMinutes = 37 is service_level::MEAN_MINUTES,
    ResolutionServiceMinutes = 38 is service_level::SERVICE_MINUTES,
    MeanResolutionServiceMinutes = 39 is service_level::MEAN_SERVICE_MINUTES,
    ChangesClosed = 9 is change::CLOSED,
    ChangesInFreezeWithoutExemption = 22 is change::IN_FREEZE,
    DaysSinceChangeRelatedMajorIncident = 23 is change::DAYS_SINCE_INCIDENT,
    ChangeSuccessRate = 70 is change::SUCCESS_RATE,
    ChangeFailureRate = 71 is change::FAILURE_RATE,
    EmergencyChangeShare = 72 is change::EMERGENCY_SHARE,
    ChangeRelatedIncidentRate = 73 is change::INCIDENT_RATE,
    ChangeReviewsOverdue = 74 is change::REVIEWS_OVERDUE,
    Establishment = 10 is post::ESTABLISHMENT,
    PostsFilled = 11 is post::FILLED,
    PostsCreated = 12 is post::CREATED,
    PostsDeleted = 13 is post::DELETED,
    Vacancies = 14 is post::VACANCIES,
    VacancyRate = 75 is post::VACANCY_RATE,
    Interims = 76 is post::INTERIMS,
    Outages = 15 is outage::OUTAGES_BEGUN,
    DowntimeMinutes = 16 is outage::DOWNTIME,
    Availability = 17 is outage::AVAILABILITY,
    AvailabilityRolling12 = 18 is outage::ROLLING_12,
    AvailabilityRolling12TimeWeighted = 19 is outage::ROLLING_12_TIME_WEIGHTED,
    MonthsBelowTarget = 20 is outage::MONTHS_BELOW,
    LongestRunBelowTarget = 21 is outage::LONGEST_RUN,
    MeanTimeToRestore = 50 is outage::TIME_TO_RESTORE,
    MeanTimeBetweenFailures = 51 is outage::TIME_BETWEEN_FAILURES,
    MeanTimeBetweenServiceIncidents = 52 is outage::TIME_BETWEEN_INCIDENTS,
    DowntimeUserMinutes = 53 is outage::DOWNTIME_BY_USERS,
    OutagesRecurred = 54 is outage::RECURRED,
    KnownErrors = 57 is outage::KNOWN_ERRORS,
    RecoveryTests = 55 is recovery::TESTS,
    RecoveryTestsWithinTarget = 56 is recovery::WITHIN_TARGET,
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
    pub fn name(self) -> &'static str {
        self.definition().measured.name
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|measure| measure.name() == name)
    }

    /// As people read it.
    pub fn title(self) -> &'static str {
        self.definition().title
    }

    pub fn unit(self) -> &'static str {
        self.definition().unit
    }

    /// Which records are counted, in words.
    pub fn cohort(self) -> &'static str {
        self.definition().cohort
    }

    /// The kind of aggregate that it is about.
    pub fn kind(self) -> AggregateKind {
        self.definition().kind
    }

    pub fn accumulation(self) -> Accumulation {
        self.definition().accumulation
    }

    /// Whether it is made from counters; else it is computed from records when it is asked for.
    pub fn is_counted(self) -> bool {
        match self.definition().made {
            Made::Counted | Made::Share { .. } | Made::Mean { .. } => true,
            Made::Computed(_) => false,
        }
    }

    /// Whether it is about services of which a council agreed on the availability.
    pub fn is_of_agreed_services(self) -> bool {
        self.definition().agreed == Some(Agreement::Availability)
    }

    pub fn has(self, dimension: Dimension) -> bool {
        self.definition().measured.dimensions.contains(&dimension)
    }

    /// Whether it can be broken down so.
    pub fn takes(self, mask: Mask) -> bool {
        mask.dimensions().all(|dimension| self.has(dimension))
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use townclerk_domain::measured;

    use super::*;
    use crate::definition::Whose;

    #[test]
    fn no_two_measures_share_a_name_or_a_byte() {
        let names: BTreeSet<&str> = Measure::ALL.iter().map(|measure| measure.name()).collect();
        let bytes: BTreeSet<u8> = Measure::ALL.iter().map(|measure| measure.byte()).collect();
        assert_eq!(
            (names.len(), bytes.len()),
            (Measure::ALL.len(), Measure::ALL.len())
        );
    }

    #[test]
    fn what_is_measured_is_what_claims_are_judged_by() {
        let defined: BTreeSet<&str> = Measure::ALL.iter().map(|measure| measure.name()).collect();
        let named: BTreeSet<&str> = measured::ALL.iter().map(|known| known.name).collect();
        assert_eq!(defined, named);
        for measure in Measure::ALL {
            let definition = measure.definition();
            let affected = definition.whose == Whose::Affected;
            assert_eq!(definition.measured.by_home, !affected, "{measure}");
        }
    }

    #[test]
    fn a_share_or_mean_is_of_counted_measures_that_can_be_broken_down_as_it_can() {
        for measure in Measure::ALL {
            let (Made::Share { of, among } | Made::Mean { of, among }) = measure.definition().made
            else {
                continue;
            };
            assert!(!of.is_empty() && !among.is_empty(), "{measure}");
            for part in of.iter().chain(among) {
                let whole = part.measure.definition();
                assert_eq!(whole.made, Made::Counted, "{measure}");
                let all = measure.definition().measured.dimensions.iter().copied();
                let fixed = part.fixed.iter().map(|(dimension, _)| *dimension);
                for dimension in all.chain(fixed) {
                    assert!(part.measure.has(dimension), "{measure} by {dimension:?}");
                }
            }
        }
    }
}
