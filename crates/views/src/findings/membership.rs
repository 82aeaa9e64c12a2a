//! Membership: shared records that name a council which was no member then, and what happened in a
//! council's own log after its last day. Of the latter no joint figure counts anything.

use std::collections::{BTreeSet, VecDeque};
use std::ops::ControlFlow;

use jiff::Timestamp;
use jiff::civil::Date;
use townclerk_domain::change::{ChangeFact, ChangeRules};
use townclerk_domain::decider::Decider;
use townclerk_domain::freeze::{FreezeFact, FreezeRules};
use townclerk_domain::gate::GateRules;
use townclerk_domain::identity::{AggregateId, AggregateKind};
use townclerk_domain::names::{Code, LogName};
use townclerk_domain::outage::{OutageFact, OutageRules};
use townclerk_domain::period::{Month, Period, end_of_day, london_day};
use townclerk_domain::post::PostRules;
use townclerk_domain::programme::ProgrammeRules;
use townclerk_domain::recovery::RecoveryTestRules;
use townclerk_domain::ticket::{TicketFact, TicketRules};
use townclerk_domain::timeline::Standing;
use uuid::Uuid;

use super::{Finding, FindingKind, Search};
use crate::dimension::Mask;
use crate::kept::{Kept, facts};
use crate::key::counter;
use crate::key::index::{self, Listed};
use crate::key::timeline;
use crate::measure::Measure;
use crate::membership::Days;
use crate::registry::Registry;
use crate::row::Row;
use crate::rows::{Rows, RowsError};
use crate::tally::{CellKey, Slot};

/// Tickets of one council after its last day that are findings, the latest: a tool that nobody turned
/// off records without end.
const AFTER_LAST_DAY_MAX: usize = 1_000;

/// The facts of a record that count, and whether it was made up for a demonstration.
type Facts<F> = (Vec<Standing<F>>, bool);

/// The councils that a fact names, and the days on one of which each must be a member.
type Named = (BTreeSet<Code>, Days);

