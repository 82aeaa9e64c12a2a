//! Which agreements govern a ticket.
//!
//! An agreement governs a ticket if it is in force on the day on which the ticket was logged and was
//! recorded before it; a later one reaches back only if it says so. Both stand in one log, so its
//! sequence says which was recorded first. Of service hours and holidays the ticket's clock follows
//! all that were recorded before it, each from its own day on. A correction says that what stood
//! before was never right: it acts on every ticket, from when it was known.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::decimal::Decimal;
use crate::holidays::HolidaysFact;
use crate::hours::{HoursAgreed, HoursFact};
use crate::names::Code;
use crate::period::london_day;
use crate::service_clock::Calendar;
use crate::service_level::Terms;
use crate::targets::{AttainmentAgreed, Subject, TargetsAgreed, TargetsFact, ended_by};
use crate::ticket::{Logged, Priority, TicketKind};
use crate::timeline::Standing;

#[cfg(test)]
mod tests;

/// By which event something was said, and of which tickets.
#[derive(Clone, Copy, Debug)]
struct Said {
    sequence: u64,
    reaches_back: bool,
}

impl Said {
    /// Whether it is said of a ticket that was logged by the event of this sequence.
    fn is_of(self, ticket: u64) -> bool {
        self.reaches_back || self.sequence < ticket
    }
}

/// Something that was agreed, from a day on.
#[derive(Clone, Debug)]
struct Agreed<T> {
    said: Said,
    from: Date,
    what: T,
}

/// Targets, with what was said of their end and their last day.
#[derive(Clone, Debug)]
struct Targets {
    agreed: TargetsAgreed,
    by_priority: Arc<BTreeMap<Priority, SignedDuration>>,
    ended: Option<(Said, Date)>,
}

/// A change of the holidays.
#[derive(Clone, Debug)]
struct Holidays {
    said: Said,
    days: BTreeSet<Date>,
    declared: bool,
}

/// What governs a ticket, by the sequences of the events in its log by which it was agreed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grounds {
    pub targets: u64,
    /// Of the reasons for a hold that stop the clock.
    pub pauses: Option<u64>,
    /// In force on the day on which it was logged, and then those that its clock follows from later
    /// days on.
    pub hours: Vec<u64>,
    /// The days on which its clock stands.
    pub holidays: BTreeMap<Date, u64>,
}

/// The agreements of the day on which a ticket was logged.
struct Governing<'a> {
    targets: &'a Agreed<Targets>,
    hours: &'a Agreed<HoursAgreed>,
    pauses: Option<&'a Agreed<Arc<BTreeSet<Code>>>>,
}

/// All that one log agreed on the service level of its tickets, as it was known at one moment.
#[derive(Clone, Debug, Default)]
pub struct ServiceAgreements {
    targets: Vec<Agreed<Targets>>,
    pauses: Vec<Agreed<Arc<BTreeSet<Code>>>>,
    age_limits: Vec<Agreed<u32>>,
    attainments: Vec<AttainmentAgreed>,
    hours: Vec<Agreed<HoursAgreed>>,
    holidays: Vec<Holidays>,
    /// One for each event on hours or holidays, made when it is asked for: that of the tickets that
    /// were recorded after the events of these sequences, and before the next one.
    calendars: Vec<(u64, OnceLock<Arc<Calendar>>)>,
}

impl ServiceAgreements {
    /// From the facts of the three records of a log, as known.
    pub fn new(
        targets: &[Standing<TargetsFact>],
        hours: &[Standing<HoursFact>],
        holidays: &[Standing<HolidaysFact>],
    ) -> Self {
        let mut found = Self::default();
        for standing in targets {
            found.hear(standing.sequence, &standing.fact);
        }
        found.hours = hours
            .iter()
            .map(|standing| {
                let HoursFact::HoursAgreed(agreed) = &standing.fact;
                Agreed {
                    said: Said {
                        sequence: standing.sequence,
                        reaches_back: agreed.applies_to_existing,
                    },
                    from: agreed.from,
                    what: agreed.clone(),
                }
            })
            .collect();
        found.holidays = holidays.iter().map(changed).collect();
        let of_hours = found.hours.iter().map(|agreed| agreed.said.sequence);
        let of_holidays = found.holidays.iter().map(|change| change.said.sequence);
        let sequences: BTreeSet<u64> = of_hours.chain(of_holidays).chain([0]).collect();
        let unmade = |sequence| (sequence, OnceLock::new());
        found.calendars = sequences.into_iter().map(unmade).collect();
        found
    }

