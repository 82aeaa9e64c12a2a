//! The records that computed figures and findings are made from, as they stood: changes, freezes,
//! gates, outages, programmes, posts, and the tickets that are linked to them.
//!
//! What needs several aggregates, or several logs, is computed from these when it is asked for and
//! stands in no row: the other side may be recorded later.
//!
//! A ledger holds the records of one scope's logs and no others: what a scope's figures say does not
//! depend on which view answers for it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use jiff::Timestamp;
use townclerk_domain::change::{Change, ChangeRules};
use townclerk_domain::decider::Decider;
use townclerk_domain::freeze::{Freeze, FreezeRules};
use townclerk_domain::gate::{Gate, GateRules};
use townclerk_domain::identity::AggregateKind;
use townclerk_domain::names::{Code, LogName};
use townclerk_domain::outage::{Outage, OutageRules, Severity};
use townclerk_domain::post::{Post, PostRules};
use townclerk_domain::programme::{Programme, ProgrammeRules};
use townclerk_domain::reference::{Reference, ReferenceKind};
use townclerk_domain::ticket::{Ticket, TicketFact, TicketRules};
use uuid::Uuid;

use crate::contributions::Basis;
use crate::kept::{Kept, every, facts};
use crate::key::index;
use crate::lists;
use crate::rows::{Rows, RowsError};

/// A ticket that is linked to something, or that something is linked to.
#[derive(Clone, Debug)]
pub struct LinkedTicket {
    pub log: LogName,
    pub id: Uuid,
    pub sample: bool,
    pub logged: Timestamp,
    pub ticket: Ticket,
    pub causes: BTreeSet<Reference>,
}

/// A service of a council was down. Whether planned maintenance excuses it is a matter of what was
/// agreed.
#[derive(Clone, Debug)]
pub struct Down {
    pub from: Timestamp,
    /// Absent while it lasts.
    pub to: Option<Timestamp>,
    pub sample: bool,
    pub planned: Option<PlannedWindow>,
}

/// Maintenance of which notice was given.
#[derive(Clone, Copy, Debug)]
pub struct PlannedWindow {
    pub noticed: Timestamp,
    pub from: Timestamp,
    pub to: Timestamp,
}

/// All of it, on one basis.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    pub changes: Vec<Kept<Change>>,
    pub freezes: Vec<Kept<Freeze>>,
    pub gates: Vec<Kept<Gate>>,
    pub outages: Vec<Kept<Outage>>,
    pub programmes: Vec<Kept<Programme>>,
    pub posts: Vec<Kept<Post>>,
    /// By log and id.
    pub tickets: BTreeMap<(LogName, Uuid), LinkedTicket>,
    /// The logs that it was read from: what lies in others is neither there nor missing.
    pub logs: BTreeSet<LogName>,
    /// What was down, by council and service.
    downs: BTreeMap<(Code, Code), Vec<Down>>,
}

impl Ledger {
    pub fn read(
        rows: &impl Rows,
        basis: Basis,
        logs: BTreeSet<LogName>,
    ) -> Result<Self, RowsError> {
        let mut ledger = Self {
            changes: there::<ChangeRules, _>(rows, basis, &logs)?,
            freezes: there::<FreezeRules, _>(rows, basis, &logs)?,
            gates: there::<GateRules, _>(rows, basis, &logs)?,
            outages: there::<OutageRules, _>(rows, basis, &logs)?,
            programmes: there::<ProgrammeRules, _>(rows, basis, &logs)?,
            posts: there::<PostRules, _>(rows, basis, &logs)?,
            tickets: BTreeMap::new(),
            logs,
            downs: BTreeMap::new(),
        };
        ledger.read_tickets(rows, basis)?;
        for outage in &ledger.outages {
            for (council, service, down) in downs(outage) {
                let of_one = ledger.downs.entry((council, service)).or_default();
                of_one.push(down);
            }
        }
        Ok(ledger)
    }

    /// When a service was down for a council.
    pub fn downs(&self, council: &Code, service: &Code) -> &[Down] {
        let found = self.downs.get(&(council.clone(), service.clone()));
        found.map_or(&[], Vec::as_slice)
    }

    pub fn change(&self, log: &LogName, id: Uuid) -> Option<&Kept<Change>> {
        let mut changes = self.changes.iter();
        changes.find(|change| change.id == id && change.log == *log)
    }

