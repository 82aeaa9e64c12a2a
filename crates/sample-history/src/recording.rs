//! When each thing that happened to a ticket was recorded, and what was amended afterwards.
//!
//! Most is recorded within minutes. Some is recorded days late, so that figures restate; some is
//! corrected; a few tickets are voided. What the rules refuse at its moment is not kept.

use jiff::{SignedDuration, Timestamp};
use townclerk_domain::amendment::{Correction, HAPPENED, Recordable, Voiding};
use townclerk_domain::decider::{Asked, decide};
use townclerk_domain::identity::{
    AggregateId, AggregateKind, CallerId, EventId, Token, created_aggregate, event_id,
};
use townclerk_domain::names::LogName;
use townclerk_domain::ticket::{TicketFact, TicketRules};
use townclerk_domain::timeline::{Entry, Timeline};

use crate::catalogue::Catalogue;
use crate::demand::Demand;
use crate::dice::Dice;
use crate::life::Happening;
use crate::malformed;

/// One event of a ticket.
#[derive(Clone)]
pub struct Step {
    /// The command that asked for it.
    pub command: Token,
    pub id: EventId,
    pub happened: Timestamp,
    pub recorded: Timestamp,
    pub what: Recordable<TicketFact>,
}

/// A ticket of a log, by its number there.
pub struct Ticket {
    pub log: LogName,
    pub token: Token,
    pub aggregate: AggregateId,
    caller: CallerId,
}

impl Ticket {
    pub fn new(log: &LogName, number: usize, caller: &CallerId) -> Result<Self, serde_json::Error> {
        let token = Token::new(format!("t-{number:06}")).map_err(malformed)?;
        let creating = command(&token, 1)?;
        Ok(Self {
            log: log.clone(),
            aggregate: created_aggregate(log, AggregateKind::Ticket, caller, &creating),
            token,
            caller: caller.clone(),
        })
    }

    /// The `number`-th event of this ticket, from 1.
    fn step(
        &self,
        number: usize,
        (happened, recorded): (Timestamp, Timestamp),
        what: Recordable<TicketFact>,
    ) -> Result<Step, serde_json::Error> {
        let command = command(&self.token, number)?;
        let id = event_id(&self.log, self.aggregate, &self.caller, &command);
        Ok(Step {
            command,
            id,
            happened,
            recorded,
            what,
        })
    }
}

fn command(ticket: &Token, number: usize) -> Result<Token, serde_json::Error> {
    Token::new(format!("{ticket}-{number}")).map_err(malformed)
}

/// The events of a ticket, in the order in which they are recorded, none after `end`.
pub fn recorded(
    ticket: &Ticket,
    demand: &Demand<'_>,
    life: Vec<Happening>,
    catalogue: &Catalogue,
    end: Timestamp,
    dice: &mut Dice,
) -> Result<Vec<Step>, serde_json::Error> {
    let mut punctual: Vec<Step> = Vec::with_capacity(life.len() + 1);
    for (index, (happened, fact)) in life.into_iter().enumerate() {
        let soon = happened + SignedDuration::from_secs(dice.between(2, 300));
        let before = punctual.last().map_or(happened, |step| step.recorded);
        let times = (happened, soon.max(before).min(end));
        punctual.push(ticket.step(index + 1, times, Recordable::Fact(fact))?);
    }
    let amendment = if demand.voided {
        Some(voiding(&punctual, catalogue, dice))
    } else if dice.per_mille(8) {
        correction(&punctual, demand, catalogue, dice)
    } else {
        None
    };
    let late = late(&punctual, end, dice);
    let amendment = match amendment {
        Some((at, what)) if at < end => {
            let times = (at - SignedDuration::from_secs(5), at);
            Some(ticket.step(punctual.len() + 1, times, what)?)
        }
        _ => None,
    };
    let amended = |steps: &Vec<Step>| steps.iter().chain(&amendment).cloned().collect();
    let candidates: [Vec<Step>; 3] = [amended(&late), amended(&punctual), late];
    for mut steps in candidates {
        // The sort is stable: what is recorded at one moment keeps its order.
        steps.sort_by_key(|step| step.recorded);
        if accepted(&ticket.log, &steps) {
            return Ok(steps);
        }
    }
    Ok(punctual)
}

