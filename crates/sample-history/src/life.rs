//! What happens to one ticket, from logged to closed or to the end of the history.

use jiff::{SignedDuration, Timestamp};
use townclerk_domain::reference::Reference;
use townclerk_domain::ticket::{
    Assigned, Cancelled, Closed, Held, Linked, Priority, Recategorised, Reopened, Reprioritised,
    Resolved, Started, TicketFact, TicketKind, Triaged,
};

use crate::calendar::{Calendar, Pace, slowness};
use crate::catalogue::Catalogue;
use crate::demand::Demand;
use crate::dice::Dice;
use crate::targets::CSCCM;

/// Minutes of a working day.
const DAY: i64 = 600;

/// What is not urgent is given up or finished some day, also after a bad summer.
const LONGEST: i64 = 110 * DAY;

/// When it happened, and what.
pub type Happening = (Timestamp, TicketFact);

/// Tells a ticket's life in order; no two things happen at the same moment. What would happen
/// after the history is not told.
pub fn life(
    demand: &Demand<'_>,
    cause: Option<Reference>,
    catalogue: &Catalogue,
    calendar: &Calendar,
    dice: &mut Dice,
) -> Vec<Happening> {
    let priority = demand.logged.priority;
    let urgent = matches!(priority, Priority::P1 | Priority::P2);
    let effort = (effort(priority, dice) * slowness(demand.at) / 100).min(LONGEST);
    let mut life = Life {
        demand,
        catalogue,
        calendar,
        dice,
        effort,
        pace: if urgent { Pace::Wall } else { Pace::Work },
        now: Some(demand.at),
        happened: vec![(demand.at, TicketFact::Logged(demand.logged.clone()))],
    };
    if !demand.voided {
        life.is_taken_up(cause);
        if priority != Priority::P1 && life.dice.per_mille(30) {
            life.is_cancelled();
        } else {
            life.is_worked_on();
            life.is_resolved();
        }
    }
    life.happened
}

/// Minutes until it is resolved: mostly days, sometimes months.
fn effort(priority: Priority, dice: &mut Dice) -> i64 {
    let tail = dice.below(100);
    match (priority, tail) {
        (Priority::P1, 0..70) => dice.between(20, 240),
        (Priority::P1, _) => dice.between(120, 720),
        (Priority::P2, _) => dice.between(60, 1_200),
        (_, 0..7) => dice.between(15 * DAY, LONGEST),
        (Priority::P3, 7..50) => dice.between(20, DAY),
        (Priority::P3, _) => dice.between(DAY / 2, 8 * DAY),
        (Priority::P4, 7..50) => dice.between(40, 3 * DAY),
        (Priority::P4, _) => dice.between(DAY, 18 * DAY),
        (Priority::P5, _) => dice.between(3 * DAY, 40 * DAY),
    }
}

struct Life<'a> {
    demand: &'a Demand<'a>,
    catalogue: &'a Catalogue,
    calendar: &'a Calendar,
    dice: &'a mut Dice,
    effort: i64,
    pace: Pace,
    /// `None` once the history is over.
    now: Option<Timestamp>,
    happened: Vec<Happening>,
}