    fn hear(&mut self, sequence: u64, fact: &TargetsFact) {
        let said = |reaches_back| Said {
            sequence,
            reaches_back,
        };
        match fact {
            TargetsFact::TargetsAgreed(agreed) => {
                let minutes = agreed.targets.iter().filter_map(|target| {
                    let minutes = SignedDuration::from_mins(target.minutes?.into());
                    Some((target.priority, minutes))
                });
                self.targets.push(Agreed {
                    said: said(agreed.applies_to_existing),
                    from: agreed.from,
                    what: Targets {
                        by_priority: Arc::new(minutes.collect()),
                        agreed: agreed.clone(),
                        ended: None,
                    },
                });
            }
            TargetsFact::TargetsEnded(ended) => {
                let about = |targets: &&mut Agreed<Targets>| {
                    let TargetsAgreed {
                        kind, user_class, ..
                    } = targets.what.agreed;
                    (Subject::Targets { kind, user_class }, targets.from)
                };
                if let Some(last) = ended_by(ended, &mut self.targets, about) {
                    last.what.ended = Some((said(false), ended.through));
                }
            }
            TargetsFact::PausesAgreed(agreed) => self.pauses.push(Agreed {
                said: said(agreed.applies_to_existing),
                from: agreed.from,
                what: Arc::new(agreed.reasons.clone()),
            }),
            TargetsFact::AttainmentAgreed(agreed) => self.attainments.push(agreed.clone()),
            TargetsFact::AgeLimitAgreed(agreed) => self.age_limits.push(Agreed {
                said: said(agreed.applies_to_existing),
                from: agreed.from,
                what: agreed.days,
            }),
        }
    }

    /// The terms of a ticket that was logged at `at` by the event of this sequence; `None` where no
    /// targets or no service hours govern it.
    pub fn terms(&self, sequence: u64, at: Timestamp, logged: &Logged) -> Option<Terms> {
        let governing = self.governing(sequence, london_day(at), logged)?;
        let pausing = governing.pauses.map(|pauses| Arc::clone(&pauses.what));
        Some(Terms {
            targets: Arc::clone(&governing.targets.what.by_priority),
            calendar: self.calendar(sequence),
            pausing: pausing.unwrap_or_default(),
        })
    }

    /// By what the terms of the same ticket were agreed, as far as they bear on the days until
    /// `last`; `None` where it has none.
    pub fn grounds(
        &self,
        sequence: u64,
        at: Timestamp,
        logged: &Logged,
        last: Date,
    ) -> Option<Grounds> {
        let first = london_day(at);
        let governing = self.governing(sequence, first, logged)?;
        let seen = self.hours.iter().filter(|hours| hours.said.is_of(sequence));
        let later = seen.filter(|hours| first < hours.from && hours.from <= last);
        let mut later: Vec<_> = later
            .map(|hours| (hours.from, hours.said.sequence))
            .collect();
        later.sort_unstable();
        let later = later.into_iter().map(|(_, sequence)| sequence);
        let mut holidays = self.holidays_seen_by(sequence);
        holidays.retain(|day, _| (first..=last).contains(day));
        Some(Grounds {
            targets: governing.targets.said.sequence,
            pauses: governing.pauses.map(|pauses| pauses.said.sequence),
            hours: [governing.hours.said.sequence]
                .into_iter()
                .chain(later)
                .collect(),
            holidays,
        })
    }