impl<R: Rows> Search<'_, R> {
    pub(super) fn membership(&mut self) -> Result<(), RowsError> {
        let registry = Registry::read(self.rows, self.basis.known_at)?;
        if self.ledger.logs.contains(&LogName::shared()) {
            self.shared_records(&registry)?;
        }
        for member in &registry.members {
            let log = LogName::new(member.joined.council.as_str()).ok();
            let log = log.filter(|log| self.ledger.logs.contains(log));
            if let (Some(log), Some(last_day)) = (log, member.last_day) {
                self.after(&log, last_day)?;
            }
        }
        Ok(())
    }

    fn shared_records(&mut self, registry: &Registry) -> Result<(), RowsError> {
        for change in of_log(&self.ledger.changes, &LogName::shared()) {
            self.names::<ChangeRules>(registry, change.id, named_by_change)?;
        }
        for freeze in of_log(&self.ledger.freezes, &LogName::shared()) {
            self.names::<FreezeRules>(registry, freeze.id, named_by_freeze)?;
        }
        for outage in of_log(&self.ledger.outages, &LogName::shared()) {
            self.names::<OutageRules>(registry, outage.id, named_by_outage)?;
        }
        for ticket in self.shared_tickets(registry)? {
            self.names::<TicketRules>(registry, ticket, named_by_ticket)?;
        }
        Ok(())
    }

    /// Adds a finding for each fact of a shared record that names a council which was no member.
    fn names<D: Decider>(
        &mut self,
        registry: &Registry,
        id: Uuid,
        named: fn(&D::Fact, Timestamp) -> Option<Named>,
    ) -> Result<(), RowsError> {
        let shared = LogName::shared();
        let (facts, sample) = self.facts_and_sample::<D>(&shared, id)?;
        for Standing {
            fact,
            happened,
            sequence,
            ..
        } in facts
        {
            let Some((councils, days)) = named(&fact, happened) else {
                continue;
            };
            let strangers = councils.iter();
            let strangers = strangers.filter(|council| !registry.is_member(council, days));
            let strangers: Vec<&str> = strangers.map(Code::as_str).collect();
            if strangers.is_empty() {
                continue;
            }
            let Days { first, last } = days;
            let when = match first == last {
                true => format!("on {first}"),
                false => format!("from {first} to {last}"),
            };
            self.found.push(Finding {
                kind: FindingKind::NamesNoMember,
                log: shared.clone(),
                aggregate: AggregateId { kind: D::KIND, id },
                at: happened,
                sequence,
                sample,
                detail: format!(
                    "The shared {} names {}, not a member of the partnership {when}.",
                    D::KIND,
                    strangers.join(", ")
                ),
            });
        }
        Ok(())
    }

    /// The shared tickets that may name a council which was no member: by the counters those of the
    /// months in which such a council was hit, and all of them where a past state of knowledge is
    /// looked at, of which there are no counters.
    fn shared_tickets(&self, registry: &Registry) -> Result<BTreeSet<Uuid>, RowsError> {
        const KIND: AggregateKind = AggregateKind::Ticket;
        let shared = LogName::shared();
        let mut found = BTreeSet::new();
        if self.basis.known_at.is_some() {
            let prefix = timeline::of_kind_in(KIND, &shared);
            self.rows.scan(&prefix, &prefix, &mut |key, _| {
                found.insert(timeline::read(KIND, key)?.1.id);
                Ok(ControlFlow::Continue(()))
            })?;
            return Ok(found);
        }
        for month in self.months_of_strangers(registry)? {
            let prefix = index::listed_in(Listed::All, KIND, &shared);
            let period = Period::Month(month);
            let from = index::listed(Listed::All, KIND, &shared, period.start(), Uuid::nil());
            self.rows.scan(&prefix, &from, &mut |key, _| {
                let (logged, id) = index::read_listed(key)?;
                if logged >= period.end() {
                    return Ok(ControlFlow::Break(()));
                }
                found.insert(id);
                Ok(ControlFlow::Continue(()))
            })?;
        }
        Ok(found)
    }

    /// The months in which shared tickets were logged that hit a council on whose membership not all
    /// days of the month lie.
    fn months_of_strangers(&self, registry: &Registry) -> Result<BTreeSet<Month>, RowsError> {
        let mut months = BTreeSet::new();
        for council in counter::councils_hit(self.rows)? {
            let logged = CellKey {
                slot: Slot::SharedFor(council.clone()),
                measure: Measure::TicketsLogged,
                mask: Mask::NONE,
                values: Vec::new(),
            };
            let prefix = counter::of_cell(&logged);
            self.rows.scan(&prefix, &prefix, &mut |key, _| {
                let (_, month) = counter::read(key, Mask::NONE)?;
                if !registry.is_member_throughout(&council, Days::of(&Period::Month(month))) {
                    months.insert(month);
                }
                Ok(ControlFlow::Continue(()))
            })?;
        }
        Ok(months)
    }

    /// What happened in the log of a council that left, after its last day: each record once.
    fn after(&mut self, log: &LogName, last_day: Date) -> Result<(), RowsError> {
        let ledger = self.ledger;
        self.each_after::<ChangeRules, _>(&ledger.changes, log, last_day)?;
        self.each_after::<FreezeRules, _>(&ledger.freezes, log, last_day)?;
        self.each_after::<GateRules, _>(&ledger.gates, log, last_day)?;
        self.each_after::<OutageRules, _>(&ledger.outages, log, last_day)?;
        self.each_after::<ProgrammeRules, _>(&ledger.programmes, log, last_day)?;
        self.each_after::<PostRules, _>(&ledger.posts, log, last_day)?;
        self.each_after::<RecoveryTestRules, _>(&ledger.recovery_tests, log, last_day)?;
        for ticket in self.tickets_after(log, last_day)? {
            self.one_after::<TicketRules>(log, ticket, last_day)?;
        }
        Ok(())
    }

    fn tickets_after(&self, log: &LogName, last_day: Date) -> Result<VecDeque<Uuid>, RowsError> {
        const KIND: AggregateKind = AggregateKind::Ticket;
        let prefix = index::by_last_happened(KIND);
        let from = index::last_happened_from(KIND, end_of_day(last_day));
        let mut latest = VecDeque::new();
        self.rows.scan(&prefix, &from, &mut |key, _| {
            let (of, id) = index::read_last_happened(key)?;
            if of == *log {
                latest.push_back(id);
            }
            if latest.len() > AFTER_LAST_DAY_MAX {
                latest.pop_front();
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(latest)
    }

    fn each_after<D: Decider, S>(
        &mut self,
        kept: &[Kept<S>],
        log: &LogName,
        last_day: Date,
    ) -> Result<(), RowsError> {
        let end = end_of_day(last_day);
        let of_log = of_log(kept, log);
        for one in of_log.filter(|one| one.last_happened >= Some(end)) {
            self.one_after::<D>(log, one.id, last_day)?;
        }
        Ok(())
    }

    /// A finding for the first fact of a record that happened after the last day, if any did.
    fn one_after<D: Decider>(
        &mut self,
        log: &LogName,
        id: Uuid,
        last_day: Date,
    ) -> Result<(), RowsError> {
        let end = end_of_day(last_day);
        let (facts, sample) = self.facts_and_sample::<D>(log, id)?;
        if let Some(fact) = facts.iter().find(|fact| fact.happened >= end) {
            self.found.push(Finding {
                kind: FindingKind::AfterLastDay,
                log: log.clone(),
                aggregate: AggregateId { kind: D::KIND, id },
                at: fact.happened,
                sequence: fact.sequence,
                sample,
                detail: format!(
                    "This {} goes on after {last_day}, the last day of {log} as a member: nothing \
                     that happened since counts in a joint figure.",
                    D::KIND
                ),
            });
        }
        Ok(())
    }

    fn facts_and_sample<D: Decider>(
        &self,
        log: &LogName,
        id: Uuid,
    ) -> Result<Facts<D::Fact>, RowsError> {
        let key = timeline::key(log, AggregateId { kind: D::KIND, id });
        let Some(value) = self.rows.get(&key)? else {
            return Ok((Vec::new(), false));
        };
        let row = Row::<D::Fact>::decode(&value)?;
        Ok((facts(&row, self.basis)?, row.sample))
    }
}

fn of_log<'k, S>(kept: &'k [Kept<S>], log: &LogName) -> impl Iterator<Item = &'k Kept<S>> {
    kept.iter().filter(move |kept| kept.log == *log)
}

