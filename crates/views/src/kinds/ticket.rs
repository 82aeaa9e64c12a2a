//! How tickets are read, and what one adds.

use std::sync::Arc;

use jiff::Timestamp;
use townclerk_domain::decider::Decider;
use townclerk_domain::dimension::Age;
use townclerk_domain::names::Code;
use townclerk_domain::service_level::verdict;
use townclerk_domain::ticket::{Logged, Status, Ticket, TicketFact, TicketRules};
use townclerk_domain::timeline::Standing;

use super::Kind;
use super::counted::{Counted, CountedRows, Counters, RowsOf};
use crate::contribution::{Attributes, Circumstances, Contribution};
use crate::dimension::{Dimension, UNKNOWN, provider};
use crate::measure::Measure;

impl Kind for TicketRules {
    fn counted() -> Option<&'static dyn CountedRows> {
        Some(RowsOf::<Self>::READER)
    }
}

impl Counted for TicketRules {
    type Stands = Ticket;

    /// By user class and directorate tickets are looked at seldom.
    const COUNTERS: Counters = Counters {
        by: &[
            Dimension::Kind,
            Dimension::Priority,
            Dimension::Service,
            Dimension::Category,
            Dimension::Channel,
            Dimension::Provider,
            Dimension::Age,
        ],
        by_pairs: &[[Dimension::Kind, Dimension::Priority]],
        arrivals: &[
            Measure::TicketsLogged,
            Measure::TicketsMovedIn,
            Measure::TicketsReopened,
            Measure::TicketsReinstated,
        ],
    };

    fn contributions(
        facts: &[Standing<TicketFact>],
        circumstances: &Circumstances<'_>,
    ) -> Vec<Contribution> {
        contributions(facts, circumstances)
    }

    fn is_open(ticket: &Ticket) -> Option<bool> {
        Some(ticket.status.is_open())
    }

    fn links(fact: &TicketFact) -> bool {
        matches!(fact, TicketFact::Linked(_))
    }
}

/// A ticket when it was counted.
#[derive(Debug)]
struct Counting {
    logged: Arc<Logged>,
    /// For a resolution.
    age: Option<Age>,
}

impl Attributes for Counting {
    fn value(&self, dimension: Dimension) -> Option<&str> {
        match dimension {
            Dimension::Age => self.age.map(Age::code),
            other => value_of(&self.logged, other),
        }
    }

    fn councils(&self) -> Box<dyn Iterator<Item = &Code> + '_> {
        Box::new(self.logged.councils.iter())
    }
}

/// What a ticket is broken down by, and found by in lists.
pub fn value_of(logged: &Logged, dimension: Dimension) -> Option<&str> {
    let directorate = || logged.directorate.as_ref().map_or(UNKNOWN, Code::as_str);
    match dimension {
        Dimension::Kind => Some(logged.kind.code()),
        Dimension::Priority => Some(logged.priority.code()),
        Dimension::Service => Some(logged.service.as_str()),
        Dimension::Category => Some(logged.category.as_str()),
        Dimension::Channel => Some(logged.channel.code()),
        Dimension::UserClass => Some(logged.user_class.code()),
        Dimension::Directorate => Some(directorate()),
        Dimension::Provider => Some(provider(logged.sts)),
        // Known of its resolution only.
        Dimension::Age => None,
        Dimension::Outcome
        | Dimension::ChangeType
        | Dimension::Appointment
        | Dimension::Component
        | Dimension::Class
        | Dimension::Party
        | Dimension::Team
        | Dimension::Role
        | Dimension::Severity => None,
    }
}

/// A stock of tickets, and whether it holds those of a status.
type Stock = (Measure, fn(Status) -> bool);

const STOCKS: [Stock; 3] = [
    (Measure::TicketsOpen, Status::is_open),
    (Measure::TicketsUntriaged, |status| status == Status::Logged),
    (Measure::TicketsOnHold, |status| status == Status::OnHold),
];

