//! What may be agreed on the availability of services, and what is in force on a day.
//!
//! One aggregate for each council holds all of it, effective-dated: for a service the agreement
//! with the latest first day that has come is in force, unless it ended.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::fact::{AvailabilityAgreed, AvailabilityEnded, AvailabilityFact};
use crate::decider::{Decider, Occasion};
use crate::decimal::Decimal;
use crate::identity::{AggregateId, AggregateKind, named_aggregate};
use crate::names::{Code, LogName};
use crate::service_time::Unsound;

/// Most agreements of one council: each command replays them all.
pub const AGREEMENTS_MAX: usize = 1_000;

/// Longest notice of planned maintenance that may be agreed: a year.
pub const NOTICE_HOURS_MAX: u32 = 8_760;

/// One agreement on one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    pub agreed: AvailabilityAgreed,
    /// Last day, where it was ended; a later agreement on the service ends it too.
    pub through: Option<Date>,
}

/// All that a council agreed on availability.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agreements(pub Vec<Agreement>);

impl Agreements {
    /// What is in force for a service on a day.
    pub fn in_force(&self, service: &Code, day: Date) -> Option<&AvailabilityAgreed> {
        let latest = self.latest_begun(service, day)?;
        let holds = latest.through.is_none_or(|through| day <= through);
        holds.then_some(&latest.agreed)
    }

    /// What began last for a service, by a day; it may have ended by then.
    fn latest_begun(&self, service: &Code, day: Date) -> Option<&Agreement> {
        self.on(service)
            .filter(|agreement| agreement.agreed.from <= day)
            .max_by_key(|agreement| agreement.agreed.from)
    }

    fn on(&self, service: &Code) -> impl Iterator<Item = &Agreement> {
        let on = move |agreement: &&Agreement| agreement.agreed.service == *service;
        self.0.iter().filter(on)
    }

    fn takes(&self, agreed: &AvailabilityAgreed) -> Result<(), Refusal> {
        let AvailabilityAgreed { service, from, .. } = agreed;
        if self.on(service).any(|one| one.agreed.from == *from) {
            return Err(Refusal::AlreadyAgreed {
                service: service.clone(),
                from: *from,
            });
        }
        // One that begins while another holds follows it: that one must not have ended already.
        let holding = self.on(service).filter(|one| one.agreed.from < *from);
        let ended = holding.filter_map(|one| one.through);
        if let Some(through) = ended.max().filter(|through| from <= through) {
            return Err(Refusal::BeginsBeforeAnEnd {
                service: service.clone(),
                from: *from,
                through,
            });
        }
        if self.0.len() >= AGREEMENTS_MAX {
            return Err(Refusal::TooMany);
        }
        Ok(())
    }

    fn can_end(&self, ended: &AvailabilityEnded) -> Result<(), Refusal> {
        let AvailabilityEnded { service, through } = ended;
        if let Some(latest) = self.latest_begun(service, *through) {
            return match latest.through {
                None => Ok(()),
                Some(through) => Err(Refusal::AlreadyEnded {
                    service: service.clone(),
                    from: latest.agreed.from,
                    through,
                }),
            };
        }
        let service = service.clone();
        match self.on(&service).map(|one| one.agreed.from).min() {
            None => Err(Refusal::NotAgreed { service }),
            Some(from) => Err(Refusal::AgreementEndsBeforeItStarts {
                service,
                from,
                through: *through,
            }),
        }
    }

    /// Every service that there is or was an agreement on.
    pub fn services(&self) -> std::collections::BTreeSet<&Code> {
        let services = self.0.iter().map(|agreement| &agreement.agreed.service);
        services.collect()
    }
}

/// The one aggregate of a council's agreements on availability.
pub fn availability_of(council: &LogName) -> AggregateId {
    named_aggregate(council, AggregateKind::Availability, "availability")
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "refusal", rename_all = "kebab-case")]
pub enum Refusal {
    #[error("availability is agreed by one council, in its own log, not in {home}")]
    NotInACouncilsLog { home: LogName },
    #[error("the target {target} is not a percentage of more than 0 and at most 100")]
    TargetOutOfRange { target: Decimal },
    #[error("{hours} hours of notice are more than a year: name at most {NOTICE_HOURS_MAX}")]
    NoticeTooLong { hours: u32 },
    #[error("an agreement on {service} from {from} is recorded already; correct that instead")]
    AlreadyAgreed { service: Code, from: Date },
    #[error(
        "an agreement on {service} from {from} would begin in what ended on {through}; correct that \
         end first"
    )]
    BeginsBeforeAnEnd {
        service: Code,
        from: Date,
        through: Date,
    },
    #[error("this council has {AGREEMENTS_MAX} agreements already, and no more are taken")]
    TooMany,
    #[error("nothing is agreed on {service} yet")]
    NotAgreed { service: Code },
    #[error(
        "what is agreed on {service} cannot end on {through}: it ends before it starts, on {from}"
    )]
    AgreementEndsBeforeItStarts {
        service: Code,
        /// The earliest first day.
        from: Date,
        through: Date,
    },
    #[error(
        "the agreement on {service} from {from} ended on {through} already; correct that instead"
    )]
    AlreadyEnded {
        service: Code,
        from: Date,
        through: Date,
    },
    #[error("{0}")]
    #[serde(untagged)]
    ServiceTime(Unsound),
}

/// The rules of agreements on availability.
pub struct AvailabilityRules;

impl Decider for AvailabilityRules {
    const KIND: AggregateKind = AggregateKind::Availability;

    type Fact = AvailabilityFact;
    type State = Agreements;
    type Refusal = Refusal;

    fn decide(
        state: &Agreements,
        fact: &AvailabilityFact,
        occasion: Occasion<'_>,
    ) -> Result<(), Refusal> {
        if occasion.home.is_shared() {
            let home = occasion.home.clone();
            return Err(Refusal::NotInACouncilsLog { home });
        }
        match fact {
            AvailabilityFact::AvailabilityAgreed(agreed) => {
                is_sound(agreed)?;
                state.takes(agreed)
            }
            AvailabilityFact::AvailabilityEnded(ended) => state.can_end(ended),
        }
    }

    fn evolve(mut state: Agreements, fact: &AvailabilityFact, _: Timestamp) -> Agreements {
        match fact {
            AvailabilityFact::AvailabilityAgreed(agreed) => state.0.push(Agreement {
                agreed: agreed.clone(),
                through: None,
            }),
            AvailabilityFact::AvailabilityEnded(ended) => {
                let begun = state
                    .0
                    .iter_mut()
                    .filter(|agreement| agreement.agreed.service == ended.service)
                    .filter(|agreement| agreement.agreed.from <= ended.through);
                if let Some(last) = begun.max_by_key(|agreement| agreement.agreed.from) {
                    last.through = Some(ended.through);
                }
            }
        }
        state
    }
}

/// Whether an agreement makes sense by itself.
fn is_sound(agreed: &AvailabilityAgreed) -> Result<(), Refusal> {
    let target = agreed.target;
    if !target.is_positive_percentage() {
        return Err(Refusal::TargetOutOfRange { target });
    }
    let hours = agreed.notice_hours;
    if hours > NOTICE_HOURS_MAX {
        return Err(Refusal::NoticeTooLong { hours });
    }
    agreed.service_time.is_sound().map_err(Refusal::ServiceTime)
}