fn on_day(at: Timestamp) -> Days {
    Days::of(&Period::Day(london_day(at)))
}

fn named_by_ticket(fact: &TicketFact, happened: Timestamp) -> Option<Named> {
    match fact {
        TicketFact::Logged(logged) => Some((logged.councils.clone(), on_day(happened))),
        TicketFact::Triaged(_)
        | TicketFact::Started(_)
        | TicketFact::Held(_)
        | TicketFact::Resolved(_)
        | TicketFact::Reopened(_)
        | TicketFact::Closed(_)
        | TicketFact::Cancelled(_)
        | TicketFact::Assigned(_)
        | TicketFact::Recategorised(_)
        | TicketFact::Reprioritised(_)
        | TicketFact::Linked(_)
        | TicketFact::Reinstated(_) => None,
    }
}

fn named_by_change(fact: &ChangeFact, happened: Timestamp) -> Option<Named> {
    match fact {
        ChangeFact::Requested(requested) => Some((requested.councils.clone(), on_day(happened))),
        ChangeFact::Assessed(_)
        | ChangeFact::Authorised(_)
        | ChangeFact::Rejected(_)
        | ChangeFact::Scheduled(_)
        | ChangeFact::Started(_)
        | ChangeFact::Implemented(_)
        | ChangeFact::Reviewed(_)
        | ChangeFact::Closed(_)
        | ChangeFact::Cancelled(_)
        | ChangeFact::Caused(_)
        | ChangeFact::ReviewDue(_) => None,
    }
}

fn named_by_freeze(fact: &FreezeFact, _: Timestamp) -> Option<Named> {
    match fact {
        FreezeFact::FreezeDeclared(declared) => {
            Some((declared.scope.councils.clone(), on_day(declared.from)))
        }
        FreezeFact::FreezeExempted(_) | FreezeFact::FreezeLifted(_) => None,
    }
}

fn named_by_outage(fact: &OutageFact, happened: Timestamp) -> Option<Named> {
    match fact {
        OutageFact::MaintenancePlanned(planned) => {
            Some((planned.councils.clone(), on_day(planned.from)))
        }
        OutageFact::Declared(declared) => {
            let roughly = declared.when.map(|within| Days {
                first: within.from,
                last: within.to,
            });
            let days = roughly.unwrap_or_else(|| on_day(happened));
            Some((declared.councils.clone(), days))
        }
        OutageFact::Widened(widened) => Some((widened.councils.clone(), on_day(happened))),
        OutageFact::MaintenanceCancelled(_)
        | OutageFact::Narrowed(_)
        | OutageFact::Affected(_)
        | OutageFact::UsersAffected(_)
        | OutageFact::WorkedAround(_)
        | OutageFact::ServiceRestored(_)
        | OutageFact::Resolved(_)
        | OutageFact::CauseFound(_)
        | OutageFact::ActionAgreed(_)
        | OutageFact::ActionCompleted(_)
        | OutageFact::Escalated(_)
        | OutageFact::Reviewed(_)
        | OutageFact::Linked(_)
        | OutageFact::Closed(_)
        | OutageFact::Recurred(_) => None,
    }
}
