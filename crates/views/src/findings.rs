//! Findings: what spans several records and does not fit, each with the event that made it so.
//!
//! Nothing of this is refused at the door: the other side may lie in another log, or be recorded
//! later. Then the finding goes.

use std::collections::BTreeSet;

use jiff::Timestamp;
use townclerk_domain::change::{ChangeFact, ChangeRules};
use townclerk_domain::decider::Decider;
use townclerk_domain::freeze::{Exempt, Freeze, FreezeFact, FreezeRules};
use townclerk_domain::identity::{AggregateId, AggregateKind};
use townclerk_domain::names::{LogName, Scope};
use townclerk_domain::outage::{ActionAgreed, Outage, OutageFact, OutageRules};
use townclerk_domain::post::{PostFact, PostRules, Under};
use townclerk_domain::reference::Reference;
use townclerk_domain::ticket::{TicketFact, TicketRules};
use townclerk_domain::timeline::Standing;
use uuid::Uuid;

use crate::basis::Basis;
use crate::change_control::{breached, councils_of, passed_unopened};
use crate::failures::{overdue, recurs_from};
use crate::figures::Reading;
use crate::kept::{Kept, facts};
use crate::key::timeline;
use crate::ledger::Ledger;
use crate::row::Row;
use crate::rows::{Rows, RowsError};

mod due;
mod membership;

/// What does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FindingKind {
    ChangeInFreeze,
    ChangeBehindGate,
    ExemptionOfNothing,
    FreezesOverlap,
    LinkToNothing,
    CauseRecurred,
    ActionOverdue,
    ReviewOverdue,
    InterimExpired,
    NamesNoMember,
    AfterLastDay,
}

impl FindingKind {
    pub fn code(self) -> &'static str {
        match self {
            Self::ChangeInFreeze => "change-in-freeze",
            Self::ChangeBehindGate => "change-behind-gate",
            Self::ExemptionOfNothing => "exemption-of-nothing",
            Self::FreezesOverlap => "freezes-overlap",
            Self::LinkToNothing => "link-to-nothing",
            Self::CauseRecurred => "cause-recurred",
            Self::ActionOverdue => "action-overdue",
            Self::ReviewOverdue => "review-overdue",
            Self::InterimExpired => "interim-expired",
            Self::NamesNoMember => "names-no-member",
            Self::AfterLastDay => "after-last-day",
        }
    }
}

/// Something that does not fit, and the event that made it so: its recorder is who, its time when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub kind: FindingKind,
    pub log: LogName,
    pub aggregate: AggregateId,
    pub at: Timestamp,
    /// The event's sequence in its log.
    pub sequence: u64,
    /// Whether it was made up for a demonstration.
    pub sample: bool,
    /// In words.
    pub detail: String,
}

/// Every finding of a scope, latest first.
///
/// # Errors
/// Only what is wrong with the rows.
pub fn findings<R: Rows>(
    reading: &Reading<'_, R>,
    scope: &Scope,
    basis: Basis,
) -> Result<Vec<Finding>, RowsError> {
    let ledger = reading.ledger(scope, basis)?;
    let mut search = Search {
        rows: reading.rows,
        ledger: &ledger,
        basis,
        seen: reading.seen(scope, basis),
        found: Vec::new(),
    };
    search.changes()?;
    search.freezes()?;
    search.links()?;
    search.remedies()?;
    search.reviews()?;
    search.interims()?;
    search.membership()?;
    let mut found = search.found;
    found.sort_by(|a, b| (b.at, &b.log, b.sequence).cmp(&(a.at, &a.log, a.sequence)));
    Ok(found)
}

struct Search<'a, R> {
    rows: &'a R,
    ledger: &'a Ledger,
    basis: Basis,
    seen: Timestamp,
    found: Vec<Finding>,
}

