//! The everyday stream of changes: sample data.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use townclerk_domain::change::{ChangeType, Outcome, Requested, Risk};
use townclerk_domain::names::LogName;
use townclerk_domain::period::{Month, london_day, london_midnight};
use townclerk_domain::reference::Reference;
use townclerk_domain::ticket::Priority;

use super::freezes::{Freezes, NEW_PROJECT};
use super::{Fate, Plan, Recorded};
use crate::calendar::{Calendar, FIRST_DAY, LAST_DAY};
use crate::catalogue::Catalogue;
use crate::dice::{Dice, Weighted};
use crate::spelling::{Spelt, code, text};
use crate::tickets::Incident;

/// Category, and what such a change does to a service.
type Sort = (&'static str, &'static str);

const SORTS: [(Sort, u32); 5] = [
    (("maintenance", "Update"), 44),
    (("fix", "Mend a fault of"), 30),
    (("security", "Close a security hole of"), 14),
    ((NEW_PROJECT, "Introduce a new part of"), 9),
    (("decommission", "Take out of use an old server of"), 3),
];

/// For how long afterwards an incident may be put down to a change.
const AFTERMATH: SignedDuration = SignedDuration::from_hours(30);

/// The number of the one change that was recorded in error.
const IN_ERROR: usize = 200;

pub struct Stream<'a> {
    pub catalogue: &'a Catalogue,
    pub calendar: &'a Calendar,
    pub freezes: &'a Freezes,
    pub incidents: &'a [Incident],
    pub dice: &'a mut Dice,
    sorts: Weighted<Sort>,
    types: Weighted<ChangeType>,
    outcomes: Weighted<Outcome>,
}

impl<'a> Stream<'a> {
    pub fn new(
        catalogue: &'a Catalogue,
        calendar: &'a Calendar,
        freezes: &'a Freezes,
        incidents: &'a [Incident],
        dice: &'a mut Dice,
    ) -> Self {
        Self {
            catalogue,
            calendar,
            freezes,
            incidents,
            dice,
            sorts: Weighted::new(SORTS),
            types: Weighted::new([
                (ChangeType::Normal, 56),
                (ChangeType::Standard, 31),
                (ChangeType::Emergency, 13),
            ]),
            outcomes: Weighted::new([
                (Outcome::Successful, 85),
                (Outcome::WithIssues, 8),
                (Outcome::Unsuccessful, 3),
                (Outcome::BackedOut, 4),
            ]),
        }
    }

    /// All of them, each with a name that is unique in its log.
    pub fn plans(mut self) -> Spelt<Vec<Plan>> {
        let logs: Vec<LogName> = self
            .catalogue
            .councils
            .iter()
            .map(|council| council.log.clone())
            .chain([LogName::shared()])
            .collect();
        let months = Month::of_day(FIRST_DAY).number()..=Month::of_day(LAST_DAY).number();
        let mut plans: Vec<Plan> = Vec::new();
        for month in months.map(Month::from_number) {
            let days = (month.first_day(), month.last_day().min(LAST_DAY));
            for log in &logs {
                for _ in 0..self.dice.between(4, 8) {
                    let at = self.calendar.arrival(days.0, days.1, self.dice);
                    let mut plan = self.plan(log, at)?;
                    plan.name = format!("change-{:04}", plans.len() + 1);
                    if plans.len() == IN_ERROR {
                        plan.recorded = Recorded::InError;
                    }
                    plans.push(plan);
                }
            }
        }
        Ok(plans)
    }

    /// One that is asked for at that moment, without a name yet.
    pub fn plan(&mut self, log: &LogName, at: Timestamp) -> Spelt<Plan> {
        let change_type = *self.types.pick(self.dice);
        let requested = self.requested(log, change_type)?;
        let window = self.window(change_type, at);
        let later = change_type != ChangeType::Emergency && self.dice.percent(9);
        let first_window = later.then(|| {
            let days = SignedDuration::from_hours(24);
            (window.0 + days, window.1 + days)
        });
        let whole = (window.0, first_window.map_or(window.1, |(_, to)| to));
        let risk = match self.dice.below(100) {
            0..55 => Risk::Low,
            55..90 => Risk::Medium,
            _ => Risk::High,
        };
        let assessed_twice = self.dice.percent(7);
        let drawn = self.fate();
        let fate = if self.freezes.hold(log, &requested, whole) {
            Fate::Refused("freeze")
        } else {
            drawn
        };
        let recorded = self.recorded(&requested);
        let mut plan = Plan {
            log: log.clone(),
            name: String::new(),
            authority: match change_type {
                ChangeType::Emergency => "emergency-board",
                ChangeType::Normal | ChangeType::Standard => "change-board",
            },
            requested,
            at,
            window,
            first_window,
            risk,
            assessed_twice,
            fate,
            findings: None,
            caused: Vec::new(),
            recorded,
        };
        self.caused(&mut plan);
        Ok(plan)
    }