/// What the facts of one ticket add.
fn contributions(
    facts: &[Standing<TicketFact>],
    circumstances: &Circumstances<'_>,
) -> Vec<Contribution> {
    let Some(first) = facts.first() else {
        return Vec::new();
    };
    let agreements = circumstances.agreements;
    let mut life = Life {
        found: Vec::new(),
        ticket: None,
        ages: agreements
            .aged_from(first.sequence, first.happened)
            .filter(|at| circumstances.counts(*at)),
        is_aged: false,
    };
    let mut latest_resolution = None;
    for standing in facts {
        life.ages_before(standing.happened);
        let attributes = life.hear(standing);
        if let (TicketFact::Resolved(_), Some(attributes)) = (&standing.fact, attributes) {
            latest_resolution = Some((standing.happened, attributes));
        }
    }
    life.ages_before(Timestamp::MAX);
    let status = life.ticket.map(|ticket| ticket.status);
    let mut found = life.found;
    if let (Some(Status::Resolved | Status::Closed), Some((at, attributes))) =
        (status, latest_resolution)
    {
        found.extend(resolved(facts, circumstances, at, &attributes));
    }
    found
}

/// A ticket while its facts are gone through.
struct Life {
    found: Vec<Contribution>,
    ticket: Option<Ticket>,
    /// From when on it is an aged one, if it is still open.
    ages: Option<Timestamp>,
    is_aged: bool,
}

impl Life {
    /// Adds what one fact does, and gives the attributes after it.
    fn hear(&mut self, standing: &Standing<TicketFact>) -> Option<Arc<Logged>> {
        let before = self.ticket.clone();
        let after = TicketRules::evolve(self.ticket.take(), &standing.fact, standing.happened)?;
        let (at, status, attributes) = (standing.happened, after.status, &after.attributes);
        let once = match &standing.fact {
            TicketFact::Logged(_) => Some(Measure::TicketsLogged),
            TicketFact::Resolved(_) => Some(Measure::TicketResolutions),
            TicketFact::Reopened(_) => Some(Measure::TicketsReopened),
            TicketFact::Cancelled(_) => Some(Measure::TicketsCancelled),
            TicketFact::Reinstated(_) => Some(Measure::TicketsReinstated),
            TicketFact::Triaged(_)
            | TicketFact::Started(_)
            | TicketFact::Held(_)
            | TicketFact::Closed(_)
            | TicketFact::Assigned(_)
            | TicketFact::Recategorised(_)
            | TicketFact::Reprioritised(_)
            | TicketFact::Linked(_) => None,
        };
        let once = once.map(|measure| plain(measure, at, 1, attributes));
        self.found.extend(once);
        let old = before.as_ref().map(|before| &before.attributes);
        let old = old.filter(|old| !Arc::ptr_eq(old, attributes) && **old != *attributes);
        // What is not open is in no part of the backlog. Where it is opened again it comes to the part
        // of its present attributes.
        if let Some(old) = old.filter(|_| status.is_open()) {
            self.found.extend(moved(at, old, attributes));
        }
        let was = before.as_ref().map(|before| before.status);
        for (measure, holds) in STOCKS {
            self.stock(
                measure,
                at,
                was.is_some_and(holds),
                holds(status),
                old,
                attributes,
            );
        }
        if self.is_aged {
            let was = was.is_some_and(Status::is_open);
            self.stock(
                Measure::TicketsAged,
                at,
                was,
                status.is_open(),
                old,
                attributes,
            );
        }
        let attributes = Arc::clone(attributes);
        self.ticket = Some(after);
        Some(attributes)
    }

