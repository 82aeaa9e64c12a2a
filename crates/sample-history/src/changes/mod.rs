//! Changes: the plan of each one, and how a plan is told as facts.

pub mod freezes;
pub mod ordinary;
pub mod projects;

use jiff::{SignedDuration, Timestamp, ToSpan};
use townclerk_domain::change::{
    Assessed, Authorised, Cancelled, Caused, ChangeFact, ChangeRules, ChangeType, Closed,
    Implemented, Outcome, Rejected, Requested, ReviewDue, Reviewed, Risk, Scheduled, Started,
};
use townclerk_domain::names::LogName;
use townclerk_domain::period::london_day;
use townclerk_domain::reference::Reference;

use crate::calendar::{Calendar, Pace};
use crate::chronicle::{Chronicle, Recorder};
use crate::outages::SYSTEM;
use crate::spelling::{Spelt, code, text};

/// What becomes of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Implemented(Outcome),
    /// Said no to, for this reason, and then withdrawn.
    Refused(&'static str),
    /// Withdrawn after it was given a time.
    Withdrawn(&'static str),
}

/// How well a change was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    Soon,
    Late(SignedDuration),
    /// Its category was first recorded as that of a fix.
    CategoryCorrected,
    /// When it was implemented was first recorded this much too late.
    TimeCorrected(SignedDuration),
    InError,
}

pub struct Plan {
    pub log: LogName,
    /// Unique in its log.
    pub name: String,
    pub requested: Requested,
    pub at: Timestamp,
    /// When it is implemented, from and to.
    pub window: (Timestamp, Timestamp),
    /// The window that it was given first, where that was another one.
    pub first_window: Option<(Timestamp, Timestamp)>,
    pub authority: &'static str,
    pub risk: Risk,
    /// Whether it was said no to at first.
    pub assessed_twice: bool,
    pub fate: Fate,
    pub findings: Option<&'static str>,
    pub caused: Vec<(Timestamp, Reference)>,
    pub recorded: Recorded,
}

impl Plan {
    pub fn tell<'a>(
        &self,
        recorder: &'a Recorder,
        calendar: &Calendar,
    ) -> Spelt<Chronicle<'a, ChangeRules>> {
        let mut told = Chronicle::new(recorder, SYSTEM, &self.log, &self.name)?;
        told.recorded_after(match self.recorded {
            Recorded::Late(delay) => delay,
            _ => SignedDuration::from_secs(100),
        });
        let mut implemented = None;
        for (at, fact) in self.facts(calendar)? {
            let done = matches!(fact, ChangeFact::Implemented(_));
            let at = match self.recorded {
                Recorded::TimeCorrected(late) if done => at + late,
                _ => at,
            };
            if done {
                implemented = Some(told.told());
            }
            if self.recorded == Recorded::Soon {
                let seconds = 30 + at.as_second().rem_euclid(307);
                told.recorded_after(SignedDuration::from_secs(seconds));
            }
            told.then(at, fact);
        }
        match (self.recorded, implemented) {
            (Recorded::CategoryCorrected, _) => {
                told.correct_field(0, "category", "maintenance", SignedDuration::from_hours(31))?;
            }
            (Recorded::TimeCorrected(_), Some(number)) => {
                let (_, is) = self.window;
                told.correct_time(number, is, SignedDuration::from_hours(74))?;
            }
            (Recorded::InError, _) => told.void(SignedDuration::from_hours(120))?,
            _ => {}
        }
        Ok(told)
    }

    /// What happened, in order.
    fn facts(&self, calendar: &Calendar) -> Spelt<Vec<(Timestamp, ChangeFact)>> {
        let mut facts = vec![(self.at, ChangeFact::Requested(self.requested.clone()))];
        let (from, to) = self.window;
        let mut before = Before {
            plan: self,
            calendar,
            facts: &mut facts,
        };
        match self.fate {
            Fate::Refused(reason) => {
                before.refused(reason)?;
                return Ok(facts);
            }
            Fate::Withdrawn(reason) => {
                before.approved()?;
                let reason = code(reason)?;
                before.then(95, ChangeFact::Cancelled(Cancelled { reason }));
                return Ok(facts);
            }
            Fate::Implemented(_) => before.approved()?,
        }
        let Fate::Implemented(outcome) = self.fate else {
            return Ok(facts);
        };
        facts.push((from, ChangeFact::Started(Started {})));
        facts.push((to, ChangeFact::Implemented(Implemented {})));
        let more = to.as_second().rem_euclid(401);
        let soon = |wait| calendar.after(to, SignedDuration::from_mins(wait + more), Pace::Work);
        let mut waits = 900;
        if matches!(outcome, Outcome::Unsuccessful | Outcome::BackedOut) {
            facts.push((to + SignedDuration::from_mins(20), review_due(to)?));
            // Not everybody finds the time.
            if more % 3 == 0 {
                waits = 6_300;
            }
        }
        if let (Some(reviewed), Some(closed)) = (soon(waits), soon(waits + 1_500)) {
            let findings = self.findings.map(text).transpose()?;
            facts.push((reviewed, ChangeFact::Reviewed(Reviewed { findings })));
            facts.push((closed, ChangeFact::Closed(Closed { outcome })));
        }
        for (at, effect) in &self.caused {
            let effect = effect.clone();
            facts.push((*at, ChangeFact::Caused(Caused { effect })));
        }
        facts.sort_by_key(|(at, _)| *at);
        Ok(facts)
    }
}

