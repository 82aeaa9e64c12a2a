//! The service level of one ticket: what counts against its target, line by line, and what comes of
//! it.
//!
//! Which terms govern a ticket is decided before, in [`crate::service_terms`].
//! Within them the target follows the priority. A change of priority counts from the beginning, with
//! all pauses carried over, so that a ticket is judged by what it turned out to be. One that comes
//! after the resolution leaves the result as it was, and counts if the ticket is reopened. Time spent
//! resolved or closed does not count where a ticket is reopened, nor time spent cancelled where it is
//! reinstated.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::names::Code;
use crate::service_clock::{Calendar, Pause};
use crate::ticket::{Priority, TicketFact};

#[cfg(test)]
mod tests;

/// How much of a target must have passed for each band of risk, in percent.
pub const BANDS: [u8; 4] = [50, 75, 85, 95];

/// What was agreed for tickets of one kind and one class of users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// How long a ticket may take, in agreed service time; a priority that is not here has no
    /// target.
    pub targets: Arc<BTreeMap<Priority, SignedDuration>>,
    pub calendar: Arc<Calendar>,
    /// The reasons for a hold that stop the clock.
    pub pausing: Arc<BTreeSet<Code>>,
}

/// One line of the explanation: what happened to the clock, and how it stood then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub at: Timestamp,
    pub what: Happening,
    /// What had counted by then.
    pub counted: SignedDuration,
    /// When it would be due if nothing else happened; `None` without a target or while it stands.
    pub due: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    Started {
        priority: Priority,
        target: Option<SignedDuration>,
    },
    /// Work waits; by agreement the clock is stopped for it or goes on.
    Held {
        reason: Code,
        pauses: bool,
    },
    /// The clock goes on after a hold.
    Resumed,
    /// Another priority, and with it another target from the beginning.
    Retargeted {
        priority: Priority,
        target: Option<SignedDuration>,
    },
    /// The clock is stopped, and how it stands is the result.
    Resolved {
        /// `None` without a target.
        result: Option<Verdict>,
    },
    /// The clock goes on; the time since it was resolved does not count.
    Reopened,
    Withdrawn,
    /// The clock goes on; the time since it was cancelled does not count.
    Reinstated,
    /// Another priority after the end: how it ended stays, and the target is that of this priority
    /// only if the ticket is open again.
    ReprioritisedLater {
        priority: Priority,
    },
}

/// How a ticket stands against its target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Its priority has no target: it is on neither side of an attainment.
    NoTarget,
    /// Resolved within the target, or exactly at it.
    Met,
    Failed,
    Running {
        /// Negative where it is overdue.
        left: SignedDuration,
        /// `None` while the clock is stopped, or where the hours that were agreed never suffice.
        due: Option<Timestamp>,
        /// The highest band that was reached.
        band: Option<u8>,
    },
    /// Cancelled: on neither side.
    Withdrawn,
}

/// A ticket's standing, and how it came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceLevel {
    pub target: Option<SignedDuration>,
    /// What counts against the target so far, or until it was resolved.
    pub counted: SignedDuration,
    pub standing: Standing,
    /// When it was resolved last, or cancelled, if it is not open.
    pub ended: Option<Timestamp>,
    pub trail: Vec<Step>,
}

/// A ticket that stands resolved, beside its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub target: SignedDuration,
    /// What counted until it was resolved.
    pub counted: SignedDuration,
}

impl Verdict {
    /// A ticket that was resolved exactly at its target has met it.
    pub fn is_met(self) -> bool {
        self.counted <= self.target
    }

    /// In a word.
    pub fn code(self) -> &'static str {
        match self.is_met() {
            true => "met",
            false => "failed",
        }
    }
}

/// The clock of one ticket while its facts are gone through.
struct Running<'a> {
    terms: &'a Terms,
    logged: Timestamp,
    priority: Priority,
    /// The priority by which it is judged: that of its end where it has one, else the present one.
    judged: Priority,
    pauses: Vec<Pause>,
    /// Whether the last pause has no end yet.
    stands: bool,
    end: Option<End>,
    /// Absent where no explanation is asked for.
    trail: Option<Vec<Step>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Resolved(Timestamp),
    Withdrawn(Timestamp),
}

/// The service level of a ticket with these facts, in the order in which they happened, at the
/// moment `as_at`. `None` where it was not logged by then.
pub fn service_level<'a>(
    terms: &Terms,
    facts: impl IntoIterator<Item = (Timestamp, &'a TicketFact)>,
    as_at: Timestamp,
) -> Option<ServiceLevel> {
    let facts = facts.into_iter().take_while(|(at, _)| *at < as_at);
    Some(Running::through(terms, facts, Some(Vec::new()))?.outcome(as_at))
}

/// How a ticket with these facts, in the order in which they happened, was resolved; `None` where it
/// does not stand resolved, or has no target.
pub fn verdict<'a>(
    terms: &Terms,
    facts: impl IntoIterator<Item = (Timestamp, &'a TicketFact)>,
) -> Option<Verdict> {
    let running = Running::through(terms, facts.into_iter(), None)?;
    match running.end {
        Some(End::Resolved(at)) => running.verdict(at),
        _ => None,
    }
}