    fn governing(&self, ticket: u64, day: Date, logged: &Logged) -> Option<Governing<'_>> {
        let of_its_kind = self.targets.iter().filter(|targets| {
            let agreed = &targets.what.agreed;
            agreed.kind == logged.kind && agreed.user_class == logged.user_class
        });
        let targets = in_force(of_its_kind, ticket, day)?;
        let ended = targets.what.ended;
        if ended.is_some_and(|(said, through)| said.is_of(ticket) && through < day) {
            return None;
        }
        Some(Governing {
            targets,
            hours: in_force(self.hours.iter(), ticket, day)?,
            pauses: in_force(self.pauses.iter(), ticket, day),
        })
    }

    /// From when on a ticket that was logged at `at` is an aged one, if it is still open; `None`
    /// where no age limit governs it.
    pub fn aged_from(&self, sequence: u64, at: Timestamp) -> Option<Timestamp> {
        let limit = in_force(self.age_limits.iter(), sequence, london_day(at))?;
        let days = i64::from(limit.what);
        at.checked_add(SignedDuration::from_hours(24 * days)).ok()
    }

    /// The share of tickets that must meet their target, in percent, on a day: for this kind and
    /// priority, or else for the closest wider selection that was agreed on.
    pub fn attainment(
        &self,
        day: Date,
        kind: Option<TicketKind>,
        priority: Option<Priority>,
    ) -> Option<Decimal> {
        let begun = self.attainments.iter().filter(|agreed| agreed.from <= day);
        let wider = begun.filter(|agreed| {
            agreed.kind.is_none_or(|named| Some(named) == kind)
                && agreed.priority.is_none_or(|named| Some(named) == priority)
        });
        let closest = wider.max_by_key(|agreed| {
            (
                agreed.priority.is_some(),
                agreed.kind.is_some(),
                agreed.from,
            )
        });
        closest.map(|agreed| agreed.percent)
    }

    /// The first day on which targets of a kind (of any, if `None`) and service hours are agreed. What
    /// ended goes on governing the tickets of its days: only before the first is there nothing.
    pub fn targets_from(&self, kind: Option<TicketKind>) -> Option<Date> {
        let hours_from = self.hours.iter().map(|agreed| agreed.from).min()?;
        let of_kind = self
            .targets
            .iter()
            .filter(|targets| kind.is_none_or(|kind| targets.what.agreed.kind == kind));
        let targets_from = of_kind.map(|targets| targets.from).min()?;
        Some(targets_from.max(hours_from))
    }

    /// The first day on which an age limit is agreed.
    pub fn age_limit_from(&self) -> Option<Date> {
        self.age_limits.iter().map(|agreed| agreed.from).min()
    }

    /// The clock of the tickets that were logged by the event of this sequence.
    fn calendar(&self, sequence: u64) -> Arc<Calendar> {
        let before = self.calendars.partition_point(|(by, _)| *by < sequence);
        match self.calendars.get(before.saturating_sub(1)) {
            Some((_, calendar)) => Arc::clone(calendar.get_or_init(|| self.made(sequence))),
            None => Arc::default(),
        }
    }

    fn made(&self, sequence: u64) -> Arc<Calendar> {
        let hours = self.hours.iter();
        let hours = hours.filter(|agreed| agreed.said.is_of(sequence));
        let hours = hours.map(|agreed| (agreed.from, agreed.what.hours.clone()));
        let holidays = self.holidays_seen_by(sequence);
        Arc::new(Calendar::new(hours, holidays.into_keys()))
    }

    /// The holidays of a ticket's clock, each with the event that declared it.
    fn holidays_seen_by(&self, ticket: u64) -> BTreeMap<Date, u64> {
        let mut holidays = BTreeMap::new();
        for change in &self.holidays {
            if change.said.is_of(ticket) {
                let sequence = change.said.sequence;
                match change.declared {
                    true => holidays.extend(change.days.iter().map(|day| (*day, sequence))),
                    false => holidays.retain(|day, _| !change.days.contains(day)),
                }
            }
        }
        holidays
    }
}

fn changed(standing: &Standing<HolidaysFact>) -> Holidays {
    let (days, reaches_back, declared) = match &standing.fact {
        HolidaysFact::HolidaysDeclared(said) => (&said.days, said.applies_to_existing, true),
        HolidaysFact::HolidaysWithdrawn(said) => (&said.days, said.applies_to_existing, false),
    };
    Holidays {
        said: Said {
            sequence: standing.sequence,
            reaches_back,
        },
        days: days.clone(),
        declared,
    }
}

/// The one with the latest first day that has come, of those that a ticket of this sequence sees.
fn in_force<'a, T: 'a>(
    agreed: impl Iterator<Item = &'a Agreed<T>>,
    ticket: u64,
    day: Date,
) -> Option<&'a Agreed<T>> {
    agreed
        .filter(|agreed| agreed.said.is_of(ticket) && agreed.from <= day)
        .max_by_key(|agreed| agreed.from)
}
