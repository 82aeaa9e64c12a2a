//! What begins on one day: tickets, changes and outages, each told to its end.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use townclerk_domain::event::Event;
use townclerk_domain::names::{Code, LogName};
use townclerk_domain::period::london_midnight;
use townclerk_domain::reference::{Reference, ReferenceKind};
use townclerk_domain::ticket::{Priority, TicketKind};

use super::Waiting;
use crate::calendar::Calendar;
use crate::catalogue::{Catalogue, Council};
use crate::changes::freezes::Freezes;
use crate::changes::ordinary::Stream;
use crate::chronicle::Recorder;
use crate::demand::{Demand, demand_of};
use crate::dice::{Dice, Weighted};
use crate::life::life;
use crate::malformed;
use crate::message::{Entry, source};
use crate::outages::SYSTEM;
use crate::outages::ordinary::minor_story;
use crate::recording::{Ticket, recorded};
use crate::spelling::{Spelt, code};

/// Tickets and changes of a working day and of another one, least and most: with 253 working days
/// about 150,000 tickets and 2,000 changes a year.
const WORKING_DAY: [(i64, i64); 2] = [(510, 630), (5, 10)];
const OTHER_DAY: [(i64, i64); 2] = [(35, 65), (0, 1)];

/// Outages and planned maintenance of any day.
const OUTAGES: (i64, i64) = (0, 2);

/// Notice of maintenance is given up to a fortnight before: outages are told so many days ahead.
const OUTAGES_AHEAD: i64 = 20;

/// For how long an incident that stops a service makes further tickets.
const AFTERMATH: SignedDuration = SignedDuration::from_hours(48);

pub struct Days {
    catalogue: Catalogue,
    calendar: Calendar,
    dice: Dice,
    /// Places in the catalogue's list of councils; `None` is the shared log.
    homes: Weighted<Option<usize>>,
    /// How many records of a sort each log has so far, by which they are named.
    numbers: BTreeMap<(LogName, &'static str), usize>,
    /// The last P1 of each council.
    stoppages: BTreeMap<Code, (Timestamp, Reference)>,
    /// The day of which outages are told next.
    next_outages: Date,
}

impl Days {
    pub fn new(catalogue: Catalogue, calendar: Calendar, first_day: Date, dice: Dice) -> Self {
        let councils = catalogue.councils.iter().enumerate();
        let homes = councils.map(|(place, council)| {
            let weight = u32::try_from(council.tickets).unwrap_or(1);
            (Some(place), weight)
        });
        Self {
            homes: Weighted::new(homes.chain([(None, 200)])),
            catalogue,
            calendar,
            dice,
            numbers: BTreeMap::new(),
            stoppages: BTreeMap::new(),
            next_outages: first_day,
        }
    }

    /// Enters everything of what begins on `day`; none of it is recorded before that day.
    pub fn tell(&mut self, day: Date, recorder: &Recorder, waiting: &mut Waiting) -> Spelt<()> {
        let noon = london_midnight(day) + SignedDuration::from_hours(12);
        let [tickets, changes] = match self.calendar.is_staffed(noon) {
            true => WORKING_DAY,
            false => OTHER_DAY,
        };
        for _ in 0..self.dice.between(tickets.0, tickets.1) {
            self.ticket(day, recorder, waiting)?;
        }
        let freezes = Freezes::new()?;
        for _ in 0..self.dice.between(changes.0, changes.1) {
            self.change(day, recorder, &freezes, waiting)?;
        }
        self.outages_until(day.saturating_add(OUTAGES_AHEAD.days()), recorder, waiting)
    }

    fn outages_until(
        &mut self,
        day: Date,
        recorder: &Recorder,
        waiting: &mut Waiting,
    ) -> Spelt<()> {
        while self.next_outages <= day {
            for _ in 0..self.dice.between(OUTAGES.0, OUTAGES.1) {
                self.outage(self.next_outages, recorder, waiting)?;
            }
            self.next_outages = self.next_outages.tomorrow().map_err(malformed)?;
        }
        Ok(())
    }