    pub fn outage(&self, log: &LogName, id: Uuid) -> Option<&Kept<Outage>> {
        let mut outages = self.outages.iter();
        outages.find(|outage| outage.id == id && outage.log == *log)
    }

    /// Whether what a reference names is recorded.
    pub fn knows(&self, reference: &Reference) -> bool {
        let (log, id) = (&reference.log, reference.id);
        match reference.kind {
            ReferenceKind::Ticket => self.tickets.contains_key(&(log.clone(), id)),
            ReferenceKind::Change => self.change(log, id).is_some(),
            ReferenceKind::Outage => self.outage(log, id).is_some(),
        }
    }

    /// The tickets that were ever linked, and those that others name.
    fn read_tickets(&mut self, rows: &impl Rows, basis: Basis) -> Result<(), RowsError> {
        let mut wanted = BTreeSet::new();
        let prefix = index::linked_of(AggregateKind::Ticket);
        rows.scan(&prefix, &prefix, &mut |key, _| {
            wanted.insert(index::read_linked(key)?);
            Ok(ControlFlow::Continue(()))
        })?;
        let caused = self.changes.iter().flat_map(|c| &c.stands.caused);
        let linked = self.outages.iter().flat_map(|o| &o.stands.linked);
        let mut named: Vec<Reference> = caused.chain(linked).cloned().collect();
        while let Some((log, id)) = wanted.pop_first() {
            if !self.logs.contains(&log) {
                continue;
            }
            if let Some(ticket) = linked_ticket(rows, basis, &log, id)? {
                named.extend(ticket.causes.iter().cloned());
                self.tickets.insert((log, id), ticket);
            }
            let tickets = std::mem::take(&mut named).into_iter();
            let tickets = tickets.filter(|named| named.kind == ReferenceKind::Ticket);
            for named in tickets.map(|named| (named.log, named.id)) {
                if !self.tickets.contains_key(&named) {
                    wanted.insert(named);
                }
            }
        }
        Ok(())
    }
}

/// Every aggregate of a kind in some logs that was there and not voided.
fn there<D, S>(
    rows: &impl Rows,
    basis: Basis,
    logs: &BTreeSet<LogName>,
) -> Result<Vec<Kept<S>>, RowsError>
where
    D: Decider<State = Option<S>>,
{
    let kept = every::<D>(rows, basis)?.into_iter();
    let kept = kept.filter(|kept| logs.contains(&kept.log));
    Ok(kept.filter_map(Kept::there).collect())
}

fn linked_ticket(
    rows: &impl Rows,
    basis: Basis,
    log: &LogName,
    id: Uuid,
) -> Result<Option<LinkedTicket>, RowsError> {
    let Some(row) = lists::row::<TicketRules>(rows, log, id)? else {
        return Ok(None);
    };
    let facts = facts(&row, basis)?;
    let causes = facts.iter().filter_map(|standing| match &standing.fact {
        TicketFact::Linked(linked) => Some(linked.cause.clone()),
        _ => None,
    });
    let ticket = facts.iter().fold(None, |ticket, standing| {
        TicketRules::evolve(ticket, &standing.fact, standing.happened)
    });
    let first = facts.first().map(|first| first.happened);
    Ok(ticket.zip(first).map(|(ticket, logged)| LinkedTicket {
        log: log.clone(),
        id,
        sample: row.sample,
        logged,
        ticket,
        causes: causes.collect(),
    }))
}

/// What an outage took down, by council and service.
fn downs(outage: &Kept<Outage>) -> impl Iterator<Item = (Code, Code, Down)> {
    let planned = outage.stands.planned.as_ref();
    let effects = outage.stands.effects.iter();
    effects
        .filter(|effect| effect.severity == Severity::Down)
        .filter_map(move |effect| {
            let window = planned.filter(|planned| {
                planned.maintenance.services.contains(&effect.service)
                    && planned.maintenance.councils.contains(&effect.council)
            });
            let down = Down {
                // Where the time is known only roughly nothing is known of a duration.
                from: effect.from?,
                to: effect.to,
                sample: outage.sample,
                planned: window.map(|planned| PlannedWindow {
                    noticed: planned.noticed,
                    from: planned.maintenance.from,
                    to: planned.maintenance.to,
                }),
            };
            Some((effect.council.clone(), effect.service.clone(), down))
        })
}