    fn requested(&mut self, log: &LogName, change_type: ChangeType) -> Spelt<Requested> {
        let (mut category, mut does) = *self.sorts.pick(self.dice);
        // What is new is neither routine nor urgent.
        if category == NEW_PROJECT && change_type != ChangeType::Normal {
            (category, does) = SORTS[0].0;
        }
        let service = self.catalogue.services.pick(self.dice).code.clone();
        let mut services = BTreeSet::from([service.clone()]);
        if self.dice.percent(20) {
            services.insert(self.catalogue.services.pick(self.dice).code.clone());
        }
        let councils = if log.is_shared() {
            self.catalogue.several.pick(self.dice).clone()
        } else {
            BTreeSet::new()
        };
        Ok(Requested {
            change_type,
            title: text(format!("{does} {}", service.as_str().replace('-', " ")))?,
            category: code(category)?,
            project: None,
            services,
            councils,
        })
    }

    /// When it is made: routine by day, the rest in the evening or at the weekend, what is urgent
    /// soon.
    fn window(&mut self, change_type: ChangeType, at: Timestamp) -> (Timestamp, Timestamp) {
        let minutes = SignedDuration::from_mins;
        let from = match change_type {
            ChangeType::Emergency => at + minutes(self.dice.between(25, 180)),
            ChangeType::Standard => {
                let day = london_day(at + SignedDuration::from_hours(24 * self.dice.between(2, 6)));
                london_midnight(day) + minutes(60 * self.dice.between(7, 15))
            }
            ChangeType::Normal => {
                let day =
                    london_day(at + SignedDuration::from_hours(24 * self.dice.between(7, 30)));
                let hour = if self.dice.percent(75) { 18 } else { 7 };
                london_midnight(day) + minutes(60 * hour + 30)
            }
        };
        (from, from + minutes(15 * self.dice.between(2, 18)))
    }

    fn fate(&mut self) -> Fate {
        match self.dice.below(100) {
            0..4 => Fate::Withdrawn("superseded"),
            4..6 => Fate::Refused("too-risky"),
            _ => Fate::Implemented(*self.outcomes.pick(self.dice)),
        }
    }

    fn recorded(&mut self, requested: &Requested) -> Recorded {
        match self.dice.below(1_000) {
            0..35 => Recorded::Late(SignedDuration::from_hours(self.dice.between(20, 190))),
            35..100 if requested.category.as_str() == "fix" => Recorded::CategoryCorrected,
            100..112 => Recorded::TimeCorrected(SignedDuration::from_mins(60)),
            _ => Recorded::Soon,
        }
    }

    /// What went wrong often led to an incident, what went well hardly ever.
    fn caused(&mut self, plan: &mut Plan) {
        let chance = match plan.fate {
            Fate::Implemented(Outcome::Successful) => 2,
            Fate::Implemented(Outcome::WithIssues) => 55,
            Fate::Implemented(_) => 65,
            Fate::Refused(_) | Fate::Withdrawn(_) => return,
        };
        if !self.dice.percent(chance) {
            return;
        }
        if let Some((at, effect)) = self.incident_after(plan) {
            plan.findings = Some("Users noticed it before the team did");
            plan.caused.push((at, effect));
        }
    }

    /// The first incident after it began that fits.
    fn incident_after(&self, plan: &Plan) -> Option<(Timestamp, Reference)> {
        let (from, to) = plan.window;
        let first = self
            .incidents
            .partition_point(|incident| incident.at < from);
        let soon = self.incidents[first..]
            .iter()
            .take_while(|incident| incident.at < to + AFTERMATH);
        let fits = |incident: &&Incident| {
            let touched = incident
                .log
                .council()
                .is_some_and(|council| plan.requested.councils.contains(council));
            !incident.placed
                && (incident.log == plan.log || touched)
                && plan.requested.services.contains(&incident.service)
                && incident.priority <= Priority::P4
        };
        let found = soon.clone().find(fits)?;
        let at = found.at + SignedDuration::from_mins(50);
        Some((at, found.reference.clone()))
    }
}