/// The same events, some recorded hours or days after they happened.
fn late(punctual: &[Step], end: Timestamp, dice: &mut Dice) -> Vec<Step> {
    let mut steps = punctual.to_vec();
    let mut logged_at = Timestamp::MIN;
    for (index, step) in steps.iter_mut().enumerate() {
        if dice.per_mille(11) {
            let hours = if dice.percent(60) {
                dice.between(2, 24)
            } else {
                dice.between(24, 9 * 24 - 1)
            };
            let delay = SignedDuration::from_mins(hours * 60 + dice.between(0, 59));
            if step.happened + delay < end {
                step.recorded = step.happened + delay;
            }
        }
        // A ticket that was entered late was known to nobody before.
        if index == 0 {
            logged_at = step.recorded;
        }
        step.recorded = step.recorded.max(logged_at);
    }
    steps
}

type Amendment = (Timestamp, Recordable<TicketFact>);

fn voiding(punctual: &[Step], catalogue: &Catalogue, dice: &mut Dice) -> Amendment {
    let last = punctual.last().map_or(Timestamp::MIN, |step| step.recorded);
    let reason = catalogue.void_reasons.pick(dice).clone();
    let at = last + SignedDuration::from_mins(dice.between(45, 12 * 24 * 60));
    (at, Recordable::Voided(Voiding { reason }))
}

/// Corrects what no published table counts: the category or the channel of a ticket, or when a
/// later event happened.
fn correction(
    punctual: &[Step],
    demand: &Demand<'_>,
    catalogue: &Catalogue,
    dice: &mut Dice,
) -> Option<Amendment> {
    let logged = &demand.logged;
    let drawn = dice.below(100);
    let (target, field, was, is) = match drawn {
        0..40 => {
            let category = demand.service.categories(logged.kind).pick(dice);
            let (was, is) = (logged.category.to_string(), category.to_string());
            (punctual.first()?, "category", was, is)
        }
        40..70 => {
            let channel = catalogue.channels.pick(dice);
            let (was, is) = (logged.channel.code(), channel.code());
            (punctual.first()?, "channel", was.to_owned(), is.to_owned())
        }
        _ => {
            let place = usize::try_from(dice.below(punctual.len() as u64)).ok()?;
            let [before, target] = punctual.get(place.checked_sub(1)?..=place)? else {
                return None;
            };
            let half = target.happened.duration_since(before.happened) / 2;
            let is = before.happened + SignedDuration::from_secs(half.as_secs());
            let (was, is) = (target.happened.to_string(), is.to_string());
            (target, HAPPENED, was, is)
        }
    };
    let at = target.recorded + SignedDuration::from_mins(dice.between(60, 20 * 24 * 60));
    let correction = Correction {
        event: target.id,
        field: field.to_owned(),
        was,
        is,
        reason: catalogue.correct_reasons.pick(dice).clone(),
    };
    Some((at, Recordable::Corrected(correction)))
}

/// Whether each step is allowed at the moment when it is recorded.
fn accepted(log: &LogName, steps: &[Step]) -> bool {
    let mut timeline = Timeline::default();
    steps.iter().all(|step| {
        let asked = Asked {
            happened: step.happened,
            what: step.what.clone(),
        };
        let allowed = decide::<TicketRules>(&timeline, &asked, log, step.recorded).is_ok();
        timeline.entries.push(Entry {
            happened: step.happened,
            known: step.recorded,
            sequence: timeline.last_sequence() + 1,
            id: step.id.short(),
            what: asked.what,
        });
        allowed
    })
}
