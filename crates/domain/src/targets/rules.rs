//! What may be agreed on how long tickets may take.
//!
//! One aggregate for each log holds all of it, effective-dated: of one subject the agreement with the
//! latest first day that has come is in force, unless it ended. Two of one subject never begin on
//! the same day.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::fact::{AttainmentAgreed, Target, TargetsAgreed, TargetsEnded, TargetsFact};
use crate::decider::{Decider, Occasion};
use crate::decimal::Decimal;
use crate::identity::{AggregateId, AggregateKind, named_aggregate};
use crate::names::LogName;
use crate::ticket::{Priority, TicketKind, UserClass};

/// Most agreements of one log: each command replays them all.
pub const AGREEMENTS_MAX: usize = 1_000;

/// Longest target, in minutes: ten years around the clock.
pub const MINUTES_MAX: u32 = 5_256_000;

/// Most reasons for a hold that stop the clock.
pub const REASONS_MAX: usize = 50;

/// Longest age limit, in days: ten years.
const AGE_LIMIT_MAX: u32 = 3_650;

/// What an agreement is about: agreements on one subject follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "subject", rename_all = "kebab-case")]
pub enum Subject {
    Targets {
        kind: TicketKind,
        user_class: UserClass,
    },
    Pauses,
    Attainment {
        kind: Option<TicketKind>,
        priority: Option<Priority>,
    },
    AgeLimit,
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Targets { kind, user_class } => {
                write!(f, "targets of {} {}s", user_class.code(), kind.code())
            }
            Self::Pauses => f.write_str("what stops the clock"),
            Self::Attainment { kind, priority } => {
                let kind = kind.map_or("any kind", TicketKind::code);
                let priority = priority.map_or("any priority", Priority::code);
                write!(f, "the attainment of {kind}, {priority}")
            }
            Self::AgeLimit => f.write_str("the age limit"),
        }
    }
}

/// The days on which agreements begin, and the last day of those that ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetAgreements(BTreeMap<Subject, BTreeMap<Date, Option<Date>>>);

impl TargetAgreements {
    fn takes(&self, subject: Subject, from: Date) -> Result<(), Refusal> {
        let of_subject = self.0.get(&subject);
        let mut before = of_subject.into_iter().flat_map(|all| all.range(..from));
        if of_subject.is_some_and(|all| all.contains_key(&from)) {
            return Err(Refusal::AlreadyAgreed { subject, from });
        }
        // One that begins while another holds follows it: that one must not have ended already.
        if let Some(through) = before
            .next_back()
            .and_then(|(_, through)| *through)
            .filter(|through| from <= *through)
        {
            return Err(Refusal::BeginsBeforeAnEnd {
                subject,
                from,
                through,
            });
        }
        if self.0.values().map(BTreeMap::len).sum::<usize>() >= AGREEMENTS_MAX {
            return Err(Refusal::TooMany);
        }
        Ok(())
    }

    fn can_end(&self, ended: &TargetsEnded) -> Result<(), Refusal> {
        let subject = subject_of_end(ended);
        let through = ended.through;
        let Some(all) = self.0.get(&subject) else {
            return Err(Refusal::NotAgreed { subject });
        };
        let agreements = all.iter().map(|(from, through)| (*from, *through));
        let last = ended_by(ended, agreements, |(from, _)| (subject, *from));
        match (last, all.keys().next()) {
            (Some((_, None)), _) => Ok(()),
            (Some((from, Some(through))), _) => Err(Refusal::AlreadyEnded {
                subject,
                from,
                through,
            }),
            (None, Some(from)) => Err(Refusal::AgreementEndsBeforeItStarts {
                subject,
                from: *from,
                through,
            }),
            (None, None) => Err(Refusal::NotAgreed { subject }),
        }
    }
}

/// The one aggregate of a log's agreements on how long its tickets may take.
pub fn targets_of(log: &LogName) -> AggregateId {
    named_aggregate(log, AggregateKind::Targets, "targets")
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "refusal", rename_all = "kebab-case")]
pub enum Refusal {
    #[error("name the target of at least one priority")]
    NoTargets,
    #[error("{} has two targets; name one", priority.code())]
    TwoTargets { priority: Priority },
    #[error(
        "the target of {} is {minutes} minutes; it is 1 to {MINUTES_MAX}, or absent for none",
        priority.code()
    )]
    TargetOutOfRange { priority: Priority, minutes: u32 },
    #[error("{found} reasons are more than the {REASONS_MAX} that are taken")]
    TooManyReasons { found: usize },
    #[error("the attainment {percent} is not a percentage of more than 0 and at most 100")]
    AttainmentOutOfRange { percent: Decimal },
    #[error("an age limit of {days} days is not 1 to {AGE_LIMIT_MAX}")]
    AgeLimitOutOfRange { days: u32 },
    #[error("an agreement on {subject} from {from} is recorded already; correct that instead")]
    AlreadyAgreed { subject: Subject, from: Date },
    #[error(
        "an agreement on {subject} from {from} would begin in what ended on {through}; correct that \
         end first"
    )]
    BeginsBeforeAnEnd {
        subject: Subject,
        from: Date,
        through: Date,
    },
    #[error("this log has {AGREEMENTS_MAX} agreements already, and no more are taken")]
    TooMany,
    #[error("nothing is agreed on {subject} yet")]
    NotAgreed { subject: Subject },
    #[error(
        "what is agreed on {subject} cannot end on {through}: it ends before it starts, on {from}"
    )]
    AgreementEndsBeforeItStarts {
        subject: Subject,
        /// The earliest first day.
        from: Date,
        through: Date,
    },
    #[error(
        "the agreement on {subject} from {from} ended on {through} already; correct that instead"
    )]
    AlreadyEnded {
        subject: Subject,
        from: Date,
        through: Date,
    },
}