impl<'t> Running<'t> {
    /// The clock after these facts, of which the first must be that the ticket was logged.
    fn through<'a>(
        terms: &'t Terms,
        mut facts: impl Iterator<Item = (Timestamp, &'a TicketFact)>,
        trail: Option<Vec<Step>>,
    ) -> Option<Self> {
        let (logged, TicketFact::Logged(first)) = facts.next()? else {
            return None;
        };
        let mut running = Self {
            terms,
            logged,
            priority: first.priority,
            judged: first.priority,
            pauses: Vec::new(),
            stands: false,
            end: None,
            trail,
        };
        let (priority, target) = (running.priority, running.target());
        running.note(logged, Happening::Started { priority, target });
        for (at, fact) in facts {
            running.hear(at, fact);
        }
        Some(running)
    }

    fn target(&self) -> Option<SignedDuration> {
        self.terms.targets.get(&self.judged).copied()
    }

    fn hear(&mut self, at: Timestamp, fact: &TicketFact) {
        match fact {
            TicketFact::Held(held) => {
                let reason = held.reason.clone();
                let pauses = self.terms.pausing.contains(&reason);
                match pauses {
                    true => self.stand(at),
                    false => self.go_on(at),
                }
                self.note(at, Happening::Held { reason, pauses });
            }
            TicketFact::Started(_) if self.stands => {
                self.go_on(at);
                self.note(at, Happening::Resumed);
            }
            TicketFact::Reprioritised(said) if said.priority != self.priority => {
                self.priority = said.priority;
                let priority = said.priority;
                match self.end {
                    None => self.retarget(at),
                    Some(_) => self.note(at, Happening::ReprioritisedLater { priority }),
                }
            }
            TicketFact::Resolved(_) => {
                self.stand(at);
                self.end = Some(End::Resolved(at));
                let result = self.verdict(at);
                self.note(at, Happening::Resolved { result });
            }
            TicketFact::Reopened(_) => self.open_again(at, Happening::Reopened),
            TicketFact::Reinstated(_) => self.open_again(at, Happening::Reinstated),
            TicketFact::Cancelled(_) => {
                self.stand(at);
                self.end = Some(End::Withdrawn(at));
                self.note(at, Happening::Withdrawn);
            }
            TicketFact::Logged(_)
            | TicketFact::Triaged(_)
            | TicketFact::Started(_)
            | TicketFact::Reprioritised(_)
            | TicketFact::Closed(_)
            | TicketFact::Assigned(_)
            | TicketFact::Recategorised(_)
            | TicketFact::Linked(_) => {}
        }
    }

    /// Goes on after an end, by the target of the present priority.
    fn open_again(&mut self, at: Timestamp, what: Happening) {
        self.go_on(at);
        self.end = None;
        self.note(at, what);
        self.retarget(at);
    }

    /// Judges by the present priority from here on.
    fn retarget(&mut self, at: Timestamp) {
        if self.judged != self.priority {
            self.judged = self.priority;
            let (priority, target) = (self.priority, self.target());
            self.note(at, Happening::Retargeted { priority, target });
        }
    }

    fn stand(&mut self, at: Timestamp) {
        if !self.stands {
            self.pauses.push(Pause { from: at, to: None });
            self.stands = true;
        }
    }

    fn go_on(&mut self, at: Timestamp) {
        if let Some(pause) = self.pauses.last_mut().filter(|_| self.stands) {
            pause.to = Some(at);
            self.stands = false;
        }
    }

    fn counted(&self, until: Timestamp) -> SignedDuration {
        let calendar = &self.terms.calendar;
        calendar.between(self.logged, until, &self.pauses)
    }

    /// What comes of it if it is resolved at `at`; `None` without a target.
    fn verdict(&self, at: Timestamp) -> Option<Verdict> {
        Some(Verdict {
            target: self.target()?,
            counted: self.counted(at),
        })
    }

    /// When it is due if nothing else happens: never while the clock is stopped before it.
    fn due(&self) -> Option<Timestamp> {
        let calendar = &self.terms.calendar;
        calendar.add(self.logged, self.target()?, &self.pauses)
    }

    fn note(&mut self, at: Timestamp, what: Happening) {
        if self.trail.is_none() {
            return;
        }
        let step = Step {
            at,
            what,
            counted: self.counted(at),
            due: self.due(),
        };
        self.trail.get_or_insert_default().push(step);
    }

    fn outcome(self, as_at: Timestamp) -> ServiceLevel {
        let ended = self.end.map(|end| match end {
            End::Resolved(at) | End::Withdrawn(at) => at,
        });
        let (target, counted) = (self.target(), self.counted(ended.unwrap_or(as_at)));
        let standing = match (self.end, target) {
            (Some(End::Withdrawn(_)), _) => Standing::Withdrawn,
            (_, None) => Standing::NoTarget,
            (Some(End::Resolved(_)), Some(target)) => {
                match (Verdict { target, counted }).is_met() {
                    true => Standing::Met,
                    false => Standing::Failed,
                }
            }
            (None, Some(target)) => Standing::Running {
                left: target.saturating_sub(counted),
                due: self.due(),
                band: band(counted, target),
            },
        };
        ServiceLevel {
            target,
            counted,
            standing,
            ended,
            trail: self.trail.unwrap_or_default(),
        }
    }
}

/// The highest band of risk that `counted` has reached.
fn band(counted: SignedDuration, target: SignedDuration) -> Option<u8> {
    let reached = |band: &u8| counted.as_nanos() * 100 >= target.as_nanos() * i128::from(*band);
    BANDS.into_iter().rev().find(reached)
}