impl Life<'_> {
    fn is_taken_up(&mut self, cause: Option<Reference>) {
        if self.dice.percent(97) {
            let wait = self.up_to(self.effort / 30 + 5);
            self.then(wait, TicketFact::Triaged(Triaged {}));
        }
        if self.dice.percent(97) {
            self.is_assigned(self.effort / 30 + 5);
        }
        if let Some(cause) = cause {
            let wait = self.up_to(20);
            self.then(wait, TicketFact::Linked(Linked { cause }));
        }
        if self.dice.percent(10) {
            self.is_recategorised();
        }
    }

    fn is_cancelled(&mut self) {
        let reasons = self.catalogue.cancel_reasons(self.demand.logged.kind);
        let reason = reasons.pick(self.dice).clone();
        let wait = self.up_to(self.effort);
        self.then(wait, TicketFact::Cancelled(Cancelled { reason }));
    }

    fn is_worked_on(&mut self) {
        let wait = self.up_to(self.effort / 2);
        self.then(wait, TicketFact::Started(Started {}));
        if self.dice.percent(6) {
            self.is_reprioritised();
        }
        if self.dice.percent(24) {
            self.is_assigned(self.effort / 6);
        }
        let holds = match self.dice.below(100) {
            0..56 => 0,
            56..90 => 1,
            _ => 2,
        };
        for _ in 0..holds {
            let reason = self.catalogue.hold_reasons.pick(self.dice).clone();
            let wait = self.up_to(self.effort / 6);
            self.then(wait, TicketFact::Held(Held { reason }));
            let wait = self.up_to(self.effort / 2);
            self.then(wait, TicketFact::Started(Started {}));
        }
    }

    fn is_resolved(&mut self) {
        self.resolves(self.effort);
        if self.dice.per_mille(36) {
            let reason = self.catalogue.reopen_reasons.pick(self.dice).clone();
            let wait = self.up_to(3 * DAY);
            self.then(wait, TicketFact::Reopened(Reopened { reason }));
            if self.dice.percent(40) {
                self.is_assigned(self.effort / 8);
            }
            self.resolves(self.effort / 2);
        }
        // Silence is acceptance, after some working days.
        self.pace = Pace::Work;
        if self.dice.per_mille(985) {
            let wait = self.dice.between(4 * DAY, 7 * DAY);
            self.then(wait, TicketFact::Closed(Closed {}));
        }
    }

    fn resolves(&mut self, most: i64) {
        let resolution = match self.demand.logged.kind {
            TicketKind::Incident if self.dice.percent(75) => {
                Some(self.catalogue.resolutions.pick(self.dice).clone())
            }
            _ => None,
        };
        let wait = self.up_to(most);
        self.then(wait, TicketFact::Resolved(Resolved { resolution }));
    }

    fn is_assigned(&mut self, most: i64) {
        let team = self.demand.service.teams.pick(self.dice).clone();
        let wait = self.up_to(most);
        self.then(wait, TicketFact::Assigned(Assigned { team }));
    }

    /// The application of the published table keeps its tickets, and takes none.
    fn is_recategorised(&mut self) {
        let logged = &self.demand.logged;
        let movable = logged.service.as_str() != CSCCM && logged.priority != Priority::P1;
        let service = if movable && self.dice.percent(18) {
            self.catalogue.services.pick(self.dice)
        } else {
            self.demand.service
        };
        let category = service.categories(logged.kind).pick(self.dice).clone();
        let moved = service.code != logged.service;
        let fact = TicketFact::Recategorised(Recategorised {
            category: Some(category),
            service: moved.then(|| service.code.clone()),
            directorate: None,
        });
        let wait = self.up_to(60);
        self.then(wait, fact);
    }

    /// P1 is neither reached nor left: its incidents are those of the targets.
    fn is_reprioritised(&mut self) {
        let logged = &self.demand.logged;
        let priority = *self.catalogue.priorities(logged.kind).pick(self.dice);
        if logged.priority != Priority::P1 && priority != logged.priority {
            let fact = TicketFact::Reprioritised(Reprioritised { priority });
            let wait = self.up_to(self.effort / 8);
            self.then(wait, fact);
        }
    }

    /// Minutes, at least a few.
    fn up_to(&mut self, most: i64) -> i64 {
        self.dice.between(most / 8, most.max(1))
    }

    fn then(&mut self, minutes: i64, fact: TicketFact) {
        let wait = SignedDuration::from_secs(minutes * 60 + self.dice.between(1, 59));
        self.now = self
            .now
            .and_then(|now| self.calendar.after(now, wait, self.pace));
        if let Some(now) = self.now {
            self.happened.push((now, fact));
        }
    }
}