/// The rules of agreements on how long tickets may take.
pub struct TargetsRules;

impl Decider for TargetsRules {
    const KIND: AggregateKind = AggregateKind::Targets;

    type Fact = TargetsFact;
    type State = TargetAgreements;
    type Refusal = Refusal;

    fn decide(
        state: &TargetAgreements,
        fact: &TargetsFact,
        _: Occasion<'_>,
    ) -> Result<(), Refusal> {
        is_sound(fact)?;
        match (fact, begins(fact)) {
            (TargetsFact::TargetsEnded(ended), _) => state.can_end(ended),
            (_, Some((subject, from))) => state.takes(subject, from),
            (_, None) => Ok(()),
        }
    }

    fn evolve(mut state: TargetAgreements, fact: &TargetsFact, _: Timestamp) -> TargetAgreements {
        if let Some((subject, from)) = begins(fact) {
            state.0.entry(subject).or_default().insert(from, None);
        }
        if let TargetsFact::TargetsEnded(ended) = fact {
            let subject = subject_of_end(ended);
            let of_subject = state.0.get_mut(&subject).into_iter().flatten();
            if let Some((_, through)) = ended_by(ended, of_subject, |(from, _)| (subject, **from)) {
                *through = Some(ended.through);
            }
        }
        state
    }
}

/// What an agreement is about and its first day; none for an end.
fn begins(fact: &TargetsFact) -> Option<(Subject, Date)> {
    match fact {
        TargetsFact::TargetsAgreed(agreed) => {
            let TargetsAgreed {
                kind, user_class, ..
            } = *agreed;
            Some((Subject::Targets { kind, user_class }, agreed.from))
        }
        TargetsFact::PausesAgreed(agreed) => Some((Subject::Pauses, agreed.from)),
        TargetsFact::AttainmentAgreed(agreed) => {
            let AttainmentAgreed { kind, priority, .. } = *agreed;
            Some((Subject::Attainment { kind, priority }, agreed.from))
        }
        TargetsFact::AgeLimitAgreed(agreed) => Some((Subject::AgeLimit, agreed.from)),
        TargetsFact::TargetsEnded(_) => None,
    }
}

fn subject_of_end(ended: &TargetsEnded) -> Subject {
    let TargetsEnded {
        kind, user_class, ..
    } = *ended;
    Subject::Targets { kind, user_class }
}

/// What ends with it: of agreements that are about something from a day on, the one on the same
/// subject that began last, of those that had begun by the last day.
pub fn ended_by<T>(
    ended: &TargetsEnded,
    agreements: impl IntoIterator<Item = T>,
    about: impl Fn(&T) -> (Subject, Date),
) -> Option<T> {
    let subject = subject_of_end(ended);
    let begun = agreements.into_iter().filter(|agreement| {
        let (on, from) = about(agreement);
        on == subject && from <= ended.through
    });
    begun.max_by_key(|agreement| about(agreement).1)
}

/// Whether an agreement makes sense by itself.
fn is_sound(fact: &TargetsFact) -> Result<(), Refusal> {
    match fact {
        TargetsFact::TargetsAgreed(agreed) => are_sound(&agreed.targets),
        TargetsFact::PausesAgreed(agreed) if agreed.reasons.len() > REASONS_MAX => {
            let found = agreed.reasons.len();
            Err(Refusal::TooManyReasons { found })
        }
        TargetsFact::AttainmentAgreed(agreed) if !agreed.percent.is_positive_percentage() => {
            let percent = agreed.percent;
            Err(Refusal::AttainmentOutOfRange { percent })
        }
        TargetsFact::AgeLimitAgreed(agreed) if !(1..=AGE_LIMIT_MAX).contains(&agreed.days) => {
            Err(Refusal::AgeLimitOutOfRange { days: agreed.days })
        }
        _ => Ok(()),
    }
}

fn are_sound(targets: &[Target]) -> Result<(), Refusal> {
    if targets.is_empty() {
        return Err(Refusal::NoTargets);
    }
    let mut seen = BTreeSet::new();
    for Target {
        priority, minutes, ..
    } in targets
    {
        let priority = *priority;
        if !seen.insert(priority) {
            return Err(Refusal::TwoTargets { priority });
        }
        if let Some(minutes) = minutes.filter(|minutes| !(1..=MINUTES_MAX).contains(minutes)) {
            return Err(Refusal::TargetOutOfRange { priority, minutes });
        }
    }
    Ok(())
}