    fn number(&mut self, log: &LogName, sort: &'static str) -> usize {
        let number = self.numbers.entry((log.clone(), sort)).or_default();
        *number += 1;
        *number
    }

    fn ticket(&mut self, day: Date, recorder: &Recorder, waiting: &mut Waiting) -> Spelt<()> {
        let home = *self.homes.pick(&mut self.dice);
        let urgent = self.dice.per_mille(4).then_some(Priority::P1);
        let log = match home {
            Some(place) => self.catalogue.councils[place].log.clone(),
            None => LogName::shared(),
        };
        let number = self.number(&log, "ticket");
        let told_from = (&self.catalogue, &self.calendar);
        let council: Option<&Council> = home.map(|place| &self.catalogue.councils[place]);
        let demand = demand_of(council, day, urgent, told_from, &mut self.dice);
        let Some(mut demand) = demand else {
            return Ok(());
        };
        demand.voided = self.dice.per_mille(2);
        let ticket = Ticket::new(&log, number, &recorder.caller)?;
        let cause = cause(&self.stoppages, &demand, &mut self.dice);
        let (catalogue, calendar, dice) = (&self.catalogue, &self.calendar, &mut self.dice);
        let happened = life(&demand, cause, catalogue, calendar, dice);
        let steps = recorded(&ticket, &demand, happened, catalogue, calendar.end, dice)?;
        let source = source(&log, &code(SYSTEM)?);
        for step in steps {
            waiting.enter(Entry {
                source: source.clone(),
                aggregate: ticket.aggregate,
                command: step.command,
                correlation: ticket.token.clone(),
                happened: step.happened,
                recorded: step.recorded,
                event: Event::Ticket(step.what),
            });
        }
        if demand.logged.priority == Priority::P1 && !demand.voided {
            let reference = Reference {
                log: log.clone(),
                kind: ReferenceKind::Ticket,
                id: ticket.aggregate.id,
            };
            let hit = log.council().into_iter().chain(&demand.logged.councils);
            for council in hit {
                let stoppage = (demand.at, reference.clone());
                self.stoppages.insert(council.clone(), stoppage);
            }
        }
        Ok(())
    }

    fn change(
        &mut self,
        day: Date,
        recorder: &Recorder,
        freezes: &Freezes,
        waiting: &mut Waiting,
    ) -> Spelt<()> {
        let log = match self.homes.pick(&mut self.dice) {
            Some(place) => self.catalogue.councils[*place].log.clone(),
            None => LogName::shared(),
        };
        let at = self.calendar.arrival(day, day, &mut self.dice);
        let (catalogue, calendar) = (&self.catalogue, &self.calendar);
        let mut stream = Stream::new(catalogue, calendar, freezes, &[], &mut self.dice);
        let mut plan = stream.plan(&log, at)?;
        plan.name = format!("change-{:06}", self.number(&log, "change"));
        waiting.enter_told(plan.tell(recorder, &self.calendar)?)
    }

    fn outage(&mut self, day: Date, recorder: &Recorder, waiting: &mut Waiting) -> Spelt<()> {
        if london_midnight(day) >= self.calendar.end {
            return Ok(());
        }
        let at = self.calendar.arrival(day, day, &mut self.dice);
        let story = minor_story(&self.catalogue, &self.calendar, at, &mut self.dice)?;
        let Some(mut story) = story else {
            return Ok(());
        };
        story.name = format!("outage-{:06}", self.number(&story.log, "outage"));
        waiting.enter_told(story.tell(recorder)?)
    }
}

/// An incident soon after a P1 of its council is now and then found to come from it.
fn cause(
    stoppages: &BTreeMap<Code, (Timestamp, Reference)>,
    demand: &Demand<'_>,
    dice: &mut Dice,
) -> Option<Reference> {
    let logged = &demand.logged;
    if logged.kind != TicketKind::Incident || logged.priority == Priority::P1 {
        return None;
    }
    let (at, cause) = stoppages.get(demand.log.council()?)?;
    // The desk's tickets of a day are not told in the order of their times.
    let since = demand.at.duration_since(*at);
    let soon = !since.is_negative() && since < AFTERMATH;
    (soon && dice.percent(7)).then(|| cause.clone())
}