    /// A stock gains or loses the ticket, or keeps it under other attributes.
    fn stock(
        &mut self,
        measure: Measure,
        at: Timestamp,
        was: bool,
        is: bool,
        old: Option<&Arc<Logged>>,
        attributes: &Arc<Logged>,
    ) {
        match (was, is, old) {
            (false, true, _) => self.found.push(plain(measure, at, 1, attributes)),
            (true, false, _) => self.found.push(plain(measure, at, -1, attributes)),
            (true, true, Some(old)) => {
                self.found.push(side(measure, at, -1, old, attributes));
                self.found.push(side(measure, at, 1, attributes, old));
            }
            _ => {}
        }
    }

    /// Lets the ticket become an aged one, if that comes before what happened at `next`.
    fn ages_before(&mut self, next: Timestamp) {
        let Some(at) = self.ages.filter(|at| *at <= next) else {
            return;
        };
        let Some(ticket) = &self.ticket else {
            return;
        };
        if ticket.status.is_open() {
            let aged = plain(Measure::TicketsAged, at, 1, &ticket.attributes);
            self.found.push(aged);
        }
        self.ages = None;
        self.is_aged = true;
    }
}

/// What a ticket adds that stands resolved, at its latest resolution; its service level also counts
/// where it was logged.
fn resolved(
    facts: &[Standing<TicketFact>],
    circumstances: &Circumstances<'_>,
    at: Timestamp,
    attributes: &Arc<Logged>,
) -> Vec<Contribution> {
    let Some(Standing {
        happened: logged_at,
        sequence,
        fact: TicketFact::Logged(logged),
        ..
    }) = facts.first()
    else {
        return Vec::new();
    };
    let agreements = circumstances.agreements;
    let age = match agreements.aged_from(*sequence, *logged_at) {
        Some(ages) if ages < at => Age::Aged,
        Some(_) => Age::Recent,
        None => Age::Unknown,
    };
    let counted: Arc<dyn Attributes> = Arc::new(Counting {
        logged: Arc::clone(attributes),
        age: Some(age),
    });
    let add = |measure, delta| Contribution::plain(measure, at, delta, Arc::clone(&counted));
    let wall = at.duration_since(*logged_at).as_mins();
    let mut found = vec![
        add(Measure::TicketsResolved, 1),
        add(Measure::ResolutionMinutes, wall),
    ];
    let terms = agreements.terms(*sequence, *logged_at, logged);
    let all = facts
        .iter()
        .map(|standing| (standing.happened, &standing.fact));
    let verdict = terms.and_then(|terms| verdict(&terms, all));
    if let Some(verdict) = verdict {
        let (measure, by_logged) = match verdict.is_met() {
            true => (Measure::SlaMet, Measure::SlaMetByLogged),
            false => (Measure::SlaFailed, Measure::SlaFailedByLogged),
        };
        found.push(add(measure, 1));
        found.push(add(
            Measure::ResolutionServiceMinutes,
            verdict.counted.as_mins(),
        ));
        let logged = Arc::new(logged.clone());
        found.push(plain(by_logged, *logged_at, 1, &logged));
    }
    found
}

fn plain(measure: Measure, at: Timestamp, delta: i64, logged: &Arc<Logged>) -> Contribution {
    Contribution::plain(measure, at, delta, attributes(logged))
}

fn attributes(logged: &Arc<Logged>) -> Arc<dyn Attributes> {
    Arc::new(Counting {
        logged: Arc::clone(logged),
        age: None,
    })
}

/// An open ticket that changes its attributes leaves one part of the backlog and joins another.
fn moved(at: Timestamp, from: &Arc<Logged>, to: &Arc<Logged>) -> [Contribution; 2] {
    [
        side(Measure::TicketsMovedOut, at, 1, from, to),
        side(Measure::TicketsMovedIn, at, 1, to, from),
    ]
}

/// What counts only under breakdowns by which the two sides differ.
fn side(
    measure: Measure,
    at: Timestamp,
    delta: i64,
    here: &Arc<Logged>,
    there: &Arc<Logged>,
) -> Contribution {
    Contribution {
        other_side: Some(attributes(there)),
        ..plain(measure, at, delta, here)
    }
}
