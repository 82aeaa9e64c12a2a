//! What logs agreed on the service level of their tickets, as it was recorded.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;
use townclerk_contract::position::Position;
use townclerk_domain::decimal::Decimal;
use townclerk_domain::holidays::HolidaysFact;
use townclerk_domain::hours::HoursFact;
use townclerk_domain::names::{Code, LogName};
use townclerk_domain::service_time::ServiceTime;
use townclerk_domain::targets::{
    Subject, Target, TargetsAgreed, TargetsEnded, TargetsFact, ended_by,
};
use townclerk_domain::ticket::{Priority, TicketKind, UserClass};
use townclerk_views::agreed::AgreedFacts;

/// Of each sort those that begin last first.
#[derive(Default, Serialize, JsonSchema)]
pub(super) struct ServiceAgreements {
    /// How long tickets may take, in minutes of service time.
    targets: Vec<Shown<Targets>>,
    /// Which reasons for a hold stop the clock.
    pauses: Vec<Shown<Pauses>>,
    /// What share of tickets must meet their target.
    attainments: Vec<Shown<Attainment>>,
    /// From which age on an open ticket is an aged one.
    age_limits: Vec<Shown<AgeLimit>>,
    /// When work on tickets is agreed to be done.
    hours: Vec<Shown<Hours>>,
    /// On which days it is not.
    holidays: Vec<Shown<Holidays>>,
}

/// An agreement, whose it is, and the event by which it was recorded.
#[derive(Serialize, JsonSchema)]
struct Shown<T> {
    log: LogName,
    /// Whether what the log agreed was made up for a demonstration, at least in part.
    sample: bool,
    /// The position of that event.
    position: String,
    /// Whether it governs tickets too that were logged before it was recorded.
    applies_to_existing: bool,
    #[serde(flatten)]
    agreed: T,
}

#[derive(Serialize, JsonSchema)]
struct Targets {
    kind: TicketKind,
    user_class: UserClass,
    targets: Vec<Target>,
    from: Date,
    /// Last day, where it was ended. A later agreement on the same ends it too.
    through: Option<Date>,
}

#[derive(Serialize, JsonSchema)]
struct Pauses {
    reasons: BTreeSet<Code>,
    from: Date,
}

#[derive(Serialize, JsonSchema)]
struct Attainment {
    percent: Decimal,
    kind: Option<TicketKind>,
    priority: Option<Priority>,
    from: Date,
}

#[derive(Serialize, JsonSchema)]
struct AgeLimit {
    days: u32,
    from: Date,
}

#[derive(Serialize, JsonSchema)]
struct Hours {
    hours: ServiceTime,
    from: Date,
}

#[derive(Serialize, JsonSchema)]
struct Holidays {
    days: BTreeSet<Date>,
    /// Whether these days are holidays no longer.
    withdrawn: bool,
}

impl ServiceAgreements {
    /// Adds all that one log agreed on.
    pub fn add(&mut self, log: &LogName, facts: &AgreedFacts) {
        let of_log = OfLog {
            log,
            sample: facts.sample,
        };
        for standing in &facts.targets {
            self.hear(of_log, standing.sequence, &standing.fact);
        }
        for standing in &facts.hours {
            let HoursFact::HoursAgreed(agreed) = &standing.fact;
            let hours = Hours {
                hours: agreed.hours.clone(),
                from: agreed.from,
            };
            let reaches_back = agreed.applies_to_existing;
            let shown = of_log.shown(standing.sequence, reaches_back, hours);
            self.hours.push(shown);
        }
        for standing in &facts.holidays {
            let (days, withdrawn, reaches_back) = match &standing.fact {
                HolidaysFact::HolidaysDeclared(said) => {
                    (&said.days, false, said.applies_to_existing)
                }
                HolidaysFact::HolidaysWithdrawn(said) => {
                    (&said.days, true, said.applies_to_existing)
                }
            };
            let days = days.clone();
            let holidays = Holidays { days, withdrawn };
            let shown = of_log.shown(standing.sequence, reaches_back, holidays);
            self.holidays.push(shown);
        }
    }

    fn hear(&mut self, of_log: OfLog<'_>, sequence: u64, fact: &TargetsFact) {
        match fact {
            TargetsFact::TargetsAgreed(agreed) => {
                let targets = Targets::of(agreed);
                let shown = of_log.shown(sequence, agreed.applies_to_existing, targets);
                self.targets.push(shown);
            }
            TargetsFact::TargetsEnded(ended) => self.end(of_log.log, ended),
            TargetsFact::PausesAgreed(agreed) => {
                let pauses = Pauses {
                    reasons: agreed.reasons.clone(),
                    from: agreed.from,
                };
                let shown = of_log.shown(sequence, agreed.applies_to_existing, pauses);
                self.pauses.push(shown);
            }
            TargetsFact::AttainmentAgreed(agreed) => {
                let attainment = Attainment {
                    percent: agreed.percent,
                    kind: agreed.kind,
                    priority: agreed.priority,
                    from: agreed.from,
                };
                // A share is measured by months, not by tickets.
                let shown = of_log.shown(sequence, false, attainment);
                self.attainments.push(shown);
            }
            TargetsFact::AgeLimitAgreed(agreed) => {
                let limit = AgeLimit {
                    days: agreed.days,
                    from: agreed.from,
                };
                let shown = of_log.shown(sequence, agreed.applies_to_existing, limit);
                self.age_limits.push(shown);
            }
        }
    }

    fn end(&mut self, log: &LogName, ended: &TargetsEnded) {
        let of_log = self.targets.iter_mut().filter(|shown| shown.log == *log);
        let last = ended_by(ended, of_log, |shown| {
            let Targets {
                kind, user_class, ..
            } = shown.agreed;
            (Subject::Targets { kind, user_class }, shown.agreed.from)
        });
        if let Some(last) = last {
            last.agreed.through = Some(ended.through);
        }
    }

    /// Those that begin last first; holidays by their first day.
    pub fn sorted(mut self) -> Self {
        self.targets.sort_by_key(|shown| Reverse(shown.agreed.from));
        self.pauses.sort_by_key(|shown| Reverse(shown.agreed.from));
        self.attainments
            .sort_by_key(|shown| Reverse(shown.agreed.from));
        self.age_limits
            .sort_by_key(|shown| Reverse(shown.agreed.from));
        self.hours.sort_by_key(|shown| Reverse(shown.agreed.from));
        self.holidays
            .sort_by_key(|shown| Reverse(shown.agreed.days.first().copied()));
        self
    }
}

#[derive(Clone, Copy)]
struct OfLog<'a> {
    log: &'a LogName,
    sample: bool,
}

impl OfLog<'_> {
    fn shown<T>(self, sequence: u64, applies_to_existing: bool, agreed: T) -> Shown<T> {
        let log = self.log.clone();
        Shown {
            position: Position { log, sequence }.to_string(),
            log: self.log.clone(),
            sample: self.sample,
            applies_to_existing,
            agreed,
        }
    }
}

impl Targets {
    fn of(agreed: &TargetsAgreed) -> Self {
        Self {
            kind: agreed.kind,
            user_class: agreed.user_class,
            targets: agreed.targets.clone(),
            from: agreed.from,
            through: None,
        }
    }
}
