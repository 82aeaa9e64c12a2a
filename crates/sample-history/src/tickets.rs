//! All tickets, from their demands to the entries of their logs.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use townclerk_domain::event::Event;
use townclerk_domain::identity::CallerId;
use townclerk_domain::names::{Code, LogName};
use townclerk_domain::reference::{Reference, ReferenceKind};
use townclerk_domain::ticket::{Priority, TicketKind};

use crate::calendar::Calendar;
use crate::catalogue::Catalogue;
use crate::demand::Demand;
use crate::dice::Dice;
use crate::life::life;
use crate::message::{Entry, source};
use crate::placement::{Retold, life_of};
use crate::recording::{Step, Ticket, recorded};
use crate::spelling::Spelt;

/// For how long an incident that stops a service makes further tickets.
const AFTERMATH: SignedDuration = SignedDuration::from_hours(48);

/// What the tickets are told from.
pub struct Desk<'a> {
    pub demands: &'a [Demand<'a>],
    pub retold: BTreeMap<usize, Retold<'a>>,
    pub catalogue: &'a Catalogue,
    pub calendar: &'a Calendar,
    pub caller: &'a CallerId,
    /// The system that tickets come from.
    pub system: Code,
}

/// An incident as other records see it.
#[derive(Clone)]
pub struct Incident {
    pub log: LogName,
    pub at: Timestamp,
    pub councils: BTreeSet<Code>,
    pub service: Code,
    pub priority: Priority,
    pub reference: Reference,
    /// Whether it is told as the notice of a named outage.
    pub placed: bool,
}

pub struct Tickets {
    pub entries: Vec<Entry>,
    /// All incidents but those recorded in error, in the order of their logging.
    pub incidents: Vec<Incident>,
}

impl Desk<'_> {
    /// `dice` draws what it always drew; what is told again has dice of its own.
    pub fn tickets(&self, dice: &mut Dice, notice_dice: &mut Dice) -> Spelt<Tickets> {
        let mut numbers: BTreeMap<&LogName, usize> = BTreeMap::new();
        let mut stoppages: Vec<(&Demand<'_>, Reference)> = Vec::new();
        let mut moved: BTreeSet<Reference> = BTreeSet::new();
        let (mut entries, mut incidents) = (Vec::new(), Vec::new());
        for (place, demand) in self.demands.iter().enumerate() {
            let retold = self.retold.get(&place);
            let told = retold.map_or(demand, |retold| &retold.demand);
            let number = numbers.entry(&told.log).or_default();
            *number += 1;
            let ticket = Ticket::new(&told.log, *number, self.caller)?;
            let cause = cause(demand, &stoppages, dice);
            let stays = retold.is_none() && cause.as_ref().is_none_or(|one| !moved.contains(one));
            // Also of a ticket that is told again everything is drawn: the others stay as they were.
            let drawn = self.steps(&ticket, demand, cause, dice)?;
            let steps = match retold.and_then(|retold| retold.notice.as_ref()) {
                _ if stays => drawn,
                None => self.steps(&ticket, told, None, notice_dice)?,
                Some(notice) => {
                    let happened = life_of(told, notice, self.calendar, notice_dice)?;
                    let (catalogue, end) = (self.catalogue, self.calendar.end);
                    recorded(&ticket, told, happened, catalogue, end, notice_dice)?
                }
            };
            entries.extend(steps.into_iter().map(|step| self.entry(&ticket, step)));
            let reference = Reference {
                log: ticket.log,
                kind: ReferenceKind::Ticket,
                id: ticket.aggregate.id,
            };
            let placed = retold.is_some_and(|retold| retold.notice.is_some());
            if placed {
                moved.insert(reference.clone());
            }
            if demand.logged.priority == Priority::P1 && !demand.voided {
                stoppages.push((demand, reference.clone()));
            }
            if told.logged.kind == TicketKind::Incident && !told.voided {
                incidents.push(incident(told, reference, placed));
            }
        }
        incidents.sort_by_key(|incident| incident.at);
        Ok(Tickets { entries, incidents })
    }

    fn steps(
        &self,
        ticket: &Ticket,
        demand: &Demand<'_>,
        cause: Option<Reference>,
        dice: &mut Dice,
    ) -> Spelt<Vec<Step>> {
        let happened = life(demand, cause, self.catalogue, self.calendar, dice);
        let end = self.calendar.end;
        recorded(ticket, demand, happened, self.catalogue, end, dice)
    }

    fn entry(&self, ticket: &Ticket, step: Step) -> Entry {
        Entry {
            source: source(&ticket.log, &self.system),
            aggregate: ticket.aggregate,
            command: step.command,
            correlation: ticket.token.clone(),
            happened: step.happened,
            recorded: step.recorded,
            event: Event::Ticket(step.what),
        }
    }
}

fn incident(demand: &Demand<'_>, reference: Reference, placed: bool) -> Incident {
    Incident {
        log: demand.log.clone(),
        at: demand.at,
        councils: demand.logged.councils.clone(),
        service: demand.logged.service.clone(),
        priority: demand.logged.priority,
        reference,
        placed,
    }
}

/// An incident soon after a P1 of its council is now and then found to come from it.
fn cause(
    demand: &Demand<'_>,
    stoppages: &[(&Demand<'_>, Reference)],
    dice: &mut Dice,
) -> Option<Reference> {
    let logged = &demand.logged;
    if logged.kind != TicketKind::Incident || logged.priority == Priority::P1 {
        return None;
    }
    let council = demand.log.council()?;
    let (_, cause) = stoppages
        .iter()
        .rev()
        .take_while(|(stoppage, _)| demand.at.duration_since(stoppage.at) < AFTERMATH)
        .find(|(stoppage, _)| stoppage.hits(council))?;
    dice.percent(7).then(|| cause.clone())
}