impl<R: Rows> Search<'_, R> {
    /// Changes that went ahead in a freeze or before a gate was open.
    fn changes(&mut self) -> Result<(), RowsError> {
        let began =
            |standing: &Standing<ChangeFact>| matches!(standing.fact, ChangeFact::Started(_));
        for change in &self.ledger.changes {
            let title = &change.stands.requested.title;
            for freeze in breached(self.ledger, change, self.seen) {
                let freeze = &freeze.stands.declared.title;
                let detail = format!(
                    "The change “{title}” was under way in the freeze “{freeze}” without an exemption."
                );
                self.add::<ChangeRules, _>(FindingKind::ChangeInFreeze, change, began, detail)?;
            }
            for gate in passed_unopened(self.ledger, change) {
                let started = change.stands.started;
                let unmet = gate.stands.set.requires.iter().filter(|required| {
                    let met = gate.stands.met.get(&required.code);
                    met.is_none_or(|met| started.is_some_and(|started| *met > started))
                });
                let unmet: Vec<&str> = unmet.map(|required| required.code.as_str()).collect();
                let detail = format!(
                    "The change “{title}” was begun while the gate “{}” waits for {}.",
                    gate.stands.set.title,
                    unmet.join(", ")
                );
                self.add::<ChangeRules, _>(FindingKind::ChangeBehindGate, change, began, detail)?;
            }
        }
        Ok(())
    }

    /// Exemptions of what there is not, and freezes of one scope that overlap.
    fn freezes(&mut self) -> Result<(), RowsError> {
        for freeze in &self.ledger.freezes {
            let title = &freeze.stands.declared.title;
            for (_, exempted) in &freeze.stands.exempted {
                let Exempt::Change(named) = &exempted.exempt else {
                    continue;
                };
                let missing = self.ledger.logs.contains(&named.log)
                    && self.ledger.change(&named.log, named.id).is_none();
                if missing {
                    let granted = |standing: &Standing<FreezeFact>| matches!(&standing.fact, FreezeFact::FreezeExempted(e) if e == exempted);
                    let detail = format!(
                        "The freeze “{title}” exempts the change {} of {}, which is not recorded.",
                        named.id, named.log
                    );
                    let kind = FindingKind::ExemptionOfNothing;
                    self.add::<FreezeRules, _>(kind, freeze, granted, detail)?;
                }
            }
            let earlier = self.ledger.freezes.iter().find(|other| {
                let (of_this, of_other) = (rank(freeze), rank(other));
                of_other < of_this && overlap(freeze, other)
            });
            if let Some(other) = earlier {
                let declared = |standing: &Standing<FreezeFact>| {
                    matches!(standing.fact, FreezeFact::FreezeDeclared(_))
                };
                let detail = format!(
                    "The freeze “{title}” overlaps “{}”, of the same scope.",
                    other.stands.declared.title
                );
                let kind = FindingKind::FreezesOverlap;
                self.add::<FreezeRules, _>(kind, freeze, declared, detail)?;
            }
        }
        Ok(())
    }

    /// Links that lead to nothing that is recorded.
    fn links(&mut self) -> Result<(), RowsError> {
        for ticket in self.ledger.tickets.values() {
            for cause in self.missing(&ticket.causes) {
                let linked = |standing: &Standing<TicketFact>| matches!(&standing.fact, TicketFact::Linked(linked) if linked.cause == *cause);
                let of = Kept {
                    log: ticket.log.clone(),
                    id: ticket.id,
                    sample: ticket.sample,
                    last_happened: Some(ticket.last_happened),
                    held: false,
                    stands: (),
                };
                let detail = format!("The ticket is said to come from {cause}, {NOT_RECORDED}.");
                self.add::<TicketRules, _>(FindingKind::LinkToNothing, &of, linked, detail)?;
            }
        }
        for change in &self.ledger.changes {
            for effect in self.missing(&change.stands.caused) {
                let caused = |standing: &Standing<ChangeFact>| matches!(&standing.fact, ChangeFact::Caused(caused) if caused.effect == *effect);
                let title = &change.stands.requested.title;
                let detail = format!(
                    "The change “{title}” is said to have caused {effect}, {NOT_RECORDED}."
                );
                self.add::<ChangeRules, _>(FindingKind::LinkToNothing, change, caused, detail)?;
            }
        }
        for outage in &self.ledger.outages {
            let stands = &outage.stands;
            for named in self.missing(stands.linked.iter().chain(&stands.recurred)) {
                let links = |standing: &Standing<OutageFact>| match &standing.fact {
                    OutageFact::Linked(linked) => linked.cause == *named,
                    OutageFact::Recurred(recurred) => recurred.outage == *named,
                    _ => false,
                };
                let detail = format!("The outage is linked to {named}, {NOT_RECORDED}.");
                self.add::<OutageRules, _>(FindingKind::LinkToNothing, outage, links, detail)?;
            }
        }
        self.posts()
    }

    /// Causes that came back though everything agreed was done, and what is not done in time.
    fn remedies(&mut self) -> Result<(), RowsError> {
        for outage in &self.ledger.outages {
            let title = title(outage);
            if let Some(earlier) = recurs_from(&self.ledger.outages, outage) {
                let declared = |standing: &Standing<OutageFact>| {
                    matches!(standing.fact, OutageFact::Declared(_))
                };
                let detail = format!(
                    "The outage “{title}” has the cause of “{}”, of which all remedial actions were \
                     complete.",
                    self::title(earlier)
                );
                self.add::<OutageRules, _>(FindingKind::CauseRecurred, outage, declared, detail)?;
            }
            for action in overdue(&outage.stands, self.seen) {
                let ActionAgreed {
                    action: name, due, ..
                } = &action.agreed;
                let agreed = |standing: &Standing<OutageFact>| matches!(&standing.fact, OutageFact::ActionAgreed(agreed) if agreed.action == *name);
                let detail = format!(
                    "The remedial action {name} of the outage “{title}” was due on {due} and is not \
                     complete."
                );
                self.add::<OutageRules, _>(FindingKind::ActionOverdue, outage, agreed, detail)?;
            }
        }
        Ok(())
    }

    /// Posts that are said to belong to a phase that there is not.
    fn posts(&mut self) -> Result<(), RowsError> {
        let known: BTreeSet<(&LogName, Uuid, &str)> = self
            .ledger
            .programmes
            .iter()
            .flat_map(|programme| {
                let phases = programme.stands.phases.keys();
                phases.map(|phase| (&programme.log, programme.id, phase.as_str()))
            })
            .collect();
        for post in &self.ledger.posts {
            for (under, sequence, at) in self.said_under(post)? {
                if !known.contains(&(&post.log, under.programme, under.phase.as_str())) {
                    let Under { programme, phase } = &under;
                    self.found.push(Finding {
                        kind: FindingKind::LinkToNothing,
                        log: post.log.clone(),
                        aggregate: AggregateId {
                            kind: AggregateKind::Post,
                            id: post.id,
                        },
                        at,
                        sequence,
                        sample: post.sample,
                        detail: format!(
                            "The post is said to belong to the phase {phase} of the programme \
                             {programme}, {NOT_RECORDED}."
                        ),
                    });
                }
            }
        }
        Ok(())
    }

    /// The phases that the facts of a post name.
    fn said_under<S>(&self, post: &Kept<S>) -> Result<Vec<(Under, u64, Timestamp)>, RowsError> {
        let facts = self.facts_of::<PostRules>(&post.log, post.id)?;
        let named = facts.into_iter().filter_map(|standing| {
            let under = match standing.fact {
                PostFact::PostCreated(created) => created.under,
                PostFact::PostFilled(filled) => filled.under,
                PostFact::PostDeleted(deleted) => deleted.under,
                _ => None,
            };
            under.map(|under| (under, standing.sequence, standing.happened))
        });
        Ok(named.collect())
    }

    /// Those references that lead to nothing in a log that is read here.
    fn missing<'r>(
        &self,
        references: impl IntoIterator<Item = &'r Reference>,
    ) -> Vec<&'r Reference> {
        let references = references.into_iter();
        references
            .filter(|named| self.ledger.logs.contains(&named.log) && !self.ledger.knows(named))
            .collect()
    }

    /// Adds a finding that the first fitting fact of an aggregate made.
    fn add<D: Decider, S>(
        &mut self,
        kind: FindingKind,
        of: &Kept<S>,
        made_it: impl Fn(&Standing<D::Fact>) -> bool,
        detail: String,
    ) -> Result<(), RowsError> {
        let facts = self.facts_of::<D>(&of.log, of.id)?;
        if let Some(fact) = facts.iter().rev().find(|fact| made_it(fact)) {
            self.found.push(Finding {
                kind,
                log: of.log.clone(),
                aggregate: AggregateId {
                    kind: D::KIND,
                    id: of.id,
                },
                at: fact.happened,
                sequence: fact.sequence,
                sample: of.sample,
                detail,
            });
        }
        Ok(())
    }

    fn facts_of<D: Decider>(
        &self,
        log: &LogName,
        id: Uuid,
    ) -> Result<Vec<Standing<D::Fact>>, RowsError> {
        let key = timeline::key(log, AggregateId { kind: D::KIND, id });
        match self.rows.get(&key)? {
            Some(value) => facts(&Row::<D::Fact>::decode(&value)?, self.basis),
            None => Ok(Vec::new()),
        }
    }
}

const NOT_RECORDED: &str = "which is not recorded";

fn title(outage: &Kept<Outage>) -> &str {
    let begun = outage.stands.begun.as_ref();
    begun.map_or("", |begun| begun.declared.title.as_str())
}

/// Which of two freezes was there first.
fn rank(freeze: &Kept<Freeze>) -> (Timestamp, &LogName, Uuid) {
    (freeze.stands.declared.from, &freeze.log, freeze.id)
}

/// Whether two freezes hold the same changes at the same time.
fn overlap(one: &Kept<Freeze>, other: &Kept<Freeze>) -> bool {
    let (a, b) = (&one.stands.declared, &other.stands.declared);
    let before = |ends: Option<Timestamp>, from| ends.is_none_or(|ends| from < ends);
    let in_time = before(one.stands.ends(), b.from) && before(other.stands.ends(), a.from);
    let councils =
        |freeze: &Kept<Freeze>| councils_of(freeze, &freeze.stands.declared.scope.councils);
    in_time
        && councils(one) == councils(other)
        && a.scope.services == b.scope.services
        && a.scope.categories == b.scope.categories
}