/// What failed is looked back at within a week.
fn review_due(implemented: Timestamp) -> Spelt<ChangeFact> {
    Ok(ChangeFact::ReviewDue(ReviewDue {
        by: london_day(implemented).saturating_add(7.days()),
        owner: code("change-manager")?,
    }))
}

/// What happens between the request and the start.
struct Before<'a> {
    plan: &'a Plan,
    calendar: &'a Calendar,
    facts: &'a mut Vec<(Timestamp, ChangeFact)>,
}

impl Before<'_> {
    /// At so many percent of the time between, in working hours where that is not too late.
    fn then(&mut self, percent: i64, fact: ChangeFact) {
        let (from, _) = self.plan.window;
        let between = from.duration_since(self.plan.at).as_secs();
        let exact = self.plan.at + SignedDuration::from_secs(between * percent / 100);
        let urgent = self.plan.requested.change_type == ChangeType::Emergency;
        // Not everything that waits for the morning is done when the day begins.
        let waits = SignedDuration::from_secs(exact.as_second() % 9_000);
        let staffed = self.calendar.after(exact, waits, Pace::Work);
        let at = staffed.filter(|_| !urgent).unwrap_or(exact);
        let least = self.facts.last().map_or(exact, |(at, _)| *at);
        let most = from - SignedDuration::from_secs(between / 200);
        self.facts.push((at.min(most).max(least), fact));
    }

    fn assessed(&mut self, percent: i64) -> Spelt<()> {
        let impact = match self.plan.risk {
            Risk::High => Some(text("Whole services stop if it fails")?),
            Risk::Low | Risk::Medium => None,
        };
        let risk = self.plan.risk;
        self.then(percent, ChangeFact::Assessed(Assessed { risk, impact }));
        Ok(())
    }

    fn rejected(&mut self, percent: i64, reason: &str) -> Spelt<()> {
        let (authority, reason) = (code(self.plan.authority)?, code(reason)?);
        let fact = Rejected { authority, reason };
        self.then(percent, ChangeFact::Rejected(fact));
        Ok(())
    }

    fn approved(&mut self) -> Spelt<()> {
        let authority = code(self.plan.authority)?;
        let authorised = ChangeFact::Authorised(Authorised { authority });
        match self.plan.requested.change_type {
            ChangeType::Standard => {}
            ChangeType::Emergency => {
                self.then(50, authorised);
                return Ok(());
            }
            ChangeType::Normal => {
                self.assessed(16)?;
                if self.plan.assessed_twice {
                    self.rejected(27, "no-way-back")?;
                    self.assessed(41)?;
                }
                self.then(55, authorised);
            }
        }
        for (percent, window) in [(64, self.plan.first_window), (82, Some(self.plan.window))] {
            if let Some((from, to)) = window {
                self.then(percent, ChangeFact::Scheduled(Scheduled { from, to }));
            }
        }
        Ok(())
    }

    fn refused(&mut self, reason: &'static str) -> Spelt<()> {
        match self.plan.requested.change_type {
            ChangeType::Normal => {
                self.assessed(16)?;
                self.rejected(40, reason)?;
            }
            ChangeType::Emergency => self.rejected(40, reason)?,
            ChangeType::Standard => {}
        }
        let reason = code(reason)?;
        self.then(60, ChangeFact::Cancelled(Cancelled { reason }));
        Ok(())
    }
}
